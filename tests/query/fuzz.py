"""Broken and odd queries in every query type: `python -m tests.query.fuzz --n 100000 --seed 1`.

Each is read, checked and asked of a small company. It must be answered or refused with its place and a hint; nothing
else may be raised, no input may take a second of the processor, and the memory stays below 200 MB.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bulkwark.bulk.queries import queried
from bulkwark.domain.synthetic import company
from bulkwark.errors import Invalid, QueryError
from bulkwark.query.ast import Checked
from bulkwark.query.requests import Options
from bulkwark.store import search
from bulkwark.store.dialect import Session
from bulkwark.store.indexes import INDEXES
from bulkwark.store.tenants import Store, Tenant, open_store
from tests.company import KINDS, load, put

SECONDS = 1.0  # of the processor, for one input
MEGABYTES = 200
ROLES = 60
NOW = 1_716_822_245_678

_PARTS = tomllib.loads((Path(__file__).parent / "cases" / "fuzz.toml").read_text("utf-8"))
WORDS, SIGNS, CLAUSES, MEMBERS = (_PARTS[name] for name in ("words", "signs", "clauses", "members"))


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


class Trial:
    """A small company to ask."""

    def __init__(self, place: Path) -> None:
        self.store: Store = open_store(place)
        self.tenant: Tenant = self.store.need_tenant("default")
        stream = list(company(ROLES))
        put(self.store, self.tenant, [doc for kind, doc in stream if kind == "metadata-attribute"])
        for kind in KINDS:
            load(self.store, self.tenant, KINDS[kind], [doc for name, doc in stream if name == kind])
        self.session: Session = self.store.read()

    def ask(self, asked: dict[str, Any], index: str, *, strict: bool, mode: str) -> str:
        """`answered`, or what kind of refusal; AssertionError for one that says too little."""
        refused: Invalid | None = None
        try:
            root = queried(asked, index, NOW, strict=strict, options=Options(mode=mode))
            search.count(self.session, self.tenant, Checked(index, root))
        except Invalid as error:
            refused = error
        if refused is None:
            return "answered"
        assert refused.detail, "a refusal without words"
        assert refused.hint, f"no hint: {refused.sentence()}"
        if isinstance(refused, QueryError):
            assert 0 <= refused.position <= len(refused.text), refused.sentence()
            return "refused at a position"
        assert refused.where, f"no place: {refused.sentence()}"
        return "refused at a place"


def run(n: int, seed: int, place: Path, *, timed: bool = True) -> Counter[str]:
    """Ask `n` inputs. AssertionError for the first that is treated wrongly, or takes a second when `timed`."""
    trial, dice = Trial(place), random.Random(seed)
    writer, found = Writer(dice), Counter[str]()
    for number in range(n):
        asked = writer.search()
        index, strict = dice.choice(list(INDEXES)), dice.random() < 0.5
        mode = dice.choice(["default", "elasticsearch"])
        began = time.thread_time()
        try:
            found[trial.ask(asked, index, strict=strict, mode=mode)] += 1
            took = time.thread_time() - began
            assert took < SECONDS or not timed, f"took {took:.2f} s"
        except Exception as fault:
            shown = json.dumps(asked)[:2_000]
            raise AssertionError(f"input {number} of seed {seed}, {index}, strict {strict}, {mode}: {shown}") from fault
    trial.store.close()
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found["megabytes"] = int(used)
    return found


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--n", type=int, default=20_000)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="bulkwark-fuzz-") as place:
        found = run(chosen.n, chosen.seed, Path(place))
    print(f"{chosen.n:,} inputs of seed {chosen.seed} in {time.monotonic() - began:.0f} s: {dict(found)}")
    assert found["megabytes"] <= MEGABYTES, f"{found['megabytes']} MB of memory"
    return 0


if __name__ == "__main__":
    sys.exit(main())
