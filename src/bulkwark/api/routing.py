"""From method and path to an operation, by keyed lookup along the path's segments."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from urllib.parse import unquote

import msgspec

from bulkwark.api.operations import ALIASES, OPERATIONS, UNVERSIONED, VERSIONS, Operation, paths
from bulkwark.errors import Invalid, NotFound


@dataclass(slots=True)
class _Place:
    """Where a path has come to: the next segments, and what answers here by method and version."""

    words: dict[str, _Place] = field(default_factory=dict)
    any: _Place | None = None
    answers: dict[tuple[str, str], Operation] = field(default_factory=dict)


class Route(msgspec.Struct, frozen=True, gc=False):
    """A found operation, the version it was called at, and the parameters of its path."""

    operation: Operation
    version: str
    params: dict[str, str]
    explicit: bool = True  # the path names the version


class Router:
    """Every path form of every operation."""

    def __init__(self, operations: tuple[Operation, ...] = OPERATIONS + ALIASES) -> None:
        self._root = _Place()
        for operation in operations:
            place = self._root
            for segment in operation.path[1:].split("/"):
                if segment.startswith("{"):
                    place.any = place = place.any or _Place()
                else:
                    place = place.words.setdefault(segment, _Place())
            for version, _ in paths(operation):
                place.answers[operation.method, version or UNVERSIONED] = operation

    def find(self, method: str, path: str) -> Route:
        """The route of a raw (percent-encoded) path. Raises NotFound, naming what would answer."""
        segments = path.strip("/").split("/")
        version, explicit = UNVERSIONED, True
        if segments[0] in VERSIONS and segments[0] != "v1":
            version, segments = segments[0], segments[1:]
        elif len(segments) > 1 and segments[1] == "v1":
            version = "v1"
            del segments[1]
        else:
            explicit = False
        params: list[str] = []
        place = self._walk(self._root, segments, 0, params)
        if place is None or not place.answers:
            raise NotFound(f"there is no path {path}", hint="GET /bulkwark/v1/openapi.json lists all")
        operation = place.answers.get((method, version))
        if operation is None:
            raise NotFound(self._why_not(place, method, version, path))
        named = dict(zip(_names(operation.path), params, strict=True)) if params else {}
        return Route(operation, version, named, explicit)

    def _walk(self, place: _Place, segments: list[str], at: int, params: list[str]) -> _Place | None:
        if at == len(segments):
            return place
        word = segments[at]
        found = place.words.get(word)
        if found is not None:
            end = self._walk(found, segments, at + 1, params)
            if end is not None and end.answers:
                return end
        if place.any is None or not word:
            return None
        params.append(_decode(word))
        end = self._walk(place.any, segments, at + 1, params)
        if end is None or not end.answers:
            params.pop()
            return None
        return end

    def _why_not(self, place: _Place, method: str, version: str, path: str) -> str:
        versions = [v for (m, v) in place.answers if m == method]
        if versions:
            return f"{method} {path} is not in {version}; it is in {', '.join(versions)}"
        methods = sorted({m for m, v in place.answers if v == version} or {m for m, _ in place.answers})
        return f"{path} does not answer {method}; it answers {', '.join(methods)}"


@cache
def _names(path: str) -> tuple[str, ...]:
    """The names of the path's parameters, in order."""
    return tuple(segment[1:-1] for segment in path[1:].split("/") if segment.startswith("{"))


def _decode(segment: str) -> str:
    if "%" not in segment:
        return segment
    try:
        return unquote(segment, errors="strict")
    except UnicodeDecodeError:
        raise Invalid(f"the path segment {segment!r} is not UTF-8", where="path") from None
