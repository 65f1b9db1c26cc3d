"""The inner objects of a role's document, typed as the official schema has them.

A member that was left out stays out (UNSET): null and absence are different things on the wire.
"""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Struct, UnsetType


class Reference(Struct):
    """A pointer to another object; its name is filled in by the server."""

    id: str
    type: str | None = None
    name: str | None = None


class ApprovalScheme(Struct):
    approverType: (
        Literal[
            "OWNER",
            "MANAGER",
            "GOVERNANCE_GROUP",
            "WORKFLOW",
            "ALL_OWNERS",
            "ADDITIONAL_OWNER",
            "ADDITIONAL_GOVERNANCE_GROUP",
        ]
        | UnsetType
    ) = UNSET
    approverId: str | UnsetType | None = UNSET


class Duration(Struct):
    value: int | UnsetType = UNSET
    timeUnit: Literal["HOURS", "DAYS", "WEEKS", "MONTHS"] | UnsetType = UNSET


class DimensionAttribute(Struct):
    name: str | UnsetType = UNSET
    displayName: str | UnsetType = UNSET
    derived: bool | UnsetType = UNSET


class DimensionSchema(Struct):
    dimensionAttributes: list[DimensionAttribute] | UnsetType = UNSET


class Requestability(Struct):
    """`accessRequestConfig`."""

    commentsRequired: bool | UnsetType | None = UNSET
    denialCommentsRequired: bool | UnsetType | None = UNSET
    reauthorizationRequired: bool | UnsetType | None = UNSET
    requireEndDate: bool | UnsetType = UNSET
    maxPermittedAccessDuration: Duration | UnsetType | None = UNSET
    approvalSchemes: list[ApprovalScheme] | UnsetType = UNSET
    dimensionSchema: DimensionSchema | UnsetType = UNSET
    formDefinitionId: str | UnsetType | None = UNSET


class Revocability(Struct):
    """`revocationRequestConfig`."""

    commentsRequired: bool | UnsetType | None = UNSET
    denialCommentsRequired: bool | UnsetType | None = UNSET
    approvalSchemes: list[ApprovalScheme] | UnsetType = UNSET


CriteriaOperation = Literal[
    "EQUALS",
    "NOT_EQUALS",
    "CONTAINS",
    "DOES_NOT_CONTAIN",
    "STARTS_WITH",
    "ENDS_WITH",
    "GREATER_THAN",
    "LESS_THAN",
    "GREATER_THAN_EQUALS",
    "LESS_THAN_EQUALS",
    "AND",
    "OR",
]


class CriteriaKey(Struct):
    type: Literal["IDENTITY", "ACCOUNT", "ENTITLEMENT"]
    property: str
    sourceId: str | UnsetType | None = UNSET


class Criteria3(Struct):
    operation: CriteriaOperation | UnsetType = UNSET
    key: CriteriaKey | UnsetType | None = UNSET
    stringValue: str | UnsetType | None = UNSET


class Criteria2(Struct):
    operation: CriteriaOperation | UnsetType = UNSET
    key: CriteriaKey | UnsetType | None = UNSET
    stringValue: str | UnsetType | None = UNSET
    children: list[Criteria3] | UnsetType | None = UNSET


class Criteria1(Struct):
    operation: CriteriaOperation | UnsetType = UNSET
    key: CriteriaKey | UnsetType | None = UNSET
    stringValue: str | UnsetType | None = UNSET
    children: list[Criteria2] | UnsetType | None = UNSET


class MembershipIdentity(Struct):
    type: Literal["IDENTITY"] | UnsetType | None = UNSET
    id: str | UnsetType = UNSET
    name: str | UnsetType | None = UNSET
    aliasName: str | UnsetType | None = UNSET


class Membership(Struct):
    """Who gets the role by itself."""

    type: Literal["STANDARD", "IDENTITY_LIST"] | UnsetType = UNSET
    criteria: Criteria1 | UnsetType | None = UNSET
    identities: list[MembershipIdentity] | UnsetType | None = UNSET


class DimensionRef(Struct):
    type: Literal["DIMENSION"] | UnsetType = UNSET
    id: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
