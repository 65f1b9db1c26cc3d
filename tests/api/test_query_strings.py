"""Query parameters: ours are known or refused, ISC's are ignored when they are not known, as ISC does."""

from __future__ import annotations

import re

import pytest

from bulkwark.api import console
from bulkwark.api.operations import OPERATIONS, Operation
from bulkwark.api.query_strings import read
from bulkwark.errors import Invalid
from tests.api.browsing import Browser
from tests.house import House, Reply

OURS = [one for one in OPERATIONS if one.path.startswith("/bulkwark/")]
ID = "11111111-1111-1111-1111-111111111111"
# What people take for one of our parameters → what they should be told.
MISSPELT = {
    "outcomes": "outcome",
    "Outcome": "outcome",
    "afer": "after",
    "formt": "format",
    "limits": "limit",
    "ofset": "offset",
}


def target(operation: Operation) -> str:
    """A path of the operation; whether there is such an object is asked later than what is asked of it."""
    return "/bulkwark/v1" + re.sub(r"{[^}]+}", ID, operation.path.removeprefix("/bulkwark"))


def cause(reply: Reply) -> str:
    assert reply.status == 400, (reply.status, reply.body[:500])
    return str(reply.json()["causes"][0]["text"])


def test_what_is_ours_names_its_parameters_and_what_is_official_names_none() -> None:
    assert len(OURS) > 25
    for operation in OPERATIONS:
        assert (operation.query is not None) == (operation in OURS), operation.id


@pytest.mark.parametrize("operation", OURS, ids=lambda one: one.id)
def test_each_of_our_calls_refuses_a_parameter_that_it_does_not_know(house: House, operation: Operation) -> None:
    said = cause(house.admin(operation.method, target(operation) + "?outcomez=failed"))

    assert said.startswith("query parameter outcomez: there is no such parameter here")
    known = operation.query or ()
    wanted = "did you mean outcome?" if "outcome" in known else ", ".join(known) if known else "this call takes none"
    assert wanted in said


@pytest.mark.parametrize("operation", [one for one in OURS if one.query], ids=lambda one: one.id)
def test_each_of_our_calls_knows_the_parameters_that_it_names(house: House, operation: Operation) -> None:
    for name in operation.query or ():
        reply = house.admin(operation.method, f"{target(operation)}?{name}=1")
        assert b"no such parameter" not in reply.body, name
        assert "stands there twice" in cause(house.admin(operation.method, f"{target(operation)}?{name}=1&{name}=1"))


@pytest.mark.parametrize(("written", "meant"), MISSPELT.items())
def test_a_misspelt_parameter_is_answered_with_the_right_one(written: str, meant: str) -> None:
    with pytest.raises(Invalid) as refused:
        read(f"{written}=1".encode(), ("outcome", "after", "format", "limit", "offset"))
    assert refused.value.hint == f"did you mean {meant}?"


@pytest.mark.parametrize("raw", [b"a=%FF", b"%FF=1", b"a=\xff"])
def test_a_query_string_that_is_no_text_is_refused(raw: bytes) -> None:
    with pytest.raises(Invalid, match="not UTF-8"):
        read(raw)


@pytest.mark.parametrize(
    "path", ["/v2025/roles", "/roles/v1", "/v2026/entitlements", "/v2025/search", "/common-access/v1", "/beta/roles"]
)
def test_official_calls_ignore_what_they_do_not_know(house: House, path: str) -> None:
    sent = {"indices": ["roles"], "query": {"query": "*"}} if path.endswith("search") else None
    ask = house.admin.post if sent else house.admin.get
    arguments = (path + "?limit=2", sent) if sent else (path + "?limit=2",)
    plain = ask(*arguments).ok()

    assert ask(*(arguments[0] + "&outcomez=failed&limit=2", *arguments[1:])).ok() == plain


def test_the_list_of_versions_knows_its_parameter_alone(house: House) -> None:
    assert house.send("GET", "/bulkwark/v1/openapi.json?version=v3", {}, b"").status == 200
    assert "did you mean version?" in cause(house.send("GET", "/bulkwark/v1/openapi.json?versoin=v3", {}, b""))


def test_each_page_of_the_console_refuses_a_parameter_that_it_does_not_know(browser: Browser) -> None:
    places = [pattern.pattern for pattern, *_ in (*console.PAGES, *console.FETCHED)]
    paths = [re.sub(r"\(\?P<id>[^)]*\)", ID, place).replace("\\", "").partition("|")[0] for place in places]
    for path in (*paths, "/console/sign-in", "/console/app.js"):
        reply = browser.get(f"{path}?outcomez=failed")

        assert reply.status == 400, path
        assert b"there is no such parameter here" in reply.body, path
        assert reply.headers["content-type"].startswith("text/html")


def test_a_stream_is_not_cut_by_a_limit(house: House) -> None:
    assert "a stream has all events" in cause(house.admin.get("/bulkwark/v1/events?limit=5"))
