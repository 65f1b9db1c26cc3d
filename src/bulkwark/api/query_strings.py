"""The query string of a request.

Official calls ignore a parameter that they do not know, as ISC does. Ours refuse it, and one that stands twice: a
misspelt `outcome` would list everything, and of two values one would be left out in silence.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from urllib.parse import parse_qsl

from bulkwark.errors import Invalid

ALIKE = 0.5  # how like a known name an unknown one must be to be taken for it


def read(raw: bytes, known: Sequence[str] | None = None) -> dict[str, str]:
    """The last value of each parameter; if names are known, of these alone, each once. Raises Invalid."""
    if not raw:
        return {}
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict")
    except (UnicodeDecodeError, ValueError):
        raise Invalid("the query string is not UTF-8", where="query") from None
    found = dict(pairs)
    if known is not None:
        for name in found:
            if name not in known:
                raise Invalid(
                    "there is no such parameter here", where=f"query parameter {name}", hint=_hint(name, known)
                )
        if len(found) < len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise Invalid("the parameter stands there twice", where=f"query parameter {twice}")
    return found


def _hint(name: str, known: Sequence[str]) -> str:
    if not known:
        return "this call takes none"
    close = get_close_matches(name.lower(), known, 1, ALIKE)
    return f"did you mean {close[0]}?" if close else f"known are {', '.join(known)}"
