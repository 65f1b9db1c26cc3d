"""Previews of any bulk call, as a call of their own: its path and body instead of a header that changes its answer."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

import msgspec

from bulkwark.api import submitting
from bulkwark.api.answers import Answer
from bulkwark.api.calls import Call
from bulkwark.api.routing import Route, Router
from bulkwark.errors import Invalid, NotFound

EXPERIMENTAL = "x-sailpoint-experimental"


class Wanted(msgspec.Struct, forbid_unknown_fields=True):
    """Body: the path of a bulk call as it would be sent, and its body."""

    path: str
    body: msgspec.Raw = msgspec.Raw(b"")


def preview(call: Call) -> Answer:
    """POST /bulkwark/v1/previews: what the call would answer with `X-Bulkwark-Preview: true`, with the same rights."""
    # `strict` looks at the inner body too: no member stands twice anywhere.
    wanted = call.strict(Wanted)
    route = _route(wanted.path)
    operation = route.operation
    call.actor.require(operation.scopes, operation.levels, application=operation.application)
    if route.version in operation.experimental and EXPERIMENTAL not in call.headers:
        raise Invalid(
            "this operation is experimental",
            where="header X-SailPoint-Experimental",
            hint="send it with the value true",
        )
    headers = {name: value for name, value in call.headers.items() if not name.startswith(submitting.PREFIX)}
    headers |= {submitting.PREVIEW: "true", "content-type": "application/json"}
    inner = msgspec.structs.replace(
        call, route=route, query={}, headers=headers, body=bytes(wanted.body), patience=call.patience
    )
    module, _, name = operation.handler.partition(".")
    found: Any = getattr(import_module(f"bulkwark.api.{module}"), name)(inner)
    assert isinstance(found, Answer)
    return found


def _route(path: str) -> Route:
    if not path.startswith("/") or "?" in path:
        raise Invalid(
            f"{path!r} is no path", where="/path", hint="as in the call, from the first / on, without a query"
        )
    try:
        route = _router().find("POST", path)
    except NotFound as error:
        raise Invalid(error.detail, where="/path", hint=error.hint) from error
    if not route.operation.bulk:
        raise Invalid(f"POST {path} is no bulk call", where="/path", hint="only what changes many can be previewed")
    if route.operation.body == "multipart":
        told = f"POST {path} takes a file"
        raise Invalid(told, where="/path", hint="send the file with the header X-Bulkwark-Preview: true")
    return route


@cache
def _router() -> Router:
    return Router()
