"""/search and /search/count: SAILPOINT queries over the indexes of the tenant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from bulkwark.api import answers
from bulkwark.api.answers import Answer, listing
from bulkwark.api.calls import Call, require_object
from bulkwark.api.role_rights import own_only_in_search
from bulkwark.bulk.selection import QUERY_TYPES, restrict, sailpoint
from bulkwark.domain.kinds import Kind
from bulkwark.errors import Invalid
from bulkwark.query import ast
from bulkwark.query.ast import Checked
from bulkwark.store import documents, search
from bulkwark.store.indexes import INDEXES
from bulkwark.store.search import Page, Sorter

DEFAULT, WINDOW = 250, 10_000
MAX_SORT = 16
PIECE = 250  # documents in one piece of a streamed answer
NOT_YET = ("aggregations", "aggregationsDsl", "filters", "queryResultFilter")


class Search(msgspec.Struct):
    """The body of a search, as far as it is served. Other members are ignored, as the SDKs send defaults."""

    indices: list[str] | None = None
    queryType: str | None = None
    query: dict[str, Any] | None = None
    includeNested: bool | None = None
    sort: list[str] | None = None
    searchAfter: list[str | None] | None = None


def search_post(call: Call) -> Answer:
    """POST /search: documents in order, streamed in pieces."""
    body, checked = _read(call)
    limit, offset = call.number("limit", DEFAULT, most=WINDOW), call.number("offset", 0)
    wants_count = call.flag("count")
    if limit + offset > WINDOW:
        raise Invalid(
            f"offset + limit is {limit + offset}, the window ends at {WINDOW}",
            where="query parameters offset and limit",
            hint="page with sort and searchAfter",
        )
    sorters = tuple(_sorter(name, position) for position, name in enumerate(body.sort or []))
    if len(sorters) > MAX_SORT:
        raise Invalid(f"{len(sorters)} sort fields are named", where="/sort", hint=f"at most {MAX_SORT}")
    after = tuple(body.searchAfter or ())
    if after and (len(after) != len(sorters) or offset):
        reason = "offset is not 0" if len(after) == len(sorters) else f"there are {len(sorters)} sort fields"
        raise Invalid(f"searchAfter has {len(after)} values and {reason}", where="/searchAfter")
    session = call.read()
    headers = {}
    if wants_count:
        total = sum(search.count(session, call.tenant, one) for one in checked)
        headers["X-Total-Count"] = str(total)
    rids = search.rids(session, call.tenant, checked, Page(sorters, limit, offset, after))
    nested = body.includeNested is not False
    if len(rids) <= PIECE:
        found = ",".join(documents.search_documents(session, rids, nested=nested))
        return answers.text(f"[{found}]", headers=headers)
    return Answer(200, headers=headers, stream=listing(_pieces(call, rids, nested)))


def _pieces(call: Call, rids: Sequence[int], nested: bool) -> Iterator[str]:
    """A connection of its own: other requests use this thread's between two pieces."""
    with call.services.store.snapshot() as session:
        for start in range(0, len(rids), PIECE):
            yield ",".join(documents.search_documents(session, rids[start : start + PIECE], nested=nested))


def count(call: Call) -> Answer:
    """POST /search/count: 204 with the number in X-Total-Count."""
    _, checked = _read(call)
    session = call.read()
    total = sum(search.count(session, call.tenant, one) for one in checked)
    return answers.empty(204, {"X-Total-Count": str(total)})


def _read(call: Call) -> tuple[Search, list[Checked]]:
    """The body, and one checked tree for each index it names."""
    raw = require_object(call.json(Any), "body")
    for name in NOT_YET:
        if raw.get(name):
            raise Invalid(f"{name} is not served yet", where=f"/{name}")
    body = call.json(Search)
    kind = (body.queryType or "SAILPOINT").upper()
    if kind not in QUERY_TYPES:
        raise Invalid(f"there is no query type {kind}", where="/queryType", hint=", ".join(QUERY_TYPES))
    if kind != "SAILPOINT":
        raise Invalid(f"the query type {kind} is not served yet", where="/queryType", hint="SAILPOINT is served")
    if body.query is None or body.query.get("query") is None:
        raise Invalid("the query is missing", where="/query/query", hint='{"query":{"query":"name:Finance"}}')
    names = _indices(body.indices)
    if body.query.get("query") == "" or str(body.query.get("query")).isspace():
        return body, [Checked(name, ast.Nothing()) for name in names]
    elsewhere = {path for name in names for path in INDEXES[name].schema.nested}
    found = []
    for name in names:
        root = sailpoint(body.query, name, call.now, where="/query", strict=False, elsewhere=elsewhere)
        owner = own_only_in_search(call.actor) if INDEXES[name].kind is Kind.ROLE else ""
        found.append(Checked(name, restrict(root, owner)))
    return body, found


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
        raise Invalid("a sort field has no name", where=f"/sort/{position}")
    return Sorter(path, text.startswith("-"))
