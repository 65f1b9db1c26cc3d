"""What a role holds and whom it names."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from bulkwark.domain.kinds import Kind
from bulkwark.domain.role_parts import CriteriaOperation
from bulkwark.query.ast import All, Checked
from bulkwark.store import memberships, search
from bulkwark.store.memberships import is_member
from bulkwark.store.objects import New
from bulkwark.store.search import Page
from tests.api.served import ENTITLEMENT, OWNER, SOURCE, entitlement, fresh
from tests.house import House


def leaf(operation: str, name: str, value: str | None, of: str = "IDENTITY") -> dict[str, Any]:
    return {"operation": operation, "key": {"type": of, "property": f"attribute.{name}"}, "stringValue": value}


def role_with(house: House, membership: dict[str, Any] | None, **more: Any) -> str:
    body = {"name": fresh("Members"), "owner": {"id": OWNER}, "enabled": True, "membership": membership}
    return str(house.admin.post("/roles", body | more).ok(201)["id"])


def members(house: House, role: str, **params: Any) -> list[dict[str, Any]]:
    return house.admin.get(f"/v2025/roles/{role}/assigned-identities", params=params).ok()  # type: ignore[no-any-return]


CRITERIA = [
    leaf("EQUALS", "department", "finance"),
    leaf("NOT_EQUALS", "department", "Finance"),
    leaf("CONTAINS", "jobTitle", "MANAGER"),
    leaf("DOES_NOT_CONTAIN", "jobTitle", "manager"),
    leaf("STARTS_WITH", "city", "lon"),
    leaf("ENDS_WITH", "email", "EC@example.com"),
    leaf("ENDS_WITH", "email", ""),
    leaf("CONTAINS", "city", "*"),
    leaf("GREATER_THAN", "startDate", "2020-01-01"),
    leaf("LESS_THAN_EQUALS", "startDate", "2020-01-01"),
    leaf("GREATER_THAN", "employeeNumber", "99999"),
    leaf("LESS_THAN", "employeeNumber", "100004"),
    leaf("GREATER_THAN_EQUALS", "grade", "9"),
    leaf("EQUALS", "nowhere", "x"),
    leaf("NOT_EQUALS", "nowhere", "x"),
    {"operation": "AND", "children": [leaf("EQUALS", "department", "Sales"), leaf("NOT_EQUALS", "city", "London")]},
    {
        "operation": "OR",
        "children": [
            leaf("EQUALS", "department", "Legal"),
            {"operation": "AND", "children": [leaf("EQUALS", "department", "Sales"), leaf("CONTAINS", "city", "o")]},
        ],
    },
    {"operation": "AND", "children": []},
]


@pytest.fixture(scope="module")
def graded(module_house: House) -> House:
    """With identities whose grade is a number: as text, 10 sorts before 9."""
    people = [
        New(
            {"id": f"{n:032x}", "name": f"P{n}", "alias": f"p{n}", "created": "2024-01-01T00:00:00.000Z"}
            | {"attributes": {"grade": grade}},
            0,
        )
        for n, grade in enumerate(("7", "9", "10", "senior", "", 11))
    ]
    with module_house.store.write() as session:
        module_house.tenant.objects.add(session, Kind.IDENTITY, people)
    return module_house


@pytest.mark.parametrize("criteria", CRITERIA, ids=[str(number) for number in range(len(CRITERIA))])
def test_criteria_select_whom_they_describe_one_by_one(graded: House, criteria: dict[str, Any]) -> None:
    membership = {"type": "STANDARD", "criteria": criteria}
    session = graded.store.read()
    rids = search.rids(session, graded.tenant, [Checked("identities", All())], Page(limit=1000))
    everyone = [stored.document() for stored in graded.tenant.objects.by_rids(session, rids)]

    found = members(graded, role_with(graded, membership))

    assert sorted(one["id"] for one in found) == sorted(one["id"] for one in everyone if is_member(membership, one))


OPERATORS = get_args(CriteriaOperation)
KEYS = [
    ("IDENTITY", "", "grade"),
    ("IDENTITY", "", "place.floor"),
    ("IDENTITY", "", "nowhere"),
    ("ACCOUNT", SOURCE, "title"),
    ("ACCOUNT", SOURCE.upper(), "title"),
    ("ACCOUNT", "", "title"),
    ("ACCOUNT", "e" * 32, "title"),
    ("ENTITLEMENT", SOURCE, "memberOf"),
    ("ENTITLEMENT", None, "memberOf"),
    ("ENTITLEMENT", SOURCE, ""),
]
WANTED = ["9", "10", "2024-01-01", "Straße", "STRASSE", "İ", "a", "", "true", "nan", None]


@pytest.fixture(scope="module")
def holders(module_house: House) -> list[dict[str, Any]]:
    """Every identity of a house in which some have accounts, with values of every sort."""
    values: list[Any] = ["9", "10", 11, 9.5, True, "", None, "Straße", "STRASSE", "İzmir", "izmir ς", ["9", "a"], "A"]
    people = []
    for number, value in enumerate(values):
        id = f"{number + 0xACC:032x}"
        account = {"id": id, "attributes": {"title": value}, "entitlementAttributes": {"memberOf": value}}
        here, there = account | {"source": {"id": SOURCE}}, account | {"source": {"id": "f" * 32}}
        accounts: list[Any] = [[here], [there], [here, there], [{"id": id}], [], None]
        person = {"id": id, "name": f"H{number}", "alias": f"h{number}", "created": "2024-01-01T00:00:00.000Z"}
        attributes = {"grade": value, "place": {"floor": value}}
        people.append(New(person | {"attributes": attributes, "accounts": accounts[number % 6]}, 0))
    people.append(New({"id": "acc" + "0" * 29, "name": "None", "alias": "n", "attributes": None}, 0))
    with module_house.store.write() as session:
        module_house.tenant.objects.add(session, Kind.IDENTITY, people)
    session = module_house.store.read()
    rids = search.rids(session, module_house.tenant, [Checked("identities", All())], Page(limit=1000))
    return [stored.document() for stored in module_house.tenant.objects.by_rids(session, rids)]


@pytest.mark.parametrize("operation", OPERATORS)
def test_all_identities_are_selected_by_the_rule_that_judges_one(
    module_house: House, holders: list[dict[str, Any]], operation: str
) -> None:
    session, tenant = module_house.store.read(), module_house.tenant
    named = 0
    for of, source, name in KEYS:
        for wanted in WANTED:
            one = leaf(operation, name, wanted, of)
            one["key"]["sourceId"] = source
            also = {"operation": "OR", "children": [one, leaf("EQUALS", "department", "Legal")]}
            for criteria in (one, also, {"operation": "AND", "children": [one, one]}):
                membership = {"type": "STANDARD", "criteria": criteria}
                checked = Checked("identities", memberships.members(tenant, session, membership))

                rids = search.rids(session, tenant, [checked], Page(limit=1000))

                found = sorted(stored.document()["id"] for stored in tenant.objects.by_rids(session, rids))
                judged = sorted(person["id"] for person in holders if is_member(membership, person))
                assert found == judged, (criteria, set(found) ^ set(judged))
                named += len(found)
    assert named


def test_who_has_no_account_on_the_source_lacks_nothing_there(
    module_house: House, holders: list[dict[str, Any]]
) -> None:
    for of, name in (("ACCOUNT", "title"), ("ENTITLEMENT", "memberOf")):
        for operation in ("NOT_EQUALS", "DOES_NOT_CONTAIN"):
            criteria = leaf(operation, name, "no such value", of)
            criteria["key"]["sourceId"] = SOURCE
            role = role_with(module_house, {"type": "STANDARD", "criteria": criteria})

            found = {one["id"] for one in members(module_house, role)}

            sources = {p["id"]: [(a.get("source") or {}).get("id") for a in p.get("accounts") or []] for p in holders}
            assert found == {id for id, ids in sources.items() if SOURCE in ids}
            assert 0 < len(found) < len(holders)


def test_an_identity_has_the_entitlements_of_the_roles_that_name_it(
    module_house: House, holders: list[dict[str, Any]]
) -> None:
    criteria = leaf("EQUALS", "memberOf", "9", "ENTITLEMENT")
    who = next(person["id"] for person in holders if "accounts" in person)
    assert who not in (OWNER, who.upper()), "the role's owner stands in its document anyway"
    listed = {"type": "IDENTITY_LIST", "identities": [{"type": "IDENTITY", "id": who.upper()}]}
    dashed = f"{who[:8]}-{who[8:12]}-{who[12:16]}-{who[16:20]}-{who[20:]}"
    also = {"type": "IDENTITY_LIST", "identities": [{"type": "IDENTITY", "id": dashed.upper()}]}
    for membership in ({"type": "STANDARD", "criteria": criteria}, listed, also):
        id = entitlement(module_house)
        role_with(module_house, membership, entitlements=[{"type": "ENTITLEMENT", "id": id}])
        role_with(module_house, membership, entitlements=[{"type": "ENTITLEMENT", "id": ENTITLEMENT}], enabled=False)
        for person in holders:
            reply = module_house.admin.get(f"/v2025/entitlements/identities/{person['id']}/entitlements").ok()

            assert (id in [one["objectRef"]["id"] for one in reply]) == is_member(membership, person)


def test_roles_with_the_same_membership_give_what_each_holds(
    module_house: House, holders: list[dict[str, Any]]
) -> None:
    person = holders[0]["id"]
    listed = {"type": "IDENTITY_LIST", "identities": [{"type": "IDENTITY", "id": person}]}
    held = [entitlement(module_house) for _ in range(3)]
    roles = [role_with(module_house, listed, entitlements=[{"type": "ENTITLEMENT", "id": id}]) for id in held]

    def has() -> list[str]:
        reply = module_house.admin.get(
            f"/v2025/entitlements/identities/{person}/entitlements", params={"limit": 250}
        ).ok()
        return sorted(one["objectRef"]["id"] for one in reply if one["objectRef"]["id"] in held)

    assert has() == sorted(held)
    disabled = [{"op": "replace", "path": "/enabled", "value": False}]
    module_house.admin.patch(f"/v2025/roles/{roles[0]}", disabled).ok()
    assert has() == sorted(held[1:])


def test_a_list_of_identities_names_those_that_exist(module_house: House) -> None:
    listed = [{"type": "IDENTITY", "id": OWNER}, {"type": "IDENTITY", "id": "d" * 32}]

    found = members(module_house, role_with(module_house, {"type": "IDENTITY_LIST", "identities": listed}))

    assert found == [
        {
            "id": OWNER,
            "aliasName": "admin",
            "name": "Bulkwark Administrator",
            "email": "admin@example.com",
            "roleAssignmentSource": "ROLE_MEMBERSHIP",
        }
    ]


def test_a_role_that_is_disabled_or_has_no_membership_names_nobody(module_house: House) -> None:
    everyone = {"type": "IDENTITY_LIST", "identities": [{"id": OWNER}]}

    assert members(module_house, role_with(module_house, None)) == []
    assert members(module_house, role_with(module_house, everyone, enabled=False)) == []


def test_assigned_identities_are_filtered_sorted_and_counted(module_house: House) -> None:
    role = role_with(module_house, {"type": "STANDARD", "criteria": leaf("CONTAINS", "email", "@")})

    aliases = [one["aliasName"] for one in members(module_house, role, sorters="-aliasName", limit=5)]
    named = members(
        module_house, role, filters='name co "ADMINISTRATOR" and aliasName sw "ad" and email eq "admin@example.com"'
    )
    reply = module_house.admin.get(f"/v3/roles/{role}/assigned-identities?count=true&limit=0")

    assert aliases == sorted(aliases, reverse=True)
    assert len(aliases) == 5
    assert [one["id"] for one in named] == [OWNER]
    assert reply.ok() == []
    assert reply.total >= 50


def test_the_entitlements_of_a_role_are_its_own(module_house: House) -> None:
    role = role_with(module_house, None, entitlements=[{"type": "ENTITLEMENT", "id": ENTITLEMENT}])

    found = module_house.admin.get(f"/beta/roles/{role}/entitlements", params={"filters": 'value sw "CN=GG"'}).ok()

    assert [one["id"] for one in found] == [ENTITLEMENT]
    assert module_house.admin.get(f"/v2025/roles/{role}/entitlements?limit=51").status == 400
    assert module_house.admin.get(f"/v3/roles/{role}/entitlements").status == 404


def test_a_subadmin_asks_about_his_own_roles_only(module_house: House) -> None:
    subadmin = module_house.as_("ROLE_SUBADMIN", alias="a.subadmin")
    foreign = role_with(module_house, None)
    mine = role_with(module_house, None, owner={"id": subadmin.identity})

    for call in ("entitlements", "assigned-identities"):
        assert subadmin.get(f"/roles/{foreign}/{call}").status == 404
        assert subadmin.get(f"/roles/{mine}/{call}").ok() == []
