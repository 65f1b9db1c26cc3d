"""Rules of non-employees: values of records, phases, limits, whose turn it is to decide."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkwark.domain.mending import mended_date, mended_email
from bulkwark.domain.non_employee_requests import Approval, Status, decide
from bulkwark.domain.non_employee_rows import FIRST_MOMENT, LAST_MOMENT, Checker, likely_date, moment
from bulkwark.domain.non_employees import DAY, SYSTEM, TEXT, Attribute, Cells, Limits, Phase, limits, phase_at
from bulkwark.domain.times import iso_ms
from bulkwark.errors import Invalid

CASES: list[dict[str, Any]] = tomllib.loads(
    (Path(__file__).parent / "cases" / "non_employee_rows.toml").read_text("utf-8")
)["case"]
GOOD = {
    "accountName": "ann.lee",
    "firstName": "Ann",
    "lastName": "Lee",
    "phone": "1",
    "email": "ann@example.com",
    "manager": "boss",
    "startDate": "2020-01-01",
    "endDate": "2090-01-01",
    "team": "Red",
}
SCHEMA = [
    *(
        Attribute(number, "", True, type, name, label, required=True)
        for number, (name, type, label, _) in enumerate(SYSTEM)
    ),
    Attribute(8, "", False, TEXT, "zone", "Zone"),
    Attribute(9, "", False, TEXT, "team", "Team", required=True),
    Attribute(10, "", False, TEXT, "note", "Note"),
]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_values_are_checked(case: dict[str, Any]) -> None:
    values = {name: "x" * int(text[1:-1]) if text == "<451>" else text for name, text in case["values"].items()}

    found = Checker(SCHEMA).values(GOOD | values)

    if "faults" in case:
        assert isinstance(found, list)
        assert [f"{one.column} {one.code}: {one.message} ({one.fix})" for one in found] == case["faults"]
    else:
        assert isinstance(found, Cells), found
        assert {name: getattr(found, name) for name in case["cells"]} == case["cells"]


def test_columns_come_in_any_order_and_strange_ones_are_left_alone() -> None:
    columns = ["strange", *reversed(GOOD)]

    found = Checker(SCHEMA, columns=columns).row(["?", *reversed(GOOD.values())])

    assert found == Checker(SCHEMA).values(GOOD)


@given(st.text())
def test_a_moment_is_read_or_refused_and_can_be_shown(text: str) -> None:
    found = moment(text)

    assert found is None or FIRST_MOMENT <= found <= LAST_MOMENT
    assert found is None or moment(iso_ms(found)) == found


@given(st.dictionaries(st.sampled_from([*GOOD, "zone", "note"]), st.text()))
def test_any_text_is_taken_or_explained(values: dict[str, str]) -> None:
    found = Checker(SCHEMA).values(GOOD | values)

    assert isinstance(found, Cells) or all(one.message and one.column in GOOD | values for one in found)


@pytest.mark.parametrize(
    ("day", "phase", "due"),
    [
        (0, Phase.UPCOMING, 10),
        (9, Phase.UPCOMING, 10),
        (10, Phase.ACTIVE, 70),
        (69, Phase.ACTIVE, 70),
        (70, Phase.EXPIRING, 100),
        (99, Phase.EXPIRING, 100),
        (100, Phase.EXPIRED, None),
    ],
)
def test_a_phase_lasts_until_the_next_begins(day: int, phase: Phase, due: int | None) -> None:
    found = phase_at(10 * DAY, 100 * DAY, day * DAY, 30 * DAY)

    assert found == (phase, None if due is None else due * DAY)


@given(st.integers(0, 50), st.integers(1, 50), st.integers(0, 120), st.integers(0, 100))
def test_a_life_cycle_that_follows_its_due_moments_ends(starts: int, lasts: int, now: int, warning: int) -> None:
    seen = []
    while True:
        phase, due = phase_at(starts, starts + lasts, now, warning)
        seen.append(phase)
        if due is None:
            break
        assert due > now
        now = due

    assert seen[-1] is Phase.EXPIRED
    assert seen == sorted(set(seen))


@pytest.mark.parametrize(
    "text", ["rows", "rows=", "rows=-1", "rows=0", "rows=1,rows=2", "cols=3", "rows=1e3", "rows=٣"]
)
def test_limits_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(Invalid):
        limits(text)


def test_limits_not_named_are_those_of_isc() -> None:
    assert limits(" rows = 5 , ") == Limits(rows=5)
    assert (Limits().custom_attributes, Limits().rows) == (10, 1_000_000)


def approvals(*statuses: Status) -> list[Approval]:
    return [Approval(n, f"id{n}", 1, n, "who", status, "", 0, 0) for n, status in enumerate(statuses, 1)]


def test_the_turn_goes_on_until_the_last_one_approves() -> None:
    first = decide(approvals(Status.PENDING, Status.NOT_READY), 1, "yes", approve=True)
    last = decide(approvals(Status.APPROVED, Status.PENDING), 2, "", approve=True)

    assert (first.request, first.moved) == (Status.PENDING, ((1, Status.APPROVED, "yes"), (2, Status.PENDING, "")))
    assert (last.request, last.moved) == (Status.APPROVED, ((2, Status.APPROVED, ""),))


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.PENDING])
@pytest.mark.parametrize("approve", [True, False])
def test_nobody_decides_when_it_is_not_his_turn(status: Status, approve: bool) -> None:
    with pytest.raises(Invalid):
        decide(approvals(status), 1, "", approve=approve)


@pytest.mark.parametrize("value", ["0001-01-01", "1899-12-31", "31.12.1899"])
def test_a_date_that_is_refused_is_no_suggestion(value: str) -> None:
    assert likely_date(value) == mended_date(value) == ""


def test_an_address_that_no_address_can_be_is_not_mended() -> None:
    assert mended_email("jon (at) example.com") == "jon@example.com"
    assert mended_email("j" * 450 + "(at)example.com") == ""
    assert mended_email("jon" + " " * 130_000 + "example.com") == ""  # took minutes


@pytest.mark.parametrize("value", ["9999-12-31", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999+00:00"])
def test_the_last_day_of_the_calendar_means_never(value: str) -> None:
    assert moment(value) is not None
    assert likely_date("31.12.9999") == "9999-12-31"


@given(
    st.permutations(["year", "month", "day"]),
    st.sampled_from((0, 24, 1899, 1900, 2024, 9999)),
    st.integers(0, 13),
    st.integers(0, 32),
    st.sampled_from(("-", ".", "/")),
    st.sampled_from(("", "T00:00", " 8:30", "T23:59:59", "T24:00:00", "T25:61", "T08:00:60")),
    st.sampled_from(("", "Z", "+14:00", "-1000", "+25:00", "+99:99", "-23:60")),
)
def test_nobody_is_told_to_write_a_date_that_is_refused(
    order: list[str], year: int, month: int, day: int, mark: str, time: str, zone: str
) -> None:
    parts = {"year": f"{year}", "month": f"{month}", "day": f"{day:02}"}
    value = mark.join(parts[name] for name in order) + (time and time + zone)
    found = mended_date(value)
    assert all(moment(one) is not None for one in found.split(" or ") if one), (value, found)
    likely = likely_date(value)
    assert not likely or moment(likely) is not None, (value, likely)
