"""A synthetic company of any size: seeded, streamed, in the shape of ISC's GET answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from bulkwark.domain.synthetic_access import Landscape
from bulkwark.domain.synthetic_departments import DEPARTMENTS
from bulkwark.domain.synthetic_dice import Clock, Dice
from bulkwark.domain.synthetic_metadata import (
    CATALOGUE,
    catalogue_documents,
    entitlement_assignments,
    role_assignments,
)
from bulkwark.domain.synthetic_people import People
from bulkwark.domain.synthetic_roles import Roles
from bulkwark.domain.synthetic_systems import SYSTEMS

_LAST_DAY = datetime(2025, 1, 1, tzinfo=UTC)


def sizes(roles: int) -> dict[str, int]:
    """How many documents of each kind `company(roles)` yields, in the order of the kinds.

    >>> sizes(20_000)["entitlement"]
    12000
    """
    if roles < 0:
        raise ValueError(f"a company cannot have {roles} roles")
    return {
        "metadata-attribute": len(CATALOGUE),
        "identity": min(50_000, max(50, roles // 20)),
        "source": min(len(SYSTEMS), 8 + roles // 1000),
        "entitlement": min(200_000, max(200, roles * 6 // 10)),
        "access-profile": min(100_000, max(60, roles * 3 // 10)),
        "role": roles,
    }


def company(roles: int, *, seed: int = 1, now: datetime | None = None) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield (kind, document), what is referred to before what refers to it.

    Kinds, in this order: metadata-attribute, identity, source, entitlement, access-profile, role. A document has
    the members of ISC's GET answer; entitlements, access profiles and roles also have `tags` (list of strings).
    Documents share nothing mutable with each other. The same (roles, seed, now) yields the same documents.

    `now` is the latest moment in any document, UTC if naive; without it a fixed day of the past, for the domain has
    no clock of its own: whoever wants fresh timestamps passes the time.
    """
    return _stream(sizes(roles), seed, Clock(now or _LAST_DAY))


def _stream(counts: dict[str, int], seed: int, clock: Clock) -> Iterator[tuple[str, dict[str, object]]]:
    def dice(stream: str) -> Dice:
        return Dice(seed, stream, clock)

    people = People(counts["identity"], dice("identity"))
    landscape = Landscape(counts["source"], people)
    catalogue_dice = dice("metadata-attribute")
    on_entitlements = entitlement_assignments(catalogue_dice)
    on_roles = [role_assignments(catalogue_dice) for _ in DEPARTMENTS]
    roles = Roles(landscape, people, on_roles, dice("role"))

    kinds: dict[str, Iterator[dict[str, object]]] = {
        "metadata-attribute": catalogue_documents(),
        "identity": people.documents(),
        "source": landscape.source_documents(dice("source")),
        "entitlement": landscape.entitlement_documents(counts["entitlement"], dice("entitlement"), on_entitlements),
        "access-profile": landscape.profile_documents(counts["access-profile"], dice("access-profile"), on_roles),
        "role": roles.documents(counts["role"]),
    }
    for kind, documents in kinds.items():
        for document in documents:
            yield kind, document
