"""Common access on the wire: items follow their objects, lists filter and sort, reviews come in order."""

from __future__ import annotations

import re
from typing import Any

import pytest

from bulkwark.domain.kinds import Kind
from tests.api.test_bad_input import cause
from tests.company import load, role
from tests.house import Client, House, Reply

LIST = "/beta/common-access"
STATUS = f"{LIST}/update-status"
OWNER = "bd179f24eeb709094f5c3c575576d9cb"
UNKNOWN = "dddddddd-dddd-4ddd-8ddd-dddddddddddd"
EXPERIMENTAL = {"X-SailPoint-Experimental": "true"}
NAMES = ("alpha Sales", "Beta sales", "Ärzte", "gamma 100%")


@pytest.fixture
def roles(house: House) -> dict[str, str]:
    """Name → id of roles of this file; the third has no description."""
    ids = {name: f"{n:032x}" for n, name in enumerate(NAMES, 0xC0)}
    texts = ("For sales", "For SALES too", None, "50% of all")
    docs = [role(name, OWNER, id=ids[name], description=text) for name, text in zip(NAMES, texts, strict=True)]
    load(house.store, house.tenant, Kind.ROLE, docs)
    return ids


@pytest.fixture
def items(house: House, roles: dict[str, str]) -> dict[str, str]:
    """Name → id of their items: the second is denied, which is a review."""
    return {
        name: create(house.admin, id, **({"status": "DENIED"} if name == "Beta sales" else {}))["id"]
        for name, id in roles.items()
    }


def create(client: Client, id: str, type: str = "ROLE", **more: Any) -> Any:
    return client.post(LIST, {"access": {"id": id, "type": type}, **more}).ok(202)


def listed(house: House, **params: Any) -> list[Any]:
    found: list[Any] = house.admin.get(LIST, params=params).ok()
    return found


def names(house: House, **params: Any) -> list[str]:
    return [item["access"]["name"] for item in listed(house, **params)]


def update(house: House, *elements: dict[str, list[str]]) -> None:
    reply = house.admin.post(STATUS, list(elements))
    assert reply.ok(202) == {}
    house.wait(reply.headers["x-bulkwark-job"])


def states(house: House) -> dict[str, tuple[str, bool]]:
    return {item["id"]: (item["status"], item["reviewedByUser"]) for item in listed(house)}


# --- create --------------------------------------------------------------------------------------------


def test_an_item_shows_its_role_and_is_confirmed_at_first(house: House, roles: dict[str, str]) -> None:
    made = create(house.admin, roles["alpha Sales"])

    (item,) = listed(house)
    assert list(item) == [
        "id",
        "access",
        "status",
        "commonAccessType",
        "lastUpdated",
        "reviewedByUser",
        "lastReviewed",
        "createdByUser",
    ]
    assert item["access"] == {
        "id": roles["alpha Sales"],
        "type": "ROLE",
        "name": "alpha Sales",
        "description": "For sales",
        "ownerName": "someone",
        "ownerId": OWNER,
    }
    assert (item["status"], item["reviewedByUser"], item["lastReviewed"]) == ("CONFIRMED", False, None)
    assert (item["createdByUser"], item["commonAccessType"]) == (True, "UNSET")
    assert re.fullmatch("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", item["id"])
    # The answer of a creation has another schema: a string, and no null.
    assert made["createdByUser"] == "true"
    assert "lastReviewed" not in made
    assert {name: made[name] for name in ("id", "access", "status")} == {n: item[n] for n in ("id", "access", "status")}


def test_the_same_access_again_is_the_same_item_with_the_new_status(house: House, roles: dict[str, str]) -> None:
    first = create(house.admin, roles["Beta sales"])
    again = create(house.admin, roles["Beta sales"].upper(), status="DENIED")
    kept = create(house.admin, roles["Beta sales"])

    assert first["id"] == again["id"] == kept["id"]
    assert (again["status"], again["reviewedByUser"], kept["status"]) == ("DENIED", True, "DENIED")
    assert again["lastReviewed"] == again["lastUpdated"]
    assert len(listed(house)) == 1


def test_access_profiles_are_found_without_a_type(house: House) -> None:
    profile = house.admin.post("/v2025/search", {"indices": ["accessprofiles"], "query": {"query": "*"}}).ok()[0]

    item = house.admin.post(LIST, {"access": {"id": profile["id"]}}).ok(202)

    assert (item["access"]["type"], item["access"]["name"]) == ("ACCESS_PROFILE", profile["name"])


def test_an_application_creates_items_that_no_user_made_or_reviewed(house: House, roles: dict[str, str]) -> None:
    made = create(house.application(), roles["Ärzte"], status="CONFIRMED")

    assert (made["createdByUser"], made["reviewedByUser"]) == ("false", False)


def test_an_item_follows_its_object_and_goes_with_it(
    house: House, items: dict[str, str], roles: dict[str, str]
) -> None:
    operations = [
        {"op": "replace", "path": "/name", "value": "zeta"},
        {"op": "replace", "path": "/description", "value": "Last"},
    ]
    house.admin.patch(f"/v2025/roles/{roles['alpha Sales']}", operations).ok()

    assert names(house) == ["Beta sales", "gamma 100%", "zeta", "Ärzte"]
    (item,) = listed(house, filters='access.description sw "las"')
    assert (item["id"], item["access"]["name"]) == (items["alpha Sales"], "zeta")
    house.admin.delete(f"/v2025/roles/{roles['alpha Sales']}").ok(204)
    assert names(house) == ["Beta sales", "gamma 100%", "Ärzte"]
    assert names(house, filters='access.description sw "las"') == []


# --- list ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sorters", "expected"),
    [
        ("", ["alpha Sales", "Beta sales", "gamma 100%", "Ärzte"]),
        ("access.name", ["alpha Sales", "Beta sales", "gamma 100%", "Ärzte"]),
        ("-access.name", ["Ärzte", "gamma 100%", "Beta sales", "alpha Sales"]),
        ("status,-access.name", ["Ärzte", "gamma 100%", "alpha Sales", "Beta sales"]),
        ("-status,access.name", ["Beta sales", "alpha Sales", "gamma 100%", "Ärzte"]),
    ],
)
@pytest.mark.usefixtures("items")
def test_items_come_in_this_order(house: House, sorters: str, expected: list[str]) -> None:
    assert names(house, sorters=sorters) == expected
    assert [name for at in range(0, 4, 3) for name in names(house, sorters=sorters, offset=at, limit=3)] == expected


@pytest.mark.usefixtures("items")
def test_a_filter_finds_these_items(house: House, roles: dict[str, str]) -> None:
    cases = {
        'status eq "CONFIRMED"': "alpha Sales,gamma 100%,Ärzte",
        'status sw "den"': "Beta sales",
        'status in ("DENIED","CONFIRMED")': "alpha Sales,Beta sales,gamma 100%,Ärzte",
        "reviewedByUser eq true": "Beta sales",
        "reviewedByUser eq false": "alpha Sales,gamma 100%,Ärzte",
        f'access.id eq "{roles["Ärzte"].upper()}"': "Ärzte",
        'access.id eq "00000000-0000-0000-0000-0000000000c2"': "Ärzte",
        f'access.id sw "{roles["Ärzte"][:-1]}"': "alpha Sales,Beta sales,gamma 100%,Ärzte",
        'access.type eq "ROLE"': "alpha Sales,Beta sales,gamma 100%,Ärzte",
        'access.type eq "ACCESS_PROFILE"': "",
        'access.name sw "ÄR"': "Ärzte",
        'access.name eq "beta SALES"': "Beta sales",
        'access.name sw "gamma 100%"': "gamma 100%",
        'access.description sw "for"': "alpha Sales,Beta sales",
        'access.description eq "for sales"': "alpha Sales",
        'not (access.description sw "for")': "gamma 100%,Ärzte",
        'access.name sw "a" or (status eq "DENIED" and reviewedByUser eq true)': "alpha Sales,Beta sales",
    }
    for text, expected in cases.items():
        reply = house.admin.get(LIST, params={"filters": text, "count": "true"})
        found = [item["access"]["name"] for item in reply.ok()]
        assert found == [name for name in expected.split(",") if name], text
        assert reply.total == len(found)


def test_a_tenant_sees_its_own_items_only(house: House, items: dict[str, str]) -> None:
    theirs = house.as_("ORG_ADMIN", tenant="other")

    assert theirs.get(LIST, params={"count": "true"}).total == 0
    refused = theirs.post(STATUS, [{"deniedIds": [items["Ärzte"]]}])
    assert refused.status == 400
    assert items["Ärzte"] in cause(refused, "400.1.404 Referenced object not found")


# --- update-status -------------------------------------------------------------------------------------


def test_items_are_confirmed_and_denied_and_that_is_a_review(house: House, items: dict[str, str]) -> None:
    alpha, beta, doctors, gamma = (items[name] for name in NAMES)
    before = {item["id"]: item for item in listed(house)}

    update(house, {"confirmedIds": [beta, beta], "deniedIds": [alpha.upper(), doctors.replace("-", "")]})

    assert states(house) == {
        alpha: ("DENIED", True),
        beta: ("CONFIRMED", True),
        doctors: ("DENIED", True),
        gamma: ("CONFIRMED", False),
    }
    for item in listed(house):
        if item["id"] != gamma:
            assert item["lastReviewed"] == item["lastUpdated"] > before[item["id"]]["lastUpdated"]
            assert {**before[item["id"]], **item} == item
        else:
            assert item == before[gamma]


def test_elements_apply_in_order(house: House, items: dict[str, str]) -> None:
    alpha, beta, doctors, _ = (items[name] for name in NAMES)

    update(house, {"deniedIds": [alpha, beta]}, {"confirmedIds": [beta, doctors]}, {"deniedIds": [doctors]}, {})

    found = states(house)
    assert [found[id][0] for id in (alpha, beta, doctors)] == ["DENIED", "CONFIRMED", "DENIED"]


def test_the_job_shows_what_stood_there_before_and_after(house: House, items: dict[str, str]) -> None:
    reply = house.admin.post("/common-access/v1/update-status", [{"confirmedIds": [items["Beta sales"]]}])
    id = reply.headers["x-bulkwark-job"]
    house.wait(id)

    (item,) = house.admin.get(f"/bulkwark/v1/jobs/{id}/items").ok()
    assert (item["id"], item["outcome"]) == (items["Beta sales"], "changed")
    assert (item["before"]["status"], item["after"]["status"]) == ("DENIED", "CONFIRMED")
    assert item["before"]["lastReviewed"] < item["after"]["lastReviewed"]
    task = house.admin.get(f"/v2025/task-status/{id}").ok()
    assert (task["uniqueName"], task["completionStatus"]) == ("Update the status of common access", "SUCCESS")
    assert house.admin.get("/v2025/roles/access-model-metadata/bulk-update").ok() == []


def test_unknown_ids_are_named_up_to_twenty_and_nothing_is_changed(house: House, items: dict[str, str]) -> None:
    before = house.digest()
    unknown = [UNKNOWN[:-2] + f"{n:02x}" for n in range(25)]

    reply = house.admin.post(STATUS, [{"deniedIds": [items["Ärzte"]]}, {"confirmedIds": unknown}])

    assert reply.status == 400
    text = cause(reply, "400.1.404 Referenced object not found")
    assert [id in text for id in unknown] == [True] * 20 + [False] * 5
    assert "25 unknown" in text
    assert house.digest() == before


# --- what is refused -----------------------------------------------------------------------------------


BAD_UPDATES = [
    ("[]", "no id is named"),
    ("[{}]", "no id is named"),
    ('[{"confirmedIds":[],"deniedIds":[]}]', "no id is named"),
    ('{"confirmedIds":["<id>"]}', "Expected `array`"),
    ("null", "Expected `array`"),
    ('["<id>"]', "/0: Expected `object`"),
    ('[{"confirmedIds":"<id>"}]', "/0/confirmedIds: Expected `array`"),
    ('[{"confirmedIds":null}]', "/0/confirmedIds: Expected `array`"),
    ('[{"deniedIds":[1]}]', "/0/deniedIds/0: Expected `str`"),
    ('[{"deniedIds":["<id>"],"confirmedIDs":["<id>"]}]', "confirmedIDs"),
    ('[{"deniedIds":["<id>"],"deniedIds":[]}]', "'deniedIds' stands twice"),
    ('[{"deniedIds":["<id>"]},{"confirmedIds":["<id>"],"deniedIds":["<id>"]}]', "/1: confirmed and denied at once"),
    ('[{"confirmedIds":["<plain>"],"deniedIds":["<ID>"]}]', "/0: confirmed and denied at once"),
    ('[{"deniedIds":["nobody"]}]', "there is no common access 'nobody'"),
    ('[{"deniedIds":["' + "x" * 8_400_000 + '"]}]', "the body has"),
    ("[{", "the body is no JSON"),
    ("", "the body is empty"),
]
BAD_ITEMS = [
    ("{}", "missing required field `access`"),
    ('{"access":null}', "/access: Expected `object`"),
    ('{"access":{}}', "/access: Object missing required field `id`"),
    ('{"access":{"id":1}}', "/access/id: Expected `str`"),
    ('{"access":{"id":"<role>","type":"ENTITLEMENT"}}', "/access/type: Invalid enum value"),
    ('{"access":{"id":"<role>","type":null}}', "/access/type"),
    ('{"access":{"id":"<role>","name":5}}', "/access/name: Expected `str`"),
    ('{"access":{"id":"<role>"},"status":"MAYBE"}', "/status: Invalid enum value"),
    ('{"access":{"id":"<role>"},"status":null}', "/status"),
    ('{"access":{"id":"<role>","type":"ACCESS_PROFILE"}}', "/access/id: there is no access profile"),
    ('{"access":{"id":"nobody"}}', "/access/id: there is no role or access profile 'nobody'"),
    ("[]", "Expected `object`"),
]
BAD_LISTS = [
    ("filters", 'access.ownerId eq "x"', "field 'access.ownerId' cannot be filtered on"),
    ("filters", 'access.name co "x"', "operator 'co' is not supported"),
    ("filters", 'reviewedByUser eq "perhaps"', "perhaps"),
    ("filters", "status eq", "position 9"),
    ("sorters", "access.id", "cannot sort by 'access.id'"),
    ("limit", "251", "more than the maximum 250"),
    ("offset", "x", "'x' is no whole number"),
    ("count", "", "neither true nor false"),
]


def refused(house: House, reply: Reply, text: str, before: str) -> None:
    assert reply.status == 400, reply.body[:300]
    found = reply.json()
    assert text in found["causes"][0]["text"]
    assert house.digest() == before


@pytest.fixture(scope="module")
def guarded(module_house: House) -> tuple[House, str]:
    """A house with one item, which all refusals leave alone."""
    return module_house, create(module_house.admin, f"{1:032}")["id"]


@pytest.mark.parametrize(("body", "text"), BAD_UPDATES, ids=[text for _, text in BAD_UPDATES])
def test_a_bad_update_is_refused_and_changes_nothing(guarded: tuple[House, str], body: str, text: str) -> None:
    house, id = guarded
    before = house.digest()
    body = body.replace("<id>", id).replace("<plain>", id.replace("-", "")).replace("<ID>", id.upper())

    refused(house, house.admin.post(STATUS, content=body.encode()), text, before)


@pytest.mark.parametrize(("body", "text"), BAD_ITEMS, ids=[text for _, text in BAD_ITEMS])
def test_a_bad_item_is_refused_and_changes_nothing(guarded: tuple[House, str], body: str, text: str) -> None:
    house, _ = guarded
    before = house.digest()

    refused(house, house.admin.post(LIST, content=body.replace("<role>", f"{2:032}").encode()), text, before)


@pytest.mark.parametrize(("name", "value", "text"), BAD_LISTS, ids=[text for _, _, text in BAD_LISTS])
def test_a_bad_list_is_refused(guarded: tuple[House, str], name: str, value: str, text: str) -> None:
    house, _ = guarded

    refused(house, house.admin.get(LIST, params={name: value}), text, house.digest())


@pytest.mark.parametrize("version", ["/v2024/common-access", "/v2025/common-access", "/v2026/common-access"])
@pytest.mark.parametrize("path", ["", "/update-status"])
def test_the_experimental_header_is_required_in_the_year_versions(
    guarded: tuple[House, str], version: str, path: str
) -> None:
    house, id = guarded
    call = house.admin.post if path else house.admin.get
    sent = [{"confirmedIds": [id]}] if path else None

    assert call(version + path, json=sent).status == 400
    assert call(version + path, json=sent, headers={"X-SailPoint-Experimental": "yes"}).status == 400
    assert call(version + path, json=sent, headers=EXPERIMENTAL | {"X-SailPoint-Experimental": "True"}).status < 300


@pytest.mark.parametrize(("target", "status"), [("/common-access", 400), ("/common-access/v1", 200), (LIST, 200)])
def test_without_the_header_only_v1_and_beta_answer(guarded: tuple[House, str], target: str, status: int) -> None:
    assert guarded[0].admin.get(target).status == status
    assert guarded[0].admin.get(target, headers=EXPERIMENTAL).status == 200
