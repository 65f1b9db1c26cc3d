"""Real things for the contract run: ids that exist, made or read over the API before it starts."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

Seeds = dict[str, Any]

ROLES = "/v2025/roles"
ATTRIBUTES = "/v2025/access-model-metadata/attributes"
TOKENS = "/v2025/personal-access-tokens"
CLIENTS = "/v2025/oauth-clients"
ATTRIBUTE = "contractSeed"
VALUES = ("one", "two", "three")


def client_of(token: str) -> str:
    """The client id of an access token: the run must not delete or change the token that it calls with."""
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return str(claims["client_id"])


def gather(server: str, token: str, disposable: int) -> Seeds:
    """Make and read what the cases refer to; of each kind that a DELETE takes, `disposable` are made."""
    with httpx.Client(base_url=server, headers={"Authorization": f"Bearer {token}"}, timeout=60) as http:

        def ok(method: str, path: str, *statuses: int, **options: Any) -> Any:
            answer = http.request(method, path, **options)
            assert answer.status_code in statuses, f"{method} {path}: {answer.status_code} {answer.text[:1000]}"
            return answer.json()

        identities = ok("GET", "/v2025/identities", 200, params={"limit": 20})
        owner = {"type": "IDENTITY", "id": identities[0]["id"], "name": identities[0]["name"]}
        make_attribute(http)
        roles = [role["id"] for role in ok("GET", ROLES, 200, params={"limit": 50})]

        def role(number: int) -> str:
            return str(ok("POST", ROLES, 201, json={"name": f"Contract {number}", "owner": owner})["id"])

        def credential(path: str, number: int) -> str:
            return str(ok("POST", path, 200, json=credential_body(path, number))["id"])

        job = {"roles": roles[:2], "operation": "ADD", "values": [{"attribute": ATTRIBUTE, "values": ["one"]}]}
        path = f"{ROLES}/access-model-metadata/bulk-update/ids"
        return {
            "client": client_of(token),
            "soon": soon(),
            "owner": owner,
            "roles": roles,
            "identities": [identity["id"] for identity in identities],
            "attribute": ATTRIBUTE,
            "values": list(VALUES),
            "jobs": [ok("POST", path, 202, json=job)["id"] for _ in range(3)],
            "tokens": [credential(TOKENS, number) for number in range(5)],
            "clients": [credential(CLIENTS, number) for number in range(5)],
            "disposable": {
                "roles": [role(number) for number in range(5 * disposable)],
                "tokens": [credential(TOKENS, number) for number in range(5, 5 + disposable)],
                "clients": [credential(CLIENTS, number) for number in range(5, 5 + disposable)],
            },
        }


def soon() -> str:
    return (datetime.now(UTC) + timedelta(days=30)).isoformat()


def make_attribute(http: httpx.Client) -> None:
    """The attribute may be there from an earlier run on the same server."""
    if http.get(f"{ATTRIBUTES}/{ATTRIBUTE}").status_code == 200:
        return
    body = {"key": ATTRIBUTE, "name": ATTRIBUTE, "multiselect": True, "type": "custom", "objectTypes": ["all"]}
    answer = http.post(ATTRIBUTES, json=body)
    assert answer.status_code == 201, answer.text
    for value in VALUES:
        answer = http.post(f"{ATTRIBUTES}/{ATTRIBUTE}/values", json={"value": value, "name": value.title()})
        assert answer.status_code == 201, answer.text


def credential_body(path: str, number: int) -> dict[str, Any]:
    if path == TOKENS:
        return {"name": f"contract seed {number}", "scope": ["sp:scopes:all"], "expirationDate": soon()}
    return {
        "name": f"contract {number}",
        "description": "made for the contract run",
        "accessTokenValiditySeconds": 750,
        "grantTypes": ["CLIENT_CREDENTIALS"],
        "accessType": "OFFLINE",
        "enabled": True,
    }
