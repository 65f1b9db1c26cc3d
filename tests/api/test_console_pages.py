"""The console over HTTP: what its pages say, and what their buttons do."""

from __future__ import annotations

import re
from typing import Any

from bulkwark.api import console, console_session
from bulkwark.domain.jobs import Mode, Relation
from tests.api.browsing import Browser, field
from tests.api.streaming import listen
from tests.api.test_job_control import fill, guard, start, until
from tests.api.test_previews import OTHER, ROLE, body
from tests.house import BULK


def test_the_first_page_lists_jobs_and_the_second_the_older_ones(browser: Browser, monkeypatch: Any) -> None:
    monkeypatch.setattr("bulkwark.api.console_pages.JOBS_SHOWN", 2)
    ids = [browser.house.admin.post(f"{BULK}/ids", body(ROLE)).ok(202)["id"] for _ in range(5)]
    for id in ids:
        browser.house.wait(id)
    seen: list[str] = []
    place: str | None = "/"
    while place:
        page = browser.page(place)
        seen += re.findall('data-job="([^"]+)"', page)
        found = re.search('href="([^"]+)" rel="next"', page)
        place = found[1] if found else None

    assert seen == ids[::-1]


def test_a_job_is_paused_resumed_and_cancelled_by_its_buttons(browser: Browser) -> None:
    house = browser.house
    id = start(house, Speed="20")
    place = f"/console/jobs/{id}"

    assert browser.press(browser.page(place), f"{place}/pause").headers["location"] == place
    assert house.job(id).state == "PAUSED"
    page = browser.page(place)
    assert f"{place}/pause" not in page
    browser.press(page, f"{place}/resume")
    assert house.job(id).state != "PAUSED"
    browser.press(browser.page(place), f"{place}/cancel")
    assert house.job(id).status == "CANCELLED"
    again = browser.send("POST", f"{place}/cancel", {"csrf": field(page, "csrf")})
    assert (again.status, "the job is CANCELLED" in again.body.decode()) == (400, True)


def test_a_guarded_job_is_confirmed_by_its_button(browser: Browser) -> None:
    house = browser.house
    guard(house, maxItems=0)
    id = start(house, Guard="true")
    until(house, id, state="AWAITING_CONFIRMATION")
    place = f"/console/jobs/{id}"

    browser.press(browser.page(place), f"{place}/confirm")

    house.wait(id)
    assert house.job(id).confirmer == browser.made.credential.identity


def test_an_undo_shows_first_what_it_would_do(browser: Browser) -> None:
    house = browser.house
    id = str(house.admin.post(f"{BULK}/ids", body(ROLE, OTHER)).ok(202)["id"])
    house.wait(id)
    after, place = house.metadata(ROLE), f"/console/jobs/{id}"

    shown = browser.press(browser.page(place), f"{place}/undo").headers["location"]

    assert shown.startswith("/console/previews/")
    assert house.metadata(ROLE) == after
    page = browser.page(shown)
    assert "Nothing has been changed yet" in page
    assert re.search(r'<del class="value">v29</del>', page)
    made = browser.press(page, f"{shown}/run").headers["location"]
    undo = house.wait(made.rpartition("/")[2])
    assert (undo.relation, undo.mode, undo.changed) == (Relation.RUN, Mode.RUN, 2)
    assert "v29" not in house.metadata(ROLE).get("many", [])
    assert "Undone by" in browser.page(place)
    assert f'href="{place}"' in browser.page(made)
    assert f'href="{made}"' in browser.page(shown)
    twice = browser.send("POST", f"{shown}/run", {"csrf": field(page, "csrf")})
    assert (twice.status, "was run already" in twice.body.decode()) == (400, True)


def test_what_failed_is_done_again_after_a_preview(browser: Browser) -> None:
    house = browser.house
    fill(house)
    id = start(house)
    failed = house.wait(id).failed
    place = f"/console/jobs/{id}"

    shown = browser.press(browser.page(place), f"{place}/rerun").headers["location"]

    assert failed
    assert f'data-count="total">{failed:,}<' in browser.page(shown)


def test_a_discarded_preview_is_gone(browser: Browser) -> None:
    id = str(browser.house.admin.post(f"{BULK}/ids", body(ROLE)).ok(202)["id"])
    browser.house.wait(id)
    shown = browser.press(browser.page(f"/console/jobs/{id}"), f"/console/jobs/{id}/undo").headers["location"]

    assert browser.press(browser.page(shown), f"{shown}/discard").headers["location"] == "/"
    assert browser.get(shown).status == 404


def test_items_are_narrowed_by_outcome_and_read_page_by_page(browser: Browser, monkeypatch: Any) -> None:
    monkeypatch.setattr("bulkwark.api.console_pages.ITEMS_SHOWN", 7)
    house = browser.house
    id = start(house)
    job = house.wait(id)
    wanted = sorted(item for item, outcome in house.outcomes(id).items() if outcome == "changed")
    seen: list[str] = []
    place: str | None = f"/console/jobs/{id}?outcome=changed"
    while place:
        page = browser.page(place)
        seen += re.findall('<small class="id">([^<]+)', page)
        found = re.search('href="([^"#]+)#items" rel="next"', page)
        place = found[1].replace("&amp;", "&") if found else None

    assert job.changed == len(wanted) > 7
    assert sorted(seen) == wanted
    assert browser.get(f"/console/jobs/{id}?outcome=broken").status == 400
    assert browser.get(f"/console/jobs/{id}?after=x").status == 400


def test_the_items_of_a_page_are_offered_as_csv(browser: Browser) -> None:
    house = browser.house
    id = str(house.admin.post(f"{BULK}/ids", body(ROLE, OTHER)).ok(202)["id"])
    house.wait(id)
    page = browser.page(f"/console/jobs/{id}?outcome=changed")
    found = re.search('href="([^"]+)" download', page)
    assert found

    reply = browser.get(found[1].replace("&amp;", "&"))

    assert reply.status == 200
    assert reply.headers["content-type"].startswith("text/csv")
    rows = reply.body.decode().splitlines()
    assert (rows[0].split(",")[:4], len(rows)) == (["item", "id", "name", "outcome"], 3)
    assert {row.split(",")[1] for row in rows[1:]} == {ROLE, OTHER}
    assert Browser(house).get(found[1]).status == 401
    shown = browser.press(page, f"/console/jobs/{id}/undo").headers["location"]
    assert browser.get(f"{shown}/items.csv").body.count(b"\n") == 3


def test_a_page_follows_from_the_event_that_it_was_made_at(browser: Browser) -> None:
    house = browser.house
    id = start(house, Speed="100")
    page = browser.page(f"/console/jobs/{id}")
    found = re.search('data-stream="([^"]+)"', page)
    assert found
    cookie = f"{console_session.COOKIE}={browser.cookies[console_session.COOKIE]}"

    heard = listen(house, found[1], {"cookie": cookie})

    assert heard.status == 200
    assert heard.headers["content-security-policy"] == console.POLICY
    assert heard.events[-1]["event"] == "finished"
    assert house.job(id).status == "COMPLETED"
    assert "data-stream" not in browser.page(f"/console/jobs/{id}")
