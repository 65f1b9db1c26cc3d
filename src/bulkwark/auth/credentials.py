"""Making personal access tokens and OAuth clients: ids and secrets are the server's, secrets are shown once.

A secret has 256 random bits, so its plain SHA-256 cannot be searched for, and checking one costs no more
than a hash: a slow hash would protect guessable secrets, and hand everybody a way to keep the server busy.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest

from bulkwark.auth.actors import EVERY_SCOPE, Actor
from bulkwark.domain.documents import Document
from bulkwark.domain.kinds import Kind, new_id
from bulkwark.domain.times import iso_ms
from bulkwark.errors import Forbidden, Invalid
from bulkwark.query import ast, filters
from bulkwark.query.analysis import fold
from bulkwark.query.check import check_filter
from bulkwark.query.fields import schema
from bulkwark.store import credentials
from bulkwark.store.credentials import CLIENT, PAT, Credential
from bulkwark.store.dialect import Session
from bulkwark.store.objects import New
from bulkwark.store.tenants import Store, Tenant

SCHEMA = schema("credentials", "date lastUsed")
FILTERS = {"lastUsed": frozenset({"le", "isnull"})}  # documented for both lists
DEFAULT_SCOPES = (EVERY_SCOPE,)
DEFAULT_SCOPE = "sp:scopes:default"  # holds only what needs no scope, so anyone may hand it on
DEFAULT_VALIDITY = 43_200  # seconds that an access token is good
LEAST_VALIDITY, MOST_VALIDITY = 15, 43_200  # seconds, for personal access tokens

MAX_NAME = 255  # characters
MAX_SCOPES = 5_000  # characters of all scopes as a JSON list: they travel in every request's header

# The user levels that the official specs name.
LEVELS = (
    "ORG_ADMIN",
    "CERT_ADMIN",
    "HELPDESK",
    "REPORT_ADMIN",
    "ROLE_ADMIN",
    "ROLE_SUBADMIN",
    "SOURCE_ADMIN",
    "SOURCE_SUBADMIN",
)


@dataclass(frozen=True, slots=True)
class Made:
    """A new credential, and its secret for this one time."""

    credential: Credential
    secret: str


def hashed(secret: str) -> str:
    """What is stored of a secret."""
    return sha256(secret.encode(errors="surrogatepass")).hexdigest()


def matches(stored: str, secret: str) -> bool:
    """Whether the secret is the one whose hash is stored; takes the same time for right and wrong ones."""
    return compare_digest(stored or "-" * 64, hashed(secret))


def check_scopes(scopes: Sequence[str] | None, *, where: str = "/scope") -> list[str]:
    """The scopes without repetitions; None means all that the owner may. Raises Invalid."""
    found = list(dict.fromkeys(DEFAULT_SCOPES if scopes is None else scopes))
    if not found:
        raise Invalid("there is no scope in the list", where=where, hint=f"leave it out for {EVERY_SCOPE}")
    for scope in found:
        if not scope or not scope.isascii() or not scope.isprintable() or " " in scope:
            raise Invalid(f"{scope!r} is no scope", where=where, hint=f"as in {EVERY_SCOPE}")
    if sum(len(scope) + len('"",') for scope in found) > MAX_SCOPES:
        raise Invalid(f"the scopes have more than {MAX_SCOPES} characters together", where=where)
    return found


def check_levels(levels: Collection[str]) -> tuple[str, ...]:
    """The levels in their usual order. Raises Invalid for an unknown one."""
    for level in levels:
        if level not in LEVELS:
            raise Invalid(f"{level!r} is no user level", hint=f"one of {', '.join(LEVELS)}")
    return tuple(level for level in LEVELS if level in levels)


def check_name(name: str) -> str:
    """A personal access token's name. Raises Invalid for a blank or a very long one."""
    if not name.strip() or len(name) > MAX_NAME:
        raise Invalid(f"a name has 1 to {MAX_NAME} characters", where="/name")
    return name


def require_no_more(actor: Actor, scopes: Collection[str]) -> None:
    """Raise Forbidden when a scope is not the caller's own: nobody hands on more than he has."""
    if EVERY_SCOPE in actor.scopes:
        return
    more = [scope for scope in scopes if scope not in actor.scopes and scope != DEFAULT_SCOPE]
    if more:
        hint = f"name scopes of your own token: {', '.join(sorted(actor.scopes)) or 'it has none'}"
        raise Forbidden(f"the calling token lacks the scope {more[0]}", where="/scope", hint=hint)


def make_pat(
    session: Session,
    tenant: Tenant,
    *,
    owner: Document,
    levels: Collection[str],
    name: str,
    scopes: Sequence[str] | None = None,
    validity: int = DEFAULT_VALIDITY,
    expires: int | None = None,
    aware: bool | None = None,
    now: int,
) -> Made:
    """Store a new personal access token of the owner (`{type, id, name}`).

    `aware`: whether the owner said that he knows of tokens that never expire; None: just when this one never does.

    Raises Invalid when the owner has one of that name, or for names, scopes and moments that cannot be.
    """
    if credentials.named(session, tenant.number, owner["id"], check_name(name)) is not None:
        hint = "choose another name, or delete that token"
        raise Invalid(f"this user has a personal access token named {name!r} already", where="/name", hint=hint)
    document = {
        "name": name,
        "scope": check_scopes(scopes),
        "owner": owner,
        "managed": False,
        "accessTokenValiditySeconds": validity,
        "expirationDate": None if expires is None else iso_ms(expires),
        "userAwareTokenNeverExpires": expires is None if aware is None else aware,
    }
    return _make(session, tenant, PAT, owner["id"], check_levels(levels), document, now)


def make_client(session: Session, tenant: Tenant, *, actor: Actor, document: Document, now: int) -> Made:
    """Store a new OAuth client of the caller. A public client has no secret: anyone could read it there."""
    levels = check_levels(actor.levels)
    public = document["type"] == "PUBLIC"
    return _make(session, tenant, CLIENT, actor.identity_id, levels, document, now, secret=not public)


def create_token(
    store: Store,
    tenant: Tenant,
    *,
    name: str,
    identity_alias: str = "admin",
    levels: Collection[str] = (),
    scopes: Sequence[str] | None = None,
    validity: int = DEFAULT_VALIDITY,
    expires: int | None = None,
    now: int | None = None,
) -> Made:
    """A personal access token for the identity with that alias, which is made when missing.

    For the one who holds the data directory (`bulkwark token create`): any level, any scope. No level: an
    ordinary user. Raises Invalid for unknown levels, a name that is taken, or an alias that cannot be one.
    """
    now = time.time_ns() // 1_000_000 if now is None else now
    if not LEAST_VALIDITY <= validity <= MOST_VALIDITY:
        raise Invalid(f"a token is good for {LEAST_VALIDITY} to {MOST_VALIDITY} seconds, not {validity}")
    if expires is not None and expires <= now:
        raise Invalid("the token would have expired already")
    with store.write() as session:
        owner = owner_of(session, tenant, need_identity(session, tenant, identity_alias, now))
        return make_pat(
            session,
            tenant,
            owner=owner,
            levels=levels,
            name=name,
            scopes=scopes,
            validity=validity,
            expires=expires,
            now=now,
        )


def need_identity(session: Session, tenant: Tenant, alias: str, now: int) -> str:
    """The id of the identity with that alias, made when missing."""
    if not alias.strip() or len(alias) > MAX_NAME or not alias.isprintable():
        raise Invalid(f"{alias!r} is no alias of an identity", hint=f"1 to {MAX_NAME} printable characters")
    # The search document of an identity has its alias under `name`.
    rid = tenant.objects.name_taken(session, Kind.IDENTITY, fold(alias))
    found = tenant.objects.by_rid(session, rid) if rid is not None else None
    if found is not None:
        return str(found.document()["id"])
    document = _identity(alias, now)
    tenant.objects.add(session, Kind.IDENTITY, [New(document, now)])
    return str(document["id"])


def owner_of(session: Session, tenant: Tenant, identity: str, fallback: str = "") -> Document:
    """The reference `{type, id, name}` to an identity, under the name it has now."""
    found = tenant.objects.get(session, Kind.IDENTITY, identity)
    name = found.document()["name"] if found else fallback
    return {"type": "IDENTITY", "id": identity, "name": name}


def _identity(alias: str, now: int) -> Document:
    """A person of whom only the alias is known."""
    name = "Bulkwark Administrator" if alias == "admin" else alias.replace(".", " ").replace("_", " ").title()
    moment = iso_ms(now)
    return {
        "id": new_id(),
        "name": name,
        "created": moment,
        "alias": alias,
        "emailAddress": None,
        "processingState": None,
        "identityStatus": "ACTIVE",
        "managerRef": None,
        "isManager": False,
        "lastRefresh": moment,
        "attributes": {"uid": alias, "displayName": name, "cloudLifecycleState": "active"},
        "lifecycleState": {"stateName": "active", "manuallyUpdated": False},
    }


def _make(
    session: Session,
    tenant: Tenant,
    type: str,
    identity: str,
    levels: tuple[str, ...],
    document: Document,
    now: int,
    *,
    secret: bool = True,
) -> Made:
    shown = secrets.token_hex(32) if secret else ""
    stored = hashed(shown) if secret else ""
    new = Credential(tenant.number, new_id(), type, identity, levels, stored, document, now, now)
    credentials.add(session, new)
    return Made(new, shown)


def condition(text: str | None, now_ms: int) -> ast.Node:
    """The checked root of a list's `filters`; everything when there is none. Raises QueryError."""
    if text is None or not text.strip():
        return credentials.EVERYTHING
    return check_filter(filters.parse(text), SCHEMA, FILTERS, now_ms=now_ms, text=text).root
