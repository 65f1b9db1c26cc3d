"""The main job on the wire: what is selected, what becomes of each role, and how the job is shown."""

from __future__ import annotations

import time
from typing import Any

import pytest

from bulkwark.domain.jobs import FINISHED, Status
from bulkwark.domain.kinds import Kind
from bulkwark.store import jobs
from tests.company import load, role
from tests.house import BULK, Client, House

ROLE, OTHER, THIRD = (f"{n:032}" for n in (1, 2, 3))
ADD = {"operation": "ADD", "values": [{"attribute": "many", "values": ["v29"]}]}


def ids(*roles: str, **more: Any) -> dict[str, Any]:
    return {"roles": list(roles), **ADD, **more}


def query(text: str, **more: Any) -> dict[str, Any]:
    return {"query": {"indices": ["roles"], "query": {"query": text}}, **ADD, **more}


def submit(client: Client, way: str, body: dict[str, Any]) -> str:
    found = client.post(f"{BULK}/{way}", body).ok(202)
    assert (found["type"], found["status"]) == ("ROLE", "CREATED")
    return str(found["id"])


def hit(house: House, way: str, body: dict[str, Any], client: Client | None = None) -> set[str]:
    """Ids of the roles that a job dealt with."""
    id = submit(client or house.admin, way, body)
    house.wait(id)
    return set(house.outcomes(id))


def shown(house: House, id: str) -> dict[str, list[str]]:
    """The metadata of a role as GET shows it."""
    found = house.admin.get(f"/v2025/roles/{id}").ok()["accessModelMetadata"]["attributes"]
    return {a["key"]: [v["value"] for v in a["values"]] for a in found}


# --- what becomes of a role ----------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["attribute", "attributeKey", "key"])
@pytest.mark.parametrize("values", ["values", "attributeValue", "value"])
@pytest.mark.parametrize("operation", ["ADD", "add", "Add"])
def test_every_spelling_is_understood(module_house: House, key: str, values: str, operation: str) -> None:
    module_house.set_metadata(OTHER, [])
    body = {"roles": [OTHER.upper()], "operation": operation, "values": [{key: "region", values: ["emea"]}]}

    module_house.wait(submit(module_house.admin, "ids", body))

    assert shown(module_house, OTHER) == {"region": ["emea"]}


def test_one_string_is_one_value_and_equal_spellings_agree(house: House) -> None:
    item = {"attribute": "region", "key": "region", "value": "emea", "values": "emea"}

    house.wait(submit(house.admin, "ids", ids(OTHER, values=[item], replaceScope="all")))

    assert shown(house, OTHER)["region"] == ["emea"]


def test_a_role_that_would_hold_too_many_fails_and_the_others_go_on(house: House) -> None:
    house.set_metadata(OTHER, [("many", f"v{n:02}") for n in range(25)])
    full = house.admin.get(f"/v2025/roles/{OTHER}").ok()

    id = submit(house.admin, "ids", ids(ROLE, OTHER, THIRD))

    job = house.wait(id)
    assert house.outcomes(id) == {ROLE: "changed", OTHER: "failed", THIRD: "changed"}
    assert (job.status, job.changed, job.failed) == (Status.COMPLETED, 2, 1)
    assert house.admin.get(f"/v2025/roles/{OTHER}").ok() == full
    items = house.admin.get(f"/bulkwark/v1/jobs/{id}/items").ok()
    (refused,) = [item for item in items if item["id"] == OTHER]
    assert (refused["reason"], refused["name"]) == ("too-many-values", full["name"])
    assert refused["message"] == "the object would hold 26 metadata values (at most 25)"
    assert refused["hint"].startswith("remove some values")


def test_a_role_that_holds_too_many_already_can_lose_some(house: House) -> None:
    house.set_metadata(OTHER, [("many", f"v{n:02}") for n in range(27)])
    body = ids(OTHER, operation="REMOVE", values=[{"attribute": "many", "values": ["v00"]}])

    house.wait(submit(house.admin, "ids", body))

    assert len(shown(house, OTHER)["many"]) == 26


def test_a_role_deleted_after_the_selection_is_skipped(idle_house: House) -> None:
    id = submit(idle_house.admin, "ids", ids(ROLE, OTHER))
    until_frozen(idle_house, id)
    assert idle_house.admin.delete(f"/v2025/roles/{OTHER}").status == 204

    idle_house.run_jobs()

    job = idle_house.wait(id)
    assert (job.total, job.changed, job.skipped) == (2, 1, 1)
    found = idle_house.admin.get(f"/bulkwark/v1/jobs/{id}/items").ok()
    assert sorted((item["id"], item["outcome"]) for item in found) == [(ROLE, "changed"), (OTHER, "skipped")]
    assert all(item["name"] for item in found)  # of the deleted one too


def test_a_job_merges_with_what_was_edited_after_its_selection(idle_house: House) -> None:
    idle_house.set_metadata(ROLE, [("region", "emea")])
    id = submit(idle_house.admin, "ids", ids(ROLE))
    until_frozen(idle_house, id)
    idle_house.admin.post(f"/v2025/roles/{ROLE}/access-model-metadata/region/values/apac").ok()

    idle_house.run_jobs()

    idle_house.wait(id)
    assert shown(idle_house, ROLE) == {"region": ["emea", "apac"], "many": ["v29"]}


def until_frozen(house: House, id: str) -> None:
    until = time.monotonic() + 10
    while house.job(id).status in (Status.CREATED, Status.PRE_PROCESS):
        assert time.monotonic() < until
        time.sleep(0.001)


# --- what is selected ----------------------------------------------------------------------------------


def test_ids_are_taken_once_and_in_both_forms(house: House) -> None:
    hyphens = "00000000-0000-0000-0000-000000000001"

    assert hit(house, "ids", ids(ROLE, hyphens, ROLE, OTHER)) == {ROLE, OTHER}


@pytest.mark.parametrize(
    "wrapped",
    [
        {"query": {"query": "name:global"}},
        {"indices": ["*"], "queryType": "SAILPOINT", "queryVersion": "5.2", "query": {"query": "name:global"}},
        {"indices": ["identities", "roles"], "query": {"query": "global", "fields": ["name"]}},
        {"indices": [], "query": {"query": "global", "fields": "name"}, "sort": ["-name"], "searchAfter": ["x"]},
        [{"query": {"query": "name:global"}}],
        [{"query": {"query": "name:global AND enabled:true"}}, {"query": {"query": "name:global AND enabled:false"}}],
        {"query": {"indices": ["roles"], "query": {"query": "name:global"}}},
        {"query": {"query": {"query": "name:global"}}},
        {"query": [{"query": {"query": "name:global"}}]},
    ],
)
def test_a_query_is_understood_in_every_form(module_house: House, wrapped: Any) -> None:
    expected = {r["id"] for r in module_house.admin.post("/v2025/search", query("name:global")["query"]).ok()}
    assert {ROLE, OTHER} <= expected

    assert hit(module_house, "query", {"query": wrapped, **ADD}) == expected


@pytest.mark.parametrize(
    "text",
    [
        "enabled:true AND name:Finance AND @entitlements(source.name:SAP)",
        "name:Finance AND NOT @accessModelMetadata(key:classification)",
        "NOT description:*",
        "created:[2024-01-01 TO 2024-02-01]",
        "nothing that exists",
    ],
)
def test_a_query_selects_exactly_what_a_search_shows(module_house: House, text: str) -> None:
    found = module_house.admin.post("/v2025/search?limit=1000", query(text)["query"]).ok()

    assert hit(module_house, "query", query(text)) == {document["id"] for document in found}


def test_a_filter_selects_exactly_what_a_list_shows(module_house: House) -> None:
    text = 'name sw "sales" or not (requestable eq true) and created lt 2019-01-01'
    found = module_house.admin.post("/v2025/roles/filter?limit=250", {"filters": text}).ok()

    assert hit(module_house, "filter", {"filters": f" {text} ", **ADD}) == {document["id"] for document in found}


def test_a_selection_of_nothing_completes(house: House) -> None:
    id = submit(house.admin, "filter", {"filters": 'name eq "no such role"', **ADD})

    job = house.wait(id)

    assert (job.status, job.total, job.done) == (Status.COMPLETED, 0, 0)
    assert house.admin.get(f"{BULK}/{id}").ok(202)["status"] == "COMPLETED"


def test_the_selection_is_that_of_the_submission(idle_house: House) -> None:
    admin = idle_house.admin
    id = submit(admin, "query", query("name:global"))
    until_frozen(idle_house, id)
    admin.patch(f"/v2025/roles/{ROLE}", [{"op": "replace", "path": "/name", "value": "Sales"}]).ok()
    admin.patch(f"/v2025/roles/{THIRD}", [{"op": "replace", "path": "/name", "value": "Third Global"}]).ok()

    idle_house.run_jobs()

    idle_house.wait(id)
    assert ROLE in idle_house.outcomes(id)
    assert THIRD not in idle_house.outcomes(id)


# --- who sees what -------------------------------------------------------------------------------------


@pytest.fixture
def subadmin(house: House) -> Client:
    """A sub-administrator who owns one role and is the second owner of another."""
    found = house.as_("ROLE_SUBADMIN", alias="sub.admin")
    second = [{"type": "IDENTITY", "id": found.identity, "name": "Sub"}]
    mine = role("Mine Global", found.identity, id="a" * 32)
    shared = role("Shared Global", house.admin.identity, id="b" * 32, additionalOwners=second)
    load(house.store, house.tenant, Kind.ROLE, [mine, shared])
    return found


def test_a_sub_administrator_changes_what_he_owns_by_query_and_filter(house: House, subadmin: Client) -> None:
    everyone = house.admin.post("/v2025/search/count", query("name:global")["query"]).total

    id = submit(subadmin, "query", query("name:global"))
    by_filter = submit(subadmin, "filter", {"filters": 'name sw "mine" or name sw "sales"', **ADD})

    job = house.wait(id)
    assert set(house.outcomes(id)) == {"a" * 32, "b" * 32}
    assert (job.total, job.hidden) == (2, everyone - 2)
    house.wait(by_filter)
    assert set(house.outcomes(by_filter)) == {"a" * 32}


def test_a_sub_administrator_is_refused_when_one_id_is_not_his(house: House, subadmin: Client) -> None:
    assert hit(house, "ids", ids("a" * 32, "b" * 32), subadmin) == {"a" * 32, "b" * 32}
    assert subadmin.post(f"{BULK}/ids", ids("a" * 32, ROLE)).status == 403


def test_a_role_of_another_tenant_is_never_selected(house: House) -> None:
    theirs = house.as_("ORG_ADMIN", tenant="other")
    values = [{"attribute": "single", "values": ["one"]}]

    mine = submit(house.admin, "query", query("*", values=values))
    house.wait(mine)

    assert "f" * 32 not in house.outcomes(mine)
    assert theirs.get(f"/v2025/roles/{'f' * 32}").ok()["accessModelMetadata"] == {"attributes": []}
    assert theirs.get(f"{BULK}/{mine}").status == 404
    assert theirs.get(f"/bulkwark/v1/jobs/{mine}").status == 404
    assert theirs.get("/bulkwark/v1/jobs").ok() == []
    assert theirs.get(f"{BULK}/id").status == 404
    id = submit(theirs, "query", query("*", values=values))
    house.wait(id, "other")
    assert theirs.get(f"/bulkwark/v1/jobs/{id}").ok()["total"] == 1


# --- how a job is shown --------------------------------------------------------------------------------


def test_a_job_is_shown_under_all_forms_of_its_id(house: House) -> None:
    id = submit(house.admin, "ids", ids(ROLE))
    house.wait(id)
    expected = house.admin.get(f"{BULK}/id").ok(202)

    assert list(expected) == ["id", "type", "status", "created"]
    assert (expected["id"], expected["type"], expected["status"]) == (id, "ROLE", "COMPLETED")
    for form in (id, id.upper(), id.replace("-", ""), f"id?id={id}", f"id?id={id.replace('-', '')}"):
        assert house.admin.get(f"{BULK}/{form}").ok(202) == expected
    own = house.admin.get(f"/bulkwark/v1/jobs/{id.replace('-', '')}")
    assert own.ok()["id"] == id


def test_the_literal_path_shows_the_newest_job_of_the_same_client(house: House) -> None:
    other = house.as_("ORG_ADMIN", name="another client")
    for number in range(3):
        house.wait(submit(house.admin, "ids", ids(f"{number + 1:032}")))
    newest = submit(house.admin, "ids", ids(ROLE))
    house.wait(newest)
    theirs = submit(other, "ids", ids(ROLE))
    house.wait(theirs)

    assert house.admin.get(f"{BULK}/id").ok(202)["id"] == newest
    assert other.get(f"{BULK}/id").ok(202)["id"] == theirs
    assert house.as_("ORG_ADMIN", name="a third").get(f"{BULK}/id").status == 404


def test_several_unfinished_jobs_of_a_client_must_be_named(idle_house: House) -> None:
    first = submit(idle_house.admin, "ids", ids(ROLE))
    assert idle_house.admin.get(f"{BULK}/id").ok(202)["id"] == first
    second = submit(idle_house.admin, "ids", ids(OTHER))

    refused = idle_house.admin.get(f"{BULK}/id")

    assert refused.status == 400
    assert b"this client has 2 unfinished jobs" in refused.body
    assert b"bulk-update/{id} or " in refused.body
    for id in (first, second):
        assert idle_house.admin.get(f"{BULK}/id?id={id}").ok(202)["id"] == id


def test_unfinished_jobs_of_the_tenant_are_listed_oldest_first(idle_house: House) -> None:
    assert idle_house.admin.get(BULK).ok() == []
    other = idle_house.as_("ROLE_ADMIN", alias="someone.else")
    submitted = [submit(client, "ids", ids(ROLE)) for client in (idle_house.admin, other, idle_house.admin)]
    for id in submitted:
        until_frozen(idle_house, id)

    listed = idle_house.admin.get(BULK).ok()

    assert [job["id"] for job in listed] == submitted
    assert {job["status"] for job in listed} == {"PRE_PROCESS"}  # the list's enum has no PRE_PROCESS_COMPLETED
    assert idle_house.admin.get(f"{BULK}/{submitted[0]}").ok(202)["status"] == "PRE_PROCESS_COMPLETED"
    idle_house.run_jobs()
    for id in submitted:
        idle_house.wait(id)
    assert idle_house.admin.get(BULK).ok() == []


@pytest.mark.parametrize("status", list(Status))
def test_the_wire_shows_only_states_of_the_official_enums(idle_house: House, status: Status) -> None:
    single = {"CREATED", "PRE_PROCESS", "PRE_PROCESS_COMPLETED", "POST_PROCESS", "COMPLETED", "CHUNK_PENDING"}
    id = submit(idle_house.admin, "ids", ids(ROLE))
    until_frozen(idle_house, id)
    finished = 1 if status in FINISHED else None
    with idle_house.store.write() as session:
        sql = "UPDATE job SET status = ?, finished = ? WHERE id = ?"
        list(session.execute(sql, (status, finished, id)))

    one = idle_house.admin.get(f"{BULK}/{id}").ok(202)["status"]
    listed = [job["status"] for job in idle_house.admin.get(BULK).ok()]

    assert one in single | {"CHUNK_PROCESSING"}
    assert one == ("COMPLETED" if status in FINISHED else status)
    if finished:
        assert listed == []
    else:
        assert set(listed) <= single - {"COMPLETED", "PRE_PROCESS_COMPLETED"} | {"CHUNK_PROCESSING"}
    assert idle_house.admin.get(f"/bulkwark/v1/jobs/{id}").ok()["status"] == status


def test_jobs_of_other_types_are_not_on_the_role_paths(idle_house: House) -> None:
    id = submit(idle_house.admin, "ids", ids(ROLE))
    until_frozen(idle_house, id)
    with idle_house.store.write() as session:
        list(session.execute("UPDATE job SET type = 'ENTITLEMENT' WHERE id = ?", (id,)))

    assert idle_house.admin.get(BULK).ok() == []
    assert idle_house.admin.get(f"{BULK}/{id}").status == 404
    assert idle_house.admin.get(f"{BULK}/id").status == 404
    assert jobs.get(idle_house.store.read(), 1, id) is not None


def test_items_come_in_pages_each_once(house: House) -> None:
    id = submit(house.admin, "query", query("*"))
    total = house.wait(id).total
    seen: list[str] = []
    after = "0"
    while page := house.admin.get(f"/bulkwark/v1/jobs/{id}/items?limit=70&after={after}").ok():
        seen += [item["id"] for item in page]
        after = page[-1]["item"]

    assert len(seen) == len(set(seen)) == total
