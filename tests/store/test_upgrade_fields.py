"""A database that an older program made is brought up to date, and keeps what is in it."""

from __future__ import annotations

from pathlib import Path

from bulkwark.domain.kinds import Kind, new_id
from bulkwark.query.ast import All, Checked
from bulkwark.store import events, fields, non_employee_sources, search
from bulkwark.store.events import Event
from bulkwark.store.objects import New
from bulkwark.store.search import Page, Sorter
from bulkwark.store.tenants import FILE, open_store

BEFORE = 4  # the schema before non-employees and events


def older(data_dir: Path) -> str:
    """A database without the tables of non-employees and the fields of events. Answers an id in it."""
    store = open_store(data_dir)
    tenant = store.need_tenant("default")
    id = new_id()
    with store.write() as session:
        tenant.objects.add(session, Kind.IDENTITY, [New({"id": id, "name": "Ann", "alias": "ann", "created": ""}, 1)])
        for table in (
            "ne_source",
            "ne_attribute",
            "ne_record",
            "ne_request",
            "ne_approval",
            "ne_upload",
            "ne_upload_row",
            "element",
            "document",
            "outdated",
        ):
            session.change(f"DROP TABLE {table}")
        session.change("DROP INDEX object_membership")
        for kind, name in list(
            session.execute("SELECT type, name FROM sqlite_schema WHERE type IN ('trigger', 'view')")
        ):
            session.change(f"DROP {kind} IF EXISTS {name}")
        session.change("DELETE FROM field WHERE kind = ?", (int(Kind.EVENT),))
        session.connection.pragma("user_version", BEFORE)
    store.close()
    return id


def test_tables_and_fields_that_are_new_are_there_after_an_upgrade(tmp_path: Path) -> None:
    id = older(tmp_path)

    store = open_store(tmp_path)
    tenant = store.need_tenant("default")

    assert tenant.objects.get(store.read(), Kind.IDENTITY, id) is not None
    assert non_employee_sources.all_sources(store.read(), tenant.number) == []
    assert not fields.undeclared(store.read(), tenant.number)
    newest = Page((Sorter("created", descending=True),))
    assert search.rids(store.read(), tenant, [Checked("events", All())], newest) == []
    with store.write() as session:
        events.append(session, tenant, [Event("SYSTEM", "UPGRADE", "TEST", "x")], 5)
    assert len(search.rids(store.read(), tenant, [Checked("events", All())], newest)) == 1
    assert list(tmp_path.glob(f"{FILE}.before-*"))
    store.close()


def test_a_database_that_is_up_to_date_is_opened_as_it_is(tmp_path: Path) -> None:
    older(tmp_path)
    open_store(tmp_path).close()

    store = open_store(tmp_path)

    assert store.database.commits == 0
    store.close()
