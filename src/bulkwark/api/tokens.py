"""Personal access tokens: list, create, patch, delete. Everyone has his own; an ORG_ADMIN may touch all."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import msgspec

from bulkwark.api import answers, patches
from bulkwark.api.answers import Answer
from bulkwark.api.calls import Call
from bulkwark.auth.actors import EVERY_SCOPE
from bulkwark.auth.credentials import (
    DEFAULT_VALIDITY,
    LEAST_VALIDITY,
    MOST_VALIDITY,
    check_name,
    check_scopes,
    condition,
    make_pat,
    owner_of,
    require_no_more,
)
from bulkwark.domain.documents import Document
from bulkwark.domain.kinds import plain_id
from bulkwark.domain.times import iso_ms
from bulkwark.errors import Forbidden, Invalid, NotFound
from bulkwark.store import credentials
from bulkwark.store.credentials import PAT, Credential
from bulkwark.store.dialect import Session

ALL_READ = ("sp:all-personal-access-tokens:read", "sp:all-personal-access-tokens:manage")
ALL_MANAGE = ("sp:all-personal-access-tokens:manage",)

# The specs of these versions know no `userAwareTokenNeverExpires`: a token ends within 6 months of its making.
LIMITED = ("v3", "beta", "v2024")
MONTHS = 6
NOT_NULLABLE = ("v3", "v2024")  # `expirationDate` of a stored token has no null in these specs

PATCHABLE = ("/name", "/scope", "/scope/*", "/expirationDate", "/userAwareTokenNeverExpires")
PATCHABLE_LIMITED = ("/name", "/scope", "/scope/*")

_Validity = Annotated[int, msgspec.Meta(ge=LEAST_VALIDITY, le=MOST_VALIDITY)]


class TokenBody(msgspec.Struct):
    """CreatePersonalAccessTokenRequest."""

    name: str
    scope: list[str] | None = None
    accessTokenValiditySeconds: _Validity | None = None
    expirationDate: datetime | None = None
    userAwareTokenNeverExpires: bool | None = None


class Patched(msgspec.Struct):
    """What a patch may have changed."""

    name: str
    scope: list[str] | None = None
    expirationDate: datetime | None = None
    userAwareTokenNeverExpires: bool | None = None


def list_tokens(call: Call) -> Answer:
    """GET /personal-access-tokens. Without `owner-id`, or with another's: only who may read all."""
    owner = call.query.get("owner-id")
    if owner is not None:
        owner = call.actor.identity_id if owner == "me" else plain_id(owner)
    if owner != call.actor.identity_id and not _may_all(call, ALL_READ):
        hint = "owner-id=me lists your own; all: ORG_ADMIN with sp:all-personal-access-tokens:read"
        raise Forbidden("the caller may not see the personal access tokens of others", hint=hint)
    root = condition(call.query.get("filters"), call.now)
    session, names = call.read(), dict[str, Document]()
    found = []
    for one in credentials.listed(session, call.tenant.number, PAT, root):
        if owner is None or one.identity == owner:
            if one.identity not in names:
                names[one.identity] = _owner(call, session, one)
            found.append(_wire(one, names[one.identity], call.route.version))
    return answers.ok(found)


def create(call: Call) -> Answer:
    """POST /personal-access-tokens: of the caller, with his level and no more than his scopes."""
    body = call.json(TokenBody)
    scopes = check_scopes(body.scope)
    require_no_more(call.actor, scopes)
    expires = _expires(call, body)
    with call.services.store.write() as session:
        made = make_pat(
            session,
            call.tenant,
            owner=owner_of(session, call.tenant, call.actor.identity_id, call.actor.user_name),
            levels=call.actor.levels,
            name=body.name,
            scopes=scopes,
            validity=DEFAULT_VALIDITY if body.accessTokenValiditySeconds is None else body.accessTokenValiditySeconds,
            expires=expires,
            aware=body.userAwareTokenNeverExpires,
            now=call.now,
        )
    document = made.credential.document
    shown = ("name", "scope", "owner", "accessTokenValiditySeconds", "expirationDate")
    moment = iso_ms(made.credential.created)
    return answers.ok(
        {"id": made.credential.id, "secret": made.secret, "created": moment} | {name: document[name] for name in shown}
    )


def patch(call: Call) -> Answer:
    """PATCH /personal-access-tokens/{id}. Access tokens that are out keep their scopes, as documented."""
    allowed = PATCHABLE_LIMITED if call.route.version in LIMITED else PATCHABLE
    operations = patches.require_valid(call.json(list[Any]), allowed)
    with call.services.store.write() as session:
        old = _need(call, session)
        after = patches.apply(_full(old, _owner(call, session, old)), operations, allowed)
        document = _revised(call, session, old, patches.convert(after, Patched, operations), operations)
        new = old
        if document != old.document:
            new = credentials.change(session, old, document, max(call.now, old.modified))
        answer = answers.ok(_wire(new, _owner(call, session, new), call.route.version))
    call.services.tokens.forget(old.id)
    return answer


def delete(call: Call) -> Answer:
    """DELETE /personal-access-tokens/{id}; its access tokens die with it."""
    with call.services.store.write() as session:
        old = _need(call, session)
        credentials.delete(session, old.tenant, old.id)
    call.services.tokens.forget(old.id)
    return answers.empty(204)


# --- rules ---------------------------------------------------------------------------------------------


def _may_all(call: Call, scopes: Collection[str]) -> bool:
    actor = call.actor
    return "ORG_ADMIN" in actor.levels and (EVERY_SCOPE in actor.scopes or not actor.scopes.isdisjoint(scopes))


def _need(call: Call, session: Session) -> Credential:
    """The addressed token. Another's is not found by one who may not manage all: ids are not to be guessed."""
    found = credentials.get(session, call.tenant.number, plain_id(call.params["id"]), PAT)
    if found is None or (found.identity != call.actor.identity_id and not _may_all(call, ALL_MANAGE)):
        raise NotFound(f"there is no personal access token {call.params['id']!r}")
    return found


def _expires(call: Call, body: TokenBody) -> int | None:
    """When the new token ends, by the rules of the version that was called."""
    expires = _moment(body.expirationDate)
    if call.route.version in LIMITED:
        latest = _months_later(call.now)
        if expires is not None and expires > latest:
            raise Invalid(f"the date is more than {MONTHS} months away", where="/expirationDate")
        expires = latest if expires is None else expires
    elif expires is None and body.userAwareTokenNeverExpires is not True:
        _require_aware()
    _require_future(expires, call.now)
    return expires


def _revised(
    call: Call, session: Session, old: Credential, body: Patched, operations: Collection[Document]
) -> Document:
    """The stored document after a patch, when what it says can be."""
    owner = credentials.named(session, old.tenant, old.identity, check_name(body.name))
    if owner not in (None, old.id):
        raise Invalid(f"this user has a personal access token named {body.name!r} already", where="/name")
    scopes = check_scopes(body.scope)
    require_no_more(call.actor, [scope for scope in scopes if scope not in old.scopes])
    expires, aware = _moment(body.expirationDate), body.userAwareTokenNeverExpires
    changed = {operation["path"] for operation in operations if operation["op"] != "test"}
    # Whoever makes a token endless has to say so in the same request, whatever he said before.
    silent = "/expirationDate" in changed and "/userAwareTokenNeverExpires" not in changed
    if expires is None and (aware is not True or silent):
        _require_aware()
    if expires != old.expires:
        _require_future(expires, call.now)
    return old.document | {
        "name": body.name,
        "scope": scopes,
        "expirationDate": None if expires is None else iso_ms(expires),
        "userAwareTokenNeverExpires": bool(aware),
    }


def _require_aware() -> None:
    hint = "set expirationDate, or userAwareTokenNeverExpires to true for a token that never expires"
    raise Invalid("a token without an end must be asked for", where="/userAwareTokenNeverExpires", hint=hint)


def _require_future(expires: int | None, now: int) -> None:
    if expires is not None and expires <= now:
        raise Invalid("the date is not in the future", where="/expirationDate")


def _moment(date: datetime | None) -> int | None:
    """Milliseconds; a date without an offset is UTC."""
    if date is None:
        return None
    try:
        moment = date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
    except OverflowError:
        raise Invalid("the date is out of range", where="/expirationDate") from None
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def _months_later(now: int) -> int:
    """The same day six months later, or the last of a shorter month."""
    date = datetime.fromtimestamp(now // 1000, UTC)
    months = date.month - 1 + MONTHS
    year, month = date.year + months // 12, months % 12 + 1
    day = min(date.day, monthrange(year, month)[1])
    return int(date.replace(year=year, month=month, day=day).timestamp()) * 1000 + now % 1000


# --- shapes --------------------------------------------------------------------------------------------


def _owner(call: Call, session: Session, one: Credential) -> Document:
    return owner_of(session, call.tenant, one.identity, one.document["owner"]["name"])


def _full(one: Credential, owner: Document) -> Document:
    used = None if one.used is None else iso_ms(one.used)
    return {"id": one.id, **one.document, "owner": owner, "created": iso_ms(one.created), "lastUsed": used}


def _wire(one: Credential, owner: Document, version: str) -> Document:
    """GetPersonalAccessTokenResponse of that version."""
    found = _full(one, owner)
    if version in LIMITED:
        del found["userAwareTokenNeverExpires"]
    if version in NOT_NULLABLE and found["expirationDate"] is None:
        del found["expirationDate"]
    return found
