"""The query DSL: what it is read to, and what is refused at which place."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest

from bulkwark.errors import Invalid
from bulkwark.query import minimum
from bulkwark.query.ast import shape
from bulkwark.query.check import check
from bulkwark.query.dateformat import to_iso
from bulkwark.query.requests import read_query
from tests.query.samples import CASES, NOW_MS, SAMPLE

TABLE = tomllib.loads((CASES / "dsl.toml").read_text("utf-8"))


def checked(body: str, *, strict: bool = False) -> str:
    reading = read_query({"queryType": "dsl", "queryDsl": json.loads(body)}, strict=strict)
    return shape(check(reading.query, SAMPLE, now_ms=NOW_MS, strict=strict).root)


@pytest.mark.parametrize("case", TABLE["good"], ids=lambda case: case["body"])
def test_a_body_reads_as_its_tree(case: dict[str, str]) -> None:
    assert checked(case["body"]) == case["tree"]


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("case", TABLE["bad"], ids=lambda case: case["body"])
def test_a_faulty_body_is_refused_at_its_place(case: dict[str, str], strict: bool) -> None:
    with pytest.raises(Invalid) as caught:
        checked(case["body"], strict=strict)

    assert (caught.value.where, caught.value.detail) == (case["where"], case["detail"])
    assert caught.value.hint


@pytest.mark.parametrize("case", TABLE["strict"], ids=lambda case: case["body"])
def test_a_bulk_change_refuses_a_body_that_search_tolerates(case: dict[str, str]) -> None:
    checked(case["body"])
    with pytest.raises(Invalid) as caught:
        checked(case["body"], strict=True)

    assert (caught.value.where, caught.value.detail) == (case["where"], case["detail"])


@pytest.mark.parametrize(
    ("spec", "optional", "expected"),
    [
        ("2", 5, 2),
        ("-1", 5, 4),
        ("75%", 4, 3),
        ("75%", 5, 3),
        ("-25%", 5, 4),
        ("-25%", 3, 3),
        ("3<90%", 3, 3),
        ("3<90%", 10, 9),
        ("2<-25% 9<-3", 2, 2),
        ("2<-25% 9<-3", 8, 6),
        ("2 < -25% 9 < -3", 12, 9),
        ("-9", 5, 0),
        ("9", 5, 9),
    ],
)
def test_a_minimum_is_counted_as_lucene_does(spec: str, optional: int, expected: int) -> None:
    assert minimum.valid(spec)
    assert minimum.resolve(spec, optional) == expected


@pytest.mark.parametrize("spec", ["", "x", "1.5", "3<", "<3", "50%%", "3<4<5"])
def test_what_is_no_minimum_is_known(spec: str) -> None:
    assert not minimum.valid(spec)


@pytest.mark.parametrize(
    ("text", "formats", "expected"),
    [
        ("01/02/2024", "dd/MM/yyyy", "2024-02-01"),
        ("2024-02-01", "dd/MM/yyyy||yyyy-MM-dd", "2024-02-01"),
        ("2024", "yyyy", "2024"),
        ("1.2.2024 6:05", "d.M.yyyy H:mm", "2024-02-01T06:05"),
        ("20240201", "basic_date", "2024-02-01"),
        ("1706745600", "epoch_second", "2024-02-01T00:00:00.000Z"),
        ("1706745600123", "epoch_millis", "2024-02-01T00:00:00.123Z"),
        ("2024-02-01T06:00:00.5+0100", "yyyy-MM-dd'T'HH:mm:ss.SX", "2024-02-01T06:00:00.5+0100"),
        ("01/02/2024||+1M/d", "dd/MM/yyyy", "2024-02-01||+1M/d"),
        ("now-1d", "dd/MM/yyyy", "now-1d"),
    ],
)
def test_a_date_in_another_form_becomes_an_iso_text(text: str, formats: str, expected: str) -> None:
    assert to_iso(text, formats) == expected


@pytest.mark.parametrize("formats", ["dd/MM", "yyyy-'", "yyyy-yyyy", "EEE yyyy", ""])
def test_a_date_format_beyond_numbers_is_refused(formats: str) -> None:
    with pytest.raises(ValueError, match=r"is not served"):
        to_iso("2024", formats)


TEXT: list[tuple[dict[str, Any], str]] = [
    (
        {"terms": ["Sales"], "fields": ["name"]},
        "ExactLike(field=name, pattern=['sales', *], folded=True)",
    ),
    (
        {"terms": ["a*"], "fields": ["name"], "contains": True},
        "ExactLike(field=name, pattern=[*, 'a*', *], folded=True)",
    ),
    (
        {"terms": ["x", "7"], "fields": ["name, accessCount"], "matchAny": True},
        "Bool(should=[Best(nodes=[ExactLike(field=name, pattern=['x', *], folded=True), Nothing()]), "
        "Best(nodes=[ExactLike(field=name, pattern=['7', *], folded=True), Is(field=accessCount, value=7)])])",
    ),
    (
        {"terms": ["ab"], "fields": ["id"], "contains": True},
        "TokenLike(field=id, pattern=[*, 'ab', *])",
    ),
]


@pytest.mark.parametrize(("body", "expected"), TEXT)
def test_a_text_query_looks_into_whole_values(body: dict[str, Any], expected: str) -> None:
    reading = read_query({"queryType": "TEXT", "textQuery": body})

    assert shape(check(reading.query, SAMPLE, now_ms=NOW_MS, strict=False).root) == expected


@pytest.mark.parametrize(
    ("search", "where"),
    [
        ({"queryType": "TEXT", "textQuery": {"terms": [], "fields": ["name"]}}, "/textQuery/terms"),
        ({"queryType": "TEXT", "textQuery": {"terms": ["x"], "fields": []}}, "/textQuery/fields"),
        ({"queryType": "TEXT", "textQuery": {"fields": ["name"]}}, "/textQuery/terms"),
        ({"queryType": "TEXT", "textQuery": {"terms": [""], "fields": ["name"]}}, "/textQuery/terms/0"),
        ({"queryType": "TEXT", "textQuery": {"terms": ["x"], "fields": ["nmae"]}}, "/textQuery/terms/0"),
        ({"queryType": "TEXT", "textQuery": {"terms": ["x"], "fields": ["name"], "fuzzy": 1}}, "/textQuery/fuzzy"),
        ({"queryType": "TEXT"}, "/textQuery"),
        ({"queryType": "DSL", "query": {"query": "x"}}, "/query"),
        ({"queryType": "DSL"}, "/queryDsl"),
        ({"queryType": "TYPEAHEAD", "typeAheadQuery": {"query": "Jo"}}, "/typeAheadQuery/field"),
        ({"queryType": "TYPEAHEAD", "typeAheadQuery": {"query": " ", "field": "name"}}, "/typeAheadQuery/query"),
        (
            {"queryType": "TYPEAHEAD", "typeAheadQuery": {"query": "a", "field": "name", "maxExpansions": 0}},
            "/typeAheadQuery/maxExpansions",
        ),
        (
            {"queryType": "TYPEAHEAD", "typeAheadQuery": {"query": "a", "field": "x", "nestedType": "nope"}},
            "/typeAheadQuery/nestedType",
        ),
        ({"queryType": "SPARQL"}, "/queryType"),
        ({"queryType": 7}, "/queryType"),
        ({"query": {"query": "x", "fieldz": []}}, "/query/fieldz"),
        ({"query": {}}, "/query/query"),
        ({"query": {"query": "x"}, "queryDsl": {"match_all": {}}}, "/queryDsl"),
    ],
)
def test_a_bulk_change_refuses_what_is_not_plainly_asked(search: dict[str, Any], where: str) -> None:
    with pytest.raises(Invalid) as caught:
        check(read_query(search, strict=True).query, SAMPLE, now_ms=NOW_MS, strict=True)

    assert caught.value.where == where
    assert caught.value.hint


def test_a_typeahead_query_is_a_phrase_whose_last_word_goes_on() -> None:
    body = {"query": "IdentityN", "field": "source.name", "nestedType": "access", "maxExpansions": 3}
    reading = read_query({"queryType": "TYPEAHEAD", "typeAheadQuery": body})
    root = check(reading.query, SAMPLE, now_ms=NOW_MS, strict=False).root

    assert shape(root) == (
        "Nested(path='access', child=Phrase(field=access.source.name, tokens=['identityn'], prefix=True, most=3))"
    )
    assert reading.typeahead is not None
    assert (reading.typeahead.field, reading.typeahead.size) == ("access.source.name", 100)
