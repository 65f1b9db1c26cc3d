"""Sources: the systems that entitlements come from. What may be asked of them, and their rules.

Shapes: the official Source. Only the members that every version calls nullable are ever null; the others are left out
when there is nothing to say. SDKs send explicit nulls for all of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Literal

import msgspec
from msgspec import Struct

from bulkwark.domain.documents import Document
from bulkwark.domain.kinds import plain_id
from bulkwark.domain.role_parts import Reference
from bulkwark.errors import Invalid

_WORDS = frozenset({"eq", "ne", "in", "sw", "co", "gt", "ge", "lt", "le", "isnull", "pr"})
_MOMENTS = frozenset({"eq", "ne", "in", "sw", "gt", "ge", "lt", "le", "isnull", "pr"})
_FLAGS = frozenset({"eq", "ne", "isnull", "pr"})
# The union of the official lists, and every comparison of strings wherever one is named.
FILTERS: Mapping[str, frozenset[str]] = {
    "id": _WORDS,
    "name": _WORDS,
    "type": _WORDS,
    "owner.id": _WORDS,
    "features": _WORDS | {"ca"},
    "created": _MOMENTS,
    "modified": _MOMENTS,
    "managementWorkgroup.id": _WORDS,
    "description": _WORDS,
    "authoritative": _FLAGS,
    "healthy": _FLAGS,
    "status": _WORDS,
    "connectionType": _WORDS,
    "connectorName": _WORDS,
    "category": _WORDS,
}
DATES = ("created", "modified")
SORTERS = (
    "type",
    "created",
    "modified",
    "name",
    "owner.name",
    "healthy",
    "status",
    "id",
    "description",
    "owner.id",
    "accountCorrelationConfig.id",
    "accountCorrelationConfig.name",
    "managerCorrelationRule.type",
    "managerCorrelationRule.id",
    "managerCorrelationRule.name",
    "authoritative",
    "managementWorkgroup.id",
    "connectorName",
    "connectionType",
)
IMMUTABLE = ("id", "type", "authoritative", "created", "modified", "connector", "connectorClass", "passwordPolicies")

Feature = Literal[
    "AUTHENTICATE",
    "COMPOSITE",
    "DIRECT_PERMISSIONS",
    "DISCOVER_SCHEMA",
    "ENABLE",
    "MANAGER_LOOKUP",
    "NO_RANDOM_ACCESS",
    "PROXY",
    "SEARCH",
    "TEMPLATE",
    "UNLOCK",
    "UNSTRUCTURED_TARGETS",
    "SHAREPOINT_TARGET",
    "PROVISIONING",
    "GROUP_PROVISIONING",
    "SYNC_PROVISIONING",
    "PASSWORD",
    "CURRENT_PASSWORD",
    "ACCOUNT_ONLY_REQUEST",
    "ADDITIONAL_ACCOUNT_REQUEST",
    "NO_AGGREGATION",
    "GROUPS_HAVE_MEMBERS",
    "NO_PERMISSIONS_PROVISIONING",
    "NO_GROUP_PERMISSIONS_PROVISIONING",
    "NO_UNSTRUCTURED_TARGETS_PROVISIONING",
    "NO_DIRECT_PERMISSIONS_PROVISIONING",
    "PREFER_UUID",
    "ARM_SECURITY_EXTRACT",
    "ARM_UTILIZATION_EXTRACT",
    "ARM_CHANGELOG_EXTRACT",
    "USES_UUID",
    "APPLICATION_DISCOVERY",
    "DELETE",
]
Status = Literal[
    "SOURCE_STATE_ERROR_ACCOUNT_FILE_IMPORT",
    "SOURCE_STATE_ERROR_CLUSTER",
    "SOURCE_STATE_ERROR_SOURCE",
    "SOURCE_STATE_ERROR_VA",
    "SOURCE_STATE_FAILURE_CLUSTER",
    "SOURCE_STATE_FAILURE_SOURCE",
    "SOURCE_STATE_HEALTHY",
    "SOURCE_STATE_UNCHECKED_CLUSTER",
    "SOURCE_STATE_UNCHECKED_CLUSTER_NO_SOURCES",
    "SOURCE_STATE_UNCHECKED_SOURCE",
    "SOURCE_STATE_UNCHECKED_SOURCE_NO_ACCOUNTS",
]
UNCHECKED: Status = "SOURCE_STATE_UNCHECKED_SOURCE_NO_ACCOUNTS"


class Part(Struct, omit_defaults=True):
    """A pointer to something that Bulkwark only keeps: a cluster, a rule, a schema …"""

    id: str | None = None
    type: str | None = None
    name: str | None = None


class Cluster(Struct):
    """Of a cluster all three members are required."""

    id: str
    name: str
    type: Literal["CLUSTER"] = "CLUSTER"


class ManagerMapping(Struct, omit_defaults=True):
    accountAttributeName: str | None = None
    identityAttributeName: str | None = None


class SourceBody(Struct):
    """What a caller may write into a source (POST, and the result of a PATCH). Unknown members are ignored."""

    name: str
    owner: Reference
    connector: str
    description: str | None = None
    cluster: Cluster | None = None
    accountCorrelationConfig: Part | None = None
    accountCorrelationRule: Part | None = None
    managerCorrelationMapping: ManagerMapping | None = None
    managerCorrelationRule: Part | None = None
    beforeProvisioningRule: Part | None = None
    schemas: list[Part] | None = None
    passwordPolicies: list[Part] | None = None
    features: list[Feature] | None = None
    type: str | None = None
    connectorClass: str | None = None
    connectorAttributes: dict[str, Any] | None = None
    deleteThreshold: int | None = None
    authoritative: bool | None = None
    managementWorkgroup: Part | None = None
    healthy: bool | None = None
    status: Status | None = None
    since: str | None = None
    connectorId: str | None = None
    connectorName: str | None = None
    connectionType: str | None = None
    connectorImplementationId: str | None = None
    credentialProviderEnabled: bool | None = None
    category: str | None = None


PATCHABLE = tuple(
    f"/{name}{below}" for name in SourceBody.__struct_fields__ if name not in IMMUTABLE for below in ("", "/*")
)
# What a part's `type` must be, where it says one.
_TYPES = {
    "accountCorrelationConfig": "ACCOUNT_CORRELATION_CONFIG",
    "accountCorrelationRule": "RULE",
    "managerCorrelationRule": "RULE",
    "beforeProvisioningRule": "RULE",
    "schemas": "CONNECTOR_SCHEMA",
    "passwordPolicies": "PASSWORD_POLICY",
    "managementWorkgroup": "GOVERNANCE_GROUP",
}


def require_valid(source: SourceBody) -> None:
    """Raise Invalid with the pointer of the first member that breaks a rule of the official schema."""
    for where, text in (("/name", source.name), ("/connector", source.connector)):
        if not text.strip():
            raise Invalid("it is blank", where=where)
    if source.owner.type not in (None, "IDENTITY"):
        raise Invalid(f"an owner is an IDENTITY, not {source.owner.type}", where="/owner/type")
    if source.deleteThreshold is not None and not 0 <= source.deleteThreshold <= 100:
        raise Invalid(f"{source.deleteThreshold} is no percentage", where="/deleteThreshold", hint="0 to 100")
    for name, type in _TYPES.items():
        found = getattr(source, name)
        for position, part in enumerate(found if isinstance(found, list) else [found] if found else []):
            if part.type not in (None, type):
                place = f"/{name}/{position}/type" if isinstance(found, list) else f"/{name}/type"
                raise Invalid(f"{part.type} stands where {type} belongs", where=place)


def as_csv(source: SourceBody, new_id: Callable[[], str]) -> SourceBody:
    """The source as `provisionAsCsv=true` makes it: a Delimited File source, which is filled by uploads."""
    schemas = [Part(new_id(), "CONNECTOR_SCHEMA", name) for name in ("account", "group")]
    return msgspec.structs.replace(
        source,
        type="DelimitedFile",
        connectorClass=source.connectorClass or "sailpoint.connector.DelimitedFileConnector",
        connectorName=source.connectorName or "Delimited File",
        connectionType="file",
        features=source.features or ["DIRECT_PERMISSIONS", "NO_RANDOM_ACCESS", "DISCOVER_SCHEMA"],
        schemas=source.schemas or schemas,
    )


def document(source: SourceBody, id: str, created: str, names: Mapping[str, str]) -> Document:
    """The document as stored, without `modified`. `names` maps ids of references to names."""
    owner = plain_id(source.owner.id)
    found: Document = {
        "id": id,
        "name": source.name,
        "description": source.description,
        "owner": {"type": "IDENTITY", "id": owner, "name": names[owner]},
        **{name: _kept(source, name) for name in ("cluster", "accountCorrelationConfig", "accountCorrelationRule")},
        "managerCorrelationMapping": _kept(source, "managerCorrelationMapping"),
        **{name: _kept(source, name) for name in ("managerCorrelationRule", "beforeProvisioningRule")},
        "schemas": _kept(source, "schemas") or [],
        "passwordPolicies": _kept(source, "passwordPolicies"),
        "features": source.features or [],
        "type": source.type,
        "connector": source.connector,
        "connectorClass": source.connectorClass,
        "connectorAttributes": _without_secrets(source.connectorAttributes or {}),
        "deleteThreshold": 10 if source.deleteThreshold is None else source.deleteThreshold,
        "authoritative": bool(source.authoritative),
        "managementWorkgroup": _kept(source, "managementWorkgroup"),
        "healthy": bool(source.healthy),
        "status": source.status or UNCHECKED,
        "since": source.since or created,
        "connectorId": source.connectorId or source.connector,
        "connectorName": source.connectorName or source.connector,
        "connectionType": source.connectionType or "direct",
        "connectorImplementationId": source.connectorImplementationId or source.connector,
        "created": created,
        "credentialProviderEnabled": bool(source.credentialProviderEnabled),
        "category": source.category,
    }
    return {name: value for name, value in found.items() if value is not None or name in _NULLABLE}


_SECRET = re.compile("password|passphrase|secret|privatekey|private_key|accesstoken|refreshtoken|apikey", re.IGNORECASE)
MASK = "********"


def _without_secrets(value: Any, name: str = "") -> Any:
    """Texts under the names of secrets are masked: Bulkwark connects to no system, so it need not keep them."""
    if isinstance(value, dict):
        return {inner: _without_secrets(one, inner) for inner, one in value.items()}
    if isinstance(value, list):
        return [_without_secrets(one, name) for one in value]
    return MASK if isinstance(value, str) and value and _SECRET.search(name) else value


_NULLABLE = frozenset(
    {
        "cluster",
        "accountCorrelationConfig",
        "accountCorrelationRule",
        "managerCorrelationRule",
        "beforeProvisioningRule",
        "passwordPolicies",
        "managementWorkgroup",
        "category",
    }
)


def _kept(source: SourceBody, name: str) -> Any:
    """A member as it was given; the type of a part is filled in."""
    found = getattr(source, name)
    type = _TYPES.get(name)
    if isinstance(found, list):
        return [msgspec.to_builtins(part) | {"type": type} for part in found]
    if isinstance(found, Part):
        return msgspec.to_builtins(found) | {"type": type}
    return msgspec.to_builtins(found)
