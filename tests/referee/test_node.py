"""The referee itself: what the comparisons and measurements rely on."""

from __future__ import annotations

from tests.referee.node import running_or_skip


def test_the_referee_is_a_node_on_loopback_that_searches_and_reindexes() -> None:
    with running_or_skip() as node:
        about = node.call("GET", "/")
        assert about["version"]["distribution"] == "opensearch"
        assert node.index("roles", [("1", {"name": "Finance"}), ("2", {"name": "Sales"})]) == 2
        found = node.call("POST", "/roles/_search", {"query": {"query_string": {"query": "name:finance"}}})
        assert [hit["_id"] for hit in found["hits"]["hits"]] == ["1"]
        changed = node.call("POST", "/roles/_update_by_query", {"script": "ctx._source.name = 'changed'"})
        assert changed["updated"] == 2
    assert node.process.returncode is not None
