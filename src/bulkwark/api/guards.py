"""The guards of a tenant: limits over which a job waits for a confirmation."""

from __future__ import annotations

from bulkwark.api import answers
from bulkwark.api.answers import Answer
from bulkwark.api.calls import Call
from bulkwark.bulk import guards
from bulkwark.bulk.guards import Guards
from bulkwark.errors import Invalid
from bulkwark.store import settings


def get(call: Call) -> Answer:
    """GET /bulkwark/v1/guards."""
    return answers.ok(guards.of(call.read(), call.tenant.number))


def put(call: Call) -> Answer:
    """PUT /bulkwark/v1/guards: all of them; what is not named has no limit."""
    found = call.strict(Guards)
    for name, value, most in (
        ("maxItems", found.max_items, None),
        ("maxPercent", found.max_percent, 100),
        ("maxFailurePercent", found.max_failure_percent, 100),
    ):
        if value is not None and (value < 0 or (most is not None and value > most)):
            raise Invalid(f"{value:g} is out of range", where=f"/{name}")
    with call.services.store.write() as session:
        known = call.tenant.metadata.catalogue(session).attributes
        for position, protected in enumerate(found.protected):
            attribute = known.get(protected.attribute)
            if attribute is None or (protected.value is not None and protected.value not in attribute.values):
                named = protected.attribute + (f" = {protected.value}" if protected.value is not None else "")
                raise Invalid(f"there is no metadata {named!r}", where=f"/protected/{position}")
        settings.put(session, call.tenant.number, guards.SETTING, found, by=call.actor.identity_id, now=call.now)
    return answers.ok(found)
