"""Verifying access tokens: what was issued is believed, and nothing else is."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from joserfc import jws
from joserfc.jwk import OctKey, OKPKey

from bulkwark.auth.credentials import Made, create_token
from bulkwark.auth.tokens import Tokens
from bulkwark.errors import Unauthenticated
from bulkwark.store.tenants import Store, Tenant, open_store
from tests.auth.issuing import START, Clock, encoded, issue, parts, signed


def test_a_token_expires_to_the_second(tokens: Tokens, clock: Clock, made: Made) -> None:
    token = issue(tokens, made)

    clock.now = int(START) + 43_199.9
    tokens.verify(token)
    clock.now = int(START) + 43_200.0
    with pytest.raises(Unauthenticated, match="JWT is expired"):
        tokens.verify(token)
    assert token not in tokens._cache


def test_a_cached_token_expires_too(tokens: Tokens, clock: Clock, made: Made) -> None:
    token = issue(tokens, made)
    clock.now = int(START) + 43_199.0
    tokens.verify(token)
    clock.now += 1.0  # less than the time between two looks at the credential

    with pytest.raises(Unauthenticated, match="JWT is expired"):
        tokens.verify(token)


def test_every_flipped_character_makes_a_forgery(tokens: Tokens, made: Made) -> None:
    token = issue(tokens, made)
    header, claims, _ = token.split(".")

    # The last character of a part may carry bits that no byte has: those say nothing and are left out.
    for place in (*range(len(header) - 1), *range(len(header) + 1, len(header) + len(claims)), *range(-85, -1)):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place:][1:]
        with pytest.raises(Unauthenticated):
            tokens.verify(changed)


def test_no_beginning_of_a_token_is_a_token(tokens: Tokens, made: Made) -> None:
    token = issue(tokens, made)

    for end in range(len(token)):
        with pytest.raises(Unauthenticated):
            tokens.verify(token[:end])


def test_a_token_without_a_signature_is_no_token(tokens: Tokens, made: Made) -> None:
    header, claims = parts(issue(tokens, made))

    for alg in ("none", "None", "NONE", "", None):
        for signature in ("", "AA"):
            with pytest.raises(Unauthenticated):
                tokens.verify(f"{encoded(header | {'alg': alg})}.{encoded(claims)}.{signature}")


def test_the_public_key_does_not_serve_as_a_shared_secret(tokens: Tokens, made: Made) -> None:
    header, claims = parts(issue(tokens, made))
    public = tokens.jwks()["keys"][0]
    raw = base64.urlsafe_b64decode(public["x"] + "=")

    for secret in (raw, public["x"].encode(), json.dumps(public).encode()):
        key = OctKey.import_key(secret)
        forged = jws.serialize_compact(header | {"alg": "HS256"}, json.dumps(claims), key, algorithms=["HS256"])
        with pytest.raises(Unauthenticated):
            tokens.verify(forged)


def test_a_foreign_key_is_not_believed_under_our_name_nor_its_own(tokens: Tokens, made: Made) -> None:
    header, claims = parts(issue(tokens, made))
    foreign = OKPKey.generate_key("Ed25519")

    for kid in (header["kid"], foreign.thumbprint(), "", 7, None, "x" * 400, "../keys"):
        head = encoded({"alg": "EdDSA", "kid": kid, "typ": "JWT"})
        body = f"{head}.{encoded(claims)}"
        signature = base64.urlsafe_b64encode(foreign.private_key.sign(body.encode())).rstrip(b"=").decode()  # type: ignore[union-attr]
        with pytest.raises(Unauthenticated):
            tokens.verify(f"{body}.{signature}")


def test_a_key_that_the_token_brings_along_is_not_used(tokens: Tokens, made: Made) -> None:
    _, claims = parts(issue(tokens, made))
    foreign = OKPKey.generate_key("Ed25519")
    header = {"alg": "EdDSA", "typ": "JWT", "jwk": foreign.as_dict(private=False)}
    body = f"{encoded(header)}.{encoded(claims)}"
    signature = base64.urlsafe_b64encode(foreign.private_key.sign(body.encode())).rstrip(b"=").decode()  # type: ignore[union-attr]

    with pytest.raises(Unauthenticated):
        tokens.verify(f"{body}.{signature}")


def test_another_servers_token_is_foreign(tokens: Tokens, made: Made, tmp_path: Path, clock: Clock) -> None:
    other = open_store(tmp_path / "other")
    try:
        theirs = create_token(other, other.need_tenant("default"), name="x", now=int(START * 1000))
        token = issue(Tokens(other, clock=clock, steady=clock), theirs)
    finally:
        other.close()

    with pytest.raises(Unauthenticated):
        tokens.verify(token)


def test_claims_of_another_issuer_or_tenant_are_refused_even_with_our_signature(
    store: Store, tokens: Tokens, made: Made
) -> None:
    header, claims = parts(issue(tokens, made))
    other = store.need_tenant("other")
    assert tokens.verify(signed(tokens, header, claims))

    for change in (
        {"iss": "elsewhere"},
        {"org": "nowhere"},
        {"tenant_id": other.id},
        {"org": "other"},
        {"org": "other", "tenant_id": other.id},  # the credential is not that tenant's
        {"client_id": "0" * 32},
    ):
        with pytest.raises(Unauthenticated):
            tokens.verify(signed(tokens, header, claims | change))


def test_claims_of_other_shapes_are_refused_even_with_our_signature(tokens: Tokens, made: Made) -> None:
    header, claims = parts(issue(tokens, made))

    for bad in ({"exp": "never"}, {"exp": None}, {"exp": float("inf")}, {"scope": "a:b"}, {"authorities": None}):
        with pytest.raises(Unauthenticated):
            tokens.verify(signed(tokens, header, claims | bad))
    for missing in claims.keys() - {"identity_id"}:
        with pytest.raises(Unauthenticated):
            tokens.verify(signed(tokens, header, {n: v for n, v in claims.items() if n != missing}))
    others: tuple[object, ...] = ([], "x", 1, None, {})
    for nothing in others:
        with pytest.raises(Unauthenticated):
            tokens.verify(signed(tokens, header, nothing))


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "...",
        "a.b.c",
        "ä.b.c",
        "\x00",
        "e30.e30.",
        "W10.e30.AA",
        "e30.e30.AA",
        "a" * 1_000_000,
        "." * 16_000,
    ],
)
def test_what_is_no_token_at_all_is_refused(tokens: Tokens, made: Made, token: str) -> None:
    issue(tokens, made)

    with pytest.raises(Unauthenticated, match="no token of this server"):
        tokens.verify(token)


def test_a_deeply_nested_header_does_no_harm(tokens: Tokens, made: Made) -> None:
    issue(tokens, made)
    header = base64.urlsafe_b64encode(b'{"alg":' + b"[" * 8_000).rstrip(b"=").decode()

    with pytest.raises(Unauthenticated):
        tokens.verify(f"{header}.e30.AA")


def test_a_huge_token_of_our_own_is_refused_and_the_largest_that_we_issue_is_not(
    store: Store, tenant: Tenant, tokens: Tokens, made: Made
) -> None:
    header, claims = parts(issue(tokens, made))
    with pytest.raises(Unauthenticated):
        tokens.verify(signed(tokens, header, claims | {"scope": ["x" * 20_000]}))

    scopes = [f"{i:03}" for i in range(833)]
    big = create_token(store, tenant, name="\x01" * 255, scopes=scopes, identity_alias="é" * 255, now=int(START * 1000))
    assert len(tokens.verify(issue(tokens, big)).scopes) == 833
