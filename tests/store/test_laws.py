"""Laws that hold in every language: the store selects what a plain evaluator does, NOT q is the complement, and q AND r
the intersection, whatever the languages of q and r.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bulkwark.query import ast, field_filters
from bulkwark.query.analysis import fold, tokens
from bulkwark.query.ast import Checked, Node
from bulkwark.query.check import check
from bulkwark.query.requests import read_query
from tests.house import House
from tests.query.oracle import leaves, values_at
from tests.query.samples import NOW_MS
from tests.store.judged import Judged
from tests.store.random_dsl import DslWriter

ROUNDS = 40  # for each language and index
SEED = 20_261_122
LANGUAGES = ("SAILPOINT", "DSL", "TEXT", "TYPEAHEAD", "filter", "filters")
PATHS = {
    "roles": ["name", "description", "owner.name", "tags", "entitlements.name", "entitlements.source.name"],
    "identities": ["name", "displayName", "attributes.city", "accounts.name", "access.name", "accounts.source.name"],
}


class Writer:
    """Queries of every language whose words stand in the documents."""

    def __init__(self, judge: Judged, dice: random.Random) -> None:
        self.judge = judge
        self.dice = dice
        self.documents = list(judge.documents.values())
        self.dsl = DslWriter(dice, self.documents)
        self.paths = PATHS[judge.index]

    def value(self, path: str) -> str:
        """A value that some document has there."""
        found: list[str] = []
        while not found:
            document = self.dice.choice(self.documents)
            found = [text for _, text in leaves(list(values_at(document, path))) if isinstance(text, str) and text]
        return self.dice.choice(found)

    def piece(self, path: str) -> str:
        """Some characters of such a value."""
        whole = self.value(path)
        start = self.dice.randrange(len(whole)) if self.dice.random() < 0.5 else 0
        return whole[start : start + self.dice.randint(1, 8)].strip() or whole

    def root(self, language: str) -> Node:
        """A checked tree."""
        dice, schema = self.dice, self.judge.schema
        match language:
            case "SAILPOINT":
                if self.judge.index == "roles":
                    return self.judge.query(self.dsl.query()).root
                path = dice.choice(self.paths)
                word = dice.choice(tokens(self.value(path)) or ["x"])
                array, dot, inner = path.partition(".")
                nested = dot and array in schema.nested
                return self.judge.query(f"@{array}({inner}:{word})" if nested else f"{path}:{word}").root
            case "filter":
                path = dice.choice(["name", "description"] if self.judge.index == "roles" else ["name", "displayName"])
                path = path if path in self.judge.allowed() else "name"
                operator = dice.choice(["eq", "ne", "sw", "co", "gt", "le"])
                text = self.piece(path).replace("\\", "\\\\").replace('"', '\\"')
                return self.judge.filter(f'{path} {operator} "{text}"').root
            case "filters":
                path = dice.choice(self.paths)
                given: dict[str, Any] = dice.choice(
                    [
                        {"terms": [self.value(path), self.value(path)]},
                        {"type": "EXISTS"},
                        {"range": {"lower": {"value": self.piece(path), "inclusive": True}}},
                    ]
                )
                found = field_filters.read({path: given | {"exclude": dice.random() < 0.3}}, schema, now_ms=NOW_MS)
                assert found is not None
                return found
        reading = read_query(self.body(language), nested=schema.nested)
        return check(reading.query, schema, now_ms=NOW_MS, strict=False).root

    def body(self, language: str) -> dict[str, Any]:
        """A Search object."""
        dice = self.dice
        if language == "DSL":
            path = dice.choice(self.paths)
            words = " ".join(tokens(self.value(path))[:2]) or "x"
            clause = self.dsl.clause(2) if self.judge.index == "roles" else {"match": {path: words}}
            return {"queryType": "DSL", "queryDsl": clause}
        if language == "TEXT":
            paths = dice.sample(self.paths, dice.randint(1, 2))
            terms = [self.piece(dice.choice(paths)) for _ in range(dice.randint(1, 2))]
            asked = {"terms": terms, "fields": paths, "matchAny": dice.random() < 0.5, "contains": dice.random() < 0.5}
            return {"queryType": "TEXT", "textQuery": asked}
        path = dice.choice(self.paths)
        found = tokens(self.value(path)) or ["x"]
        typed = " ".join([*found[:1], found[1][: dice.randint(1, 4)]] if len(found) > 1 else [found[0][:3]])
        return {"queryType": "TYPEAHEAD", "typeAheadQuery": {"query": typed, "field": path, "maxExpansions": 1000}}


@pytest.fixture(params=PATHS, scope="module")
def judge(request: pytest.FixtureRequest, module_house: House) -> Judged:
    session = module_house.store.read()
    index = str(request.param)
    kind = 1 if index == "roles" else 4
    ids = [id for (id,) in session.execute("SELECT id FROM object WHERE tenant = 1 AND kind = ? ORDER BY id", (kind,))]
    odd = [id for id in ids if id.startswith(("0000", "d0000"))]
    only = set(odd) | set(random.Random(SEED).sample(ids, min(len(ids), 90)))
    return Judged(session, module_house.tenant, index, only)


def drawn(judge: Judged, language: str, seed: int) -> Iterator[Node]:
    writer = Writer(judge, random.Random(seed))
    for _ in range(ROUNDS):
        yield writer.root(language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_store_selects_what_a_plain_evaluator_selects(judge: Judged, language: str) -> None:
    told_apart = 0
    for root in drawn(judge, language, SEED):
        checked = Checked(judge.index, root)
        selected = judge.selected(checked)
        assert selected == judge.expected(checked), root
        told_apart += 0 < len(selected) < len(judge.documents)
    assert told_apart >= ROUNDS // 4


@pytest.mark.parametrize("language", LANGUAGES)
def test_not_is_the_complement_and_and_the_intersection(judge: Judged, language: str) -> None:
    selected: Callable[[Node], set[str]] = lambda root: judge.selected(Checked(judge.index, root))  # noqa: E731
    others = [root for other in LANGUAGES for root in list(drawn(judge, other, SEED + 1))[:7]]
    for root, other in zip(drawn(judge, language, SEED + 2), others, strict=False):
        one, two = selected(root), selected(other)
        assert selected(ast.negate(root)) == set(judge.documents) - one, root
        assert selected(ast.conj(root, other)) == one & two, (root, other)
        assert selected(ast.disj(root, other)) == one | two, (root, other)


def test_text_means_what_its_members_say(judge: Judged) -> None:
    """Read from the body itself, past readers and trees: case apart, a value begins with or holds a term."""
    writer = Writer(judge, random.Random(SEED + 3))
    for _ in range(ROUNDS):
        body = writer.body("TEXT")
        asked = body["textQuery"]
        reading = read_query(body, nested=judge.schema.nested)
        root = check(reading.query, judge.schema, now_ms=NOW_MS, strict=False).root

        def fits(document: dict[str, Any], term: str, asked: dict[str, Any] = asked) -> bool:
            values = [fold(str(v)) for path in asked["fields"] for _, v in leaves(list(values_at(document, path)))]
            return any(fold(term) in v if asked["contains"] else v.startswith(fold(term)) for v in values)

        some = any if asked["matchAny"] else all
        expected = {id for id, one in judge.documents.items() if some(fits(one, term) for term in asked["terms"])}
        assert judge.selected(Checked(judge.index, root)) == expected, body
