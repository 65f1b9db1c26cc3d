"""The writer's queue, transactions, and what must be forgotten when one is rolled back."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bulkwark.domain.kinds import Kind
from bulkwark.errors import Unavailable
from bulkwark.store import counters
from bulkwark.store.dialect import StagingFile, staging
from bulkwark.store.fields import FieldNumbers
from bulkwark.store.objects import New
from bulkwark.store.sqlite.named import STATEMENTS
from bulkwark.store.sqlite.waiting import FairLock, GaveWay
from bulkwark.store.tenants import FILE, Store, open_store
from tests.company import attribute, load, put, role
from tests.house import House


class Faulty(Exception):
    """Something that breaks off a transaction."""


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline


def waits(lock: FairLock, how_many: int) -> bool:
    return lock.waiting == how_many


def test_the_lock_is_handed_over_in_the_order_of_the_requests() -> None:
    lock, order = FairLock(), list[int]()
    lock.acquire()
    threads = []
    for number in range(20):

        def wait(mine: int = number) -> None:
            lock.acquire()
            order.append(mine)
            lock.release()

        threads.append(threading.Thread(target=wait))
        threads[-1].start()
        until(partial(waits, lock, number + 1))
    lock.release()
    for thread in threads:
        thread.join()

    assert order == list(range(20))
    assert lock.waiting == 0


def test_a_turn_holds_its_place_over_several_transactions(house: House) -> None:
    store, order = house.store, list[str]()

    def other() -> None:
        with store.write():
            order.append("other")

    with store.turn() as turn:
        with turn.transaction():
            order.append("first")
        thread = threading.Thread(target=other)
        thread.start()
        until(lambda: store.database.waiting == 1)
        with turn.transaction():
            order.append("second")
    thread.join()

    assert order == ["first", "second", "other"]


def test_an_error_takes_everything_back_and_frees_the_writer(house: House) -> None:
    before = house.digest()

    def fail() -> None:
        with house.store.write() as session:
            load_one(house, "x")
            counters.take(session, 1, "anything")
            raise Faulty

    with pytest.raises(Faulty):
        fail()

    assert house.digest() == before
    with house.store.write() as session:
        assert counters.take(session, 1, "anything") == 1


def load_one(house: House, name: str) -> None:
    """Inside the transaction that the writer's thread has open."""
    session = house.store.database._writer
    document = {k: v for k, v in role(name, "1" * 32, id="c" * 32).items() if k != "modified"}
    house.tenant.objects.add(session, Kind.ROLE, [New(document, 1)])


def test_a_reader_sees_nothing_of_an_open_transaction(house: House) -> None:
    reader = house.store.read()
    count = house.tenant.objects.count(reader, Kind.ROLE)

    with house.store.write():
        load_one(house, "x")
        assert house.tenant.objects.count(reader, Kind.ROLE) == count

    assert house.tenant.objects.count(reader, Kind.ROLE) == count + 1


def test_a_snapshot_stays_as_it_was(house: House) -> None:
    with house.store.snapshot() as session:
        count = house.tenant.objects.count(session, Kind.ROLE)
        with house.store.write():
            load_one(house, "x")
        assert house.tenant.objects.count(session, Kind.ROLE) == count
        assert house.tenant.objects.count(house.store.read(), Kind.ROLE) == count + 1


def test_a_rollback_forgets_the_numbers_of_new_fields(house: House) -> None:
    numbers = house.tenant.numbers
    lost: list[int] = []

    def lose() -> None:
        with house.store.write() as session:
            lost.append(numbers.need(session, Kind.IDENTITY, "attributes.lost"))
            raise Faulty

    with pytest.raises(Faulty):
        lose()

    assert numbers.find(house.store.read(), Kind.IDENTITY, "attributes.lost") is None
    with house.store.write() as session:
        assert numbers.need(session, Kind.IDENTITY, "attributes.other") == lost[0]
        assert numbers.need(session, Kind.IDENTITY, "attributes.lost") != lost[0]


def test_a_rollback_forgets_the_catalogue_that_was_read_in_it(house: House) -> None:
    tenant = house.tenant

    def lose() -> None:
        with house.store.write() as session:
            tenant.metadata.put_attribute(session, plain("lost"))
            assert "lost" in tenant.metadata.catalogue(session).attributes
            assert tenant.wire(session).text("")
            raise Faulty

    with pytest.raises(Faulty):
        lose()
    with house.store.write() as session:
        tenant.metadata.put_attribute(session, plain("kept"))

    # Both changes had the same version of the catalogue.
    found = tenant.metadata.catalogue(house.store.read()).attributes
    assert "kept" in found
    assert "lost" not in found


def plain(key: str) -> dict[str, object]:
    return {name: value for name, value in attribute(key, []).items() if name != "values"}


def test_no_two_tenants_share_the_number_of_a_field(house: House) -> None:
    house.store.need_tenant("third")
    rows = list(house.store.read().execute("SELECT field, count(*) FROM field GROUP BY field HAVING count(*) > 1"))

    assert rows == []


def test_a_tenant_sees_only_its_own_objects(house: House) -> None:
    """Every kind of index entry of the one is looked for by the other."""
    third = house.store.need_tenant("third")
    put(house.store, third, [attribute("many", ["v00"])])
    load(house.store, third, Kind.ROLE, [role("Sales Global", "1" * 32, id="9" * 32)])
    theirs = house.as_("ORG_ADMIN", tenant="third")

    for text in ("*", "sales", "name:global", "enabled:true", "created:2024", "NOT nosuch:x", "name.exact:S*"):
        found = theirs.post("/v2025/search", {"indices": ["roles"], "query": {"query": text}}).ok()
        assert [document["id"] for document in found] == ["9" * 32], text
    assert theirs.get("/v2025/roles?count=true").total == 1
    assert theirs.post("/v2025/search/count", {"query": {"query": "*"}}).total == 2  # and the caller himself


def test_a_second_process_waits_for_the_writer_and_is_told_when_it_takes_too_long(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bulkwark.store.sqlite.engine.BUSY_MS", 20)
    second = open_store(house.data_dir)
    try:
        with house.store.write() as session:
            counters.take(session, 1, "anything")
            with pytest.raises(Unavailable, match="locked by another process"), second.write():
                pass
        with second.write() as session:
            assert counters.take(session, 1, "anything") == 2
    finally:
        second.close()


def test_field_numbers_made_by_another_process_are_found(house: House) -> None:
    second = FieldNumbers(1)
    with house.store.write() as session:
        made = house.tenant.numbers.need(session, Kind.IDENTITY, "attributes.fresh")

    assert second.find(house.store.read(), Kind.IDENTITY, "attributes.fresh") == made


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"this is no database, but long enough to have a header of its own" * 100)

    with pytest.raises(Unavailable, match="the database cannot be used"):
        open_store(tmp_path)


def test_a_database_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    with store.turn() as turn:
        turn.session.connection.pragma("user_version", 9999)
    store.close()

    with pytest.raises(Unavailable, match="the database has schema 9999"):
        open_store(tmp_path)


def test_opening_twice_changes_nothing(tmp_path: Path) -> None:
    first = open_store(tmp_path)
    schema = tables(first)
    first.close()

    second = open_store(tmp_path)
    assert tables(second) == schema
    assert sorted(path.name for path in tmp_path.iterdir() if "before" in path.name) == []
    second.close()


def tables(store: Store) -> list[str]:
    return [sql for (sql,) in store.read().execute("SELECT sql FROM sqlite_schema WHERE sql NOT NULL ORDER BY name")]


def test_a_backup_made_while_writing_is_a_whole_database(house: House, tmp_path: Path) -> None:
    target = tmp_path / "copy"
    target.mkdir()
    house.store.database.backup(target / FILE)
    copy = open_store(target)
    try:
        here, there = (s.need_tenant("default").objects.count(s.read(), Kind.ROLE) for s in (house.store, copy))
        assert here == there > 300
    finally:
        copy.close()


def test_every_statement_can_be_prepared(house: House, tmp_path: Path) -> None:
    session = house.store.database._writer
    StagingFile(tmp_path / "staging").finish()
    staging.attach(session, "staging", tmp_path / "staging")
    session.run("uploads.new_table")
    for name, text in STATEMENTS.items():
        with house.store.write():
            list(session.execute(f"EXPLAIN QUERY PLAN {text}", _blanks(text)))
        assert name.count(".") == 1


def _blanks(text: str) -> Any:
    named = set(re.findall(r":(\w+)", re.sub("'[^']*'", "", text)))  # not in a text
    if named:
        return dict.fromkeys(named)
    numbered = [int(n) for n in re.findall(r"\?(\d+)", text)]
    return [None] * (max(numbered) if numbered else text.count("?"))


def test_a_transaction_that_gives_way_is_rolled_back_for_somebody_elses_write(house: House) -> None:
    database, add = house.store.database, "INSERT INTO setting VALUES (9, ?, '1', 0, '')"
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"

    def edit() -> None:
        with house.store.write() as session:
            session.execute(add, ("edit",))

    thread = threading.Thread(target=edit)

    def give_way() -> None:
        with house.store.write() as session, database.giving_way():
            session.execute(add, ("long",))
            thread.start()
            list(session.execute(endless))

    with pytest.raises(GaveWay):
        give_way()
    thread.join(10)

    assert list(database.read().execute("SELECT name FROM setting WHERE tenant = 9")) == [("edit",)]
    assert (database.waiting, database._writer.patience) == (0, None)


def test_a_transaction_that_gives_way_does_so_between_two_statements_too(house: House) -> None:
    database = house.store.database
    thread = threading.Thread(target=_write_nothing, args=(house,))

    def give_way() -> None:
        with house.store.write() as session, database.giving_way():
            thread.start()
            until(lambda: database.waiting == 1)
            session.execute("SELECT 1")

    with pytest.raises(GaveWay):
        give_way()
    thread.join(10)


def test_a_transaction_does_not_give_way_to_the_patient_nor_once_it_commits(house: House) -> None:
    database = house.store.database
    with house.store.write() as session:
        with database.giving_way():
            patient = threading.Thread(target=_write_nothing, args=(house,), kwargs={"patient": True})
            patient.start()
            until(lambda: len(database._lock._queue) == 1)
            assert database.waiting == 0
            session.execute("SELECT 1")
        other = threading.Thread(target=_write_nothing, args=(house,))
        other.start()
        until(lambda: database.waiting == 1)
        session.execute("SELECT 1")
    patient.join()
    other.join()


def _write_nothing(house: House, *, patient: bool = False) -> None:
    with house.store.write(patient=patient):
        pass
