"""The other side of the HTTP numbers, on the same server: an echo, and stored bytes sent unprocessed."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, MutableMapping
from itertools import islice
from typing import Any

import apsw

BODY = b"{" + b'"x":"' + b"y" * 1_340 + b'"}'
JSON = [(b"content-type", b"application/json")]
PAGE = 250

_db = apsw.Connection(os.environ["BENCH_DB"], flags=apsw.SQLITE_OPEN_READONLY)


async def app(
    scope: MutableMapping[str, Any],
    receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
    send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
) -> None:
    """`/page`: 250 stored documents joined; `/stored`: a table of documents, streamed; else: a fixed body."""
    if scope["type"] != "http":
        return
    if scope["method"] == "POST":
        await receive()
    if scope["path"] == "/stored":
        await _stream(send)
        return
    body = BODY
    if scope["path"] == "/page":
        rows = _db.execute("SELECT head FROM object WHERE tenant = 1 AND kind = 1 ORDER BY id LIMIT ?", (PAGE,))
        body = ("[" + ",".join([head + "}" for (head,) in rows]) + "]").encode()
    headers = [*JSON, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _stream(send: Callable[[MutableMapping[str, Any]], Awaitable[None]]) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": JSON})
    opened = b"["
    rows = _db.execute("SELECT doc FROM page ORDER BY id")
    while found := [doc for (doc,) in islice(rows, PAGE)]:
        await send({"type": "http.response.body", "body": opened + b",".join(found), "more_body": True})
        opened = b","
    await send({"type": "http.response.body", "body": b"]"})
