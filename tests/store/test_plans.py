"""The hot statements use the index they were made for, on a new database and on one with statistics.

One wrong plan cost 7.5 × at 1,000,000 rows (shared/probes.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bulkwark.store import search
from bulkwark.store.dialect import Session, StagingFile, order, staging, typeahead
from bulkwark.store.search import Page, Sorter
from bulkwark.store.sqlite.named import STATEMENTS
from bulkwark.store.tenants import Store, open_store
from tests.house import House
from tests.store.judged import Judged

SPAN = (1, 1, 0, 1 << 40)
RECALLED = [
    r"SEARCH t USING PRIMARY KEY \(tenant=\? AND job=\? AND rid>",
    r"SEARCH u USING PRIMARY KEY \(tenant=\? AND job=\? AND rid=\?\)",
    r"SEARCH s USING INTEGER PRIMARY KEY",
    r"SEARCH k USING PRIMARY KEY \(md=\?\)",
]
# Statement → its parameters, and what its plan must say. Read `.*` as "and then somewhere".
HOT: dict[str, tuple[Any, list[str]]] = {
    "outcomes.of_rids": (
        {"tenant": 1, "job": 1, "rids": "[]"},
        [r"SCAN w ", r"SEARCH i USING PRIMARY KEY \(tenant=\? AND job=\? AND rid=\?\)", r"SEARCH o USING INTEGER"],
    ),
    "outcomes.rids_named": (
        {"tenant": 1, "field": 1, "least": "a", "above": "b"},
        [
            r"SEARCH val USING PRIMARY KEY \(tenant=\? AND field=\? AND value>\? AND value<\?\)",
            r"SEARCH common_access USING COVERING INDEX common_access_name \(tenant=\? AND name>\? AND name<\?\)",
        ],
    ),
    "outcomes.by_reason": ((1, 1), [r"SEARCH job_item USING INDEX job_item_refused \(tenant=\? AND job=\?"]),
    "objects.get": (
        (1, 1, "x"),
        [r"SEARCH o USING INDEX sqlite_autoindex_object_1 \(tenant=\? AND kind=\? AND id=\?\)", r"SEARCH s .*rowid=\?"],
    ),
    "objects.by_rid": ((1,), [r"SEARCH o USING INTEGER PRIMARY KEY", r"SEARCH s USING INTEGER PRIMARY KEY"]),
    "objects.by_rids": (("[1]",), [r"SCAN w ", r"SEARCH o USING INTEGER PRIMARY KEY", r"SEARCH s USING INTEGER PRIM"]),
    "objects.rids_of": (
        (1, 1, "[]"),
        [r"SCAN w ", r"SEARCH o USING .*INDEX sqlite_autoindex_object_1 \(tenant=\? AND k"],
    ),
    "objects.memberships": (
        (1, 1, "a", "b"),
        [r"^SEARCH object USING (COVERING )?INDEX object_membership \(tenant=\? AND kind=\?\)$"],
    ),
    "objects.search_docs": (("[1]",), [r"SCAN w ", r"SEARCH d USING INTEGER PRIM", r"SEARCH s USING INTEGER PRIM"]),
    "objects.documents": (
        ("[1]", True, 4, "{}"),
        [
            r"SCAN w VIRTUAL",
            r"SEARCH d USING INTEGER PRIM",
            r"SEARCH s USING INTEGER PRIM",
            r"SCAN p VIRTUAL",
            r"SCAN j VIRTUAL",
            r"SEARCH e USING INTEGER PRIM",
        ],
    ),
    "objects.ready_documents": (
        (None,),
        [r"SCAN w VIRTUAL", r"SEARCH s USING INTEGER PRIM", r"SEARCH r USING INTEGER PRIM"],
    ),
    "objects.elements": (("[1]",), [r"SCAN w VIRTUAL", r"SEARCH e USING INTEGER PRIM"]),
    "index.term_count": ((1, 1, "x"), [r"SEARCH vocab USING PRIMARY KEY \(tenant=\? AND field=\? AND term=\?\)"]),
    "objects.name_taken": ((1, 1, "x"), [r"SEARCH val USING PRIMARY KEY \(tenant=\? AND field=\? AND value=\?\)"]),
    "objects.count": ((1, 1), [r"SEARCH state USING COVERING INDEX state_modified \(tenant=\? AND kind=\?\)"]),
    "chunks.unknown_md": (SPAN, [r"SEARCH job_item USING PRIMARY KEY \(tenant=\? AND job=\? AND rid>\? AND rid<\?\)"]),
    "chunks.record": (
        SPAN,
        [
            r"SEARCH t USING PRIMARY KEY \(tenant=\? AND job=\? AND rid>\? AND rid<\?\)",
            r"SEARCH s USING INTEGER PRIMARY KEY",
            r"SEARCH u USING PRIMARY KEY \(md=\?\)",
        ],
    ),
    "chunks.gain": (
        SPAN,
        [r"SEARCH i USING PRIMARY KEY \(tenant=\? AND job=\? AND rid>", r"SEARCH g USING PRIMARY KEY"],
    ),
    "chunks.held": (SPAN, [r"SEARCH md_inv USING PRIMARY KEY \(tenant=\? AND pair=\? AND rid>\? AND rid<\?\)"]),
    "chunks.gain_all": ((*SPAN, 1), [r"SEARCH i USING PRIMARY KEY \(tenant=\? AND job=\? AND rid>\? AND rid<\?\)"]),
    "chunks.outcomes": (SPAN, [r"SEARCH job_item USING PRIMARY KEY \(tenant=\? AND job=\? AND rid>\? AND rid<\?\)"]),
    "chunks.settle": (
        SPAN,
        [r"SEARCH job_item USING PRIMARY KEY \(tenant=\? AND job=\? AND rid>", r"SEARCH u USING PRIMARY KEY \(md=\?\)"],
    ),
    "chunks.lose_all": (
        SPAN,
        [r"SEARCH md_inv USING PRIMARY KEY \(tenant=\? AND pair=\? AND rid>\? AND rid<\?\)"],
    ),
    "chunks.keep": (
        (*SPAN, 1),
        [
            r"SEARCH m USING PRIMARY KEY \(tenant=\? AND pair=\? AND rid>\? AND rid<\?\)",
            r"SEARCH i USING PRIMARY KEY \(tenant=\? AND job=\? AND rid=\?\)",
            r"SEARCH l USING PRIMARY KEY \(before=\? AND after=\? AND pair=\?\)",
        ],
    ),
    "chunks.lose": (
        (*SPAN, 1),
        [
            r"SEARCH md_inv USING PRIMARY KEY \(tenant=\? AND pair=\? AND rid=\?\)",
            r"SEARCH i USING PRIMARY KEY \(tenant=\? AND job=\? AND rid>",
            r"SEARCH l USING PRIMARY KEY \(before=\? AND after=\? AND pair=\?\)",
        ],
    ),
    "chunks.effect": (
        (*SPAN, 1),
        [r"SEARCH i USING PRIMARY KEY \(tenant=\? AND job=\? AND rid>", r"SEARCH state USING INTEGER PRIMARY KEY"],
    ),
    "jobs.get": ((1, "x"), [r"SEARCH job USING .*INDEX sqlite_autoindex_job_\d \(tenant=\? AND id=\?\)"]),
    "jobs.by_number": ((1, 1), [r"SEARCH job USING PRIMARY KEY \(tenant=\? AND job=\?\)"]),
    "jobs.unfinished": ((1,), [r"SEARCH job USING INDEX job_unfinished \(tenant=\?"]),
    "jobs.newest": ((1, 5, 0, "", "[]"), [r"SEARCH job USING PRIMARY KEY \(tenant=\?\)"]),
    "jobs.of_client": ((1, "c", "ROLE", 5), [r"SEARCH j USING INDEX job_client \(tenant=\? AND client=\?\)"]),
    "jobs.chunk_end": ((1, 1, 0, 500), [r"SEARCH job_target USING PRIMARY KEY \(tenant=\? AND job=\? AND rid>\?\)"]),
    "jobs.outcomes": (SPAN, [r"SEARCH job_item USING PRIMARY KEY \(tenant=\? AND job=\? AND rid>\? AND rid<\?\)"]),
    "jobs.drop_targets": (SPAN[:3], [r"SEARCH job_target USING PRIMARY KEY \(tenant=\? AND job=\? AND rid<\?\)"]),
    "chunks.unknown_before": (
        (*SPAN, 2),
        [
            r"SEARCH t USING PRIMARY KEY \(tenant=\? AND job=\? AND rid>",
            r"SEARCH u USING PRIMARY KEY \(tenant=\? AND job=\? AND rid=\?\)",
        ],
    ),
    "chunks.record_run": ((*SPAN, 2), RECALLED),
    "chunks.record_undo": (
        (*SPAN, 2, 0),
        [r"SEARCH t USING PRIMARY KEY \(tenant=\? AND job=\? AND rid>", r"SEARCH u USING PRIMARY KEY .*rid=\?\)"],
    ),
    "chunks.settle_undo": (
        (*SPAN, 2, 0),
        [
            r"SEARCH (job_item|i) USING PRIMARY KEY \(tenant=\? AND job=\? AND rid>",
            r"SEARCH u USING PRIMARY KEY \(tenant=\? AND job=\? AND rid=\?\)",
            r"SEARCH k USING PRIMARY KEY \(md=\?\)",
        ],
    ),
    "chunks.record_undo_all": (
        (*SPAN, 2, 0),
        [r"SEARCH u USING PRIMARY KEY \(tenant=\? AND job=\? AND rid>\? AND rid<\?\)", r"SEARCH s USING INTEGER PRIM"],
    ),
    "chunks.give_back_kept": (
        (*SPAN, 1),
        [r"SEARCH i USING PRIMARY KEY \(tenant=\? AND job=\? AND rid>\? AND rid<\?\)"],
    ),
    "outcomes.page": (
        {"tenant": 1, "job": 1, "after": 0, "outcomes": None, "reason": None, "limit": 5},
        [r"SEARCH i USING PRIMARY KEY \(tenant=\? AND job=\? AND rid>\?\)", r"SEARCH o USING INT"],
    ),
    "outcomes.refused": (
        {"tenant": 1, "job": 1, "after": 0, "outcome": 4, "reason": None, "limit": 5},
        [r"SEARCH i USING INDEX job_item_refused \(tenant=\? AND job=\? AND outcome=\? AND rid>\?\)"],
    ),
    "outcomes.old": ((1, 1), [r"job_finished", r"SEARCH d USING INDEX job_origin"]),
    "job_events.of_job": ((1, 1, 0, 5), [r"SEARCH e USING INDEX job_event_job"]),
    "metadata.used": ((1, 1), [r"SEARCH md_inv USING PRIMARY KEY \(tenant=\? AND pair=\?\)"]),
    "index.count_term": ((1, 1, "x", 1), []),
    "non_employee_records.by_keys": (
        (1, 1, "[]"),
        [r"SCAN w ", r"SEARCH r USING INDEX ne_record_key \(tenant=\? AND source=\? AND key=\?\)"],
    ),
    "non_employee_records.after": (
        (1, 1, "x", 5),
        [r"SEARCH ne_record USING INDEX ne_record_key \(tenant=\? AND source=\? AND key>\?\)"],
    ),
    "non_employee_records.count": (
        (1, 1),
        [r"SEARCH ne_record USING COVERING INDEX ne_record_key \(tenant=\? AND source=\?\)"],
    ),
    "non_employee_records.due": ((1, 5), [r"SEARCH ne_record USING COVERING INDEX ne_record_due \(due<\?\)"]),
    "non_employee_requests.pending_for": (
        (1, 1, "x"),
        [r"SEARCH ne_request USING .*INDEX ne_request_source \(tenant=\? AND source=\? AND key=\? AND status=\?\)"],
    ),
    "non_employee_requests.approval_summary": (
        (1, "x"),
        [r"SEARCH ne_approval USING COVERING INDEX ne_approval_approver \(tenant=\? AND approver=\?\)"],
    ),
    "index.drop_value": (
        (1, 1, "x", 1),
        [r"SEARCH val USING PRIMARY KEY \(tenant=\? AND field=\? AND value=\? AND rid=\?\)"],
    ),
    "index.drop_pair": ((1, 1, 1), [r"SEARCH md_inv USING PRIMARY KEY \(tenant=\? AND pair=\? AND rid=\?\)"]),
    "counters.current": ((1, "x"), [r"SEARCH counter USING PRIMARY KEY \(tenant=\? AND name=\?\)"]),
}
LARGE = r"\bSCAN (object|o|state|s|val|w|md_inv|job_item|i|job_target|t|link|search_doc|d|vocab)\b(?! VIRTUAL)"
# Query → what its selection must say.
QUERIES: dict[str, list[str]] = {
    "name:finance": [r"SCAN fts VIRTUAL TABLE INDEX \d+:M"],
    "name:fin* AND enabled:true AND NOT description:sap": [r"SCAN fts VIRTUAL TABLE"],
    "created:[2024-01-01 TO 2024-02-01]": [
        r"SEARCH val USING PRIMARY KEY \(tenant=\? AND field=\? AND value>\? AND value<\?\)"
    ],
    "entitlementCount:3": [r"SEARCH val USING PRIMARY KEY \(tenant=\? AND field=\? AND value=\?\)"],
    "name.exact:Sa*": [r"SEARCH val USING PRIMARY KEY \(tenant=\? AND field=\? AND value>\? AND value<\?\)"],
    "modified:>2024": [r"SEARCH state USING .*INDEX state_modified \(tenant=\? AND kind=\? AND modified>\?\)"],
    "@accessModelMetadata(key:region AND value:emea)": [
        r"SEARCH md_inv USING PRIMARY KEY \(tenant=\? AND pair=\? AND rid>"
    ],
    "@accessModelMetadata(key:region)": [r"SEARCH md_inv USING PRIMARY KEY \(tenant=\? AND pair=\? AND rid>"],
    "@entitlements(source.name:SAP)": [r"SEARCH link USING PRIMARY KEY \(tenant=\? AND field=\? AND target=\?\)"],
    "@entitlements(created:>2020 AND privileged:true)": [
        r"SEARCH link USING PRIMARY KEY \(tenant=\? AND field=\? AND target=\?"
    ],
    "london": [r"SEARCH link USING PRIMARY KEY \(tenant=\? AND field=\? AND target=\?\)"],
}
FILTERS: dict[str, list[str]] = {
    'name sw "fin"': [r"SEARCH val USING PRIMARY KEY \(tenant=\? AND field=\? AND value>\? AND value<\?\)"],
    'name eq "sales global"': [r"SEARCH val USING PRIMARY KEY \(tenant=\? AND field=\? AND value=\?\)"],
    'name in ("a", "b")': [r"SEARCH val USING PRIMARY KEY \(tenant=\? AND field=\? AND value=\?\)"],
    "created gt 2024-01-01": [r"SEARCH val USING PRIMARY KEY \(tenant=\? AND field=\? AND value>\?\)"],
    "modified le 2024-01-01": [r"SEARCH state USING .*INDEX state_modified \(tenant=\? AND kind=\? AND modified<\?\)"],
}


@pytest.fixture(scope="module", params=["loaded", "loaded and analyzed", "new"])
def planner(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, module_house: House
) -> Iterator[Store]:
    if request.param == "new":
        store = open_store(tmp_path_factory.mktemp("plans"))
        store.need_tenant("default")
        yield store
        store.close()
        return
    if "analyzed" in request.param:
        with module_house.store.write() as session:
            list(session.execute("ANALYZE"))
    yield module_house.store


def plan(store: Store, text: str, params: tuple[Any, ...] = ()) -> str:
    """The plan on the writer's connection, which has the work tables."""
    with store.turn() as turn:
        return "\n".join(row[3] for row in turn.session.execute(f"EXPLAIN QUERY PLAN {text}", params))


def check(found: str, wanted: list[str]) -> None:
    for pattern in wanted:
        assert re.search(pattern, found), f"{pattern}\nis not in\n{found}"


@pytest.mark.parametrize("name", HOT)
def test_a_hot_statement_uses_its_index(planner: Store, name: str) -> None:
    params, wanted = HOT[name]

    found = plan(planner, STATEMENTS[name], params)

    check(found, wanted)
    assert not re.search(LARGE, found.replace("SCAN w VIRTUAL", "")), found


@pytest.mark.parametrize("text", [*QUERIES, *(f"filter: {text}" for text in FILTERS)])
def test_a_selection_uses_its_index(planner: Store, text: str) -> None:
    tenant = planner.need_tenant("default")
    judge = Judged(planner.read(), tenant, "roles", {"none"})
    filtered = text.startswith("filter: ")
    checked = judge.filter(text.removeprefix("filter: ")) if filtered else judge.query(text)

    sql = tenant.select(planner.read(), checked)

    found = plan(planner, sql.text, sql.params)
    assert not re.search(LARGE, found), found
    empty = not tenant.metadata.catalogue(planner.read()).attributes
    if not (empty and "accessModelMetadata" in text):
        check(found, FILTERS[text.removeprefix("filter: ")] if filtered else QUERIES[text])


def test_freezing_a_selection_appends_in_the_order_of_the_key(planner: Store) -> None:
    tenant = planner.need_tenant("default")
    judge = Judged(planner.read(), tenant, "roles", {"none"})
    sql = tenant.select(planner.read(), judge.query("name:finance"))

    found = plan(
        planner,
        f"INSERT INTO job_target (tenant, job, rid) SELECT 1, 1, rid FROM ({sql.text}) ORDER BY rid",
        sql.params,
    )

    assert "TEMP B-TREE" not in found, found


def test_no_statement_scans_a_large_table(planner: Store, tmp_path: Path) -> None:
    StagingFile(tmp_path / "staging").finish()
    with planner.turn() as turn:
        staging.attach(turn.session, "staging", tmp_path / "staging")
        turn.session.run("uploads.new_table")
    for name, text in STATEMENTS.items():
        doctor = name.startswith("upkeep.")  # it looks at everything
        if not doctor and text.startswith(("SELECT", "UPDATE", "DELETE", "INSERT")):
            found = plan(planner, text, blanks(text))
            assert not re.search(LARGE, re.sub("SCAN w VIRTUAL.*", "", found)), (name, found)
    with planner.turn() as turn:
        staging.detach(turn.session, "staging")


def blanks(text: str) -> Any:
    named = set(re.findall(r":(\w+)", re.sub("'[^']*'", "", text)))  # not in a text
    if named:
        return dict.fromkeys(named)
    numbered = [int(n) for n in re.findall(r"\?(\d+)", text)]
    return (None,) * (max(numbered) if numbered else text.count("?"))


def test_values_of_elements_are_counted_once_for_each_who_holds_them(planner: Store) -> None:
    tenant = planner.need_tenant("default")
    judge = Judged(planner.read(), tenant, "roles", {"none"})
    selected = tenant.select(planner.read(), judge.query("name:a OR @entitlements(name:b)"))

    counted = typeahead.among_elements(tenant.number, 28, 73, selected)
    found = plan(planner, counted.text, counted.params)

    check(found, [r"SEARCH v USING .*\(tenant=\? AND field=\?\)", r"SEARCH l USING .*\(.* AND target=\?\)"])


@pytest.mark.parametrize(
    ("path", "list_walked"),
    [
        ("id", r"SEARCH o USING .*INDEX sqlite_autoindex_object_1 \(tenant=\? AND kind=\?\)"),
        ("modified", r"SEARCH w USING .*INDEX state_modified \(tenant=\? AND kind=\?\)"),
    ],
)
def test_a_page_of_many_hits_walks_along_its_order(
    planner: Store, monkeypatch: pytest.MonkeyPatch, path: str, list_walked: str
) -> None:
    tenant, session, asked = planner.need_tenant("default"), planner.read(), list[tuple[str, Any]]()
    execute = Session.execute

    def noted(self: Session, sql: str, params: Any = None) -> Iterator[Any]:
        asked.append((sql, params))
        return execute(self, sql, params)

    monkeypatch.setattr(order, "FEW", -1)  # else the hits are sorted
    monkeypatch.setattr(Session, "execute", noted)
    checked = Judged(session, tenant, "roles", {"none"}).query("requestable:true")
    search.rids(session, tenant, [checked], Page((Sorter(path),)))

    ((sql, params),) = [(sql, params) for sql, params in asked if "SELECT o.rid" in sql]
    found = "\n".join(row[3] for row in execute(session, f"EXPLAIN QUERY PLAN {sql}", params))

    check(found, [list_walked])
    assert not re.search("TEMP B-TREE FOR ORDER BY", found), found
