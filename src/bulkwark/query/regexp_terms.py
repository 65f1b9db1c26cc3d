"""Regular expressions as terms, and what is left of a term after one character (Brzozowski derivatives).

Terms are kept in a normal form, so that equal demands become equal terms and the number of states stays small.
"""

from __future__ import annotations

# A term is a tuple: a tag, then its parts. Equal terms are equal states.
Term = tuple[object, ...]
EMPTY: Term = ("empty",)  # matches no text
BLANK: Term = ("blank",)  # matches the empty text
ANY: Term = ("set", (), True)  # one character of any kind
EVERYTHING: Term = ("repeat", ANY, 0, None)


def cat(parts: list[Term]) -> Term:
    """One after the other."""
    flat: list[object] = []
    for part in parts:
        if part is EMPTY:
            return EMPTY
        if part[0] == "cat":
            flat.extend(part[1:])
        elif part is not BLANK:
            flat.append(part)
    if not flat:
        return BLANK
    return flat[0] if len(flat) == 1 and isinstance(flat[0], tuple) else ("cat", *flat)


def any_of(parts: list[Term]) -> Term:
    """At least one of them."""
    flat: set[Term] = set()
    for part in parts:
        if part == EVERYTHING:
            return EVERYTHING
        if part[0] == "or":
            flat |= _members(part)
        elif part is not EMPTY:
            flat.add(part)
    if not flat:
        return EMPTY
    return flat.pop() if len(flat) == 1 else ("or", frozenset(flat))


def all_of(parts: list[Term]) -> Term:
    """All of them at once."""
    flat: set[Term] = set()
    for part in parts:
        if part is EMPTY:
            return EMPTY
        if part[0] == "and":
            flat |= _members(part)
        elif part != EVERYTHING:
            flat.add(part)
    if not flat:
        return EVERYTHING
    return flat.pop() if len(flat) == 1 else ("and", frozenset(flat))


def repeat(part: Term, low: int, high: int | None) -> Term:
    """From `low` to `high` times; None is without end."""
    if high == 0 or part is BLANK:
        return BLANK
    if part is EMPTY:
        return BLANK if low == 0 else EMPTY
    if (low, high) == (1, 1) or (part[0] == "repeat" and part[2:] == (0, None)):
        return part
    return ("repeat", part, low, high)


def weight(term: Term) -> int:
    """The largest product of counts that stand inside each other."""
    if term[0] == "repeat":
        low, high = term[2], term[3]
        count = high if isinstance(high, int) else low
        return weight(_sub(term)) * max(count if isinstance(count, int) else 1, 1)
    if term[0] in {"or", "and"}:
        return max(weight(part) for part in _members(term))
    return max((weight(part) for part in term[1:] if isinstance(part, tuple) and term[0] != "set"), default=1)


def _members(term: Term) -> frozenset[Term]:
    members = term[1]
    assert isinstance(members, frozenset)
    return members


def _sub(term: Term) -> Term:
    part = term[1]
    assert isinstance(part, tuple)
    return part


def nullable(term: Term) -> bool:
    """Whether the empty text fits."""
    tag = term[0]
    if tag == "cat":
        return all(nullable(part) for part in term[1:] if isinstance(part, tuple))
    if tag == "or":
        return any(nullable(part) for part in _members(term))
    if tag == "and":
        return all(nullable(part) for part in _members(term))
    if tag == "repeat":
        return term[2] == 0 or nullable(_sub(term))
    if tag == "not":
        return not nullable(_sub(term))
    return term is BLANK


def derive(term: Term, char: str) -> Term:
    """What must follow after `char`."""
    tag = term[0]
    if tag == "set":
        return BLANK if _in_set(term, char) else EMPTY
    if tag == "cat":
        parts = [part for part in term[1:] if isinstance(part, tuple)]
        ways: list[Term] = []
        for at, part in enumerate(parts):
            ways.append(cat([derive(part, char), *parts[at + 1 :]]))
            if not nullable(part):
                break
        return any_of(ways)
    if tag == "or":
        return any_of([derive(part, char) for part in _members(term)])
    if tag == "and":
        return all_of([derive(part, char) for part in _members(term)])
    if tag == "repeat":
        part, low, high = _sub(term), term[2], term[3]
        assert isinstance(low, int)
        rest = repeat(part, max(low - 1, 0), high - 1 if isinstance(high, int) else None)
        return cat([derive(part, char), rest])
    if tag == "not":
        inner = derive(_sub(term), char)
        return EVERYTHING if inner is EMPTY else EMPTY if inner == EVERYTHING else ("not", inner)
    return EMPTY


def _in_set(term: Term, char: str) -> bool:
    """Whether the character stands in the set: pairs of first and last, maybe inverted, maybe folded."""
    _, ranges, inverted, *more = term
    assert isinstance(ranges, tuple)
    found = any(low <= char <= high for low, high in ranges)
    if not found and more:
        upper = char.upper()
        found = any(low <= upper <= high for low, high in ranges)
    return found is not inverted


def digits(low: str, high: str) -> Term:
    """Digit texts of one length between two."""
    if not low:
        return BLANK
    first, last, rest = low[0], high[0], len(low) - 1
    if first == last:
        return cat([("set", ((first, first),), False), digits(low[1:], high[1:])])
    ways = [
        cat([("set", ((first, first),), False), digits(low[1:], "9" * rest)]),
        cat([("set", ((last, last),), False), digits("0" * rest, high[1:])]),
    ]
    if ord(last) - ord(first) > 1:
        middle: Term = ("set", ((chr(ord(first) + 1), chr(ord(last) - 1)),), False)
        ways.append(cat([middle, *[("set", (("0", "9"),), False)] * rest]))
    return any_of(ways)


def single(term: object) -> str:
    """The one character that fits the term; '' when there are several, or when it is no single character."""
    match term:
        case ("set", ((str(low), str(high)),), False) if low == high:
            return low
    return ""
