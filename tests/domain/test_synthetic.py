"""The synthetic company: what `bulkwark load --synthetic` and the demo rely on."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest

from bulkwark.domain.synthetic import company, sizes
from bulkwark.domain.synthetic_departments import DEPARTMENTS
from bulkwark.domain.synthetic_systems import SITES, SYSTEMS, grant
from tests.contract.specs import load, spec_path

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
ID = re.compile(r"[0-9a-f]{32}")

Documents = dict[str, list[dict[str, Any]]]

SCHEMAS = {
    "metadata-attribute": "AttributeDTO",
    "identity": "Identity",
    "source": "Source",
    "entitlement": "Entitlement",
    "access-profile": "AccessProfile",
    "role": "Role",
}


@cache
def documents(roles: int, seed: int = 1) -> Documents:
    found: Documents = {}
    for kind, document in company(roles, seed=seed, now=NOW):
        found.setdefault(kind, []).append(document)
    return found


@cache
def spec() -> dict[str, Any]:
    """The official v2025 description; without it the test skips on a laptop and fails in CI."""
    path = spec_path("v2025")
    if not path.is_file():
        assert not os.environ.get("CI"), f"{path} is missing"
        pytest.skip("no copy of the official v2025.json found")
    return load(path)


def as_json_schema(node: Any) -> Any:
    """OpenAPI 3.0's `nullable` in JSON Schema's words; beside `$ref` and `allOf` it counts too (decisions §1)."""
    if isinstance(node, list):
        return [as_json_schema(part) for part in node]
    if not isinstance(node, dict):
        return node
    nullable = node.get("nullable") is True or {"nullable": True} in node.get("allOf", [])
    plain = {key: as_json_schema(value) for key, value in node.items() if key not in ("nullable", "example")}
    return {"anyOf": [plain, {"type": "null"}]} if nullable else plain


def keys(document: dict[str, Any]) -> set[str]:
    """Keys of the metadata that the document carries."""
    return {attribute["key"] for attribute in document["accessModelMetadata"]["attributes"]}


def test_sizes_are_exact_and_kinds_come_in_order_of_dependency() -> None:
    for roles in (0, 1, 300, 2_500):
        kinds = [kind for kind, _ in company(roles, now=NOW)]
        assert Counter(kinds) == Counter(sizes(roles))
        assert list(dict.fromkeys(kinds)) == [kind for kind, count in sizes(roles).items() if count]


def test_sizes_are_capped_for_a_million_roles() -> None:
    assert sizes(1_000_000) == {
        "metadata-attribute": 10,
        "identity": 50_000,
        "source": 60,
        "entitlement": 200_000,
        "access-profile": 100_000,
        "role": 1_000_000,
    }


def test_a_negative_number_of_roles_is_refused_at_the_call() -> None:
    with pytest.raises(ValueError, match="-1 roles"):
        company(-1)


def test_the_same_arguments_give_the_same_company() -> None:
    assert list(company(400, seed=7, now=NOW)) == list(company(400, seed=7, now=NOW))
    assert list(company(400)) == list(company(400))


def test_another_seed_gives_another_company() -> None:
    assert documents(400)["role"] != documents(400, seed=2)["role"]


def test_a_time_without_zone_is_utc() -> None:
    assert list(company(60, now=NOW.replace(tzinfo=None))) == list(company(60, now=NOW))


def test_documents_share_nothing_mutable() -> None:
    seen: dict[int, object] = {}

    def visit(node: object) -> None:
        if isinstance(node, dict | list):
            assert id(node) not in seen, node
            seen[id(node)] = node
            for part in node.values() if isinstance(node, dict) else node:
                visit(part)

    for rows in documents(400, seed=3).values():
        visit(rows)


@pytest.mark.parametrize("kind", SCHEMAS)
def test_every_document_has_the_shape_of_the_official_answer(kind: str) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schemas = spec()["components"]["schemas"]
    root = {"$ref": f"#/components/schemas/{SCHEMAS[kind]}", "components": {"schemas": as_json_schema(schemas)}}
    validator = jsonschema.Draft202012Validator(root)
    for document in documents(1_000)[kind]:
        errors = [f"{list(e.path)}: {e.message}" for e in validator.iter_errors(document)]
        assert not errors, (document, errors)


@pytest.mark.parametrize("kind", SCHEMAS)
def test_every_document_has_exactly_the_official_members_and_tags(kind: str) -> None:
    official = set(spec()["components"]["schemas"][SCHEMAS[kind]]["properties"])
    extension = {"tags"} if kind in ("entitlement", "access-profile", "role") else set()
    if kind == "entitlement":
        extension.add("privilegeLevel")  # official since v2026
    for document in documents(1_000)[kind]:
        assert set(document) == official | extension


def test_ids_are_32_hex_digits_and_unique_over_all_kinds() -> None:
    rows = [row for kind, rows in documents(2_000).items() if kind != "metadata-attribute" for row in rows]
    assert all(ID.fullmatch(row["id"]) for row in rows)
    assert len({row["id"] for row in rows}) == len(rows)


def test_created_and_modified_lie_in_the_last_eight_years_in_this_order() -> None:
    earliest = (NOW - timedelta(days=8 * 365 + 1)).isoformat()
    for kind, rows in documents(2_000).items():
        if kind == "metadata-attribute":
            continue
        for row in rows:
            assert STAMP.fullmatch(row["created"])
            assert STAMP.fullmatch(row["modified"])
            assert earliest < row["created"] <= row["modified"] <= "2026-03-01T12:30:00.000Z"
        assert len({row["created"][:4] for row in rows}) >= (8 if len(rows) > 40 else 2)


def test_every_reference_names_a_document_that_came_before() -> None:
    names: dict[str, tuple[str, str]] = {}
    types = {
        "identity": "IDENTITY",
        "source": "SOURCE",
        "entitlement": "ENTITLEMENT",
        "access-profile": "ACCESS_PROFILE",
    }
    checked: Counter[str] = Counter()

    def visit(node: object) -> None:
        if isinstance(node, list):
            for part in node:
                visit(part)
        elif isinstance(node, dict):
            if node.get("type") in types.values() and "id" in node:
                assert names[node["id"]] == (node["type"], node["name"])
                checked[node["type"]] += 1
            for part in node.values():
                visit(part)

    for kind, document in company(2_000, now=NOW):
        visit({key: value for key, value in document.items() if key != "id"})
        if kind in types:
            names[str(document["id"])] = (types[kind], str(document["name"]))
    assert set(checked) == set(types.values())


def test_the_first_identity_is_admin_and_aliases_and_addresses_are_unique() -> None:
    people = documents(20_000)["identity"]
    assert people[0]["alias"] == "admin"
    for member in ("alias", "emailAddress"):
        assert len({p[member] for p in people}) == len(people)
    assert all(re.fullmatch(r"[a-z-]+\.[a-z-]+\d*", p["alias"]) for p in people[1:])


def test_the_managers_are_one_tree_and_is_manager_tells_who_has_reports() -> None:
    people = documents(20_000)["identity"]
    boss = {p["id"]: p["managerRef"]["id"] if p["managerRef"] else None for p in people}
    assert [p["alias"] for p in people if p["managerRef"] is None] == ["admin"]
    assert {p["id"] for p in people if p["isManager"]} == {b for b in boss.values() if b}
    for person in boss:
        seen, at = set(), person
        while (above := boss[at]) is not None:
            assert at not in seen
            seen.add(at)
            at = above
        assert at == people[0]["id"]


def test_names_come_from_many_scripts() -> None:
    text = " ".join(p["name"] for p in documents(20_000)["identity"])
    for script in ("[а-яё]", "[\u0600-\u06ff]", "[\u4e00-\u9fff]", "[\uac00-\ud7a3]", "O'", "-", "[éüøłşñ]"):
        assert re.search(script, text), script


def test_sources_have_their_plain_names_and_only_one_holds_the_word_sap() -> None:
    for roles in (0, 20_000):
        names = [source["name"] for source in documents(roles)["source"]]
        assert len(set(names)) == len(names) >= 8
        assert {"SAP", "Active Directory", "Workday"} <= set(names)
    assert len(SYSTEMS) == 60
    assert [s.name for s in SYSTEMS if re.search(r"\bsap\b", s.name, re.IGNORECASE)] == ["SAP"]


def test_every_source_has_entitlements_and_no_value_twice() -> None:
    for roles in (0, 20_000):
        found = documents(roles)
        held = Counter((e["source"]["id"], e["attribute"], e["value"]) for e in found["entitlement"])
        assert max(held.values()) == 1
        assert {source for source, _, _ in held} == {s["id"] for s in found["source"]}


def test_grants_stay_distinct_when_functions_actions_and_sites_run_out() -> None:
    for department in DEPARTMENTS:
        grants = [grant(department, number) for number in range(2 * 8 * 8 * len(SITES) + 1)]
        assert len({one.code for one in grants}) == len({one.title for one in grants}) == len(grants)
        assert grants[-1].serial == 2


def test_entitlements_are_spelled_as_their_systems_do() -> None:
    spelled: dict[str, str] = {}
    for entitlement in documents(20_000)["entitlement"]:
        spelled.setdefault(entitlement["source"]["name"], entitlement["value"])
    assert spelled["SAP"] == "SAP_FI_AP_POST"
    assert spelled["Active Directory"].endswith(",OU=Groups,OU=Global,DC=corp,DC=example,DC=com")
    assert spelled["AWS"].startswith("arn:aws:iam::41")


def test_about_eight_percent_of_entitlements_are_privileged() -> None:
    rows = documents(20_000)["entitlement"]
    assert 0.06 < sum(e["privileged"] for e in rows) / len(rows) < 0.10


def test_an_access_profile_holds_one_to_six_entitlements_of_its_own_source() -> None:
    for roles in (0, 20_000):
        found = documents(roles)
        source = {e["id"]: e["source"]["id"] for e in found["entitlement"]}
        for profile in found["access-profile"]:
            ids = [e["id"] for e in profile["entitlements"]]
            assert 1 <= len(set(ids)) == len(ids) <= 6
            assert {source[e] for e in ids} == {profile["source"]["id"]}
        assert len({p["name"] for p in found["access-profile"]}) == len(found["access-profile"])


def test_role_names_are_unique_and_an_eighth_is_finance() -> None:
    names = [role["name"] for role in documents(20_000)["role"]]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r".+ – .+ \d{4,}", name) and len(name) <= 128 for name in names)
    assert 0.11 < sum("Finance" in name for name in names) / len(names) < 0.13


def test_roles_hold_few_distinct_things() -> None:
    for role in documents(20_000)["role"]:
        for member, most in (("entitlements", 5), ("accessProfiles", 4)):
            ids = [one["id"] for one in role[member]]
            assert len(set(ids)) == len(ids) <= most


def test_additional_owners_are_others_than_the_owner() -> None:
    roles = documents(20_000)["role"]
    assert any(role["additionalOwners"] for role in roles)
    assert all(role["owner"] not in (role["additionalOwners"] or []) for role in roles)


def test_roles_are_high_privileged_exactly_when_a_direct_entitlement_is() -> None:
    found = documents(2_000)
    privileged = {e["id"] for e in found["entitlement"] if e["privileged"]}
    for role in found["role"]:
        assert (role["privilegeLevel"] == "High") == any(e["id"] in privileged for e in role["entitlements"])


def test_role_switches_and_memberships_have_their_shares() -> None:
    roles = documents(20_000)["role"]
    kinds = Counter(role["membership"] and role["membership"]["type"] for role in roles)
    assert set(kinds) == {None, "STANDARD", "IDENTITY_LIST"}
    assert 0.83 < sum(role["enabled"] for role in roles) / len(roles) < 0.87
    assert 0.47 < sum(role["requestable"] for role in roles) / len(roles) < 0.53
    assert any(role["dimensional"] for role in roles)


def test_descriptions_come_in_six_languages_and_some_are_missing() -> None:
    texts = [role["description"] for role in documents(20_000)["role"]]
    assert None in texts
    assert "" in texts
    written = " ".join(text for text in texts if text)
    for words in (
        "Standard access",
        "Standardzugriff",
        "Accès standard",
        "Acceso estándar",
        "ロール",
        "Базовый доступ",
    ):
        assert words in written
    assert "{" not in written


def test_about_half_of_the_roles_carry_metadata_in_a_moderate_number_of_sets() -> None:
    sets = Counter(json.dumps(role["accessModelMetadata"]["attributes"]) for role in documents(20_000)["role"])
    assert 0.45 < 1 - sets["[]"] / 20_000 < 0.55
    assert 50 < len(sets) < 400


def test_metadata_on_objects_repeats_the_catalogue_with_chosen_values_only() -> None:
    found = documents(2_000)
    catalogue = {attribute["key"]: attribute for attribute in found["metadata-attribute"]}
    assert "classification" in catalogue
    for kind in ("entitlement", "access-profile", "role"):
        for document in found[kind]:
            attributes = document["accessModelMetadata"]["attributes"]
            assert len({a["key"] for a in attributes}) == len(attributes) <= 3
            for attribute in attributes:
                whole = catalogue[attribute["key"]]
                assert attribute | {"values": None} == whole | {"values": None}
                assert all(value in whole["values"] for value in attribute["values"])
                assert 1 <= len(attribute["values"]) <= (3 if whole["multiselect"] else 1)
                assert kind == "entitlement" or whole["objectTypes"] != ["entitlement"]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_demo_query_selects_two_to_four_percent(seed: int) -> None:
    found = documents(20_000, seed)
    on_sap = {e["id"] for e in found["entitlement"] if e["source"]["name"] == "SAP"}
    finance = [
        role
        for role in found["role"]
        if "Finance" in role["name"] and any(e["id"] in on_sap for e in role["entitlements"])
    ]
    open_ones = [role for role in finance if "classification" not in keys(role)]
    selected = [role for role in open_ones if role["enabled"]]
    assert 0.02 <= len(selected) / 20_000 <= 0.04
    assert 0.4 < len(open_ones) / len(finance) < 0.6


def test_a_role_takes_between_1000_and_1400_bytes_of_compact_json() -> None:
    roles = documents(20_000)["role"]
    size = sum(len(json.dumps(role, ensure_ascii=False, separators=(",", ":")).encode()) for role in roles)
    assert 1_000 < size / len(roles) < 1_400
