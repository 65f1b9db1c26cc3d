"""Who calls, through the whole application: every layer on, as a client over HTTP would see it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from bulkwark.auth.credentials import create_token
from tests.house import Client, House, close_house, open_house

FORM = {"content-type": "application/x-www-form-urlencoded"}
LIST = {"unversioned": "/personal-access-tokens", "v1": "/personal-access-tokens/v1"} | {
    version: f"/{version}/personal-access-tokens" for version in ("v3", "beta", "v2024", "v2025", "v2026")
}
ENDLESS = {"name": "new", "userAwareTokenNeverExpires": True}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """No company, and callers who leave each other alone."""
    found = open_house(tmp_path_factory.mktemp("auth") / "data")
    yield found
    close_house(found)


@pytest.mark.parametrize("path", ["/oauth/token", "//oauth/token"])
def test_a_token_is_taken_and_used(shared: House, path: str) -> None:
    made = create_token(shared.store, shared.tenant, name=f"taken at {path}", levels=["ORG_ADMIN"])
    body = {"grant_type": "client_credentials", "client_id": made.credential.id, "client_secret": made.secret}

    reply = shared.nobody.post(path, content=urlencode(body).encode(), headers=FORM)

    found = reply.ok()
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["content-type"] == "application/json"
    caller = Client(shared, found["access_token"], made.credential.id, found["identity_id"])
    assert made.credential.id in {t["id"] for t in caller.get(LIST["v1"]).ok()}


def test_a_wrong_secret_is_an_invalid_client_over_http(shared: House) -> None:
    reply = shared.nobody.post("/oauth/token?grant_type=client_credentials&client_id=x&client_secret=y")

    assert reply.ok(401)["error"] == "invalid_client"


@pytest.mark.parametrize("version", LIST)
def test_a_token_lives_through_every_path_form(shared: House, version: str) -> None:
    admin, path = shared.admin, LIST[version]

    made = admin.post(path, ENDLESS | {"name": version}).ok()
    assert admin.patch(f"{path}/{made['id']}", [{"op": "replace", "path": "/name", "value": f"{version}!"}]).ok()
    assert f"{version}!" in {t["name"] for t in admin.get(path, params={"owner-id": "me"}).ok()}
    assert admin.delete(f"{path}/{made['id']}").ok(204) is None
    assert admin.delete(f"{path}/{made['id']}").ok(404)["detailCode"] == "404 Not found"


def test_a_clients_life_over_http(shared: House) -> None:
    robot = shared.application()
    path = f"/oauth-clients/v1/{robot.id}"

    assert robot.get(path).ok()["enabled"] is True
    robot.post("/oauth-clients/v1", {}).ok(403)
    disabled = shared.admin.patch(path, [{"op": "replace", "path": "/enabled", "value": False}])
    assert disabled.ok()["enabled"] is False
    robot.get(path).ok(401)
    shared.admin.delete(path).ok(204)
    shared.admin.get(path).ok(404)


def test_a_deleted_token_is_dead_at_its_next_call(shared: House) -> None:
    caller = shared.as_(alias="leaver", name="gone")

    caller.delete(f"/v2025/personal-access-tokens/{caller.id}").ok(204)

    reply = caller.get("/v2025/personal-access-tokens?owner-id=me")
    assert "revoked" in reply.ok(401)["error"]
    assert reply.headers["www-authenticate"] == "Bearer"


def test_tokens_that_cannot_be_believed_are_answered_401_with_the_documented_body(
    shared: House, tmp_path: Path
) -> None:
    good = shared.admin.token
    head, claims, signature = good.split(".")
    none = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT"}).encode()).rstrip(b"=").decode()
    other = open_house(tmp_path / "other")
    foreign = other.admin.token
    close_house(other)
    for token in (
        foreign,
        f"{none}.{claims}.",
        f"{head}.{claims}.{signature[:-4]}",
        f"{head}.{claims}",
        f"{head}.{claims[:-4]}AAAA.{signature}",
        good + "A" * 20_000,
        "x",
        "ä",
    ):
        body = Client(shared, token, "", "").get("/v2025/personal-access-tokens").ok(401)
        assert body.keys() == {"error"}
        assert body["error"].startswith("JWT validation failed")


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer ", "Basic eDp5", "bearer  "])
def test_a_call_without_a_bearer_token_is_401(shared: House, authorization: str) -> None:
    shared.nobody.get("/v2025/personal-access-tokens", headers={"authorization": authorization}).ok(401)


def test_the_token_of_another_tenant_sees_nothing_of_this_one(shared: House) -> None:
    stranger = shared.as_("ORG_ADMIN", tenant="other")
    path = f"/v2025/personal-access-tokens/{shared.admin.id}"

    assert [t["id"] for t in stranger.get("/v2025/personal-access-tokens").ok()] == [stranger.id]
    stranger.delete(path).ok(404)
    stranger.patch(path, [{"op": "replace", "path": "/name", "value": "x"}]).ok(404)
    assert shared.admin.get("/v2025/personal-access-tokens?owner-id=me").status == 200


def test_a_wrong_scope_or_level_is_403_before_anything_is_read(shared: House) -> None:
    for caller in (shared.as_("ORG_ADMIN", scopes=["idn:identity:read"]), shared.as_("HELPDESK")):
        for reply in (
            caller.get("/v2025/oauth-clients/nowhere"),
            caller.post("/v2025/oauth-clients", content=b"no json"),
            caller.patch("/v2025/oauth-clients/nowhere", 7),
        ):
            assert reply.ok(403)["detailCode"] == "403 Forbidden"


def test_a_bad_body_is_400_in_the_envelope_with_the_place(shared: House) -> None:
    body = shared.admin.post("/v2025/personal-access-tokens", {"name": 7}).ok(400)

    assert body["detailCode"] == "400.1 Bad Request Content"
    assert body["causes"][0]["text"].startswith("/name: ")


def test_the_public_keys_need_no_token(shared: House) -> None:
    for path in ("/oauth/jwks.json", "/.well-known/jwks.json"):
        assert shared.nobody.get(path).ok()["keys"][0]["crv"] == "Ed25519"


def test_over_the_rate_limit_is_429_with_the_seconds_to_wait(tmp_path: Path) -> None:
    house = open_house(tmp_path / "limited", rate_limit="3/3600")
    try:
        one, other = house.as_(name="one"), house.as_(name="other")
        mine = "personal-access-tokens?owner-id=me"

        assert [one.get(f"/v2025/{mine}").status for _ in range(4)] == [200, 200, 200, 429]
        reply = one.get(f"/v2025/{mine}")
        assert "Rate limit exceeded: 3 requests in 3600 seconds" in reply.ok(429)["message"]
        assert 3590 <= int(reply.headers["retry-after"]) <= 3600
        assert one.get(f"/{mine}").status == 429  # unversioned is v2025
        assert one.get(f"/v3/{mine}").status == 200
        assert other.get(f"/v2025/{mine}").status == 200
        assert [one.get("/bulkwark/v1/jobs").status for _ in range(4)] == [403, 403, 403, 429]  # not his, but counted
        assert one.get("/personal-access-tokens/v1?owner-id=me").status == 200  # ours takes nothing from v1
    finally:
        close_house(house)
