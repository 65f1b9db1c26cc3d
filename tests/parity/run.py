"""Run the comparison by hand; every difference is printed, with statistics at the end.

python -m tests.parity.run                            # all hand-written queries
python -m tests.parity.run dates nested               # these files
python -m tests.parity.run --generated 5000 --seed 1  # generated queries only (`make soak` runs both)
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tests.parity import corpus as corpora
from tests.parity.asked import Ours, Theirs, Verdict, judge, judge_aggregations, written
from tests.parity.corpus import Corpus
from tests.parity.generate import EVERY, Generated, Generator
from tests.referee.node import running

SHOWN = 100  # differences that are printed whole
# What a run of 5,000 generated queries has to reach, so that it says something.
WHOLE_RUN, LEAST_OF_EACH, LEAST_SHARE = 5_000, 100, 0.6


@dataclass
class Statistics:
    """What a run did: how often each operator was asked, and how much was selected."""

    total: dict[str, int]  # index → documents in it
    operators: Counter[str] = field(default_factory=Counter)
    share: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)
    faults: list[Verdict] = field(default_factory=list)
    other_faults: list[str] = field(default_factory=list)

    def note(self, operators: Iterable[str], verdicts: Iterable[Verdict]) -> None:
        self.operators.update(operators)
        for verdict in verdicts:
            self.verdicts[f"{verdict.mode}, {'differs' if verdict.fault else 'same'}"] += 1
            if verdict.mode == "elasticsearch":
                self.share[self._share(verdict)] += 1
            if verdict.fault:
                self.faults.append(verdict)

    def _share(self, verdict: Verdict) -> str:
        if verdict.theirs.refused:
            return "refused"
        found = len(verdict.theirs.ids)
        return "nothing" if not found else "everything" if found == self.total[verdict.query.index] else "some"

    @property
    def some(self) -> float:
        """The share of queries that select neither nothing nor everything."""
        return self.share["some"] / max(1, self.share.total())

    def lacks(self, generated: int) -> str:
        """What a whole run of generated queries lacks to be one; '' when nothing."""
        rare = [name for name in EVERY if self.operators[name] < LEAST_OF_EACH]
        if generated < WHOLE_RUN or (not rare and self.some >= LEAST_SHARE):
            return ""
        return f"fewer than {LEAST_OF_EACH} queries with {', '.join(rare)}" if rare else "too much is nothing or all"

    def lines(self) -> list[str]:
        found = [f"selected: {dict(self.share)}, {self.some:.1%} neither nothing nor everything"]
        if self.operators:
            rare = min(EVERY, key=lambda name: self.operators[name])
            found.append(", ".join(f"{name} {self.operators[name]}" for name in EVERY))
            found.append(f"rarest operator: {rare}, in {self.operators[rare]} queries")
        return [*found, f"{dict(self.verdicts)}"]


def compare(queries: Iterable[Generated], ours: Ours, theirs: Theirs, corpus: Corpus) -> Statistics:
    """Judge queries and aggregations."""
    found = Statistics({index: len(documents) for index, documents in corpus.documents.items()})
    for one in queries:
        if one.query.aggregations:
            fault = judge_aggregations(one.query, ours, theirs)
            found.verdicts[f"aggregations, {'differs' if fault else 'same'}"] += 1
            found.other_faults += [fault] if fault else []
        else:
            found.note(one.operators, judge(one.query, ours, theirs))
    return found


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("files", nargs="*", help="names of query files, without .toml; none: all")
    options.add_argument("--generated", type=int, default=0)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="bulkwark-parity-") as place, running() as node:
        corpus = corpora.build(Path(place))
        ours, theirs = Ours(corpus), Theirs(node, corpus)
        began = time.monotonic()
        queries: Iterable[Generated]
        if chosen.generated:
            queries = Generator(corpus, chosen.seed).queries(chosen.generated)
        else:
            named = [query for query in written() if not chosen.files or query.place.split(":")[0] in chosen.files]
            queries = [Generated(query, frozenset()) for query in named]
        found = compare(queries, ours, theirs, corpus)
        for verdict in found.faults[:SHOWN]:
            print(verdict.report(corpus))
        print("\n".join(found.other_faults))
        print(f"{corpus.count:,} documents, {time.monotonic() - began:.0f} s")
        print("\n".join(found.lines()))
        print(found.lacks(chosen.generated), end="")
        corpus.store.close()
    return bool(found.faults or found.other_faults or found.lacks(chosen.generated))


if __name__ == "__main__":
    sys.exit(main())
