"""Point reads have a way of their own through the house: it answers as the way of all others does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from bulkwark.api.dispatch import Api
from bulkwark.api.operations import OPERATIONS, Operation, paths
from bulkwark.api.quick import Quick
from bulkwark.auth.credentials import LEVELS
from tests.api.served import GOOD
from tests.house import House, Reply, _copy, close_house, open_house

POINT_READS = [o for o in OPERATIONS if o.inline and o.method == "GET" and re.fullmatch(r"[^{]*/{\w+}", o.path)]
PATHS = [(operation, version, path) for operation in POINT_READS for version, path in paths(operation)]
UNKNOWN = "d" * 32
# Callers of the requests below, by name: how each is made.
CALLERS = ("admin", "nobody", "garbage", "no scope", "wrong level", "user", "application")
# (what is asked, method, what is put behind or around the id, headers, who asks)
REQUESTS: list[tuple[str, str, str, dict[str, str], str]] = [
    *((who, "GET", "{id}", {}, who) for who in CALLERS),
    ("an unknown id", "GET", UNKNOWN, {}, "admin"),
    ("an unknown id, by one who may not ask", "GET", UNKNOWN, {}, "no scope"),
    ("no id", "GET", "", {}, "admin"),
    ("a slash at the end", "GET", "{id}/", {}, "admin"),
    ("a slash at the end, unknown", "GET", UNKNOWN + "/", {}, "nobody"),
    ("more behind the id", "GET", "{id}/nothing", {}, "admin"),
    ("an escape", "GET", "%7Bid%7D", {}, "admin"),
    ("an escape that is not UTF-8", "GET", "%FF", {}, "admin"),
    ("a raw byte", "GET", "\xff", {}, "admin"),
    ("upper case", "GET", "{ID}", {}, "admin"),
    ("a query", "GET", "{id}?limit=1&x=%20", {}, "admin"),
    ("a query that is not UTF-8", "GET", "{id}?x=%FF", {}, "admin"),
    ("a bare question mark", "GET", "{id}?", {}, "admin"),
    ("the experimental header", "GET", "{id}", {"x-sailpoint-experimental": "TRUE"}, "admin"),
    ("a bad experimental header", "GET", "{id}", {"x-sailpoint-experimental": "yes"}, "admin"),
    ("a bad experimental header, by one who may not", "GET", "{id}", {"x-sailpoint-experimental": "yes"}, "no scope"),
    ("an unknown header of ours", "GET", "{id}", {"x-bulkwark-preview": "true"}, "admin"),
    ("an unknown header of ours, unknown id", "GET", UNKNOWN, {"x-bulkwark-x": ""}, "admin"),
    ("a header that is not ours", "GET", "{id}", {"x-bulkward": "1", "accept": "text/html"}, "admin"),
    ("another language", "GET", UNKNOWN, {"accept-language": "de"}, "admin"),
    ("no kind of token", "GET", "{id}", {"authorization": "TOKEN"}, "admin"),
    ("another kind of token", "GET", "{id}", {"authorization": "Basic TOKEN"}, "admin"),
    ("a kind in lower case", "GET", "{id}", {"authorization": "bearer TOKEN"}, "admin"),
    ("a token behind two blanks", "GET", "{id}", {"authorization": "Bearer  TOKEN"}, "admin"),
    ("a token before a blank", "GET", "{id}", {"authorization": "Bearer TOKEN "}, "admin"),
    ("an empty token", "GET", "{id}", {"authorization": "Bearer "}, "admin"),
    ("a token with a letter more", "GET", "{id}", {"authorization": "Bearer TOKENx"}, "admin"),
    ("a token that is not ASCII", "GET", "{id}", {"authorization": "Bearer \xe4"}, "admin"),
    ("HEAD", "HEAD", "{id}", {}, "admin"),
    ("HEAD, unknown", "HEAD", UNKNOWN, {}, "nobody"),
    ("OPTIONS", "OPTIONS", "{id}", {}, "admin"),
    ("PUT", "PUT", "{id}", {}, "admin"),
]


class Ways:
    """A house whose requests go the short way, or the long one."""

    def __init__(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        self.house = house
        self.used = 0
        api = house.app._api
        assert isinstance(api, Api)
        answer = Quick(house.services, api._handlers).answer

        def counted(scope: Any) -> Any:
            if not self.short:
                return None
            found = answer(scope)
            self.used += found is not None
            return found

        self.short = True
        monkeypatch.setattr(api._quick, "answer", counted)

    def send(self, way: str, method: str, target: str, headers: dict[str, str]) -> Reply:
        self.short = way == "short"
        return self.house.send(method, target, headers, b"")


def told(reply: Reply) -> Any:
    """Status, headers and body without what belongs to one request only."""
    tracking = reply.headers.get("slpt-request-id", "?")
    headers = {name: value.replace(tracking, "…") for name, value in reply.headers.items()}
    return reply.status, headers, reply.body.replace(tracking.encode(), b"...")


def token(house: House, who: str, operation: Operation) -> str:
    low = [level for level in LEVELS if level not in operation.levels]
    match who:
        case "admin":
            return house.admin.token
        case "garbage":
            return "a.b.c"
        case "no scope":
            return house.as_("ORG_ADMIN", scopes=["idn:nothing:read"]).token
        case "wrong level":
            return house.as_(*low[:1]).token
        case "user":
            return house.as_().token
        case "application":
            return house.application().token
    return ""


@pytest.fixture
def ways(module_house: House, monkeypatch: pytest.MonkeyPatch) -> Ways:
    return Ways(module_house, monkeypatch)


def test_there_are_point_reads_of_every_sort() -> None:
    assert {"getRole", "getAccessProfile", "getSource", "getEntitlement", "getIdentity"} <= {o.id for o in POINT_READS}


@pytest.mark.parametrize(
    ("operation", "version", "path"), PATHS, ids=[f"{o.id} {version or 'unversioned'}" for o, version, _ in PATHS]
)
def test_both_ways_answer_alike(ways: Ways, operation: Operation, version: str, path: str) -> None:
    (id,) = GOOD[operation.id](ways.house).params.values()
    if operation.id in ("getTaskStatus", "bulkwarkJob"):
        ways.house.wait(id)
    statuses = set()
    for what, method, last, headers, who in REQUESTS:
        target = path.rpartition("/")[0] + "/" + last.replace("{id}", id).replace("{ID}", id.upper())
        secret = token(ways.house, who, operation)
        sent = {"authorization": f"Bearer {secret}"} if secret else {}
        sent |= {name: value.replace("TOKEN", secret) for name, value in headers.items()}

        short, long = ways.send("short", method, target, sent), ways.send("long", method, target, sent)

        assert told(short) == told(long), what
        statuses.add(short.status)
    assert ways.used, "nothing went the short way"
    assert {200, 400, 401, 403, 404} <= statuses


@pytest.fixture
def strict(template: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ways]:
    house = open_house(_copy(template, tmp_path / "strict"), rate_limit="4/1000")
    yield Ways(house, monkeypatch)
    close_house(house)


@pytest.mark.parametrize("operation", POINT_READS, ids=[o.id for o in POINT_READS])
def test_both_ways_count_alike(strict: Ways, operation: Operation) -> None:
    # Refused requests count, those without a good token cannot, and a request over the limit learns nothing.
    sequence = [(UNKNOWN, {}), ("x", {"x-bulkwark-x": "1"}), ("%FF", {}), ("a/", {}), (UNKNOWN, {}), ("a", {})]
    for _, path in paths(operation):
        for levels in (("ORG_ADMIN",), ("CERT_ADMIN",)):
            answers = []
            for way in ("short", "long"):
                caller = strict.house.as_(*levels, name=f"{way} {path} {levels}")
                sent = {"authorization": f"Bearer {caller.token}"}
                answers.append(
                    [
                        strict.send(way, "GET", f"{path.rpartition('/')[0]}/{last}", sent | more).status
                        for last, more in sequence
                    ]
                )
            assert answers[0] == answers[1]
            assert 429 in answers[0]
