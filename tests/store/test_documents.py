"""Search documents as they are sent: ready in the database, and true whatever has changed since they were made."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bulkwark.domain.kinds import Kind
from bulkwark.store import changes, documents, upkeep
from bulkwark.store.objects import New
from bulkwark.store.tenants import Store, Tenant, open_store

MADE = "SELECT rid, text FROM document_made ORDER BY rid"
READY = "SELECT rid, text FROM document ORDER BY rid"
OUTDATED = "SELECT count(*) FROM outdated"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    found = open_store(tmp_path / "data")
    yield found
    found.close()


def tenant_of(store: Store) -> Tenant:
    return store.need_tenant("default")


def ref(id: str) -> dict[str, Any]:
    return {"id": id, "name": id}


def add(store: Store, kind: Kind, **more: Any) -> int:
    objects = tenant_of(store).objects
    with store.write() as session:
        return objects.add(session, kind, [New({"created": "2024-01-01T00:00:00.000Z"} | more, 1)])[0]


def change(store: Store, kind: Kind, id: str, **more: Any) -> None:
    objects = tenant_of(store).objects
    with store.write() as session:
        old = objects.get(session, kind, id)
        assert old is not None
        objects.change(session, old, old.document() | more, modified=2)


def delete(store: Store, kind: Kind, id: str) -> None:
    objects = tenant_of(store).objects
    with store.write() as session:
        old = objects.get(session, kind, id)
        assert old is not None
        objects.delete(session, old)


def shown(store: Store, rid: int) -> dict[str, Any]:
    (text,) = documents.search_documents(store.read(), [rid], nested=True)
    found: dict[str, Any] = msgspec.json.decode(text)
    return found


def outdated(store: Store) -> int:
    (number,) = next(store.read().execute(OUTDATED))
    return int(number)


def company(store: Store) -> int:
    """Some entitlements, and a role that holds all of them. Answers the role."""
    for id in "abc":
        add(store, Kind.ENTITLEMENT, id=id, name=id, source={"id": "s", "name": "SAP"})
    return add(store, Kind.ROLE, id="r", name="r", entitlements=[ref(id) for id in "abc"])


def test_an_element_that_changes_shows_at_once_and_is_ready_again_after_a_while(store: Store) -> None:
    role = company(store)
    assert [one["name"] for one in shown(store, role)["entitlements"]] == ["a", "b", "c"]
    assert outdated(store) == 0

    change(store, Kind.ENTITLEMENT, "b", name="new")

    assert outdated(store) == 1
    assert [one["name"] for one in shown(store, role)["entitlements"]] == ["a", "new", "c"]
    assert list(store.read().execute(READY)) != list(store.read().execute(MADE))
    assert documents.renew(store)
    assert not documents.renew(store)
    assert outdated(store) == 0
    assert [one["name"] for one in shown(store, role)["entitlements"]] == ["a", "new", "c"]
    assert list(store.read().execute(READY)) == list(store.read().execute(MADE))


def test_a_change_that_documents_do_not_show_leaves_them_ready(store: Store) -> None:
    company(store)

    change(store, Kind.ENTITLEMENT, "b", tags=["new"])

    assert outdated(store) == 0


def test_a_document_that_is_old_without_a_reason_is_found_by_the_doctor(store: Store) -> None:
    company(store)
    change(store, Kind.ENTITLEMENT, "b", name="new")
    assert upkeep.spot_check(store.read(), store, 100)[1] == []

    with store.write() as session:
        session.change("DELETE FROM outdated")

    assert upkeep.spot_check(store.read(), store, 100)[1] == ["role r: the document that is sent is an old one"]


def test_an_element_that_is_deleted_is_shown_no_more(store: Store) -> None:
    role = company(store)

    delete(store, Kind.ENTITLEMENT, "a")

    assert [one["name"] for one in shown(store, role)["entitlements"]] == ["b", "c"]
    assert documents.renew(store)
    assert [one["name"] for one in shown(store, role)["entitlements"]] == ["b", "c"]
    assert list(store.read().execute(READY)) == list(store.read().execute(MADE))


def test_many_holders_are_made_anew_in_short_transactions(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "RENEWED_AT_ONCE", 3)
    company(store)
    roles = [add(store, Kind.ROLE, id=f"r{at}", name="r", entitlements=[ref("a"), ref("b")]) for at in range(10)]
    change(store, Kind.ENTITLEMENT, "a", name="new")
    change(store, Kind.ENTITLEMENT, "b", name="other")

    assert documents.renew(store)
    change(store, Kind.ENTITLEMENT, "a", name="newer")  # those that are done already are done again
    steps = 1
    while documents.renew(store):
        steps += 1

    assert steps > 8
    for role in roles:
        assert [one["name"] for one in shown(store, role)["entitlements"]] == ["newer", "other"]
    assert list(store.read().execute(READY)) == list(store.read().execute(MADE))


@pytest.mark.parametrize("seed", range(6))
def test_documents_are_true_after_any_changes(store: Store, seed: int) -> None:
    draw = random.Random(seed)
    kinds = {Kind.ENTITLEMENT: 12, Kind.ACCESS_PROFILE: 8, Kind.ROLE: 20}
    ids: dict[Kind, list[str]] = {kind: [] for kind in kinds}

    def arrays(kind: Kind) -> dict[str, Any]:
        paths = {"entitlements": Kind.ENTITLEMENT, "accessProfiles": Kind.ACCESS_PROFILE}
        below = {path: other for path, other in paths.items() if other > kind}
        return {path: [ref(id) for id in draw.sample(ids[other], draw.randint(0, 3))] for path, other in below.items()}

    for kind, many in kinds.items():
        for at in range(many):
            id = f"{kind.name[0]}{at}"
            add(store, kind, id=id, name=id, source={"id": "s", "name": "SAP"}, **arrays(kind))
            ids[kind].append(id)
    for step in range(150):
        kind = draw.choice(list(kinds))
        id = draw.choice(ids[kind])
        what = draw.random()
        if what < 0.4:
            change(store, kind, id, name=f"{id} {step}")
        elif what < 0.6:
            change(store, kind, id, **arrays(kind))
        elif what < 0.7:
            objects = tenant_of(store).objects
            with store.write() as session:
                old = objects.get(session, kind, id)
                assert old is not None
                after = old.document() | {"description": f"{step}"}
                changes.change_many(session, objects, kind, [(old, after)], 3)
        elif what < 0.75 and len(ids[kind]) > 4:
            ids[kind].remove(id)
            delete(store, kind, id)
        elif what < 0.9:
            documents.renew(store)
        made = {
            rid: json.loads(text + "}") for rid, text in store.read().execute("SELECT rid, text FROM document_made")
        }
        for rid, wanted in made.items():
            found = shown(store, rid)
            assert {name: found[name] for name in wanted} == wanted, (step, found)
    while documents.renew(store):
        pass
    assert list(store.read().execute(READY)) == list(store.read().execute(MADE))


@pytest.mark.parametrize("calls", ["none", "always", "now and then"])
@pytest.mark.parametrize("changed", [False, True])
def test_a_page_is_the_same_however_many_others_call(store: Store, calls: str, changed: bool) -> None:
    company(store)
    roles = [add(store, Kind.ROLE, id=f"r{at}", name="r", entitlements=[ref("a")]) for at in range(700)]
    draw = random.Random(4)
    draw.shuffle(roles)
    delete(store, Kind.ROLE, "r5")
    if changed:
        change(store, Kind.ENTITLEMENT, "a", name="new")
    asked: dict[str, Callable[[], bool]] = {
        "none": lambda: False,
        "always": lambda: True,
        "now and then": lambda: draw.random() < 0.5,
    }

    found = list(documents.pieces(store, roles, nested=True, others=asked[calls]))

    page = json.loads(b"[%b]" % b",".join(filter(None, found)))
    wanted = [json.loads(text) for text in documents.search_documents(store.read(), roles, nested=True)]
    assert page == wanted
    assert len(page) == 699
    assert {one["name"] for role in page for one in role["entitlements"]} == {"new" if changed else "a"}
    most = {"none": documents.PIECE, "always": documents.SMALL}.get(calls, documents.PIECE)
    assert max(len(json.loads(b"[%b]" % piece)) for piece in found) == most


def test_a_piece_of_which_nothing_is_left_is_empty(store: Store) -> None:
    company(store)
    role = add(store, Kind.ROLE, id="gone", name="r", entitlements=[ref("a")])
    delete(store, Kind.ROLE, "gone")

    assert list(documents.pieces(store, [role], nested=True, others=lambda: False)) == [b""]
    assert list(documents.pieces(store, [role], nested=True, others=lambda: True)) == [b""]
    assert list(documents.pieces(store, [], nested=True, others=lambda: True)) == []
