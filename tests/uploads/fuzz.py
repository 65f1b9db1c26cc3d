"""Damaged files, made by dice: never a 500, never a lost good row, never a half-applied one.

`python -m tests.uploads.fuzz [--rounds N] [--seed S]` for as long as one likes; CI runs a few rounds.

What a file must come to is worked out apart from the product: damage is done to single rows, line by line, in ways that
leave the others readable; so each row that was left alone must stand in the source, with all its values.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.house import close_house
from tests.uploads.world import COLUMNS, World, add_source, build

ALPHABET = "abcXYZ019 .-_äßéŁ日本👩'"
WORDS = (
    "",
    " ",
    "=1+1",
    "'",
    '"',
    '""',
    ",",
    ";",
    "\t",
    "|",
    "\\",
    "null",
    "0",
    "-1",
    "NaN",
    "2024-13-01",
    "\x07",
    "\u202e",
)
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be")
HARMLESS = {
    "accountName": "",
    "phone": "5",
    "email": "a@b",
    "manager": "jane.doe",
    "startDate": "2024-01-01",
    "endDate": "2040-01-01",
}


@dataclass
class Made:
    """A file, and what must become of it: good accounts with their names, lines that must be refused, or neither."""

    content: bytes
    good: dict[str, tuple[str, str]]
    bad: set[int]
    whole: bool = True  # the file itself is in order


def text(dice: random.Random) -> str:
    return "".join(dice.choice(ALPHABET) for _ in range(dice.randint(1, 12))).strip(" ") or "x"


def cell(value: str, delimiter: str, dice: random.Random) -> str:
    """A value as a file has it; quoted where it must be, and sometimes where it need not."""
    # An apostrophe before what would begin a formula is taken for the mark of an export, so it needs one of its own.
    formula = value[:1] == "'" and value.lstrip("'").lstrip()[:1] in ("=", "+", "-", "@")
    marked = "'" + value if formula else value
    if any(letter in marked for letter in f'{delimiter}"\r\n') or dice.random() < 0.2:
        return '"' + marked.replace('"', '""') + '"'
    return marked


def make(dice: random.Random) -> Made:
    """A file of a few rows, some of them damaged."""
    delimiter, end = dice.choice(",;\t"), dice.choice(("\n", "\r\n", "\r"))
    columns = list(COLUMNS)
    dice.shuffle(columns)
    lines = [delimiter.join(columns)]
    good: dict[str, tuple[str, str]] = {}
    bad: set[int] = set()
    for number in range(dice.randint(1, 15)):
        if dice.random() < 0.1:
            lines.append(dice.choice(("", delimiter * (len(columns) - 1), "  ")))
            continue
        account = f"acc{number}"
        values = HARMLESS | {"accountName": account, "firstName": text(dice), "lastName": text(dice)}
        line = delimiter.join(cell(values[name], delimiter, dice) for name in columns)
        if dice.random() < 0.4:
            line = damage(dice, values, columns, delimiter)
            bad.add(len(lines) + 1)
        else:
            good[account] = (values["firstName"], values["lastName"])
        lines.append(line)
    whole = end.join(lines) + dice.choice(("", end))
    return Made(whole.encode(dice.choice(ENCODINGS)), good, bad, bool(good or bad))


def damage(dice: random.Random, values: dict[str, str], columns: list[str], delimiter: str) -> str:
    """A row that nobody can take, on a line of its own."""
    sort = dice.randrange(6)
    if sort == 0:
        values = values | {dice.choice(("accountName", "manager", "startDate", "firstName")): dice.choice(("", "  "))}
    elif sort == 1:
        values = values | {"manager": "nobody" + dice.choice(("", "'", "日"))}
    elif sort == 2:
        values = values | {dice.choice(("startDate", "endDate")): dice.choice(("soon", "2024-13-01", "31.12.24", "-1"))}
    elif sort == 3:
        values = values | {"endDate": "2023-12-31"}
    elif sort == 4:
        return delimiter.join(cell(values[name], delimiter, dice) for name in columns[: dice.randint(1, 7)])
    else:
        row = delimiter.join(cell(values[name], delimiter, dice) for name in columns)
        return '"quoted" and more' + delimiter + row
    return delimiter.join(cell(values[name], delimiter, dice) for name in columns)


def garble(dice: random.Random, content: bytes) -> bytes:
    """Bytes changed, taken out or put in anywhere: nothing is known of what must become of it."""
    found = bytearray(content)
    for _ in range(dice.randint(1, 12)):
        at = dice.randrange(len(found) + 1)
        what = dice.randrange(4)
        if what == 0 and at < len(found):
            found[at] = dice.randrange(256)
        elif what == 1:
            found[at:at] = dice.choice(WORDS).encode()
        elif what == 2:
            del found[at : at + dice.randint(1, 9)]
        else:
            found[at:at] = dice.choice((b"\r", b"\n", b'"', b"\xff", b"\x00", b"\xef\xbb\xbf"))
    return bytes(found)


def check(world: World, made: Made) -> str:
    """Upload a file whose report is known; what is wrong, or ''."""
    answer = world.send(made.content)
    if not made.whole:
        return "" if answer.status == 400 else f"accepted: {answer.status}"
    if answer.status != 202:
        return f"{answer.status} {answer.body.decode()[:500]}"
    status, id = world.wait(), answer.json()["id"]
    records = {name: (found["firstName"], found["lastName"]) for name, found in world.records().items()}
    if records != made.good:
        return f"records {records} instead of {made.good}"
    lines = {found["line"] for found in world.report(id)}
    if lines != made.bad:
        return f"refused lines {sorted(lines)} instead of {sorted(made.bad)}"
    return "" if status == ("ERROR" if made.bad else "COMPLETED") else f"status {status}"


def check_garbled(world: World, content: bytes) -> str:
    """Upload anything; what is wrong, or ''."""
    answer = world.send(content)
    if answer.status == 400:
        text = answer.json()["causes"][0]["text"]
        return "" if text and not world.records() else f"nothing is told, or something was stored: {text!r}"
    if answer.status != 202:
        return f"{answer.status} {answer.body.decode()[:500]}"
    world.wait()
    job = world.house.job(answer.json()["id"])
    records = world.records()
    rows = world.report(job.id, outcome="all", limit=1000)
    taken = [found for found in rows if found["outcome"] == "changed"]
    if job.error or len(taken) != len(records) or len(rows) != job.total:
        return f"{job.error}; {len(taken)} rows taken, {len(records)} records, {len(rows)} of {job.total} rows told"
    return whole_records(world, records)


def whole_records(world: World, records: dict[str, dict[str, Any]]) -> str:
    """Whether each record has its identity, with the same values."""
    for account, record in records.items():
        query = {"indices": ["identities"], "query": {"query": f"id:{record['id'].replace('-', '')}"}}
        found = world.admin.post("/v2025/search", query).ok()
        if len(found) != 1 or found[0]["name"] != account or found[0]["firstName"] != record["firstName"]:
            return f"the record {account!r} has the identities {found}"
    return ""


def run(world: World, seed: int) -> str:
    """One file, in a source of its own; what is wrong, or ''."""
    dice = random.Random(seed)
    own = World(world.house, add_source(world.house, f"Fuzz {seed}"))
    made = make(dice)
    if seed % 2:
        return check_garbled(own, garble(dice, made.content))
    return check(own, made)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    faults = 0
    with tempfile.TemporaryDirectory() as place:
        world = build(Path(place) / "data", "rows=1000")
        try:
            for seed in range(given.seed, given.seed + given.rounds):
                fault = run(world, seed)
                if fault:
                    faults += 1
                    print(f"seed {seed}: {fault}")
        finally:
            close_house(world.house)
    print(f"{given.rounds} files, {faults} faults")
    raise SystemExit(bool(faults))


if __name__ == "__main__":
    main()
