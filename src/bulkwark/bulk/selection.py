"""Which objects a job deals with: ids, a filter, or a search query; always fixed at submission."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import msgspec

from bulkwark.bulk.inner_hits import inner_hit
from bulkwark.bulk.queries import queried
from bulkwark.domain import access_profiles, entitlements, roles
from bulkwark.domain.kinds import Kind
from bulkwark.domain.metadata import Catalogue
from bulkwark.errors import Invalid, QueryError
from bulkwark.query import ast, field_filters, filters, written
from bulkwark.query.ast import Checked, Node
from bulkwark.query.check import check_filter
from bulkwark.query.check_filters import rename
from bulkwark.query.fields import Field
from bulkwark.query.fields import Kind as FieldKind
from bulkwark.query.requests import DEFAULT, Options, query_type
from bulkwark.store import pairs
from bulkwark.store.indexes import BY_KIND, METADATA, Index

MAX_IDS = 3_000
OWN_MAX_IDS = 200_000  # of a request of our own
MAX_QUERIES = 20  # of one request; their union is selected
# Members of the official Search object. In a bulk change any other member is refused: a misspelt `filters`
# would widen the selection.
SEARCH_MEMBERS = frozenset(
    {
        "indices",
        "queryType",
        "queryVersion",
        "query",
        "queryDsl",
        "textQuery",
        "typeAheadQuery",
        "includeNested",
        "queryResultFilter",
        "aggregationType",
        "aggregationsVersion",
        "aggregationsDsl",
        "aggregations",
        "sort",
        "searchAfter",
        "filters",
    }
)
# What a filter may ask of a kind, and the fields that have another name in its index.
FILTERS: Mapping[Kind, tuple[Mapping[str, frozenset[str]], Mapping[str, str]]] = {
    Kind.ROLE: (roles.FILTERS, {}),
    Kind.ACCESS_PROFILE: (access_profiles.FILTERS, {}),
    Kind.ENTITLEMENT: (entitlements.FILTERS, entitlements.PATHS),
}


class Selector(msgspec.Struct, omit_defaults=True):
    """A selection as it was asked for; stored with the job, so that it can be resolved after a restart."""

    by: str  # ids, filter, query; all
    now: int  # ms: what `now` means in it
    kind: int
    ids: list[str] = []
    rids: list[int] = []  # of the ids; what is deleted before its turn is still known by its number
    count: int = 0  # of the ids, once the targets are frozen
    filters: str = ""
    queries: list[dict[str, Any]] = []
    owner: str = ""  # only what this identity owns
    sources: list[str] = []  # … and what belongs to these sources of his
    options: Options | None = None  # how the server read queries then


def frozen(selector: Selector, count: int) -> str:
    """What a job keeps of a selector by ids once its targets stand: every look at the job reads it."""
    return msgspec.json.encode(msgspec.structs.replace(selector, ids=[], rids=[], count=count)).decode()


@dataclass(frozen=True, slots=True)
class Limit:
    """To what a caller is limited: what he owns, and what belongs to his sources. No owner: no limit."""

    owner: str = ""
    sources: tuple[str, ...] = ()


def require_search(search: Any, where: str = "/query", *, index: str = "roles") -> list[dict[str, Any]]:
    """The Search objects of a bulk request, in every documented spelling. Raises Invalid.

    Accepted: one object, a list of such objects (their union), either wrapped one level too deep in `query`.
    """
    if isinstance(search, list):
        each = (require_search(one, f"{where}/{position}", index=index) for position, one in enumerate(search))
        found = [query for queries in each for query in queries]
    elif isinstance(search, dict):
        inner = search.get("query")
        if isinstance(inner, dict | list) and _is_search(inner):
            unknown = set(search) - {"query"}
            if unknown:
                raise Invalid(f"{sorted(unknown)[0]!r} is no member here", where=where)
            return require_search(inner, f"{where}/query", index=index)
        found = [search]
    else:
        raise Invalid("a Search object is expected", where=where)
    if len(found) > MAX_QUERIES:
        raise Invalid(f"{len(found)} queries are named", where=where, hint=f"at most {MAX_QUERIES}")
    if not found or any(not one for one in found):
        raise Invalid("the query is empty", where=where, hint=f'{{"indices":["{index}"],"query":{{"query":"…"}}}}')
    return found


def _is_search(value: Any) -> bool:
    """Whether something below `query` is a whole Search object rather than its Query object."""
    if isinstance(value, list):
        return bool(value) and all(isinstance(one, dict) for one in value)
    return bool(set(value) & (SEARCH_MEMBERS - {"query"})) or isinstance(value.get("query"), dict)


def resolve(selector: Selector) -> Checked:
    """The checked tree of a filter or query selection. Raises Invalid or QueryError; never widens."""
    kind = Kind(selector.kind)
    index = BY_KIND[kind]
    if selector.by == "all":
        root: Node = ast.All()
    elif selector.by == "ids":
        root = ast.Folded(field=Field("id", FieldKind.KEYWORD), op="in", values=tuple(selector.ids))
    elif selector.by == "filter":
        root = _filter(index, selector.filters, selector.now, "/filters")
    else:
        options = selector.options or DEFAULT
        parts = [
            _query(kind, query, selector.now, f"/query/{position}" if len(selector.queries) > 1 else "/query", options)
            for position, query in enumerate(selector.queries)
        ]
        root = ast.disj(*parts)
    return Checked(index.name, restrict(root, selector.owner, selector.sources))


def restrict(root: Node, owner: str, sources: Sequence[str] = ()) -> Node:
    """The tree, limited to what an identity owns and to what belongs to the sources; all of it when `owner` is ''."""
    if not owner:
        return root
    fields = [Field(path, FieldKind.KEYWORD) for path in ("owner.id", "additionalOwners.id")]
    mine = ast.disj(*(ast.Phrase(field=field, tokens=(owner,)) for field in fields))
    if sources:
        belongs = ast.Folded(field=Field("source.id", FieldKind.KEYWORD), op="in", values=tuple(sources))
        mine = ast.disj(mine, belongs)
    return ast.Bool(must=(root, mine))


def _filter(index: Index, text: str, now: int, where: str) -> Node:
    """The tree of a standard filter in a bulk change."""
    if not text.strip():
        raise Invalid("the filter is empty", where=where, hint='for example: name sw "Finance"')
    unseen = written.unseen(text)
    if unseen:
        raise QueryError(unseen.detail, text=text, position=unseen.position, where=where, hint="remove it")
    try:
        allowed, paths = FILTERS[index.kind or Kind.ROLE]
        tree = rename(filters.parse(text), allowed, paths, text)
        fields = {paths.get(name, name): operators for name, operators in allowed.items()}
        return check_filter(tree, index.schema, fields, now_ms=now, text=text).root
    except Invalid as error:
        error.where = error.where or where
        raise


def _query(kind: Kind, search: dict[str, Any], now: int, where: str, options: Options) -> Node:
    """The tree of one Search object in a bulk change."""
    index = BY_KIND[kind]
    unknown = sorted(set(search) - SEARCH_MEMBERS)
    if unknown:
        raise Invalid(f"{unknown[0]!r} is no member of a search", where=f"{where}/{unknown[0]}")
    _require_index(search.get("indices"), index.name, f"{where}/indices")
    root = queried(search, index.name, now, where=where, strict=True, options=options)
    sailpoint = query_type(search, where) == "SAILPOINT"
    query = search.get("query") if sailpoint else None
    zone = (query or {}).get("timeZone") or "UTC"
    filtered = field_filters.read(
        search.get("filters"), index.schema, now_ms=now, zone=zone, strict=True, where=f"{where}/filters"
    )
    inner = inner_hit(query, [index.name], now, where=f"{where}/query", strict=True, options=options)
    parts = (root, filtered, inner.required(index.name) if inner else None)
    return ast.conj(*(part for part in parts if part is not None))


def _require_index(indices: Any, name: str, where: str) -> None:
    if indices is None:
        return
    if not isinstance(indices, list) or not all(isinstance(one, str) for one in indices):
        raise Invalid("indices are a list of names", where=where)
    if indices and name not in indices and "*" not in indices:
        raise Invalid(f"only {name} can be selected here", where=where, hint=f'"indices": ["{name}"]')


def require_known_attributes(root: Node, catalogue: Catalogue) -> None:
    """Raise Invalid when the tree names a metadata attribute that does not exist.

    Under NOT a misspelt key would select everything, and in a bulk change nobody looks at the result first.
    """
    for child in ast.children(root):
        require_known_attributes(child, catalogue)
    field = getattr(root, "field", None)
    if not isinstance(field, Field) or field.path != f"{METADATA}.key":
        return
    keys = [key for key in catalogue.attributes if pairs.fits(root, key)]
    if not keys and isinstance(root, ast.Phrase | ast.Exact):
        written = " ".join(root.tokens) if isinstance(root, ast.Phrase) else root.values[0]
        close = get_close_matches(written, [key.lower() for key in catalogue.attributes], n=1)
        raise Invalid(
            f"there is no metadata attribute {written!r}",
            where=f"position {root.span[0]}",
            hint=f"did you mean {close[0]!r}?" if close else "",
        )
