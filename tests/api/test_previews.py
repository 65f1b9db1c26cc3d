"""Previews: what a bulk call would do, without doing it; and the run of exactly that."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from bulkwark.api.dispatch import require_once
from bulkwark.errors import Invalid
from tests.api.served import role
from tests.house import BULK, House, Reply

ROLE, OTHER, THIRD = (f"{n:032x}" for n in (1, 2, 3))
PREVIEW = {"X-Bulkwark-Preview": "true"}
ADD = {"operation": "ADD", "values": [{"attribute": "many", "values": ["v29"]}]}
COUNTS = ("total", "changed", "unchanged", "skipped", "failed", "conflicted")
JOBS, PREVIEWS = "/bulkwark/v1/jobs", "/bulkwark/v1/previews"


def body(*roles: str, **more: Any) -> dict[str, Any]:
    return {"roles": list(roles), **ADD, **more}


def preview(house: House, way: str = "ids", sent: dict[str, Any] | None = None) -> dict[str, Any]:
    found: dict[str, Any] = house.admin.post(f"{BULK}/{way}", sent or body(ROLE, OTHER), headers=PREVIEW).ok()
    assert found["counted"], found
    house.wait(found["id"])
    done: dict[str, Any] = house.admin.get(f"{PREVIEWS}/{found['id']}").ok()
    assert [found[name] for name in COUNTS] == [done[name] for name in COUNTS]
    return done


def run(house: House, token: str) -> dict[str, Any]:
    made = house.admin.post(f"{PREVIEWS}/{token}/run").ok(202)
    house.wait(made["id"])
    shown: dict[str, Any] = house.admin.get(f"{JOBS}/{made['id']}").ok()
    return shown


def test_a_preview_says_what_would_change_and_changes_nothing(house: House) -> None:
    before = [house.admin.get(f"/v2025/roles/{id}").ok() for id in (ROLE, OTHER)]
    house.set_metadata(OTHER, [("many", f"v{n:02}") for n in range(25)])
    full = house.admin.get(f"/v2025/roles/{OTHER}").ok()

    found = preview(house, sent=body(ROLE, OTHER, THIRD))

    assert (found["total"], found["changed"], found["failed"]) == (3, 2, 1)
    (failed,) = found["sample"]["failed"]
    assert (failed["id"], failed["reason"]) == (OTHER, "too-many-values")
    assert "v29" in found["sample"]["changed"][0]["after"]["many"]
    assert "v29" not in (found["sample"]["changed"][0]["before"].get("many") or [])
    assert house.admin.get(f"/v2025/roles/{ROLE}").ok() == before[0]
    assert house.admin.get(f"/v2025/roles/{OTHER}").ok() == full
    items = house.admin.get(found["items"]).ok()
    assert [item["id"] for item in items] == [ROLE, OTHER, THIRD]


@pytest.mark.parametrize("way", ["query", "filter"])
def test_a_preview_by_selection_counts_what_the_run_does(house: House, way: str) -> None:
    selector = {"query": {"query": {"query": "*"}}} if way == "query" else {"filters": 'name sw "s"'}
    found = preview(house, way, {**selector, **ADD})

    job = run(house, found["token"])

    assert found["total"] == job["total"] > 1
    for outcome in ("changed", "unchanged", "failed", "skipped"):
        assert found[outcome] == job[outcome]
    assert (job["relation"], job["conflicted"]) == ("run", 0)


def test_the_run_of_a_preview_leaves_what_has_changed_since_and_lists_it(house: House) -> None:
    found = preview(house, sent=body(ROLE, OTHER, THIRD))
    house.admin.post(f"/v2025/roles/{OTHER}/access-model-metadata/region/values/apac").ok()
    house.admin.delete(f"/v2025/roles/{THIRD}")

    job = run(house, found["token"])

    assert (job["changed"], job["conflicted"], job["skipped"]) == (1, 1, 1)
    (conflict,) = house.admin.get(f"{JOBS}/{job['id']}/items?outcome=conflicted").ok()
    assert (conflict["id"], conflict["reason"]) == (OTHER, "changed-since-preview")
    assert "v29" not in (house.metadata(OTHER).get("many") or [])
    assert "v29" in house.metadata(ROLE)["many"]


def test_a_preview_runs_once(house: House) -> None:
    found = preview(house)
    job = run(house, found["token"])

    again = house.admin.post(f"{PREVIEWS}/{found['token']}/run")

    assert again.status == 400
    assert job["id"] in again.body.decode()


def test_of_two_runs_at_the_same_moment_one_is_refused(house: House) -> None:
    found = preview(house)
    sent = {"authorization": f"Bearer {house.admin.token}"}

    async def both() -> list[Reply]:
        target = f"{PREVIEWS}/{found['token']}/run"
        return await asyncio.gather(*(house._send("POST", target, sent, b"", None) for _ in range(8)))

    replies = house.loop.run_until_complete(both())

    assert sorted(reply.status for reply in replies) == [202] + [400] * 7
    (made,) = [reply.json()["id"] for reply in replies if reply.status == 202]
    assert all(made in reply.body.decode() for reply in replies)


def test_a_run_is_guarded_and_named_as_its_preview_was_asked_to_be(house: House) -> None:
    house.admin("PUT", "/bulkwark/v1/guards", {"maxItems": 0}).ok()
    asked = {"X-Bulkwark-Guard": "true", "X-Bulkwark-Note": "why", "X-Bulkwark-Ticket": "CHG-1"}
    found = house.admin.post(f"{BULK}/ids", body(ROLE), headers=PREVIEW | asked).ok()
    house.wait(found["id"])

    made = house.admin.post(f"{PREVIEWS}/{found['token']}/run", headers={"X-Bulkwark-Ticket": "CHG-2"}).ok(202)

    until = time.monotonic() + 10
    while house.job(made["id"]).hold is None:
        assert time.monotonic() < until, "the run of a guarded preview was not held"
    shown = house.admin.get(f"{JOBS}/{made['id']}").ok()
    assert (shown["options"]["note"], shown["options"]["ticket"], shown["done"]) == ("why", "CHG-2", 0)
    house.admin.post(f"{JOBS}/{made['id']}/confirm").ok()
    assert house.wait(made["id"]).changed == 1
    undo = house.admin.post(f"{JOBS}/{made['id']}/undo").ok(202)
    while house.job(undo["id"]).hold is None:
        assert time.monotonic() < until, "the undo of a guarded job was not held"


@pytest.mark.parametrize("limits", [{"maxItems": 5}, {"maxPercent": 1}, {"protected": [{"attribute": "region"}]}])
def test_a_preview_that_is_counted_tells_the_guards_it_would_be_over(idle_house: House, limits: dict[str, Any]) -> None:
    """Also before its targets stand: nobody asks again for what looks complete."""
    idle_house.admin("PUT", "/bulkwark/v1/guards", limits).ok()
    sent = {"query": {"query": {"query": "*"}}, **ADD}

    found = idle_house.admin.post(f"{BULK}/query", sent, headers=PREVIEW).ok()

    until = time.monotonic() + 10
    while (then := idle_house.admin.get(f"{PREVIEWS}/{found['id']}").ok())["status"] != "PRE_PROCESS_COMPLETED":
        assert time.monotonic() < until
    assert found["guards"] == then["guards"] != []


def test_a_preview_runs_only_what_its_creator_may_still_change(house: House) -> None:
    subadmin = house.as_("ROLE_SUBADMIN", alias="a.subadmin")
    own, lost = role(house), role(house)
    for id in (own, lost):
        owner = [{"op": "replace", "path": "/owner", "value": {"id": subadmin.identity}}]
        house.admin.patch(f"/v2025/roles/{id}", owner).ok()
    found = subadmin.post(f"{BULK}/ids", body(own, lost), headers=PREVIEW).ok()
    house.wait(found["id"])
    back = [{"op": "replace", "path": "/owner", "value": {"id": house.admin.identity}}]
    house.admin.patch(f"/v2025/roles/{lost}", back).ok()

    refused = subadmin.post(f"{PREVIEWS}/{found['token']}/run")

    assert refused.status == 403
    assert "1 of the previewed items" in refused.body.decode()
    assert [house.metadata(id) for id in (own, lost)] == [{}, {}]
    house.admin.delete(f"/v2025/roles/{lost}")
    made = subadmin.post(f"{PREVIEWS}/{found['token']}/run").ok(202)
    job = house.wait(made["id"])
    assert (job.changed, job.skipped) == (1, 1)


def test_a_preview_is_nobodys_job(house: House) -> None:
    found = preview(house)

    assert found["id"] not in [job["id"] for job in house.admin.get(JOBS).ok()]
    assert house.admin.get(BULK).ok() == []
    assert house.admin.get(f"{BULK}/{found['id']}").status == 404
    assert house.admin.get(f"/task-status/v1/{found['id']}").status == 404
    assert house.admin.post(f"{JOBS}/{found['id']}/undo", {}).status == 404


def test_a_discarded_preview_is_gone(house: House) -> None:
    found = preview(house)

    assert house.admin.delete(f"{PREVIEWS}/{found['id']}").status == 204

    assert house.admin.get(f"{PREVIEWS}/{found['id']}").status == 404
    assert house.admin.post(f"{PREVIEWS}/{found['id']}/run").status == 404


def test_only_its_creator_and_an_org_admin_run_a_preview(house: House) -> None:
    role_admin = house.as_("ROLE_ADMIN", alias="second")
    found = preview(house)

    assert role_admin.get(f"{PREVIEWS}/{found['id']}").status == 404
    assert role_admin.post(f"{PREVIEWS}/{found['id']}/run").status == 404
    theirs = role_admin.post(f"{BULK}/ids", body(ROLE), headers=PREVIEW).ok()
    assert role_admin.post(f"{PREVIEWS}/{theirs['id']}/run").status == 202


def test_a_value_deleted_after_the_preview_is_refused_item_by_item(house: House) -> None:
    found = preview(house)
    assert house.admin.delete("/access-model-metadata/v1/attributes/many/values/v29").status == 200

    job = run(house, found["token"])

    assert (job["failed"], job["changed"]) == (2, 0)
    items = house.admin.get(f"{JOBS}/{job['id']}/items").ok()
    assert {item["reason"] for item in items} == {"value-deleted"}


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({"X-Bulkwark-Preview": "yes"}, "neither true nor false"),
        ({"X-Bulkwark-Previev": "true"}, "no such header"),
        ({"X-Bulkwark-Priority": "10"}, "no priority"),
        ({"X-Bulkwark-Speed": "0"}, "no whole number from 1"),
        ({"X-Bulkwark-Stop-After": "many"}, "neither a number nor a percentage"),
        ({"X-Bulkwark-Stop-After": "101%"}, "no percentage"),
        ({"X-Bulkwark-Note": "x" * 2001}, "2001 characters"),
        ({"X-Bulkwark-Guard": "1"}, "neither true nor false"),
    ],
)
def test_a_header_that_is_not_understood_runs_nothing(house: House, headers: dict[str, str], told: str) -> None:
    jobs = house.admin.get(JOBS).ok()

    reply = house.admin.post(f"{BULK}/ids", body(ROLE), headers=headers)

    assert reply.status == 400
    assert told in reply.body.decode()
    assert house.admin.get(JOBS).ok() == jobs


@pytest.mark.parametrize("name", ["x_bulkwark_preview", "bulkwark-preview", "x-bulkwarkpreview"])
def test_a_preview_header_that_is_misspelt_runs_nothing(house: House, name: str) -> None:
    refused = house.admin.post(f"{BULK}/ids", body(ROLE), headers={name: "true"})

    assert (refused.status, house.admin.get(JOBS).ok()) == (400, [])


def test_a_header_of_ours_that_stands_twice_is_refused(house: House) -> None:
    """The last one would win, and it may say `false`."""
    twice = [(b"x-bulkwark-preview", b"true"), (b"x-bulkwark-preview", b"false")]

    with pytest.raises(Invalid, match="twice"):
        require_once({"headers": [(b"accept", b"a"), (b"accept", b"b"), *twice]})
    require_once({"headers": [(b"accept", b"a"), (b"accept", b"b"), twice[0]]})


def test_a_call_that_changes_one_object_takes_no_such_header(house: House) -> None:
    reply = house.admin.post(f"/v2025/roles/{ROLE}/access-model-metadata/region/values/apac", headers=PREVIEW)

    assert reply.status == 400
    assert "apac" not in (house.metadata(ROLE).get("region") or [])


def test_the_counts_of_a_preview_are_told_before_its_items_are_recorded(idle_house: House) -> None:
    """Nothing works in this house: the counts come from the selection itself."""
    sent = {"query": {"query": {"query": "*"}}, **ADD}

    found = idle_house.admin.post(f"{BULK}/query", sent, headers=PREVIEW).ok()

    assert (found["counted"], found["done"]) == (True, 0)
    assert found["total"] == idle_house.admin.get("/v2025/roles?limit=0&count=true").total
    assert found["changed"] + found["unchanged"] + found["failed"] == found["total"]
    shown = found["sample"]["changed"][0]
    assert shown["name"]
    assert shown["before"].get("many") != shown["after"]["many"]
    assert idle_house.admin.get(f"{PREVIEWS}/{found['id']}/items").ok() == []
    idle_house.run_jobs()
    run(idle_house, found["token"])
