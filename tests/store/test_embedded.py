"""Accounts, apps and access of identities: the index follows them by every way of writing, and from older programs."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bulkwark.domain import documents
from bulkwark.domain.kinds import Kind, kind_of
from bulkwark.query import lucene
from bulkwark.query.ast import Checked
from bulkwark.query.check import check
from bulkwark.store import catching_up, changes, search, upkeep
from bulkwark.store.dialect import index
from bulkwark.store.entries import derive
from bulkwark.store.indexes import INDEXES
from bulkwark.store.objects import New
from bulkwark.store.tenants import Store, Tenant, open_store
from tests.query.samples import NOW_MS

Document = dict[str, Any]
ANN = "d" * 32


def account(name: str, source: str, **more: Any) -> Document:
    return {"id": name * 2, "name": name, "source": {"id": "5" * 32, "name": source}, "disabled": False, **more}


def access(name: str, type: str = "ROLE") -> Document:
    return {"id": name, "type": type, "name": name}


def identity(**more: Any) -> Document:
    return {"id": ANN, "name": "Ann", "alias": "ann", "created": "2024-01-01T00:00:00.000Z", "attributes": {}, **more}


ARRAYS: list[Document] = [
    {},
    {"accounts": []},
    {"accounts": [account("one", "AD")]},
    {"accounts": [account("one", "AD", disabled=True)]},
    {"accounts": [account("one", "AD"), account("two", "SAP", disabled=True)]},
    {"accounts": [account("two", "SAP"), account("three", "AD"), account("one", "HR")], "apps": [access("mail")]},
    {"access": [access("reader"), access("writer", "ENTITLEMENT")], "accounts": [account("one", "AD")]},
    {"access": [access("reader")], "apps": [access("mail"), access("chat")]},
]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    found = open_store(tmp_path / "data")
    yield found
    found.close()


def add(store: Store, document: Document) -> None:
    tenant = tenant_of(store)
    with store.write() as session:
        tenant.objects.add(session, Kind.IDENTITY, [New(document, 1)])


def tenant_of(store: Store) -> Tenant:
    return store.need_tenant("default")


def count(store: Store, text: str) -> int:
    tree = check(lucene.parse(text), INDEXES["identities"].schema, now_ms=NOW_MS, strict=False, text=text)
    return search.count(store.read(), tenant_of(store), Checked("identities", tree.root))


def rows(store: Store) -> dict[str, list[Any]]:
    """What the index holds; elements are named by the order in which they got their numbers."""
    session = store.read()
    elements = sorted({rid for (rid,) in session.execute("SELECT target FROM link") if kind_of(rid) >= Kind.ACCOUNT})
    as_known = {rid: f"{kind_of(rid).name} {at}" for at, rid in enumerate(elements)}
    found: dict[str, list[Any]] = {}
    for table, columns in (("val", "field, value, rid"), ("link", "field, target, rid"), ("vocab", "field, term, df")):
        read = session.execute(f"SELECT {columns} FROM {table} WHERE tenant = 1")
        found[table] = sorted(str([as_known.get(cell, cell) for cell in row]) for row in read)
    numbers = [number for (number,) in session.execute("SELECT rowid FROM fts")]
    found["fts"] = sorted(str(as_known.get(number, number)) for number in numbers)
    return found


@pytest.mark.parametrize("together", [False, True], ids=["one by one", "many at once"])
def test_an_index_that_followed_changes_is_one_that_was_made_anew(tmp_path: Path, together: bool) -> None:
    dice = random.Random(5)
    followed, fresh = open_store(tmp_path / "followed"), open_store(tmp_path / "fresh")
    add(followed, identity(**ARRAYS[0]))
    for number in range(40):
        wanted = identity(**dice.choice(ARRAYS), firstname=f"n{number % 3}")
        objects = tenant_of(followed).objects
        with followed.write() as session:
            old = objects.get(session, Kind.IDENTITY, ANN)
            assert old is not None
            if together:
                changes.change_many(session, objects, Kind.IDENTITY, [(old, wanted)], 1)
            else:
                objects.change(session, old, wanted, modified=1)
        tenant_of(fresh)
        with fresh.write() as session:
            for one in tenant_of(fresh).objects.by_ids(session, Kind.IDENTITY, [ANN]).values():
                tenant_of(fresh).objects.delete(session, one)
        add(fresh, wanted)
        renamed = {name: [_renumbered(row) for row in found] for name, found in rows(fresh).items()}
        assert {name: [_renumbered(row) for row in found] for name, found in rows(followed).items()} == renamed
        assert upkeep.spot_check(followed.read(), followed, 10)[1] == []
        held = len(wanted.get("accounts", []))
        assert count(followed, "@accounts(*)") == count(fresh, "@accounts(*)") == (held > 0)
        for asked in ("@accounts(name:one AND disabled:true)", "@accounts(name:one AND source.name:ad)"):
            assert count(followed, asked) == count(fresh, asked), (asked, wanted)
    followed.close()
    fresh.close()


def _renumbered(row: str) -> str:
    """The row without the number of the one identity, which is another after each deletion."""
    first = Kind.IDENTITY << 29 | 1 << 34
    return " ".join(
        "rid" if word.strip("[],").isdigit() and int(word.strip("[],")) >= first else word for word in row.split()
    )


def test_nothing_is_left_of_a_deleted_identity(store: Store) -> None:
    add(store, identity(**ARRAYS[5]))
    assert count(store, "@accounts(name:three)") == 1

    with store.write() as session:
        found = tenant_of(store).objects.by_ids(session, Kind.IDENTITY, [ANN])
        tenant_of(store).objects.delete_many(session, Kind.IDENTITY, list(found.values()))

    assert rows(store) == {"val": [], "link": [], "vocab": [], "fts": []}


def test_one_element_must_fulfil_all_and_the_number_of_elements_does_not_matter(store: Store) -> None:
    for at, arrays in enumerate(ARRAYS):
        add(store, identity(**arrays) | {"id": f"{at:032x}", "alias": f"a{at}"})
    asked: dict[str, Any] = {
        "@accounts(source.name:AD AND disabled:true)": lambda a: a["source"]["name"] == "AD" and a["disabled"],
        "@accounts(name:one AND source.name:HR)": lambda a: a["name"] == "one" and a["source"]["name"] == "HR",
        "@accounts(NOT disabled:true)": lambda a: not a["disabled"],
        "@accounts(*)": lambda a: True,
    }
    for text, holds in asked.items():
        expected = sum(any(map(holds, arrays.get("accounts", []))) for arrays in ARRAYS)
        assert count(store, text) == expected > 0, text
        assert count(store, f"NOT {text}") == len(ARRAYS) - expected


def older(store: Store) -> None:
    """Make the index what the program before wrote: no elements, no links, `True` for true."""
    objects = tenant_of(store).objects
    with store.write() as session:
        for kind in (Kind.IDENTITY, Kind.ENTITLEMENT):
            for (rid,) in list(session.execute("SELECT rid FROM object WHERE kind = ?", (int(kind),))):
                stored = objects.by_rid(session, rid)
                assert stored is not None
                objects.change(session, stored, {"id": stored.document()["id"], "name": "x"}, modified=1)
                session.run("objects.set_head", (stored.head, rid))
                _write_as_before(session, objects, rid, stored.document())
        session.change("DELETE FROM counter WHERE name = 'index-format'")
        session.change("DELETE FROM field WHERE kind > ?", (int(Kind.EVENT),))
        session.change("DELETE FROM field WHERE path IN ('access', 'accounts', 'apps')")
    objects.numbers.forget()


def _write_as_before(session: Any, objects: Any, rid: int, document: Document) -> None:
    kind = kind_of(rid)
    face = documents.face(kind, document, {}, org="default")
    face = {name: value for name, value in face.items() if name not in ("access", "apps", "accessCount", "appCount")}
    own = {name: value for name, value in face.items() if name != "accounts"}
    known = INDEXES["identities" if kind is Kind.IDENTITY else "entitlements"]
    entry = derive(known, lambda path: objects.numbers.need(session, kind, path), own, [], text=str)
    was = session.one("upkeep.search_doc", (rid,))
    gone = objects.entries(session, rid, msgspec.json.decode(was[0] + "}"), msgspec.json.decode(was[1]))
    index.drop(session, objects.tenant, gone)
    index.put(session, objects.tenant, [(rid, entry)])
    text = msgspec.json.encode(face).decode()[:-1]
    session.run("objects.set_search_doc", (text, "{}", rid))


def test_what_an_older_program_indexed_is_indexed_anew_once(tmp_path: Path) -> None:
    store = open_store(tmp_path / "data")
    for at, arrays in enumerate(ARRAYS):
        attributes = {"vip": at % 2 == 0, "far": 1e30, "word": "True", "city": "London"}
        add(store, identity(**arrays) | {"id": f"{at:032x}", "alias": f"a{at}", "attributes": attributes})
    texts = ["@accounts(disabled:true)", "@access(type:ROLE)", "@apps(name:mail)", "attributes.vip.exact:true"]
    texts += ["attributes.far.exact:1e30", "attributes.vip:true", "attributes.word.exact:True", "@accounts(*)"]
    expected, whole = [count(store, text) for text in texts], rows(store)
    assert all(expected)
    older(store)
    assert [count(store, text) for text in texts] == [0, 0, 0, 0, 0, 4, 8, 0]
    store.close()

    store = open_store(tmp_path / "data")

    assert [count(store, text) for text in texts] == expected
    assert upkeep.spot_check(store.read(), store, 100) == (len(ARRAYS), [])
    assert len(rows(store)["val"]) == len(whole["val"])
    assert sorted(row.split()[-1] for row in rows(store)["vocab"]) == sorted(r.split()[-1] for r in whole["vocab"])
    store.close()
    store = open_store(tmp_path / "data")
    assert store.database.commits == 0
    store.close()


def test_catching_up_goes_on_where_it_was_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(tmp_path / "data")
    for at in range(6):
        add(store, identity(**ARRAYS[4]) | {"id": f"{at:032x}", "alias": f"a{at}", "attributes": {"far": 1e30}})
    whole = rows(store)
    older(store)
    store.close()
    monkeypatch.setattr(catching_up, "_PIECE", 2)
    real, calls = catching_up.index_anew, []

    def dies(session: Any, objects: Any, rids: Any) -> None:
        calls.append(rids)
        if len(calls) == 2:
            raise KeyboardInterrupt
        real(session, objects, rids)

    monkeypatch.setattr(catching_up, "index_anew", dies)
    with pytest.raises(KeyboardInterrupt):
        open_store(tmp_path / "data")

    store = open_store(tmp_path / "data")

    assert [len(rids) for rids in calls] == [2, 2, 2, 2]
    assert count(store, "@accounts(name:two AND disabled:true)") == 6
    assert sorted(row.split()[-1] for row in rows(store)["vocab"]) == sorted(r.split()[-1] for r in whole["vocab"])
    store.close()
