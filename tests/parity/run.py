"""Run the comparison by hand: `python -m tests.parity.run [file …]` prints every difference, and counts.

`--generated N` adds N generated queries from `--seed S`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.parity import corpus as corpora
from tests.parity.asked import Ours, Theirs, judge, written
from tests.referee.node import running


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("files", nargs="*", help="names of query files, without .toml; none: all")
    chosen = options.parse_args()
    queries = [query for query in written() if not chosen.files or query.place.split(":")[0] in chosen.files]
    with tempfile.TemporaryDirectory(prefix="bulkwark-parity-") as place, running() as node:
        corpus = corpora.build(Path(place))
        ours, theirs = Ours(corpus), Theirs(node, corpus)
        print(f"{corpus.count:,} documents, {len(queries)} queries", flush=True)
        counts: Counter[str] = Counter()
        began = time.monotonic()
        for query in queries:
            for verdict in judge(query, ours, theirs):
                counts[f"{verdict.mode}, {'differs' if verdict.fault else 'same'}"] += 1
                if verdict.fault:
                    print(verdict.report(corpus), flush=True)
        print(f"{dict(counts)} in {time.monotonic() - began:.0f} s")
        corpus.store.close()
    return any("differs" in name for name in counts)


if __name__ == "__main__":
    sys.exit(main())
