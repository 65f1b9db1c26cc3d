"""A query of the comparison, its two judges, and how their answers are told apart."""

from __future__ import annotations

import json
import math
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bulkwark.bulk.queries import queried, selected
from bulkwark.errors import Invalid
from bulkwark.query import aggregations_dsl, dsl
from bulkwark.query.aggregation_scope import scope
from bulkwark.query.ast import Checked, Node
from bulkwark.query.requests import MEMBERS, Options, Reading
from bulkwark.store.aggregations import aggregate
from bulkwark.store.indexes import INDEXES
from tests.parity import mapping, rewrite
from tests.parity.corpus import Corpus
from tests.referee.node import Node as Referee
from tests.referee.node import Refused

QUERIES = Path(__file__).parent / "queries"
MODES = ("elasticsearch", "default")
ALL = 1_000_000  # hits that the referee may answer


@dataclass(frozen=True, slots=True)
class Query:
    """One query. `difference`: why the default mode answers otherwise than Elasticsearch does.

    `referee`: what the default mode means, in the referee's words; without it the default mode must only differ.
    """

    name: str
    index: str
    text: str = ""
    type: str = "SAILPOINT"
    body: str = ""
    aggregations: str = ""
    fields: tuple[str, ...] = ()
    zone: str | None = None
    difference: str = ""
    referee: str = ""
    place: str = ""

    def __str__(self) -> str:
        return f"{self.place}{self.name}"

    def search(self) -> dict[str, Any]:
        """The Search object that we are asked."""
        if self.type == "SAILPOINT":
            asked: dict[str, Any] = {"query": self.text}
            if self.fields:
                asked["fields"] = list(self.fields)
            if self.zone:
                asked["timeZone"] = self.zone
            return {"queryType": self.type, "query": asked}
        return {"queryType": self.type, MEMBERS[self.type]: json.loads(self.body)}


@dataclass(frozen=True, slots=True)
class Answer:
    """What one side says: rids of hits, or why it refuses."""

    ids: frozenset[int] = frozenset()
    refused: str = ""

    def same(self, other: Answer) -> bool:
        return bool(self.refused) == bool(other.refused) and self.ids == other.ids


class Ours:
    """The embedded search."""

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus

    def ask(self, query: Query, mode: str) -> Answer:
        with self.corpus.store.snapshot() as session:
            try:
                sql = self.corpus.tenant.select(session, self.checked(query, mode))
                found = [rid for (rid,) in session.execute(sql.text, sql.params)]
            except Invalid as reason:
                return Answer(refused=str(reason))
        assert len(found) == len(set(found)), f"an object is selected twice by {query.text!r}"
        return Answer(frozenset(found))

    def aggregate(self, query: Query, mode: str) -> Any:
        """The member `aggregations` of the answer, or the text of a refusal."""
        with self.corpus.store.snapshot() as session:
            try:
                checked = self.checked(query, mode)

                def inside(clause: Any, where: str) -> dict[str, Node]:
                    reading = Reading(dsl.parse(clause, where))
                    return {query.index: selected(reading, query.index, self._now, strict=False)}

                where = scope([INDEXES[query.index].schema], inside, self._now)
                found = aggregations_dsl.read(json.loads(query.aggregations), where, "/aggregationsDsl")
                return aggregate(session, self.corpus.tenant, [checked], found)
            except Invalid as reason:
                return str(reason)

    def checked(self, query: Query, mode: str) -> Checked:
        self._now = int(time.time() * 1000)
        options = Options(mode=mode)
        root = queried(query.search(), query.index, self._now, strict=False, options=options)
        return Checked(query.index, root)


class Theirs:
    """The referee, with the corpus in it."""

    def __init__(self, node: Referee, corpus: Corpus) -> None:
        self.node = node
        for index, documents in corpus.documents.items():
            node.call("PUT", f"/{index}", mapping.body(index))
            count = node.index(index, ((str(rid), document) for rid, document in documents.items()))
            assert count == len(documents)

    def ask(self, query: Query) -> Answer:
        try:
            return self.search(query.index, self.dsl(query))
        except ValueError as reason:
            return Answer(refused=str(reason))

    def search(self, index: str, dsl: dict[str, Any]) -> Answer:
        """All ids that a DSL query selects."""
        body = {"query": dsl, "size": ALL, "_source": False, "sort": ["_doc"], "timeout": "60s"}
        path = f"/{index}/_search?filter_path=hits.hits._id,timed_out&request_cache=false"
        try:
            found = self.node.call("POST", path, body)
        except Refused as reason:
            if reason.status != 400:
                raise
            return Answer(refused=_reason(reason.answer))
        assert not found["timed_out"]
        return Answer(frozenset(int(hit["_id"]) for hit in found.get("hits", {}).get("hits", ())))

    def aggregate(self, query: Query) -> Any:
        """The member `aggregations` of the answer, or the text of a refusal."""
        asked = json.loads(query.referee or query.aggregations)
        body = {"query": self.dsl(replace(query, referee="")), "size": 0, "aggs": asked}
        try:
            found = self.node.call("POST", f"/{query.index}/_search?request_cache=false", body)
        except Refused as reason:  # it answers 500 to some aggregations that make no sense
            return _reason(reason.answer)
        return found["aggregations"]

    def dsl(self, query: Query) -> dict[str, Any]:
        if query.type != "SAILPOINT":
            # TEXT and TYPEAHEAD are no languages of the referee: the file says what they mean in its own.
            decoded = json.loads(query.body if query.type == "DSL" else query.referee)
            found: dict[str, Any] = rewrite.own_ids(decoded)
            return found
        return rewrite.query(query.index, query.text, fields=query.fields, zone=query.zone)


def _reason(answer: Any) -> str:
    """The innermost sentence of an error of the referee."""
    error = answer["error"]
    if error.get("failed_shards"):
        error = error["failed_shards"][0]["reason"]
    while "caused_by" in error:
        error = error["caused_by"]
    return str(error.get("reason"))[:300]


@dataclass(frozen=True, slots=True)
class Verdict:
    """How the sides' answers to one query compare in one mode."""

    query: Query
    mode: str
    ours: Answer
    theirs: Answer
    fault: str = ""

    def report(self, corpus: Corpus) -> str:
        """For people: the query, both counts, and examples of what only one side finds."""
        lines = [f"{self.query} [{self.query.index}, {self.mode}]: {self.fault}", f"  query:  {self.query.text!r}"]
        if self.query.body:
            lines[-1] = f"  query:  {self.query.body}"
        for side, answer, other in (("ours", self.ours, self.theirs), ("theirs", self.theirs, self.ours)):
            lines.append(
                f"  {side}: " + (f"refused: {answer.refused}" if answer.refused else f"{len(answer.ids)} hits")
            )
            only = sorted(answer.ids - other.ids)
            if only and not other.refused:
                documents = corpus.documents[self.query.index]
                shown = json.dumps(documents.get(only[0]), ensure_ascii=False)[:600]
                lines.append(f"    {len(only)} only here, such as {shown}")
        return "\n".join(lines)


def unlike(ours: Any, theirs: Any, path: str = "") -> str:
    """Where two results of aggregations differ first; '' when they are the same. Numbers may differ by rounding."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        if set(ours) != set(theirs):
            return f"{path}: members {sorted(ours)} and {sorted(theirs)}"
        # The error that a count may have stems from shards. We have none; the referee does not know at times: -1.
        names = [name for name in theirs if name != "doc_count_error_upper_bound"]
        return next((f for name in names if (f := unlike(ours[name], theirs[name], f"{path}/{name}"))), "")
    if isinstance(ours, list) and isinstance(theirs, list):
        if len(ours) != len(theirs):
            return f"{path}: {len(ours)} and {len(theirs)} elements"
        pairs = enumerate(zip(ours, theirs, strict=True))
        return next((f for at, (a, b) in pairs if (f := unlike(a, b, f"{path}/{at}"))), "")
    if isinstance(ours, bool) or isinstance(theirs, bool) or not _numbers(ours, theirs):
        return "" if ours == theirs else f"{path}: {ours!r} and {theirs!r}"
    return "" if math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-9) else f"{path}: {ours!r} and {theirs!r}"


def _numbers(*values: Any) -> bool:
    return all(isinstance(value, int | float) for value in values)


def judge_aggregations(query: Query, ours: Ours, theirs: Theirs) -> str:
    """Where the aggregations of a query differ; '' when buckets and values are the same."""
    wanted = theirs.aggregate(query)
    for mode in MODES:
        found = ours.aggregate(query, mode)
        if isinstance(found, str) or isinstance(wanted, str):
            fault = "" if isinstance(found, str) and isinstance(wanted, str) else f"{found!r:.300} and {wanted!r:.300}"
        else:
            fault = unlike(found, wanted)
        if fault:
            return f"{query} [{query.index}, {mode}]: ours and theirs differ at {fault}\n  {query.aggregations}"
    return ""


def judge(query: Query, ours: Ours, theirs: Theirs) -> Iterator[Verdict]:
    """One verdict for each mode."""
    answer = theirs.ask(query)
    for mode in MODES:
        found = ours.ask(query, mode)
        expected, fault = answer, ""
        if mode == "default" and query.difference:
            if query.referee:
                expected = theirs.ask(replace(query, text=query.referee, body=""))
                if query.place and expected.same(answer):
                    fault = "a difference is declared, but its two meanings select the same"
            elif found.same(answer):
                fault = "a difference is declared, but there is none"
            else:
                expected = found
        if not found.same(expected):
            fault = "the answers differ"
        yield Verdict(query, mode, found, expected, fault)


def read(path: Path) -> list[Query]:
    """The queries of one file."""
    known = {"name", "index", "text", "type", "body", "aggregations", "difference", "referee", "fields", "timeZone"}
    found = []
    for one in tomllib.loads(path.read_text("utf-8")).get("query", []):
        assert set(one) <= known, f"{path.name}: {one} has unknown members"
        fields, zone = tuple(one.pop("fields", ())), one.pop("timeZone", None)
        found.append(Query(fields=fields, zone=zone, place=f"{path.stem}: ", **one))
    names = [query.name for query in found]
    assert len(names) == len(set(names)), f"{path.name}: a name stands twice"
    return found


def written() -> list[Query]:
    """All hand-written queries."""
    return [query for path in sorted(QUERIES.glob("*.toml")) for query in read(path)]
