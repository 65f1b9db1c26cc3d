"""Entitlements by who has them: an account, an identity."""

from __future__ import annotations

import msgspec

from bulkwark.api import collections
from bulkwark.api.answers import Answer
from bulkwark.api.calls import Call
from bulkwark.api.entitlement_rights import visible
from bulkwark.api.entitlements import page, with_ids
from bulkwark.domain.kinds import Kind, plain_id
from bulkwark.errors import NotFound
from bulkwark.store import assignments
from bulkwark.store.metadata import Wire
from bulkwark.store.objects import Stored

MOST = 250


def by_account(call: Call) -> Answer:
    """GET /entitlements/account/{accountId}/entitlements."""
    id = call.params["accountId"]
    held = assignments.of_account(call.read(), call.tenant, plain_id(id))
    if held is None:
        raise NotFound(f"there is no account {id}")
    return page(call, with_ids(call, held))


def by_identity(call: Call) -> Answer:
    """GET /entitlements/identities/{id}/entitlements: references and tags, in order of their ids."""
    session = call.read()
    id = call.params["id"]
    identity = call.tenant.objects.get(session, Kind.IDENTITY, plain_id(id))
    if identity is None:
        raise NotFound(f"there is no identity {id}")
    held = assignments.of_identity(session, call.tenant, identity.document())
    root = visible(call, session, with_ids(call, held))
    return collections.page(call, Kind.ENTITLEMENT, root, (), default=MOST, most=MOST, render=_reference)


def _reference(stored: Stored, wire: Wire) -> str:
    document = stored.document()
    reference = {"type": "ENTITLEMENT", "id": document["id"], "name": document.get("name")}
    return msgspec.json.encode({"objectRef": reference, "tags": document.get("tags") or []}).decode()
