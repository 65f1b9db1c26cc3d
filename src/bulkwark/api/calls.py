"""One request as a handler sees it: who calls, where, with what."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from bulkwark.api.routing import Route
from bulkwark.api.uploads import Upload
from bulkwark.auth.actors import Actor
from bulkwark.errors import Invalid

if TYPE_CHECKING:
    from bulkwark.api.services import Services
    from bulkwark.store.dialect import Patience, Session
    from bulkwark.store.tenants import Tenant

T = TypeVar("T")


class Call(msgspec.Struct, gc=False):
    """A request that has passed the checks of who may call."""

    services: Services
    route: Route
    actor: Actor
    tenant: Tenant
    query: dict[str, str]  # the last value of each parameter
    headers: dict[str, str]  # lower-case names
    body: bytes
    now: int  # ms
    upload: Upload | None = None  # the parts of a multipart body, which is not in `body`
    patience: Patience | None = None  # how long its reads may take
    fingerprint: str = ""  # of the whole request, when it came with an Idempotency-Key

    @property
    def params(self) -> dict[str, str]:
        return self.route.params

    def read(self) -> Session:
        """This thread's reader, whose statements end when the caller's patience does."""
        session = self.services.store.read()
        session.patience = self.patience
        return session

    # --- query parameters ----------------------------------------------------------------------------

    def number(self, name: str, default: int, *, most: int | None = None) -> int:
        """A whole number ≥ 0. Raises Invalid, also over `most`: never silently less."""
        text = self.query.get(name)
        if text is None:
            return default
        if not (text.isascii() and text.isdigit()) or len(text) > 9:
            raise Invalid(f"{text!r} is no whole number from 0", where=f"query parameter {name}")
        value = int(text)
        if most is not None and value > most:
            raise Invalid(f"{value} is more than the maximum {most}", where=f"query parameter {name}")
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        text = self.query.get(name)
        if text is None:
            return default
        if text.lower() not in ("true", "false"):
            raise Invalid(f"{text!r} is neither true nor false", where=f"query parameter {name}")
        return text.lower() == "true"

    # --- body ----------------------------------------------------------------------------------------

    def json(self, type: type[T]) -> T:
        """The body as the given type. Raises Invalid with a JSON pointer."""
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        accepted = ("application/json", "application/json-patch+json", "")
        if kind not in accepted:
            raise Invalid(f"the content type {kind!r} is not accepted", where="header Content-Type", hint=accepted[0])
        if not self.body:
            raise Invalid("the body is empty", where="body", hint="send JSON")
        return decode(self.body, type)

    def strict_object(self) -> dict[str, Any]:
        """The body as a JSON object in which no member stands twice: in a bulk change each could be meant."""
        return require_object(self.strict(Any), "body")

    def strict(self, type: type[T]) -> T:
        """The body as the given type, in which no member of an object stands twice."""
        found = self.json(type)
        json.loads(self.body, object_pairs_hook=_refuse_twice)
        return found


def _refuse_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Invalid(f"the member {twice!r} stands twice in one object", where="body")
    return found


def decode(body: bytes, type: type[T]) -> T:
    """JSON as the given type. Raises Invalid with a JSON pointer to the fault."""
    try:
        if b"\\u0000" in body:
            _refuse_nul(msgspec.json.decode(body), "")
        return msgspec.json.decode(body, type=type)
    except msgspec.ValidationError as error:
        text, _, path = str(error).partition(" - at ")
        raise Invalid(text, where=pointer(path.strip("`")) or "body") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(f"the body is no JSON: {error}", where="body") from None


def _refuse_nul(value: Any, where: str) -> None:
    """Raise Invalid for a string with U+0000, which no store keeps whole."""
    if isinstance(value, str):
        if "\0" in value:
            raise Invalid("the text holds U+0000", where=where or "body")
    elif isinstance(value, dict):
        for name, inner in value.items():
            _refuse_nul(name, where)
            _refuse_nul(inner, f"{where}/{name}")
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            _refuse_nul(inner, f"{where}/{position}")


def pointer(path: str) -> str:
    """msgspec's `$.values[0].attribute` as the JSON pointer `/values/0/attribute`."""
    return path.removeprefix("$").replace("[...]", "[*]").replace("[", "/").replace("]", "").replace(".", "/")


def require_object(value: Any, where: str) -> dict[str, Any]:
    """The value when it is a JSON object; Invalid otherwise."""
    if not isinstance(value, dict):
        raise Invalid("an object is expected", where=where)
    return value
