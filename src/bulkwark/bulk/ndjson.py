"""Files for the loader: one JSON document on each line, plain or compressed with gzip.

The kind of a file's documents is, in this order: what the caller says; the file's name (`roles.ndjson`,
`accessProfiles-2025.json.gz`); or the line itself, then of the form `{"kind": "role", "document": {…}}`.
Members of the documents are never asked: `type` means other things there.
"""

from __future__ import annotations

import gzip
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, cast

import msgspec

from bulkwark.bulk.batch import KINDS, Row
from bulkwark.bulk.load import Fault, kind_named
from bulkwark.errors import Invalid

STDIN = "-"
_ARRAY = "a document is a JSON object on a line of its own; `jq -c '.[]'` turns an array into lines"
_UNKNOWN = 'its kind is not known; name the file after it, pass --kind, or write {"kind": "role", "document": {…}}'


def file_kind(name: str) -> str | None:
    """The kind that a file's name tells: its first word, in any spelling.

    >>> file_kind("export/access-profiles-2025.ndjson.gz"), file_kind("dump.ndjson")
    ('access-profile', None)
    """
    stem = Path(name).name.partition(".")[0]
    words = re.split(r"[^A-Za-z]+", stem)
    # The longest beginning that names a kind: `access-profiles-2025`, `metadata_attributes`.
    for end in range(len(words), 0, -1):
        found = kind_named("".join(words[:end]))
        if found:
            return found
    return None


def in_order(names: Sequence[str], kind: str | None) -> list[str]:
    """Files in the order in which their kinds depend on each other; those of unknown kind come last."""
    order = list(KINDS)

    def place(name: str) -> int:
        found = kind or file_kind(name)
        return order.index(found) if found else len(order)

    return sorted(names, key=place)


def rows(names: Iterable[str], kind: str | None = None) -> Iterator[Row | Fault]:
    """The documents of the files; `-` is standard input. Lines that cannot be read come as faults.

    Raises Invalid for a file that is not what its name says.
    """
    for name in names:
        shown = "standard input" if name == STDIN else name
        try:
            with _open(name) as file:
                yield from _lines(file, shown, kind or (None if name == STDIN else file_kind(name)))
        except (gzip.BadGzipFile, EOFError) as error:
            raise Invalid(f"the compressed file is broken: {error}", where=shown) from error


def _open(name: str) -> BinaryIO:
    if name == STDIN:
        return sys.stdin.buffer
    file = Path(name).open("rb")  # noqa: SIM115 - closed by the caller, or by gzip's reader
    if file.peek(2)[:2] == b"\x1f\x8b":
        return cast(BinaryIO, _Gzip(file))
    return file


class _Gzip(gzip.GzipFile):
    """Closes the file below it, too."""

    def __init__(self, below: BinaryIO) -> None:
        super().__init__(fileobj=below)
        self._below = below

    def close(self) -> None:
        super().close()
        self._below.close()


def _lines(file: BinaryIO, shown: str, kind: str | None) -> Iterator[Row | Fault]:
    decode = msgspec.json.Decoder().decode
    for number, line in enumerate(file, 1):
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        if line.isspace() or not line:
            continue
        try:
            found = decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            hint = f" ({_ARRAY})" if line.lstrip()[:1] == b"[" else ""
            yield Fault(shown, number, "", f"it is not JSON: {error}{hint}", kind or "")
            continue
        yield _row(found, kind, shown, number)


def _row(found: Any, kind: str | None, shown: str, number: int) -> Row | Fault:
    if kind is None and isinstance(found, dict) and found.keys() == {"kind", "document"}:
        named = kind_named(str(found["kind"]))
        if named is None:
            hint = f"one of {', '.join(KINDS)}"
            return Fault(shown, number, "/kind", f"/kind: {found['kind']!r} is no kind ({hint})")
        kind, found = named, found["document"]
    if not isinstance(found, dict):
        return Fault(shown, number, "", _ARRAY, kind or "")
    if kind is None:
        return Fault(shown, number, "", _UNKNOWN)
    return Row(kind, found, shown, number)
