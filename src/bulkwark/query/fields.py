"""What a field of an index *is*: its kind, its place, whether it stands in a nested array."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum


class Kind(Enum):
    """How values of a field are compared."""

    KEYWORD = "keyword"  # whole value, case-folded: ids, hashes, pod, org
    TEXT = "text"  # analysed tokens, plus whole values with case under `.exact`
    DATE = "date"  # milliseconds since 1970 UTC
    BOOL = "bool"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Field:
    """A named value of an index's documents.

    `path` is the full dotted path from the document's root. `nested` is the path of the nested array
    that the field stands in, or ''. Values below a nested array are found both from the root
    (flattened: any element) and by `@nested(…)` (same element).

    A path with `*` is made by the check only (`attributes.*`, `attributes.dep*`): any value below that open map whose
    full path fits, `*` being any characters. Its kind is TEXT.
    """

    path: str
    kind: Kind
    nested: str = ""


@dataclass(frozen=True, slots=True)
class Schema:
    """The fields of one index.

    `open_maps` are object paths (`attributes`) below which any name is a TEXT field.
    """

    index: str
    fields: Mapping[str, Field]
    nested: tuple[str, ...] = ()
    open_maps: Mapping[str, str] = field(default_factory=dict)  # object path → nested path or ''

    def find(self, path: str) -> Field | None:
        """The field of that full path (without `.exact`), or None."""
        found = self.fields.get(path)
        if found is not None:
            return found
        for prefix, nested in self.open_maps.items():
            if path.startswith(prefix + ".") and len(path) > len(prefix) + 1:
                return Field(path, Kind.TEXT, nested)
        return None

    def below(self, prefix: str) -> list[Field]:
        """All declared fields whose path lies below the object path `prefix`."""
        return [f for f in self.fields.values() if f.path.startswith(prefix + ".")]


def schema(index: str, lines: str, *, nested: Iterable[str] = (), open_maps: Iterable[str] = ()) -> Schema:
    """Build a `Schema` from a table: per line a kind, then the dotted names that have it.

    >>> s = schema("roles", "keyword id owner.id\\ntext name entitlements.name", nested=["entitlements"])
    >>> s.fields["entitlements.name"]
    Field(path='entitlements.name', kind=<Kind.TEXT: 'text'>, nested='entitlements')
    """
    paths = tuple(nested)

    def home(path: str) -> str:
        inside = [n for n in paths if path.startswith(n + ".")]
        return max(inside, key=len, default="")

    found: dict[str, Field] = {}
    for line in filter(str.strip, lines.splitlines()):
        kind, *names = line.split()
        for name in names:
            found[name] = Field(name, Kind(kind), home(name))
    return Schema(index, found, paths, {m: home(m) for m in open_maps})
