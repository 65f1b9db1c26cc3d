"""How many rids a set has.

SQLite counts what comes without repeats by itself. To make rids distinct, or to join several SELECTs, it puts every
rid into a B-tree, 0.5 µs each. Here it writes their numbers into one text instead (without the interpreter's lock),
which is decoded piece by piece into marks: 0.2 µs each.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from functools import reduce
from itertools import repeat
from operator import and_, or_, sub

import msgspec

from bulkwark.domain.kinds import NUMBER_BITS
from bulkwark.store.entries import SEVERAL
from bulkwark.store.sqlite.engine import Session
from bulkwark.store.sqlite.sets import Empty, Set, Sql

FEW = 100_000  # characters of numbers; up to here a set of Python is cheaper than marks for all objects
PIECE = 200_000  # characters decoded at once: others wait for the interpreter no longer than some milliseconds
MOST_MARKS = 1 << 24  # objects of a kind; a mark is a byte
MOST_PARTS = 32  # of a compound; more are left to SQLite

_MASK = (1 << NUMBER_BITS) - 1
_numbers = msgspec.json.Decoder(list[int]).decode


def count(session: Session, tenant: int, found: Set, last: int) -> int:
    """How many different rids the set has; `last`: the highest number of an object of the kind."""
    if isinstance(found, Empty):
        return 0
    if not isinstance(found, Sql) or not (found.loose or found.parts):
        return _counted(session, found.select())
    if found.several:
        number = _counted_once(session, tenant, found)
        if number is not None:
            return number
    leaves = list(_leaves(found))
    if len(leaves) > MOST_PARTS or last >= MOST_MARKS:
        return _counted(session, found)
    texts = {leaf: _text(session, leaf) for leaf in leaves}
    if sum(map(len, texts.values())) <= FEW:
        return len(_set(found, texts))
    return _bits(found, texts, last + 1).bit_count()


def _counted(session: Session, found: Sql) -> int:
    for (number,) in session.execute(f"SELECT count(*) FROM ({found.text})", found.params):
        return int(number)
    raise AssertionError


def _counted_once(session: Session, tenant: int, found: Sql) -> int | None:
    """The count of rows, when no object has several values in the field; asked in one statement, so of one state."""
    several = "SELECT 1 FROM vocab WHERE tenant = ? AND field = ? AND term = ?"
    text = f"SELECT CASE WHEN EXISTS ({several}) THEN NULL ELSE (SELECT count(*) FROM ({found.loose})) END"
    for (number,) in session.execute(text, (tenant, found.several, SEVERAL, *found.params)):
        return None if number is None else int(number)
    raise AssertionError


def _leaves(found: Set) -> Iterator[Set]:
    """What SQLite is asked for: the set, or the parts of a compound."""
    if isinstance(found, Sql) and found.parts:
        for part in found.parts:
            yield from _leaves(part)
    else:
        yield found


def _text(session: Session, leaf: Set) -> str:
    """The numbers of the rids, in any order, perhaps some of them twice: `7,12,9`."""
    found = leaf.select()
    text = f"SELECT group_concat(rid & {_MASK}) FROM ({found.loose or found.text})"
    for (numbers,) in session.execute(text, found.params):
        return numbers or ""
    raise AssertionError


def _pieces(text: str) -> Iterator[list[int]]:
    at = 0
    while at < len(text):
        end = text.find(",", at + PIECE)
        end = len(text) if end < 0 else end
        yield _numbers(f"[{text[at:end]}]")
        at = end + 1


def _set(found: Set, texts: dict[Set, str]) -> set[int]:
    if isinstance(found, Sql) and found.parts:
        join = {"UNION": or_, "INTERSECT": and_, "EXCEPT": sub}[found.word]
        return reduce(join, [_set(part, texts) for part in found.parts])
    return {number for piece in _pieces(texts[found]) for number in piece}


def _bits(found: Set, texts: dict[Set, str], size: int) -> int:
    """A byte of 0 or 1 for each number."""
    if isinstance(found, Sql) and found.parts and found.word != "UNION":
        join = {"INTERSECT": and_, "EXCEPT": lambda base, less: base & ~less}[found.word]
        return reduce(join, (_bits(part, texts, size) for part in found.parts))
    marks = bytearray(size)
    rest: list[Set] = []
    for part in found.parts if isinstance(found, Sql) and found.parts else [found]:
        if part in texts:
            for piece in _pieces(texts[part]):
                deque(map(marks.__setitem__, piece, repeat(1)), maxlen=0)
        else:
            rest.append(part)
    bits = int.from_bytes(marks, "little")
    return reduce(or_, (_bits(part, texts, size) for part in rest), bits)
