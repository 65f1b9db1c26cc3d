"""Where the default mode differs from Elasticsearch on purpose, and that the settings switch it."""

from __future__ import annotations

import msgspec
import pytest

from bulkwark.bulk.selection import Selector, resolve
from bulkwark.domain.kinds import Kind
from bulkwark.errors import Invalid, QueryError
from bulkwark.query.ast import shape
from bulkwark.query.check import check
from bulkwark.query.requests import DEFAULT, Options, read_query
from tests.query.samples import NOW_MS, SAMPLE

ELASTICSEARCH = Options(mode="elasticsearch")


def tree(text: str, options: Options = DEFAULT) -> str:
    """The checked tree, or `refused: why`."""
    try:
        reading = read_query({"query": {"query": text}}, options=options)
        found = check(reading.query, SAMPLE, now_ms=NOW_MS, strict=False, word_split=options.split, plain=options.plain)
    except QueryError as error:
        return f"refused: {error.detail}"
    return shape(found.root)


SALES, GLOBAL = "Phrase(field=name, tokens=['sales'])", "Phrase(field=name, tokens=['global'])"
# What is asked, what it means by default, and what in Elasticsearch mode.
DIFFERENCES = [
    ("name:sales-global", "Phrase(field=name, tokens=['sales', 'global'])", f"Bool(should=[{SALES}, {GLOBAL}])"),
    (
        "name.exact:(Sales Global)",
        "Bool(should=[Exact(field=name, values=['Sales']), Exact(field=name, values=['Global'])])",
        "Exact(field=name, values=['Sales Global'])",
    ),
    (
        "created:2024",
        "Between(field=created, low=1704067200000, high=1735689599999)",
        "Between(field=created, low=1704067200000, high=1704153599999)",
    ),
    (
        "created:>2024-06",
        "Between(field=created, low=1719791999999, low_inclusive=False)",
        "Between(field=created, low=1717286399999, low_inclusive=False)",
    ),
    (
        "created:20240101",
        "refused: '20240101' is no date: write 2024-01-31, or milliseconds since 1970 with 13 digits",
        "Between(field=created, low=20240101, high=20240101)",
    ),
    ("enabled:True", "Is(field=enabled, value=True)", "refused: enabled is true or false, not 'True'"),
    ("enabled:[true TO true]", "refused: true and false have no order", "Is(field=enabled, value=True)"),
    (
        "accessCount:/1.*/",
        "refused: a regular expression works on text, and accessCount is a number field",
        "Nothing()",
    ),
]


@pytest.mark.parametrize(("text", "default", "elasticsearch"), DIFFERENCES)
def test_a_difference_is_switched_off_in_elasticsearch_mode(text: str, default: str, elasticsearch: str) -> None:
    assert tree(text) == default
    assert tree(text, ELASTICSEARCH) == elasticsearch


def test_the_split_of_words_is_a_setting_of_its_own() -> None:
    assert tree("name:sales-global", Options(word_split="or")) == DIFFERENCES[0][2]
    assert tree("name:sales-global", Options(mode="elasticsearch", word_split="phrase")) == DIFFERENCES[0][1]
    assert tree("created:2024", Options(word_split="or")) == DIFFERENCES[2][1]


def test_strict_precedence_is_a_setting() -> None:
    assert tree("name:a OR name:b AND name:c", Options(precedence="strict")) == (
        "refused: AND and OR are mixed without parentheses"
    )


def test_a_stored_selection_keeps_its_meaning() -> None:
    query = {"query": {"query": "owner.email:anna@example.com"}}
    selector = Selector("query", NOW_MS, Kind.ROLE, queries=[query], options=ELASTICSEARCH)

    again = msgspec.json.decode(msgspec.json.encode(selector), type=Selector)

    assert resolve(again) == resolve(selector)
    assert resolve(again) != resolve(Selector("query", NOW_MS, Kind.ROLE, queries=[query]))


def test_a_selection_stored_before_there_were_settings_is_still_read() -> None:
    old = b'{"by":"query","now":1,"kind":1,"queries":[{"query":{"query":"name:foo-bar"}}]}'

    assert "tokens=['foo', 'bar']" in shape(resolve(msgspec.json.decode(old, type=Selector)).root)


def test_an_unknown_split_is_refused() -> None:
    with pytest.raises(Invalid, match="word_split"):
        tree("x", Options(word_split="and"))
