"""`make bench` = `python -m benchmarks [--roles N] [--rounds N] [--rows N] [part …]`; all parts when none is named."""

from __future__ import annotations

import argparse
import platform

import apsw

from benchmarks import change, entitlements, http, jobs, search, trust, uploads

PARTS = ("jobs", "trust", "http", "entitlements", "uploads", "search")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"{', '.join(PARTS)}, change; all but the last when none is named")
    parser.add_argument("--roles", type=int, default=100_000)
    parser.add_argument("--rows", type=int, default=1_000_000, help="of the uploaded file")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--against", default="", choices=["", "opensearch"], help="search, change: another side")
    parser.add_argument("--side", default="", choices=["", "raw", "ours"], help="uploads: one side alone")
    given = parser.parse_args()
    parts = given.parts or list(PARTS)
    print(f"Python {platform.python_version()}, SQLite {apsw.sqlite_lib_version()}, {platform.machine()}")
    ratios: dict[str, float] = {}
    if "jobs" in parts:
        ratios |= jobs.run(given.roles, given.rounds)
    if "trust" in parts:
        ratios |= trust.run(given.roles, given.rounds)
    if "change" in parts:
        ratios |= change.run(given.roles, given.rounds, given.against or "opensearch")
    if "http" in parts:
        ratios |= http.run(given.roles, given.rounds)
    if "entitlements" in parts:
        ratios |= entitlements.run(given.roles, given.rounds)
    if "uploads" in parts:
        ratios |= uploads.run(given.rows, given.rounds, given.side)
    if "search" in parts:
        ratios |= search.run(given.roles, given.rounds, given.against)
    print("\n== ratios:", ", ".join(f"{name} {value:.2f}" for name, value in ratios.items()))


if __name__ == "__main__":
    main()
