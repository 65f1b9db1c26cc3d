"""What a TYPEAHEAD query lists: the different values of a field that fit what was typed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from bulkwark.query.analysis import tokens
from bulkwark.query.ast import Checked, Phrase
from bulkwark.query.match import fits
from bulkwark.query.typeahead import Typeahead
from bulkwark.store.dialect import Session, typeahead
from bulkwark.store.indexes import BY_KIND, METADATA, element_field, kind_called
from bulkwark.store.tenants import Tenant


def listed(session: Session, tenant: Tenant, checked: Sequence[Checked], wanted: Typeahead) -> list[str]:
    """The values, at most `size` of them: the most frequent first, or by value; ties by value.

    Only values that fit themselves: an object found by one value of an array does not bring the others.
    """
    words = tuple(tokens(wanted.text))
    if not words:
        return []
    counts: Counter[str] = Counter()
    typed = Phrase(field=None, tokens=words, prefix=True)
    for one in checked:
        for value, count in _values(session, tenant, one, wanted.field, typed):
            counts[value] += count
    found = sorted(value for value in counts if fits(typed, value))
    if wanted.by_value:
        found = found if wanted.ascending else found[::-1]
    else:
        found.sort(key=lambda value: counts[value] if wanted.ascending else -counts[value])
    return found[: wanted.size]


def _values(session: Session, tenant: Tenant, one: Checked, path: str, typed: Phrase) -> Iterator[tuple[str, int]]:
    kind = kind_called(one.index)
    field = BY_KIND[kind].schema.find(path) if kind is not None else None
    if kind is None or field is None:
        return
    selected = tenant.select(session, one)
    if field.nested == METADATA:
        pairs = tenant.metadata.catalogue(session).pairs.items()
        shown = {pair: a.key if path.endswith(".key") else value.value for pair, (a, value) in pairs}
        fitting = [pair for pair, text in shown.items() if fits(typed, text)]
        for pair, count in typeahead.of_pairs(session, tenant.number, fitting, selected).items():
            yield shown[pair], count
        return
    if not field.nested:
        number = tenant.numbers.find(session, kind, field.path)
        if number is not None:
            yield from typeahead.of_objects(session, tenant.number, number, selected)
        return
    array = tenant.numbers.find(session, kind, field.nested)
    number = tenant.numbers.find(session, BY_KIND[kind].links[field.nested], element_field(field).path)
    if array is not None and number is not None:
        yield from typeahead.of_elements(session, tenant.number, array, number, selected)
