"""From an object's document on the wire to the root of its search document, and the targets it links to.

Shapes: the official search documents (RoleDocument, AccessProfileDocument …). Left out here, because they
live elsewhere: `modified` and `synced` (the object's state), nested arrays (links), metadata (its own index).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bulkwark.domain.kinds import Kind

Document = dict[str, Any]


def people(doc: Document) -> list[str]:
    """Ids of the identities whose name or email the search document repeats."""
    refs = (doc.get("owner"), doc.get("managerRef"))
    return [ref["id"] for ref in refs if isinstance(ref, dict) and ref.get("id")]


def face(kind: Kind, doc: Document, emails: Mapping[str, str], *, org: str) -> Document:
    """The root of the search document. `emails` maps ids of identities to their address."""
    found = _FACES[kind](doc, emails)
    found["_type"] = _TYPES[kind]
    found.setdefault("type", _TYPES[kind])  # a source has a `type` of its own
    found.update(_version="v2", pod="bulkwark", org=org)
    return {name: value for name, value in found.items() if value is not None}


def references(kind: Kind, doc: Document) -> dict[str, list[str]]:
    """Nested path → ids of the objects in that array."""
    if kind in (Kind.ROLE, Kind.DIMENSION):
        return {"entitlements": _ids(doc.get("entitlements")), "accessProfiles": _ids(doc.get("accessProfiles"))}
    if kind is Kind.ACCESS_PROFILE:
        return {"entitlements": _ids(doc.get("entitlements"))}
    return {}


def _ids(refs: list[Document] | None) -> list[str]:
    return [ref["id"] for ref in refs or [] if ref.get("id")]


def _owner(doc: Document, emails: Mapping[str, str]) -> Document | None:
    owner = doc.get("owner")
    if not owner:
        return None
    found = {"type": "IDENTITY", "id": owner.get("id"), "name": owner.get("name"), "email": emails.get(owner["id"])}
    return {name: value for name, value in found.items() if value is not None}


def _segments(doc: Document) -> list[Document]:
    return [{"id": s, "name": s} if isinstance(s, str) else s for s in doc.get("segments") or []]


def _additional_owners(doc: Document) -> list[Document]:
    return [{"id": ref["id"]} for ref in doc.get("additionalOwners") or [] if ref.get("id")]


def _comments(doc: Document) -> bool:
    return bool((doc.get("accessRequestConfig") or {}).get("commentsRequired"))


def _access(doc: Document, emails: Mapping[str, str]) -> Document:
    segments = _segments(doc)
    return {
        "id": doc["id"],
        "name": doc["name"],
        "description": doc.get("description"),
        "created": doc.get("created"),
        "enabled": doc.get("enabled", False),
        "requestable": doc.get("requestable", False),
        "requestCommentsRequired": _comments(doc),
        "owner": _owner(doc, emails),
        "entitlementCount": len(doc.get("entitlements") or []),
        "segments": segments,
        "segmentCount": len(segments),
        "tags": doc.get("tags") or [],
    }


def _role(doc: Document, emails: Mapping[str, str]) -> Document:
    return _access(doc, emails) | {
        "accessProfileCount": len(doc.get("accessProfiles") or []),
        "dimensional": bool(doc.get("dimensional")),
        "additionalOwners": _additional_owners(doc),
    }


def _access_profile(doc: Document, emails: Mapping[str, str]) -> Document:
    source = doc.get("source") or {}
    return _access(doc, emails) | {
        "source": {"id": source.get("id", ""), "name": source.get("name", "")},
        "additionalOwners": _additional_owners(doc),
    }


def _entitlement(doc: Document, emails: Mapping[str, str]) -> Document:
    source, segments = doc.get("source") or {}, _segments(doc)
    return {
        "id": doc["id"],
        "name": doc.get("name") or doc.get("value") or doc["id"],
        "displayName": doc.get("displayName") or doc.get("name"),
        "description": doc.get("description"),
        "created": doc.get("created"),
        "source": {"id": source.get("id", ""), "name": source.get("name", ""), "type": source.get("type") or "SOURCE"},
        "owner": _owner(doc, emails),
        "attribute": doc.get("attribute"),
        "value": doc.get("value"),
        "sourceSchemaObjectType": doc.get("sourceSchemaObjectType"),
        "schema": doc.get("sourceSchemaObjectType"),
        "privileged": bool(doc.get("privileged")),
        "requestable": bool(doc.get("requestable")),
        "cloudGoverned": bool(doc.get("cloudGoverned")),
        "containsDataAccess": False,
        "attributes": doc.get("attributes") or {},
        "segments": segments,
        "segmentCount": len(segments),
        "tags": doc.get("tags") or [],
        "additionalOwners": _additional_owners(doc),
        "privilegeLevel": doc.get("privilegeLevel"),
    }


def _identity(doc: Document, emails: Mapping[str, str]) -> Document:
    attributes = doc.get("attributes") or {}
    manager = doc.get("managerRef")
    status = doc.get("identityStatus")
    return {
        "id": doc["id"],
        "name": doc.get("alias") or doc["name"],
        "displayName": doc["name"],
        "firstName": attributes.get("firstname"),
        "lastName": attributes.get("lastname"),
        "email": doc.get("emailAddress"),
        "phone": attributes.get("phone"),
        "employeeNumber": attributes.get("employeeNumber"),
        "alias": doc.get("alias"),
        "created": doc.get("created"),
        "inactive": attributes.get("cloudLifecycleState") not in (None, "active"),
        "protected": bool(doc.get("protected")),
        "correlated": bool(doc.get("correlated", True)),
        "disabled": status == "DISABLED",
        "locked": status == "LOCKED",
        "status": status,
        "processingState": doc.get("processingState"),
        "isManager": bool(doc.get("isManager")),
        "manager": manager
        and {"id": manager.get("id"), "name": manager.get("name"), "displayName": manager.get("name")},
        "attributes": attributes,
        "tags": doc.get("tags") or [],
        "source": source if isinstance(source := doc.get("source"), dict) else None,
        **_held(doc),
    }


_COUNTED = {"ROLE": "roleCount", "ACCESS_PROFILE": "accessProfileCount", "ENTITLEMENT": "entitlementCount"}


def _held(doc: Document) -> Document:
    """The accounts, apps and access of an identity, where its document lists them, and how many there are."""
    found: Document = {}
    for name, count in (("accounts", "accountCount"), ("apps", "appCount"), ("access", "accessCount")):
        if isinstance(held := doc.get(name), list):
            found[name] = [one for one in held if isinstance(one, dict) and one]
            found[count] = len(found[name])
    if "access" in found:
        types = [one.get("type") for one in found["access"]]
        found.update({count: types.count(type) for type, count in _COUNTED.items()})
    return found


def _event(doc: Document, emails: Mapping[str, str]) -> Document:
    return dict(doc)


def _source(doc: Document, emails: Mapping[str, str]) -> Document:
    names = ("description", "created", "type", "connector", "connectorName", "connectionType", "features", "status")
    found: Document = {name: doc.get(name) for name in ("id", "name", *names, "category", "healthy")}
    found["authoritative"] = bool(doc.get("authoritative"))
    for name in ("owner", "managementWorkgroup", "accountCorrelationConfig", "managerCorrelationRule"):
        reference = doc.get(name) or {}
        found[name] = {member: value for member, value in reference.items() if value is not None} or None
    return found


def _dimension(doc: Document, emails: Mapping[str, str]) -> Document:
    owner = doc.get("owner") or {}
    return {
        "id": doc["id"],
        "name": doc["name"],
        "created": doc.get("created"),
        "owner": {"id": owner.get("id", "")},
        "parentId": doc.get("parentId"),
    }


_FACES: dict[Kind, Callable[[Document, Mapping[str, str]], Document]] = {
    Kind.ROLE: _role,
    Kind.ACCESS_PROFILE: _access_profile,
    Kind.ENTITLEMENT: _entitlement,
    Kind.IDENTITY: _identity,
    Kind.SOURCE: _source,
    Kind.DIMENSION: _dimension,
    Kind.EVENT: _event,
}
_TYPES = {
    Kind.ROLE: "role",
    Kind.ACCESS_PROFILE: "accessprofile",
    Kind.ENTITLEMENT: "entitlement",
    Kind.IDENTITY: "identity",
    Kind.SOURCE: "source",
    Kind.DIMENSION: "dimension",
    Kind.EVENT: "event",
}
