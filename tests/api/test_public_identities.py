"""Public identities: what any user may see of any other."""

from __future__ import annotations

from typing import Any

import pytest

from bulkwark.domain.kinds import Kind
from bulkwark.store.objects import New
from tests.api.served import OWNER
from tests.house import House


def aliases(house: House, **params: Any) -> list[str]:
    return [one["alias"] for one in house.as_().get("/v3/public-identities", params=params).ok()]


def test_any_user_sees_the_public_part_of_everyone(module_house: House) -> None:
    (found,) = module_house.as_().get("/v2025/public-identities", params={"filters": 'alias eq "agnes.nemec"'}).ok()

    attributes = found.pop("attributes")
    assert found == {
        "id": "0df31f7dca7060a566964f365c264d03",
        "name": "Ágnes Němec",
        "alias": "agnes.nemec",
        "email": "agnes.nemec@example.com",
        "status": "Active",
        "identityState": "ACTIVE",
        "manager": {"type": "IDENTITY", "id": OWNER, "name": "Bulkwark Administrator"},
    }
    assert {"key": "country", "name": "Country", "value": "United Kingdom"} in attributes


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (f'id in ("{OWNER}")', ["admin"]),
        ('email sw "AGNES.nemec@"', ["agnes.nemec"]),
        ('firstname eq "bulkwark" and lastname sw "admin"', ["admin"]),
        ('alias eq "nobody"', []),
    ],
)
def test_the_list_is_filtered(module_house: House, filters: str, expected: list[str]) -> None:
    assert aliases(module_house, filters=filters) == expected


def test_the_list_is_sorted_and_counted(module_house: House) -> None:
    reply = module_house.as_().get("/public-identities/v1?sorters=-name&count=true&limit=10")

    names = [one["name"] for one in reply.ok()]
    assert names == sorted(names, reverse=True)
    assert len(names) == 10 < reply.total


def test_core_filters_leave_out_the_incomplete(house: House) -> None:
    whole = {"uid": "u", "lastname": "L", "firstname": "F"}

    def person(alias: str, email: str | None, attributes: dict[str, str], **more: Any) -> New:
        id: str = (alias.encode().hex() + "0" * 32)[:32]
        document = {"id": id, "name": alias, "alias": alias, "emailAddress": email, "attributes": attributes}
        return New(document | {"created": "2024-01-01T00:00:00.000Z"} | more, 0)

    people = [
        person("whole", "w@example.com", whole),
        person("guarded", "g@example.com", whole, correlated=False, protected=True),
        person("loose", "l@example.com", whole, correlated=False),
        person("cloudadmin", "c@example.com", whole),
        person("mute", None, whole),
        person("nameless", "n@example.com", {"uid": "n"}),
    ]
    with house.store.write() as session:
        house.tenant.objects.add(session, Kind.IDENTITY, people)
    ids = ",".join(f'"{one.document["id"]}"' for one in people)

    core = aliases(house, filters=f"id in ({ids})", **{"add-core-filters": "true"})
    everyone = aliases(house, filters=f"id in ({ids})")

    assert sorted(core) == ["guarded", "whole"]
    assert len(everyone) == len(people)


def test_there_is_none_in_beta(module_house: House) -> None:
    assert module_house.as_().get("/beta/public-identities").status == 404
