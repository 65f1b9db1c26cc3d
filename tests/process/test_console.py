"""The console in a real browser: Debian's Chromium without a screen, driven by Playwright."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.process.api import BULK, Api
from tests.process.server import Credential, Server

SECONDS = 30_000.0  # ms until something must have shown
NOTE = "<script>document.title = 'taken'</script>"


def chromium() -> str:
    """The path of the system's Chromium; where there is none the test is skipped, in CI it fails."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        assert not os.environ.get("CI"), "missing in CI: chromium (apt-get install chromium)"
        pytest.skip("there is no chromium on this machine: apt-get install chromium")
    return found


@pytest.fixture
def page() -> Iterator[Page]:
    """A tab; whatever its console complains of fails the test."""
    with sync_playwright() as playwright:
        # Chromium's own sandbox cannot be used by root, as whom containers run.
        flags = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=chromium(), args=flags)
        found, complaints = browser.new_page(viewport={"width": 1180, "height": 820}), list[str]()
        found.set_default_timeout(SECONDS)
        expect.set_options(timeout=SECONDS)
        found.on("pageerror", lambda error: complaints.append(str(error)))
        found.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
        yield found
        assert complaints == []
        browser.close()


def submit(api: Api, operation: str, **headers: str) -> str:
    sent = {f"X-Bulkwark-{name}": text for name, text in headers.items()}
    body = {
        "query": {"indices": ["roles"], "query": {"query": "*"}},
        "operation": operation,
        "values": [{"attribute": "region", "values": ["emea"]}],
    }
    return str(api.ok("POST", f"{BULK}/query", 202, json=body, headers=sent)["id"])


def sign_in(page: Page, company: Server, credential: Credential) -> None:
    page.goto(company.url)
    page.get_by_label("Client id").fill(credential.id)
    page.get_by_label("Client secret").fill(credential.secret)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Jobs")).to_be_visible()


@pytest.mark.slow
def test_a_job_is_watched_paused_resumed_and_undone_without_loading_a_page_again(company: Server, page: Page) -> None:
    credential = company.token()
    with Api(company.url, credential) as api:
        sign_in(page, company, credential)
        expect(page.get_by_text("live", exact=True)).to_be_visible()
        page.evaluate("window.stayed = true")

        # A job that is submitted while the list is open comes by itself, and runs to its end before our eyes.
        id = submit(api, "ADD", Speed="500", Note=NOTE, Ticket="CHG-7")
        card = page.locator(f"[data-job='{id}']")
        expect(card.locator("[data-state]")).to_have_text("running")
        expect(card.locator("[data-eta]")).to_contain_text("left")
        seen = {card.locator("[data-percent]").inner_text() for _ in watched(lambda: ended(card), every=0.1)}
        expect(card.locator("[data-percent]")).to_have_text("100")
        expect(card.locator("[data-state]")).to_have_text("completed")
        expect(card).to_contain_text(NOTE)
        assert len(seen) >= 4, seen
        assert page.evaluate("window.stayed")

        # Paused and resumed by its buttons.
        second = submit(api, "REMOVE", Speed="100")
        page.goto(f"{company.url}/console/jobs/{second}")
        page.get_by_role("button", name="Pause").click()
        expect(page.locator("[data-state]")).to_have_text("paused")
        done = api.ok("GET", f"/bulkwark/v1/jobs/{second}")["done"]
        time.sleep(0.5)
        assert api.ok("GET", f"/bulkwark/v1/jobs/{second}")["done"] == done
        page.get_by_role("button", name="Resume").click()
        expect(page.locator("[data-state]")).to_have_text("running")
        page.evaluate("window.stayed = true")
        api.ok("PATCH", f"/bulkwark/v1/jobs/{second}", json={"speed": None})
        expect(page.locator("[data-state]")).to_have_text("completed")
        expect(page.get_by_role("status")).to_contain_text("completed")
        expect(page.locator("svg.chunks rect")).not_to_have_count(0)
        assert page.evaluate("window.stayed")

        # Undone, after a look at what that would do.
        changed = api.ok("GET", f"/bulkwark/v1/jobs/{second}")["changed"]
        assert changed
        page.get_by_role("button", name="Undo …").click()
        expect(page.get_by_text("Nothing has been changed yet")).to_be_visible()
        expect(page.locator("[data-count=changed]")).to_have_text(f"{changed:,}")
        expect(page.locator("ins.value").first).to_have_text("emea")
        page.get_by_role("button", name="Run this undo").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Undo: REMOVE region = emea")
        expect(page.locator("[data-state]")).to_have_text("completed")
        undo = api.ok("GET", f"/bulkwark/v1/jobs/{page.url.rpartition('/')[2]}")
        assert (undo["status"], undo["changed"]) == ("COMPLETED", changed)

        # By keyboard alone: the link to the content comes first.
        page.goto(company.url)
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def ended(card: object) -> bool:
    return bool(card.locator("[data-state]").inner_text() == "completed")  # type: ignore[attr-defined]


def watched(over: Callable[[], bool], every: float) -> Iterator[None]:
    until = time.monotonic() + SECONDS / 1000
    while not over():
        assert time.monotonic() < until
        yield
        time.sleep(every)


def test_a_server_that_is_told_to_stop_does_not_wait_for_open_streams(make_server: Callable[..., Server]) -> None:
    server = make_server()
    server.start()
    opened, ended = threading.Event(), threading.Event()
    with Api(server.url, server.token()) as api:
        token = {"Authorization": api.http.headers["Authorization"]}

        def follow() -> None:
            with httpx.stream("GET", f"{server.url}/bulkwark/v1/events", headers=token, timeout=60) as answer:
                for _ in answer.iter_bytes():
                    opened.set()
            ended.set()

        reader = threading.Thread(target=follow, daemon=True)
        reader.start()
        assert opened.wait(20)
        began = time.monotonic()
        status = server.stop()
        took = time.monotonic() - began

    assert status == 0, server.tail()
    assert took < 4, "a stream without end takes all of the five seconds that requests may take"
    assert ended.wait(5), "the stream was cut off instead of ended"
    assert "Traceback" not in server.tail()
