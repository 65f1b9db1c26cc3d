"""Data directories that an older program wrote: what it indexed otherwise is indexed anew, once, when they are opened.

Format 1: arrays in the documents of identities have entries (`store/embedded.py`), and values that are no texts are
spelled as JSON spells them (`true`; before: `True`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import msgspec

from bulkwark.domain import documents
from bulkwark.domain.kinds import Kind, kind_of
from bulkwark.store import counters, embedded
from bulkwark.store.dialect import Session, index
from bulkwark.store.entries import Entry
from bulkwark.store.indexes import BY_KIND
from bulkwark.store.objects import Objects, head

FORMAT = 1
_COUNTER = "index-format"
_PIECE = 500  # objects indexed anew in one transaction


def is_behind(session: Session, tenant: int) -> bool:
    """Whether an older program indexed the objects of a tenant."""
    return counters.current(session, tenant, _COUNTER) < FORMAT


def is_done(session: Session, tenant: int) -> None:
    """The index of a tenant is as this program makes it."""
    counters.take(session, tenant, _COUNTER, FORMAT - counters.current(session, tenant, _COUNTER))


def stale(session: Session, objects: Objects) -> list[int]:
    """Objects that an older program indexed otherwise. Those that are indexed anew are no longer among them."""
    found = {rid for (rid,) in session.rows("objects.unindexed_arrays", (objects.tenant, int(Kind.IDENTITY)))}
    numbers = [
        number
        for kind, known in BY_KIND.items()
        for prefix in known.schema.open_maps
        for _, number in objects.numbers.below(session, kind, prefix)
    ]
    found.update(rid for (rid,) in session.rows("index.pythonic_values", (objects.tenant, json.dumps(numbers))))
    return sorted(found)


def index_anew(session: Session, objects: Objects, rids: Sequence[int]) -> None:
    """Index what an older program indexed otherwise."""
    stored = {one.rid: one for one in objects.by_rids(session, rids)}
    tokens: list[tuple[int, str]] = []
    gone: list[tuple[int, Entry]] = []
    come: list[tuple[int, Entry]] = []
    apart: list[tuple[int, Entry]] = []
    for rid, old_face, old_refs in list(_search_docs(session, rids)):
        kind, face, refs = kind_of(rid), old_face, old_refs
        known = BY_KIND[kind]
        if known.embedded:
            face = documents.face(kind, stored[rid].document(), {}, org=objects.org)
            refs = old_refs | embedded.number_elements(session, objects.tenant, known, rid, face, old_refs)
        number = partial(objects.numbers.need, session, kind)
        before = dict(embedded.entries(known, number, rid, old_face, old_refs, text=str))[rid]
        (_, after), *elements = embedded.entries(known, number, rid, face, refs)
        tokens.append((rid, " ".join(after.tokens)))
        gone.append((rid, Entry([], before.values - after.values, before.terms - after.terms)))
        come.append((rid, Entry([], after.values - before.values, after.terms - before.terms)))
        apart.extend(elements if old_refs != refs else ())
        session.run("objects.set_search_doc", (head(face), json.dumps(refs, separators=(",", ":")), rid))
        session.many("index.put_link", objects.links(session, rid, refs))
    index.move(session, objects.tenant, tokens, gone, come)
    index.put(session, objects.tenant, apart)


def pieces(rids: Sequence[int]) -> Iterator[Sequence[int]]:
    """As many as one transaction takes."""
    return (rids[start : start + _PIECE] for start in range(0, len(rids), _PIECE))


def _search_docs(session: Session, rids: Sequence[int]) -> Iterator[tuple[int, dict[str, Any], dict[str, list[int]]]]:
    for rid, face, refs, _ in session.rows("objects.search_docs", (json.dumps(list(rids)),)):
        yield rid, msgspec.json.decode(face + "}"), json.loads(refs)
