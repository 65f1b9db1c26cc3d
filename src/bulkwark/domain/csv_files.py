"""CSV files as people send them (RFC 4180 and what spreadsheets make of it), read record by record.

Encodings: UTF-8 with or without a byte order mark, UTF-16 of either order, Windows-1252. Delimiters: comma, semicolon,
tab. Line ends of any system, also inside quotes. A record that is broken costs itself, never its neighbours: its lines
are read again one by one.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from typing import IO, NamedTuple

from bulkwark.errors import Invalid

MAX_CELL = 131_072  # characters
MAX_LINE = 1_048_576  # characters between two line ends
MAX_SPAN = 1_000  # lines of one record: more is a quote that nobody closed
HEADING = 64  # bytes: the first names of a header
PIECE = 1 << 20  # bytes that are looked at together
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}
_OTHERS = {"|": "a bar", ":": "a colon"}  # what people also write, for the hint
_CP1252 = "cp1252-kept"
_SEP = re.compile(r"sep=(.)\r?\n?", re.IGNORECASE)  # the line with which Excel tells itself the delimiter
_SIGNATURES = (
    (b"PK\x03\x04", "an Excel workbook or another archive", "save the sheet as CSV UTF-8"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook", "save the sheet as CSV UTF-8"),
    (b"%PDF", "a PDF document", "send the sheet as CSV"),
    (b"\x1f\x8b", "compressed", "unpack it first"),
    (b"{\\rtf", "a text document (RTF)", "save it as plain text"),
    (b"\x89PNG", "a picture", "send the sheet as CSV"),
)


class FileFault(NamedTuple):
    """Why a whole file is refused; `line` 0: it is about no line."""

    line: int
    message: str
    suggestion: str = ""

    def __str__(self) -> str:
        place = f"line {self.line}: " if self.line else ""
        return f"{place}{self.message} ({self.suggestion})" if self.suggestion else place + self.message


class Refused(Invalid):
    """A file that cannot be used at all; `faults` in the order of their lines, `sentence` has one on each line."""

    def __init__(self, *faults: FileFault) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


CUT_OFF = FileFault(0, "the file ends within a character", "is it cut off?")


class Record(NamedTuple):
    """One record. `broken` says why its cells cannot be told apart, or ''; `cells` then hold the text of its line."""

    line: int  # where it begins; the first line of the file is 1
    cells: list[str]
    broken: str = ""


@dataclass(frozen=True, slots=True)
class Format:
    """How a file is written. `skip`: lines before the header."""

    encoding: str
    delimiter: str
    skip: int = 0


# --- encoding ----------------------------------------------------------------------------------------


def _keep(error: UnicodeError) -> tuple[str, int]:
    """Bytes that the encoding does not know come through as lone surrogates, and spoil their own cell only."""
    assert isinstance(error, UnicodeDecodeError)
    return "".join(chr(0xDC00 + byte) for byte in error.object[error.start : error.end]), error.end


codecs.register_error(_CP1252, _keep)


def find_encoding(file: IO[bytes]) -> str:
    """The encoding of a whole file, read in pieces. Raises Refused for what is no text at all."""
    file.seek(0)
    first = file.read(PIECE)
    if not first:
        raise Refused(FileFault(0, "the file is empty", "send a header and at least one row"))
    for signature, what, hint in _SIGNATURES:
        if first.startswith(signature):
            raise Refused(FileFault(0, f"the file is no CSV: it is {what}", hint))
    if first.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise Refused(FileFault(0, "the file is UTF-32", "save it as UTF-8"))
    if first.startswith(codecs.BOM_UTF16_LE):
        return "utf-16-le"
    if first.startswith(codecs.BOM_UTF16_BE):
        return "utf-16-be"
    # Half of the bytes of Latin text in UTF-16 are zero; of other scripts only the header's may be.
    for start in (first[:HEADING], first[:4096]):
        even, odd = start[::2].count(0), start[1::2].count(0)
        if odd > len(start) // 4 > even:
            return "utf-16-le"
        if even > len(start) // 4 > odd:
            return "utf-16-be"
    return _utf8_or_1252(file, first)


def _utf8_or_1252(file: IO[bytes], piece: bytes) -> str:
    """UTF-8, unless more of the letters beyond ASCII are no UTF-8 than are: one damaged row spoils not all others."""
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    good = bad = lines = 0
    while piece:
        at = piece.find(0)
        if at >= 0:
            raise Refused(FileFault(lines + piece.count(b"\n", 0, at) + 1, "there is a NUL byte", "send plain text"))
        lines += piece.count(b"\n")
        text = decoder.decode(piece)
        if not text.isascii():
            beyond = [letter for letter in text if letter > "\x7f"]
            broken = sum("\udc80" <= letter <= "\udcff" for letter in beyond)
            good, bad = good + len(beyond) - broken, bad + broken
        piece = file.read(PIECE)
    bad += len(decoder.decode(b"", True))
    return "utf-8-sig" if good >= bad else "cp1252"


# --- lines -------------------------------------------------------------------------------------------


class _Lines:
    """The physical lines of a text, with their ends; those of the record that is being read are remembered."""

    def __init__(self, text: TextIOWrapper) -> None:
        self._text = text
        self._again: list[str] = []  # lines that are to be read once more, last first
        self.number = 0  # of the line that came last
        self.span: list[str] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._again.pop() if self._again else self._text.readline(MAX_LINE)
        if not line:
            raise StopIteration
        self.number += 1
        self.span.append(line)
        if len(line) >= MAX_LINE:
            raise Refused(FileFault(self.number, f"the line is longer than {MAX_LINE} characters", "is it CSV?"))
        if "\0" in line:
            raise Refused(FileFault(self.number, "there is a NUL character", "send plain text"))
        if len(self.span) > MAX_SPAN:
            start = self.number - len(self.span) + 1
            raise Refused(FileFault(start, "a quote is opened and not closed", 'close it, or double it: ""'))
        return line

    def back(self) -> None:
        """All lines of the span but the first are to be read again."""
        rest = self.span[1:]
        self.number -= len(rest)
        self._again.extend(reversed(rest))


def _text(file: IO[bytes], encoding: str) -> TextIOWrapper:
    file.seek(0)
    errors = _CP1252 if encoding == "cp1252" else "surrogateescape"
    if encoding.startswith("utf-16"):
        errors = "surrogatepass"
    text = TextIOWrapper(file, encoding, errors=errors, newline="")
    if encoding.startswith("utf-16") and text.read(1) != "\ufeff":
        text.seek(0)
    return text


def find_format(file: IO[bytes], encoding: str, known: frozenset[str]) -> Format:
    """Which delimiter the header is written with: the one that makes most of the `known` plain names."""
    text = _text(file, encoding)
    try:
        line = text.readline(MAX_LINE)
        hint = _SEP.fullmatch(line)
        if hint and hint[1] in DELIMITERS:
            return Format(encoding, hint[1], 1)
        tried = line
        while not tried.strip() and line:
            line = tried = text.readline(MAX_LINE)
    except UnicodeDecodeError:
        raise Refused(CUT_OFF) from None
    finally:
        text.detach()
    scores = {mark: _score(tried, mark, known) for mark in (*DELIMITERS, *_OTHERS)}
    best = max(scores, key=lambda mark: scores[mark])
    if best in _OTHERS and scores[best][0] > 1:
        hint_ = f"separate them by {', '.join(DELIMITERS.values())}"
        raise Refused(FileFault(1, f"the columns are separated by {_OTHERS[best]}", hint_))
    return Format(encoding, best if best in DELIMITERS else ",")


def _score(line: str, mark: str, known: frozenset[str]) -> tuple[int, int]:
    names = [name.strip().strip('"') for name in line.split(mark)]
    return sum(plain(name) in known for name in names), len(names)


def plain(name: str) -> str:
    """A column's name without what people vary: case, blanks, hyphens, underscores and dots."""
    return re.sub(r"[\s_.\-]+", "", name).casefold()


# --- records -----------------------------------------------------------------------------------------


def records(file: IO[bytes], format: Format) -> Iterator[Record]:
    """The records of a file that are not blank, the header first. Raises Refused for a file that is cut off."""
    csv.field_size_limit(MAX_CELL)
    text = _text(file, format.encoding)
    try:
        lines = _Lines(text)
        for _ in range(format.skip):
            next(lines)
        yield from _records(lines, format.delimiter)
    finally:
        text.detach()


def _records(lines: _Lines, delimiter: str) -> Iterator[Record]:
    # Spaces after a delimiter do not count: the official examples have them, before quotes too.
    reader = csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=delimiter != "\t")
    span = lines.span
    width = 0
    while True:
        span.clear()
        line = lines.number + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except UnicodeDecodeError:
            raise Refused(CUT_OFF) from None
        except csv.Error as error:
            if "unexpected end of data" in str(error):
                hint = 'close it, or double it: "". Is the file cut off?'
                raise Refused(FileFault(line, "a quote is opened and never closed", hint)) from None
            yield Record(line, [_first(lines, delimiter, width)], _NOT_CLOSED if len(span) > 1 else _why(error))
            continue
        if len(span) > 1 and len(cells) != width and _swallowed(span, delimiter, width):
            yield Record(line, [_first(lines, delimiter, width)], _NOT_CLOSED)
            continue
        width = width or len(cells)
        if any(cells):
            yield Record(line, cells)


_NOT_CLOSED = "a quote is opened and not closed"


def _first(lines: _Lines, delimiter: str, width: int) -> str:
    """The first line of a broken record; the others are read again if rows may be among them."""
    first = lines.span[0].rstrip("\r\n")
    if _swallowed(lines.span, delimiter, width):
        lines.back()
    return first


def _swallowed(span: list[str], delimiter: str, width: int) -> bool:
    """Whether a record of several lines has other records within: they have delimiters enough."""
    return width > 0 and any(line.count(delimiter) >= width - 1 for line in span[1:])


def _why(error: csv.Error) -> str:
    text = str(error)
    if "field limit" in text:
        return f"a cell is longer than {MAX_CELL} characters"
    if "expected after" in text:
        return "something stands behind a closing quote"
    return f"it is no CSV: {text}"
