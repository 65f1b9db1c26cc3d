"""From kinds of errors to statuses and official bodies: one table, one builder."""

from __future__ import annotations

import logging
from itertools import count
from secrets import token_hex
from typing import Any

import msgspec

from bulkwark.api.answers import Answer
from bulkwark.errors import (
    BulkwarkError,
    Forbidden,
    Invalid,
    NotFound,
    QueryError,
    TooMany,
    Unauthenticated,
    Unavailable,
)

log = logging.getLogger("bulkwark.api")

# kind → (status, detailCode, general text); the texts are those of the official examples.
KINDS: dict[type[BulkwarkError], tuple[int, str, str]] = {
    Invalid: (
        400,
        "400.1 Bad Request Content",
        "The request was syntactically correct but its content is semantically invalid.",
    ),
    Forbidden: (403, "403 Forbidden", "The server understood the request but refuses to authorize it."),
    NotFound: (
        404,
        "404 Not found",
        "The server did not find a current representation for the target resource.",
    ),
    Unavailable: (500, "500.0 Internal Fault", "An internal fault occurred."),
}
FAULT = (500, "500.0 Internal Fault", "An internal fault occurred.")


_prefix, _numbers = token_hex(8), count(1)


def tracking_id() -> str:
    """32 hex, as in the official examples: one prefix for each process, then a number."""
    return f"{_prefix}{next(_numbers):016x}"


def answer(error: Exception, tracking: str, accept_language: str = "") -> Answer:
    """The official answer to an error. 401 is `{error}`, 429 `{message}`, all others the envelope."""
    if isinstance(error, Unauthenticated):
        return _json(401, {"error": error.detail}, {"WWW-Authenticate": "Bearer"})
    if isinstance(error, TooMany):
        return _json(429, {"message": error.detail}, {"Retry-After": str(error.retry_after)})
    status, code, text = next((found for kind, found in KINDS.items() if isinstance(error, kind)), FAULT)
    if status == 500:
        log.error("tracking %s: %s", tracking, error, exc_info=error)
    elif isinstance(error, BulkwarkError):
        log.info("tracking %s: %s %s", tracking, status, error.sentence())
    body: dict[str, Any] = {
        "detailCode": _code(error, code),
        "trackingId": tracking,
        "messages": [_message(text, accept_language)],
        "causes": [],
    }
    # What is wrong with the disk is no secret of ours; any other fault of the server stays in its log.
    if isinstance(error, BulkwarkError) and (status != 500 or isinstance(error, Unavailable)):
        body["causes"] = [_message(error.sentence(), accept_language)]
    return _json(status, body)


_CODES = {
    "400.1.404": "400.1.404 Referenced object not found",
    "400.1.409": "400.1.409 Reference conflict",
    "400.1.4": "400.1.4 Limit violation",
}


def _code(error: Exception, code: str) -> str:
    if isinstance(error, QueryError):
        return code
    given = getattr(error, "code", "")
    return _CODES.get(given, given) or code


def _message(text: str, accept_language: str) -> dict[str, str]:
    """All our texts are English; the origin says whether the caller's header chose it."""
    asked = any(part.strip().lower().startswith("en") for part in accept_language.split(","))
    return {"locale": "en-US", "localeOrigin": "REQUEST" if asked else "DEFAULT", "text": text}


def _json(status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> Answer:
    return Answer(status, msgspec.json.encode(body), headers=headers or {})
