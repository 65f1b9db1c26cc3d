"""What the store selects is what the oracle selects: for every kind of query, and after everything was edited."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bulkwark.query.check import check
from bulkwark.query.requests import read_query
from tests.house import BULK, House
from tests.query.samples import NOW_MS
from tests.store.judged import Judged
from tests.store.random_dsl import DslWriter
from tests.store.random_queries import Writer

CASES = Path(__file__).parent / "cases" / "queries.txt"
RANDOM = 300  # queries
SEED = 20_240_527
SAMPLE = 90  # roles that random queries are judged on, the odd ones among them


def cases() -> Iterator[tuple[str, str]]:
    index = ""
    for line in CASES.read_text("utf-8").splitlines():
        if line.startswith("["):
            index = line.strip("[]")
        elif line and not line.startswith("#"):
            yield index, line


ALL = list(cases())


@pytest.fixture(scope="module")
def judges(module_house: House) -> dict[str, Judged]:
    found = (index for index, _ in ALL)
    return {index: Judged(module_house.store.read(), module_house.tenant, index) for index in dict.fromkeys(found)}


def compare(judge: Judged, text: str) -> int:
    kind, colon, rest = text.partition("filter: ")
    checked = judge.filter(rest) if colon and not kind else judge.query(text)
    selected, expected = judge.selected(checked), judge.expected(checked)
    assert not expected - selected, f"{text}: missing {sorted(expected - selected)[:3]}"
    assert not selected - expected, f"{text}: too many {sorted(selected - expected)[:3]}"
    return len(selected)


def test_there_are_cases_enough() -> None:
    assert len(ALL) >= 120
    assert len(ALL) == len(set(ALL))


@pytest.mark.parametrize(("index", "text"), ALL, ids=[f"{index}: {text}" for index, text in ALL])
def test_the_store_selects_what_the_oracle_selects(judges: dict[str, Judged], index: str, text: str) -> None:
    compare(judges[index], text)


def test_random_queries_select_what_the_oracle_selects(module_house: House) -> None:
    judge = sampled(module_house)
    writer = Writer(random.Random(SEED), list(judge.documents.values()))

    found = [compare(judge, writer.query()) for _ in range(RANDOM)]

    some = sum(0 < size < len(judge.documents) for size in found)
    assert some > RANDOM // 4, "too few of the random queries tell documents apart"


def test_random_dsl_queries_select_what_the_oracle_selects(module_house: House) -> None:
    judge = sampled(module_house)
    writer = DslWriter(random.Random(SEED), list(judge.documents.values()))
    told_apart = 0
    for _ in range(RANDOM):
        clause = writer.clause()
        reading = read_query({"queryType": "DSL", "queryDsl": clause})
        checked = check(reading.query, judge.schema, now_ms=NOW_MS, strict=False)

        selected, expected = judge.selected(checked), judge.expected(checked)

        assert selected == expected, clause
        told_apart += 0 < len(selected) < len(judge.documents)

    assert told_apart > RANDOM // 4, "too few of the random queries tell documents apart"


def test_not_is_the_complement_and_must_the_intersection_in_the_store(module_house: House) -> None:
    judge = sampled(module_house)
    writer = DslWriter(random.Random(SEED + 1), list(judge.documents.values()))

    def selected(clause: dict[str, Any]) -> set[str]:
        reading = read_query({"queryType": "DSL", "queryDsl": clause})
        return judge.selected(check(reading.query, judge.schema, now_ms=NOW_MS, strict=False))

    for _ in range(60):
        one, other = writer.clause(2), writer.clause(2)
        assert selected({"bool": {"must_not": one}}) == set(judge.documents) - selected(one), one
        assert selected({"bool": {"must": [one, other]}}) == selected(one) & selected(other), (one, other)
        assert selected({"bool": {"should": [one, other]}}) == selected(one) | selected(other), (one, other)


def test_a_type_is_found_in_its_own_field_only(module_house: House) -> None:
    judge = Judged(module_house.store.read(), module_house.tenant, "roles")

    assert judge.selected(judge.query("_type:role")) == set(judge.documents)
    assert judge.selected(judge.query("_type:identity")) == set()


def test_after_random_edits_the_index_still_says_what_stands_there(house: House) -> None:
    dice = random.Random(SEED)
    edit_everything(house, dice)
    judge = Judged(house.store.read(), house.tenant, "roles")
    for text in dice.sample([text for index, text in ALL if index == "roles"], 60):
        compare(judge, text)
    judge = sampled(house)
    writer = Writer(dice, list(judge.documents.values()))
    for _ in range(100):
        compare(judge, writer.query())


def test_what_is_deleted_leaves_nothing_behind(house: House) -> None:
    for role in every_role(house):
        assert house.admin.delete(f"/roles/{role['id']}").status == 204
    session = house.store.read()

    numbers = "(SELECT field FROM field WHERE tenant = 1 AND kind = 1)"
    for table in ("val", "vocab", "link"):
        left = list(session.execute(f"SELECT * FROM {table} WHERE tenant = 1 AND field IN {numbers} LIMIT 3"))
        assert not left, (table, left)
    assert not list(session.execute("SELECT * FROM md_inv WHERE tenant = 1 AND rid >> 29 & 31 = 1"))
    assert not list(session.execute("SELECT rid FROM search_doc WHERE tenant = 1 AND rid >> 29 & 31 = 1"))
    judge = Judged(session, house.tenant, "roles")
    assert judge.selected(judge.query("*")) == set()
    assert judge.selected(judge.query("NOT nosuch:x")) == set()


def sampled(house: House) -> Judged:
    session = house.store.read()
    ids = [id for (id,) in session.execute("SELECT id FROM object WHERE tenant = 1 AND kind = 1 ORDER BY id")]
    return Judged(session, house.tenant, "roles", set(ids[:8]) | set(random.Random(SEED).sample(ids, SAMPLE)))


def every_role(house: House) -> list[dict[str, Any]]:
    return [r for at in range(0, 500, 50) for r in house.admin.get(f"/roles?limit=50&offset={at}").ok()]


def edit_everything(house: House, dice: random.Random) -> None:
    """Some hundred edits of every sort, over the API."""
    admin, roles = house.admin, every_role(house)
    granted = [ref for role in roles for ref in role["entitlements"]]
    owners = [role["owner"] for role in roles]
    texts = ["Sales London", "finance of Paris", "", "Straße", "!!!", None, "Finance Global  Accounts"]
    for number, role in enumerate(dice.sample(roles, 120)):
        place = f"/v2025/roles/{role['id']}"
        one = f"{place}/access-model-metadata/many/values/v{number % 30:02}"
        patches: list[dict[str, Any]] = [
            {"op": "replace", "path": "/name", "value": f"{dice.choice(['Sales', 'Odd', 'Über'])} {number}"},
            {"op": "replace", "path": "/description", "value": dice.choice(texts)},
            {"op": "replace", "path": "/enabled", "value": dice.random() < 0.5},
            {"op": "replace", "path": "/owner", "value": dice.choice(owners)},
            {"op": "replace", "path": "/entitlements", "value": dice.sample(granted, dice.randrange(4))},
            {"op": "replace", "path": "/segments", "value": dice.choice([[], ["1" * 32], ["2" * 32, "3" * 32]])},
        ]
        match number % 6:
            case 0 | 1 | 2:
                admin.patch(place, dice.sample(patches, 3)).ok()
            case 3:
                admin.post(one).ok()
            case 4:
                assert admin.delete(place).status == 204
            case _:
                admin.post("/roles", {"name": f"Role {number} of Paris", "owner": role["owner"]}).ok(201)
                admin.delete(one).ok(202)
    for operation, key, values in (("ADD", "region", ["emea", "apac"]), ("REPLACE", "single", ["two"])):
        body = {
            "query": {"query": {"query": "finance OR sales"}},
            "operation": operation,
            "values": [{"attribute": key, "values": values}],
        }
        house.wait(admin.post(f"{BULK}/query", body).ok(202)["id"])
    body = {"filters": 'name sw "s"', "operation": "REPLACE", "replaceScope": "ALL", "values": []}
    house.wait(admin.post(f"{BULK}/filter", body).ok(202)["id"])
