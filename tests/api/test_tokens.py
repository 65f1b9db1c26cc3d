"""Personal access tokens over the API: shapes, who sees whose, what a token may hand on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bulkwark.domain.times import iso_ms, parse_ms
from bulkwark.errors import Forbidden, Invalid, NotFound, QueryError, Unauthenticated
from bulkwark.store.tenants import open_store
from tests.api.asking import NOW, Caller, House, replace

ENDLESS = {"userAwareTokenNeverExpires": True}
VERSIONS = ("v3", "beta", "v2024", "v2025", "v2026", "v1")
MY = ["sp:my-personal-access-tokens:read", "sp:my-personal-access-tokens:manage"]
ALL = ["sp:all-personal-access-tokens:read", "sp:all-personal-access-tokens:manage"]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    store = open_store(tmp_path)
    yield House(store)
    store.close()


@pytest.fixture
def admin(house: House) -> Caller:
    return house.caller()


@pytest.fixture
def user(house: House) -> Caller:
    return house.caller("jane.doe", level="")


def made(caller: Caller, name: str = "new", **more: Any) -> Any:
    return caller.get("tokens.create", {"name": name} | ENDLESS | more)


# --- creating ------------------------------------------------------------------------------------------


def test_a_new_token_has_the_official_members_and_works(house: House, user: Caller) -> None:
    found = made(user)

    id, secret = found.pop("id"), found.pop("secret")
    assert found == {
        "name": "new",
        "scope": ["sp:scopes:all"],
        "owner": {"type": "IDENTITY", "id": user.identity, "name": "Jane Doe"},
        "created": "2024-09-16T18:59:06.871Z",
        "accessTokenValiditySeconds": 43_200,
        "expirationDate": None,
    }
    actor = house.tokens.verify(Caller(house, id, secret).token)
    assert (actor.identity_id, actor.user_name, actor.levels) == (user.identity, "jane.doe", frozenset())


def test_the_secret_is_never_shown_again(admin: Caller) -> None:
    found = made(admin)

    listed = admin.ask("tokens.list_tokens").body
    patched = admin.ask("tokens.patch", replace("/name", "other"), id=found["id"]).body
    assert found["id"].encode() in listed
    assert found["secret"].encode() not in listed + patched
    assert b'"secret"' not in listed + patched


def test_a_token_inherits_the_level_of_its_maker(house: House) -> None:
    maker = house.caller("roles", level="ROLE_ADMIN")
    found = made(maker)

    assert house.tokens.verify(Caller(house, found["id"], found["secret"]).token).levels == {"ROLE_ADMIN"}


def test_no_token_has_a_scope_that_its_maker_lacks(house: House) -> None:
    maker = house.caller("limited", scopes=[*MY, "idn:identity:read"])

    assert made(maker, "a", scope=["idn:identity:read"])["scope"] == ["idn:identity:read"]
    for scope in (["idn:identity:manage"], ["sp:scopes:all"], None):
        with pytest.raises(Forbidden, match="lacks the scope"):
            made(maker, "b", scope=scope)
    own = made(maker, "c", scope=["idn:identity:read"])["id"]
    for operations in (replace("/scope", ["sp:scopes:all"]), [{"op": "remove", "path": "/scope"}]):
        with pytest.raises(Forbidden, match="lacks the scope"):
            maker.ask("tokens.patch", operations, id=own)


def test_the_last_end_of_a_token_and_its_validity_are_the_callers(house: House, admin: Caller) -> None:
    found = made(admin, accessTokenValiditySeconds=15, expirationDate="2024-09-16T21:00:07+02:00")

    assert found["expirationDate"] == "2024-09-16T19:00:07.000Z"
    assert house.tokens.issue(found["id"], found["secret"])["expires_in"] == 15
    house.clock.now += 61
    with pytest.raises(Unauthenticated):
        house.tokens.issue(found["id"], found["secret"])


def test_a_token_without_end_must_be_asked_for(admin: Caller) -> None:
    for version in ("v2025", "v2026", "v1"):
        for body in ({}, {"userAwareTokenNeverExpires": False}, {"userAwareTokenNeverExpires": None}):
            with pytest.raises(Invalid, match="must be asked for"):
                admin.ask("tokens.create", {"name": "x", "expirationDate": None} | body, version=version)


def test_older_versions_end_a_token_after_six_months(house: House, admin: Caller) -> None:
    for version in ("v3", "beta", "v2024"):
        found = admin.get("tokens.create", {"name": version}, version=version)
        assert found["expirationDate"] == "2025-03-16T18:59:06.871Z"
        with pytest.raises(Invalid, match="more than 6 months away"):
            admin.ask("tokens.create", {"name": "x", "expirationDate": "2025-03-16T18:59:06.872Z"}, version=version)
    house.clock.now = parse_ms("2024-08-31T00:00:00Z") / 1000
    assert admin.get("tokens.create", {"name": "x"}, version="v3")["expirationDate"] == "2025-02-28T00:00:00.000Z"


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, "body"),
        ([], "body"),
        ({"name": None}, "/name"),
        ({"name": 7}, "/name"),
        ({"name": ""}, "/name"),
        ({"name": " "}, "/name"),
        ({"name": "x" * 256}, "/name"),
        ({"name": "x", "scope": "sp:scopes:all"}, "/scope"),
        ({"name": "x", "scope": [1]}, "/scope/0"),
        ({"name": "x", "scope": []}, "/scope"),
        ({"name": "x", "scope": [""]}, "/scope"),
        ({"name": "x", "accessTokenValiditySeconds": 14}, "/accessTokenValiditySeconds"),
        ({"name": "x", "accessTokenValiditySeconds": 43_201}, "/accessTokenValiditySeconds"),
        ({"name": "x", "accessTokenValiditySeconds": "60"}, "/accessTokenValiditySeconds"),
        ({"name": "x", "expirationDate": "tomorrow"}, "/expirationDate"),
        ({"name": "x", "expirationDate": ""}, "/expirationDate"),
        ({"name": "x", "expirationDate": "2024-09-16"}, "/expirationDate"),
        ({"name": "x", "expirationDate": iso_ms(NOW)}, "/expirationDate"),
        ({"name": "x", "expirationDate": "9999-12-31T23:59:59-01:00"}, "/expirationDate"),
        ({"name": "x", "userAwareTokenNeverExpires": "true"}, "/userAwareTokenNeverExpires"),
    ],
)
def test_a_body_that_cannot_be_is_refused_with_its_place(admin: Caller, body: Any, where: str) -> None:
    before = admin.ask("tokens.list_tokens").body

    with pytest.raises(Invalid) as refused:
        admin.ask("tokens.create", ENDLESS | body if isinstance(body, dict) else body)

    assert refused.value.where == where
    assert admin.ask("tokens.list_tokens").body == before


def test_a_name_serves_once_for_each_user(admin: Caller, user: Caller) -> None:
    made(admin)
    made(user)

    with pytest.raises(Invalid, match="named 'new' already"):
        made(admin)


# --- listing -------------------------------------------------------------------------------------------


def test_a_listed_token_has_the_official_members_of_its_version(admin: Caller) -> None:
    common = {"id", "name", "scope", "owner", "created", "lastUsed", "managed", "accessTokenValiditySeconds"}
    for version in VERSIONS:
        (found,) = admin.get("tokens.list_tokens", version=version)
        more = {
            "v3": set(),
            "v2024": set(),
            "beta": {"expirationDate"},
        }.get(version, {"expirationDate", "userAwareTokenNeverExpires"})
        assert found.keys() == common | more
        assert found["lastUsed"] == "2024-09-16T18:59:06.871Z"
        assert found["owner"] == {"type": "IDENTITY", "id": admin.identity, "name": "Bulkwark Administrator"}


def test_an_administrator_sees_all_and_anyone_his_own(admin: Caller, user: Caller) -> None:
    assert [t["id"] for t in admin.get("tokens.list_tokens")] == sorted([admin.id, user.id])
    assert [t["id"] for t in admin.get("tokens.list_tokens", owner_id=user.identity)] == [user.id]
    assert [t["id"] for t in admin.get("tokens.list_tokens", owner_id="me")] == [admin.id]
    assert admin.get("tokens.list_tokens", owner_id="0" * 32) == []
    assert [t["id"] for t in user.get("tokens.list_tokens", owner_id="me")] == [user.id]
    assert [t["id"] for t in user.get("tokens.list_tokens", owner_id=user.identity.upper())] == [user.id]


def test_who_may_not_see_all_is_told_so(house: House, admin: Caller, user: Caller) -> None:
    callers = (
        user,
        house.caller("a", level="", scopes=ALL),
        house.caller("b", scopes=MY),
        house.caller("c", level="HELPDESK"),
    )
    for caller in callers:
        for query in ({}, {"owner_id": admin.identity}, {"owner_id": "0" * 32}, {"owner_id": ""}):
            with pytest.raises(Forbidden, match="may not see"):
                caller.ask("tokens.list_tokens", **query)
        assert len(caller.get("tokens.list_tokens", owner_id="me")) == 1


def test_the_right_to_see_all_needs_scope_and_level(house: House, admin: Caller) -> None:
    reader = house.caller("reader", scopes=ALL[:1])

    assert len(reader.get("tokens.list_tokens")) == 2
    with pytest.raises(Forbidden):
        made(reader)
    stranger = house.caller("stranger", scopes=["idn:identity:read"])
    with pytest.raises(Forbidden):
        stranger.ask("tokens.list_tokens", owner_id="me")


def test_the_last_use_can_be_filtered(house: House, admin: Caller) -> None:
    unused = made(admin)["id"]

    def ids(filters: str) -> set[str]:
        return {t["id"] for t in admin.get("tokens.list_tokens", filters=filters)}

    assert ids("lastUsed isnull") == {unused}
    assert ids("not lastUsed isnull") == {admin.id}
    assert ids("lastUsed le 2024-09-16T18:59:06.871Z") == {admin.id}
    assert ids('lastUsed le "2024-09-16T18:59:06.870Z"') == set()
    assert ids("lastUsed le 2024-09-16") == {admin.id}  # a date means its whole day
    assert ids("lastUsed isnull or lastUsed le 2030-01-01T00:00:00Z") == {unused, admin.id}
    assert ids("lastUsed isnull and lastUsed le 2030-01-01T00:00:00Z") == set()
    assert ids(" ") == {unused, admin.id}


@pytest.mark.parametrize(
    "text", ["lastUsed", "lastUsed ge 2024-09-16", "lastUsed pr", 'name eq "x"', "lastUsed le soon", "lastUsed le", "("]
)
def test_another_filter_is_refused_with_its_place(admin: Caller, text: str) -> None:
    with pytest.raises(QueryError):
        admin.ask("tokens.list_tokens", filters=text)


# --- patching ------------------------------------------------------------------------------------------


def test_name_scope_and_end_can_be_patched(admin: Caller) -> None:
    id = made(admin)["id"]
    operations = [
        {"op": "test", "path": "/id", "value": id},
        {"op": "replace", "path": "/name", "value": "renamed"},
        {"op": "replace", "path": "/scope", "value": ["a", "b"]},
        {"op": "add", "path": "/scope/-", "value": "c"},
        {"op": "replace", "path": "/expirationDate", "value": "2027-12-31T23:59:59.999Z"},
        {"op": "replace", "path": "/userAwareTokenNeverExpires", "value": False},
    ]

    found = admin.get("tokens.patch", operations, id=f"{id[:8]}-{id[8:12]}-{id[12:16]}-{id[16:20]}-{id[20:]}")

    assert (found["id"], found["name"], found["scope"]) == (id, "renamed", ["a", "b", "c"])
    assert (found["expirationDate"], found["userAwareTokenNeverExpires"]) == ("2027-12-31T23:59:59.999Z", False)
    assert found in admin.get("tokens.list_tokens")


def test_a_patch_that_makes_a_token_endless_has_to_say_so(admin: Caller) -> None:
    id = made(admin, expirationDate="2027-01-01T00:00:00Z", userAwareTokenNeverExpires=True)["id"]
    endless = replace("/expirationDate", None)

    with pytest.raises(Invalid, match="must be asked for"):
        admin.ask("tokens.patch", endless, id=id)
    aware = replace("/userAwareTokenNeverExpires", True)
    assert admin.get("tokens.patch", endless + aware, id=id)["expirationDate"] is None
    with pytest.raises(Invalid, match="must be asked for"):
        admin.ask("tokens.patch", replace("/userAwareTokenNeverExpires", False), id=id)


def test_older_versions_patch_name_and_scope_only(admin: Caller) -> None:
    id = made(admin)["id"]
    for version in ("v3", "beta", "v2024"):
        assert admin.get("tokens.patch", replace("/name", version), id=id, version=version)["name"] == version
        with pytest.raises(Invalid, match="cannot be changed"):
            admin.ask("tokens.patch", replace("/expirationDate", "2027-01-01T00:00:00Z"), id=id, version=version)


@pytest.mark.parametrize(
    ("operations", "where"),
    [
        ({}, "body"),
        ([1], "/0"),
        ([{}], "/0/op"),
        ([{"op": "put", "path": "/name"}], "/0/op"),
        ([{"op": "replace", "path": "/name"}], "/0/value"),
        ([{"op": "replace", "value": "x"}], "/0/path"),
        ([{"op": "replace", "path": 1, "value": "x"}], "/0/path"),
        ([{"op": "replace", "path": "name", "value": "x"}], "/0/path"),
        ([{"op": "replace", "path": "", "value": {}}], "/0/path"),
        ([{"op": "move", "path": "/name"}], "/0/from"),
        ([{"op": "move", "path": "/name", "from": "/id"}], "/0/from"),
        ([{"op": "copy", "path": "/name", "from": "/nowhere"}], "/0/from"),
        ([{"op": "add", "path": "/scope/9", "value": "x"}], "/0/path"),
        (replace("/name", "ok") + replace("/id", "x"), "/1/path"),
        (replace("/name", "ok") + replace("/levels", ["ORG_ADMIN"]), "/1/path"),
        (replace("/name", "ok") + replace("/owner/id", "x"), "/1/path"),
        (replace("/name", "ok") + replace("/secret", "x"), "/1/path"),
        ([*replace("/name", "ok"), {"op": "test", "path": "/managed", "value": 0}], "/1/value"),
        (replace("/scope", ["a"]) + replace("/name", 7), "/1/value (/name)"),
        ([{"op": "remove", "path": "/name"}], "body"),
        (replace("/name", " "), "/name"),
        (replace("/name", "taken"), "/name"),
        (replace("/scope", "a"), "/0/value (/scope)"),
        (replace("/scope", []), "/scope"),
        (replace("/expirationDate", "2020-01-01T00:00:00Z"), "/expirationDate"),
        (replace("/expirationDate", "soon"), "/0/value (/expirationDate)"),
        ([{"op": "copy", "from": "/scope", "path": "/scope/-"}] * 40, "/15/from"),
    ],
)
def test_a_patch_that_cannot_be_is_refused_whole_with_its_place(admin: Caller, operations: Any, where: str) -> None:
    made(admin, "taken")
    id = made(admin, scope=["sp:scopes:default"])["id"]
    before = admin.ask("tokens.list_tokens").body

    with pytest.raises(Invalid) as refused:
        admin.ask("tokens.patch", operations, id=id)

    assert refused.value.where == where
    assert admin.ask("tokens.list_tokens").body == before


def test_an_empty_patch_changes_nothing(admin: Caller) -> None:
    assert admin.get("tokens.patch", [], id=admin.id) == admin.get("tokens.list_tokens")[0]


# --- who may touch what --------------------------------------------------------------------------------


def test_anothers_token_does_not_exist_for_who_may_not_manage_all(house: House, admin: Caller, user: Caller) -> None:
    callers = (user, house.caller("m", scopes=MY), house.caller("h", level="HELPDESK"))
    for caller in callers:
        texts = set()
        for id in (admin.id, "0" * 32):
            with pytest.raises(NotFound) as missing:
                caller.ask("tokens.patch", replace("/name", "x"), id=id)
            texts.add(missing.value.detail.replace(id, "…"))
            with pytest.raises(NotFound):
                caller.ask("tokens.delete", id=id)
        assert len(texts) == 1
    assert admin.get("tokens.list_tokens", owner_id="me")[0]["name"] == "caller 1"


def test_an_administrator_may_touch_anyones(house: House, admin: Caller, user: Caller) -> None:
    assert admin.get("tokens.patch", replace("/name", "x"), id=user.id)["name"] == "x"
    admin.ask("tokens.delete", id=user.id)

    with pytest.raises(Unauthenticated):
        user.ask("tokens.list_tokens", owner_id="me")


def test_a_malformed_patch_is_refused_before_the_object_is_looked_for(admin: Caller) -> None:
    with pytest.raises(Invalid):
        admin.ask("tokens.patch", replace("/id", "x"), id="0" * 32)


def test_the_token_that_calls_may_delete_itself_and_is_dead_at_once(user: Caller) -> None:
    assert user.ask("tokens.delete", id=user.id).body == b""

    with pytest.raises(Unauthenticated, match="revoked"):
        user.ask("tokens.delete", id=user.id)


def test_new_scopes_hold_for_new_access_tokens_only(house: House, admin: Caller) -> None:
    found = made(admin, scope=["a"])
    old = Caller(house, found["id"], found["secret"])

    admin.ask("tokens.patch", replace("/scope", ["b"]), id=found["id"])

    assert house.tokens.verify(old.token).scopes == {"a"}
    assert house.tokens.verify(Caller(house, found["id"], found["secret"]).token).scopes == {"b"}


def test_other_kinds_of_ids_are_not_found(admin: Caller) -> None:
    for id in ("", "x", "0" * 31, "\x00", "é", "x" * 10_000):
        with pytest.raises(NotFound):
            admin.ask("tokens.delete", id=id)
