"""Files that come as parts of a multipart/form-data body (RFC 7578): spooled while they arrive, never held whole.

A part counts as a file by its name: SDKs send a file name, people sometimes do not.
"""

from __future__ import annotations

import hashlib
import logging
import tempfile
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, MutableMapping
from contextlib import aclosing, suppress
from typing import IO, Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import Field, File, FormParser, create_form_parser

from bulkwark.api.answers import ClientLeft
from bulkwark.errors import Invalid, Unavailable

IN_MEMORY = 1024 * 1024  # bytes of a file that stay in memory
MAX_PARTS = 20
MULTIPART = "multipart/form-data"

logging.getLogger("python_multipart").setLevel(logging.WARNING)  # it tells of every file that goes to the disk

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


class Upload:
    """The parts of a body by name. `close` gives their space back."""

    def __init__(self) -> None:
        self._parts: dict[str, IO[bytes]] = {}

    def add(self, name: str, content: IO[bytes]) -> None:
        """Raises Invalid for a name that came already, and for too many parts."""
        if name in self._parts or len(self._parts) == MAX_PARTS:
            content.close()
            fault = f"the part {name[:60]!r} is sent twice" if name in self._parts else "there are too many parts"
            raise Invalid(fault, where="body")
        self._parts[name] = content

    def need(self, name: str) -> IO[bytes]:
        """The part of that name, at its beginning. Raises Invalid naming what came instead."""
        found = self._parts.get(name)
        if found is None:
            came = ", ".join(repr(other[:60]) for other in self._parts) or "none"
            raise Invalid(f"the part {name!r} is missing", where="body", hint=f"parts sent: {came}")
        found.seek(0)
        return found

    def fingerprint(self) -> bytes:
        """A digest of all parts: what makes two uploads the same."""
        made = hashlib.sha256()
        for name, content in sorted(self._parts.items()):
            content.seek(0)
            made.update(name.encode() + b"\0")
            while piece := content.read(IN_MEMORY):
                made.update(piece)
            made.update(b"\0")
        return made.digest()

    def close(self) -> None:
        for content in self._parts.values():
            content.close()


async def receive(receive: Receive, headers: dict[str, str], most: int) -> Upload:
    """Read a whole request. Raises Invalid for a body that is no multipart/form-data, or larger than `most`.

    Raises Unavailable when the temporary directory has no room for it.
    """
    upload = Upload()
    try:
        await _receive(upload, receive, headers, most)
    except BaseException:
        upload.close()
        raise
    return upload


async def _receive(upload: Upload, receive: Receive, headers: dict[str, str], most: int) -> None:
    declared = headers.get("content-length", "")
    if declared.isdigit() and int(declared) > most:
        raise Invalid(f"the body has {declared} bytes", where="body", hint=f"at most {most}")
    content_type = headers.get("content-type", "")
    if content_type.partition(";")[0].strip().lower() != MULTIPART:
        raise Invalid(f"the content type {content_type!r} is not accepted", where="header Content-Type", hint=MULTIPART)

    def field(part: Field) -> None:
        content = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed by the upload
        content.write(part.value or b"")
        upload.add(_name(part.field_name), content)

    def file(part: File) -> None:
        upload.add(_name(part.field_name), part.file_object)

    parser = None
    ended = threading.Event()
    try:
        parser = create_form_parser(
            {"Content-Type": content_type.encode("latin-1")}, field, file, config={"MAX_MEMORY_FILE_SIZE": IN_MEMORY}
        )
        parser.on_end = ended.set
        size = 0
        async with aclosing(_pieces(receive)) as pieces:
            async for piece in pieces:
                size += len(piece)
                if size > most:
                    raise Invalid(f"the body has more than {most} bytes", where="body")
                parser.write(piece)
        parser.finalize()
        if size and not ended.is_set():
            raise Invalid(
                f"the body is no {MULTIPART}: its last boundary is missing", where="body", hint="is it cut off?"
            )
    except OSError as error:
        hint = "free space in the server's temporary directory (TMPDIR), then retry"
        raise Unavailable(f"the body cannot be kept: {error.strerror or error}", hint=hint) from error
    except (FormParserError, ValueError) as error:
        raise Invalid(f"the body is no {MULTIPART}: {error}", where="body") from None
    finally:
        if parser is not None and not ended.is_set():
            _end_part(parser)


def _end_part(parser: FormParser) -> None:
    """Let the parser hand over the part that it was in: else its file would stay open until Python collects garbage."""
    assert isinstance(parser.boundary, bytes)
    with suppress(Exception):
        parser.write(b"\r\n--" + parser.boundary + b"--\r\n")


async def _pieces(receive: Receive) -> AsyncGenerator[bytes]:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientLeft
        yield message.get("body", b"")
        if not message.get("more_body"):
            return


def _name(name: bytes | None) -> str:
    return (name or b"").decode("utf-8", "replace")
