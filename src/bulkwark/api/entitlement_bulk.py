"""`POST /entitlements/bulk-update`: one JSON Patch on up to 50 entitlements, all or nothing."""

from __future__ import annotations

from typing import Any

import msgspec

from bulkwark.api import answers, patches, submitting
from bulkwark.api.answers import Answer
from bulkwark.api.calls import Call
from bulkwark.api.entitlements import patched
from bulkwark.bulk import entitlement_patches
from bulkwark.domain import entitlements
from bulkwark.domain.kinds import Kind, plain_id
from bulkwark.errors import Invalid, NotFound
from bulkwark.store.dialect import Session
from bulkwark.store.objects import Stored

MAX_IDS = 50
NOT_FOUND = ("v2026", "v1")  # versions whose document has a 404


class BulkUpdate(msgspec.Struct):
    """Body of the call."""

    entitlementIds: list[str]
    jsonPatch: list[dict[str, Any]]


def bulk_update(call: Call) -> Answer:
    """All of the entitlements are changed, or none. Refusals point to the operation: `/jsonPatch/0/value`."""
    body = call.json(BulkUpdate)
    if not body.entitlementIds:
        raise Invalid("no entitlement is named", where="/entitlementIds")
    if len(body.entitlementIds) > MAX_IDS:
        raise Invalid(f"{len(body.entitlementIds)} entitlements are named", where="/entitlementIds", hint="at most 50")
    if not body.jsonPatch:
        raise Invalid("nothing is to be changed", where="/jsonPatch")
    ids = list(dict.fromkeys(plain_id(id) for id in body.entitlementIds))
    allowed = entitlements.bulk_patchable(call.route.version if call.route.explicit else "")
    try:
        patches.require_valid(body.jsonPatch, allowed)
        entitlements.require_values(body.jsonPatch)
        with call.services.store.write() as session:
            changes = patched(call, session, _all(call, session, ids), body.jsonPatch)
            if not submitting.wants_preview(call):
                entitlement_patches.carry_out(session, call.tenant, changes, call.now)
            return submitting.done(
                call,
                session,
                type=entitlement_patches.TYPE,
                operation=entitlement_patches.NAME,
                spec=body.jsonPatch,
                items=entitlement_patches.items(changes),
                answer=answers.empty(204),
            )
    except Invalid as error:
        if not error.where.startswith("/entitlementIds"):
            error.where = f"/jsonPatch{error.where}" if error.where.startswith("/") else "/jsonPatch"
        raise


def _all(call: Call, session: Session, ids: list[str]) -> list[Stored]:
    """Every entitlement of the ids. Raises NotFound or Invalid, as the version documents, naming up to 20."""
    found = call.tenant.objects.by_ids(session, Kind.ENTITLEMENT, ids)
    unknown = [id for id in ids if id not in found]
    if unknown:
        text, hint = f"there are no entitlements {', '.join(map(repr, unknown[:20]))}", f"{len(unknown)} unknown"
        if call.route.version in NOT_FOUND:
            raise NotFound(text, where="/entitlementIds", hint=hint)
        raise Invalid(text, where="/entitlementIds", hint=hint, code="400.1.404")
    return list(found.values())
