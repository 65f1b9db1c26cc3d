"""Laws of metadata changes that hold for any catalogue, any request and any object."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkwark.domain.metadata import (
    MAX_VALUES,
    Attribute,
    Catalogue,
    Change,
    Operation,
    Pairs,
    Scope,
    Value,
    change,
    parse,
    text,
)
from bulkwark.errors import Invalid

# Six attributes with eight values each; a pair is attribute * 10 + value. Two of them hold a single value.
ATTRIBUTES = {
    f"a{a}": Attribute(
        a,
        f"a{a}",
        a < 5,
        "active",
        ("all",),
        {f"v{v}": Value(a * 10 + v, f"v{v}", f"V {v}", "active") for v in range(8)},
        "{}",
    )
    for a in range(1, 7)
}
CATALOGUE = Catalogue(1, ATTRIBUTES)
OF = {pair: attribute.number for pair, (attribute, _) in CATALOGUE.pairs.items()}
SINGLE = {5, 6}

pytestmark = pytest.mark.filterwarnings("ignore::hypothesis.errors.NonInteractiveExampleWarning")
law = settings(max_examples=200, deadline=None, database=None)


@st.composite
def objects(draw: st.DrawFn) -> Pairs:
    """What an object may hold: no pair twice, one value where only one is allowed, at most 25."""
    pairs = draw(st.lists(st.sampled_from(sorted(OF)), unique=True, max_size=MAX_VALUES))
    seen: set[int] = set()
    kept = []
    for pair in pairs:
        if OF[pair] not in SINGLE or OF[pair] not in seen:
            kept.append(pair)
        seen.add(OF[pair])
    return tuple(kept)


@st.composite
def requests(draw: st.DrawFn, operation: Operation | None = None, scope: Scope | None = None) -> Change:
    chosen = operation or draw(st.sampled_from(list(Operation)))
    reach = scope or draw(st.sampled_from(list(Scope)))
    keys = draw(st.lists(st.sampled_from(sorted(ATTRIBUTES)), unique=True, min_size=1, max_size=4))
    values = []
    for key in keys:
        most = 1 if ATTRIBUTES[key].number in SINGLE else 5
        wanted = draw(st.lists(st.sampled_from([f"v{v}" for v in range(8)]), unique=True, min_size=1, max_size=most))
        values.append((key, wanted))
    return change(CATALOGUE, chosen, reach, values, object_types=("role",))


def of(pairs: Pairs, attribute: int) -> list[int]:
    return [pair for pair in pairs if OF[pair] == attribute]


def applied(request: Change, before: Pairs) -> Pairs | None:
    try:
        return request.apply(before)
    except Invalid:
        return None


@given(requests(), objects())
@law
def test_an_object_keeps_to_the_rules_whatever_is_done_to_it(request: Change, before: Pairs) -> None:
    after = applied(request, before)

    if after is None:
        assert request.operation is not Operation.REMOVE
        return
    assert len(set(after)) == len(after) <= MAX_VALUES
    for attribute in SINGLE:
        assert len(of(after, attribute)) <= 1


@given(requests(), objects())
@law
def test_doing_it_twice_is_doing_it_once(request: Change, before: Pairs) -> None:
    after = applied(request, before)

    if after is not None:
        assert request.apply(after) == after


@given(requests(), objects())
@law
def test_other_attributes_stay_as_they_were(request: Change, before: Pairs) -> None:
    after = applied(request, before)

    if after is not None and not (request.operation is Operation.REPLACE and request.scope is Scope.ALL):
        named = {item.attribute for item in request.items}
        for attribute in set(OF.values()) - named:
            assert of(after, attribute) == of(before, attribute)


@given(requests(operation=Operation.ADD), objects())
@law
def test_adding_keeps_what_is_there_in_its_order_and_appends_the_rest(request: Change, before: Pairs) -> None:
    after = applied(request, before)

    if after is None:
        return
    for item in request.items:
        had, has = of(before, item.attribute), of(after, item.attribute)
        if item.single:
            assert has == list(item.pairs)
        else:
            assert has == had + [pair for pair in item.pairs if pair not in had]


@given(requests(operation=Operation.ADD), objects())
@law
def test_removing_what_was_added_leaves_none_of_it(request: Change, before: Pairs) -> None:
    after = applied(request, before)

    if after is not None:
        wanted = {pair for item in request.items for pair in item.pairs}
        left = replace(request, operation=Operation.REMOVE).apply(after)
        assert not wanted & set(left)
        assert list(left) == [pair for pair in after if pair not in wanted]


@given(requests(operation=Operation.REMOVE), objects())
@law
def test_removing_only_takes_away_and_keeps_the_order(request: Change, before: Pairs) -> None:
    wanted = {pair for item in request.items for pair in item.pairs}

    assert list(request.apply(before)) == [pair for pair in before if pair not in wanted]


@given(requests(operation=Operation.REPLACE, scope=Scope.ATTRIBUTE), objects())
@law
def test_replacing_an_attribute_leaves_exactly_the_named_values(request: Change, before: Pairs) -> None:
    after = applied(request, before)

    if after is not None:
        for item in request.items:
            assert of(after, item.attribute) == list(item.pairs)


@given(requests(operation=Operation.REPLACE, scope=Scope.ALL), objects())
@law
def test_replacing_all_leaves_nothing_else(request: Change, before: Pairs) -> None:
    wanted = [pair for item in request.items for pair in item.pairs]

    after = request.apply(before)

    assert sorted(after) == sorted(wanted)
    for item in request.items:
        assert of(after, item.attribute) == list(item.pairs)


@given(requests(), objects())
@law
def test_an_object_fails_only_because_it_would_hold_too_much(request: Change, before: Pairs) -> None:
    if applied(request, before) is None:
        added = {pair for item in request.items for pair in item.pairs}
        assert len(set(before) | added) > MAX_VALUES


@given(objects())
@law
def test_what_is_stored_is_what_is_read(pairs: Pairs) -> None:
    assert parse(text(pairs)) == pairs


def test_an_object_may_hold_twenty_five_values_and_no_more() -> None:
    full = tuple(sorted(OF))[:24]
    one = change(CATALOGUE, Operation.ADD, Scope.ATTRIBUTE, [("a4", ["v0"])], object_types=("role",))
    two = change(CATALOGUE, Operation.ADD, Scope.ATTRIBUTE, [("a4", ["v0", "v1"])], object_types=("role",))

    assert len(one.apply(full)) == MAX_VALUES
    with pytest.raises(Invalid, match="the object would hold 26 metadata values"):
        two.apply(full)
