"""What a role holds and whom it names: its entitlements, its assigned identities."""

from __future__ import annotations

import msgspec

from bulkwark.api import collections
from bulkwark.api.answers import Answer
from bulkwark.api.calls import Call
from bulkwark.api.role_rights import need_role
from bulkwark.domain import access_profiles
from bulkwark.domain.kinds import Kind
from bulkwark.query import ast
from bulkwark.store import memberships
from bulkwark.store.metadata import Wire
from bulkwark.store.objects import Stored

ENTITLEMENTS_MOST, IDENTITIES_MOST = 50, 250
_ID, _TEXT = frozenset({"eq", "in"}), frozenset({"eq", "in", "sw", "co"})
FILTERS = {"id": _ID, "aliasName": _TEXT, "email": _TEXT, "name": _TEXT}
SORTERS = ("id", "name", "aliasName", "email")
PATHS = {"name": "displayName", "aliasName": "alias"}  # names on the wire → fields of the index


def entitlements(call: Call) -> Answer:
    """GET /roles/{id}/entitlements: those that the role holds itself, not those of its access profiles."""
    held = need_role(call, call.read(), call.params["id"]).document().get("entitlements")
    filters, sorters = access_profiles.ENTITLEMENT_FILTERS, access_profiles.ENTITLEMENT_SORTERS
    return collections.held(call, Kind.ENTITLEMENT, held, filters, sorters, most=ENTITLEMENTS_MOST)


def assigned_identities(call: Call) -> Answer:
    """GET /roles/{id}/assigned-identities: whom the membership of an enabled role names."""
    text = call.query.get("filters")
    root = collections.parse_filter(call, Kind.IDENTITY, FILTERS, text, "query parameter filters", PATHS)
    order = collections.sorters(call.query.get("sorters"), SORTERS, PATHS)
    session = call.read()
    role = need_role(call, session, call.params["id"]).document()
    membership = role.get("membership") if role.get("enabled") else None
    root = ast.conj(root, memberships.members(call.tenant, session, membership))
    most = IDENTITIES_MOST
    return collections.page(call, Kind.IDENTITY, root, order, default=most, most=most, render=_member)


def _member(stored: Stored, wire: Wire) -> str:
    document = stored.document()
    email = {"email": document["emailAddress"]} if document.get("emailAddress") else {}
    found = {"id": document["id"], "aliasName": document.get("alias") or "", "name": document["name"]}
    return msgspec.json.encode(found | email | {"roleAssignmentSource": "ROLE_MEMBERSHIP"}).decode()
