"""Whatever is wrong with a request: the documented status, the exact envelope, and nothing has changed."""

from __future__ import annotations

import base64
import json
import re
import time
import tomllib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bulkwark.auth import credentials
from bulkwark.auth.tokens import Tokens
from tests.api.served import ENTITLEMENT, SOURCE
from tests.api.served_non_employees import ne_body, ne_record, ne_request, ne_source, person
from tests.house import BULK, Client, House, Reply, close_house, open_house

CASES: list[dict[str, Any]] = [
    case
    for file in sorted((Path(__file__).parent / "cases").glob("*.toml"))
    for case in tomllib.loads(file.read_text("utf-8"))["case"]
]
CODES = {400: "400.1 Bad Request Content", 403: "403 Forbidden", 404: "404 Not found"}
FULL = "00000000000000000000000000000002"  # a role that holds 25 values
FILLERS: dict[str, Callable[[], str]] = {
    "bulk": lambda: BULK,
    "role": lambda: "00000000000000000000000000000001",
    "full": lambda: FULL,
    "owner": lambda: "bd179f24eeb709094f5c3c575576d9cb",
    "source": lambda: SOURCE,
    "other source": lambda: "bc4a1f12d3ce32732ffbc6a866610ccd",
    "entitlement": lambda: ENTITLEMENT,
    "profile": lambda: "a0000000000000000000000000000001",
    "add": lambda: '"operation":"ADD","values":[{"attribute":"region","values":["emea"]}]',
    "25 values": lambda: ",".join(f'"v{n:02}"' for n in range(25)),
    "26 values": lambda: ",".join(f'"v{n:02}"' for n in range(26)),
    "51 ids": lambda: ",".join(['"00000000000000000000000000000001"'] * 51),
    "3001 ids": lambda: ",".join(['"00000000000000000000000000000001"'] * 3001),
    "129 letters": lambda: "n" * 129,
    "8000 letters": lambda: "x" * 8000,
    "100 kB": lambda: "x" * 100_000,
    "9 MB": lambda: "x" * 9_000_000,
    "deep json": lambda: "[" * 100_000 + "]" * 100_000,
    "deep filter": lambda: "(" * 50_000 + "requestable eq true" + ")" * 50_000,
    "deep query": lambda: "(" * 50_000 + "sales" + ")" * 50_000,
}


def filled(text: str) -> str:
    return re.sub("|".join(f"<{re.escape(name)}>" for name in FILLERS), lambda m: FILLERS[m[0][1:-1]](), text)


@pytest.fixture(scope="module")
def guarded(module_house: House) -> House:
    module_house.set_metadata(FULL, [("many", f"v{n:02}") for n in range(25)])
    for name, text in non_employees(module_house).items():
        FILLERS[name] = partial(str, text)
    return module_house


def non_employees(house: House) -> dict[str, str]:
    """What the cases of non-employees stand on. The administrator owns none of it."""
    me, other = {"id": house.admin.identity}, {"id": person(house, "somebody.else")}
    source = ne_source(house, owner=other, approvers=[me, other])
    full = ne_source(house, owner=other, approvers=[other])
    schema = f"/non-employee-sources/{source}/schema-attributes"
    for number in range(10):
        body = {"type": "TEXT", "label": f"Custom {number}", "technicalName": f"c{number}"}
        house.admin.post(schema.replace(source, full), body).ok()
    request = ne_request(house, source, accountName="pending.name")
    values = {name: value for name, value in ne_body(house, source).items() if name != "sourceId"}
    return {
        "somebody": other["id"],
        "ne source": source,
        "ne source object": house.admin.get(f"/non-employee-sources/{source}").ok()["sourceId"],
        "ne full source": full,
        "ne system attribute": house.admin.get(schema).ok()[0]["id"],
        "ne record": ne_record(house, full, accountName="taken.name"),
        "ne values": json.dumps(values)[1:-1],
        "ne approval": request["approvalItems"][0]["id"],
        "ne next": ne_next(house, other, me),
        "ne other": ne_request(house, full)["approvalItems"][0]["id"],
    }


def ne_next(house: House, *approvers: dict[str, str]) -> str:
    """The second approval of a request of which the first waits."""
    source = ne_source(house, owner=approvers[0], approvers=list(approvers))
    return str(ne_request(house, source)["approvalItems"][1]["id"])


@pytest.fixture(scope="module")
def callers(guarded: House, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Client]:
    """Every caller of the cases by name."""
    admin = guarded.admin
    revoked = guarded.as_("ORG_ADMIN", name="to be revoked")
    assert admin.delete(f"/v2025/personal-access-tokens/{revoked.id}").status == 204
    return {
        "ORG_ADMIN": admin,
        "CERT_ADMIN": guarded.as_("CERT_ADMIN"),
        "ROLE_SUBADMIN": guarded.as_("ROLE_SUBADMIN", alias="a.subadmin"),
        "ROLE_ADMIN": guarded.as_("ROLE_ADMIN"),
        "user": guarded.as_(),
        "narrow": guarded.as_("ORG_ADMIN", scopes=["idn:nothing:read"]),
        "scopeless": guarded.as_("ORG_ADMIN", scopes=["idn:role-unchecked:read", "sp:scopes:default"]),
        "application": guarded.application(),
        "nobody": guarded.nobody,
        "revoked": revoked,
        "forged": with_token(admin, forged(admin.token)),
        "unsigned": with_token(admin, unsigned(admin.token)),
        "expired": with_token(admin, expired(guarded)),
        "foreign": with_token(admin, foreign(tmp_path_factory.mktemp("elsewhere"))),
    }


def with_token(client: Client, token: str) -> Client:
    return Client(client.house, token, client.id, client.identity)


def part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def claims(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return found


def forged(token: str) -> str:
    head, _, signature = token.split(".")
    return f"{head}.{part(claims(token) | {'jti': 'other'})}.{signature}"


def unsigned(token: str) -> str:
    return f"{part({'alg': 'none', 'typ': 'JWT'})}.{token.split('.')[1]}."


def expired(house: House) -> str:
    made = credentials.create_token(house.store, house.tenant, name="expired", levels=["ORG_ADMIN"])
    then = Tokens(house.store, clock=lambda: time.time() - 100_000)
    return str(then.issue(made.credential.id, made.secret)["access_token"])


def foreign(data_dir: Path) -> str:
    elsewhere = open_house(data_dir)
    try:
        return elsewhere.admin.token
    finally:
        close_house(elsewhere)


def test_there_are_enough_cases_with_names_of_their_own() -> None:
    assert len({case["name"] for case in CASES}) == len(CASES) >= 60


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_bad_request_is_refused_and_changes_nothing(
    guarded: House, callers: dict[str, Client], case: dict[str, Any]
) -> None:
    method, target = filled(case["call"]).split(" ")
    body = filled(case["body"]).encode("latin-1" if case.get("latin1") else "utf-8") if "body" in case else None
    before = guarded.digest()

    reply = callers[case.get("who", "ORG_ADMIN")](method, target, content=body, headers=case.get("headers"))

    assert reply.status == case.get("status", 400), reply.body[:500]
    text = cause(reply, case.get("code"))
    assert filled(case["cause"]) in text, text
    assert guarded.digest() == before


def cause(reply: Reply, code: str | None) -> str:
    """The first cause of a refusal whose shape is exactly as documented."""
    assert reply.headers["content-type"] == "application/json"
    assert re.fullmatch("[0-9a-f]{32}", reply.headers["slpt-request-id"])
    found = reply.json()
    if reply.status == 401:
        assert list(found) == ["error"]
        assert reply.headers["www-authenticate"].startswith("Bearer")
        return str(found["error"])
    assert list(found) == ["detailCode", "trackingId", "messages", "causes"]
    assert found["detailCode"] == (code or CODES[reply.status])
    assert found["trackingId"] == reply.headers["slpt-request-id"]
    assert len(found["messages"]) == len(found["causes"]) == 1
    for message in found["messages"] + found["causes"]:
        assert list(message) == ["locale", "localeOrigin", "text"]
        assert (message["locale"], message["localeOrigin"]) == ("en-US", "DEFAULT")
        assert message["text"]
    return str(found["causes"][0]["text"])
