"""Results: every item of a job or preview, as pages and as files of any size, and how many ended why."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
from typing import Any
from urllib.parse import quote

import pytest

from bulkwark.api import job_items
from bulkwark.bulk.engine import now_ms
from bulkwark.domain import reasons
from bulkwark.domain.jobs import Outcome
from bulkwark.domain.kinds import Kind, first_rid
from bulkwark.domain.spreadsheets import restore
from bulkwark.errors import Unavailable
from bulkwark.store import jobs, outcomes
from bulkwark.store.jobs import NewJob
from tests.api.served import OWNER
from tests.api.streaming import listen
from tests.api.test_previews import ADD, JOBS, OTHER, PREVIEWS, ROLE, THIRD, body, preview
from tests.api.test_undo import EVERY, submit
from tests.bulk.watched import frozen
from tests.house import BULK, House, Reply

COLUMNS = ["item", "id", "name", "outcome", "reason", "message", "hint", "before", "after"]


def rows(reply: Reply) -> list[dict[str, str]]:
    assert reply.status == 200, reply.body
    return list(csv.DictReader(io.StringIO(reply.body.decode(), newline="")))


def lines(reply: Reply) -> list[dict[str, Any]]:
    assert reply.status == 200, reply.body
    return [json.loads(line) for line in reply.body.splitlines()]


def mixed(house: House) -> str:
    """A job with a changed, a failed and a skipped role."""
    house.set_metadata(ROLE, [("region", "apac"), ("region", "emea"), ("single", "one")])
    house.set_metadata(OTHER, [("many", f"v{n:02}") for n in range(25)])
    found = preview(house, sent=body(ROLE, OTHER, THIRD))
    assert house.admin.delete(f"/v2025/roles/{THIRD}").status == 204
    made = house.admin.post(f"{PREVIEWS}/{found['token']}/run").ok(202)
    house.wait(made["id"])
    return str(made["id"])


def test_all_forms_of_the_items_say_the_same(house: House) -> None:
    id = mixed(house)
    page = house.admin.get(f"{JOBS}/{id}/items").ok()

    as_csv = house.admin.get(f"{JOBS}/{id}/items?format=csv")
    as_lines = house.admin.get(f"{JOBS}/{id}/items", headers={"Accept": "application/x-ndjson"})

    assert lines(as_lines) == page
    assert as_lines.headers["content-type"] == "application/x-ndjson"
    found = rows(as_csv)
    assert as_csv.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert as_csv.headers["content-disposition"] == f'attachment; filename="bulkwark-job-{id}.csv"'
    assert list(found[0]) == COLUMNS
    for name in COLUMNS[:7]:
        assert [restore(row[name]) for row in found] == [one[name] or "" for one in page]
    assert found[0]["before"] == "region: apac, emea; single: one"
    assert found[0]["after"] == "region: apac, emea; single: one; many: v29"


def test_every_item_that_was_not_changed_says_why_and_what_would_mend_it(house: House) -> None:
    found = house.admin.get(f"{JOBS}/{mixed(house)}/items").ok()

    assert [(one["id"], one["outcome"], one["reason"]) for one in found] == [
        (ROLE, "changed", None),
        (OTHER, "failed", "too-many-values"),
        (THIRD, "skipped", "deleted"),
    ]
    assert all(one["message"] and one["hint"] and one["name"] for one in found[1:])


def test_the_csv_is_as_rfc_4180_has_it_and_no_cell_is_a_formula(house: House) -> None:
    name = '=HYPERLINK("http://evil", "click, me")'
    made = house.admin.post("/v2025/roles", {"name": name, "owner": {"id": OWNER}}).ok(201)
    id = submit(house, "ids", body(made["id"]))

    reply = house.admin.get(f"{JOBS}/{id}/items?format=csv")

    text = reply.body.decode()
    assert text.startswith("item,id,name,outcome,reason,message,hint,before,after\r\n")
    assert text.endswith("\r\n")
    assert "\n" not in text.replace("\r\n", "")
    assert '"\'=HYPERLINK(""http://evil""' in text
    (row,) = rows(reply)
    assert row["name"] == f"'{name}"
    assert restore(row["name"]) == name


def test_a_byte_order_mark_comes_on_request(house: House) -> None:
    id = submit(house, "ids", body(ROLE))

    assert house.admin.get(f"{JOBS}/{id}/items?format=csv&bom=true").body.startswith(b"\xef\xbb\xbfitem,")
    assert house.admin.get(f"{JOBS}/{id}/items?format=csv").body.startswith(b"item,")
    assert house.admin.get(f"{JOBS}/{id}/items?format=ndjson&bom=true").status == 400


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("text/csv", "text/csv"),
        ("text/csv; charset=utf-8", "text/csv"),
        ("application/ndjson", "application/x-ndjson"),
        ("application/json, text/csv;q=0.5", "application/json"),
        ("application/json;q=0.5, text/csv;q=0.9", "text/csv"),
        ("text/html, */*;q=0.8", "application/json"),
        ("text/csv;q=0", "application/json"),
        ("text/csv;q=high", "application/json"),
        ("", "application/json"),
    ],
)
def test_the_client_says_which_form_it_likes(module_house: House, accept: str, kind: str) -> None:
    id = submit(module_house, "ids", body(ROLE))

    reply = module_house.admin.get(f"{JOBS}/{id}/items", headers={"Accept": accept})

    assert reply.headers["content-type"].partition(";")[0] == kind


def test_items_are_narrowed_by_outcome_reason_id_and_name_in_every_form(house: House) -> None:
    id = mixed(house)
    name = house.admin.get(f"/v2025/roles/{OTHER}").ok()["name"]
    (third,) = (one["name"] for one in house.admin.get(f"{JOBS}/{id}/items?id={THIRD}").ok())
    queries = {
        "outcome=failed": [OTHER],
        "outcome=failed,skipped": [OTHER, THIRD],
        "reason=deleted": [THIRD],
        f"id={ROLE}": [ROLE],
        f"id={ROLE[:8]}-{ROLE[8:12]}-{ROLE[12:16]}-{ROLE[16:20]}-{ROLE[20:]}".upper(): [ROLE],
        f"id={THIRD}": [THIRD],
        f"id={ROLE}&outcome=failed": [],
        f"id={OTHER}&reason=too-many-values": [OTHER],
        f"id={OTHER}&reason=deleted": [],
        f"q={quote(name.upper())}&outcome=failed": [OTHER],
        f"q={quote(third[:12])}&outcome=skipped": [THIRD],
        f"q={quote(name)}&outcome=skipped": [],
        "id=nothing": [],
        "q=no+such+name": [],
    }
    for query, expected in queries.items():
        target = f"{JOBS}/{id}/items?{query.replace('ID=', 'id=')}"
        page = house.admin.get(target).ok()
        assert [one["id"] for one in page] == expected, query
        assert lines(house.admin.get(f"{target}&format=ndjson")) == page
        assert [row["id"] for row in rows(house.admin.get(f"{target}&format=csv"))] == expected


def test_a_name_is_looked_for_by_its_beginning_in_any_case_page_by_page(
    house: House,
) -> None:
    id = submit(house, "query", EVERY | ADD)
    everything = house.admin.get(f"{JOBS}/{id}/items?limit=10000").ok()
    word = everything[-1]["name"][:3]
    expected = [one["item"] for one in everything if one["name"].lower().startswith(word.lower())]

    found: list[str] = []
    while page := house.admin.get(f"{JOBS}/{id}/items?limit=2&q={word.upper()}&after={(found or ['0'])[-1]}").ok():
        found.extend(one["item"] for one in page)

    assert found == expected
    assert len(expected) < len(everything)


def test_how_many_items_ended_how_and_why(house: House) -> None:
    id = mixed(house)

    found = house.admin.get(f"{JOBS}/{id}/reasons").ok()

    assert [(one["outcome"], one["reason"], one["count"]) for one in found] == [
        ("changed", None, 1),
        ("skipped", "deleted", 1),
        ("failed", "too-many-values", 1),
    ]
    assert all(one["hint"] for one in found[1:])
    token = preview(house, sent=body(ROLE, OTHER))["token"]
    shown = house.admin.get(f"{PREVIEWS}/{token}/reasons").ok()
    assert {one["reason"] for one in shown} == {None, "too-many-values"}


def test_every_reason_that_an_item_may_have_can_be_asked_for(house: House) -> None:
    id = submit(house, "ids", body(ROLE))
    for code in reasons.CODES:
        assert house.admin.get(f"{JOBS}/{id}/items?reason={code}").ok() == []
        found = reasons.read(code)
        assert found is not None
        assert found.message
        assert found.hint


def test_the_items_are_read_while_the_job_runs(idle_house: House) -> None:
    id = frozen(idle_house, str(idle_house.admin.post(f"{BULK}/query", EVERY | ADD).ok(202)["id"]))
    assert lines(idle_house.admin.get(f"{JOBS}/{id}/items?format=ndjson")) == []
    idle_house.run_jobs()

    seen = [len(lines(idle_house.admin.get(f"{JOBS}/{id}/items?format=ndjson")))]
    while idle_house.job(id).finished is None:
        seen.append(len(lines(idle_house.admin.get(f"{JOBS}/{id}/items?format=ndjson"))))

    idle_house.wait(id)
    whole = len(lines(idle_house.admin.get(f"{JOBS}/{id}/items?format=ndjson")))
    assert seen == sorted(seen)
    assert whole == idle_house.job(id).total


def big(house: House, count: int) -> str:
    """A finished job with items of objects that are long gone."""
    with house.store.write() as session:
        found = NewJob("00000000-0000-4000-8000-000000000001", "ROLE", "metadata", "{}", "{}", "", "", 1)
        job = jobs.add(session, house.tenant.number, found)
        first = first_rid(house.tenant.number, Kind.ROLE) + (1 << 28)
        outcomes_ = [
            (job.tenant, job.number, first + n, int(Outcome.SKIPPED), "deleted", None, None) for n in range(count)
        ]
        session.many("outcomes.add", outcomes_)
        session.run("jobs.finish", ("COMPLETED", now_ms(), None, job.tenant, job.number))
    return job.id


@pytest.mark.parametrize("form", ["csv", "ndjson"])
def test_a_long_list_comes_in_pieces_and_takes_no_memory(house: House, form: str) -> None:
    id, sizes = big(house, 50_000), []
    house.admin.get(f"{JOBS}/{id}/items?format={form}")
    tracemalloc.start()
    try:
        reply = house.admin.get(f"{JOBS}/{id}/items?format={form}", on_piece=lambda piece: sizes.append(len(piece)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert reply.body.count(b"\n") == 50_000 + (form == "csv")
    assert len(sizes) > 25
    assert max(sizes) < 1_000_000
    # The test itself keeps the whole answer.
    assert peak - len(reply.body) < 8_000_000


def test_a_file_can_be_begun_anew_behind_the_last_item_seen(house: House) -> None:
    id = submit(house, "query", EVERY | ADD)
    every = lines(house.admin.get(f"{JOBS}/{id}/items?format=ndjson"))

    rest = lines(house.admin.get(f"{JOBS}/{id}/items?format=ndjson&after={every[9]['item']}"))

    assert rest == every[10:]


def test_items_that_were_deleted_are_no_empty_list(house: House) -> None:
    id = submit(house, "ids", body(ROLE))
    job = house.job(id)
    with house.store.write() as session:
        while not outcomes.purge(session, job.tenant, job.number, 100, 1):
            pass

    for tail in ("items", "items?format=csv", "reasons"):
        reply = house.admin.get(f"{JOBS}/{id}/{tail}")
        assert (reply.status, "kept for 90 days" in reply.body.decode()) == (400, True)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("format=xlsx", "there is no format 'xlsx' (json, csv, ndjson)"),
        ("format=CSV", "there is no format 'CSV'"),
        ("format=csv&limit=5", "a file has all items"),
        ("format=csv&bom=yes", "neither true nor false"),
        ("id=x&q=y", "id and q are both given"),
        ("outcome=fialed", "'fialed' is no outcome"),
        ("outcome=", "'' is no outcome"),
        ("outcome=changed,", "'' is no outcome"),
        ("reason=too-many", "'too-many' is no reason ("),
        ("after=x", "'x' is no item"),
        ("after=-1", "'-1' is no item"),
        ("limit=10001", "10001 is more than the maximum 10000"),
    ],
)
def test_what_is_asked_wrongly_is_refused(module_house: House, query: str, told: str) -> None:
    id = submit(module_house, "ids", body(ROLE))

    reply = module_house.admin.get(f"{JOBS}/{id}/items?{query}")

    assert reply.status == 400
    assert told in reply.body.decode()


def test_previews_have_files_too_and_others_do_not_see_them(house: House) -> None:
    token = preview(house, sent=body(ROLE, OTHER))["token"]

    reply = house.admin.get(f"{PREVIEWS}/{token}/items?format=csv&outcome=changed")

    assert [row["id"] for row in rows(reply)] == [ROLE, OTHER]
    assert f"bulkwark-preview-{token}.csv" in reply.headers["content-disposition"]
    other = house.as_("ROLE_ADMIN", alias="second")
    assert other.get(f"{PREVIEWS}/{token}/items?format=csv").status == 404
    assert other.get(f"{PREVIEWS}/{token}/reasons").status == 404


def test_a_file_breaks_off_when_its_items_are_deleted_meanwhile(house: House) -> None:
    id = big(house, 5_000)
    job = house.job(id)

    def purge(piece: bytes) -> None:
        with house.store.write() as session:
            outcomes.purge(session, job.tenant, job.number, 10_000, 1)

    with pytest.raises(Unavailable, match="deleted while they were read"):
        house.admin.get(f"{JOBS}/{id}/items?format=ndjson", on_piece=purge)


def test_items_of_common_access_are_found_by_id_and_name(house: House) -> None:
    made = [
        house.admin.post("/common-access/v1", {"access": {"id": id, "type": "ROLE"}}).ok(202) for id in (ROLE, OTHER)
    ]
    reply = house.admin.post("/common-access/v1/update-status", [{"deniedIds": [one["id"] for one in made]}])
    id = house.wait(reply.headers["x-bulkwark-job"]).id

    by_id = house.admin.get(f"{JOBS}/{id}/items?id={made[0]['id'].replace('-', '')}").ok()
    by_name = rows(house.admin.get(f"{JOBS}/{id}/items?format=csv&q={quote(made[1]['access']['name'].upper())}"))

    assert [one["id"] for one in by_id] == [made[0]["id"]]
    assert made[1]["id"] in [row["id"] for row in by_name]
    assert by_name[0]["after"].startswith("status: DENIED; reviewedByUser: true; lastReviewed: ")


@pytest.mark.parametrize("format", ["csv", "ndjson"])
def test_a_download_ends_when_its_client_has_left(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, format: str
) -> None:
    monkeypatch.setattr(job_items, "AT_ONCE", 1)
    caplog.set_level("INFO", "bulkwark.api")
    id = str(house.admin.post(f"{BULK}/query", EVERY | ADD).ok(202)["id"])
    house.wait(id)
    target, headers = f"{JOBS}/{id}/items?format={format}", {"authorization": f"Bearer {house.admin.token}"}
    whole = house.admin.get(target).body

    heard = listen(house, target, headers, lambda heard: len(heard.raw) > 1_000)

    assert not heard.ended
    assert 1_000 < len(heard.raw) < len(whole) / 2
    assert "a client has left its download" in caplog.text
