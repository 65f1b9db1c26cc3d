"""What a query means: the tree in words, the SQL, the fields, the count, and why an object matches or not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any

from bulkwark.bulk.queries import selected
from bulkwark.bulk.selection import restrict
from bulkwark.domain.kinds import plain_id
from bulkwark.errors import Invalid, NotFound
from bulkwark.query import ast, printer, words
from bulkwark.query.ast import Checked, Node
from bulkwark.query.requests import DEFAULT, MEMBERS, QUERY_TYPES, Options, read_query
from bulkwark.store import search
from bulkwark.store.dialect import Session
from bulkwark.store.indexes import INDEXES, kind_called
from bulkwark.store.tenants import Tenant

MAX_CLAUSES = 200  # looked at for one object; each is a question to the database
MAX_LINES = 2_000  # of the tree
MAX_VALUES = 50  # of the SQL that are shown


def as_search(text: str, type: str, decode: Callable[[str], Any]) -> dict[str, Any]:
    """The Search object of a query given as one text: JSON for all types but SAILPOINT. Raises Invalid."""
    kind = type.upper()
    if kind not in QUERY_TYPES:
        raise Invalid(f"there is no query type {type[:60]}", where="type", hint=", ".join(QUERY_TYPES))
    return {"queryType": kind, MEMBERS[kind]: {"query": text} if kind == "SAILPOINT" else decode(text)}


def explain(
    session: Session,
    tenant: Tenant,
    asked: Mapping[str, Any],
    index: str,
    now: int,
    *,
    id: str = "",
    strict: bool = False,
    options: Options = DEFAULT,
    owner: str = "",
) -> dict[str, Any]:
    """The explanation of a Search object's query in one index, as JSON.

    `id` names an object to be judged; `strict` reads as a bulk change does; `owner` limits to what that identity
    owns. Raises Invalid, QueryError, or NotFound for the object.
    """
    if index not in INDEXES:
        raise Invalid(f"there is no index {index[:60]!r}", where="index", hint=", ".join(INDEXES))
    reading = read_query(asked, strict=strict, options=options, nested=INDEXES[index].schema.nested)
    root = selected(reading, index, now, strict=strict, options=options)
    visible = Checked(index, restrict(root, owner))
    sql = tenant.select(session, visible)
    found: dict[str, Any] = {
        "index": index,
        "readAs": _read_as(reading.query.child),
        "tree": list(islice(words.tree(root), MAX_LINES)),
        "fields": sorted(words.fields(root)),
        "sql": sql.text,
        "values": [str(value)[:200] for value in sql.params[:MAX_VALUES]],
        "count": search.count(session, tenant, visible),
    }
    if id:
        found["object"] = _judged(session, tenant, index, root, id, owner)
    return found


def _read_as(raw: Node) -> str:
    """The query string with Lucene's rule made visible; '' for other languages."""
    try:
        return printer.text(raw)
    except TypeError:
        return ""


def _judged(session: Session, tenant: Tenant, index: str, root: Node, id: str, owner: str) -> dict[str, Any]:
    kind = kind_called(index)
    known = {} if kind is None else tenant.objects.rids(session, kind, [plain_id(id)])
    rid = next(iter(known.values()), None)
    if rid is None or not search.holds(session, tenant, Checked(index, restrict(ast.All(), owner)), rid):
        raise NotFound(f"there is no object {id[:60]!r} in {index}")
    clauses = _clauses(session, tenant, index, root, rid, "", [MAX_CLAUSES])
    return {"id": plain_id(id), "matches": clauses["matches"], "why": clauses}


def _clauses(
    session: Session, tenant: Tenant, index: str, node: Node, rid: int, within: str, left: list[int]
) -> dict[str, Any]:
    """Whether the node holds for the object, and its parts; below `@nested` for one element of it at least."""
    left[0] -= 1
    whole = ast.Nested(path=within, child=node) if within else node
    found: dict[str, Any] = {
        "clause": words.sentence(node),
        "matches": search.holds(session, tenant, Checked(index, whole), rid),
    }
    inner = node.path if isinstance(node, ast.Nested) else within
    parts = []
    for role, child in words.parts(node):
        if left[0] <= 0:
            parts.append({"clause": "… and more", "matches": None})
            break
        parts.append({"as": role} | _clauses(session, tenant, index, child, rid, inner, left))
    return found | {"parts": parts} if parts else found


def lines(found: Mapping[str, Any]) -> list[str]:
    """The explanation of an object, for people: a line for each clause, with yes or no."""
    shown: list[str] = []

    def walk(clause: Mapping[str, Any], depth: int) -> None:
        verdict = {True: "yes", False: "no ", None: "   "}[clause["matches"]]
        role = f"({clause['as']}) " if clause.get("as") else ""
        shown.append(f"{verdict} {'  ' * depth}{role}{clause['clause']}")
        for part in clause.get("parts", ()):
            walk(part, depth + 1)

    walk(found["why"], 0)
    return shown
