"""The console over HTTP: who gets in, what may do harm, and what the pages say."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import count
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest

from bulkwark.api import console, console_session
from bulkwark.auth import credentials
from bulkwark.auth.limits import Limits
from bulkwark.domain.jobs import Mode, Relation
from bulkwark.store import jobs
from tests.api.streaming import listen
from tests.api.test_job_control import EVERY, fill, guard, start, until
from tests.api.test_previews import ADD, JOBS, OTHER, ROLE, body
from tests.house import BULK, House, Reply

SIGN_IN = "/console/sign-in"
_numbers = count(1)
EVIL = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>"


class Browser:
    """A browser without a script: keeps cookies, fills forms, follows redirects."""

    def __init__(self, house: House, *levels: str, alias: str = "viewer") -> None:
        self.house, self.cookies = house, dict[str, str]()
        self.made = credentials.create_token(
            house.store,
            house.tenant,
            name=f"browser of {alias} {next(_numbers)}",
            identity_alias=alias,
            levels=levels or ("ORG_ADMIN",),
        )

    def send(self, method: str, target: str, form: dict[str, str] | None = None, **headers: str) -> Reply:
        sent = {name.replace("_", "-"): text for name, text in headers.items()}
        if self.cookies:
            sent["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        data = b""
        if form is not None:
            data, sent["content-type"] = urlencode(form).encode(), console_session.FORM
        reply = self.house.send(method, target, sent, data)
        if "set-cookie" in reply.headers:
            name, _, rest = reply.headers["set-cookie"].partition("=")
            self.cookies[name] = rest.partition(";")[0]
        return reply

    def get(self, target: str, **headers: str) -> Reply:
        return self.send("GET", target, None, **headers)

    def page(self, target: str) -> str:
        reply = self.get(target)
        assert reply.status == 200, (reply.status, reply.headers, reply.body[:500])
        return reply.body.decode()

    def sign_in(self, next: str = "/", **headers: str) -> Reply:
        csrf = field(self.page(SIGN_IN), "csrf")
        fields = {"csrf": csrf, "client_id": self.made.credential.id, "client_secret": self.made.secret, "next": next}
        return self.send("POST", SIGN_IN, fields, **headers)

    def press(self, page: str, action: str, **headers: str) -> Reply:
        """Press the button of a page whose form goes there."""
        assert f'action="{action}"' in page, (action, re.findall('action="([^"]+)"', page))
        form = page.partition(f'action="{action}"')[2].partition("</form>")[0]
        return self.send("POST", action, {"csrf": field(form, "csrf")}, **headers)


def field(page: str, name: str) -> str:
    found = re.search(f'name="{name}" value="([^"]*)"', page)
    assert found, name
    return found[1]


@pytest.fixture
def browser(house: House) -> Browser:
    found = Browser(house)
    assert found.sign_in().status == 303
    return found


# --- in and out ----------------------------------------------------------------------------------------


def test_who_is_not_signed_in_is_led_to_the_form_and_from_there_to_where_he_wanted(house: House) -> None:
    guest = Browser(house)

    led = guest.get("/console/jobs/11111111-1111-1111-1111-111111111111?outcome=failed")

    assert (led.status, led.headers["location"].partition("?")[0]) == (303, SIGN_IN)
    form = guest.page(led.headers["location"])
    assert field(form, "next") == "/console/jobs/11111111-1111-1111-1111-111111111111?outcome=failed"
    assert guest.get("/").headers["location"] == SIGN_IN
    assert guest.get("/console/events").status == 401
    assert guest.sign_in(next="/?offset=25").headers["location"] == "/?offset=25"


def test_the_session_cookie_is_kept_from_scripts_and_from_other_sites(house: House) -> None:
    plain, safe = Browser(house).sign_in(), Browser(house).sign_in(x_forwarded_proto="https")

    flags = plain.headers["set-cookie"].split("; ")[1:]
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} < set(flags)
    assert "Secure" not in flags
    age = next(int(flag.partition("=")[2]) for flag in flags if flag.startswith("Max-Age"))
    assert 0 < age <= 43_200
    assert "Secure" in safe.headers["set-cookie"].split("; ")


def test_the_session_lives_no_longer_than_its_token(house: House) -> None:
    browser = Browser(house)
    made = house.services.tokens.issue(browser.made.credential.id, browser.made.secret)

    reply = browser.sign_in()

    assert f"Max-Age={made['expires_in']};" in reply.headers["set-cookie"]


@pytest.mark.parametrize("path", ["/v2025/roles", JOBS, "/bulkwark/v1/events", "/bulkwark/v1/guards"])
def test_the_api_never_takes_the_cookie(browser: Browser, path: str) -> None:
    assert browser.get(path).status == 401
    assert browser.get("/").status == 200


def test_a_wrong_secret_opens_nothing(house: House) -> None:
    browser = Browser(house)
    csrf = field(browser.page(SIGN_IN), "csrf")

    reply = browser.send(
        "POST", SIGN_IN, {"csrf": csrf, "client_id": browser.made.credential.id, "client_secret": "no"}
    )

    assert reply.status == 401
    assert console_session.COOKIE not in browser.cookies
    assert "the client id or the secret is wrong" in reply.body.decode()


def test_an_application_has_no_console(house: House) -> None:
    house.application()
    made = house.admin.post(
        "/v2025/oauth-clients",
        {
            "name": "robot",
            "description": "none",
            "accessTokenValiditySeconds": 750,
            "grantTypes": ["CLIENT_CREDENTIALS"],
            "accessType": "OFFLINE",
            "enabled": True,
        },
    ).ok()
    browser = Browser(house)
    csrf = field(browser.page(SIGN_IN), "csrf")

    reply = browser.send("POST", SIGN_IN, {"csrf": csrf, "client_id": made["id"], "client_secret": made["secret"]})

    assert reply.status == 400
    assert "a personal access token" in reply.body.decode()
    assert console_session.COOKIE not in browser.cookies


def test_guessing_is_slow(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(house.app._api._console, "_attempts", Limits("3/60"))  # type: ignore[union-attr]
    browser = Browser(house)
    csrf = field(browser.page(SIGN_IN), "csrf")
    sent = {"csrf": csrf, "client_id": browser.made.credential.id, "client_secret": "no"}

    found = [browser.send("POST", SIGN_IN, sent) for _ in range(5)]

    assert [reply.status for reply in found] == [401, 401, 401, 429, 429]
    assert int(found[-1].headers["retry-after"]) > 0


def test_who_signs_out_is_out(browser: Browser) -> None:
    reply = browser.press(browser.page("/"), "/console/sign-out")

    assert (reply.status, reply.headers["location"]) == (303, SIGN_IN)
    assert "Max-Age=0" in reply.headers["set-cookie"]
    assert browser.get("/").status == 303


def test_a_revoked_token_ends_the_session(browser: Browser) -> None:
    browser.house.admin.delete(f"/v2025/personal-access-tokens/{browser.made.credential.id}").ok(204)

    assert browser.get("/").status == 303


def test_a_page_reached_from_another_site_comes_back_with_the_strict_cookie(house: House) -> None:
    reply = Browser(house).get(f"/console/jobs/{'1' * 32}", sec_fetch_site="cross-site")

    assert reply.status == 200
    assert f'content="0;url=/console/jobs/{"1" * 32}"' in reply.body.decode()


@pytest.mark.parametrize(
    "next", ["https://evil.example/", "//evil.example/", "/v2025/roles", "javascript:alert(1)", "/console/../x\n", ""]
)
def test_signing_in_leads_to_pages_of_the_console_only(house: House, next: str) -> None:
    assert Browser(house).sign_in(next=next).headers["location"] == "/"


# --- what may do harm ----------------------------------------------------------------------------------


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


# --- the pages -----------------------------------------------------------------------------------------


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


# --- rights --------------------------------------------------------------------------------------------


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
