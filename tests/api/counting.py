"""Asking `/search/aggregate` in tests, and the documents that it counts."""

from __future__ import annotations

import csv
import io
from typing import Any

from tests.house import Client

PATH = "/v2025/search/aggregate"


def dsl(client: Client, spec: dict[str, Any], text: str | None = None, index: str = "roles") -> dict[str, Any]:
    query = {} if text is None else {"query": {"query": text}}
    answer = client.post(f"{PATH}?limit=0", {"indices": [index], **query, "aggregationsDsl": spec}).ok()
    found: dict[str, Any] = answer["aggregations"]
    return found


def sailpoint(client: Client, spec: dict[str, Any], index: str = "roles", **more: Any) -> dict[str, Any]:
    body = {"indices": [index], "aggregationType": "SAILPOINT", "aggregations": spec, **more}
    found: dict[str, Any] = client.post(f"{PATH}?limit=0", body).ok()["aggregations"]
    return found


def as_rows(client: Client, spec: dict[str, Any], **more: Any) -> list[list[str]]:
    body = {"indices": ["roles"], "aggregationType": "SAILPOINT", "aggregations": spec, **more}
    reply = client.post(PATH, body, headers={"accept": "text/csv"})
    assert (reply.status, reply.headers["content-type"]) == (200, "text/csv")
    return list(csv.reader(io.StringIO(reply.body.decode())))


def documents(client: Client, text: str = "*", index: str = "roles") -> list[dict[str, Any]]:
    body = {"indices": [index], "query": {"query": text}}
    found: list[dict[str, Any]] = client.post("/v2025/search?limit=5000", body).ok()
    return found


def counted(buckets: list[dict[str, Any]]) -> dict[Any, int]:
    return {bucket["key"]: bucket["doc_count"] for bucket in buckets}
