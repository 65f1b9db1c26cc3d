"""Records many at once: what is spelled quickly is what the usual way would write, and what is applied is in step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkwark.domain import documents
from bulkwark.domain.kinds import Kind, new_id
from bulkwark.domain.non_employees import DAY, Cells, Person, Phase, canonical, identity, phase_at
from bulkwark.domain.times import iso_ms
from bulkwark.store import non_employee_records, non_employee_sources, upkeep
from bulkwark.store.embedded import entries
from bulkwark.store.indexes import BY_KIND
from bulkwark.store.non_employee_records import Outcome
from bulkwark.store.non_employee_sources import Source
from bulkwark.store.non_employee_spelling import Spelling, numbers
from bulkwark.store.objects import New
from bulkwark.store.tenants import Store, open_store

NOW = 1_750_000_000_000
CUSTOM = ("team", "cost.center", "email", "id")  # also names that the house uses itself
ODD = [
    "Ann",
    'he said "hi"',
    "back\\slash",
    "İstanbul ΣΑΣ",
    "李小龙",
    "two\nlines\tand a tab",
    "—",
    "a:b_c'd.e@f",
    "x" * 300,
    "word " * 60,
    "ann ANN Ann",
    "\U0001f600",
    "{first}",
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    found = open_store(tmp_path_factory.mktemp("records") / "data")
    found.need_tenant("default")
    yield found
    found.close()


def fill(store: Store, name: str) -> tuple[Source, Person]:
    """A non-employee source, and somebody who may be a manager."""
    tenant = store.need_tenant("default")
    boss = {"id": new_id(), "name": "The Boss", "alias": f"boss of {name}", "created": iso_ms(0), "attributes": {}}
    source = {"id": new_id(), "name": name, "description": "x", "owner": {"id": boss["id"]}, "created": iso_ms(0)}
    with store.write() as session:
        tenant.objects.add(session, Kind.IDENTITY, [New(boss, 0)])
        (rid,) = tenant.objects.add(session, Kind.SOURCE, [New(source, 0)])
        made = non_employee_sources.add(session, tenant.number, rid, approvers=[], managers=[], workgroup=None, now=NOW)
    return made, Person(str(boss["id"]), str(boss["alias"]), "The Boss")


@pytest.fixture(scope="module")
def source(store: Store) -> Source:
    return fill(store, 'Contractors "of" İt')[0]


texts = st.one_of(st.sampled_from(ODD), st.text(alphabet="aB1 .:'\"\\é\u00a0İ", min_size=1)).filter(str.strip)
rows = st.builds(
    Cells,
    account=texts,
    first=texts,
    last=texts,
    email=texts,
    phone=texts,
    manager=st.just("boss"),
    starts=st.sampled_from([NOW - 100 * DAY, NOW + DAY]),
    ends=st.sampled_from([NOW - DAY, NOW + 5 * DAY, NOW + 900 * DAY]),
    data=st.dictionaries(st.sampled_from(CUSTOM), texts).map(canonical),
)
people = st.builds(Person, id=st.builds(new_id), alias=st.just("boss"), name=st.one_of(st.just(""), texts))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.builds(new_id), rows, people), min_size=1, max_size=4))
def test_what_is_spelled_is_what_the_usual_way_would_write(
    store: Store, source: Source, given_rows: list[tuple[str, Cells, Person]]
) -> None:
    tenant = store.need_tenant("default")
    with store.write() as session:
        known = numbers(session, tenant, CUSTOM)
        spelling = Spelling(source.document, tenant.name, known)

    spelled = spelling.spell(given_rows, now=NOW, warning=30 * DAY)

    values, terms = Counter[tuple[int, str | int | float, int]](), Counter[tuple[int, str]]()
    for position, (id, cells, person) in enumerate(given_rows):
        phase, _ = phase_at(cells.starts, cells.ends, NOW, 30 * DAY)
        document = identity(id, cells, person, source.document, phase, iso_ms(NOW))
        face = documents.face(Kind.IDENTITY, document, {}, org=tenant.name)
        index = BY_KIND[Kind.IDENTITY]
        ((_, entry),) = entries(index, known.__getitem__, position, face, {"accounts": [position]})
        got_id, head, got_face, tokens = spelled.objects[position]
        assert (got_id, msgspec.json.decode(head + "}")) == (id, document)
        assert msgspec.json.decode(got_face + "}") == face
        assert Counter(tokens.split(" ")) == Counter(entry.tokens)
        values.update((field, value, position) for field, value in entry.values)
        terms.update(entry.terms)
    assert values == Counter(spelled.values())
    counted = Counter[tuple[int, str]]()
    for field, term, count in spelled.terms():
        counted[field, term] += count
    assert terms == counted


def cells(account: str, **more: str | int) -> Cells:
    found = Cells(account, "Ann", "Lee", "ann@example.com", "1", "boss", NOW - DAY, NOW + 900 * DAY)
    return found.having(**more)


def test_rows_are_created_changed_or_left_alone(tmp_path: Path) -> None:
    store = open_store(tmp_path / "data")
    tenant = store.need_tenant("default")
    source, boss = fill(store, "Mixed")

    def apply(*found: Cells, now: int = NOW) -> list[Outcome]:
        with store.write() as session:
            pairs = [(one, boss) for one in found]
            applied = non_employee_records.apply_records(session, tenant, source, pairs, now=now, warning=DAY)
        return [one.outcome for one in applied]

    first = apply(cells("a"), cells("B"), cells("c", data='{"team":"x"}'))
    before = non_employee_records.by_accounts(store.read(), tenant.number, source.number, "abc")
    second = apply(cells("d"), cells("b"), cells("a"), cells("c", data='{"team":"y"}'), now=NOW + 1)
    after = non_employee_records.by_accounts(store.read(), tenant.number, source.number, "ABCD")

    assert first == [Outcome.CREATED] * 3
    assert second == [Outcome.CREATED, Outcome.UPDATED, Outcome.UNCHANGED, Outcome.UPDATED]
    assert {key: after[key].rid for key in "abc"} == {key: before[key].rid for key in "abc"}
    assert (after["a"], after["b"].cells.account) == (before["a"], "b")
    assert [after[key].modified - NOW for key in "abcd"] == [0, 1, 1, 1]
    assert after["a"].phase is Phase.ACTIVE
    assert upkeep.spot_check(store.read(), store, 1_000)[1] == []
    store.close()


def test_nothing_is_left_of_deleted_records(tmp_path: Path) -> None:
    store = open_store(tmp_path / "data")
    tenant = store.need_tenant("default")
    source, boss = fill(store, "Leaving")

    def counts() -> list[int]:
        tables = ("object", "state", "search_doc", "link", "val", "vocab", "ne_record", "fts")
        return [next(iter(store.read().execute(f"SELECT count(*) FROM {table}")))[0] for table in tables]

    with store.write() as session:
        numbers(session, tenant, ["team"])  # they stay
    before = counts()
    with store.write() as session:
        pairs = [(cells(f"n{number}", first=f"Name{number}"), boss) for number in range(50)]
        non_employee_records.apply_records(session, tenant, source, pairs, now=NOW, warning=DAY)
    assert counts() != before
    with store.write() as session:
        rids = non_employee_records.some(session, tenant.number, source.number, 100)
        records = non_employee_records.by_rids(session, rids)
        non_employee_records.delete(session, tenant, records, NOW)

    assert len(rids) == 50
    assert counts() == before
    store.close()
