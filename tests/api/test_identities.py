"""Identities on the wire: list and get."""

from __future__ import annotations

import pytest

from tests.house import House

PATH = "/v2025/identities"
ADMIN = "bd179f24eeb709094f5c3c575576d9cb"


def test_an_identity_is_shown_under_both_forms_of_its_id(module_house: House) -> None:
    found = module_house.admin.get(f"{PATH}/{ADMIN}").ok()

    assert (found["id"], found["alias"], found["name"]) == (ADMIN, "admin", "Bulkwark Administrator")
    assert "accessModelMetadata" not in found
    dashed = f"{ADMIN[:8]}-{ADMIN[8:12]}-{ADMIN[12:16]}-{ADMIN[16:20]}-{ADMIN[20:]}".upper()
    assert module_house.admin.get(f"{PATH}/{dashed}").ok() == found
    assert module_house.admin.get(f"{PATH}/{'0' * 31}1").status == 404  # a role's


@pytest.mark.parametrize(
    "filters",
    [
        'alias eq "ADMIN"',
        'name sw "bulkwark"',
        f'id in ("{ADMIN}")',
        'email eq "Admin@example.com"',
        'firstname eq "bulkwark" and lastname eq "Administrator"',
        'alias in ("admin", "nobody at all")',
    ],
)
def test_identities_are_filtered(module_house: House, filters: str) -> None:
    reply = module_house.admin.get(PATH, params={"filters": filters, "count": "true"})

    assert [identity["id"] for identity in reply.ok()] == [ADMIN]
    assert reply.total == 1


@pytest.mark.parametrize("filters", ['displayName eq "x"', 'alias co "x"', 'city eq "x"'])
def test_a_filter_on_anything_else_is_refused(module_house: House, filters: str) -> None:
    assert module_house.admin.get(PATH, params={"filters": filters}).status == 400


@pytest.mark.parametrize("sorters", ["name", "-alias", "cloudStatus,-name"])
def test_identities_are_sorted_and_paged(module_house: House, sorters: str) -> None:
    total = module_house.admin.get(f"{PATH}?count=true").total
    whole = [identity["id"] for identity in module_house.admin.get(f"{PATH}?sorters={sorters}").ok()]
    pages = [
        module_house.admin.get(f"{PATH}?sorters={sorters}&limit=13&offset={at}").ok() for at in range(0, total, 13)
    ]

    assert [identity["id"] for page in pages for identity in page] == whole
    assert len(set(whole)) == total


def test_one_tenant_sees_nobody_of_another(house: House) -> None:
    theirs = house.as_("ORG_ADMIN", tenant="other", alias="someone.else")
    mine = {identity["id"] for identity in house.admin.get(PATH).ok()}

    found = {identity["alias"] for identity in theirs.get(PATH).ok()}
    assert "someone.else" in found
    unknown = next(iter(mine - {identity["id"] for identity in theirs.get(PATH).ok()}))
    assert theirs.get(f"{PATH}/{unknown}").status == 404
