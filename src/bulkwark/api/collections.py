"""Standard collection parameters: filters, sorters, limit, offset, count; and pages of stored documents."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from bulkwark.api import answers
from bulkwark.api.answers import Answer
from bulkwark.api.calls import Call
from bulkwark.domain.documents import Document
from bulkwark.domain.kinds import Kind
from bulkwark.domain.times import iso_ms
from bulkwark.errors import Invalid
from bulkwark.query import ast, filters
from bulkwark.query.analysis import fold
from bulkwark.query.ast import Checked, Node
from bulkwark.query.check import check_filter
from bulkwark.query.check_filters import rename
from bulkwark.query.fields import Field
from bulkwark.query.fields import Kind as FieldKind
from bulkwark.store import search
from bulkwark.store.indexes import BY_KIND
from bulkwark.store.metadata import Wire
from bulkwark.store.objects import Raw, Stored
from bulkwark.store.search import Page, Sorter

MOST = 250  # official maximum of `limit`


def parse_filter(
    call: Call,
    kind: Kind,
    allowed: Mapping[str, frozenset[str]],
    text: str | None,
    where: str,
    paths: Mapping[str, str] | None = None,
    rewrite: Callable[[Node], Node] | None = None,
) -> Node:
    """The checked root of a standard filter; everything when there is none.

    `paths` maps names on the wire to fields of the index, where they differ; `rewrite` says a leaf otherwise.
    """
    if text is None or not text.strip():
        return ast.All()
    renamed = {(paths or {}).get(name, name): operators for name, operators in allowed.items()}
    try:
        tree = rename(filters.parse(text), allowed, paths or {}, text)
        tree = ast.rewrite(tree, rewrite) if rewrite else tree
        return check_filter(tree, BY_KIND[kind].schema, renamed, now_ms=call.now, text=text).root
    except Invalid as error:
        error.where = error.where or where
        raise


def sorters(text: str | None, allowed: Collection[str], paths: Mapping[str, str] | None = None) -> tuple[Sorter, ...]:
    """`sorters=name,-created`. `paths` maps names on the wire to fields of the index."""
    if text is None or not text.strip():
        return ()
    found = []
    for name, descending in filters.parse_sorters(text):
        if name not in allowed:
            raise Invalid(
                f"cannot sort by {name!r}", where="query parameter sorters", hint=f"one of {', '.join(allowed)}"
            )
        found.append(Sorter((paths or {}).get(name, name), descending))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Paging:
    """What a caller asks of a list that is no list of stored documents. `order`: (name on the wire, descending)."""

    limit: int
    offset: int
    count: bool
    order: list[tuple[str, bool]]

    def headers(self, total: int) -> dict[str, str]:
        """`X-Total-Count`, when it was asked for."""
        return {"X-Total-Count": str(total)} if self.count else {}


def paging(call: Call, allowed: Collection[str] = ()) -> Paging:
    """`limit` (at most and usually 250), `offset`, `count`, and `sorters` where some are allowed. Raises Invalid."""
    limit, offset, count = call.number("limit", MOST, most=MOST), call.number("offset", 0), call.flag("count")
    order = sorters(call.query.get("sorters"), allowed) if allowed else ()
    return Paging(limit, offset, count, [(one.path, one.descending) for one in order])


def page(
    call: Call,
    kind: Kind,
    root: Node,
    order: tuple[Sorter, ...],
    *,
    default: int,
    most: int,
    render: Callable[[Stored, Wire], str] | None = None,
    after: tuple[str, ...] = (),
) -> Answer:
    """The documents of one page; `render` makes the JSON text of one where it is not the stored document.

    `after`: sort values, one for each sorter; the page begins behind them.
    """
    limit = call.number("limit", default, most=most)
    offset = call.number("offset", 0)
    wants_count = call.flag("count")
    checked = Checked(BY_KIND[kind].name, root)
    session = call.read()
    headers = {}
    if wants_count:
        headers["X-Total-Count"] = str(search.count(session, call.tenant, checked))
    rids = search.rids(session, call.tenant, [checked], Page(order, limit, offset, after))
    wire = call.tenant.wire(session)
    if render is None:
        documents = [raw_document(one, wire, kind) for one in call.tenant.objects.raw_by_rids(session, rids)]
        return Answer(200, b"[" + b",".join(documents) + b"]", headers=headers)
    found = [render(one, wire) for one in call.tenant.objects.by_rids(session, rids)]
    return answers.text(f"[{','.join(found)}]", headers=headers)


def in_segments(call: Call, root: Node) -> Node:
    """The selection limited by `for-segment-ids` and `include-unsegmented`."""
    ids = [s.strip() for s in call.query.get("for-segment-ids", "").split(",") if s.strip()]
    unsegmented = call.flag("include-unsegmented", True)
    if not ids:
        if not unsegmented:
            raise Invalid(
                "include-unsegmented=false needs for-segment-ids", where="query parameter include-unsegmented"
            )
        return root
    field = Field("segments.id", FieldKind.KEYWORD)
    inside = [ast.Phrase(field=field, tokens=(fold(id),)) for id in ids]
    outside: list[Node] = [ast.negate(ast.Has(field=field))] if unsegmented else []
    return ast.conj(root, ast.disj(*inside, *outside))


def held(
    call: Call,
    kind: Kind,
    references: Sequence[Document] | None,
    filters: Mapping[str, frozenset[str]],
    allowed: Collection[str],
    *,
    most: int,
) -> Answer:
    """A page of the objects that another one refers to."""
    root = parse_filter(call, kind, filters, call.query.get("filters"), "query parameter filters")
    ids = tuple(reference["id"] for reference in references or [])
    among = ast.Folded(field=Field("id", FieldKind.KEYWORD), op="in", values=ids) if ids else ast.Nothing()
    order = sorters(call.query.get("sorters"), allowed)
    return page(call, kind, ast.conj(root, among), order, default=most, most=most)


def raw_document(raw: Raw, wire: Wire, kind: Kind) -> bytes:
    """The same as `document`, from bytes to bytes."""
    head, modified, md = raw
    if kind in _WITH_METADATA:
        moment = iso_ms(modified).encode()
        return b'%b,"modified":"%b","accessModelMetadata":%b}' % (head, moment, wire.bytes(md))
    return b'%b,"modified":"%b"}' % (head, iso_ms(modified).encode())


def document(stored: Stored, wire: Wire, kind: Kind) -> str:
    """An object on the wire: the stored text, `modified` and metadata joined on."""
    modified = f'{stored.head},"modified":"{iso_ms(stored.modified)}"'
    if kind in _WITH_METADATA:
        return f'{modified},"accessModelMetadata":{wire.text(stored.md)}}}'
    return modified + "}"


_WITH_METADATA = frozenset({Kind.ROLE, Kind.ACCESS_PROFILE, Kind.ENTITLEMENT})
