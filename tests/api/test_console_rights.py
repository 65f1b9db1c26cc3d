"""The console over HTTP: what may do harm, and who may do what."""

from __future__ import annotations

from html.parser import HTMLParser

import msgspec
import pytest

from bulkwark.api import console_session
from bulkwark.store import jobs
from tests.api.browsing import SIGN_IN, Browser, field
from tests.api.test_job_control import EVERY, start
from tests.api.test_previews import ADD, JOBS, ROLE
from tests.house import BULK, House

EVIL = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>"


# --- what may do harm ---------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", SIGN_IN, "/console/app.js", "/console/app.css", "/console/nothing"])
def test_every_answer_keeps_foreign_scripts_and_frames_away(browser: Browser, path: str) -> None:
    headers = browser.get(path).headers

    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert {policy[name] for name in policy if name.endswith("-src") and name != "default-src"} == {"'self'"}
    assert policy["form-action"] == "'self'"
    assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "no-referrer")


def test_pages_are_kept_by_no_cache_and_files_are_by_their_mark(browser: Browser) -> None:
    assert browser.get("/").headers["cache-control"] == "no-store"
    script = browser.get("/console/app.js?v=1")
    assert "immutable" in script.headers["cache-control"]
    assert script.headers["content-type"].startswith("text/javascript")
    assert browser.get("/console/app.js", if_none_match=script.headers["etag"]).status == 304


def test_no_page_needs_what_the_policy_forbids(browser: Browser) -> None:
    house = browser.house
    id = start(house, Note="seen")
    house.wait(id)
    shown = browser.press(browser.page(f"/console/jobs/{id}"), f"/console/jobs/{id}/undo")
    for path in ("/", SIGN_IN, f"/console/jobs/{id}", shown.headers["location"], "/console/nothing"):
        page = Inline()
        page.feed(browser.get(path).body.decode())
        assert page.found == [], path


class Inline(HTMLParser):
    """Collects inline scripts, styles and handlers, and addresses elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag == "style" or (tag == "script" and "src" not in named) or "style" in named:
            self.found.append(tag)
        self.found += [name for name in named if name.startswith("on")]
        for name in ("src", "href", "action"):
            if (value := named.get(name)) is not None and not value.startswith(("/", "#")):
                self.found.append(value)


def test_what_people_write_is_shown_as_text(browser: Browser) -> None:
    house = browser.house
    id = start(house, Note=EVIL, Ticket=EVIL)
    house.wait(id)
    house.admin.patch(f"{JOBS}/{id}", {"note": EVIL + "2"}).ok()
    house.admin.patch(
        f"/v2025/roles/{ROLE}",
        [{"op": "replace", "path": "/name", "value": EVIL}],
        headers={"content-type": "application/json-patch+json"},
    ).ok()

    for path in ("/", f"/console/jobs/{id}"):
        page = browser.page(path)
        assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;" in page
        assert "<script>alert" not in page
        assert "<img src=x" not in page
    assert EVIL not in browser.get(f"/console/jobs/{id}?outcome={EVIL.replace(' ', '%20')}").body.decode()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"csrf": ""}, "out of date"),
        ({"csrf": "0" * 64}, "out of date"),
        ({"sec_fetch_site": "cross-site"}, "another site"),
        ({"sec_fetch_site": "same-site"}, "another site"),
        ({"origin": "https://evil.example"}, "another site"),
        ({"origin": "http://house:81"}, "another site"),
    ],
)
@pytest.mark.parametrize("word", ["pause", "undo", "sign-out", "sign-in"])
def test_a_form_of_another_site_does_nothing(browser: Browser, change: dict[str, str], why: str, word: str) -> None:
    house = browser.house
    id = start(house, Speed="20")
    page = browser.page(SIGN_IN if word == "sign-in" else f"/console/jobs/{id}")
    action = f"/console/{word}" if word.startswith("sign") else f"/console/jobs/{id}/{word}"
    fields = {"csrf": change.get("csrf", field(page, "csrf"))}
    before = dict(browser.cookies)

    reply = browser.send("POST", action, fields, **{name: text for name, text in change.items() if name != "csrf"})

    assert (reply.status, why in reply.body.decode()) == (403, True)
    assert browser.cookies == before
    assert house.job(id).state != "PAUSED"


@pytest.mark.parametrize("origin", ["http://house", "null"])
def test_a_form_of_our_own_says_where_it_comes_from(browser: Browser, origin: str) -> None:
    id = start(browser.house, Speed="20")
    page = browser.page(f"/console/jobs/{id}")

    pressed = browser.press(page, f"/console/jobs/{id}/pause", origin=origin, sec_fetch_site="same-origin")

    assert pressed.status == 303
    assert browser.house.job(id).state == "PAUSED"


def test_a_get_changes_nothing(browser: Browser) -> None:
    id = start(browser.house, Speed="20")

    assert browser.get(f"/console/jobs/{id}/pause").status == 404
    assert browser.get("/console/sign-out").status == 404
    assert browser.house.job(id).state != "PAUSED"


@pytest.mark.parametrize(
    ("content", "kind"),
    [(b"{}", "application/json"), (b"\xff\xfe", console_session.FORM), (b"a=1&" * 30, console_session.FORM)],
)
def test_a_form_that_is_none_is_refused(browser: Browser, content: bytes, kind: str) -> None:
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())

    reply = browser.house.send("POST", "/console/sign-out", {"content-type": kind, "cookie": cookie}, content)

    assert (reply.status, reply.headers["content-type"]) == (400, "text/html; charset=utf-8")


# --- rights -------------------------------------------------------------------------------------------


def test_a_subadmin_sees_and_touches_his_own_jobs_only(house: House) -> None:
    theirs = start(house, Speed="20")
    sub = Browser(house, "ROLE_SUBADMIN", alias="sub")
    sub.sign_in()
    caller = house.client(sub.made.credential.id, sub.made.secret, sub.made.credential.identity)
    own = str(caller.post(f"{BULK}/query", EVERY | ADD).ok(202)["id"])

    page = sub.page("/")

    assert (own in page, theirs in page) == (True, False)
    assert sub.get(f"/console/jobs/{theirs}").status == 404
    assert sub.get(f"/console/jobs/{theirs}/events").status == 404
    pressed = sub.send("POST", f"/console/jobs/{theirs}/cancel", {"csrf": field(page, "csrf")})
    assert pressed.status == 404
    assert house.job(theirs).state != "CANCELLED"
    assert sub.get(f"/console/jobs/{own}").status == 200


def test_who_has_no_right_to_jobs_is_told_so(house: House) -> None:
    user = Browser(house, "CERT_ADMIN", alias="user")
    user.sign_in()

    reply = user.get("/")

    assert (reply.status, "the user lacks the level" in reply.body.decode()) == (403, True)
    assert reply.headers["content-type"] == "text/html; charset=utf-8"


def test_calls_of_a_console_count_as_calls_of_its_user(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser.house.services.limits, "requests", 3)
    monkeypatch.setattr(browser.house.services.limits, "seconds", 60)

    assert [browser.get("/").status for _ in range(5)] == [200, 200, 200, 429, 429]


@pytest.mark.parametrize("path", ["/console/nothing", "/console/jobs/x", f"/console/jobs/{'f' * 32}"])
def test_a_page_that_is_none_says_so_in_html(browser: Browser, path: str) -> None:
    reply = browser.get(path)

    assert reply.status == 404
    assert b"Not found" in reply.body
    assert reply.headers["content-type"] == "text/html; charset=utf-8"


def test_head_answers_as_get_does_without_a_body(browser: Browser) -> None:
    page, stream = browser.send("HEAD", "/"), browser.send("HEAD", "/console/events")

    assert (page.status, page.body, int(page.headers["content-length"]) > 500) == (200, b"", True)
    assert (stream.status, stream.body) == (404, b"")


def test_paths_beside_the_console_stay_the_apis(house: House) -> None:
    reply = house.admin.get("/consoles")

    assert reply.status == 404
    assert msgspec.json.decode(reply.body)["trackingId"]
    assert jobs.unfinished(house.store.read(), house.tenant.number) == []
