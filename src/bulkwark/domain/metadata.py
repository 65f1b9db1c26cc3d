"""Access model metadata: the attributes of a tenant, and what a change makes of one object's values.

On an object, metadata is a tuple of `pairs`: numbers, each for one value of one attribute, in the order in
which they were given. Sources: the official bulk-update schemas; decisions §5.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum
from functools import cached_property

from bulkwark.domain import reasons
from bulkwark.errors import Invalid

MAX_VALUES = 25  # metadata values on one object

Pairs = tuple[int, ...]


class Operation(StrEnum):
    ADD = "ADD"
    REMOVE = "REMOVE"
    REPLACE = "REPLACE"


class Scope(StrEnum):
    """How much a REPLACE overwrites: the named attributes, or all."""

    ATTRIBUTE = "ATTRIBUTE"
    ALL = "ALL"


@dataclass(frozen=True, slots=True)
class Value:
    pair: int
    value: str
    name: str
    status: str


@dataclass(frozen=True, slots=True)
class Attribute:
    number: int
    key: str
    multiselect: bool
    status: str
    object_types: tuple[str, ...]
    values: Mapping[str, Value]
    doc: str  # the attribute on the wire, as JSON text without `values`


@dataclass(frozen=True)
class Catalogue:
    """All metadata attributes of a tenant at one version."""

    version: int
    attributes: Mapping[str, Attribute]
    gone: Mapping[int, tuple[str, str]] = field(default_factory=dict)  # deleted: pair → key, value

    def words(self, pair: int) -> tuple[str, str]:
        """Attribute key and value of a pair, deleted or not."""
        if pair in self.gone:
            return self.gone[pair]
        attribute, value = self.pairs[pair]
        return attribute.key, value.value

    @cached_property
    def pairs(self) -> dict[int, tuple[Attribute, Value]]:
        return {v.pair: (a, v) for a in self.attributes.values() for v in a.values.values()}


@dataclass(frozen=True, slots=True)
class Item:
    """One attribute of a request, with the pairs it names; none means the whole attribute."""

    attribute: int
    pairs: Pairs
    single: bool


@dataclass(frozen=True, slots=True)
class Change:
    """A checked request: what to do to each object's metadata."""

    operation: Operation
    scope: Scope
    items: tuple[Item, ...]
    attribute_of: Mapping[int, int]  # pair → attribute, for every pair of the catalogue

    def apply(self, before: Pairs) -> Pairs:
        """What the change makes of an object's pairs; equal to `before` when nothing changes.

        Raises Invalid when the object would hold more than 25 values.
        """
        after = self._apply(before)
        if len(after) > MAX_VALUES and len(after) > len(before):
            raise Invalid(
                f"the object would hold {len(after)} metadata values",
                hint=f"at most {MAX_VALUES}",
                reason=reasons.TOO_MANY,
            )
        return after

    def _apply(self, before: Pairs) -> Pairs:
        if self.operation is Operation.REPLACE and self.scope is Scope.ALL:
            wanted = tuple(p for item in self.items for p in item.pairs)
            return before if self._same(before, wanted) else wanted
        after = list(before)
        for item in self.items:
            present = [p for p in after if self.attribute_of.get(p) == item.attribute]
            if self.operation is Operation.ADD:
                keep = [] if item.single else present
                wanted_list = keep + [p for p in item.pairs if p not in keep]
            elif self.operation is Operation.REMOVE:
                wanted_list = [p for p in present if p not in item.pairs] if item.pairs else []
            else:
                wanted_list = list(item.pairs)
            if wanted_list != present:
                kept = set(wanted_list)
                after = [p for p in after if p in kept or self.attribute_of.get(p) != item.attribute]
                in_place = [p for p in after if p in kept]
                if in_place == wanted_list[: len(in_place)]:
                    after += wanted_list[len(in_place) :]
                else:
                    after = [p for p in after if p not in kept] + wanted_list
        return tuple(after)

    def _same(self, one: Pairs, other: Pairs) -> bool:
        """Whether two lists read the same on the wire: attributes in any order, values in theirs."""
        if sorted(one) != sorted(other):
            return False
        attributes = {self.attribute_of.get(p) for p in one}
        return all(
            [p for p in one if self.attribute_of.get(p) == a] == [p for p in other if self.attribute_of.get(p) == a]
            for a in attributes
        )


def change(
    catalogue: Catalogue,
    operation: Operation,
    scope: Scope,
    values: Sequence[tuple[str, Sequence[str] | None]],
    *,
    object_types: Iterable[str],
    where: str = "/values",
) -> Change:
    """Check a request against the catalogue. `values` are (attribute key, values or None), in request order.

    `object_types` are the object types that the governed objects answer to (`all` and `general` always do).
    Raises Invalid naming the place of the first fault.
    """
    merged: dict[str, list[str] | None] = {}
    for key, wanted in values:
        known = merged.get(key, [])
        merged[key] = None if not wanted or known is None else list(dict.fromkeys([*known, *wanted]))
    clears = operation is Operation.REPLACE and scope is Scope.ALL
    if not merged and not clears:
        raise Invalid("no metadata is named", where=where, hint="give at least one attribute with values")
    types = {t.lower() for t in object_types} | {"all", "general"}
    items = tuple(
        _item(catalogue, operation, key, wanted, types, f"{where}/{position}", clears)
        for position, (key, wanted) in enumerate(merged.items())
    )
    asked = sum(len(item.pairs) for item in items)
    if operation is not Operation.REMOVE and asked > MAX_VALUES:
        raise Invalid(f"{asked} metadata values are named", where=where, hint=f"an object holds at most {MAX_VALUES}")
    attribute_of = {pair: attribute.number for pair, (attribute, _) in catalogue.pairs.items()}
    return Change(operation, scope, items, attribute_of)


def _item(
    catalogue: Catalogue,
    operation: Operation,
    key: str,
    wanted: Sequence[str] | None,
    types: set[str],
    where: str,
    clears: bool,
) -> Item:
    attribute = find_attribute(catalogue, key, where)
    if attribute.object_types and not types & {t.lower() for t in attribute.object_types}:
        raise Invalid(
            f"the attribute {key!r} is only for {', '.join(attribute.object_types)}", where=f"{where}/attribute"
        )
    if not wanted:
        if operation is Operation.ADD or clears:
            raise Invalid(f"no value of {key!r} is named", where=f"{where}/values")
        return Item(attribute.number, (), not attribute.multiselect)
    if not attribute.multiselect and len(wanted) > 1 and operation is not Operation.REMOVE:
        raise Invalid(f"{key!r} holds one value, {len(wanted)} are named", where=f"{where}/values")
    adding = operation is not Operation.REMOVE
    pairs = tuple(
        find_value(attribute, value, f"{where}/values/{position}", active=adding).pair
        for position, value in enumerate(wanted)
    )
    return Item(attribute.number, pairs, not attribute.multiselect)


def find_attribute(catalogue: Catalogue, key: str, where: str) -> Attribute:
    """The attribute with exactly that technical name, or Invalid with the closest one."""
    attribute = catalogue.attributes.get(key)
    if attribute is None:
        raise Invalid(
            f"there is no metadata attribute {key!r}",
            where=f"{where}/attribute",
            hint=_closest(key, catalogue.attributes),
            code="400.1.404",
        )
    if attribute.status.lower() != "active":
        raise Invalid(f"the metadata attribute {key!r} is {attribute.status}", where=f"{where}/attribute")
    return attribute


def find_value(attribute: Attribute, value: str, where: str, *, active: bool = True) -> Value:
    """The value with exactly that technical name, or Invalid with the closest one."""
    found = attribute.values.get(value)
    if found is None:
        raise Invalid(
            f"the attribute {attribute.key!r} has no value {value!r}",
            where=where,
            hint=_closest(value, attribute.values),
            code="400.1.404",
        )
    if active and found.status.lower() != "active":
        raise Invalid(f"the value {value!r} of {attribute.key!r} is {found.status}", where=where)
    return found


def _closest(word: str, known: Iterable[str]) -> str:
    names = list(known)
    close = get_close_matches(word, names, n=1, cutoff=0.5) or [n for n in names if n.lower() == word.lower()]
    return f"did you mean {close[0]!r}?" if close else ""


def parse(md: str) -> Pairs:
    """Pairs as stored: `'3,17'`."""
    return tuple(int(p) for p in md.split(",")) if md else ()


def text(pairs: Pairs) -> str:
    """The stored form of pairs."""
    return ",".join(map(str, pairs))
