"""Making credentials: secrets, names, scopes, levels and the identity behind a token."""

from __future__ import annotations

from pathlib import Path

import pytest

from bulkwark.auth.actors import Actor
from bulkwark.auth.credentials import LEVELS, check_scopes, create_token, hashed, matches, require_no_more
from bulkwark.domain.kinds import Kind
from bulkwark.errors import Forbidden, Invalid
from bulkwark.store import credentials
from bulkwark.store.tenants import Store, Tenant

NOW = 1_726_513_146_871


def actor(*scopes: str) -> Actor:
    return Actor("default", "c", "i", "u", frozenset(), frozenset(scopes), False, "j", 0)


def test_the_first_token_makes_the_administrator(store: Store, tenant: Tenant) -> None:
    made = create_token(store, tenant, name="first", levels=["ORG_ADMIN"], now=NOW)

    owner = tenant.objects.get(store.read(), Kind.IDENTITY, made.credential.identity)
    assert owner is not None
    document = owner.document()
    assert (document["alias"], document["name"], document["emailAddress"]) == ("admin", "Bulkwark Administrator", None)
    assert made.credential.document["owner"] == {"type": "IDENTITY", "id": document["id"], "name": document["name"]}
    assert made.credential.levels == ("ORG_ADMIN",)


def test_a_known_alias_is_found_again_whatever_its_case(store: Store, tenant: Tenant) -> None:
    first = create_token(store, tenant, name="a", identity_alias="Jörg.Weiß", now=NOW)
    second = create_token(store, tenant, name="b", identity_alias="jörg.weiß", now=NOW)

    assert first.credential.identity == second.credential.identity
    assert first.credential.document["owner"]["name"] == "Jörg Weiß"
    assert tenant.objects.count(store.read(), Kind.IDENTITY) == 1


def test_the_secret_has_256_bits_and_is_stored_only_as_a_hash(store: Store, tenant: Tenant, tmp_path: Path) -> None:
    made = create_token(store, tenant, name="a", now=NOW)

    assert len(bytes.fromhex(made.secret)) == 32
    stored = credentials.find(store.read(), made.credential.id)
    assert stored == made.credential
    assert stored.secret == hashed(made.secret)
    assert not [f for f in tmp_path.iterdir() if made.secret.encode() in f.read_bytes()]


def test_a_secret_matches_only_itself() -> None:
    assert matches(hashed("s"), "s")
    assert not matches(hashed("s"), "S")
    assert not matches("", "")  # a public client has no secret, and the empty one is none
    assert not matches("", "-" * 64)
    assert not matches(hashed("s"), "\ud800")


def test_a_name_serves_once_for_each_owner(store: Store, tenant: Tenant) -> None:
    create_token(store, tenant, name="a", now=NOW)

    with pytest.raises(Invalid, match="has a personal access token named 'a' already"):
        create_token(store, tenant, name="a", now=NOW)
    create_token(store, tenant, name="a", identity_alias="other", now=NOW)


def test_no_level_is_an_ordinary_user_and_an_unknown_one_is_refused(store: Store, tenant: Tenant) -> None:
    assert create_token(store, tenant, name="a", now=NOW).credential.levels == ()
    assert create_token(store, tenant, name="b", levels=LEVELS, now=NOW).credential.levels == LEVELS
    with pytest.raises(Invalid, match="'ORG_ADMN' is no user level"):
        create_token(store, tenant, name="c", levels=["ORG_ADMN"], now=NOW)


def test_nothing_is_left_of_a_token_that_is_refused(store: Store, tenant: Tenant) -> None:
    for bad in ({"name": " "}, {"name": "x" * 256}, {"name": "x", "scopes": [""]}, {"name": "x", "levels": ["NONE"]}):
        with pytest.raises(Invalid):
            create_token(store, tenant, identity_alias="new", now=NOW, **bad)
    for alias in ("", " ", "a\nb", "x" * 256):
        with pytest.raises(Invalid):
            create_token(store, tenant, name="x", identity_alias=alias, now=NOW)
    with pytest.raises(Invalid, match="expired already"):
        create_token(store, tenant, name="x", expires=NOW, now=NOW)
    with pytest.raises(Invalid, match="15 to 43200 seconds"):
        create_token(store, tenant, name="x", validity=14, now=NOW)

    assert tenant.objects.count(store.read(), Kind.IDENTITY) == 0
    assert not list(store.read().rows("credentials.listed", (tenant.number, credentials.PAT)))


def test_scopes_default_to_all_but_an_empty_list_does_not() -> None:
    assert check_scopes(None) == ["sp:scopes:all"]
    assert check_scopes(["a", "b", "a"]) == ["a", "b"]
    for bad in ([], [""], ["a b"], ["ä"], ["a\n"], ["x" * 5_000]):
        with pytest.raises(Invalid):
            check_scopes(bad)


def test_nobody_hands_on_more_than_he_has() -> None:
    require_no_more(actor("sp:scopes:all"), ["anything"])
    require_no_more(actor("a"), ["a", "sp:scopes:default"])
    for more in (["b"], ["a", "b"], ["sp:scopes:all"]):
        with pytest.raises(Forbidden, match="the calling token lacks the scope"):
            require_no_more(actor("a"), more)


def test_client_ids_belong_to_one_tenant_only(store: Store, tenant: Tenant) -> None:
    other = store.need_tenant("other")
    made = create_token(store, other, name="a", now=NOW)

    assert credentials.get(store.read(), tenant.number, made.credential.id, credentials.PAT) is None
    assert credentials.get(store.read(), other.number, made.credential.id, credentials.CLIENT) is None
    assert credentials.get(store.read(), other.number, made.credential.id, credentials.PAT) == made.credential
