"""Search documents as JSON text: the stored root, `modified`, and nested arrays joined from what they link to."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from time import sleep

import msgspec

from bulkwark.domain.kinds import KIND_BITS, NUMBER_BITS, Kind, kind_of
from bulkwark.store.dialect import Session
from bulkwark.store.indexes import BY_KIND, EMBEDDED, METADATA
from bulkwark.store.priorities import stay_behind
from bulkwark.store.tenants import Store, Tenant

PIECE, AHEAD = 250, 4  # documents in a piece of a page, and pieces that are made before the first of them is sent
SMALL, LEISURE = 16, 0.001  # documents in a piece while others call, and seconds between two such pieces
RENEWED_AT_ONCE = 500  # documents in one transaction

_refs = msgspec.json.Decoder(dict[str, list[int]]).decode


def search_documents(session: Session, rids: Sequence[int], *, nested: bool) -> Iterator[bytes]:
    """The search documents of the rids, in their order; those deleted meanwhile are left out."""
    for (text,) in session.rows("objects.documents", _asked(rids, nested)):
        yield text


def pieces(store: Store, rids: Sequence[int], *, nested: bool, others: Callable[[], bool]) -> Iterator[bytes]:
    """The same joined by commas, some in each piece.

    SQLite makes a piece in one step, in which nobody has to wait for the interpreter's lock; two are made at a time,
    and some ahead. While `others` says that somebody else calls, one small piece follows the other at leisure. Each
    document is read at one moment, not the whole page: objects may change between two pieces. A piece of which nothing
    is left is b"".
    """
    with store.snapshot() as one, store.snapshot() as other, ThreadPoolExecutor(2, "page", stay_behind) as readers:
        free = SimpleQueue[Session]()
        for session in (one, other):
            free.put(session)

        def piece(some: Sequence[int]) -> bytes:
            session = free.get()
            try:
                if nested and _all_ready(session):
                    return session.joined("objects.ready_documents", (session.integers(some),))
                return session.joined("objects.documents", _asked(some, nested))
            finally:
                free.put(session)

        coming, at = deque[Future[bytes]](), 0
        while coming or at < len(rids):
            if others():
                sleep(LEISURE)
                if coming:
                    yield coming.popleft().result()
                else:
                    yield piece(rids[at : at + SMALL])
                    at += SMALL
                continue
            while at < len(rids) and len(coming) < AHEAD:
                coming.append(readers.submit(piece, rids[at : at + PIECE]))
                at += PIECE
            yield coming.popleft().result()


def _asked(rids: Sequence[int], nested: bool) -> tuple[str, bool, int, str]:
    """Parameters of `objects.documents`. The arrays of an identity stand in the document already: they are left out."""
    return json.dumps(list(rids)), nested, int(Kind.IDENTITY), json.dumps(dict.fromkeys(EMBEDDED))


def renew(store: Store) -> bool:
    """Make some documents anew that show elements as they were. Answers whether more are left.

    Until then they are joined whenever they are read.
    """
    if _all_ready(store.read()):
        return False
    with store.write() as session:
        documents = set[int]()
        for element, cursor in list(session.rows("objects.outdated", (RENEWED_AT_ONCE,))):
            number, fields = element >> KIND_BITS + NUMBER_BITS, _holding(store, session, element)
            left = RENEWED_AT_ONCE - len(documents)
            held = (number, json.dumps(fields), element, cursor, left)
            found = [rid for (rid,) in session.rows("objects.holders_after", held)]
            documents.update(found)
            if len(found) == left:
                session.run("objects.renewed_until", (found[-1], element))
                break
            session.run("objects.renewed", (element,))
        session.run("objects.renew_documents", (json.dumps(sorted(documents)),))
    return True


def _all_ready(session: Session) -> bool:
    return session.one("objects.outdated", (1,)) is None


def _holding(store: Store, session: Session, element: int) -> list[int]:
    """The numbers of the nested arrays in which an object may stand."""
    numbers = store.tenant_by_number(element >> KIND_BITS + NUMBER_BITS).numbers
    paths = [
        (holder, path)
        for holder, index in BY_KIND.items()
        for path, kind in index.links.items()
        if kind is kind_of(element)
    ]
    return [number for holder, path in paths if (number := numbers.find(session, holder, path)) is not None]


def elements_of(session: Session, rids: Sequence[int], path: str) -> dict[int, list[int]]:
    """Object → the elements of one of its nested arrays, in order: rids, or metadata pairs."""
    if path == METADATA:
        rows = session.rows("objects.pairs_of", (json.dumps(list(rids)),))
        return {rid: [int(pair) for pair in md.split(",") if pair] for rid, md in rows}
    found = session.rows("objects.search_docs", (json.dumps(list(rids)),))
    return {rid: _refs(refs).get(path, []) for rid, _, refs, _ in found}


def element_texts(session: Session, tenant: Tenant, found: Sequence[tuple[int, int]], path: str) -> Mapping[int, bytes]:
    """Element → its JSON text, for elements (object, element) of one nested array."""
    elements = sorted({element for _, element in found})
    if path in EMBEDDED:
        return _embedded_texts(session, sorted({rid for rid, _ in found}), path)
    if path != METADATA:
        return dict(session.rows("objects.elements", (json.dumps(elements),)))
    catalogue = tenant.metadata.catalogue(session)
    words = {}
    for pair in elements:
        key, value = catalogue.words(pair)
        words[pair] = msgspec.json.encode({"key": key, "value": value})
    return words


def _embedded_texts(session: Session, rids: Sequence[int], path: str) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    for _, face, refs, _ in session.rows("objects.search_docs", (json.dumps(rids),)):
        texts = msgspec.json.decode(face + "}", type=dict[str, msgspec.Raw])
        if path in texts:
            elements = msgspec.json.decode(texts[path], type=list[msgspec.Raw])
            found.update(zip(_refs(refs).get(path, []), map(bytes, elements), strict=True))
    return found
