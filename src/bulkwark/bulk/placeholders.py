"""Stand-ins for objects that loaded documents point at and nobody has loaded (yet).

They have the id and the name of the reference, so that a search by name finds what points at them; the real
document takes their place when it is loaded.
"""

from __future__ import annotations

from bulkwark.domain import entitlements
from bulkwark.domain.documents import Document
from bulkwark.domain.kinds import Kind


def placeholder(kind: Kind, id: str, name: str, created: str) -> Document:
    """A document of which only id and name are known, in the shape of the kind's GET answer."""
    document: Document = {"id": id, "name": name, "created": created}
    return document | _REST[kind](name)


def _identity(name: str) -> Document:
    return {
        "alias": name,
        "emailAddress": None,
        "processingState": None,
        "identityStatus": "UNREGISTERED",
        "managerRef": None,
        "isManager": False,
        "attributes": {"displayName": name},
        "lifecycleState": None,
    }


def _source(name: str) -> Document:
    return {"owner": None, "connector": "unknown", "authoritative": False}


def _entitlement(name: str) -> Document:
    return entitlements.complete({"value": name})


def _access_profile(name: str) -> Document:
    return {
        "description": None,
        "enabled": False,
        "owner": None,
        "source": {},
        "entitlements": [],
        "requestable": False,
        "accessRequestConfig": None,
        "revocationRequestConfig": None,
        "segments": None,
        "provisioningCriteria": None,
        "additionalOwners": None,
        "tags": [],
    }


_REST = {
    Kind.IDENTITY: _identity,
    Kind.SOURCE: _source,
    Kind.ENTITLEMENT: _entitlement,
    Kind.ACCESS_PROFILE: _access_profile,
}
