"""/search: documents, counts, aggregations and single documents of the tenant's indexes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from bulkwark.api import answers, search_bodies
from bulkwark.api.answers import Answer, listing
from bulkwark.api.calls import Call
from bulkwark.api.role_rights import own_only_in_search
from bulkwark.api.search_bodies import Asked
from bulkwark.api.search_results import ResultFilter, as_csv
from bulkwark.bulk.selection import restrict
from bulkwark.domain.kinds import Kind, plain_id
from bulkwark.errors import Invalid, NotFound
from bulkwark.query import ast
from bulkwark.query.ast import Checked
from bulkwark.query.fields import Field
from bulkwark.query.fields import Kind as FieldKind
from bulkwark.store import aggregations, documents, inner_hits, search, typeahead
from bulkwark.store.dialect import Session
from bulkwark.store.indexes import INDEXES
from bulkwark.store.search import Page

DEFAULT, WINDOW = 250, 10_000
MOST_HITS = 250  # beside aggregations
PIECE = 250  # documents that are sent at once
CSV = "text/csv"
# What a document shows in a list of several types, and not by itself.
IN_LISTS_ONLY = frozenset({"_type", "_version", "pod", "org"})


def search_post(call: Call) -> Answer:
    """POST /search: documents in order, streamed in pieces."""
    asked = search_bodies.read(call)
    page = _page(call, asked, WINDOW)
    session = call.read()
    headers = _total(call, session, asked) if call.flag("count") else {}
    if asked.typeahead:
        values = typeahead.listed(session, call.tenant, asked.checked, asked.typeahead)
        return Answer(200, msgspec.json.encode(values[page.offset : page.offset + page.limit]), headers=headers)
    if asked.inner:
        path, nested = asked.inner.path, asked.inner.nested
        found = inner_hits.page(session, call.tenant, asked.checked, path, nested, page)
        texts = inner_hits.texts(session, call.tenant, found, path)
        shown = _result_filter(asked)
        return _array(map(shown.text, texts) if shown else texts, headers)
    rids = search.rids(session, call.tenant, asked.checked, page)
    if len(rids) <= PIECE:
        return _array(_shown(call, session, asked, rids), headers)
    return Answer(200, headers=headers, stream=listing(_pieces(call, asked, rids)))


def _array(found: Iterator[bytes], headers: dict[str, str]) -> Answer:
    return Answer(200, b"[%b]" % b",".join(found), headers=headers)


def _page(call: Call, asked: Asked, most: int) -> Page:
    limit, offset = call.number("limit", DEFAULT, most=most), call.number("offset", 0)
    if limit + offset > WINDOW:
        raise Invalid(
            f"offset + limit is {limit + offset}, the window ends at {WINDOW}",
            where="query parameters offset and limit",
            hint="page with sort and searchAfter",
        )
    asked.require_page(offset)
    return Page(asked.sorters, limit, offset, asked.after)


def _pieces(call: Call, asked: Asked, rids: Sequence[int]) -> Iterator[bytes]:
    store = call.services.store
    if _result_filter(asked) is None:
        yield from documents.pieces(
            store,
            rids,
            nested=asked.body.includeNested is not False,
            others=call.services.traffic.watch().others,
        )
        return
    # A connection of its own: other requests use this thread's between two pieces.
    with store.snapshot() as session:
        for start in range(0, len(rids), PIECE):
            yield b",".join(_shown(call, session, asked, rids[start : start + PIECE]))


def _shown(call: Call, session: Session, asked: Asked, rids: Sequence[int]) -> Iterator[bytes]:
    found = documents.search_documents(session, rids, nested=asked.body.includeNested is not False)
    shown = _result_filter(asked)
    return map(shown.text, found) if shown else found


def _result_filter(asked: Asked) -> ResultFilter | None:
    given = asked.body.queryResultFilter
    if given is None or not (given.includes or given.excludes):
        return None
    return ResultFilter(given.includes or (), given.excludes or (), [sorter.path for sorter in asked.sorters])


def count(call: Call) -> Answer:
    """POST /search/count: 204 with the number in X-Total-Count."""
    asked = search_bodies.read(call)
    return answers.empty(204, _total(call, call.read(), asked))


def _total(call: Call, session: Session, asked: Asked) -> dict[str, str]:
    if asked.inner:
        total = inner_hits.count(session, call.tenant, asked.checked, asked.inner.path, asked.inner.nested)
    else:
        total = sum(search.count(session, call.tenant, one) for one in asked.checked)
    return {"X-Total-Count": str(total)}


def aggregate(call: Call) -> Answer:
    """POST /search/aggregate: what was counted, and a page of the hits; as CSV when asked for."""
    asked = search_bodies.read(call, whole=True)
    found, sailpoint = search_bodies.aggregations(call, asked.body)
    page = _page(call, asked, MOST_HITS)
    session = call.read()
    headers = _total(call, session, asked) if call.flag("count") else {}
    results = aggregations.aggregate(session, call.tenant, asked.checked, found)
    if sailpoint and CSV in call.headers.get("accept", "").lower():
        return Answer(200, as_csv(found, results).encode(), CSV, headers)
    hits = b",".join(_shown(call, session, asked, search.rids(session, call.tenant, asked.checked, page)))
    body = b'{"aggregations":%b,"hits":[%b]}' % (msgspec.json.encode(results), hits)
    return Answer(200, body, headers=headers)


def get_document(call: Call) -> Answer:
    """GET /search/{index}/{id}."""
    name, id = call.params["index"], plain_id(call.params["id"])
    if name not in INDEXES:
        raise Invalid(f"there is no index {name!r}", where="path parameter index", hint=", ".join(INDEXES))
    owner = own_only_in_search(call.actor) if INDEXES[name].kind is Kind.ROLE else ""
    root = restrict(ast.Phrase(field=Field("id", FieldKind.KEYWORD), tokens=(id,)), owner)
    session = call.read()
    rids = search.rids(session, call.tenant, [Checked(name, root)], Page(limit=1))
    for text in documents.search_documents(session, rids, nested=True):
        document = msgspec.json.decode(text)
        if document.get("type") == document.get("_type"):
            del document["type"]  # only events have one of their own
        return answers.ok({name: value for name, value in document.items() if name not in IN_LISTS_ONLY})
    raise NotFound(f"there is no document {id} in {name}")
