"""Which entitlements an account or an identity has.

The store has no accounts of its own. It reads them where the official search document of an identity lists them:
`accounts` (`id`, `source.id`, `entitlementAttributes`) and `access` (`type`, `id`), which a loaded identity may have.
Roles give what they hold to the members of their `membership`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter

import msgspec

from bulkwark.domain.documents import Document
from bulkwark.domain.kinds import Kind, plain_id, uuid_id
from bulkwark.query import ast
from bulkwark.query.ast import Checked
from bulkwark.query.fields import Field
from bulkwark.query.fields import Kind as FieldKind
from bulkwark.store.dialect import Session
from bulkwark.store.memberships import Judge
from bulkwark.store.tenants import Tenant


def of_account(session: Session, tenant: Tenant, id: str) -> list[int] | None:
    """Rids of the entitlements that an account has; None when there is no such account."""
    for _, head in session.rows("objects.mentioning", (tenant.number, int(Kind.IDENTITY), id)):
        for account in msgspec.json.decode(head + "}").get("accounts") or []:
            if plain_id(str(account.get("id"))) == id:
                return sorted(_of_accounts(session, tenant, [account]))
    return None


def of_identity(session: Session, tenant: Tenant, identity: Document) -> list[int]:
    """Rids of the entitlements of an identity: of its accounts, of its access, and of roles it is a member of."""
    found = _of_accounts(session, tenant, identity.get("accounts") or [])
    roles = _roles(session, tenant, identity)
    profiles: set[int] = set()
    for kind, into in ((Kind.ENTITLEMENT, found), (Kind.ACCESS_PROFILE, profiles), (Kind.ROLE, roles)):
        access = [one for one in identity.get("access") or [] if one.get("type") == kind.name]
        into.update(tenant.objects.rids(session, kind, [plain_id(str(one.get("id"))) for one in access]).values())
    for held in _references(session, roles):
        found.update(held.get("entitlements", []))
        profiles.update(held.get("accessProfiles", []))
    for held in _references(session, profiles):
        found.update(held.get("entitlements", []))
    return sorted(found)


def _of_accounts(session: Session, tenant: Tenant, accounts: Iterable[Document]) -> set[int]:
    found: set[int] = set()
    for account in accounts:
        source = Field("source.id", FieldKind.KEYWORD)
        beside = ast.Folded(field=source, op="eq", values=(str((account.get("source") or {}).get("id", "")).lower(),))
        for attribute, held in (account.get("entitlementAttributes") or {}).items():
            values = tuple(str(value) for value in (held if isinstance(held, list) else [held]) if value is not None)
            if values:
                root = ast.conj(beside, _exact("attribute", attribute), _exact("value", *values))
                selection = tenant.select(session, Checked("entitlements", root))
                found.update(rid for (rid,) in session.execute(selection.text, selection.params))
    return found


def _exact(path: str, *values: str) -> ast.Node:
    return ast.Exact(field=Field(path, FieldKind.TEXT), values=values)


def _roles(session: Session, tenant: Tenant, identity: Document) -> set[int]:
    """Enabled roles that the identity is a member of: those that list it, and those whose criteria it meets.

    Many roles have the same membership; each different one is judged once.
    """
    judge, id = Judge(identity), identity["id"]
    found = set[int]()
    rows = session.rows("objects.memberships", (tenant.number, int(Kind.ROLE), id, uuid_id(id)))
    for membership, equal in groupby(rows, key=itemgetter(0)):
        if judge.names(msgspec.json.decode(membership)):
            found.update(rid for _, rid in equal)
    return found


def _references(session: Session, rids: Iterable[int]) -> list[dict[str, list[int]]]:
    """Nested path → rids of every object."""
    rows = session.rows("objects.search_docs", (json.dumps(sorted(rids)),))
    return [json.loads(refs) for _, _, refs, _ in rows]
