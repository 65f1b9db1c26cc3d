"""Non-employees: what a record is, when it begins and ends, and the identity that it makes.

Shapes: the official NonEmployeeRecord, NonEmployeeSchemaAttribute and IdentityDocument. Moments are ms since 1970 UTC.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum

import msgspec
from msgspec import Struct

from bulkwark.domain.documents import Document
from bulkwark.domain.kinds import uuid_id
from bulkwark.domain.times import iso_ms
from bulkwark.errors import Invalid

DAY = 86_400_000  # ms


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of what; ISC's documented limits are the defaults."""

    custom_attributes: int = 10  # of a source's schema
    approvers: int = 3  # of a source
    account_managers: int = 10  # of a source
    comment: int = 4_000  # characters of an approver's comment
    value: int = 450  # characters of one value: the longest value an identity attribute may have
    bulk_delete: int = 1_000  # ids of one call, which is one transaction
    rows: int = 1_000_000  # of an uploaded file
    expiring_days: int = 30  # how long before its end a record expires soon

    @property
    def warning(self) -> int:
        """How long before its end a record expires soon, ms."""
        return self.expiring_days * DAY


DEFAULTS = Limits()


def limits(text: str) -> Limits:
    """The limits with those changed that a setting names.

    >>> limits("custom_attributes=20,expiring_days=14").expiring_days
    14

    Raises Invalid for a name that is none, and for a value that is no whole number above 0.
    """
    names = [one.name for one in fields(Limits)]
    found: dict[str, int] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, value = (word.strip() for word in part.partition("="))
        if name not in names or name in found:
            raise Invalid(f"{part!r} names no limit of non-employees once", hint=f"names: {', '.join(names)}")
        if not (value.isascii() and value.isdigit() and 0 < int(value) <= 1_000_000_000):
            raise Invalid(f"{part!r} is no limit", hint=f"as in {name}={getattr(DEFAULTS, name)}")
        found[name] = int(value)
    return Limits(**found)


class Phase(IntEnum):
    """Where a record is in its life. The numbers are stored: never change one."""

    UPCOMING = 0
    ACTIVE = 1
    EXPIRING = 2  # active, and its end has been announced
    EXPIRED = 3

    @property
    def state(self) -> str:
        """The `cloudLifecycleState` of the identity."""
        return "active" if self is Phase.EXPIRING else self.name.lower()


def phase_at(starts: int, ends: int, now: int, warning: int) -> tuple[Phase, int | None]:
    """The phase at a moment, and when the next one begins. `warning`: how long before its end a record expires soon."""
    if now >= ends:
        return Phase.EXPIRED, None
    if now < starts:
        return Phase.UPCOMING, starts
    if now < ends - warning:
        return Phase.ACTIVE, ends - warning
    return Phase.EXPIRING, ends


# --- the schema ------------------------------------------------------------------------------------------

TEXT, DATE, IDENTITY = "TEXT", "DATE", "IDENTITY"


class Attribute(Struct, frozen=True):
    """A column of a source's records."""

    number: int  # its place in the schema
    id: str  # UUID
    system: bool
    type: str  # TEXT, DATE or IDENTITY
    name: str  # the technical name: the heading of its column
    label: str
    help: str = ""
    hint: str = ""  # shown in the empty field
    required: bool = False
    created: int = 0
    modified: int = 0

    def document(self) -> Document:
        """NonEmployeeSchemaAttribute."""
        return {
            "id": self.id,
            "system": self.system,
            "modified": iso_ms(self.modified),
            "created": iso_ms(self.created),
            "type": self.type,
            "label": self.label,
            "technicalName": self.name,
            "helpText": self.help,
            "placeholder": self.hint,
            "required": self.required,
        }


# What every source has, in the order of the official template.
SYSTEM: tuple[tuple[str, str, str, str], ...] = (
    ("accountName", TEXT, "Account Name", "The unique identifier of the account in this source."),
    ("firstName", TEXT, "First Name", ""),
    ("lastName", TEXT, "Last Name", ""),
    ("phone", TEXT, "Phone", ""),
    ("email", TEXT, "Email", ""),
    ("manager", IDENTITY, "Manager", "The account name of an identity."),
    ("startDate", DATE, "Start Date", "As in 2020-04-05T08:00:00-10:00."),
    ("endDate", DATE, "End Date", "As in 2020-04-05T08:00:00-10:00."),
)
SYSTEM_NAMES = tuple(name for name, *_ in SYSTEM)


# --- records ---------------------------------------------------------------------------------------------


class Person(Struct, frozen=True):
    """The identity that a record's `manager` names."""

    id: str
    alias: str
    name: str


class Cells(Struct, frozen=True, gc=False):
    """The values of one record, checked. `data` as `canonical` makes it."""

    account: str
    first: str
    last: str
    email: str
    phone: str
    manager: str
    starts: int
    ends: int
    data: str = "{}"

    def having(self, **other: str | int) -> Cells:
        """The same with other values."""
        return msgspec.structs.replace(self, **other)


class Record(Struct, frozen=True, gc=False):
    """A record as the store holds it."""

    rid: int  # of its identity
    source: int
    cells: Cells
    phase: Phase
    due: int | None
    created: int
    modified: int


def canonical(data: dict[str, str]) -> str:
    """Custom attributes as they are stored: equal values are equal texts. Blank ones are left out."""
    return msgspec.json.encode({name: data[name] for name in sorted(data) if data[name]}).decode()


def data_of(text: str) -> dict[str, str]:
    found: dict[str, str] = msgspec.json.decode(text)
    return found


def cells_document(cells: Cells, custom: tuple[str, ...]) -> Document:
    """The members that requests and records have in common; of the custom attributes those of the schema."""
    data = data_of(cells.data)
    return {
        "accountName": cells.account,
        "firstName": cells.first,
        "lastName": cells.last,
        "email": cells.email,
        "phone": cells.phone,
        "manager": cells.manager,
        "data": {name: data[name] for name in custom if name in data},
        "startDate": iso_ms(cells.starts),
        "endDate": iso_ms(cells.ends),
    }


def record_document(record: Record, id: str, source: str, custom: tuple[str, ...]) -> Document:
    """NonEmployeeRecord. `id`: of its identity; `source`: id of the SOURCE object."""
    return {
        "id": uuid_id(id),
        "sourceId": source,
        **cells_document(record.cells, custom),
        "modified": iso_ms(record.modified),
        "created": iso_ms(record.created),
    }


def identity(id: str, cells: Cells, manager: Person | None, source: Document, phase: Phase, created: str) -> Document:
    """The identity of a record, as GET shows it, with its account. `source`: id and name of the SOURCE object."""
    name = f"{cells.first} {cells.last}"
    state = phase.state
    return {
        "id": id,
        "name": name,
        "created": created,
        "alias": cells.account,
        "emailAddress": cells.email,
        "processingState": None,
        "identityStatus": "UNREGISTERED",
        "managerRef": manager and {"type": "IDENTITY", "id": manager.id, "name": manager.name},
        "isManager": False,
        "attributes": {
            **data_of(cells.data),  # first: none of them takes the place of the house's own
            "firstname": cells.first,
            "lastname": cells.last,
            "displayName": name,
            "email": cells.email,
            "phone": cells.phone,
            "cloudLifecycleState": state,
        },
        "lifecycleState": {"stateName": state, "manuallyUpdated": False},
        "source": {"id": source["id"], "name": source["name"]},
        "accounts": [account(id, cells.account, source, created, disabled=state != "active")],
    }


def account(id: str, name: str, source: Document, created: str, *, disabled: bool) -> Document:
    """BaseAccount: the account of a record on its source. It has the record's id, as there is one for each."""
    return {
        "id": id,
        "name": name,
        "accountId": name,
        "source": {"id": source["id"], "name": source["name"], "type": "DelimitedFile"},
        "disabled": disabled,
        "locked": False,
        "privileged": False,
        "manuallyCorrelated": False,
        "entitlementAttributes": {},
        "created": created,
    }


def without_account(identity: Document) -> Document:
    """The identity that stays when its record is deleted: others still refer to it."""
    found = {name: value for name, value in identity.items() if name not in ("source", "accounts")}
    return found | {
        "attributes": identity["attributes"] | {"cloudLifecycleState": "inactive"},
        "lifecycleState": {"stateName": "inactive", "manuallyUpdated": False},
    }
