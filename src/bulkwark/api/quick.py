"""Point reads without a detour: GET of one object by its id, answered in one step on the event loop.

Who may call is checked as in `dispatch` (`admission.py`); whatever is out of the ordinary (a query string, an escape in
the id, a header with a meaning) is left to it. It halves the work around the read itself (`make bench`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, NamedTuple

from bulkwark.api.admission import admit
from bulkwark.api.answers import Answer
from bulkwark.api.calls import Call
from bulkwark.api.operations import OPERATIONS, UNVERSIONED, Operation, paths
from bulkwark.api.routing import Route
from bulkwark.api.services import Services


class _Place(NamedTuple):
    """What answers a GET of `<head>/{name}`."""

    operation: Operation
    version: str
    explicit: bool
    name: str
    handler: Callable[[Call], Answer]
    reserved: frozenset[bytes]  # last segments that are words of other paths, not ids


class Quick:
    """Looks a request up by its path without the last segment."""

    def __init__(self, services: Services, handlers: Mapping[str, Callable[[Call], Answer]]) -> None:
        self._services = services
        self._places: dict[bytes, _Place] = {}
        for operation in OPERATIONS:
            base, _, last = operation.path.rpartition("/")
            if not operation.inline or operation.method != "GET" or not last.startswith("{") or "{" in base:
                continue
            # Words are no ids at any version: `dispatch` says where such a path is served.
            below = [o.path[len(base) + 1 :].partition("/")[0] for o in OPERATIONS if o.path.startswith(f"{base}/")]
            reserved = frozenset({b"", b"v1", *(word.encode() for word in below if not word.startswith("{"))})
            for version, path in paths(operation):
                if (version or UNVERSIONED) in operation.experimental:
                    continue
                self._places[path.rpartition("/")[0].encode()] = _Place(
                    operation,
                    version or UNVERSIONED,
                    bool(version),
                    last[1:-1],
                    handlers[operation.handler],
                    reserved,
                )

    def answer(self, scope: MutableMapping[str, Any]) -> Answer | None:
        """The answer to a plain point read; None for any other request. Raises what the checks raise."""
        head, _, last = scope["raw_path"].rpartition(b"/")
        place = self._places.get(head)
        if place is None or last in place.reserved or b"%" in last or scope["query_string"]:
            return None
        token = b""
        for name, value in scope["headers"]:
            if name == b"authorization":
                token = value
            elif name.startswith((b"x-sailpoint-experimental", b"x-bulkwark-")):
                return None
        bearer = token[7:].strip()
        if token[:7] != b"Bearer " or not bearer:
            return None
        services, operation = self._services, place.operation
        actor, tenant = admit(services, operation, place.version, bearer.decode("latin-1"))
        route = Route(operation, place.version, {place.name: last.decode("latin-1")}, place.explicit)
        return place.handler(Call(services, route, actor, tenant, {}, {}, b"", services.clock()))
