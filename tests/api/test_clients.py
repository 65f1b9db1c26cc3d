"""OAuth clients over the API: shapes, rules, and what their tokens may."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bulkwark.errors import Forbidden, Invalid, NotFound, QueryError, Unauthenticated
from bulkwark.store.tenants import open_store
from tests.api.asking import Caller, House, replace

LEAST = {
    "name": "Robot",
    "description": None,
    "accessTokenValiditySeconds": 750,
    "grantTypes": ["CLIENT_CREDENTIALS"],
    "accessType": "OFFLINE",
    "enabled": True,
}
GET_MEMBERS = {
    *("id", "businessName", "homepageUrl", "name", "description", "accessTokenValiditySeconds"),
    *("refreshTokenValiditySeconds", "redirectUris", "grantTypes", "accessType", "type", "internal", "enabled"),
    *("strongAuthSupported", "claimsSupported", "created", "modified", "lastUsed", "scope"),
}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    store = open_store(tmp_path)
    yield House(store)
    store.close()


@pytest.fixture
def admin(house: House) -> Caller:
    return house.caller()


def made(caller: Caller, **more: Any) -> Any:
    return caller.get("clients.create", LEAST | more)


def test_a_new_client_has_the_official_members_none_of_them_null(admin: Caller) -> None:
    found = made(admin)

    assert len(bytes.fromhex(found.pop("secret"))) == 32
    assert len(found.pop("id")) == 32
    assert found == {
        "businessName": "",
        "homepageUrl": "",
        "name": "Robot",
        "description": "",
        "accessTokenValiditySeconds": 750,
        "refreshTokenValiditySeconds": 86_400,
        "redirectUris": [],
        "grantTypes": ["CLIENT_CREDENTIALS"],
        "accessType": "OFFLINE",
        "type": "CONFIDENTIAL",
        "internal": False,
        "enabled": True,
        "strongAuthSupported": False,
        "claimsSupported": False,
        "created": "2024-09-16T18:59:06.871Z",
        "modified": "2024-09-16T18:59:06.871Z",
        "scope": ["sp:scopes:all"],
    }


def test_every_member_that_is_given_comes_back(admin: Caller) -> None:
    given = {
        "businessName": "Acme-Solar",
        "homepageUrl": "http://localhost:12345",
        "description": "An API client",
        "refreshTokenValiditySeconds": 0,
        "redirectUris": ["http://localhost:12345"],
        "grantTypes": ["AUTHORIZATION_CODE", "CLIENT_CREDENTIALS", "REFRESH_TOKEN"],
        "accessType": "ONLINE",
        "internal": True,
        "strongAuthSupported": True,
        "claimsSupported": True,
        "scope": ["a", "b"],
    }

    found = made(admin, **given)

    read = admin.get("clients.get", id=found["id"])
    assert read.keys() == GET_MEMBERS
    assert {n: read[n] for n in given} == given == {n: found[n] for n in given}
    assert admin.get("clients.list_clients") == [read]


def test_null_where_the_request_allows_it_is_the_empty_value(admin: Caller) -> None:
    nulls = ("businessName", "homepageUrl", "name", "description", "redirectUris", "grantTypes", "scope")

    found = made(admin, **dict.fromkeys(nulls))

    assert [found[n] for n in nulls] == ["", "", "", "", [], [], ["sp:scopes:all"]]


def test_the_secret_is_never_shown_again(admin: Caller) -> None:
    found = made(admin)

    bodies = admin.ask("clients.list_clients").body + admin.ask("clients.get", id=found["id"]).body
    assert found["secret"].encode() not in bodies
    assert b'"secret"' not in bodies


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        *(({name: ...}, "body") for name in LEAST),
        ({"name": 1}, "/name"),
        ({"name": "x" * 256}, "/name"),
        ({"accessTokenValiditySeconds": 0}, "/accessTokenValiditySeconds"),
        ({"accessTokenValiditySeconds": 2**31}, "/accessTokenValiditySeconds"),
        ({"accessTokenValiditySeconds": None}, "/accessTokenValiditySeconds"),
        ({"accessTokenValiditySeconds": "750"}, "/accessTokenValiditySeconds"),
        ({"refreshTokenValiditySeconds": -1}, "/refreshTokenValiditySeconds"),
        ({"grantTypes": ["PASSWORD"]}, "/grantTypes/0"),
        ({"grantTypes": "CLIENT_CREDENTIALS"}, "/grantTypes"),
        ({"grantTypes": ["AUTHORIZATION_CODE"]}, "/redirectUris"),
        ({"accessType": "offline"}, "/accessType"),
        ({"type": "PRIVATE"}, "/type"),
        ({"type": None}, "/type"),
        ({"type": "PUBLIC"}, "/grantTypes"),
        ({"enabled": "true"}, "/enabled"),
        ({"internal": 1}, "/internal"),
        ({"scope": []}, "/scope"),
        ({"scope": [""]}, "/scope"),
        ({"redirectUris": [1]}, "/redirectUris/0"),
    ],
)
def test_a_body_that_cannot_be_is_refused_with_its_place(admin: Caller, changes: Any, where: str) -> None:
    body = {name: value for name, value in (LEAST | changes).items() if value is not ...}

    with pytest.raises(Invalid) as refused:
        admin.ask("clients.create", body)

    assert refused.value.where == where
    assert admin.get("clients.list_clients") == []


def test_only_an_administrator_with_the_scope_may(house: House, admin: Caller) -> None:
    id = made(admin)["id"]
    strangers = (
        house.caller("user", level=""),
        house.caller("roles", level="ROLE_ADMIN"),
        house.caller("limited", scopes=["sp:my-personal-access-tokens:manage"]),
    )
    for stranger in strangers:
        for handler in ("list_clients", "create", "get", "patch", "delete"):
            with pytest.raises(Forbidden):
                stranger.ask(f"clients.{handler}", id=id)
    reader = house.caller("reader", scopes=["sp:oauth-client:read"])
    assert reader.get("clients.get", id=id)["id"] == id
    with pytest.raises(Forbidden):
        reader.ask("clients.delete", id=id)


def test_no_client_has_a_scope_that_its_maker_lacks(house: House) -> None:
    maker = house.caller("maker", scopes=["sp:oauth-client:manage"])

    with pytest.raises(Forbidden, match="lacks the scope"):
        made(maker)
    assert made(maker, scope=["sp:oauth-client:manage"])["scope"] == ["sp:oauth-client:manage"]


def test_a_clients_own_token_may_read_clients_but_not_make_them(house: House, admin: Caller) -> None:
    found = made(admin)
    robot = Caller(house, found["id"], found["secret"])

    assert robot.get("clients.get", id=found["id"])["name"] == "Robot"
    with pytest.raises(Forbidden, match="needs a user's token"):
        made(robot)


def test_a_public_client_has_no_secret_and_gets_no_token(house: House, admin: Caller) -> None:
    found = made(admin, type="PUBLIC", grantTypes=["REFRESH_TOKEN"])

    assert found["secret"] == ""
    with pytest.raises(Unauthenticated):
        house.tokens.issue(found["id"], "")


def test_the_patchable_members_can_be_patched(house: House, admin: Caller) -> None:
    id = made(admin)["id"]
    house.clock.now += 1
    changes: dict[str, Any] = {
        "businessName": "acme-solar",
        "homepageUrl": "http://x",
        "name": "Other",
        "description": "d",
        "accessTokenValiditySeconds": 60,
        "refreshTokenValiditySeconds": 600,
        "redirectUris": ["http://y"],
        "grantTypes": ["CLIENT_CREDENTIALS", "AUTHORIZATION_CODE"],
        "accessType": "ONLINE",
        "enabled": False,
        "strongAuthSupported": True,
        "claimsSupported": True,
    }

    found = admin.get("clients.patch", [o for n, v in changes.items() for o in replace(f"/{n}", v)], id=id)

    assert {n: found[n] for n in changes} == changes
    assert found["modified"] == "2024-09-16T18:59:07.871Z"
    assert found["created"] == "2024-09-16T18:59:06.871Z"
    assert admin.get("clients.get", id=id) == found


def test_a_patch_without_effect_does_not_move_modified(house: House, admin: Caller) -> None:
    id = made(admin)["id"]
    house.clock.now += 1

    assert admin.get("clients.patch", replace("/name", "Robot"), id=id)["modified"] == "2024-09-16T18:59:06.871Z"


def test_a_client_stays_in_its_tenant(admin: Caller) -> None:
    id = made(admin)["id"]

    admin.ask("clients.patch", replace("/tenant", "default"), id=id)
    for operations in (replace("/tenant", "other"), [{"op": "remove", "path": "/tenant"}]):
        with pytest.raises(Invalid, match="cannot move to another tenant"):
            admin.ask("clients.patch", operations, id=id)
    assert "tenant" not in admin.get("clients.get", id=id)


@pytest.mark.parametrize(
    ("operations", "where"),
    [
        (replace("/scope", ["a"]), "/0/path"),
        (replace("/type", "PUBLIC"), "/0/path"),
        (replace("/internal", True), "/0/path"),
        (replace("/id", "x"), "/0/path"),
        (replace("/created", "2020-01-01T00:00:00Z"), "/0/path"),
        (replace("/nothing", "x"), "/0/path"),
        (replace("/name", "ok") + replace("/enabled", "yes"), "/1/value (/enabled)"),
        (replace("/grantTypes/0", "PASSWORD"), "/0/value (/grantTypes/0)"),
        (replace("/accessTokenValiditySeconds", 0), "/0/value (/accessTokenValiditySeconds)"),
        (replace("/grantTypes", ["AUTHORIZATION_CODE"]), "/redirectUris"),
        ([{"op": "remove", "path": "/enabled"}], "body"),
    ],
)
def test_a_patch_that_cannot_be_is_refused_whole_with_its_place(admin: Caller, operations: Any, where: str) -> None:
    id = made(admin)["id"]
    before = admin.get("clients.get", id=id)

    with pytest.raises(Invalid) as refused:
        admin.ask("clients.patch", operations, id=id)

    assert refused.value.where == where
    assert admin.get("clients.get", id=id) == before


def test_a_disabled_client_and_its_tokens_are_dead_at_once(house: House, admin: Caller) -> None:
    found = made(admin)
    robot = Caller(house, found["id"], found["secret"])
    robot.ask("clients.get", id=found["id"])

    admin.ask("clients.patch", replace("/enabled", False), id=found["id"])

    with pytest.raises(Unauthenticated):
        robot.ask("clients.get", id=found["id"])
    with pytest.raises(Unauthenticated):
        Caller(house, found["id"], found["secret"])


def test_a_deleted_client_is_gone_with_its_tokens(house: House, admin: Caller) -> None:
    found = made(admin)
    robot = Caller(house, found["id"], found["secret"])

    assert admin.ask("clients.delete", id=found["id"]).body == b""

    with pytest.raises(Unauthenticated):
        robot.ask("clients.get", id=found["id"])
    for handler, body in (("get", None), ("patch", []), ("delete", None)):
        with pytest.raises(NotFound):
            admin.ask(f"clients.{handler}", body, id=found["id"])


def test_personal_access_tokens_and_clients_do_not_mix(admin: Caller) -> None:
    id = made(admin)["id"]

    with pytest.raises(NotFound):
        admin.ask("clients.get", id=admin.id)
    with pytest.raises(NotFound):
        admin.ask("tokens.delete", id=id)
    assert [t["id"] for t in admin.get("tokens.list_tokens")] == [admin.id]


def test_the_last_use_can_be_filtered(house: House, admin: Caller) -> None:
    used, unused = made(admin), made(admin)
    Caller(house, used["id"], used["secret"])

    found = admin.get("clients.list_clients", filters="lastUsed le 2024-09-16T18:59:06.871Z")
    assert [c["id"] for c in found] == [used["id"]]
    assert found[0]["lastUsed"] == "2024-09-16T18:59:06.871Z"
    assert [c["id"] for c in admin.get("clients.list_clients", filters="lastUsed isnull")] == [unused["id"]]
    with pytest.raises(QueryError):
        admin.ask("clients.list_clients", filters='name eq "Robot"')
