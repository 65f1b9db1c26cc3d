"""A plain HTTP caller for tests: httpx, a bearer token, and the few conversations that several tests hold."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any

import httpx

from tests.process.server import Credential

BULK = "/v2025/roles/access-model-metadata/bulk-update"
ATTRIBUTES = "/v2025/access-model-metadata/attributes"
PAGE = 250  # the documented maximum of POST /roles/filter


class Api:
    """Calls as one client. Answers come back as they are; `ok` insists on a status."""

    def __init__(self, url: str, credential: Credential, timeout: float = 60.0) -> None:
        self.credential = credential
        self.http = httpx.Client(base_url=url, timeout=timeout)
        self.http.headers["Authorization"] = f"Bearer {self.fetch_token()}"

    def fetch_token(self) -> str:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.credential.id,
            "client_secret": self.credential.secret,
        }
        answer = self.http.post("/oauth/token", data=form)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def close(self) -> None:
        self.http.close()

    def __enter__(self) -> Api:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def ok(self, method: str, path: str, status: int = 200, **options: Any) -> Any:
        """Call and insist on `status`; hands back the JSON body, or None when there is no body."""
        answer = self.http.request(method, path, **options)
        assert answer.status_code == status, (
            f"{method} {path}: {answer.status_code}, not {status}\n{answer.text[:2000]}"
        )
        return answer.json() if answer.content else None

    def roles(self) -> Iterator[dict[str, Any]]:
        """All roles, as the API shows them, page by page."""
        offset = 0
        while True:
            page = self.ok("POST", "/v2025/roles/filter", params={"limit": PAGE, "offset": offset}, json={})
            yield from page
            if len(page) < PAGE:
                return
            offset += PAGE

    def make_attribute(self, key: str, values: Sequence[str]) -> None:
        """An attribute that takes several values, with its values."""
        attribute = {"key": key, "name": key, "multiselect": True, "status": "active", "type": "custom"}
        attribute |= {"description": f"made by a test: {key}", "objectTypes": ["all"]}
        self.ok("POST", ATTRIBUTES, 201, json=attribute)
        for value in values:
            document = {"value": value, "name": value.title(), "status": "active"}
            self.ok("POST", f"{ATTRIBUTES}/{key}/values", 201, json=document)

    def wait_for_job(self, job: str, seconds: float = 120.0) -> dict[str, Any]:
        """Poll a bulk job until it is COMPLETED."""
        deadline = time.monotonic() + seconds
        while True:
            status: dict[str, Any] = self.ok("GET", f"{BULK}/{job}", 202)
            if status["status"] == "COMPLETED":
                return status
            assert time.monotonic() < deadline, f"job {job} is still {status['status']} after {seconds:g} s"
            time.sleep(0.02)


def metadata(role: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    """The metadata of a role document: key → values, sorted; an attribute without values counts as absent."""
    attributes = (role.get("accessModelMetadata") or {}).get("attributes") or []
    held = {one["key"]: tuple(sorted(value["value"] for value in one["values"] or [])) for one in attributes}
    return {key: values for key, values in held.items() if values}
