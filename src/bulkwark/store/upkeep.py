"""What the store needs after much was written, and what tells whether it is sound."""

from __future__ import annotations

import json
from collections.abc import Iterator

import msgspec

from bulkwark.domain import documents
from bulkwark.domain.kinds import KIND_BITS, NUMBER_BITS, kind_of
from bulkwark.domain.metadata import parse
from bulkwark.store import embedded
from bulkwark.store.dialect import Session
from bulkwark.store.entries import GAP, Entry
from bulkwark.store.indexes import BY_KIND
from bulkwark.store.tenants import Store, Tenant

SETTLE_FROM = 1_000  # written objects; below that the index has nothing to settle
MERGE_PAGES = 200  # pages of one step of a merge, about 20 ms of the writer's time
TOKENS_AT_ONCE = 50  # in one expression of the full-text index


def settle(store: Store, written: int) -> None:
    """After a load: merge the full-text index and renew the planner's statistics, in short transactions."""
    if written < SETTLE_FROM:
        return
    step = -MERGE_PAGES
    while True:
        with store.write() as session:
            # SQLite's own sign that a merge has nothing left to do: fewer than two changes.
            if session.run("upkeep.merge_tokens", (step,)) < 2:
                break
        step = MERGE_PAGES
    with store.write() as session:
        session.run("upkeep.limit_analysis")
        session.run("upkeep.analyse")


def sqlite_version(session: Session) -> str:
    return str(session.value("upkeep.sqlite_version"))


def schema_version(session: Session) -> int:
    return int(session.value("upkeep.schema_version"))


def damage(session: Session) -> list[str]:
    """What SQLite's quick check finds wrong with the file."""
    return [str(row[0]) for row in session.rows("upkeep.damage") if row[0] != "ok"]


def strays(session: Session) -> list[str]:
    """Objects of which a part is missing."""
    return [f"{count} objects have no row in {table}" for table, count in session.rows("upkeep.strays") if count]


def spot_check(session: Session, store: Store, size: int) -> tuple[int, list[str]]:
    """Derive the index entries of objects drawn by lot again and look them up: (how many, what is missing)."""
    rids = [int(row[0]) for row in session.rows("upkeep.sample", (size,))]
    wrong = []
    for rid in rids:
        tenant = store.tenant_by_number(rid >> KIND_BITS + NUMBER_BITS)
        missing = list(_missing(session, tenant, rid))
        if missing:
            stored = tenant.objects.by_rid(session, rid)
            id = stored.document()["id"] if stored else "?"
            wrong.append(f"{kind_of(rid).noun} {id}: {'; '.join(missing)}")
    return len(rids), wrong


def _missing(session: Session, tenant: Tenant, rid: int) -> Iterator[str]:
    """What the indexes should hold of an object and do not."""
    stored, row = tenant.objects.by_rid(session, rid), session.one("upkeep.search_doc", (rid,))
    if stored is None or row is None:
        yield "it is not whole"
        return
    kind, number, no = kind_of(rid), tenant.number, tenant.numbers
    face, refs = msgspec.json.decode(row[0] + "}"), json.loads(row[1])

    def find(path: str) -> int:
        return no.find(session, kind, path) or 0

    if documents.face(kind, stored.document(), {}, org=tenant.name).get("name") != face.get("name"):
        yield "the search document has another name"
    for indexed, entry in embedded.entries(BY_KIND[kind], find, rid, face, refs):
        yield from _missing_of(session, number, indexed, entry)
    links = [(find(path), target) for path, targets in refs.items() for target in targets]
    if any(session.value("upkeep.has_link", (number, *link, rid)) is None for link in links):
        yield "links are missing"
    if session.value("upkeep.old_document", (rid,)) is not None:
        yield "the document that is sent is an old one"
    if any(session.value("upkeep.has_pair", (number, pair, rid)) is None for pair in parse(stored.md)):
        yield "metadata is missing"


def _missing_of(session: Session, tenant: int, row: int, entry: Entry) -> Iterator[str]:
    """What the index lacks of one entry."""
    tokens = list(dict.fromkeys(token for token in entry.tokens if token != GAP))
    for start in range(0, len(tokens), TOKENS_AT_ONCE):
        query = " AND ".join(f'"{token}"' for token in tokens[start : start + TOKENS_AT_ONCE])
        if session.value("upkeep.has_tokens", (query, row)) is None:
            yield "tokens are missing"
            break
    if any(session.value("upkeep.has_value", (tenant, *value, row)) is None for value in entry.values):
        yield "values are missing"
    if any(session.value("upkeep.has_term", (tenant, *term)) is None for term in entry.terms):
        yield "terms are missing"
