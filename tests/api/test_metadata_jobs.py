"""Metadata jobs on entitlements and access profiles: the way of the roles, with other nouns.

What an operation makes of an object is the same code for every noun and stands in test_role_jobs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from bulkwark.domain.jobs import Status
from bulkwark.domain.kinds import Kind
from tests.api.test_bad_input import cause
from tests.company import load
from tests.house import BULK as ROLES
from tests.house import Client, House

ADD: dict[str, Any] = {"operation": "ADD", "values": [{"attribute": "many", "values": ["v29"]}]}


@dataclass(frozen=True)
class Family:
    """A family of calls: where it answers, with what, and what it deals with."""

    path: str
    status: int
    kind: Kind
    ids: str
    index: str

    def __str__(self) -> str:
        return self.path


NEWEST = Family(
    "/entitlements/v1/access-model-metadata/bulk-update", 202, Kind.ENTITLEMENT, "entitlements", "entitlements"
)
OLD = tuple(
    Family(path, 200, Kind.ENTITLEMENT, "entitlements", "entitlements")
    for path in (
        "/v2025/access-model-metadata/bulk-update",
        "/v2026/access-model-metadata/bulk-update",
        "/access-model-metadata/v1/bulk-update",
        "/access-model-metadata/bulk-update",
    )
)
PROFILES = Family(
    "/access-profiles/v1/access-model-metadata/bulk-update",
    202,
    Kind.ACCESS_PROFILE,
    "accessProfiles",
    "accessprofiles",
)
FAMILIES = (NEWEST, *OLD, PROFILES)
each = pytest.mark.parametrize("family", FAMILIES, ids=str)


def documents(house: House, index: str, text: str = "*") -> list[Any]:
    body = {"indices": [index], "query": {"query": text}, "sort": ["id"]}
    found: list[Any] = house.admin.post("/v2025/search?limit=1000", body).ok()
    return found


def submit(client: Client, family: Family, way: str, body: dict[str, Any]) -> str:
    found = client.post(f"{family.path}/{way}", ADD | body).ok(family.status)
    assert list(found) == ["id", "type", "status", "created"]
    assert (found["type"], found["status"]) == (family.kind.name, "CREATED")
    return str(found["id"])


def hit(house: House, family: Family, way: str, body: dict[str, Any], client: Client | None = None) -> set[str]:
    id = submit(client or house.admin, family, way, body)
    house.wait(id)
    return set(house.outcomes(id))


# --- what is selected ----------------------------------------------------------------------------------


@each
def test_objects_are_changed_by_ids_filter_and_query(house: House, family: Family) -> None:
    first, second, third = (document["id"] for document in documents(house, family.index)[:3])

    by_ids = hit(house, family, "ids", {family.ids: [first.upper(), first]})
    by_filter = hit(house, family, "filter", {"filters": f'id eq "{second}"', "replaceScope": "ATTRIBUTE"})
    query = {"indices": [family.index], "queryType": "SAILPOINT", "query": {"query": f"id:{third}"}}
    by_query = hit(house, family, "query", {"query": query})

    assert (by_ids, by_filter, by_query) == ({first}, {second}, {third})
    for id in (first, second, third):
        assert house.metadata(id, family.kind)["many"] == ["v29"]


@each
def test_what_a_job_gives_is_searchable_and_shown(house: House, family: Family) -> None:
    id = documents(house, family.index)[0]["id"]

    hit(house, family, "ids", {family.ids: [id], "values": [{"attribute": "single", "values": ["two"]}]})

    found = documents(house, family.index, "@accessModelMetadata(key:single AND value:two)")
    assert [document["id"] for document in found] == [id]
    noun = {Kind.ENTITLEMENT: "entitlements", Kind.ACCESS_PROFILE: "access-profiles"}[family.kind]
    shown = house.admin.get(f"/{noun}/v1/{id}").ok()["accessModelMetadata"]
    listed = shown["attributes"] if isinstance(shown, dict) else shown
    assert ("single", ["two"]) in [(a["key"], [v["value"] for v in a["values"]]) for a in listed]


@pytest.mark.parametrize("family", [NEWEST, OLD[0]], ids=str)
@pytest.mark.parametrize("form", ["{id}", " {id} ", "{uuid}", "{ID}"])
def test_the_filter_of_entitlements_may_be_a_bare_id(module_house: House, family: Family, form: str) -> None:
    id = documents(module_house, "entitlements")[5]["id"]
    uuid = f"{id[:8]}-{id[8:12]}-{id[12:16]}-{id[16:20]}-{id[20:]}"

    text = form.format(id=id, ID=id.upper(), uuid=uuid)

    assert hit(module_house, family, "filter", {"filters": text}) == {id}


@pytest.mark.parametrize(
    "text",
    [
        'source.id eq "{source}"',
        'name sw "a" and not (requestable eq true)',
        'attribute in ("group", "memberOf") and type eq "group"',
        "created gt 2020-01-01",
    ],
)
def test_a_filter_selects_exactly_the_entitlements_that_a_list_shows(module_house: House, text: str) -> None:
    source = documents(module_house, "entitlements")[0]["source"]["id"]
    text = text.format(source=source)
    listed: set[str] = set()
    while page := module_house.admin.get(
        "/entitlements/v1", params={"filters": text, "limit": 250, "offset": len(listed)}
    ).ok():
        listed |= {entitlement["id"] for entitlement in page}

    assert hit(module_house, NEWEST, "filter", {"filters": text}) == listed


def test_a_filter_selects_exactly_the_profiles_that_a_list_shows(module_house: House) -> None:
    source = documents(module_house, "accessprofiles")[0]["source"]["id"]
    text = f'source.id eq "{source}" or (name sw "s" and requestable eq true)'
    listed = module_house.admin.get("/access-profiles/v1", params={"filters": text}).ok()

    assert hit(module_house, PROFILES, "filter", {"filters": text}) == {profile["id"] for profile in listed} != set()


@each
def test_a_selection_of_nothing_completes(module_house: House, family: Family) -> None:
    assert hit(module_house, family, "filter", {"filters": f'id eq "{"d" * 32}"'}) == set()


# --- the job -------------------------------------------------------------------------------------------


def test_an_attribute_for_entitlements_is_for_entitlements_only(house: House) -> None:
    values = [{"attribute": "forEntitlements", "values": ["y"], "objectType": "custom"}]
    entitlement = documents(house, "entitlements")[0]["id"]
    profile = documents(house, "accessprofiles")[0]["id"]

    assert hit(house, NEWEST, "ids", {"entitlements": [entitlement], "values": values}) == {entitlement}
    refused = house.admin.post(f"{PROFILES.path}/ids", ADD | {"accessProfiles": [profile], "values": values})

    assert refused.status == 400
    assert "the attribute 'forEntitlements' is only for entitlement" in cause(refused, None)


@pytest.mark.parametrize("family", [NEWEST, PROFILES], ids=str)
def test_an_object_that_would_hold_too_many_fails_and_the_others_go_on(house: House, family: Family) -> None:
    full, other = (document["id"] for document in documents(house, family.index)[:2])
    house.set_metadata(full, [("many", f"v{n:02}") for n in range(25)], family.kind)

    id = submit(house.admin, family, "ids", {family.ids: [full, other]})

    job = house.wait(id)
    assert house.outcomes(id) == {full: "failed", other: "changed"}
    assert (job.status, job.failed) == (Status.COMPLETED, 1)
    assert len(house.metadata(full, family.kind)["many"]) == 25


@pytest.mark.parametrize("family", [NEWEST, OLD[0], PROFILES], ids=str)
def test_such_a_job_is_a_task_and_not_among_those_of_roles(idle_house: House, family: Family) -> None:
    id = submit(idle_house.admin, family, "ids", {family.ids: [documents(idle_house, family.index)[0]["id"]]})

    assert idle_house.admin.get(ROLES).ok() == []
    assert idle_house.admin.get(f"{ROLES}/{id}").status == 404
    (task,) = idle_house.admin.get("/task-status/v1", params={"filters": "completionStatus isnull"}).ok()
    assert (task["id"], task["attributes"]["kind"]) == (id, family.kind.name)
    assert task["uniqueName"].startswith("Update metadata of ")


# --- who may -------------------------------------------------------------------------------------------


@pytest.fixture
def subadmin(house: House) -> Client:
    """A sub-administrator with a profile of his own, and another on his own source."""
    found = house.as_("SOURCE_SUBADMIN", alias="sub.admin")
    owner = {"type": "IDENTITY", "id": found.identity, "name": "Sub"}
    other = {"type": "IDENTITY", "id": house.admin.identity, "name": "Admin"}
    source = {
        "id": "5" * 32,
        "name": "His source",
        "owner": owner,
        "connector": "delimited-file",
        "created": "2024-01-01T00:00:00.000Z",
        "modified": "2024-01-01T00:00:00.000Z",
    }
    load(house.store, house.tenant, Kind.SOURCE, [source])
    theirs = documents(house, "accessprofiles")[0]["source"]
    profiles = [
        profile("a" * 32, "Mine", owner, {"id": theirs["id"], "name": theirs["name"], "type": "SOURCE"}),
        profile("b" * 32, "On my source", other, {"id": "5" * 32, "name": "His source", "type": "SOURCE"}),
    ]
    load(house.store, house.tenant, Kind.ACCESS_PROFILE, profiles)
    return found


def profile(id: str, name: str, owner: dict[str, str], source: dict[str, str]) -> dict[str, Any]:
    return {
        "id": id,
        "name": name,
        "description": None,
        "created": "2024-01-01T00:00:00.000Z",
        "modified": "2024-01-02T00:00:00.000Z",
        "enabled": True,
        "requestable": True,
        "owner": owner,
        "source": source,
        "entitlements": [],
        "segments": [],
    }


def test_a_sub_administrator_changes_his_profiles_and_those_of_his_sources(house: House, subadmin: Client) -> None:
    mine = {"a" * 32, "b" * 32}

    assert hit(house, PROFILES, "query", {"query": {"query": {"query": "*"}}}, subadmin) == mine
    assert hit(house, PROFILES, "filter", {"filters": "requestable eq true"}, subadmin) == mine
    assert hit(house, PROFILES, "ids", {"accessProfiles": sorted(mine)}, subadmin) == mine
    foreign = documents(house, "accessprofiles", "NOT name:mine AND NOT name:my")[0]["id"]
    refused = subadmin.post(f"{PROFILES.path}/ids", ADD | {"accessProfiles": ["a" * 32, foreign]})
    assert refused.status == 403
    assert cause(refused, None) == "some of the access profiles are not owned by the caller"
    assert subadmin.post(f"/access-profiles/v1/{foreign}/access-model-metadata/region/values/emea").status == 404


def test_what_a_sub_administrator_could_not_see_is_counted(house: House, subadmin: Client) -> None:
    everything = len(documents(house, "accessprofiles"))

    job = house.wait(submit(subadmin, PROFILES, "query", {"query": {"query": {"query": "*"}}}))

    assert (job.total, job.hidden) == (2, everything - 2)


@each
def test_objects_of_another_tenant_do_not_exist(house: House, family: Family) -> None:
    id = documents(house, family.index)[0]["id"]
    theirs = house.as_("ORG_ADMIN", tenant="other")

    values = [{"attribute": "single", "values": ["one"]}]
    refused = theirs.post(f"{family.path}/ids", ADD | {family.ids: [id], "values": values})

    assert refused.status == 400
    assert id in cause(refused, "400.1.404 Referenced object not found")


# --- one value, and lists by metadata ------------------------------------------------------------------


def test_one_value_is_added_to_a_profile_and_taken_away(house: House) -> None:
    id = documents(house, "accessprofiles")[0]["id"]
    path = f"/access-profiles/v1/{id}/access-model-metadata/single/values"

    shown = house.admin.post(f"{path}/one").ok()
    again = house.admin.post(f"{path}/two").ok()
    gone = house.admin.delete(f"{path}/two")

    assert shown["id"] == id
    assert [
        v["value"] for a in again["accessModelMetadata"]["attributes"] if a["key"] == "single" for v in a["values"]
    ] == ["two"]
    assert (gone.status, gone.body) == (202, b"")
    assert "single" not in house.metadata(id, Kind.ACCESS_PROFILE)
    assert again["modified"] > shown["created"]


def test_profiles_are_listed_by_their_metadata(house: House) -> None:
    first, second, third = (document["id"] for document in documents(house, "accessprofiles")[:3])
    house.set_metadata(first, [("many", "v01"), ("single", "one")], Kind.ACCESS_PROFILE)
    house.set_metadata(second, [("many", "v02"), ("single", "one")], Kind.ACCESS_PROFILE)
    house.set_metadata(third, [("many", "v03")], Kind.ACCESS_PROFILE)

    def found(*wanted: dict[str, Any], **more: Any) -> set[str]:
        body = {"ammKeyValues": list(wanted), **more}
        return {document["id"] for document in house.admin.post("/access-profiles/v1/filter?limit=250", body).ok()}

    assert found({"attribute": "many"}) >= {first, second, third}
    assert found({"attribute": "many", "values": ["v01", "v03"]}) == {first, third}
    assert found({"attribute": "many", "values": ["v01", "v02"]}, {"attribute": "single", "values": ["one"]}) == {
        first,
        second,
    }
    assert found({"attribute": "many", "values": ["v01", "v03"]}, filters=f'id eq "{first}"') == {first}
    assert house.admin.post("/access-profiles/v1/filter?count=true&limit=1", {"filters": f'id eq "{third}"'}).total == 1


# --- what is refused -----------------------------------------------------------------------------------

BAD = [
    ("ids", {}, "/<ids>: <ids> is missing"),
    ("ids", {"<ids>": []}, "/<ids>: no <noun> is named"),
    ("ids", {"<ids>": None}, "/<ids>: a list of <noun> ids is expected"),
    ("ids", {"<ids>": ["<id>"] * 3001}, "exceeded max limit of 3000"),
    ("ids", {"<ids>": ["<id>", "d" * 32]}, "there are no <noun>s 'dddd"),
    ("ids", {"roles": ["<id>"], "<ids>": ["<id>"]}, "'roles' is no member of a bulk update"),
    ("filter", {"filters": ""}, "/filters: the filter is empty"),
    ("filter", {"filters": 7}, "/filters: a filter is a string"),
    ("filter", {"filters": "created"}, "position 7"),
    ("filter", {"filters": 'dimensional eq "x"'}, "field 'dimensional' cannot be filtered on"),
    ("query", {"query": {}}, '"indices":["<index>"]'),
    ("query", {"query": {"indices": ["roles"], "query": {"query": "*"}}}, "only <index> can be selected here"),
    ("query", {"query": {"query": {"query": "nofield:x"}}}, "nofield"),
    ("ids", {"<ids>": ["<id>"], "operation": "TURN"}, "/operation"),
    ("ids", {"<ids>": ["<id>"], "replaceScope": None}, "/replaceScope"),
    ("ids", {"<ids>": ["<id>"], "values": [{"attribute": "many", "values": ["no"]}]}, "has no value 'no'"),
    ("ids", {"<ids>": ["<id>"], "values": [{"attribute": "many", "values": ["v1"], "x": 1}]}, "'x' is no member"),
    ("ids", {"<ids>": ["<id>"], "values": [{"attribute": "many", "objectType": 1}]}, "objectType is a string"),
]


def filled(value: Any, words: dict[str, str]) -> Any:
    if isinstance(value, str):
        for name, text in words.items():
            value = value.replace(f"<{name}>", text)
        return value
    if isinstance(value, list):
        return [filled(one, words) for one in value]
    if isinstance(value, dict):
        return {filled(name, words): filled(one, words) for name, one in value.items()}
    return value


@pytest.mark.parametrize("family", [NEWEST, OLD[0], PROFILES], ids=str)
@pytest.mark.parametrize(("way", "body", "text"), BAD, ids=[f"{way}: {text}" for way, _, text in BAD])
def test_a_bad_bulk_update_is_refused_and_changes_nothing(
    module_house: House, family: Family, way: str, body: dict[str, Any], text: str
) -> None:
    id = documents(module_house, family.index)[0]["id"]
    words = {"ids": family.ids, "id": id, "noun": family.kind.noun, "index": family.index}
    before = module_house.digest()

    reply = module_house.admin.post(f"{family.path}/{way}", ADD | filled(body, words))

    assert reply.status == 400, reply.body
    assert filled(text, words) in reply.json()["causes"][0]["text"]
    assert module_house.digest() == before
