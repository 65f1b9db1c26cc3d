"""Whom a role's membership names, as a query on identities: what `domain/membership.py` says of one identity.

Accounts are not searchable, so criteria on accounts and on what they hold name nobody here.
"""

from __future__ import annotations

from bulkwark.domain.documents import Document
from bulkwark.domain.kinds import Kind, plain_id
from bulkwark.domain.membership import is_member
from bulkwark.errors import Invalid
from bulkwark.query import ast
from bulkwark.query.analysis import fold
from bulkwark.query.ast import Node
from bulkwark.query.fields import Field
from bulkwark.query.fields import Kind as FieldKind
from bulkwark.store import references
from bulkwark.store.dialect import Session
from bulkwark.store.tenants import Tenant

ATTRIBUTE = "attribute."
MOST_VALUES = 20_000  # different values of one attribute that an ordered comparison with a number may fit
_TEXTS = {"EQUALS": "eq", "CONTAINS": "co", "STARTS_WITH": "sw", "ENDS_WITH": "ew"}
_OPPOSITES = {"NOT_EQUALS": "EQUALS", "DOES_NOT_CONTAIN": "CONTAINS"}
_ORDERED = {"GREATER_THAN": "gt", "GREATER_THAN_EQUALS": "ge", "LESS_THAN": "lt", "LESS_THAN_EQUALS": "le"}


def members(tenant: Tenant, session: Session, membership: Document | None) -> Node:
    """The identities of a `membership`; nobody when there is none."""
    if not membership:
        return ast.Nothing()
    if membership.get("type") == "IDENTITY_LIST":
        ids = tuple(plain_id(one["id"]) for one in membership.get("identities") or [] if one.get("id"))
        return ast.Folded(field=Field("id", FieldKind.KEYWORD), op="in", values=ids) if ids else ast.Nothing()
    return _criteria(tenant, session, membership.get("criteria") or {})


def _criteria(tenant: Tenant, session: Session, criteria: Document) -> Node:
    operation, children = criteria.get("operation") or "", criteria.get("children") or []
    if operation in ("AND", "OR"):
        parts = [_criteria(tenant, session, child) for child in children]
        return (ast.conj(*parts) if operation == "AND" else ast.disj(*parts)) if parts else ast.Nothing()
    key = criteria.get("key") or {}
    if key.get("type") != "IDENTITY" or not key.get("property"):
        return ast.Nothing()
    if operation in _OPPOSITES:
        return ast.negate(_criteria(tenant, session, criteria | {"operation": _OPPOSITES[operation]}))
    name = key["property"].removeprefix(ATTRIBUTE)
    field, wanted = Field(f"attributes.{name}", FieldKind.TEXT), criteria.get("stringValue") or ""
    if operation in _ORDERED and _is_number(wanted):
        return _numbers(tenant, session, criteria, name, field)
    # Every text ends with the empty one, but SQL has no such end to cut off.
    operation = operation if wanted or operation != "ENDS_WITH" else "STARTS_WITH"
    op = _TEXTS.get(operation) or _ORDERED.get(operation)
    return ast.Folded(field=field, op=op, values=(fold(wanted),)) if op else ast.Nothing()


def _numbers(tenant: Tenant, session: Session, criteria: Document, name: str, field: Field) -> Node:
    """Order with a number: values are stored as texts, so each different one is looked at."""
    values = references.different_values(tenant, session, Kind.IDENTITY, field.path)
    fitting = [
        value
        for value in values
        if is_member({"type": "STANDARD", "criteria": criteria}, {"id": "", "attributes": {name: value}})
    ]
    if len(fitting) > MOST_VALUES:
        raise Invalid(f"the criteria fit more than {MOST_VALUES} different values of {name!r}")
    return ast.Exact(field=field, values=tuple(fitting)) if fitting else ast.Nothing()


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
