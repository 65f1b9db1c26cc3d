"""Which texts stand within a few edits of a word: an automaton, made state by state when first needed.

Edits: insert, delete, replace, and (unless switched off) swap of neighbours, none edited twice, as in Lucene's
fuzzy queries. A state is what the rows of the usual table say after some characters, so texts that begin alike share
their work, and a sorted dictionary need only be looked at where something can still fit. Of a row only the few columns
within the distance are kept, so a step costs the same for a word of any length.
"""

from __future__ import annotations

from bulkwark.query.regexp import above

_OTHER = ""  # stands for every character that the word does not have
MOST_CERTAIN = 64  # characters that are written behind a text at most, because only they can follow
Row = tuple[int, tuple[int, ...]]  # the first column within the distance, and the edits from there on


class _State:
    """After some characters: the last two rows and the last character, the edits of the whole, and the ways on."""

    __slots__ = ("before", "char", "edits", "following", "row")

    def __init__(self, row: Row, before: Row, char: str, edits: int) -> None:
        self.row = row
        self.before = before
        self.char = char
        self.edits = edits
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
        row = 0, tuple(range(min(len(self._word), distance) + 1))
        self._start = _State(row, (0, ()), "", self._last(row))

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
        return state.edits if state.edits <= self._distance else None

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
            if states[-1].edits <= self._distance:
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
        for _ in range(MOST_CERTAIN):
            if state.edits <= self._distance or self._step(state, _OTHER) is not None:
                break
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
        first, old = state.row
        least, before = state.before
        row: list[int] = []
        # Neither an edit nor a swap leads more than two columns beyond what was within the distance.
        for at in range(first, min(len(self._word), first + len(old) + 1) + 1):
            place = at - first
            above_it = old[place] if place < len(old) else limit
            best = min(above_it + 1, row[-1] + 1 if row else limit)
            if at:
                wanted = self._word[at - 1]
                if 0 < place <= len(old):
                    best = min(best, old[place - 1] + (wanted != char))
                if self._swaps and at > 1 and wanted == state.char and self._word[at - 2] == char:
                    place = at - 2 - least
                    best = min(best, before[place] + 1 if 0 <= place < len(before) else limit)
            row.append(min(best, limit))
        while row and row[-1] == limit:
            row.pop()
        if not row:
            return None
        dropped = next(n for n, edits in enumerate(row) if edits < limit)
        new = first + dropped, tuple(row[dropped:])
        key = (new, state.row, char)
        found = self._states.get(key)
        if found is None:
            found = self._states[key] = _State(*key, self._last(new))
        return found

    def _last(self, row: Row) -> int:
        """What the row says of the whole word."""
        first, edits = row
        place = len(self._word) - first
        return edits[place] if 0 <= place < len(edits) else self._distance + 1
