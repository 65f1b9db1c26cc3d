"""`bulkwark explain`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bulkwark.store.tenants import open_store
from tests.cli.running import run

DSL = '{"bool": {"must": [{"match": {"name": "finance"}}, {"term": {"enabled": "true"}}]}}'


def test_it_says_how_a_query_is_read_and_what_it_selects(loaded: Path) -> None:
    done = run("explain", "--data-dir", loaded, "name:finance AND enabled:true OR tags:SOX")

    assert done.exit_code == 0
    assert "read as    +name:finance +enabled:true tags:SOX\n" in done.stdout
    assert "             + name has the word 'finance'\n" in done.stdout
    assert "fields     enabled, name, tags\n" in done.stdout
    assert " of roles\n" in done.stdout


def test_it_judges_an_object_condition_by_condition(loaded: Path) -> None:
    found = json.loads(run("explain", "--data-dir", loaded, "--type", "dsl", "--json", DSL).stdout)
    ids = json.loads(run("explain", "--data-dir", loaded, "--json", "*").stdout)
    assert 0 < found["count"] < ids["count"]

    id = some_role(loaded)
    shown = run("explain", "--data-dir", loaded, "--id", id, "name:nosuchword OR _exists_:name").stdout

    assert f"{id} matches:\n" in shown
    assert "  no    (should) name has the word 'nosuchword'\n" in shown
    assert "  yes   (should) name has a value\n" in shown


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["name:("], "/query/query, position 5: the parenthesis is never closed"),
        (["--bulk", "nosuch:x"], "unknown field 'nosuch' in roles"),
        (["--type", "DSL", "{"], "QUERY is no JSON"),
        (["--id", "nope", "*"], "there is no object 'nope' in roles"),
    ],
)
def test_what_cannot_be_explained_is_one_line(loaded: Path, words: list[str], fault: str) -> None:
    done = run("explain", "--data-dir", loaded, *words)

    assert done.exit_code == 1
    assert fault in done.stderr
    assert done.stderr.count("\n") == 1


def some_role(loaded: Path) -> str:
    store = open_store(loaded, read_only=True)
    try:
        return str(next(store.read().execute("SELECT id FROM object WHERE kind = 1"))[0])
    finally:
        store.close()
