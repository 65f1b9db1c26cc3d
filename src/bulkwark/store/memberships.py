"""Whom the membership of a role names: one rule, asked of one identity (`Judge`) or of all (`members`).

Source: the official role schema (`membership`): a list of identities, or criteria on identity attributes, on
accounts and on what accounts hold. Texts compare without regard to case. Accounts are those that the identity's
document lists; the index does not know them, so for `members` the documents that list accounts are read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from bulkwark.domain.documents import Document
from bulkwark.domain.kinds import Kind, plain_id
from bulkwark.errors import Invalid
from bulkwark.query import ast
from bulkwark.query.analysis import fold
from bulkwark.query.ast import Node
from bulkwark.query.fields import Field
from bulkwark.query.fields import Kind as FieldKind
from bulkwark.store import references
from bulkwark.store.dialect import Session
from bulkwark.store.entries import leaves
from bulkwark.store.tenants import Tenant

MOST_VALUES = 20_000  # different values of one attribute that an ordered comparison with a number may fit
_ATTRIBUTES = "attributes."  # where the index knows the attributes of identities
_ACCOUNTS = '"accounts":[{'  # how the head of an identity that has some spells it
_MEMBERS = {"ACCOUNT": "attributes", "ENTITLEMENT": "entitlementAttributes"}  # type of a key → member of an account
_Compare = Callable[[Any, Any], bool]
_TEXTS: Mapping[str, tuple[str, _Compare]] = {
    "EQUALS": ("eq", lambda have, want: have == want),
    "CONTAINS": ("co", lambda have, want: want in have),
    "STARTS_WITH": ("sw", lambda have, want: have.startswith(want)),
    "ENDS_WITH": ("ew", lambda have, want: have.endswith(want)),
}
_ORDERED: Mapping[str, tuple[str, _Compare]] = {
    "GREATER_THAN": ("gt", lambda have, want: have > want),
    "GREATER_THAN_EQUALS": ("ge", lambda have, want: have >= want),
    "LESS_THAN": ("lt", lambda have, want: have < want),
    "LESS_THAN_EQUALS": ("le", lambda have, want: have <= want),
}
_OPPOSITES = {"NOT_EQUALS": "EQUALS", "DOES_NOT_CONTAIN": "CONTAINS"}


class _Holder(msgspec.Struct):
    """What criteria on accounts look at."""

    id: str
    accounts: list[Document] | None = None


# --- one identity --------------------------------------------------------------------------------------


def is_member(membership: Document | None, identity: Document) -> bool:
    """Whether the membership gives the role to the identity."""
    return Judge(identity).names(membership)


class Judge:
    """Which memberships name one identity. What its document says is read once for all of them."""

    def __init__(self, identity: Document) -> None:
        self._identity = identity
        self._known: dict[tuple[str, str, str], list[str] | None] = {}

    def names(self, membership: Document | None) -> bool:
        """Whether the membership names the identity."""
        if not membership:
            return False
        if membership.get("type") == "IDENTITY_LIST":
            return self._identity["id"] in _listed(membership)
        criteria: Document | None = membership.get("criteria")
        return criteria is not None and self.fulfils(criteria)

    def fulfils(self, criteria: Document) -> bool:
        """Whether the identity meets the criteria."""
        operation, children = criteria.get("operation") or "", criteria.get("children") or []
        if operation in ("AND", "OR"):
            found = map(self.fulfils, children)
            return bool(children) and (all(found) if operation == "AND" else any(found))
        key = criteria.get("key") or {}
        name = _property(key)
        if not name:
            return False
        place = key["type"], key.get("sourceId") or "", name
        if place not in self._known:
            self._known[place] = self._values(*place)
        values = self._known[place]
        return values is not None and _meets(criteria, values)

    def _values(self, type: str, source: str, name: str) -> list[str] | None:
        """The folded values of an attribute; None for one on accounts when the identity has no account there.

        Such an identity is not judged by what it lacks: NOT_EQUALS would name nearly everybody.
        """
        if type == "IDENTITY":
            return _below(self._identity.get("attributes"), name)
        accounts = [one for one in self._identity.get("accounts") or [] if _is_of(one, source)]
        found = [value for one in accounts for value in _below(one.get(_MEMBERS[type]), name)]
        return found if accounts else None


def _listed(membership: Document) -> tuple[str, ...]:
    return tuple(plain_id(one["id"]) for one in membership.get("identities") or [] if one.get("id"))


def _property(key: Document) -> str:
    """The attribute that a key names; '' for a key that names none."""
    known = key.get("type") == "IDENTITY" or key.get("type") in _MEMBERS
    return (key.get("property") or "").removeprefix("attribute.") if known else ""


def _is_of(account: Document, source: str) -> bool:
    return not source or plain_id(str((account.get("source") or {}).get("id"))) == plain_id(source)


def _below(attributes: Document | None, name: str) -> list[str]:
    """Every value under the name, as the index has them."""
    found = leaves(attributes or {})
    return [fold(str(value)) for path, values in found if path == name for value in values]


def _meets(criteria: Document, values: list[str]) -> bool:
    """Whether the folded values of an attribute meet one criterion."""
    operation, wanted = criteria.get("operation") or "", fold(criteria.get("stringValue") or "")
    if operation in _OPPOSITES:
        return not _meets(criteria | {"operation": _OPPOSITES[operation]}, values)
    if operation in _TEXTS:
        return any(_TEXTS[operation][1](value, wanted) for value in values)
    if operation in _ORDERED:
        return any(_ORDERED[operation][1](*_comparable(value, wanted)) for value in values)
    return False


def _comparable(have: str, want: str) -> tuple[Any, Any]:
    """Both as numbers when both are some."""
    try:
        return float(have), float(want)
    except ValueError:
        return have, want


# --- all identities ------------------------------------------------------------------------------------


def members(tenant: Tenant, session: Session, membership: Document | None) -> Node:
    """The identities of a `membership`, as a query; nobody when there is none."""
    if not membership:
        return ast.Nothing()
    if membership.get("type") == "IDENTITY_LIST":
        return _with_ids(_listed(membership))
    return _selected(tenant, session, membership.get("criteria") or {})


def _with_ids(ids: tuple[str, ...]) -> Node:
    return ast.Folded(field=Field("id", FieldKind.KEYWORD), op="in", values=ids) if ids else ast.Nothing()


def _selected(tenant: Tenant, session: Session, criteria: Document) -> Node:
    operation, children = criteria.get("operation") or "", criteria.get("children") or []
    if operation in ("AND", "OR"):
        parts = [_selected(tenant, session, child) for child in children]
        return (ast.conj(*parts) if operation == "AND" else ast.disj(*parts)) if parts else ast.Nothing()
    key = criteria.get("key") or {}
    name = _property(key)
    if not name:
        return ast.Nothing()
    if key["type"] != "IDENTITY":
        return _with_ids(tuple(_holders(tenant, session, criteria)))
    if operation in _OPPOSITES:
        return ast.negate(_selected(tenant, session, criteria | {"operation": _OPPOSITES[operation]}))
    field, wanted = Field(_ATTRIBUTES + name, FieldKind.TEXT), criteria.get("stringValue") or ""
    if operation in _ORDERED and _is_number(wanted):
        return _numbers(tenant, session, criteria, field)
    # Every text ends with the empty one, but SQL has no such end to cut off.
    operation = operation if wanted or operation != "ENDS_WITH" else "STARTS_WITH"
    known = _TEXTS.get(operation) or _ORDERED.get(operation)
    return ast.Folded(field=field, op=known[0], values=(fold(wanted),)) if known else ast.Nothing()


def _holders(tenant: Tenant, session: Session, criteria: Document) -> Iterator[str]:
    """Ids of the identities that meet a criterion on accounts, each looked at: the index knows no accounts."""
    decode = msgspec.json.Decoder(_Holder).decode
    for _, head in session.rows("objects.mentioning", (tenant.number, int(Kind.IDENTITY), _ACCOUNTS)):
        holder = decode(head + "}")
        if Judge({"accounts": holder.accounts}).fulfils(criteria):
            yield holder.id


def _numbers(tenant: Tenant, session: Session, criteria: Document, field: Field) -> Node:
    """Order with a number: values are stored as texts, so each different one is looked at."""
    values = references.different_values(tenant, session, Kind.IDENTITY, field.path)
    fitting = tuple(value for value in values if _meets(criteria, [fold(str(value))]))
    if len(fitting) > MOST_VALUES:
        raise Invalid(f"the criteria fit more than {MOST_VALUES} different values of {field.path!r}")
    return ast.Exact(field=field, values=fitting) if fitting else ast.Nothing()


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
