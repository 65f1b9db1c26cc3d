"""The console over HTTP: who gets in, and how long he stays."""

from __future__ import annotations

import pytest

from bulkwark.api import console_session
from bulkwark.auth.limits import Limits
from tests.api.browsing import SIGN_IN, Browser, field
from tests.api.test_previews import JOBS
from tests.house import House


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
    monkeypatch.setattr(house.app._api._console, "_attempts", Limits("3/60"))  # type: ignore[union-attr]  # a house always has its API
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
