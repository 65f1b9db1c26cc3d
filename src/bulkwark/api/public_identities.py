"""Public identities: the list, for any user."""

from __future__ import annotations

import msgspec

from bulkwark.api import collections
from bulkwark.api.answers import Answer
from bulkwark.api.calls import Call
from bulkwark.domain import public_identities
from bulkwark.domain.kinds import Kind
from bulkwark.query import ast
from bulkwark.query.ast import Node
from bulkwark.query.fields import Field
from bulkwark.query.fields import Kind as FieldKind
from bulkwark.store.metadata import Wire
from bulkwark.store.objects import Stored

LIST_MOST = 250
_TEXT = frozenset({"eq", "in", "sw"})
FILTERS = {"id": frozenset({"eq", "in"}), "alias": _TEXT, "email": _TEXT, "firstname": _TEXT, "lastname": _TEXT}
SORTERS = ("name",)
# Names on the wire → fields of the index.
PATHS = {"name": "displayName", "firstname": "firstName", "lastname": "lastName"}
SYSTEM = ("spadmin", "cloudadmin")  # aliases that core filters leave out


def list_identities(call: Call) -> Answer:
    """GET /public-identities."""
    core = call.flag("add-core-filters")
    text = call.query.get("filters")
    root = collections.parse_filter(call, Kind.IDENTITY, FILTERS, text, "query parameter filters", PATHS)
    order = collections.sorters(call.query.get("sorters"), SORTERS, PATHS)
    if core:
        root = ast.conj(root, _complete())
    return collections.page(call, Kind.IDENTITY, root, order, default=LIST_MOST, most=LIST_MOST, render=_public)


def _complete() -> Node:
    """Correlated or protected, no system identity, with uid, last name and email."""
    flags = [ast.Is(field=Field(name, FieldKind.BOOL), value=True) for name in ("correlated", "protected")]
    present = [
        ast.Has(field=Field(path, FieldKind.TEXT)) for path in ("attributes.uid", "attributes.lastname", "email")
    ]
    system = ast.Folded(field=Field("alias", FieldKind.TEXT), op="in", values=SYSTEM)
    return ast.Bool(must=(ast.disj(*flags), *present), must_not=(system,))


def _public(stored: Stored, wire: Wire) -> str:
    return msgspec.json.encode(public_identities.document(stored.document())).decode()
