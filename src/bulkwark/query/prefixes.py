"""What a TYPEAHEAD query lists: values that hold its words in a row, the last of them as a beginning."""

from __future__ import annotations

from bulkwark.query.analysis import tokens


class PhrasePrefix:
    """Tells whether a value fits.

    >>> PhrasePrefix("active dir").fullmatch("Old Active Directory")
    True
    """

    def __init__(self, text: str) -> None:
        self._words = tokens(text)

    def fullmatch(self, value: str) -> bool:
        """Whether the words stand in the value."""
        if not self._words:
            return False
        *first, last = self._words
        found = tokens(value)
        return any(
            found[at : at + len(first)] == first and found[at + len(first)].startswith(last)
            for at in range(len(found) - len(first))
        )
