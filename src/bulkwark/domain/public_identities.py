"""Public identities: what any user may see of any other."""

from __future__ import annotations

from bulkwark.domain.documents import Document

# Which attributes are public, and what they are called. The official list is a tenant's own choice of five.
ATTRIBUTES = {
    "country": "Country",
    "department": "Department",
    "jobTitle": "Job Title",
    "location": "Location",
    "phone": "Phone",
}
_LONG = frozenset({"terminated", "inactivelongterm", "inactive_long_term", "archived"})


def document(identity: Document) -> Document:
    """The public identity of an identity, in the official shape."""
    attributes = identity.get("attributes") or {}
    state = (identity.get("lifecycleState") or {}).get("stateName") or attributes.get("cloudLifecycleState")
    manager = identity.get("managerRef")
    return {
        "id": identity["id"],
        "name": identity["name"],
        "alias": identity.get("alias") or identity["name"],
        "email": identity.get("emailAddress"),
        "status": _status(state),
        "identityState": _state(state),
        "manager": manager and {"type": "IDENTITY", "id": manager["id"], "name": manager.get("name") or ""},
        "attributes": [
            {"key": key, "name": name, "value": str(attributes[key])}
            for key, name in ATTRIBUTES.items()
            if attributes.get(key) is not None
        ],
    }


def _status(state: str | None) -> str | None:
    """`Active` for `active`, as in the official example."""
    return state[:1].upper() + state[1:] if state else None


def _state(state: str | None) -> str | None:
    """The `identityState` that a lifecycle state stands for."""
    if not state:
        return None
    if state.lower() == "active":
        return "ACTIVE"
    return "INACTIVE_LONG_TERM" if state.lower() in _LONG else "INACTIVE_SHORT_TERM"
