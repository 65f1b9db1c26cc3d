"""A client of a stream of events: reads until it has enough, and then leaves as a browser does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from tests.house import House

SECONDS = 20.0


@dataclass
class Heard:
    """What came of one connection."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes = b""
    ended: bool = False  # by the server

    @property
    def events(self) -> list[dict[str, Any]]:
        """The whole events, each with its `id`, `event` and decoded `data`."""
        found = []
        for block in self.raw.split(b"\n\n")[:-1]:
            fields = dict(line.split(": ", 1) for line in block.decode().split("\n") if not line.startswith(":"))
            if "data" in fields:
                found.append(fields | {"id": int(fields["id"]), "data": msgspec.json.decode(fields["data"])})
        return found

    @property
    def ids(self) -> list[int]:
        return [event["id"] for event in self.events]


def listen(
    house: House,
    target: str,
    headers: dict[str, str],
    enough: Callable[[Heard], bool] = lambda heard: False,
    *,
    during: Callable[[], None] = lambda: None,
) -> Heard:
    """One connection, until the server ends it or `enough` says so; `during` runs in a thread when it is open."""
    return house.loop.run_until_complete(asyncio.wait_for(hear(house, target, headers, enough, during), SECONDS))


async def hear(
    house: House,
    target: str,
    headers: dict[str, str],
    enough: Callable[[Heard], bool] = lambda heard: False,
    during: Callable[[], None] = lambda: None,
) -> Heard:
    path, _, query = target.partition("?")
    heard, gone, opened = Heard(), asyncio.Event(), asyncio.Event()
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(b"host", b"house"), *((k.lower().encode(), v.encode()) for k, v in headers.items())],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }

    async def receive() -> dict[str, Any]:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            heard.status = message["status"]
            heard.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        elif not gone.is_set():
            heard.raw += message.get("body", b"")
            heard.ended = not message.get("more_body", False)
            opened.set()
            if enough(heard):
                gone.set()

    answer = asyncio.ensure_future(house.app(scope, receive, send))
    await asyncio.wait((answer, asyncio.ensure_future(opened.wait())), return_when=asyncio.FIRST_COMPLETED)
    await asyncio.to_thread(during)
    await answer
    return heard
