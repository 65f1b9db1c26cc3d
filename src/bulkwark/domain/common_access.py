"""Common access: roles and access profiles that most people hold, confirmed or denied by a reviewer."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from bulkwark.domain.documents import Document
from bulkwark.domain.kinds import KIND_BITS, NUMBER_BITS, Kind

SPACE = (1 << KIND_BITS) - 1  # where a rid has its kind; no kind has this number
TYPES = {"ROLE": Kind.ROLE, "ACCESS_PROFILE": Kind.ACCESS_PROFILE}
UNSET = "UNSET"  # commonAccessType: the documents know no other value


class Status(StrEnum):
    CONFIRMED = "CONFIRMED"
    DENIED = "DENIED"


def first_item(tenant: int) -> int:
    """The items of a tenant have the numbers above this one; they never meet a rid."""
    return (tenant << KIND_BITS | SPACE) << NUMBER_BITS


def shown_access(kind: Kind, document: Document) -> dict[str, Any]:
    """What an item shows of its role or access profile; without an owner when there is none: he is not nullable."""
    found = {
        "id": document["id"],
        "type": kind.name,
        "name": document["name"],
        "description": document.get("description"),
    }
    owner = document.get("owner")
    if owner:
        found |= {"ownerName": owner.get("name") or "", "ownerId": owner["id"]}
    return found
