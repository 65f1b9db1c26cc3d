"""`make bench` = `python -m benchmarks [--roles N] [--rounds N] [jobs] [trust] [http] [entitlements] [uploads] [--rows N]`."""

from __future__ import annotations

import argparse
import platform

import apsw

from benchmarks import entitlements, http, jobs, trust, uploads


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", help="jobs, trust, http, entitlements, uploads; all when none is named")
    parser.add_argument("--roles", type=int, default=100_000)
    parser.add_argument("--rows", type=int, default=1_000_000, help="of the uploaded file")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    parts = given.parts or ["jobs", "trust", "http", "entitlements", "uploads"]
    print(f"Python {platform.python_version()}, SQLite {apsw.sqlite_lib_version()}, {platform.machine()}")
    ratios: dict[str, float] = {}
    if "jobs" in parts:
        ratios |= jobs.run(given.roles, given.rounds)
    if "trust" in parts:
        ratios |= trust.run(given.roles, given.rounds)
    if "http" in parts:
        ratios |= http.run(given.roles, given.rounds)
    if "entitlements" in parts:
        ratios |= entitlements.run(given.roles, given.rounds)
    if "uploads" in parts:
        ratios |= uploads.run(given.rows, given.rounds)
    print("\n== ratios:", ", ".join(f"{name} {value:.2f}" for name, value in ratios.items()))


if __name__ == "__main__":
    main()
