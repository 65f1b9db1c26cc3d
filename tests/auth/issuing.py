"""What the tests of access tokens share: a clock to turn, tokens to take apart, and forgeries."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from joserfc import jws

from bulkwark.auth.actors import Actor
from bulkwark.auth.credentials import Made, make_client
from bulkwark.auth.tokens import Tokens, _Registry
from bulkwark.store.tenants import Store, Tenant

START = 1_726_513_146.5


@dataclass
class Clock:
    """Wall clock and steady clock that move together when told."""

    now: float = START

    def __call__(self) -> float:
        return self.now


def issue(tokens: Tokens, made: Made) -> str:
    return str(tokens.issue(made.credential.id, made.secret)["access_token"])


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims, signature not looked at."""
    header, claims, _ = token.split(".")
    return decoded(header), decoded(claims)


def decoded(part: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def signed(tokens: Tokens, header: dict[str, Any], claims: object) -> str:
    """A token with the server's own signature over any claims."""
    _, key = tokens._signing_key()
    return jws.serialize_compact({"alg": "EdDSA"} | header, json.dumps(claims), key, registry=_Registry())


def a_client(store: Store, tenant: Tenant, made: Made, **changes: Any) -> Made:
    actor = Actor("default", "", made.credential.identity, "", frozenset(["ORG_ADMIN"]), frozenset(), False, "", 0)
    document = {
        "name": "Robot",
        "type": "CONFIDENTIAL",
        "accessTokenValiditySeconds": 750,
        "grantTypes": ["CLIENT_CREDENTIALS"],
        "scope": ["a:b"],
        "enabled": True,
    }
    with store.write() as session:
        return make_client(session, tenant, actor=actor, document=document | changes, now=int(START * 1000))
