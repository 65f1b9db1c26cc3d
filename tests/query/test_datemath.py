"""Dates and date arithmetic, rounded down and up."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkwark.query.datemath import looks_like_date, parse_zone, resolve
from tests.query.samples import NOW_MS, read

ROWS = read("dates.txt")


def shown(ms: int) -> str:
    return (datetime(1970, 1, 1) + timedelta(milliseconds=ms)).isoformat(timespec="milliseconds")


@pytest.mark.parametrize(("left", "expected"), [(left, right) for _, left, sign, right in ROWS if sign == "=>"])
def test_a_date_means_its_unit(left: str, expected: str) -> None:
    text, zone = left.split(" | ")

    ends = [resolve(text, now_ms=NOW_MS, zone=parse_zone(zone), round_up=up) for up in (False, True)]

    assert " | ".join(map(shown, ends)) == expected


@pytest.mark.parametrize(("left", "reason"), [(left, right) for _, left, sign, right in ROWS if sign == "!!"])
def test_an_unreadable_date_is_refused_with_a_reason(left: str, reason: str) -> None:
    text, zone = left.split(" | ")

    with pytest.raises(ValueError, match=f"^{re.escape(reason)}$"):
        resolve(text, now_ms=NOW_MS, zone=parse_zone(zone))


@given(st.text(alphabet="now0123456789-+/|T:.Zdhy ", max_size=25), st.booleans())
@settings(max_examples=300, deadline=None, database=None)
def test_no_text_raises_anything_but_a_value_error(text: str, up: bool) -> None:
    try:
        down = resolve(text, now_ms=NOW_MS, zone=UTC)
    except ValueError:
        return
    assert resolve(text, now_ms=NOW_MS, zone=UTC, round_up=True) >= down


@given(st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30)))
@settings(max_examples=100, deadline=None, database=None)
def test_a_full_instant_means_itself(moment: datetime) -> None:
    text = moment.isoformat(timespec="milliseconds")

    for up in (False, True):
        assert shown(resolve(text + "Z", now_ms=0, zone=UTC, round_up=up)) == text


def test_only_plain_dates_look_like_dates() -> None:
    assert all(map(looks_like_date, ("now", "now-7d", "now/d", "2024-01", "2024-01-31T10:00Z")))
    assert not any(map(looks_like_date, ("2024", "5", "nowhere", "10/12/22", "2024-015", "")))
