"""Which fields of an index a written name means: suffix `.exact`, wildcards, open maps, nested arrays."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import NamedTuple

from bulkwark.query.fields import Field, Kind, Schema

EXACT = ".exact"
STRINGS = frozenset({Kind.KEYWORD, Kind.TEXT})


class Target(NamedTuple):
    """A field to look in; `exact` asks for whole values with case (never set on KEYWORD fields).

    A `*` in the field's path stands for any characters: every field below an open map whose full path fits
    (`attributes.*`, `attributes.dep*`); its kind is TEXT.
    """

    field: Field
    exact: bool = False
    open_map: bool = False  # found below an open map, not declared


class Names:
    """The names of one index. `within` is the nested array that the query stands in, or ''."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self._known: dict[tuple[str, str], tuple[Target, ...]] = {}
        self._strings: dict[str, tuple[Target, ...]] = {}

    def targets(self, name: str, within: str = "") -> tuple[Target, ...]:
        """The fields that the name means; none when it is unknown."""
        key = (name, within)
        if key not in self._known:
            self._known[key] = self._find(name, within)
        return self._known[key]

    def strings(self, within: str) -> tuple[Target, ...]:
        """Every TEXT and KEYWORD field of the root (with nested ones) or of one nested element."""
        if within not in self._strings:
            below = self.schema.below(within) if within else self.schema.fields.values()
            found = [Target(f) for f in below if f.kind in STRINGS]
            maps = [m for m in self.schema.open_maps if not within or m.startswith(within + ".")]
            self._strings[within] = (*found, *(Target(self._map_field(m, m + ".*"), open_map=True) for m in maps))
        return self._strings[within]

    def nested(self, name: str, within: str = "") -> str:
        """The full path of a nested array, or ''."""
        for path in (f"{within}.{name}", name) if within else (name,):
            if path in self.schema.nested and (not within or path.startswith(within + ".")):
                return path
        return ""

    def object(self, name: str, within: str = "") -> str:
        """The full path of an object that has fields below it, or ''."""
        for path in (f"{within}.{name}", name) if within else (name,):
            inside = not within or path == within or path.startswith(within + ".")
            if inside and (path in self.schema.open_maps or self.schema.below(path)):
                return path
        return ""

    def hint(self, name: str, within: str = "") -> str:
        """What the writer of an unknown name may have meant."""
        base = name.removesuffix(EXACT)
        path = self.object(base, within)
        if path:
            some = [self._shown(f.path, within) for f in self.schema.below(path)][:4] or [f"{base}.…"]
            return f"{base} is an object: name one of its fields, such as {', '.join(some)}"
        if base != name and self.targets(base, within):
            return f"{EXACT} belongs to text fields, {base} is none"
        names = [
            self._shown(f.path, within) for f in (self.schema.below(within) if within else self.schema.fields.values())
        ]
        folded = {n.lower(): n for n in names}
        close = get_close_matches(base.lower(), list(folded), n=3, cutoff=0.6)
        return f"did you mean {', '.join(folded[c] for c in close)}?" if close else "field names are case-sensitive"

    def _shown(self, path: str, within: str) -> str:
        return path.removeprefix(within + ".") if within else path

    def _find(self, name: str, within: str) -> tuple[Target, ...]:
        base = name.removesuffix(EXACT)
        for path in (f"{within}.{name}", name) if within else (name,):
            if path in self.schema.fields and path.startswith(within):
                return (Target(self.schema.fields[path]),)
        for path in (f"{within}.{base}", base) if within else (base,):
            if within and not path.startswith(within + "."):
                continue
            found = self._fitting(path) if "*" in path else [f for f in [self.schema.find(path)] if f]
            if base != name:
                found = [f for f in found if f.kind in STRINGS]
            if found:
                exact = base != name
                declared = self.schema.fields
                return tuple(Target(f, exact and f.kind is Kind.TEXT, f.path not in declared) for f in found)
        return ()

    def _fitting(self, pattern: str) -> list[Field]:
        """Declared fields that fit the pattern, and one pattern field for each open map it reaches into."""
        fits = re.compile(".*".join(re.escape(part) for part in pattern.split("*"))).fullmatch
        found = [f for f in self.schema.fields.values() if fits(f.path)]
        head, _, rest = pattern.partition("*")
        for path in self.schema.open_maps:
            if head.startswith(path + "."):
                found.append(self._map_field(path, pattern))
            elif f"{path}.".startswith(head):
                found.append(self._map_field(path, f"{path}.*{rest.removeprefix('.').removeprefix('*')}"))
        return found

    def _map_field(self, path: str, pattern: str) -> Field:
        return Field(pattern, Kind.TEXT, self.schema.open_maps[path])
