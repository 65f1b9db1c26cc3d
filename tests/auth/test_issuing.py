"""Taking an access token: what it says, and who gets none."""

from __future__ import annotations

import pytest

from bulkwark.auth.actors import Actor
from bulkwark.auth.credentials import Made
from bulkwark.auth.tokens import Tokens
from bulkwark.errors import Invalid, Unauthenticated
from bulkwark.store import credentials
from bulkwark.store.tenants import Store, Tenant
from tests.auth.issuing import START, Clock, a_client, issue, parts


def test_the_answer_has_every_documented_member(tokens: Tokens, tenant: Tenant, made: Made) -> None:
    answer = tokens.issue(made.credential.id, made.secret)

    assert answer["token_type"] == "bearer"
    assert answer["expires_in"] == 43_200
    assert answer["scope"] == "a:b c:d"
    assert (answer["tenant_id"], answer["org"], answer["pod"]) == (tenant.id, "default", "bulkwark")
    assert answer["identity_id"] == answer["user_id"] == made.credential.identity
    assert answer["user_name"] == "admin"
    assert {"access_token", "jti", "strong_auth_supported", "strong_auth"} <= answer.keys()


def test_the_token_says_what_was_decided(tokens: Tokens, tenant: Tenant, made: Made) -> None:
    header, claims = parts(issue(tokens, made))

    assert header == {"alg": "EdDSA", "typ": "JWT", "kid": tokens.jwks()["keys"][0]["kid"]}
    jti = claims.pop("jti")
    assert len(jti) == 32
    assert claims == {
        "iss": "bulkwark",
        "sub": made.credential.identity,
        "tenant_id": tenant.id,
        "org": "default",
        "pod": "bulkwark",
        "client_id": made.credential.id,
        "user_name": "admin",
        "authorities": ["ORG_ADMIN"],
        "scope": ["a:b", "c:d"],
        "iat": int(START),
        "exp": int(START) + 43_200,
        "identity_id": made.credential.identity,
    }


def test_the_token_becomes_its_actor(tokens: Tokens, made: Made) -> None:
    token = issue(tokens, made)

    actor = tokens.verify(token)

    assert actor == Actor(
        tenant="default",
        client_id=made.credential.id,
        identity_id=made.credential.identity,
        user_name="admin",
        levels=frozenset(["ORG_ADMIN"]),
        scopes=frozenset(["a:b", "c:d"]),
        application=False,
        jti=parts(token)[1]["jti"],
        expires=int(START) + 43_200,
    )


def test_a_clients_token_is_an_applications(store: Store, tenant: Tenant, tokens: Tokens, made: Made) -> None:
    client = a_client(store, tenant, made)

    answer = tokens.issue(client.credential.id, client.secret)

    assert answer["expires_in"] == 750
    assert "identity_id" not in answer
    actor = tokens.verify(answer["access_token"])
    assert actor.application
    assert (actor.identity_id, actor.user_name, actor.levels) == ("", "Robot", frozenset(["ORG_ADMIN"]))


@pytest.mark.parametrize("secret", ["", "wrong", "\x00", "\ud800", "-" * 64])
def test_a_wrong_secret_is_refused(tokens: Tokens, made: Made, secret: str) -> None:
    with pytest.raises(Unauthenticated, match="the client id or the secret is wrong"):
        tokens.issue(made.credential.id, secret)


@pytest.mark.parametrize("id", ["", "nobody", "\x00", "ä", "\ud800", "0" * 32, "x" * 100_000])
def test_an_unknown_client_is_refused_in_the_same_words(tokens: Tokens, made: Made, id: str) -> None:
    with pytest.raises(Unauthenticated, match="the client id or the secret is wrong"):
        tokens.issue(id, made.secret)


def test_a_client_id_may_be_written_as_a_uuid(tokens: Tokens, made: Made) -> None:
    id = made.credential.id.upper()

    assert tokens.issue(f"{id[:8]}-{id[8:12]}-{id[12:16]}-{id[16:20]}-{id[20:]}", made.secret)["expires_in"]


def test_a_client_that_cannot_or_may_not_is_refused(store: Store, tenant: Tenant, tokens: Tokens, made: Made) -> None:
    disabled = a_client(store, tenant, made, enabled=False)
    with pytest.raises(Unauthenticated):
        tokens.issue(disabled.credential.id, disabled.secret)

    public = a_client(store, tenant, made, type="PUBLIC")
    with pytest.raises(Unauthenticated):
        tokens.issue(public.credential.id, "")

    other_grant = a_client(store, tenant, made, grantTypes=["REFRESH_TOKEN"])
    with pytest.raises(Invalid) as refused:
        tokens.issue(other_grant.credential.id, other_grant.secret)
    assert refused.value.code == "unauthorized_client"


def test_the_last_use_is_noted_once_a_day(store: Store, tokens: Tokens, clock: Clock, made: Made) -> None:
    def used() -> float | None:
        found = credentials.find(store.read(), made.credential.id)
        assert found is not None
        return found.used and found.used / 1000

    assert used() is None
    issue(tokens, made)
    assert used() == START
    clock.now += 86_399
    issue(tokens, made)
    assert used() == START
    clock.now += 2
    issue(tokens, made)
    assert used() == clock.now
