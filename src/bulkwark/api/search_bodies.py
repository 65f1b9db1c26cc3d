"""The body of a search: which indexes, what selects in each of them, in which order, and what is aggregated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

import msgspec

from bulkwark.api.calls import Call, require_object
from bulkwark.api.role_rights import own_only_in_search
from bulkwark.bulk.inner_hits import InnerHit, inner_hit
from bulkwark.bulk.queries import selected
from bulkwark.bulk.selection import restrict
from bulkwark.domain.kinds import Kind
from bulkwark.errors import Invalid, hinted
from bulkwark.query import aggregations_dsl, aggregations_sailpoint, ast, dsl, field_filters
from bulkwark.query.aggregation_scope import Queries, scope
from bulkwark.query.aggregations import Aggregation
from bulkwark.query.ast import Checked, Node
from bulkwark.query.datemath import parse_zone
from bulkwark.query.requests import MEMBERS, Reading, query_type, read_query
from bulkwark.query.typeahead import Typeahead
from bulkwark.store.indexes import INDEXES
from bulkwark.store.search import Sorter

LIKE = 'as in {"indices":["roles"],"query":{"query":"name:Finance"}}'
AGGREGATIONS_LIKE = {
    "DSL": 'as in {"owners":{"terms":{"field":"owner.name"}}}',
    "SAILPOINT": 'as in {"bucket":{"name":"owners","type":"TERMS","field":"owner.name"}}',
}
MAX_SORT = 16
MAX_PATTERNS = 500


class ResultFilter(msgspec.Struct):
    """Which members of the found documents are shown."""

    includes: list[str] | None = None
    excludes: list[str] | None = None


class Search(msgspec.Struct):
    """The body of a search. Members that are not here say nothing to us, as `queryVersion`."""

    indices: list[str] | None = None
    queryType: str | None = None
    query: dict[str, Any] | None = None
    includeNested: bool | None = None
    queryResultFilter: ResultFilter | None = None
    sort: list[str] | None = None
    searchAfter: list[str | None] | None = None
    filters: dict[str, Any] | None = None
    aggregationType: str | None = None
    aggregationsDsl: dict[str, Any] | None = None
    aggregations: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A body that was understood. `checked`: a tree for each index, limited to what the caller may see."""

    body: Search
    checked: tuple[Checked, ...]
    sorters: tuple[Sorter, ...]
    inner: InnerHit | None = None
    typeahead: Typeahead | None = None  # then values of a field are listed, and no documents

    @property
    def after(self) -> tuple[str | None, ...]:
        return tuple(self.body.searchAfter or ())

    def require_page(self, offset: int) -> None:
        """Raise Invalid for a `searchAfter` that does not go with the sort fields or the offset."""
        after, sorters = self.after, self.sorters
        if not after:
            return
        if len(after) != len(sorters) or offset:
            reason = "offset is not 0" if len(after) == len(sorters) else f"there are {len(sorters)} sort fields"
            hint = "send the sort values of the last document, one for each sort field, and no offset"
            raise Invalid(f"searchAfter has {len(after)} values and {reason}", where="/searchAfter", hint=hint)
        if self.inner:
            raise Invalid("inner hits are paged by offset", where="/searchAfter", hint="?limit=250&offset=250")


def read(call: Call, *, whole: bool = False) -> Asked:
    """The body of a request. `whole`: without a query it means everything. Raises Invalid or QueryError."""
    with hinted(LIKE):
        raw = require_object(call.json(Any), "body")
        body = call.json(Search)
    kind = query_type(raw)
    names = _indices(body.indices)
    if body.queryResultFilter:
        _require_patterns(body.queryResultFilter)
    sorters = tuple(_sorter(name, position) for position, name in enumerate(body.sort or []))
    if len(sorters) > MAX_SORT:
        raise Invalid(f"{len(sorters)} sort fields are named", where="/sort", hint=f"at most {MAX_SORT}")
    inner = None
    if kind == "SAILPOINT":
        with hinted('as in {"type":"entitlements","query":"privileged:true"}'):
            inner = inner_hit(body.query, names, call.now, where="/query", options=call.services.options)
    checked = []
    roots, typeahead = _roots(call, raw, body, kind, names, whole=whole)
    for name, root in roots.items():
        filtered = field_filters.read(body.filters, INDEXES[name].schema, now_ms=call.now, zone=_zone(body))
        parts = (root, filtered, inner.required(name) if inner else None)
        both = [part for part in parts if part is not None and not isinstance(part, ast.All)]
        owner = own_only_in_search(call.actor) if INDEXES[name].kind is Kind.ROLE else ""
        checked.append(Checked(name, restrict(ast.conj(*both) if both else ast.All(), owner)))
    return Asked(body, tuple(checked), sorters, inner, typeahead)


def _roots(
    call: Call, raw: Mapping[str, Any], body: Search, kind: str, names: list[str], *, whole: bool
) -> tuple[dict[str, Node], Typeahead | None]:
    """Index → what the query selects in it; and what a TYPEAHEAD query lists."""
    given = raw.get(MEMBERS[kind])
    missing = given is None or (kind == "SAILPOINT" and isinstance(given, dict) and given.get("query") is None)
    if missing and (whole or body.filters):
        return {name: ast.All() for name in names}, None
    options = call.services.options
    elsewhere = {path for name in names for path in INDEXES[name].schema.nested}
    reading = read_query(raw, options=options, nested=elsewhere)
    found = {
        name: selected(reading, name, call.now, strict=False, options=options, elsewhere=elsewhere) for name in names
    }
    return found, reading.typeahead


def aggregations(call: Call, body: Search) -> tuple[tuple[Aggregation, ...], bool]:
    """The aggregations of the body, and whether they came in the SAILPOINT form. Raises Invalid."""
    names = _indices(body.indices)
    deduced = "SAILPOINT" if body.aggregationsDsl is None and body.aggregations is not None else "DSL"
    given = (body.aggregationType or deduced).upper()
    if given not in ("DSL", "SAILPOINT"):
        raise Invalid(f"there is no aggregation type {given}", where="/aggregationType", hint="DSL, SAILPOINT")
    member = "aggregationsDsl" if given == "DSL" else "aggregations"
    value = body.aggregationsDsl if given == "DSL" else body.aggregations
    if not value:
        raise Invalid(f"{member} is missing", where=f"/{member}", hint=f"aggregationType is {given}")
    schemas = [INDEXES[name].schema for name in names]
    where = scope(schemas, _queries(call, names), call.now, _parsed_zone(body))
    reader = aggregations_dsl if given == "DSL" else aggregations_sailpoint
    with hinted(AGGREGATIONS_LIKE[given]):
        return reader.read(value, where, f"/{member}"), given == "SAILPOINT"


def _queries(call: Call, names: list[str]) -> Queries:
    """Reads the queries inside aggregations."""
    options = call.services.options
    elsewhere = {path for name in names for path in INDEXES[name].schema.nested}

    def read(clause: Any, where: str) -> dict[str, Node]:
        reading = Reading(dsl.parse(clause, where))
        return {
            name: selected(reading, name, call.now, strict=False, options=options, elsewhere=elsewhere)
            for name in names
        }

    return read


def _parsed_zone(body: Search) -> tzinfo:
    try:
        return parse_zone(_zone(body))
    except ValueError as fault:
        raise Invalid(str(fault), where="/query/timeZone", hint="as in Europe/Berlin or +02:00") from None


def _zone(body: Search) -> str:
    zone = (body.query or {}).get("timeZone")
    return zone if isinstance(zone, str) and zone else "UTC"


def _indices(given: list[str] | None) -> list[str]:
    if not given or "*" in given:
        return list(INDEXES)
    for position, name in enumerate(given):
        if name not in INDEXES:
            raise Invalid(f"there is no index {name!r}", where=f"/indices/{position}", hint=", ".join(INDEXES))
    return list(dict.fromkeys(given))


def _sorter(text: str, position: int) -> Sorter:
    path = text.lstrip("+-").strip()
    if not path:
        raise Invalid("a sort field has no name", where=f"/sort/{position}", hint="as in name, -created")
    return Sorter(path.removeprefix("@"), text.startswith("-"))


def _require_patterns(given: ResultFilter) -> None:
    for name in ("includes", "excludes"):
        patterns = getattr(given, name) or []
        if len(patterns) > MAX_PATTERNS:
            hint = f"at most {MAX_PATTERNS}"
            raise Invalid(f"{len(patterns)} {name} are named", where=f"/queryResultFilter/{name}", hint=hint)
