"""Files that come back: that of failed rows, the template, the export."""

from __future__ import annotations

import csv
from io import StringIO

import pytest

from bulkwark.domain.kinds import Kind
from tests.api.served_non_employees import person
from tests.uploads.world import COLUMNS, World, file, row

# --- the report as a file --------------------------------------------------------------------------------


def test_the_file_of_failed_rows_can_be_mended_and_uploaded_again(world: World) -> None:
    id = world.upload(file(row("ann"), row("bob", manager="jane.do"), row("cem", phone="'=1+1", startDate="13.5.2024")))
    answer = world.admin.get(f"/bulkwark/v1/jobs/{id}/failed-rows")
    assert answer.headers["content-type"] == "text/csv"
    lines = list(csv.DictReader(StringIO(answer.body.decode("utf-8-sig"))))
    assert list(lines[0]) == [*COLUMNS, "error"]
    assert [line["accountName"] for line in lines] == ["bob", "cem"]
    assert lines[0]["error"] == "manager: there is no identity 'jane.do' -> did you mean 'jane.doe'?"
    assert lines[1]["phone"] == "'=1+1"
    mended = answer.body.replace(b"jane.do,", b"jane.doe,").replace(b"13.5.2024", b"2024-05-13")
    world.upload(mended)
    assert world.status() == "COMPLETED"
    assert sorted(world.records()) == ["ann", "bob", "cem"]
    assert world.records()["cem"]["phone"] == "=1+1"


def test_a_row_with_a_delimiter_too_many_is_whole_in_the_file_of_failed_rows(world: World) -> None:
    id = world.upload(file(row("ann", lastName="Smith, Jr"), row("bob") + ",,"))
    body = world.admin.get(f"/bulkwark/v1/jobs/{id}/failed-rows").body
    (_, failed) = csv.reader(StringIO(body.decode("utf-8-sig")))
    told = "the row has 9 cells, the header has 8 -> put cells that hold the delimiter in double quotes"
    start = ["ann", "Jon", "Smith", "Jr", "555-555-5555", "jon@example.com", "jane.doe", "2024-04-05"]
    assert failed == [*start, told, "2036-04-05"]

    again = world.upload(body)
    assert [(found["line"], found["faults"][0]["code"]) for found in world.report(again)] == [(2, "cells")]
    mended = [*start[:2], '"Smith, Jr"', *start[4:], "2036-04-05", f'"{told}"']  # the cell behind is empty again
    world.upload(file(",".join([*mended, ""]), columns=(*COLUMNS, "error")))
    assert world.records()["ann"]["lastName"] == "Smith, Jr"


def test_a_letter_that_was_lost_in_the_file_of_failed_rows_is_not_taken_for_one(world: World) -> None:
    id = world.upload(file(row("ann", lastName="Møller-Åse")).replace(b"Jon", b"Zo\xff"))
    body = world.admin.get(f"/bulkwark/v1/jobs/{id}/failed-rows").body
    (fault,) = (fault for found in world.report(world.upload(body)) for fault in found["faults"])
    assert (fault["column"], fault["code"], fault["fix"]) == (
        "firstName",
        "character",
        "write the letter that was lost",
    )
    assert world.records() == {}


def test_no_cell_of_the_file_of_failed_rows_is_a_formula(world: World) -> None:
    cells = {"firstName": "=1+1", "lastName": "@SUM(A1)", "phone": "+49", "manager": "-cmd"}
    id = world.upload(file(row("ann", **cells)))
    text = world.admin.get(f"/bulkwark/v1/jobs/{id}/failed-rows").body.decode("utf-8-sig")
    assert not any(cell[:1] in ("=", "+", "-", "@") for line in csv.reader(StringIO(text)) for cell in line)


# --- round trips -----------------------------------------------------------------------------------------


def test_an_export_comes_back_unchanged(world: World) -> None:
    world.add_attribute("team", "Team")
    columns = (*COLUMNS, "team")
    odd = ['"Smith, ""J"""', "'=SUM(1)", "Zoë 日本 👩‍💻", '"two\nlines"', "O'Neil", "''quoted''"]
    rows = [row(f"acc{n}", lastName=last) + ',"a, b"' for n, last in enumerate(odd)]
    rows.append(row("late", startDate="2031-04-05T08:00:00.123-10:00") + ",")
    world.upload(file(*rows, columns=columns))
    assert world.status() == "COMPLETED"
    before = world.records()
    id = world.upload(world.export())
    assert {found["outcome"] for found in world.report(id, outcome="all")} == {"unchanged"}
    assert world.house.job(id).unchanged == len(rows)
    assert world.records() == before


def test_an_export_comes_back_unchanged_though_a_manager_is_gone_or_two(world: World) -> None:
    people = {alias: person(world.house, alias) for alias in ("leaves", "doubles")}
    rows = [row("ann", manager="leaves"), row("bob", manager="doubles"), row("cem", manager="doubles")]
    world.upload(file(*rows))
    stored = world.house.tenant.objects.get(world.house.store.read(), Kind.IDENTITY, people["leaves"])
    assert stored is not None
    with world.house.store.write() as session:
        world.house.tenant.objects.delete(session, stored)
    person(world.house, "doubles")
    id = world.upload(world.export())
    assert [found["outcome"] for found in world.report(id, outcome="all")] == ["unchanged"] * 3

    changed = [row("ann", manager="leaves", phone="7"), row("BOB", manager="doubles", phone="7")]
    refused = [row("new", manager="doubles"), row("cem", manager="leaves")]
    id = world.upload(file(*changed, *refused))
    outcomes = [(found["line"], found["outcome"]) for found in world.report(id, outcome="all")]
    assert outcomes == [(2, "changed"), (3, "changed"), (4, "failed"), (5, "failed")]
    found = world.records()
    assert [found[name]["manager"] for name in ("ann", "BOB", "cem")] == ["leaves", "doubles", "doubles"]
    identity = world.admin.get(f"/v2025/identities/{found['BOB']['id'].replace('-', '')}").ok()
    assert identity["managerRef"]["id"] == people["doubles"]


@pytest.mark.parametrize(
    "own",
    [
        [],
        [("team", "Team", True)],
        [(f"own{n}", f"Own {n}", n % 2 == 0) for n in range(10)],
        [("team_1", "Team", True), ("team1", "Team", False), ("TEAM.1", "team 1", False)],
        [
            ("first name", "First", True),
            ("Manager.", "Manager", False),
            ("straße", "Street", False),
            ("strasse", "Street", False),
        ],
        [("error", "E", False), ("upload error", "E", False), ("uploadError 2", "E", True)],
    ],
    ids=["none", "one", "ten", "names that are alike", "names like those of the system", "names of the error column"],
)
def test_a_template_that_is_filled_can_be_uploaded(world: World, own: list[tuple[str, str, bool]]) -> None:
    for name, label, required in own:
        world.add_attribute(name, label, required)
    template = world.admin.get(world.path("schema-attributes-template/download")).body.decode()
    assert template.strip().split(",") == [*COLUMNS, *(name for name, _, _ in own)]
    values = [f"value {n}" for n in range(len(own))]
    rows = [template.strip(), ",".join([row("ann"), *values]), ",".join([row("bob", manager="nobody"), *values]), ""]
    id = world.upload("\r\n".join(rows).encode())
    failed = world.admin.get(f"/bulkwark/v1/jobs/{id}/failed-rows").body
    data = {name: value for (name, _, _), value in zip(own, values, strict=True)}
    assert {account: found["data"] for account, found in world.records().items()} == {"ann": data}

    # What comes back has the same columns: the file of failed rows with one more, and the export.
    world.upload(failed.replace(b",nobody,", b",jane.doe,"))
    assert {account: found["data"] for account, found in world.records().items()} == {"ann": data, "bob": data}
    assert world.house.job(world.upload(world.export())).unchanged == 2


def test_a_title_that_may_mean_several_columns_is_no_guess(world: World) -> None:
    for name in ("team_1", "team1"):
        world.add_attribute(name, f"Team {name}")
    answer = world.send(file(row("ann") + ",x", columns=(*COLUMNS, "Team 1")))
    assert answer.status == 400
    told = "line 1: the column 'Team 1' may be 'team_1' or 'team1' (write the technical name exactly so)"
    assert answer.json()["causes"][0]["text"] == told
