"""The kinds of governed objects, and how their numbers are built.

A `rid` is the number of an object in the store: tenant (15 bits) | kind (5 bits) | number (29 bits).
"""

from __future__ import annotations

from enum import IntEnum
from uuid import uuid4

from bulkwark.errors import Invalid

KIND_BITS, NUMBER_BITS = 5, 29


class Kind(IntEnum):
    """What an object is. The numbers are stored: never change one."""

    ROLE = 1
    ACCESS_PROFILE = 2
    ENTITLEMENT = 3
    IDENTITY = 4
    SOURCE = 5
    DIMENSION = 6
    EVENT = 7
    # What stands in the nested arrays of an identity. These are no objects: they come and go with their identity.
    ACCOUNT = 8
    ACCESS = 9
    APP = 10

    @property
    def noun(self) -> str:
        """For people: `access profile`."""
        return self.name.lower().replace("_", " ")


OBJECTS = tuple(kind for kind in Kind if kind <= Kind.EVENT)


def first_rid(tenant: int, kind: Kind) -> int:
    """The smallest rid of a kind; its objects have the numbers above it."""
    return (tenant << KIND_BITS | kind) << NUMBER_BITS


def last_rid(tenant: int, kind: Kind) -> int:
    """The largest rid a kind can have."""
    return first_rid(tenant, kind) | (1 << NUMBER_BITS) - 1


def kind_of(rid: int) -> Kind:
    """The kind of the object with that rid."""
    return Kind(rid >> NUMBER_BITS & (1 << KIND_BITS) - 1)


def new_id() -> str:
    """A fresh id: 32 lower-case hex."""
    return uuid4().hex


def ordered_id(moment: int) -> str:
    """The same, as UUID version 7 (RFC 9562): a moment in ms, then 74 random bits.

    For many objects at once: they lie together in every index of ids, which so changes in few places.
    """
    more = uuid4().int
    number = moment << 80 | 7 << 76 | (more >> 64 & 0xFFF) << 64 | 2 << 62 | more & (1 << 62) - 1
    return f"{number:032x}"


def plain_id(text: str) -> str:
    """An id as stored: hyphens of a UUID and upper case are accepted on input (decisions §7)."""
    if len(text) == 36 and text.count("-") == 4:
        text = text.replace("-", "")
    return text.lower()


def uuid_id(text: str) -> str:
    """The id of a job as stored, with hyphens; both forms are accepted on input."""
    plain = plain_id(text)
    return f"{plain[:8]}-{plain[8:12]}-{plain[12:16]}-{plain[16:20]}-{plain[20:]}" if len(plain) == 32 else text


def require_number(number: int, kind: Kind) -> int:
    """The number, or Invalid when a tenant has used up the 2^29 numbers of a kind."""
    if number >= 1 << NUMBER_BITS:
        raise Invalid(f"no more {kind.noun}s can be created: all {1 << NUMBER_BITS} numbers are used")
    return number
