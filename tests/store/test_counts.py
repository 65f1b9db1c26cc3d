"""What the dictionary says without counting stays true whatever is written, and pages are joined as they were."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from bulkwark.domain.kinds import Kind
from bulkwark.query.ast import All, Checked
from bulkwark.query.fields import Kind as FieldKind
from bulkwark.query.within import near
from bulkwark.store import documents, search
from bulkwark.store.dialect import Session
from bulkwark.store.entries import EVERY, SEVERAL
from bulkwark.store.indexes import BY_KIND
from bulkwark.store.search import Page, Sorter
from bulkwark.store.sqlite import migrate
from bulkwark.store.tenants import Store, Tenant, open_store
from tests.company import build, load, role
from tests.house import House
from tests.store.judged import Judged

OWNER = "0" * 32
# What the dictionary says of the kinds that the older program had: objects, booleans, several dates or numbers.
SAID = """
SELECT f.tenant, f.kind, f.path, v.term, v.df FROM vocab v JOIN field f ON f.tenant = v.tenant AND f.field = v.field
WHERE f.kind <= 7 AND (f.path = '' OR v.term IN ('true', 'false', ?)) ORDER BY 1, 2, 3, 4
"""


@pytest.fixture
def store(tmp_path: Path) -> Any:
    store = open_store(tmp_path)
    store.need_tenant("default")
    yield store
    store.close()


def counted(store: Store, text: str) -> int:
    """The count, which must be that of the objects selected."""
    tenant = store.need_tenant("default")
    judge = Judged(store.read(), tenant, "roles", {"none"})
    checked = judge.query(text)
    judge.selected(checked)
    return search.count(store.read(), tenant, checked)


def test_single_terms_are_counted_anew_after_every_kind_of_write(store: Store) -> None:
    tenant = store.need_tenant("default")
    load(store, tenant, Kind.ROLE, [role(f"Sales {n}", OWNER, id=f"{n:032}", enabled=n % 3 > 0) for n in range(1, 10)])
    assert [counted(store, text) for text in ("*", "enabled:true", "enabled:false", "name:sales")] == [9, 6, 3, 9]

    with store.write() as session:
        old = tenant.objects.get(session, Kind.ROLE, f"{1:032}")
        assert old is not None
        tenant.objects.change(session, old, old.document() | {"enabled": False, "name": "Finance"}, modified=1)
        gone = tenant.objects.get(session, Kind.ROLE, f"{3:032}")
        assert gone is not None
        tenant.objects.delete(session, gone)

    assert [counted(store, text) for text in ("*", "enabled:true", "enabled:false", "name:sales")] == [8, 5, 3, 7]
    assert counted(store, "NOT enabled:true") == 3


def test_an_object_with_several_numbers_in_a_field_is_counted_once(store: Store) -> None:
    """No document of ISC has them; a loaded one may hold anything."""
    tenant = store.need_tenant("default")
    load(store, tenant, Kind.ROLE, [role("one", OWNER, id="1" * 32), role("many", OWNER, id="2" * 32)])
    dates = ["2024-03-01T00:00:00.000Z", "2024-04-01T00:00:00.000Z", "2024-04-01T00:00:00.000Z"]
    assert counted(store, "created:2024") == 2
    assert told(store.read(), tenant, SEVERAL) == 0

    with store.write() as session:
        old = tenant.objects.get(session, Kind.ROLE, "2" * 32)
        assert old is not None
        tenant.objects.change(session, old, old.document() | {"created": dates}, modified=1)
    assert counted(store, "created:2024") == 2
    assert told(store.read(), tenant, SEVERAL) == 1

    with store.write() as session:
        old = tenant.objects.get(session, Kind.ROLE, "2" * 32)
        assert old is not None
        tenant.objects.change(session, old, old.document() | {"created": dates[1:]}, modified=2)
    assert counted(store, "created:2024") == 2
    assert told(store.read(), tenant, SEVERAL) == 0


def told(session: Session, tenant: Tenant, term: str) -> int:
    number = tenant.numbers.find(session, Kind.ROLE, "created")
    return int(session.value("index.term_count", (tenant.number, number, term)) or 0)


def test_an_older_database_learns_what_a_new_one_knows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new = open_store(tmp_path / "new")
    build(new)
    known = migrate.migrations()
    monkeypatch.setattr(migrate, "migrations", lambda: known[:6])
    old = open_store(tmp_path / "old")
    build(old)
    bools = [
        (int(kind), field.path)
        for kind, index in BY_KIND.items()
        for field in index.schema.fields.values()
        if field.kind is FieldKind.BOOL and not field.nested
    ]
    with old.write() as session:  # as the older program left it
        session.change("DELETE FROM vocab WHERE term IN (?, ?)", (EVERY, SEVERAL))
        for kind, path in bools:
            numbers = "SELECT field FROM field WHERE kind = ? AND path = ?"
            session.change(f"DELETE FROM vocab WHERE field IN ({numbers})", (kind, path))
    old.close()
    monkeypatch.undo()

    upgraded = open_store(tmp_path / "old")

    said = list(new.read().execute(SAID, (SEVERAL,)))
    assert len(said) > 20
    assert list(upgraded.read().execute(SAID, (SEVERAL,))) == said
    texts = "SELECT rid, text FROM element ORDER BY rid"
    assert list(upgraded.read().execute(texts)) == list(new.read().execute(texts))
    new.close()
    upgraded.close()


# --- words near each other -------------------------------------------------------------------------------


def texts() -> Sequence[str]:
    """Two and three words in every order, with up to six others between them."""
    found = [
        f"{'x ' * lead}{one} {'y ' * between}{two}"
        for one, two in permutations(("red", "blue"))
        for between in range(7)
        for lead in (0, 2)
    ]
    found += [
        " ".join([a, *["y"] * first, b, *["z"] * second, c])
        for a, b, c in permutations(("red", "blue", "green"))
        for first in range(3)
        for second in range(3)
    ]
    return [*found, "red x red y blue", "blue red blue", "red", "blue"]


def test_words_near_each_other_are_what_the_measure_says(store: Store) -> None:
    tenant = store.need_tenant("default")
    rows = texts()
    # Tags bring gaps between values into a row; of them none is a gap in the description.
    found = [
        role("r", OWNER, id=f"{n:032}", description=text) | ({"tags": ["one", "two"]} if n % 2 else {})
        for n, text in enumerate(rows)
    ]
    load(store, tenant, Kind.ROLE, found)
    judge = Judged(store.read(), tenant, "roles", {f"{n:032}" for n in range(len(rows))})
    some = 0
    for words in (("red", "blue"), ("blue", "red"), ("red", "blue", "green"), ("red", "red", "blue")):
        for slop in range(1, 9):
            checked = judge.query(f'description:"{" ".join(words)}"~{slop}')
            expected = {
                f"{n:032}"
                for n, text in enumerate(rows)
                if near([[p for p, w in enumerate(text.split()) if w == word] for word in words], [], slop)
            }
            assert judge.selected(checked) == expected, (words, slop)
            some += 0 < len(expected) < len(rows)
    assert some > 20


def test_a_gap_between_two_values_is_never_bridged(store: Store) -> None:
    tenant = store.need_tenant("default")
    apart = role("apart", OWNER, id="1" * 32) | {"tags": ["red", "blue"]}
    together = role("together", OWNER, id="2" * 32) | {"tags": ["green", "red x blue"]}
    load(store, tenant, Kind.ROLE, [apart, together])
    judge = Judged(store.read(), tenant, "roles", {"1" * 32, "2" * 32})
    for slop in range(1, 9):
        assert judge.selected(judge.query(f'tags:"red blue"~{slop}')) == {"2" * 32}, slop


# --- pages -----------------------------------------------------------------------------------------------


def test_a_page_in_pieces_is_its_documents_in_order(module_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    store, tenant = module_house.store, module_house.tenant
    rids = search.rids(store.read(), tenant, [Checked("roles", All())], Page((Sorter("id"),), limit=10_000))
    for nested in (True, False):
        alone = [next(documents.search_documents(store.read(), [rid], nested=nested)) for rid in rids]
        for size in (1, 7, 250, 100_000):
            monkeypatch.setattr(documents, "PIECE", size)
            found = documents.pieces(store, rids, nested=nested, others=lambda: False)
            assert b",".join(found) == b",".join(alone)
    ids = [json.loads(text)["id"] for text in alone]
    assert ids == sorted(ids)
    assert len(ids) > 100


def test_a_renamed_entitlement_shows_in_every_role_that_holds_it(house: House) -> None:
    store, tenant = house.store, house.tenant
    with store.write() as session:
        target, rid = next(session.execute("SELECT target, rid FROM link WHERE (target >> 29) & 31 = 3 LIMIT 1"))
        old = tenant.objects.by_rid(session, target)
        assert old is not None
        tenant.objects.change(session, old, old.document() | {"name": 'Renamed "ü"'}, modified=1)
    (text,) = documents.search_documents(store.read(), [rid], nested=True)
    assert 'Renamed "ü"' in {one["name"] for one in json.loads(text)["entitlements"]}

    with store.write() as session:
        old = tenant.objects.by_rid(session, target)
        assert old is not None
        tenant.objects.delete(session, old)
    (text,) = documents.search_documents(store.read(), [rid], nested=True)
    assert 'Renamed "ü"' not in {one["name"] for one in json.loads(text)["entitlements"]}
