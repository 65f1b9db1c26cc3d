"""Ids of objects."""

from __future__ import annotations

from uuid import UUID

from bulkwark.domain.kinds import ordered_id


def test_ids_made_later_come_later_and_are_uuids_of_version_7() -> None:
    moment = 1_795_316_268_047
    ids = [ordered_id(moment + step) for step in range(50)]
    assert ids == sorted(ids)
    assert {(len(id), UUID(id).version, UUID(id).variant) for id in ids} == {(32, 7, "specified in RFC 4122")}
    assert UUID(ids[0]).int >> 80 == moment
    assert len({ordered_id(moment) for _ in range(1_000)}) == 1_000
