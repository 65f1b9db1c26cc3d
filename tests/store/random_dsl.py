"""Random queries of the DSL, in words that the documents hold."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from bulkwark.query.analysis import tokens
from tests.store.random_queries import BOOLS, DATES, NUMBERS, PRESENT, TEXTS, Writer

Clause = dict[str, Any]


class DslWriter(Writer):
    """Writes one clause after the other; the same dice write the same."""

    def __init__(self, dice: random.Random, documents: Sequence[dict[str, Any]]) -> None:
        super().__init__(dice, documents)

    def clause(self, depth: int = 3) -> Clause:
        """A query."""
        dice = self.dice
        if depth == 0 or dice.random() < 0.3:
            return self.leaf()
        some = [self.clause(depth - 1) for _ in range(dice.randint(1, 3))]
        match dice.randrange(7):
            case 0:
                return {"bool": {"must": some, "should": [self.leaf()]}}
            case 1:
                return {"bool": {"should": some, "minimum_should_match": dice.choice([1, 2, -1, "50%", "1<-1"])}}
            case 2:
                return {"bool": {"must_not": some, "filter": [self.leaf()]}}
            case 3:
                return {"dis_max": {"queries": some}}
            case 4:
                return {"constant_score": {"filter": some[0]}}
            case 5:
                return {"boosting": {"positive": some[0], "negative": self.leaf(), "negative_boost": 0.5}}
        return {"bool": {"must": [self.leaf()], "must_not": some}}

    def words(self, path: str, most: int = 3) -> list[str]:
        """Some words of a value, in their order."""
        found = [word for word in tokens(self.dice.choice(self.values[path])) if word] or ["x"]
        at = self.dice.randrange(len(found))
        return found[at : at + self.dice.randint(1, most)]

    def leaf(self) -> Clause:
        dice = self.dice
        path = dice.choice(TEXTS)
        words = self.words(path)
        text, word = " ".join(words), words[0]
        whole = dice.choice(self.values[path])
        match dice.randrange(19):
            case 0:
                return {"match": {path: {"query": text, "operator": dice.choice(["or", "and"])}}}
            case 1:
                more = " ".join(words + self.words(path))
                return {"match": {path: {"query": more, "minimum_should_match": dice.choice([1, 2, "60%", -1])}}}
            case 2:
                return {"match": {path: {"query": self._odd(word), "fuzziness": dice.choice(["AUTO", 1, 2])}}}
            case 3:
                return {"match_phrase": {path: {"query": text, "slop": dice.choice([0, 0, 1, 3])}}}
            case 4:
                shown = f"{' '.join([*words[:-1], words[-1][:2]])}"
                return {"match_phrase_prefix": {path: {"query": shown, "max_expansions": 1000}}}
            case 5:
                return {"match_bool_prefix": {path: f"{text} {word[:2]}"}}
            case 6:
                kind = dice.choice(["best_fields", "most_fields", "cross_fields", "phrase", "bool_prefix"])
                asked = {"query": text, "fields": [path, "description^2"], "type": kind}
                return {"multi_match": asked | ({} if kind == "phrase" else {"operator": dice.choice(["or", "and"])})}
            case 7:
                return {"term": {path: {"value": word, "case_insensitive": dice.random() < 0.3}}}
            case 8:
                case = dice.random() < 0.5
                return {
                    "term": {f"{path}.exact": {"value": whole.upper() if case else whole, "case_insensitive": case}}
                }
            case 9:
                return {"terms": {f"{path}.exact": [whole, dice.choice(self.values[path])]}}
            case 10:
                case = dice.random() < 0.5
                return {
                    "prefix": {
                        f"{path}.exact": {"value": whole[:3].upper() if case else whole[:3], "case_insensitive": case}
                    }
                }
            case 11:
                return {"wildcard": {path: {"value": f"{word[:1]}*{word[-1:]}"}}}
            case 12 if word.isalnum():
                return {"regexp": {path: {"value": f"{word[:2]}.*|x[a-c]"}}}
            case 13:
                length = dice.randrange(3)
                return {
                    "fuzzy": {path: {"value": self._odd(word), "prefix_length": length, "transpositions": length != 1}}
                }
            case 14:
                bounds = dict(
                    zip(dice.choice([("gte", "lt"), ("gt", "lte")]), sorted(dice.choices(range(6), k=2)), strict=True)
                )
                return {"range": {dice.choice(NUMBERS): bounds}}
            case 15:
                dated = dice.choice(DATES)
                return {
                    "range": {
                        dated: {
                            dice.choice(["gte", "gt", "lt", "lte"]): dice.choice(self.values[dated])[
                                : dice.choice([4, 7, 10])
                            ]
                        }
                    }
                }
            case 16:
                return {"exists": {"field": dice.choice(PRESENT)}}
            case 17:
                inner = [
                    {"match": {"entitlements.name": self.words("entitlements.name")[0]}},
                    {"term": {"entitlements.privileged": True}},
                ]
                return {
                    "nested": {
                        "path": "entitlements",
                        "query": {"bool": {dice.choice(["must", "should", "must_not"]): inner}},
                    }
                }
            case 18:
                return {"simple_query_string": {"query": f'{text} + {word[:2]}* | -"{text}"', "fields": [path, "name"]}}
        return {"term": {dice.choice(BOOLS): dice.choice([True, "false"])}}

    def _cased(self, value: str) -> dict[str, Any]:
        """The value as it is, or in capitals and without regard to case."""
        lax = self.dice.random() < 0.5
        return {"value": value.upper() if lax else value, "case_insensitive": lax}
