"""Identities: list and get."""

from __future__ import annotations

from bulkwark.api import answers, collections
from bulkwark.api.answers import Answer
from bulkwark.api.calls import Call
from bulkwark.domain.kinds import Kind, plain_id
from bulkwark.errors import Invalid, NotFound

_STRING = frozenset({"eq", "sw", "in"})
_WORD = frozenset({"eq"})
# Names on the wire → fields of the index.
PATHS = {
    "name": "displayName",
    "firstname": "firstName",
    "lastname": "lastName",
    "cloudStatus": "status",
}
FILTERS = {
    "id": frozenset({"eq", "in"}),
    "name": _STRING,
    "alias": _STRING,
    "firstname": _STRING,
    "lastname": _STRING,
    "email": _STRING,
    "cloudStatus": _WORD,
    "processingState": _WORD,
    "correlated": _WORD,
    "protected": _WORD,
}
SORTERS = ("name", "alias", "cloudStatus")


def list_identities(call: Call) -> Answer:
    """GET /identities."""
    default = call.query.get("defaultFilter", "CORRELATED_ONLY")
    if default not in ("CORRELATED_ONLY", "NONE"):
        raise Invalid(f"{default!r} is no default filter", where="query parameter defaultFilter")
    text = call.query.get("filters")
    root = collections.parse_filter(call, Kind.IDENTITY, FILTERS, text, "query parameter filters", PATHS)
    order = collections.sorters(call.query.get("sorters"), SORTERS, PATHS)
    return collections.page(call, Kind.IDENTITY, root, order, default=250, most=250)


def get(call: Call) -> Answer:
    """GET /identities/{id}."""
    session = call.read()
    stored = call.tenant.objects.get(session, Kind.IDENTITY, plain_id(call.params["id"]))
    if stored is None:
        raise NotFound(f"there is no identity {call.params['id']}")
    return answers.text(collections.document(stored, call.tenant.wire(session), Kind.IDENTITY))
