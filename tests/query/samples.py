"""The small index and the documents that the tables of this room speak about."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bulkwark.errors import QueryError
from bulkwark.query.fields import Schema, schema

CASES = Path(__file__).parent / "cases"
NOW = datetime(2024, 5, 27, 15, 4, 5, 678_000, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)

# Roles and identities in one index, so that every example of the dossier has its field.
SAMPLE: Schema = schema(
    "samples",
    """
    keyword id owner.id access.id accounts.id apps.id
    text name displayName description status type action sources tags email
    text owner.name owner.email manager.name source.name
    text access.name access.type access.source.name accounts.name accounts.source.name
    text entitlements.name accessProfiles.name apps.name
    text dimensions.name dimensions.entitlements.name
    date created modified access.created
    bool enabled requestable entitlements.privileged accounts.disabled dimensions.entitlements.privileged
    number accessProfileCount accessCount
    """,
    nested=["access", "accounts", "entitlements", "accessProfiles", "apps", "dimensions", "dimensions.entitlements"],
    open_maps=["attributes", "accounts.accountAttributes"],
)


def fault(attempt: Callable[[], object]) -> QueryError | None:
    """The `QueryError` that it raises, or None; every other exception goes through."""
    try:
        attempt()
    except QueryError as error:
        return error
    return None


def read(name: str) -> list[tuple[int, str, str, str]]:
    """The table of that file: line number, left side, `=>` or `!!`, right side; `#` begins a remark."""
    rows: list[tuple[int, str, str, str]] = []
    for number, line in enumerate((CASES / name).read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("# "):
            continue
        for sign in (" => ", " !! "):
            left, found, right = line.partition(sign)
            if found:
                rows.append((number, left, sign.strip(), right.strip()))
                break
        else:
            raise ValueError(f"{name}, line {number}: neither => nor !!")
    return rows


DOCUMENTS: dict[str, dict[str, Any]] = {
    "sales": {
        "id": "2C9180835D2E5168015D32F890CA1581",
        "name": "Sales Global",
        "description": "For the sales company of London",
        "enabled": True,
        "requestable": True,
        "created": "2024-01-01T00:00:00.000Z",
        "modified": "2024-05-27T15:00:00.000Z",
        "accessProfileCount": 5,
        "tags": ["TAG_1", "TAG_2"],
        "owner": {"id": "a1", "name": "Amanda Ross", "email": "admin@sailpointdemo.com"},
        "source": {"name": "Finance"},
        "accessProfiles": [{"name": "SalesCommonAccess"}],
        "entitlements": [{"name": "e1", "privileged": True}],
    },
    "global": {
        "id": "b009b6e3-b56d-41d9-8735-cb532ea0b017",
        "name": "global",
        "description": "",
        "enabled": False,
        "requestable": False,
        "created": "2024-01-31T18:30:00.000Z",
        "accessProfileCount": 0,
        "tags": ["tag_1"],
        "owner": {"id": "A1", "name": "Jo Wood", "email": "root@sailpointdemo.com"},
        "source": {"name": "Finance Department"},
        "entitlements": [{"name": "e2", "privileged": False}],
    },
    "paulo": {
        "id": "p3",
        "name": "foo-bar Sao manager",
        "description": None,
        "tags": [],
        "created": "2017-09-25T23:59:59.999Z",
        "modified": "2018-06-25T20:22:28.104Z",
        "accessProfileCount": 6,
        "type": "PROVISIONING",
        "sources": "Active Directory, Workday",
        "attributes": {"city": "Paulo", "location": "Austin", "cloudLifecycleState": "active"},
        "manager": {"name": "amanda.ross"},
        "access": [
            {"id": "x1", "type": "ROLE", "name": "Manager of A", "source": {"name": "IdentityNow"}},
            {"id": "x2", "type": "ENTITLEMENT", "name": "Reader", "source": {"name": "Active Directory"}},
        ],
        "accounts": [{"id": "c1", "source": {"name": "Active Directory"}, "disabled": False}],
        "apps": [{"id": "g1", "name": "Mail"}],
    },
    "austin": {
        "id": "A",
        "name": "John DOMAIN\\user it",
        "displayName": "a quoted word: (1+1)=2",
        "created": "2024-05-27T14:00:00.000Z",
        "modified": "2018-06-25T20:22:28.105Z",
        "type": "Provisioning",
        "status": "inactive",
        "attributes": {"city": "Austin", "location": "austin", "cloudLifecycleState": "inactive"},
        "manager": {"name": "Bob"},
        "access": [
            {"id": "x1", "type": "ROLE", "name": "Other", "source": {"name": "identitynow"}},
            {"id": "x3", "type": "ENTITLEMENT", "name": "A Manager"},
        ],
        "accounts": [
            {"id": "c2", "source": {"name": "Active Directory"}, "disabled": True},
            {"id": "c3", "source": {"name": "Workday"}, "disabled": False},
        ],
    },
    "event": {
        "id": "B",
        "name": "USER_UNLOCK_PASSED",
        "created": "2024-05-26T00:00:00.000Z",
        "action": "USER_UNLOCK_PASSED",
        "attributes": {"note": "in London", "level": 7, "hired": "2024-02-10"},
        "accessProfileCount": None,
        "dimensions": [{"name": "d", "entitlements": [{"name": "deep", "privileged": True}]}],
    },
}
