"""What every operation refuses, at every version it is served at: a wrong request, a hasty caller, another tenant's."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bulkwark.api import openapi
from bulkwark.api.operations import OPERATIONS, VERSIONS, Operation, paths
from tests.api.served import GOOD, Good
from tests.api.test_bad_input import cause
from tests.api.test_served import FORMS, NAMES, UNKNOWN, all_jobs_done, call
from tests.house import Client, House, Reply, _copy, close_house, open_house

CASES = Path(__file__).parent / "cases" / "served" / "refused.toml"
REFUSED: list[dict[str, Any]] = tomllib.loads(CASES.read_text("utf-8"))["refused"]
BY_ID = {operation.id: operation for operation in OPERATIONS}
# Of the operations on non-employees at every version, of others at the first.
SPOILED = [
    (case, BY_ID[id], path)
    for case in REFUSED
    for id in case["operations"]
    for _, path in islice(paths(BY_ID[id]), None if BY_ID[id].path.startswith("/non-employee-") else 1)
]
RATE = 1, 1_000  # requests, seconds
ID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")


# --- 400 -----------------------------------------------------------------------------------------------


def test_every_operation_that_documents_400_has_a_case() -> None:
    documented = {
        operation["operationId"]
        for version in VERSIONS
        for path in msgspec.json.decode(openapi.document(version).body)["paths"].values()
        for operation in path.values()
        if "400" in operation["responses"]
    }
    cases = [id for case in REFUSED for id in case["operations"]]

    assert documented == set(cases)
    assert {operation.id for operation in OPERATIONS} >= documented


@pytest.mark.parametrize(
    ("case", "operation", "path"), SPOILED, ids=[f"{path} {case['cause'][:20]}" for case, _, path in SPOILED]
)
def test_a_good_request_with_one_thing_wrong_is_refused(
    module_house: House, case: dict[str, Any], operation: Operation, path: str
) -> None:
    good = GOOD[operation.id](module_house)
    spoiled = replace(
        good,
        query=case.get("query", good.query),
        body=msgspec.json.decode(case["body"]) if "body" in case else good.body,
        parts={case["parts"]: b"x"} if "parts" in case else good.parts,
        headers={"x-sailpoint-experimental": case["header"]} if "header" in case else {},
    )
    all_jobs_done(module_house)
    before = module_house.digest()

    reply = call(module_house.admin, operation, path, spoiled)

    assert reply.status == 400, reply.body
    assert operation.method == "HEAD" or case["cause"] in cause(reply, None)
    assert module_house.digest() == before


# --- 429 -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def strict_house(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A client may ask once at each version."""
    found = open_house(_copy(template, tmp_path_factory.mktemp("strict") / "data"), rate_limit="{}/{}".format(*RATE))
    yield found
    close_house(found)


@pytest.mark.parametrize(("operation", "version", "path"), FORMS, ids=NAMES)
def test_a_caller_over_the_limit_is_told_when_to_come_again(
    strict_house: House, operation: Operation, version: str, path: str
) -> None:
    caller = strict_house.as_("ORG_ADMIN", name=f"{operation.id} {version}")
    good = Good(dict.fromkeys(re.findall("{(.+?)}", path), UNKNOWN), {})
    first = call(caller, operation, path, good)
    before = strict_house.digest()

    reply = call(caller, operation, path, good)

    assert first.status not in (429, 500)
    assert reply.status == 429
    assert 0 < int(reply.headers["retry-after"]) <= RATE[1]
    assert re.fullmatch("[0-9a-f]{32}", reply.headers["slpt-request-id"])
    if operation.method != "HEAD":
        assert reply.headers["content-type"] == "application/json"
        text = "Rate limit exceeded: {} requests in {} seconds for a client and API version".format(*RATE)
        assert reply.json() == {"message": text}
    assert strict_house.digest() == before


# --- across tenants ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Neighbours:
    """A house of two tenants: `default` with a company, and another with its own administrator and catalogue."""

    house: House
    stranger: Client

    def digest(self) -> str:
        """A fingerprint of everything that the first tenant has."""
        session, tenant = self.house.store.read(), self.house.tenant.number
        tables = "SELECT m.name FROM sqlite_schema m, pragma_table_info(m.name) c WHERE c.name = 'tenant' ORDER BY 1"
        found = hashlib.sha256()
        for (name,) in list(session.execute(tables)):
            for row in session.execute(f"SELECT * FROM {name} WHERE tenant = ?", (tenant,)):
                if name not in ("credential", "job_target", "counter"):
                    found.update(repr((name, row)).encode())
        return found.hexdigest()

    def ids(self) -> set[str]:
        """Of everything that the first tenant has."""
        session, tenant = self.house.store.read(), self.house.tenant.number
        found = set[str]()
        own = ("ne_source", "ne_attribute", "ne_request", "ne_approval")
        for table in ("object", "job", "credential", "common_access", *own):
            found.update(id for (id,) in session.execute(f"SELECT id FROM {table} WHERE tenant = ?", (tenant,)))
        return found


@pytest.fixture(scope="module")
def neighbours(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neighbours]:
    house = open_house(_copy(template, tmp_path_factory.mktemp("neighbours") / "data"))
    house.store.need_tenant("next.door")
    stranger = house.as_("ORG_ADMIN", tenant="next.door")
    region = {"key": "region", "name": "Region", "multiselect": True, "values": [{"value": "emea", "name": "EMEA"}]}
    stranger.post("/access-model-metadata/attributes", region).ok(201)
    yield Neighbours(house, stranger)
    close_house(house)


# What the stranger has himself under the same words: his catalogue's attribute.
HIS_OWN = {
    "getAccessModelMetadataAttribute",
    "listAccessModelMetadataAttributeValue",
    "getAccessModelMetadataAttributeValue",
}


@pytest.mark.parametrize("operation", OPERATIONS, ids=list(BY_ID))
def test_an_administrator_of_another_tenant_reads_and_changes_nothing_here(
    neighbours: Neighbours, operation: Operation
) -> None:
    _, path = next(paths(operation))
    house, stranger = neighbours.house, neighbours.stranger
    good = GOOD[operation.id](house)
    all_jobs_done(house)
    before, ids = neighbours.digest(), neighbours.ids()

    reply = call(stranger, operation, path, good)

    for started in stranger.get("/bulkwark/v1/jobs").ok():
        assert house.wait(started["id"], "next.door").total in (0, 1)
    assert neighbours.digest() == before
    if reply.status < 300:
        sent = ID.findall(repr(good))
        assert not ids & set(ID.findall(reply.body.decode())) - set(sent)
        assert not good.params or operation.id in HIS_OWN
        assert operation.method != "HEAD" or reply.total == 0
    else:
        # What is here looks to him like what is nowhere.
        assert reply.status == 404 if good.params else reply.status in (400, 404, 202)
        nowhere = call(stranger, operation, path, elsewhere(good))
        assert (reply.status, said(reply)) == (nowhere.status, said(nowhere))


def elsewhere(good: Good) -> Good:
    """The same request with ids that nobody has."""
    text = ID.sub(lambda found: other(found[0]), msgspec.json.encode([good.params, good.body, good.query]).decode())
    params, body, query = msgspec.json.decode(text)
    return replace(good, params=params, body=body, query=query)


def other(id: str) -> str:
    plain = hashlib.md5(id.encode()).hexdigest()
    return plain if len(id) == 32 else f"{plain[:8]}-{plain[8:12]}-{plain[12:16]}-{plain[16:20]}-{plain[20:]}"


def said(reply: Reply) -> Any:
    """What a refusal says, whatever the ids in it."""
    if not reply.body:
        return None
    found = reply.json()
    return {name: ID.sub("…", repr(value)) for name, value in found.items() if name != "trackingId"}


def test_the_lists_of_a_new_tenant_hold_nothing_but_himself(neighbours: Neighbours) -> None:
    neighbours.house.store.need_tenant("new")
    newcomer = neighbours.house.as_("ORG_ADMIN", tenant="new")
    seen = 0
    for operation in OPERATIONS:
        if operation.method == "GET" and operation.id.startswith("list") and "{" not in operation.path:
            for _, path in paths(operation):
                headers, params = {"x-sailpoint-experimental": "true"}, {"requested-for": "me"}
                found = newcomer(operation.method, path, headers=headers, params=params).ok()
                assert all(newcomer.identity in repr(one) for one in found), (operation.id, found)
                seen += len(found)
    assert seen  # his identity, and his token
