"""Access tokens: issued for a credential, signed with Ed25519, verified on every request.

A token is a JWT with the header `{alg: EdDSA, kid, typ: JWT}` and the claims of `Claims`. It is good until it
expires, or until its credential is deleted, disabled or past its own end: at once in the process that did
that (`forget`), within `RECHECK` seconds in any other.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from threading import Lock
from typing import Any
from uuid import uuid4

import msgspec
from joserfc import jws
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwa import JWSAlgModel
from joserfc.jwk import OKPKey
from joserfc.jws import JWSRegistry

from bulkwark.auth.actors import Actor
from bulkwark.auth.credentials import matches
from bulkwark.domain.documents import Document
from bulkwark.domain.kinds import Kind, plain_id
from bulkwark.errors import Invalid, Unauthenticated, Unavailable
from bulkwark.store import credentials
from bulkwark.store.credentials import CLIENT, Credential
from bulkwark.store.tenants import Store, Tenant

log = logging.getLogger("bulkwark.auth")

ISSUER = "bulkwark"
POD = "bulkwark"
# The fully specified name `Ed25519` (RFC 9864) is unknown to the official CLI's JWT library, which then
# refuses even to read the claims.
ALGORITHM = "EdDSA"
RECHECK = 5.0  # seconds until the credential of a cached token is looked at again
CACHED = 4_096  # tokens
MAX_TOKEN = 16_384  # characters; the largest that we issue has about 9,000
USED_EVERY = 86_400_000  # ms; documented: the last use is noted once a day

REFUSED = "the client id or the secret is wrong, or the credential is disabled or expired"


class Claims(msgspec.Struct, omit_defaults=True):
    """What a token says. `scope` is a list, as in the tokens of the official service."""

    iss: str
    sub: str  # the identity, or the client id of an application
    tenant_id: str
    org: str
    pod: str
    client_id: str
    user_name: str
    authorities: list[str]
    scope: list[str]
    jti: str
    iat: int
    exp: int
    identity_id: str = ""  # none for an application


class _Registry(JWSRegistry):
    """One algorithm, whatever a header says; joserfc's own registry warns at each use of the name."""

    def get_alg(self, name: str) -> JWSAlgModel:
        if name != ALGORITHM:
            raise UnsupportedAlgorithmError(f"Algorithm of '{name}' is not allowed")
        return self.algorithms[name]


class _Known:
    """A verified token in the cache."""

    __slots__ = ("actor", "fresh")

    def __init__(self, actor: Actor, fresh: float) -> None:
        self.actor = actor
        self.fresh = fresh  # steady seconds until which nothing needs to be looked at


class Tokens:
    """Issues and verifies the access tokens of all tenants of a store. Shared by all threads."""

    def __init__(
        self,
        store: Store,
        issuer: str = ISSUER,
        *,
        clock: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self.store = store
        self.issuer = issuer
        self._clock = clock
        self._steady = steady
        self._cache: dict[str, _Known] = {}
        self._forgotten = 0  # counts calls of `forget`: what was read before one must not be cached after it
        self._keys: dict[str, OKPKey] = {}
        self._signer: tuple[str, OKPKey] | None = None
        self._lock = Lock()
        self._registry = _Registry()

    # --- issuing -------------------------------------------------------------------------------------

    def issue(self, client_id: str, client_secret: str) -> dict[str, Any]:
        """The answer of `/oauth/token`, with the documented members.

        Raises Unauthenticated for a wrong id or secret, or a credential that is disabled or has expired;
        Invalid (code `unauthorized_client`) for a client without the grant CLIENT_CREDENTIALS.
        """
        now = self._clock()
        session = self.store.read()
        id = plain_id(client_id)
        found = credentials.find(session, id) if id.isascii() else None
        # The hash is compared for unknown ids too, so that the time does not tell which ids exist.
        if not matches(found.secret if found else "", client_secret) or found is None:
            raise Unauthenticated(REFUSED)
        if credentials.alive(session, id, int(now * 1000)) is None:
            raise Unauthenticated(REFUSED)
        if found.type == CLIENT and "CLIENT_CREDENTIALS" not in found.document["grantTypes"]:
            raise Invalid("the client may not use the grant type client_credentials", code="unauthorized_client")
        tenant = self.store.tenant_by_number(found.tenant)
        claims = self._claims(found, tenant, int(now))
        self._note_use(found, int(now * 1000))
        return self._answer(found, claims)

    def _claims(self, found: Credential, tenant: Tenant, now: int) -> Claims:
        application = found.type == CLIENT
        until = now + found.validity
        if found.expires is not None:
            until = min(until, found.expires // 1000)
        return Claims(
            iss=self.issuer,
            sub=found.id if application else found.identity,
            tenant_id=tenant.id,
            org=tenant.name,
            pod=POD,
            client_id=found.id,
            # The official CLI warns when there is no user name.
            user_name=found.name if application else self._user_name(tenant, found),
            authorities=list(found.levels),
            scope=list(found.scopes),
            jti=uuid4().hex,
            iat=now,
            exp=until,
            identity_id="" if application else found.identity,
        )

    def _user_name(self, tenant: Tenant, found: Credential) -> str:
        identity = tenant.objects.get(self.store.read(), Kind.IDENTITY, found.identity)
        document: Document = identity.document() if identity else {}
        return str(document.get("alias") or document.get("name") or found.document["owner"].get("name") or found.name)

    def _answer(self, found: Credential, claims: Claims) -> dict[str, Any]:
        kid, key = self._signing_key()
        header = {"alg": ALGORITHM, "kid": kid, "typ": "JWT"}
        token = jws.serialize_compact(header, msgspec.json.encode(claims), key, registry=self._registry)
        answer: dict[str, Any] = {
            "access_token": token,
            "token_type": "bearer",
            "expires_in": claims.exp - claims.iat,
            "scope": " ".join(claims.scope),
            "tenant_id": claims.tenant_id,
            "pod": claims.pod,
            "org": claims.org,
            "user_name": claims.user_name,
            "strong_auth_supported": bool(found.document.get("strongAuthSupported")),
            "strong_auth": False,
            "claims_supported": bool(found.document.get("claimsSupported")),
            "jti": claims.jti,
        }
        if claims.identity_id:
            answer["identity_id"] = answer["user_id"] = claims.identity_id
        return answer

    def _note_use(self, found: Credential, now: int) -> None:
        if found.used is not None and found.used > now - USED_EVERY:
            return
        try:
            with self.store.write() as session:
                credentials.use(session, found.tenant, found.id, now, now - USED_EVERY)
        except Unavailable as error:  # a full disk or a long load must not lock everybody out
            log.warning("the last use of %s is not noted: %s", found.id, error.sentence())

    # --- verifying -----------------------------------------------------------------------------------

    def verify(self, token: str) -> Actor:
        """Who the token speaks for. Raises Unauthenticated for every token that is not good now."""
        known = self._cache.get(token)
        if known is not None and self._steady() < known.fresh:
            return known.actor
        return self._look(token, known)

    def forget(self, client_id: str) -> None:
        """Look at the credential again for every token that was issued for it: it was changed or deleted."""
        with self._lock:
            self._forgotten += 1
            for token in [t for t, known in self._cache.items() if known.actor.client_id == client_id]:
                del self._cache[token]

    def _look(self, token: str, known: _Known | None) -> Actor:
        """Check what may have changed since, or everything for a token that is not cached."""
        seen = self._forgotten
        try:
            actor, number = (known.actor, None) if known else self._decode(token)
            fresh = self._fresh(actor, number)
        except Unauthenticated:
            with self._lock:
                self._cache.pop(token, None)
            raise
        with self._lock:
            if self._forgotten == seen:
                while len(self._cache) >= CACHED and token not in self._cache:
                    del self._cache[next(iter(self._cache))]
                self._cache[token] = _Known(actor, fresh)
        return actor

    def _fresh(self, actor: Actor, number: int | None) -> float:
        """The steady second until which the token is good without another look at its credential."""
        steady, now = self._steady(), self._clock()
        if actor.expires <= now:
            raise Unauthenticated("JWT validation failed: JWT is expired")
        state = credentials.alive(self.store.read(), actor.client_id, int(now * 1000))
        if state is None or (number is not None and state[0] != number):
            raise Unauthenticated("JWT validation failed: the credential was revoked, disabled or has expired")
        end = float(actor.expires) if state[1] is None else min(actor.expires, state[1] / 1000)
        return steady + min(RECHECK, end - now)

    def _decode(self, token: str) -> tuple[Actor, int]:
        """The actor of a token whose signature, issuer and tenant are right, and the tenant's number."""
        if len(token) > MAX_TOKEN or not token.isascii():
            raise Unauthenticated("JWT validation failed: this is no token of this server")
        try:
            payload = jws.deserialize_compact(token, self._key_of, registry=self._registry).payload
            claims = msgspec.json.decode(payload, type=Claims)
        except (JoseError, msgspec.MsgspecError, ValueError, TypeError, KeyError, RecursionError):
            # One text for all: how far a forgery came is nobody's business.
            raise Unauthenticated("JWT validation failed: this is no token of this server") from None
        tenant = self.store.tenant(claims.org)
        if claims.iss != self.issuer or tenant is None or tenant.id != claims.tenant_id:
            raise Unauthenticated("JWT validation failed: the token is of another issuer or tenant")
        actor = Actor(
            tenant=tenant.name,
            client_id=claims.client_id,
            identity_id=claims.identity_id,
            user_name=claims.user_name,
            levels=frozenset(claims.authorities),
            scopes=frozenset(claims.scope),
            application=not claims.identity_id,
            jti=claims.jti,
            expires=claims.exp,
        )
        return actor, tenant.number

    # --- keys ----------------------------------------------------------------------------------------

    def jwks(self) -> dict[str, list[dict[str, Any]]]:
        """The public keys as a JWK set (RFC 7517), newest first."""
        self._signing_key()
        public = ("kty", "crv", "x")
        return {
            "keys": [
                {name: jwk[name] for name in public} | {"kid": kid, "use": "sig", "alg": ALGORITHM}
                for kid, jwk in credentials.keys(self.store.read()).items()
            ]
        }

    def _key_of(self, token: Any) -> OKPKey:
        """The key that the token's header names. Raises KeyError when there is none."""
        kid = token.headers()["kid"]
        known = self._keys.get(kid)
        if known is None:
            # Another process may have made it since.
            jwk = credentials.key(self.store.read(), kid)
            if jwk is None:
                raise KeyError(kid)
            known = self._keys[kid] = OKPKey.import_key(jwk)
        return known

    def _signing_key(self) -> tuple[str, OKPKey]:
        """The key that signs, made on the first use of a data directory."""
        if self._signer is None:
            stored = credentials.keys(self.store.read())
            if not stored:
                with self.store.write() as session:
                    stored = credentials.keys(session)  # another process may have been first
                    if not stored:
                        key = OKPKey.generate_key("Ed25519")
                        jwk: Document = dict(key.as_dict(private=True))
                        kid = key.thumbprint()
                        credentials.add_key(session, kid, jwk, int(self._clock() * 1000))
                        stored = {kid: jwk}
            kid, jwk = next(iter(stored.items()))
            self._signer = kid, OKPKey.import_key(jwk)
        return self._signer
