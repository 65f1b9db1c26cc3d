"""Changes to many objects at once leave the index as if each had been written anew."""

from __future__ import annotations

from collections import defaultdict
from itertools import count
from typing import Any

import msgspec

from bulkwark.domain import documents
from bulkwark.domain.kinds import Kind
from bulkwark.domain.synthetic import company
from bulkwark.query.fields import Field
from bulkwark.query.fields import Kind as FieldKind
from bulkwark.store.changes import change_many
from bulkwark.store.entries import derive, leaves, speller, words
from bulkwark.store.indexes import BY_KIND
from tests.house import House

KINDS = {
    "role": Kind.ROLE,
    "access-profile": Kind.ACCESS_PROFILE,
    "entitlement": Kind.ENTITLEMENT,
    "identity": Kind.IDENTITY,
}


def test_tokens_made_member_by_member_are_those_of_the_whole() -> None:
    numbers: defaultdict[str, int] = defaultdict(count(1).__next__)
    for name, document in company(60):
        if name in KINDS:
            index = BY_KIND[KINDS[name]]
            face = documents.face(KINDS[name], document, {}, org="o")
            parts = [
                words(found, numbers[found.path], values)
                for path, values in leaves(face)
                if (found := index.schema.find(path)) is not None
            ]
            whole = derive(index, numbers.__getitem__, face, [])
            assert " ".join(parts) == " ".join(whole.tokens[1:])
            for path, values in leaves(face):
                known = index.schema.find(path)
                if known is not None and isinstance(values[0], str):
                    assert speller(known, 7)(values[0]) == words(known, 7, values[:1])


def test_a_text_without_words_is_present_all_the_same() -> None:
    for kind in (FieldKind.TEXT, FieldKind.KEYWORD):
        assert words(Field("name", kind), 7, ["--"]).startswith("7! 7=")
        assert speller(Field("name", kind), 7)("--") == words(Field("name", kind), 7, ["--"])
    assert words(Field("name", FieldKind.TEXT), 7, ["a", "b"]).split()[:4] == ["7!", "7:a", "_", "7:b"]


def test_rows_of_the_index_are_the_same_by_either_way(house: House) -> None:
    changes: list[dict[str, Any]] = [
        {"name": "Örtlich", "requestable": True, "tags": ["a", "b"]},
        {"description": None, "segments": ["s1", "s2"], "owner": None},
        {"attributes": {"level": 3, "note": ["x y", "z"]}, "privileged": True},
    ]
    objects = house.tenant.objects
    ids = [one["id"] for one in house.admin.get("/v2025/entitlements?limit=6").ok()]

    rows: list[list[list[tuple[Any, ...]]]] = []
    for together in (False, True):
        with house.store.write() as session:
            found = [one for id in ids if (one := objects.get(session, Kind.ENTITLEMENT, id))]
            before = [one.document() for one in found]
            wanted = [document | changes[n % 3] for n, document in enumerate(before)]
            pairs = list(zip(found, wanted, strict=True))
            if together:
                change_many(session, objects, Kind.ENTITLEMENT, pairs, 5)
            else:
                for old, document in pairs:
                    objects.change(session, old, document, modified=old.modified)
            tables = (
                "SELECT field, value, rid FROM val ORDER BY 1, 2, 3",
                "SELECT field, term, df FROM vocab ORDER BY 1, 2",
                "SELECT rid, face, refs FROM search_doc ORDER BY 1",
                "SELECT rid, head FROM object ORDER BY 1",
            )
            rows.append([list(session.execute(sql)) for sql in tables])
            words_ = [
                list(session.execute("SELECT rowid FROM fts(?) ORDER BY 1", (token,))) for token in _tokens(house, ids)
            ]
            rows[-1].append([tuple(msgspec.json.encode(one) for one in words_)])
            if not together:
                for old, document in zip(objects.by_rids(session, [one.rid for one in found]), before, strict=True):
                    objects.change(session, old, document, modified=old.modified)

    assert rows[0] == rows[1]


def test_a_change_of_one_flag_is_found(house: House) -> None:
    objects, kind = house.tenant.objects, Kind.ENTITLEMENT
    ids = [one["id"] for one in house.admin.get("/v2025/entitlements?limit=8").ok()]
    number = house.tenant.numbers.find(house.store.read(), kind, "privileged")
    for flag in (True, False):
        with house.store.write() as session:
            found = [one for id in ids if (one := objects.get(session, kind, id))]
            change_many(session, objects, kind, [(one, one.document() | {"privileged": flag}) for one in found], 5)
        for asked in (True, False):
            sql = "SELECT rowid FROM fts(?)"
            rows = {rid for (rid,) in house.store.read().execute(sql, (f'"{number}={str(asked).lower()}"',))}
            assert {one.rid for one in found} & rows == ({one.rid for one in found} if asked == flag else set())


def _tokens(house: House, ids: list[str]) -> list[str]:
    """Full-text expressions of what the changed entitlements were and are called."""
    session = house.store.read()
    number = house.tenant.numbers.find(session, Kind.ENTITLEMENT, "name")
    flag = house.tenant.numbers.find(session, Kind.ENTITLEMENT, "requestable")
    names = [house.admin.get(f"/v2025/entitlements/{id}").ok()["name"].lower() for id in ids]
    return [f'"{number}:örtlich"', f'"{flag}=true"', f'"{flag}=false"', *(f'"{number}:{name}"' for name in names)]
