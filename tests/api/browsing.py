"""A browser without a script, for tests of the console."""

from __future__ import annotations

import re
from itertools import count
from urllib.parse import urlencode

import pytest

from bulkwark.api import console_session
from bulkwark.auth import credentials
from tests.house import House, Reply

SIGN_IN = "/console/sign-in"
_numbers = count(1)


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
