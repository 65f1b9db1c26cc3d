"""Real things for the contract run: ids that exist, made or read over the API before it starts."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

Seeds = dict[str, Any]

API = "/v2025"
ATTRIBUTES = f"{API}/access-model-metadata/attributes"
ATTRIBUTE = "contractSeed"
VALUES = ("one", "two", "three")
ACCOUNT = "c0" * 16
MADE = 5  # of each kind, to be read and changed

#: Accounts exist only where a loaded identity lists them: the runner loads this one before the server starts.
HOLDER = {
    "id": "c1" * 16,
    "name": "Contract Holder",
    "alias": "contract.holder",
    "accounts": [{"id": ACCOUNT, "source": {"id": "c2" * 16}, "entitlementAttributes": {}}],
}


def claims_of(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return found


def client_of(token: str) -> str:
    """The client id of an access token: the run must not delete or change the token that it calls with."""
    return str(claims_of(token)["client_id"])


def soon() -> str:
    return (datetime.now(UTC) + timedelta(days=30)).isoformat()


def gather(server: str, token: str, disposable: int) -> Seeds:
    """Make and read what the cases refer to; of each kind that a DELETE takes, about `disposable` are made."""
    headers = {"Authorization": f"Bearer {token}", "X-SailPoint-Experimental": "true"}
    with httpx.Client(base_url=server, headers=headers, timeout=60) as http:
        return Gatherer(http).gather(token, disposable)


class Gatherer:
    def __init__(self, http: httpx.Client) -> None:
        self.http = http

    def ok(self, method: str, path: str, status: int, **options: Any) -> Any:
        answer = self.http.request(method, path, **options)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text[:1000]}"
        return answer.json()

    def ids(self, path: str, limit: int = 50) -> list[str]:
        """Ids of a list; none where the server does not serve it yet."""
        answer = self.http.get(f"{API}{path}", params={"limit": limit})
        return [one["id"] for one in answer.json()] if answer.status_code == 200 else []

    def made(self, path: str, status: int, many: int, **body: Any) -> list[str]:
        """Ids of `many` new things; none where the server does not serve this yet."""
        probe = self.http.post(f"{API}{path}", json=body | {"name": f"{body['name']} first"})
        if probe.status_code == 404:
            return []
        assert probe.status_code == status, f"POST {path}: {probe.status_code} {probe.text[:1000]}"
        rest = (
            self.ok("POST", f"{API}{path}", status, json=body | {"name": f"{body['name']} {number}"})["id"]
            for number in range(1, many)
        )
        return [probe.json()["id"], *rest]

    def gather(self, token: str, disposable: int) -> Seeds:
        identity = self.ok("GET", f"{API}/identities", 200, params={"limit": 1})[0]
        owner = {"type": "IDENTITY", "id": identity["id"], "name": identity["name"]}
        self.make_attribute()
        roles, sources = self.ids("/roles"), self.ids("/sources")
        dimensional = self.ok("POST", f"{API}/roles", 201, json={"name": "Dimensional", "owner": owner})["id"]
        many = MADE + disposable
        profile = {"owner": owner, "source": {"type": "SOURCE", "id": sources[0] if sources else ""}}
        made = {
            "roles": self.made("/roles", 201, MADE + 3 * disposable, name="Contract", owner=owner),
            "access-profiles": self.made("/access-profiles", 201, MADE + 3 * disposable, name="Contract", **profile),
            "sources": self.made("/sources", 201, many, name="Contract", owner=owner, connector="delimited-file"),
            "dimensions": self.made(
                f"/roles/{dimensional}/dimensions", 201, MADE + 3 * disposable, name="Contract", owner=owner
            ),
            "tokens": self.made("/personal-access-tokens", 200, many, **token_body()),
            "clients": self.made("/oauth-clients", 200, many, **client_body()),
        }
        found: Seeds = {
            "client": client_of(token),
            "soon": soon(),
            "owner": owner,
            "attribute": ATTRIBUTE,
            "values": list(VALUES),
            "account": ACCOUNT,
            "dimensional": dimensional,
            "roles": roles,
            "identities": self.ids("/identities"),
            "access-profiles": self.ids("/access-profiles"),
            "entitlements": self.ids("/entitlements"),
            "sources": sources,
            "emptied sources": made["sources"][:MADE],
            "dimensions": made["dimensions"][:MADE],
            "tokens": made["tokens"][:MADE],
            "clients": made["clients"][:MADE],
            "jobs": [self.job(roles[:2]) for _ in range(3)],
            "tasks": self.ids("/task-status"),
            "common access": self.common_access(roles[:MADE]),
            "disposable": {kind: ids[MADE:] for kind, ids in made.items()},
        }
        NonEmployees(self.http, claims_of(token)["identity_id"], disposable).add_to(found)
        return found

    def job(self, roles: list[str]) -> str:
        body = {"roles": roles, "operation": "ADD", "values": [{"attribute": ATTRIBUTE, "values": ["one"]}]}
        return str(self.ok("POST", f"{API}/roles/access-model-metadata/bulk-update/ids", 202, json=body)["id"])

    def common_access(self, roles: list[str]) -> list[str]:
        for role in roles:
            self.http.post(f"{API}/common-access", json={"access": {"id": role, "type": "ROLE"}})
        return self.ids("/common-access")

    def make_attribute(self) -> None:
        """The attribute may be there from an earlier run on the same server."""
        if self.http.get(f"{ATTRIBUTES}/{ATTRIBUTE}").status_code == 200:
            return
        body = {"key": ATTRIBUTE, "name": ATTRIBUTE, "multiselect": True, "type": "custom", "objectTypes": ["all"]}
        self.ok("POST", ATTRIBUTES, 201, json=body)
        for value in VALUES:
            self.ok("POST", f"{ATTRIBUTES}/{ATTRIBUTE}/values", 201, json={"value": value, "name": value.title()})


class NonEmployees:
    """Sources whose approver is the caller, with records, requests, approvals and attributes."""

    def __init__(self, http: httpx.Client, caller: str, disposable: int) -> None:
        self.http, self.caller, self.disposable = http, {"id": caller}, disposable
        self.number = 0

    def post(self, path: str, body: dict[str, Any]) -> Any:
        answer = self.http.post(f"{API}{path}", json=body)
        assert answer.status_code == 200, f"POST {path}: {answer.status_code} {answer.text[:1000]}"
        return answer.json()

    def source(self) -> str:
        self.number += 1
        name = f"Contract contractors {self.number}"
        body = {"name": name, "description": "made", "owner": self.caller, "approvers": [self.caller]}
        return str(self.post("/non-employee-sources", body)["id"])

    def attributes(self, source: str) -> list[list[str]]:
        path = f"/non-employee-sources/{source}/schema-attributes"
        bodies = [{"type": "TEXT", "label": f"L{n}", "technicalName": f"n{n}"} for n in range(8)]
        return [[source, str(self.post(path, body)["id"])] for body in bodies]

    def person(self, path: str, source: str) -> Any:
        self.number += 1
        return self.post(path, non_employee(source, self.caller["id"], f"contract.seed.{self.number}"))

    def add_to(self, seeds: Seeds) -> None:
        home, many = self.source(), MADE + self.disposable
        sources = [self.source() for _ in range(many)]
        attributes = [pair for _ in range(2 + self.disposable // 8) for pair in self.attributes(self.source())]
        records = [self.person("/non-employee-records", home)["id"] for _ in range(MADE + 3 * self.disposable)]
        requests = [self.person("/non-employee-requests", home) for _ in range(MADE + 3 * self.disposable)]
        approvals = [one["approvalItems"][0]["id"] for one in requests]
        found: dict[str, list[Any]] = {"ne sources": sources, "ne attributes": attributes, "ne records": records}
        # Of a request either the request itself is deleted, or its approval is given.
        found["ne requests"] = [one["id"] for one in requests[:many]]
        seeds |= {kind: made[:MADE] for kind, made in found.items()}
        seeds |= {"ne home": home, "caller": self.caller["id"], "ne approvals": approvals[:MADE]}
        seeds["disposable"] |= {kind: made[MADE:] for kind, made in found.items()}
        seeds["disposable"]["ne approvals"] = approvals[many:]


def non_employee(source: str, manager: str, account: str) -> dict[str, Any]:
    return {
        "sourceId": source,
        "accountName": account,
        "firstName": "Ann",
        "lastName": "Lee",
        "email": "ann@example.com",
        "phone": "+1 555 0100",
        "manager": manager,
        "startDate": "2024-01-01T00:00:00-05:00",
        "endDate": "2099-01-01T00:00:00Z",
    }


def token_body() -> dict[str, Any]:
    return {"name": "contract seed", "scope": ["sp:scopes:all"], "expirationDate": soon()}


def client_body() -> dict[str, Any]:
    return {
        "name": "contract seed",
        "description": "made for the contract run",
        "accessTokenValiditySeconds": 750,
        "grantTypes": ["CLIENT_CREDENTIALS"],
        "accessType": "OFFLINE",
        "enabled": True,
    }
