"""Non-employees: sources, schemas, records, and the identities that records make."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from bulkwark.domain.kinds import Kind, plain_id
from bulkwark.domain.non_employee_rows import Checker
from bulkwark.domain.non_employees import Cells
from bulkwark.domain.spreadsheets import restore
from bulkwark.store import non_employee_records, non_employee_sources, upkeep
from bulkwark.store.non_employee_records import Outcome
from tests.api.served_non_employees import ne_attribute, ne_body, ne_record, ne_request, ne_source, person
from tests.house import House

SYSTEM = ["accountName", "firstName", "lastName", "phone", "email", "manager", "startDate", "endDate"]


def search(house: House, index: str, query: str) -> list[dict[str, Any]]:
    body = {"indices": [index], "query": {"query": query}, "sort": ["created", "id"]}
    found: list[dict[str, Any]] = house.admin.post("/v2025/search", body).ok()
    return found


def events(house: House, target: str) -> list[str]:
    """The technical names of what has happened to something, in order."""
    return [one["technicalName"] for one in search(house, "events", f'target.name.exact:"{target}"')]


def sound(house: House) -> None:
    """All that the indexes hold of every object is what they should hold."""
    count, wrong = upkeep.spot_check(house.store.read(), house.store, 100_000)
    assert count > 300
    assert wrong == []
    assert upkeep.strays(house.store.read()) == []


# --- sources -------------------------------------------------------------------------------------------


def test_a_source_is_found_under_its_own_id_and_under_that_of_its_source_object(house: House) -> None:
    id = ne_source(house)
    made = house.admin.get(f"/non-employee-sources/{id}").ok()

    assert made["id"] == id
    assert len(id) == 36
    for other in (made["sourceId"], plain_id(id), id.upper()):
        assert house.admin.get(f"/non-employee-sources/{other}").ok() == made
    assert house.admin.get(f"/sources/{made['sourceId']}").ok()["name"] == made["name"]


def test_a_source_shows_the_people_whom_it_was_given_and_a_patch_takes_ids_alone(house: House) -> None:
    first, second = person(house, "first"), person(house, "second")
    id = ne_source(house, approvers=[{"id": first}], accountManagers=[{"id": second}])
    value = [second, {"id": first}]
    patch = [{"op": "replace", "path": "/approvers", "value": value}, {"op": "remove", "path": "/accountManagers/0"}]

    changed = house.admin.patch(f"/non-employee-sources/{id}", patch).ok()

    assert changed["approvers"] == [{"type": "IDENTITY", "id": second}, {"type": "IDENTITY", "id": first}]
    assert changed["accountManagers"] == []


def test_sources_are_listed_in_order_for_who_owns_or_manages_them_and_are_counted(house: House) -> None:
    someone = person(house, "someone")
    b = ne_source(house, name="B", accountManagers=[{"id": someone}])
    a = ne_source(house, name="a", owner={"id": someone})
    ne_source(house, name="C")
    ne_record(house, a)
    url = f"/v2025/non-employee-sources?requested-for={someone}"

    ordered = house.admin.get(f"{url}&sorters=name&non-employee-count=true").ok()
    newest = house.admin.get(f"{url}&sorters=-created,-sourceId&limit=1&count=true")

    assert [(one["id"], one["nonEmployeeCount"]) for one in ordered] == [(a, 1), (b, 0)]
    assert newest.total == 2
    assert len(newest.ok()) == 1
    assert newest.ok()[0]["nonEmployeeCount"] is None


def test_a_renamed_source_is_renamed_wherever_records_name_it(house: House) -> None:
    id = ne_source(house, name="Before")
    record = ne_record(house, id)

    house.admin.patch(f"/non-employee-sources/{id}", [{"op": "replace", "path": "/name", "value": "After"}]).ok()

    (found,) = search(house, "identities", 'source.name:"After"')
    assert found["id"] == plain_id(record)
    assert found["accounts"][0]["source"]["name"] == "After"
    assert search(house, "identities", 'source.name:"Before"') == []
    sound(house)


def test_a_source_goes_with_all_that_belongs_to_it(house: House) -> None:
    id = ne_source(house)
    records = [ne_record(house, id) for _ in range(3)]
    house.admin.post("/non-employee-requests", ne_body(house, id)).ok()
    source_id = house.admin.get(f"/non-employee-sources/{id}").ok()["sourceId"]

    assert house.admin.delete(f"/non-employee-sources/{id}").status == 204

    for target in (f"/sources/{source_id}", f"/non-employee-sources/{id}", f"/non-employee-records/{records[0]}"):
        assert house.admin.get(target).status == 404
    assert house.admin.get("/non-employee-approvals").ok() == []
    assert search(house, "identities", f"id:{plain_id(records[0])}") == []
    sound(house)


# --- schemas -------------------------------------------------------------------------------------------


def test_a_schema_has_the_attributes_of_the_system_first_and_then_its_own(house: House) -> None:
    where = ne_attribute(house)
    schema = f"/non-employee-sources/{where['sourceId']}/schema-attributes"

    found = house.admin.get(schema).ok()

    assert [one["technicalName"] for one in found] == [*SYSTEM, "team"]
    assert [one["system"] for one in found] == [True] * 8 + [False]
    assert [one["type"] for one in found][5:] == ["IDENTITY", "DATE", "DATE", "TEXT"]
    assert house.admin.get(f"{schema}?limit=2&offset=7").ok() == found[7:]


def test_the_template_is_the_schema_as_the_heading_of_a_file(house: House) -> None:
    where = ne_attribute(house)

    reply = house.admin.get(f"/non-employee-sources/{where['sourceId']}/schema-attributes-template/download")

    assert reply.body.decode() == ",".join([*SYSTEM, "team"]) + "\r\n"
    assert reply.headers["content-disposition"] == 'attachment; filename="non-employees-template.csv"'


def test_a_deleted_attribute_takes_its_values_along(house: House) -> None:
    where = ne_attribute(house)
    record = ne_record(house, where["sourceId"], data={"team": "Quokka"})
    schema = f"/non-employee-sources/{where['sourceId']}/schema-attributes"
    assert [one["id"] for one in search(house, "identities", "attributes.team:quokka")] == [plain_id(record)]

    assert house.admin.delete(schema).status == 204

    assert house.admin.get(f"/non-employee-records/{record}").ok()["data"] == {}
    assert search(house, "identities", "attributes.team:quokka") == []
    assert len(house.admin.get(schema).ok()) == 8
    sound(house)


def test_a_required_custom_attribute_is_required_of_records(house: House) -> None:
    where = ne_attribute(house)
    url = f"/non-employee-sources/{where['sourceId']}/schema-attributes/{where['attributeId']}"
    house.admin.patch(url, [{"op": "replace", "path": "/required", "value": True}]).ok()

    refused = house.admin.post("/non-employee-records", ne_body(house, where["sourceId"]))
    taken = house.admin.post("/non-employee-records", ne_body(house, where["sourceId"], data={"team": "x"}))

    assert "/data/team: Team is required" in refused.body.decode()
    assert (refused.status, taken.status) == (400, 200)


# --- records -------------------------------------------------------------------------------------------


def test_a_record_is_an_identity_with_an_account_on_the_source(house: House) -> None:
    where = ne_attribute(house)
    house_source = house.admin.get(f"/non-employee-sources/{where['sourceId']}").ok()
    body = ne_body(house, where["sourceId"], accountName="Ann.Quokka", manager="ADMIN", data={"team": "Red"})

    made = house.admin.post("/non-employee-records", body).ok()

    assert made["manager"] == "admin"  # as the identity spells it
    assert (made["startDate"], made["data"]) == ("2024-01-01T05:00:00.000Z", {"team": "Red"})
    assert made["sourceId"] == house_source["sourceId"]
    (found,) = search(house, "identities", "name.exact:Ann.Quokka AND attributes.team:red AND inactive:false")
    assert found["id"] == plain_id(made["id"])
    assert found["source"]["id"] == house_source["sourceId"]
    assert found["manager"]["id"] == house.admin.identity
    (account,) = found["accounts"]
    assert (account["accountId"], account["source"]["name"], account["disabled"]) == (
        "Ann.Quokka",
        house_source["name"],
        False,
    )
    identity = house.admin.get(f"/identities/{found['id']}").ok()
    assert (identity["alias"], identity["lifecycleState"]["stateName"]) == ("Ann.Quokka", "active")
    assert events(house, "Ann.Quokka") == ["NON_EMPLOYEE_CREATE_PASSED"]
    sound(house)


def test_a_changed_record_changes_its_identity_and_an_unchanged_one_does_not(house: House) -> None:
    source = ne_source(house)
    body = ne_body(house, source, accountName="before")
    made = house.admin.post("/non-employee-records", body).ok()
    url = f"/non-employee-records/{made['id']}"

    same = house.admin("PUT", url, body).ok()
    changed = house.admin("PUT", url, body | {"accountName": "After", "lastName": "Wombat"}).ok()

    assert same == made
    assert (changed["accountName"], changed["lastName"], changed["created"]) == ("After", "Wombat", made["created"])
    (found,) = search(house, "identities", f"id:{plain_id(made['id'])}")
    assert (found["name"], found["displayName"], found["accounts"][0]["name"]) == ("After", "Ann Wombat", "After")
    assert search(house, "identities", "name.exact:before") == []
    assert events(house, "After") == ["NON_EMPLOYEE_UPDATE_PASSED"]
    sound(house)


def test_records_are_listed_by_source_in_any_documented_order(house: House) -> None:
    source, other = ne_source(house), ne_source(house)
    for account, first in (("c", "Zoe"), ("a", "yan"), ("B", "Xu")):
        ne_record(house, source, accountName=account, firstName=first)
    ne_record(house, other)
    url = f"/v2025/non-employee-records?filters=sourceId eq %22{source}%22".replace(" ", "%20")

    def accounts(sorters: str) -> list[str]:
        return [one["accountName"] for one in house.admin.get(f"{url}&sorters={sorters}").ok()]

    assert accounts("") == ["a", "B", "c"]
    assert accounts("-accountName") == ["c", "B", "a"]
    assert accounts("firstName") == ["B", "a", "c"]
    for name in (
        "id",
        "sourceId",
        "manager",
        "lastName",
        "email",
        "phone",
        "startDate",
        "endDate",
        "created,-modified",
    ):
        assert sorted(accounts(name), key=str.lower) == ["a", "B", "c"]
    assert house.admin.get(f"{url}&count=true&limit=1&offset=2").total == 3
    assert [one["accountName"] for one in house.admin.get(f"{url}&limit=1&offset=2").ok()] == ["c"]


def test_a_deleted_record_takes_its_identity_along_unless_others_refer_to_it(house: House) -> None:
    source = ne_source(house)
    leaves, stays = ne_record(house, source), ne_record(house, source, accountName="Stays")
    role = {"name": "Held by a contractor", "owner": {"type": "IDENTITY", "id": plain_id(stays)}}
    house.admin.post("/roles", role).ok(201)

    assert house.admin.post("/non-employee-records/bulk-delete", {"ids": [leaves, plain_id(stays)]}).status == 204

    assert house.admin.get("/non-employee-records").ok() == []
    assert house.admin.get(f"/identities/{plain_id(leaves)}").status == 404
    identity = house.admin.get(f"/identities/{plain_id(stays)}").ok()
    assert "accounts" not in identity
    assert identity["lifecycleState"]["stateName"] == "inactive"
    assert events(house, "Stays")[-1] == "NON_EMPLOYEE_DELETE_PASSED"
    sound(house)


@pytest.mark.parametrize("part", ["approvers", "accountManagers", "decides"])
def test_a_deleted_record_leaves_who_has_a_part_in_a_source(house: House, part: str) -> None:
    record = ne_record(house, ne_source(house), accountName="Stays")
    people = [{"id": plain_id(record)}]
    source = ne_source(house, **{"approvers" if part == "decides" else part: people})
    if part == "decides":  # an approver no more, who has still to decide on what was asked before
        ne_request(house, source)
        none: list[Any] = [{"op": "replace", "path": "/approvers", "value": []}]
        house.admin.patch(f"/non-employee-sources/{source}", none).ok()

    house.admin.delete(f"/non-employee-records/{record}").ok(204)

    house.admin.get(f"/identities/{plain_id(record)}").ok()
    change = [{"op": "replace", "path": "/description", "value": "changed"}]
    found = house.admin.patch(f"/non-employee-sources/{source}", change).ok()
    assert found["description"] == "changed"
    pending = house.admin.get(f"/non-employee-approvals?requested-for={plain_id(record)}").ok()
    assert len(pending) == (part == "decides")


def test_a_record_keeps_a_manager_who_is_gone_until_it_is_given_another(house: House) -> None:
    boss = person(house, "boss")
    record = ne_record(house, manager="boss")
    stored = house.tenant.objects.get(house.store.read(), Kind.IDENTITY, boss)
    assert stored is not None
    with house.store.write() as session:
        house.tenant.objects.delete(session, stored)
    url = f"/non-employee-records/{record}"

    renamed = house.admin.patch(url, [{"op": "replace", "path": "/lastName", "value": "Other"}]).ok()
    moved = house.admin.patch(url, [{"op": "replace", "path": "/manager", "value": house.admin.identity}]).ok()

    assert (renamed["lastName"], renamed["manager"]) == ("Other", "boss")
    assert moved["manager"] == "admin"


def test_an_account_name_of_several_identities_is_no_manager(house: House) -> None:
    person(house, "twin")
    person(house, "Twin")

    refused = house.admin.post("/non-employee-records", ne_body(house, manager="twin"))

    assert refused.status == 400
    assert "several identities have the account name 'twin'" in refused.body.decode()


# --- export --------------------------------------------------------------------------------------------


def test_an_export_has_every_record_and_no_formula(house: House) -> None:
    where = ne_attribute(house)
    source = where["sourceId"]
    texts = ["=1+1", 'he said "hi"', "a,b;c", "two\nlines", "'=quoted", "李 Ünï"]
    for number, text in enumerate(texts):
        ne_record(house, source, accountName=f"e{number}", data={"team": text})

    reply = house.admin.get(f"/v2025/non-employee-sources/{source}/non-employees/download")

    rows = list(csv.reader(io.StringIO(reply.body.decode(), newline="")))
    assert rows[0] == [*SYSTEM, "team"]
    assert [restore(row[8]) for row in rows[1:]] == texts
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)
    assert rows[1][6:8] == ["2024-01-01T05:00:00.000Z", "2099-01-01T00:00:00.000Z"]


def test_an_export_of_many_pieces_is_whole(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bulkwark.api.non_employee_records.PIECE", 2)
    source = ne_source(house)
    for number in range(5):
        ne_record(house, source, accountName=f"p{number}")

    reply = house.admin.get(f"/v2025/non-employee-sources/{source}/non-employees/download")

    assert [line.split(",")[0] for line in reply.body.decode().splitlines()[1:]] == [
        f"p{number}" for number in range(5)
    ]


def test_an_export_that_is_read_again_changes_nothing(house: House) -> None:
    where = ne_attribute(house)
    source = where["sourceId"]
    for number, text in enumerate(["=1+1", "  blanks  ", "'=quoted", "-", "", "a,\n;\t b", "Ünï"]):
        ne_record(house, source, accountName=f"=acc{number}", phone=f"+{number}", data={"team": text})
    exported = house.admin.get(f"/v2025/non-employee-sources/{source}/non-employees/download").body.decode()
    columns, *rows = csv.reader(io.StringIO(exported, newline=""))

    with house.store.write() as session:
        stored = non_employee_sources.get(session, house.tenant.number, source)
        assert stored is not None
        schema = non_employee_sources.attributes(session, house.tenant.number, stored.number)
        checker = Checker(schema, columns=columns)
        found = [checker.row([restore(cell) for cell in row]) for row in rows]
        boss = non_employee_records.managers(session, house.tenant, ["admin"])["admin"]
        assert boss is not None
        pairs = [(cells, boss) for cells in found if isinstance(cells, Cells)]
        applied = non_employee_records.apply_records(session, house.tenant, stored, pairs, now=1, warning=0)

    assert len(rows) == 7
    assert [one.outcome for one in applied] == [Outcome.UNCHANGED] * 7
