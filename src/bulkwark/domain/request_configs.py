"""How an entitlement is requested and revoked, as the official schema types it."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from bulkwark.errors import Invalid

NAMED = ("GOVERNANCE_GROUP", "WORKFLOW")  # approvers that need an id


class ApprovalScheme(Struct, omit_defaults=True):
    approverType: Literal["ENTITLEMENT_OWNER", "SOURCE_OWNER", "MANAGER", "GOVERNANCE_GROUP", "WORKFLOW"]
    approverId: str | None = None


class Duration(Struct):
    value: Annotated[int, Meta(ge=1, le=2**31 - 1)]
    timeUnit: Literal["HOURS", "DAYS", "WEEKS", "MONTHS"]


class AccessRequestConfig(Struct):
    approvalSchemes: list[ApprovalScheme] = []
    requestCommentRequired: bool = False
    denialCommentRequired: bool = False
    reauthorizationRequired: bool = False
    requireEndDate: bool = False
    maxPermittedAccessDuration: Duration | None = None


class RevocationRequestConfig(Struct):
    approvalSchemes: list[ApprovalScheme] = []


class RequestConfig(Struct):
    """`entitlement-request-config`. What a body leaves out is as it is for an entitlement that has none."""

    accessRequestConfig: AccessRequestConfig = field(default_factory=AccessRequestConfig)
    revocationRequestConfig: RevocationRequestConfig = field(default_factory=RevocationRequestConfig)


def require_valid(config: RequestConfig) -> None:
    """Raise Invalid for an approver that is not named although there are many of his type."""
    for member in ("accessRequestConfig", "revocationRequestConfig"):
        schemes: list[ApprovalScheme] = getattr(config, member).approvalSchemes
        for position, scheme in enumerate(schemes):
            if scheme.approverType in NAMED and not scheme.approverId:
                where = f"/{member}/approvalSchemes/{position}/approverId"
                raise Invalid(f"a {scheme.approverType} is named by its id", where=where)
