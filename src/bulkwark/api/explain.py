"""What a query means, for people who are about to use it in a bulk update."""

from __future__ import annotations

from typing import Any

from bulkwark.api import answers
from bulkwark.api.answers import Answer
from bulkwark.api.calls import Call, decode
from bulkwark.api.role_rights import own_only_in_search
from bulkwark.bulk import explain
from bulkwark.domain.kinds import Kind
from bulkwark.errors import Invalid
from bulkwark.store.indexes import INDEXES


def get(call: Call) -> Answer:
    """GET /bulkwark/v1/explain: `query`, and maybe `index`, `type`, `id`, `bulk`."""
    text = call.query.get("query")
    if text is None:
        raise Invalid("the query is missing", where="query parameter query", hint="?query=name:Finance&index=roles")
    if "\0" in text:
        raise Invalid("the text holds U+0000", where="query parameter query")
    index = call.query.get("index", "roles")
    asked = explain.as_search(text, call.query.get("type", "SAILPOINT"), _json)
    of_roles = index in INDEXES and INDEXES[index].kind is Kind.ROLE
    found = explain.explain(
        call.read(),
        call.tenant,
        asked,
        index,
        call.now,
        id=call.query.get("id", ""),
        strict=call.flag("bulk"),
        options=call.services.options,
        owner=own_only_in_search(call.actor) if of_roles else "",
    )
    return answers.ok(found)


def _json(text: str) -> Any:
    return decode(text.encode("utf-8", "surrogatepass"), object)
