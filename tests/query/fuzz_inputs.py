"""What the fuzzer asks: sound pieces of every query language with something broken in between."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

_PARTS = tomllib.loads((Path(__file__).parent / "cases" / "fuzz.toml").read_text("utf-8"))
WORDS, SIGNS, CLAUSES, MEMBERS, AGGREGATIONS = (
    _PARTS[name] for name in ("words", "signs", "clauses", "members", "aggregations")
)


FIELDS = [
    "name",
    "created",
    "enabled",
    "entitlementCount",
    "entitlements.name",
    "accounts.source.name",
    "attributes.city",
]
FIELDS += [
    "accessModelMetadata.key",
    "owner.name",
    "tags",
    "nosuch",
    "",
    "@access.name",
    "name.exact",
    "_type",
    "attributes.*",
]
INTERVALS = ["day", "month", "1d", "7d", "0d", "x", "-1d", 1]


class Writer:
    """Writes one input after the other; the same dice write the same."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice

    def search(self) -> dict[str, Any]:
        """A Search object."""
        made: Callable[[], dict[str, Any]] = self.dice.choice(
            [self._sailpoint, self._sailpoint, self._dsl, self._other]
        )
        return made()

    def _sailpoint(self) -> dict[str, Any]:
        query: dict[str, Any] = {"query": self.text()}
        if self.dice.random() < 0.1:
            query["fields"] = self.dice.choice([["name"], "name,tags^2", ["na*"], ["*"], [1], "x", ["name^x"], {}])
        if self.dice.random() < 0.1:
            query["timeZone"] = self.dice.choice(["Europe/Berlin", "+05:30", "Mars", "", 3, "../etc"])
        return {"query": query}

    def _dsl(self) -> dict[str, Any]:
        return {"queryType": "DSL", "queryDsl": self.clause(4)}

    def _other(self) -> dict[str, Any]:
        dice = self.dice
        if dice.random() < 0.5:
            terms = dice.choice([[self.word()], [self.text(), self.word()], [], "x", [""], [3], None])
            fields = dice.choice(
                [["name"], ["description", "entitlementCount"], ["created"], ["nosuch"], [], "name,id"]
            )
            asked = {"terms": terms, "fields": fields, "matchAny": dice.choice([True, False, "x"]), "contains": True}
            return {"queryType": "TEXT", "textQuery": asked}
        asked = {"query": self.text(), "field": dice.choice(["name", "source.name", "id", "nosuch", "created", 1])}
        if dice.random() < 0.5:
            asked |= {"nestedType": dice.choice(["entitlements", "x"]), "maxExpansions": dice.choice([1, 10, 0, "x"])}
        return {"queryType": "TYPEAHEAD", "typeAheadQuery": asked}

    def word(self) -> str:
        return str(self.dice.choice(WORDS))

    def text(self) -> str:
        """A query string: sound pieces with something broken in between."""
        pieces = []
        for _ in range(self.dice.randint(1, 12)):
            roll = self.dice.random()
            if roll < 0.45:
                pieces.append(self.word())
            elif roll < 0.6:
                pieces.append(f"{self.word()}:{self.word()}")
            elif roll < 0.97:
                pieces.append(self.dice.choice(SIGNS))
            else:
                pieces.append(chr(self.dice.choice([0x20, 0x3000, 0x7F, 0x2028, 0xFFFF, 0x1F600, 0x10FFFF, 0xDC00])))
        glue = self.dice.choice(["", " ", " ", " AND ", " OR "])
        text = glue.join(pieces)
        if self.dice.random() < 0.02:
            text = self.dice.choice(["(", "NOT ", "a ", '"', "/a", "[", "@entitlements(", "x*"]) * self.dice.randint(
                9, 3000
            )
        return text

    def value(self) -> Any:
        return self.dice.choice(
            [self.word(), self.word(), self.text(), 1, -1, 2.5, True, None, [], {}, "75%", "2<-1", 10**30, ["a", 1]]
        )

    def clause(self, depth: int) -> Any:
        dice = self.dice
        if depth == 0 or dice.random() < 0.03:
            return self.value()
        name = dice.choice(CLAUSES)
        body: Any
        if name == "bool":
            body = {k: [self.clause(depth - 1) for _ in range(dice.randint(0, 2))] for k in dice.sample(MEMBERS[:4], 2)}
        elif name in {"constant_score", "boosting", "nested"}:
            body = {k: self.clause(depth - 1) for k in ("filter", "positive", "negative", "query")}
            body = {k: v for k, v in body.items() if (k == "filter") == (name == "constant_score")}
            body |= {"path": "entitlements"} if name == "nested" else {}
        elif name in {"multi_match", "query_string", "simple_query_string"}:
            body = {"query": self.text(), "fields": dice.choice([["name"], ["name", "description^2"], ["*"], []])}
        elif name in {"ids", "exists", "match_all", "match_none", "dis_max"}:
            body = {"values": [self.word()], "field": self.word(), "queries": [self.clause(depth - 1)]}
            keep = {"ids": "values", "exists": "field", "dis_max": "queries"}.get(name)
            body = {k: v for k, v in body.items() if k == keep}
        else:
            plain = [self.word()] if name == "terms" else {"gte": self.word()} if name == "range" else self.word()
            body = {self.word(): plain if dice.random() < 0.6 else {"query": self.text(), "value": self.word()}}
        if isinstance(body, dict) and dice.random() < 0.2:
            body[dice.choice(MEMBERS)] = self.value()
        return {name: body}

    # --- the other parts of a search ---------------------------------------------------------------

    def filter_text(self) -> str:
        """A text of the filter language."""
        dice = self.dice
        pieces = []
        for _ in range(dice.randint(1, 4)):
            value = dice.choice(
                [self.word(), f'"{self.word()}"', f"'{self.word()}'", self.text(), "(a,b)", '("a","b")']
            )
            operator = dice.choice(
                ["eq", "ne", "gt", "ge", "lt", "le", "sw", "co", "in", "ca", "pr", "isnull", "xx", ""]
            )
            pieces.append(f"{dice.choice([*FIELDS, 'id', 'owner.id'])} {operator} {value}")
        return dice.choice([" and ", " or ", " and not ", " ", ", "]).join(pieces)

    def filters(self) -> Any:
        """The member `filters` of a search."""
        dice = self.dice
        bound = {"value": dice.choice([self.word(), 1, None, {}]), "inclusive": dice.choice([True, False, "x"])}
        spec: dict[str, Any] = {
            "type": dice.choice(["TERMS", "RANGE", "EXISTS", "terms", "x", 1]),
            "terms": dice.choice([[self.word()], [self.value()], [], "x"]),
            "range": dice.choice([{"lower": bound}, {"lower": bound, "upper": bound}, {}, {"x": 1}, []]),
            "exclude": dice.choice([True, False, "x"]),
        }
        for name in dice.sample(list(spec), dice.randint(0, 3)):
            del spec[name]
        return {dice.choice(FIELDS): dice.choice([spec, spec, spec, self.value()])}

    def aggregations(self, depth: int = 3) -> Any:
        """A body of `aggregationsDsl`."""
        dice = self.dice
        kind = dice.choice(AGGREGATIONS)
        spec: Any = {"field": dice.choice(FIELDS)}
        match kind:
            case "nested":
                spec = {"path": dice.choice(["entitlements", "accounts", "access", "accessModelMetadata", "x"])}
            case "reverse_nested":
                spec = {}
            case "filter":
                spec = self.clause(2)
            case "filters":
                spec = {"filters": dice.choice([{"a": self.clause(2)}, [self.clause(1)], self.value()])}
            case "range" | "date_range":
                ends = [self.word(), 1, 3.5, None]
                spec["ranges"] = [
                    {"from": dice.choice(ends), "to": dice.choice(ends)} for _ in range(dice.randint(0, 3))
                ]
            case "histogram":
                spec["interval"] = dice.choice([1, 0.5, 0, -1, "x", 1e-9])
            case "date_histogram":
                spec[dice.choice(["calendar_interval", "fixed_interval", "interval"])] = dice.choice(INTERVALS)
            case "terms":
                spec |= dice.choice([{}, {"size": dice.choice([1, 0, 10**6, "x"])}, {"order": {self.word(): "asc"}}])
                spec |= dice.choice(
                    [{}, {}, {"include": dice.choice([".*a", "(", ["a"], 1])}, {"missing": self.value()}]
                )
        if isinstance(spec, dict) and dice.random() < 0.15:
            spec[dice.choice(MEMBERS)] = self.value()
        found: dict[str, Any] = {kind: spec}
        if depth and dice.random() < 0.4:
            found[dice.choice(["aggs", "aggregations"])] = self.aggregations(depth - 1)
        return {dice.choice(["a", "b", "", "x>y", self.word()]): found}

    def sailpoint_aggregation(self) -> Any:
        """A body of `aggregations`."""
        dice = self.dice
        parts: dict[str, Any] = {
            "nested": {"name": "n", "type": dice.choice(["accounts", "entitlements", "x", 1])},
            "filter": {"name": "f", "type": "TERM", "field": dice.choice(FIELDS), "value": self.value()},
            "bucket": {
                "name": "b",
                "type": dice.choice(["TERMS", "x"]),
                "field": dice.choice(FIELDS),
                "size": self.value(),
            },
            "metric": {"name": "m", "type": dice.choice(["COUNT", "MEDIAN", "AVG", "x"]), "field": dice.choice(FIELDS)},
        }
        found = {name: parts[name] for name in dice.sample(list(parts), dice.randint(1, 3))}
        if dice.random() < 0.3:
            found["subAggregation"] = self.sailpoint_aggregation() if dice.random() < 0.8 else self.value()
        return found

    def body(self) -> dict[str, Any]:
        """The body of a request to /search or /search/aggregate, with any of its parts."""
        dice = self.dice
        found = self.search()
        found["indices"] = dice.choice([["roles"], ["identities"], ["*"], [], ["roles", "events"], ["x"], "roles", [1]])
        more: dict[str, Callable[[], Any]] = {
            "filters": self.filters,
            "sort": lambda: [dice.choice(["", "-", "+"]) + dice.choice(FIELDS) for _ in range(dice.randint(0, 3))],
            "searchAfter": lambda: [dice.choice([self.word(), None, 1]) for _ in range(dice.randint(0, 3))],
            "includeNested": lambda: dice.choice([True, False, "x"]),
            "queryResultFilter": lambda: {dice.choice(["includes", "excludes", "x"]): [self.word(), self.text()]},
            "aggregationType": lambda: dice.choice(["DSL", "SAILPOINT", "x", None]),
            "aggregationsDsl": self.aggregations,
            "aggregations": self.sailpoint_aggregation,
            "queryType": lambda: dice.choice(["SAILPOINT", "DSL", "TEXT", "TYPEAHEAD", "x", None, 1]),
        }
        for name in dice.sample(list(more), dice.randint(0, 4)):
            found[name] = more[name]()
        if isinstance(found.get("query"), dict) and dice.random() < 0.1:
            found["query"]["innerHit"] = {"type": dice.choice(["entitlements", "accounts", "x"]), "query": self.text()}
        return found
