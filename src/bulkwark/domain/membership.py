"""Whether an identity fulfils the membership of a role.

Source: the official role schema (`membership`): a list of identities, or criteria on identity attributes, on
accounts and on what accounts hold. Accounts are those that the identity's document lists.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bulkwark.domain.documents import Document
from bulkwark.domain.kinds import plain_id

_Compare = Callable[[Any, Any], bool]
_ORDERED: Mapping[str, _Compare] = {
    "GREATER_THAN": lambda have, want: have > want,
    "LESS_THAN": lambda have, want: have < want,
    "GREATER_THAN_EQUALS": lambda have, want: have >= want,
    "LESS_THAN_EQUALS": lambda have, want: have <= want,
}
_TEXTS: Mapping[str, _Compare] = {
    "EQUALS": lambda have, want: have == want,
    "CONTAINS": lambda have, want: want in have,
    "STARTS_WITH": lambda have, want: have.startswith(want),
    "ENDS_WITH": lambda have, want: have.endswith(want),
}
_OPPOSITES = {"NOT_EQUALS": "EQUALS", "DOES_NOT_CONTAIN": "CONTAINS"}


def is_member(membership: Document | None, identity: Document) -> bool:
    """Whether the membership gives the role to the identity. Texts compare without regard to case."""
    if not membership:
        return False
    if membership.get("type") == "IDENTITY_LIST":
        listed = membership.get("identities") or []
        return any(plain_id(one.get("id") or "") == identity["id"] for one in listed)
    criteria: Document | None = membership.get("criteria")
    return criteria is not None and _fulfils(criteria, identity)


def _fulfils(criteria: Document, identity: Document) -> bool:
    operation = criteria.get("operation") or ""
    children = criteria.get("children") or []
    if operation in ("AND", "OR"):
        found = (_fulfils(child, identity) for child in children)
        return bool(children) and (all(found) if operation == "AND" else any(found))
    values = [str(value).casefold() for value in _values(criteria.get("key") or {}, identity) if value is not None]
    wanted = (criteria.get("stringValue") or "").casefold()
    if operation in _OPPOSITES:
        return not any(_TEXTS[_OPPOSITES[operation]](value, wanted) for value in values)
    if operation in _TEXTS:
        return any(_TEXTS[operation](value, wanted) for value in values)
    compare = _ORDERED.get(operation)
    return compare is not None and any(compare(*_comparable(value, wanted)) for value in values)


def _comparable(have: str, want: str) -> tuple[Any, Any]:
    """Both as numbers when both are some."""
    try:
        return float(have), float(want)
    except ValueError:
        return have, want


def _values(key: Document, identity: Document) -> Iterator[Any]:
    name = (key.get("property") or "").removeprefix("attribute.")
    if key.get("type") == "IDENTITY":
        yield (identity.get("attributes") or {}).get(name, identity.get(name))
        return
    member = "attributes" if key.get("type") == "ACCOUNT" else "entitlementAttributes"
    for account in identity.get("accounts") or []:
        if not key.get("sourceId") or (account.get("source") or {}).get("id") == key["sourceId"]:
            found = (account.get(member) or {}).get(name)
            yield from found if isinstance(found, list) else [found]
