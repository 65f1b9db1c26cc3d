"""What a handler gives back, before it becomes ASGI messages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

import msgspec

JSON, CSV = "application/json", "text/csv"


class Live(Protocol):
    """Pieces that come when something happens; closed by who sends them, at their end or when the client has left."""

    def __aiter__(self) -> Live: ...

    async def __anext__(self) -> bytes: ...

    async def aclose(self) -> None: ...


class Answer(msgspec.Struct, frozen=True):
    """Status, body and headers. `stream` yields the pieces of a large body, in a thread."""

    status: int
    body: bytes = b""
    content_type: str = JSON
    headers: Mapping[str, str] = {}
    stream: Iterator[bytes] | None = None
    live: Live | None = None
    later: Callable[[], Answer | None] | None = None  # asked again and again, in a thread, for the true answer


class ClientLeft(Exception):
    """The client has gone before its request was whole: nobody waits for an answer."""


def ok(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """A value encoded as JSON."""
    return Answer(status, msgspec.json.encode(value), headers=headers or {})


def text(body: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """JSON that exists as text already: stored documents are never decoded to be encoded again."""
    return Answer(status, body.encode(), headers=headers or {})


def empty(status: int, headers: Mapping[str, str] | None = None) -> Answer:
    """No body."""
    return Answer(status, b"", headers=headers or {})


def listing(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """A JSON array whose elements come in pieces of comma-joined texts."""
    opened = False
    for piece in pieces:
        if piece:
            yield (b"," if opened else b"[") + piece
            opened = True
    yield b"]" if opened else b"[]"


def csv(pieces: Iterator[bytes], name: str) -> Answer:
    """A file to be saved under that name, in pieces."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Answer(200, content_type=CSV, headers=headers, stream=pieces)
