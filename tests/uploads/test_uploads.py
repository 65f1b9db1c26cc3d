"""Uploads over the API: what is accepted, queued, applied, previewed, undone and reported."""

from __future__ import annotations

import time
from typing import Any

import pytest

from bulkwark.store import uploads
from tests.api.forms import CONTENT_TYPE, multipart
from tests.house import DEADLINE
from tests.uploads.world import COLUMNS, GOOD, World, add_source, file, row

# --- accepted and applied --------------------------------------------------------------------------------


def test_an_upload_is_accepted_with_the_documented_body(world: World) -> None:
    answer = world.send(GOOD)
    found = answer.ok(202)
    assert set(found) == {"id", "sourceId", "created", "modified", "status"}
    assert (found["sourceId"], found["status"]) == (world.source, "PENDING")
    assert answer.headers["x-bulkwark-job"] == found["id"]


def test_before_any_upload_the_status_is_null_in_beta_and_missing_elsewhere(world: World) -> None:
    path = "non-employee-bulk-upload/status"
    assert world.admin.get(world.path(path, "beta")).ok() == {"status": None}
    for version in ("v3", "v2024", "v2025", "v2026"):
        assert world.admin.get(world.path(path, version)).ok() == {}
    assert world.admin.get(f"/non-employee-sources/v1/{world.source}/{path}").ok() == {}


def test_good_rows_become_records_and_identities(world: World) -> None:
    world.upload(GOOD)
    assert world.status() == "COMPLETED"
    assert sorted(world.records()) == ["ann", "bob", "cem"]
    query = {"indices": ["identities"], "query": {"query": "name:ann"}}
    (identity,) = world.admin.post("/v2025/search", query).ok()
    assert identity["manager"]["name"] == "Jane Doe"
    assert [account["accountId"] for account in identity["accounts"]] == ["ann"]
    assert identity["attributes"]["cloudLifecycleState"] == "active"


def test_what_an_upload_makes_is_what_the_call_for_one_record_makes(world: World) -> None:
    world.add_attribute("team", "Team")
    world.upload(file(row("ann") + ",Blue", columns=(*COLUMNS, "team")))
    made = world.records()["ann"]
    body = {name: made[name] for name in (*COLUMNS, "data")} | {"sourceId": world.source, "accountName": "ben"}
    world.admin.post("/v2025/non-employee-records", body).ok()

    def stored(table: str, columns: str) -> list[tuple[Any, ...]]:
        session = world.house.store.read()
        rids = [rid for (rid,) in session.execute("SELECT rid FROM ne_record ORDER BY key")]
        return [
            sorted(session.execute(f"SELECT {columns} FROM {table} WHERE rid = ?", (rid,)))  # type: ignore[misc]
            for rid in rids
        ]

    ann, ben = stored("val", "field, value")
    assert len(ann) == len(ben)
    assert {field for field, _ in ann} == {field for field, _ in ben}
    session = world.house.store.read()
    rows = session.execute("SELECT field, sum(df) FROM vocab WHERE term IN ('ann', 'ben') GROUP BY term, field")
    terms = [count for _, count in rows]
    assert terms
    assert set(terms) == {1}
    for word in ("ann", "ben", "blue", "contractors"):
        found = world.admin.post("/v2025/search", {"indices": ["identities"], "query": {"query": word}}).ok()
        assert len(found) == (1 if word in ("ann", "ben") else 2), word


def test_records_are_updated_by_account_name_whatever_its_case(world: World) -> None:
    world.upload(GOOD)
    before = world.records()["ann"]
    id = world.upload(file(row("ANN", firstName="Anna"), row("bob")))
    after = world.records()
    assert sorted(after) == ["ANN", "bob", "cem"]
    assert (after["ANN"]["id"], after["ANN"]["firstName"]) == (before["id"], "Anna")
    assert [(found["line"], found["outcome"]) for found in world.report(id, outcome="all")] == [
        (2, "changed"),
        (3, "unchanged"),
    ]
    found = world.admin.post("/v2025/search", {"indices": ["identities"], "query": {"query": "firstName:anna"}}).ok()
    assert [one["id"] for one in found] == [before["id"].replace("-", "")]


def test_a_record_keeps_what_the_file_has_no_column_for(world: World) -> None:
    world.add_attribute("team", "Team")
    world.add_attribute("area", "Area")
    world.upload(file(row("ann") + ",Blue,North", columns=(*COLUMNS, "team", "area")))
    world.upload(file(row("ann", phone="7") + ",South", columns=(*COLUMNS, "area")))
    assert world.records()["ann"]["data"] == {"team": "Blue", "area": "South"}
    id = world.upload(file(row("ann", phone="7")))
    assert [found["outcome"] for found in world.report(id, outcome="all")] == ["unchanged"]


def test_bad_rows_are_reported_and_good_ones_applied(world: World) -> None:
    id = world.upload(file(row("ann"), row("bob", manager="jane.do"), row("cem", startDate="13.5.2024")))
    assert world.status() == "ERROR"
    assert sorted(world.records()) == ["ann"]
    (bob,), (cem,) = (found["faults"] for found in world.report(id))
    assert (bob["column"], bob["value"], bob["code"]) == ("manager", "jane.do", "manager")
    assert bob["fix"] == "did you mean 'jane.doe'?"
    assert (cem["column"], cem["code"], cem["fix"]) == ("startDate", "date", "2024-05-13T00:00:00Z")
    items = world.admin.get(f"/bulkwark/v1/jobs/{id}/items", params={"outcome": "failed"}).ok()
    assert [(item["item"], item["reason"]) for item in items] == [("3", "manager"), ("4", "date")]


def test_all_or_nothing_applies_no_row_when_one_is_bad(world: World) -> None:
    path = "/bulkwark/v1/upload-settings"
    assert world.admin.get(path).ok() == {"allOrNothing": False}
    assert world.admin("PUT", path, {"allOrNothing": True}).ok() == {"allOrNothing": True}
    id = world.upload(file(row("ann"), row("bob", manager="")))
    assert world.status() == "ERROR"
    assert world.records() == {}
    items = world.admin.get(f"/bulkwark/v1/jobs/{id}/items").ok()
    assert [(item["outcome"], item["reason"]) for item in items] == [
        ("skipped", "not-all-good"),
        ("failed", "required"),
    ]
    world.upload(GOOD)
    assert sorted(world.records()) == ["ann", "bob", "cem"]


# --- refused ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (file(row("a", firstName="x" * 131_073), row("b")), ""),
        (file(*[row("cut", firstName='"Jon')] + [row(f"acc{n}") for n in range(1_100)]), "line 2: a quote is opened"),
        (file("x" * 1_100_000), "line 2: the line is longer than"),
    ],
    ids=["a cell over the limit of CSV", "a quote over a thousand lines", "a line without an end"],
)
def test_what_is_too_long_is_told(world: World, content: bytes, sentence: str) -> None:
    answer = world.send(content)
    if sentence:
        assert answer.status == 400
        assert answer.json()["causes"][0]["text"].startswith(sentence)
    else:
        id = answer.ok(202)["id"]
        assert world.wait() == "ERROR"
        assert [fault["code"] for found in world.report(id) for fault in found["faults"]] == ["quote"]
        assert sorted(world.records()) == ["b"]


def test_of_very_many_unknown_columns_some_are_told(world: World) -> None:
    answer = world.send(file(row("ann"), columns=(*COLUMNS[1:], *(f"x{n}" for n in range(20_000)))))
    told = answer.json()["causes"][0]["text"].split("\n")
    assert (answer.status, len(told)) == (400, 52)
    assert told[0] == "line 1: there is no column 'x0'"
    assert told[-2:] == ["line 1: 19,950 other columns are unknown too", "line 1: the column 'accountName' is missing"]


def test_a_refused_file_leaves_no_file_behind(world: World) -> None:
    assert world.send(b"a,b\n1,2\n").status == 400
    assert list(world.house.services.uploads.folder.iterdir()) == []


def test_the_part_has_its_documented_name(world: World) -> None:
    answer = world.admin.post(world.path(), content=multipart({"file": GOOD}), headers={"content-type": CONTENT_TYPE})
    assert answer.status == 400
    assert "the part 'data' is missing" in answer.json()["causes"][0]["text"]


@pytest.mark.parametrize("missing", [2, 30, 100], ids=["the last dashes", "the last boundary", "some rows"])
def test_a_form_that_is_cut_off_is_refused_though_its_rows_could_be_read(world: World, missing: int) -> None:
    whole = multipart({"other": b"x", "data": GOOD}).rstrip()
    answer = world.admin.post(world.path(), content=whole[:-missing], headers={"content-type": CONTENT_TYPE})
    assert answer.status == 400
    assert "its last boundary is missing (is it cut off?)" in answer.json()["causes"][0]["text"]
    assert world.status() is None


def test_an_upload_whose_sender_leaves_in_the_middle_leaves_nothing_behind(world: World) -> None:
    body = multipart({"data": file(*(row(f"acc{n}") for n in range(50_000)))})  # more than stays in memory
    pieces = iter([body[at : at + 100_000] for at in range(0, len(body) - 100_000, 100_000)])
    answered: list[Any] = []
    headers = {"authorization": f"Bearer {world.admin.token}", "content-type": CONTENT_TYPE, "host": "house"}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": world.path(),
        "raw_path": world.path().encode(),
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }

    async def receive() -> dict[str, Any]:
        piece = next(pieces, None)
        if piece is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": piece, "more_body": True}

    async def send(message: Any) -> None:
        answered.append(message)

    before = world.house.digest()
    world.house.loop.run_until_complete(world.house.app(scope, receive, send))
    assert answered == []
    assert world.house.digest() == before
    assert world.status() is None
    folder = world.house.services.uploads.folder
    assert not folder.exists() or list(folder.iterdir()) == []


def test_who_neither_owns_nor_manages_the_source_is_refused(world: World) -> None:
    stranger = world.house.as_(alias="stranger")
    assert world.send(GOOD, stranger).status == 403
    id = world.upload(GOOD)
    assert world.house.as_("ROLE_ADMIN", alias="stranger").get(f"/bulkwark/v1/jobs/{id}/rows").status == 404


def test_who_leads_the_source_is_told_why_the_status_is_an_error(world: World) -> None:
    chief, other = world.house.as_(alias="chief"), world.house.as_(alias="other")
    change: list[Any] = [{"op": "add", "path": "/accountManagers/-", "value": chief.identity}]
    world.admin.patch(f"/v2025/non-employee-sources/{world.source}", change).ok()
    add_source(world.house, "Others", other.identity)
    preview = world.send(file(row("ann", manager="")), preview="true").ok(200)["token"]
    world.upload(file(row("ann", manager="")))

    status = chief.get(world.path("non-employee-bulk-upload/status"))
    id = status.headers["x-bulkwark-job"]
    assert status.ok() == {"status": "ERROR"}
    (found,) = chief.get(f"/bulkwark/v1/jobs/{id}/rows").ok()["found"]
    assert found["faults"][0]["column"] == "manager"
    assert b"Manager is required" in chief.get(f"/bulkwark/v1/jobs/{id}/failed-rows").body
    assert chief.get(f"/bulkwark/v1/jobs/{preview}/rows").status == 404
    for tail in ("rows", "failed-rows"):
        assert other.get(f"/bulkwark/v1/jobs/{id}/{tail}").status == 404


# --- one after the other ---------------------------------------------------------------------------------


def test_a_second_upload_waits_for_the_first_and_the_status_is_the_newest(world: World) -> None:
    first = world.send(file(row("ann", firstName="First"), row("bob", manager=""))).ok(202)["id"]
    second = world.send(file(row("ann", firstName="Second"))).ok(202)["id"]
    assert world.wait() == "COMPLETED"
    assert world.records()["ann"]["firstName"] == "Second"
    one, two = world.house.job(first), world.house.job(second)
    assert one.finished is not None
    assert two.started is not None
    assert one.finished <= two.started
    assert (one.failed, two.changed) == (1, 1)


def test_the_status_is_found_behind_any_number_of_previews(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bulkwark.store.uploads.NEWEST", 2)
    world.upload(GOOD)
    for _ in range(5):
        world.send(file(row("ann", manager="")), preview="true").ok(200)
    assert world.status() == "COMPLETED"


def test_uploads_to_different_sources_do_not_wait_for_each_other(world: World) -> None:
    other = World(world.house, add_source(world.house, "Others"))
    world.send(GOOD).ok(202)
    other.send(GOOD).ok(202)
    assert (other.wait(), world.wait()) == ("COMPLETED", "COMPLETED")
    assert sorted(other.records()) == sorted(world.records()) == ["ann", "bob", "cem"]


def test_the_same_key_uploads_once(world: World) -> None:
    sent = {"content-type": CONTENT_TYPE, "idempotency-key": "again"}
    first = world.admin.post(world.path(), content=multipart({"data": GOOD}), headers=sent)
    again = world.admin.post(world.path(), content=multipart({"data": GOOD}), headers=sent)
    assert first.ok(202) == again.ok(202)
    assert again.headers["idempotency-replayed"] == "true"
    world.wait()
    world.settle()
    tenant = world.house.tenant.number
    assert len(list(uploads.newest(world.house.store.read(), tenant, 1))) == 1


def test_each_upload_is_one_event(world: World) -> None:
    id = world.upload(file(row("ann"), row("bad", manager="")))
    world.settle()
    query = {"indices": ["events"], "query": {"query": "operation:IMPORT"}}
    (event,) = world.admin.post("/v2025/search", query).ok()
    assert event["trackingNumber"] == id
    assert (event["status"], event["attributes"]["changed"], event["attributes"]["failed"]) == ("FAILED", "1", "1")


# --- staging files ---------------------------------------------------------------------------------------


def _attached(world: World) -> list[str]:
    with world.house.store.turn() as turn:
        found = [row[1] for row in turn.session.execute("PRAGMA database_list")]
    return [name for name in found if name.startswith("upload")]


def test_runs_of_previews_let_their_staging_files_go(world: World) -> None:
    for n in range(12):
        token = world.send(file(row(f"acc{n}"), row("bad", manager="")), preview="true").ok(200)["token"]
        job = world.house.wait(world.admin.post(f"/bulkwark/v1/previews/{token}/run").ok(202)["id"])
        assert (job.changed, job.failed) == (1, 1)
    assert len(world.records()) == 12
    with world.house.store.write():
        pass  # they go between two transactions
    assert _attached(world) == []
    assert list(world.house.services.uploads.folder.iterdir()) == []


def test_more_uploads_can_run_at_once_than_files_can_be_open(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bulkwark.store.sqlite.staging.MOST_ATTACHED", 2)
    others = [World(world.house, add_source(world.house, f"Source {n}")) for n in range(5)]
    rows = [row(f"acc{n}") for n in range(20)]
    ids = [other.send(file(*rows), speed="8").ok(202)["id"] for other in others]
    deadline = time.monotonic() + DEADLINE
    most = 0
    while any(world.house.job(id).finished is None for id in ids):
        assert time.monotonic() < deadline
        most = max(most, len(_attached(world)))
        time.sleep(0.05)
    assert [(world.house.job(id).changed, world.house.job(id).error) for id in ids] == [(20, None)] * 5
    assert most == 3, "the oldest goes before the next transaction"
    world.settle()
    assert _attached(world) == []


def test_rows_of_an_outcome_that_there_is_not_are_refused(world: World) -> None:
    id = world.upload(GOOD)

    reply = world.admin.get(f"/bulkwark/v1/jobs/{id}/rows?outcome=changed")

    assert (reply.status, "neither failed nor all" in reply.body.decode()) == (400, True)
