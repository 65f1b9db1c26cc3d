"""`POST /entitlements/bulk-update`: up to 50 entitlements, all or nothing, exactly as each version documents it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from bulkwark.domain.documents import Document
from bulkwark.domain.kinds import Kind
from bulkwark.store.dialect import Session
from bulkwark.store.entries import derive
from bulkwark.store.indexes import BY_KIND
from tests.api.asking import replace
from tests.api.served import OWNER, entitlement, fresh
from tests.api.test_bad_input import cause
from tests.house import JOBS, House, Reply

FORMS = {
    "": "/entitlements/bulk-update",
    "beta": "/beta/entitlements/bulk-update",
    "v2024": "/v2024/entitlements/bulk-update",
    "v2025": "/v2025/entitlements/bulk-update",
    "v2026": "/v2026/entitlements/bulk-update",
    "v1": "/entitlements/v1/bulk-update",
}
UNKNOWN = "dddddddddddddddddddddddddddddddd"
# The table of decisions §4: path, a good value, and the forms that take it.
YEARS = {"beta", "v2024", "v2025", "v2026", "v1"}
TABLE: list[tuple[str, Any, set[str]]] = [
    ("/privileged", True, {"", *YEARS}),
    ("/requestable", True, {"", *YEARS}),
    ("/privilegeOverride/level", "HIGH", {"v2026", "v1"}),
    ("/name", "Renamed", YEARS),
    ("/description", "Described", YEARS),
    ("/owner", {"type": "IDENTITY", "id": OWNER}, YEARS),
    ("/segments", ["11111111111111111111111111111111"], YEARS),
    ("/manuallyUpdatedFields", {"DISPLAY_NAME": True, "DESCRIPTION": True}, YEARS),
    ("/value", "x", set()),
    ("/attribute", "x", set()),
    ("/id", "x", set()),
    ("/cloudGoverned", True, set()),
    ("/privilegeLevel/direct", "HIGH", set()),
    ("/source", {"id": "x"}, set()),
    ("/tags", [], set()),
    ("/attributes/x", "y", set()),
    ("", {}, set()),
]


def send(house: House, form: str, ids: list[str], operations: list[Document]) -> Reply:
    return house.admin.post(FORMS[form], {"entitlementIds": ids, "jsonPatch": operations})


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("path", "value", "forms"), TABLE, ids=[row[0] or "root" for row in TABLE])
def test_each_form_takes_exactly_the_paths_of_the_table(
    module_house: House, form: str, path: str, value: Any, forms: set[str]
) -> None:
    ids = [entitlement(module_house), entitlement(module_house)]
    before = module_house.digest()

    reply = send(module_house, form, ids, replace(path, value))

    assert reply.status == (204 if form in forms else 400), reply.body
    if form in forms:
        assert reply.body == b""
        assert module_house.digest() != before
    else:
        assert cause(reply, None).startswith(f"/jsonPatch/0/path: {path!r} cannot be changed")
        assert module_house.digest() == before


def test_every_named_entitlement_is_changed_once(module_house: House) -> None:
    ids = [entitlement(module_house) for _ in range(25)]
    named = [*ids, *(id.upper() for id in ids)]
    operations: list[Document] = [
        {"op": "test", "path": "/requestable", "value": False},
        {"op": "test", "path": "/attribute", "value": "memberOf"},
        *replace("/requestable", True),
        *replace("/privilegeOverride/level", "MEDIUM"),
        {"op": "add", "path": "/description", "value": "All of them"},
    ]

    assert send(module_house, "v2026", named, operations).status == 204

    for id in ids:
        shown = module_house.admin.get(f"/v2026/entitlements/{id}").ok()
        assert (shown["requestable"], shown["description"]) == (True, "All of them")
        assert shown["privilegeLevel"]["direct"] == "MEDIUM"
        require_indexed(module_house, id)
    found = module_house.admin.get("/v2026/entitlements", params={"filters": 'privilegeLevel.direct eq "MEDIUM"'})
    assert {one["id"] for one in found.ok()} >= set(ids)


def test_names_are_changed_wherever_they_are_repeated(module_house: House) -> None:
    ids = [entitlement(module_house) for _ in range(3)]
    body = {"name": fresh("Holder"), "owner": {"id": OWNER}, "entitlements": [{"id": id} for id in ids]}
    holder = module_house.admin.post("/roles", body).ok(201)["id"]

    assert send(module_house, "v1", ids[:2], replace("/name", "Same")).status == 204

    shown = module_house.admin.get(f"/roles/{holder}").ok()["entitlements"]
    assert [one["name"] for one in shown][:2] == ["Same", "Same"]
    assert shown[2]["name"].startswith("Served")


@pytest.mark.parametrize("form", FORMS)
def test_an_unknown_id_is_named_and_nothing_changes(module_house: House, form: str) -> None:
    ids = [entitlement(module_house), UNKNOWN]
    before = module_house.digest()

    reply = send(module_house, form, ids, replace("/requestable", True))

    found = form in ("v2026", "v1")
    assert reply.status == (404 if found else 400)
    text = cause(reply, None if found else "400.1.404 Referenced object not found")
    assert text == f"/entitlementIds: there are no entitlements '{UNKNOWN}' (1 unknown)"
    assert module_house.digest() == before


def test_one_entitlement_that_fails_a_test_keeps_all_as_they_are(module_house: House) -> None:
    ids = [entitlement(module_house), entitlement(module_house, requestable=True)]
    before = module_house.digest()
    operations: list[Document] = [*replace("/privileged", True), {"op": "test", "path": "/requestable", "value": False}]

    reply = send(module_house, "v2025", ids, operations)

    assert cause(reply, None).startswith("/jsonPatch/1/value: the test of '/requestable' failed")
    assert ids[1] in cause(reply, None)
    assert module_house.digest() == before


def test_fifty_one_ids_are_too_many_even_when_they_repeat(module_house: House) -> None:
    id = entitlement(module_house)

    assert send(module_house, "v2026", [id] * 50, replace("/requestable", True)).status == 204
    reply = send(module_house, "v2026", [id] * 51, replace("/requestable", True))

    assert cause(reply, None) == "/entitlementIds: 51 entitlements are named (at most 50)"


def test_a_change_that_is_none_writes_nothing_but_its_record(module_house: House) -> None:
    id = entitlement(module_house)
    before = module_house.digest(but=JOBS)

    reply = send(module_house, "", [id], replace("/requestable", False))

    assert reply.status == 204
    assert module_house.digest(but=JOBS) == before
    assert module_house.outcomes(reply.headers["x-bulkwark-job"]) == {id: "unchanged"}


def require_indexed(house: House, id: str) -> None:
    """What the index knows of an entitlement is what its stored search document says."""
    session = house.store.read()
    stored = house.tenant.objects.get(session, Kind.ENTITLEMENT, id)
    assert stored is not None
    ((_, face, _, _),) = session.rows("objects.search_docs", (f"[{stored.rid}]",))
    entry = derive(BY_KIND[Kind.ENTITLEMENT], _number(house, session), msgspec.json.decode(face + "}"), [])
    rows = session.execute("SELECT field, value FROM val WHERE rid = ?", (stored.rid,))
    assert set(rows) == entry.values
    for token in entry.tokens:
        if token != "_":
            sql = "SELECT 1 FROM fts WHERE fts MATCH ? AND rowid = ?"
            assert list(session.execute(sql, (f'"{token}"', stored.rid))), token


def _number(house: House, session: Session) -> Any:
    def find(path: str) -> int:
        found = house.tenant.numbers.find(session, Kind.ENTITLEMENT, path)
        assert found is not None, path
        return found

    return find
