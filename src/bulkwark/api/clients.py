"""OAuth clients: list, create, get, patch, delete. For an ORG_ADMIN; the table of operations sees to that."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from bulkwark.api import answers, patches
from bulkwark.api.answers import Answer
from bulkwark.api.calls import Call
from bulkwark.auth.credentials import MAX_NAME, check_scopes, condition, make_client, require_no_more
from bulkwark.domain.documents import Document
from bulkwark.domain.kinds import plain_id
from bulkwark.domain.times import iso_ms
from bulkwark.errors import Invalid, NotFound
from bulkwark.store import credentials
from bulkwark.store.credentials import CLIENT, Credential
from bulkwark.store.dialect import Session

INT32 = 2**31 - 1
REFRESH_VALIDITY = 86_400  # seconds, where the caller names none
PATCHABLE = (
    "/tenant",
    "/businessName",
    "/homepageUrl",
    "/name",
    "/description",
    "/accessTokenValiditySeconds",
    "/refreshTokenValiditySeconds",
    "/redirectUris",
    "/redirectUris/*",
    "/grantTypes",
    "/grantTypes/*",
    "/accessType",
    "/enabled",
    "/strongAuthSupported",
    "/claimsSupported",
)

_Name = Annotated[str, msgspec.Meta(max_length=MAX_NAME)]
_Text = Annotated[str, msgspec.Meta(max_length=2_000)]
_Uris = Annotated[list[_Text], msgspec.Meta(max_length=100)]
_Grant = Literal["CLIENT_CREDENTIALS", "AUTHORIZATION_CODE", "REFRESH_TOKEN"]


class ClientBody(msgspec.Struct, kw_only=True):
    """CreateOAuthClientRequest; after a patch also what the client has become."""

    businessName: _Text | None = None
    homepageUrl: _Text | None = None
    name: _Name | None
    description: _Text | None
    accessTokenValiditySeconds: Annotated[int, msgspec.Meta(ge=1, le=INT32)]
    refreshTokenValiditySeconds: Annotated[int, msgspec.Meta(ge=0, le=INT32)] = REFRESH_VALIDITY
    redirectUris: _Uris | None = None
    grantTypes: list[_Grant] | None
    accessType: Literal["ONLINE", "OFFLINE"]
    type: Literal["CONFIDENTIAL", "PUBLIC"] = "CONFIDENTIAL"
    internal: bool = False
    enabled: bool
    strongAuthSupported: bool = False
    claimsSupported: bool = False
    scope: list[str] | None = None


def list_clients(call: Call) -> Answer:
    """GET /oauth-clients."""
    root = condition(call.query.get("filters"), call.now)
    return answers.ok([_wire(one) for one in credentials.listed(call.read(), call.tenant.number, CLIENT, root)])


def create(call: Call) -> Answer:
    """POST /oauth-clients: with the caller's level and no more than his scopes."""
    document = _document(call.json(ClientBody))
    require_no_more(call.actor, document["scope"])
    with call.services.store.write() as session:
        made = make_client(session, call.tenant, actor=call.actor, document=document, now=call.now)
    found = _wire(made.credential)
    del found["lastUsed"]
    return answers.ok({"id": made.credential.id, "secret": made.secret} | found)


def get(call: Call) -> Answer:
    """GET /oauth-clients/{id}."""
    return answers.ok(_wire(_need(call, call.read())))


def patch(call: Call) -> Answer:
    """PATCH /oauth-clients/{id}. A client that is disabled loses its access tokens at once."""
    operations = patches.require_valid(call.json(list[Any]), PATCHABLE)
    with call.services.store.write() as session:
        old = _need(call, session)
        # The official list of patchable members names the tenant, which no schema shows.
        after = patches.apply(_wire(old) | {"tenant": call.tenant.name}, operations, PATCHABLE)
        if after.get("tenant") != call.tenant.name:
            raise Invalid("a client cannot move to another tenant", where=patches.blame(operations, "/tenant"))
        document = _document(patches.convert(after, ClientBody, operations))
        new = old
        if document != old.document:
            new = credentials.change(session, old, document, max(call.now, old.modified))
    call.services.tokens.forget(old.id)
    return answers.ok(_wire(new))


def delete(call: Call) -> Answer:
    """DELETE /oauth-clients/{id}; its access tokens die with it."""
    with call.services.store.write() as session:
        old = _need(call, session)
        credentials.delete(session, old.tenant, old.id)
    call.services.tokens.forget(old.id)
    return answers.empty(204)


def _need(call: Call, session: Session) -> Credential:
    found = credentials.get(session, call.tenant.number, plain_id(call.params["id"]), CLIENT)
    if found is None:
        raise NotFound(f"there is no OAuth client {call.params['id']!r}")
    return found


def _document(body: ClientBody) -> Document:
    """What is stored of a client, when it can be one.

    The request may say null where the answer to a creation may not: null is stored as the empty text or list.
    """
    found: Document = msgspec.to_builtins(body)
    for name in ("businessName", "homepageUrl", "name", "description"):
        found[name] = found[name] or ""
    found["redirectUris"] = found["redirectUris"] or []
    grants = found["grantTypes"] = list(dict.fromkeys(body.grantTypes or ()))
    found["scope"] = check_scopes(body.scope)
    if "AUTHORIZATION_CODE" in grants and not found["redirectUris"]:
        raise Invalid("the grant type AUTHORIZATION_CODE needs a redirect URI", where="/redirectUris")
    if "CLIENT_CREDENTIALS" in grants and body.type == "PUBLIC":
        hint = "RFC 6749 §4.4: only a confidential client can keep a secret"
        raise Invalid("a public client cannot use CLIENT_CREDENTIALS", where="/grantTypes", hint=hint)
    return found


def _wire(one: Credential) -> Document:
    """GetOAuthClientResponse."""
    return {
        "id": one.id,
        **one.document,
        "created": iso_ms(one.created),
        "modified": iso_ms(one.modified),
        "lastUsed": None if one.used is None else iso_ms(one.used),
    }
