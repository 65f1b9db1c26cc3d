"""Which texts stand within a few edits of a word: an automaton, made state by state when first needed.

Edits: insert, delete, replace, and (unless switched off) swap of neighbours, none edited twice, as in Lucene's
fuzzy queries. A state is what the rows of the usual table say after some characters, so texts that begin alike share
their work, and a sorted dictionary need only be looked at where something can still fit.
"""

from __future__ import annotations

from bulkwark.query.regexp import above

_OTHER = ""  # stands for every character that the word does not have
Row = tuple[int, ...]


class _State:
    """After some characters: the last two rows and the last character, and the ways on."""

    __slots__ = ("before", "char", "following", "row")

    def __init__(self, row: Row, before: Row, char: str) -> None:
        self.row = row
        self.before = before
        self.char = char
        self.following: dict[str, _State | None] = {}


class Levenshtein:
    """Texts within `distance` edits of `word` that share its first `prefix_length` characters."""

    def __init__(self, word: str, distance: int, *, prefix_length: int = 0, transpositions: bool = True) -> None:
        self.prefix = word[:prefix_length]
        self._word = word[prefix_length:]
        self._distance = distance
        self._swaps = transpositions
        self._alphabet = sorted(set(self._word))
        self._known = frozenset(self._word)
        self._states: dict[tuple[Row, Row, str], _State] = {}
        row = tuple(min(n, distance + 1) for n in range(len(self._word) + 1))
        self._start = _State(row, (), "")

    def fits(self, text: str) -> bool:
        """Whether the text is near enough."""
        return self.edits(text) is not None

    def edits(self, text: str) -> int | None:
        """How many edits lead from the word to the text; None: more than allowed."""
        if not text.startswith(self.prefix):
            return None
        state = self._start
        for char in text[len(self.prefix) :]:
            following = self._step(state, char)
            if following is None:
                return None
            state = following
        found = state.row[-1]
        return found if found <= self._distance else None

    def tried(self, text: str) -> str | None:
        """None when the text fits; else a text above which the next fitting one may stand, in code point order.

        '' when none can follow. The text begins with the prefix.
        """
        states = [self._start]
        rest = text[len(self.prefix) :]
        for char in rest:
            following = self._step(states[-1], char)
            if following is None:
                break
            states.append(following)
        if len(states) > len(rest):
            if states[-1].row[-1] <= self._distance:
                return None
            found = self._completed(text, states[-1])
            return found if found > text else text + "\0"
        for at in range(len(states) - 1, -1, -1):
            char = self._next(states[at], rest[at])
            if char:
                state = self._step(states[at], char)
                assert state is not None
                return self._completed(self.prefix + rest[:at] + char, state)
        return ""

    def _completed(self, text: str, state: _State) -> str:
        """The text with what must follow it, as long as that is certain: seeks get longer, and fewer."""
        while state.row[-1] > self._distance and self._step(state, _OTHER) is None:
            char = next((c for c in self._alphabet if self._step(state, c) is not None), "")
            if not char:
                break
            following = self._step(state, char)
            assert following is not None
            text, state = text + char, following
        return text

    def _next(self, state: _State, char: str) -> str:
        """The smallest character above `char` with which a fitting text may go on; ''."""
        if self._step(state, _OTHER) is not None:
            up = above(char)
            return up if len(up) == 1 else ""
        return next((c for c in self._alphabet if c > char and self._step(state, c) is not None), "")

    def _step(self, state: _State, char: str) -> _State | None:
        """The state after one more character; None: nothing can fit any more."""
        if char not in self._known:
            char = _OTHER
        if char in state.following:
            return state.following[char]
        following = state.following[char] = self._made(state, char)
        return following

    def _made(self, state: _State, char: str) -> _State | None:
        limit = self._distance + 1
        old, before, word = state.row, state.before, self._word
        row = [min(old[0] + 1, limit)]
        for at, wanted in enumerate(word, 1):
            best = min(old[at] + 1, row[-1] + 1, old[at - 1] + (wanted != char))
            if self._swaps and at > 1 and before and wanted == state.char and word[at - 2] == char:
                best = min(best, before[at - 2] + 1)
            row.append(min(best, limit))
        if min(row) >= limit:
            return None
        key = (tuple(row), old, char)
        found = self._states.get(key)
        if found is None:
            found = self._states[key] = _State(*key)
        return found
