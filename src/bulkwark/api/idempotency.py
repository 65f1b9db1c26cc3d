"""Idempotency-Key on bulk calls: the same key and request get the same answer, and nothing is done twice.

Source: draft-ietf-httpapi-idempotency-key-header. A key belongs to a client id and is remembered for a day. ISC
documents neither 409 nor 422, so a key that was used for another request answers 400.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from bulkwark.api.answers import Answer
from bulkwark.api.calls import Call
from bulkwark.errors import Invalid
from bulkwark.store import idempotency
from bulkwark.store.dialect import Session
from bulkwark.store.idempotency import Remembered

HEADER = "idempotency-key"
OURS = "x-bulkwark-"
WHERE = "header Idempotency-Key"
LONGEST = 255


class Replayed(Exception):
    """Another request with the same key was faster: its answer is the answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__("replayed")
        self.answer = answer


def once(call: Call, handler: Callable[[Call], Answer]) -> Answer:
    """The handler's answer, or the one that was given to this key before. Raises Invalid."""
    key = _key(call.headers[HEADER])
    call.fingerprint = fingerprint(call)  # before a file of it is read and closed
    found = idempotency.get(call.read(), call.tenant.number, call.actor.client_id, key)
    if found is not None:
        return _replay(call, found)
    try:
        return handler(call)
    except Replayed as replayed:
        return replayed.answer


def claim(call: Call, session: Session, answer: Answer) -> Answer:
    """Remember the answer under the call's key, in the transaction of what it tells; answers it. Nothing without a key.

    Raises Replayed or Invalid when another request has taken the key meanwhile; the transaction then ends.
    """
    operation = call.route.operation
    if HEADER not in call.headers or not (operation.bulk or operation.keyed):
        return answer
    key = _key(call.headers[HEADER])
    remembered = Remembered(call.fingerprint, answer.status, answer.headers, answer.body)
    if not idempotency.put(session, call.tenant.number, call.actor.client_id, key, remembered, call.now):
        found = idempotency.get(session, call.tenant.number, call.actor.client_id, key)
        if found is None:
            raise RuntimeError("a key is neither free nor taken")
        raise Replayed(_replay(call, found))
    return answer


def fingerprint(call: Call) -> str:
    """What makes two requests the same: operation, version, path, query, our own headers and body; hex."""
    made = hashlib.sha256()
    parts = [
        call.route.operation.id,
        call.route.version,
        *(f"{name}={value}" for name, value in sorted(call.params.items())),
    ]
    parts.extend(f"{name}={value}" for name, value in sorted(call.query.items()))
    # A preview is no answer to a run, nor a run to a preview.
    parts.extend(f"{name}: {value}" for name, value in sorted(call.headers.items()) if name.startswith(OURS))
    for part in parts:
        made.update(part.encode() + b"\0")
    made.update(call.body)
    if call.upload is not None:
        made.update(call.upload.fingerprint())
    return made.hexdigest()


def _replay(call: Call, found: Remembered) -> Answer:
    if found.fingerprint != call.fingerprint:
        raise Invalid("the key was used for another request", where=WHERE, hint="a new request needs a new key")
    return Answer(found.status, found.body, headers={**found.headers, "Idempotency-Replayed": "true"})


def _key(text: str) -> str:
    """The key of the header: a quoted string (RFC 8941), or the same without quotes."""
    key = text.strip()
    if len(key) > 1 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not key or len(key) > LONGEST or not key.isascii() or not key.isprintable():
        raise Invalid("the key is empty, too long or not printable", where=WHERE, hint=f"1 to {LONGEST} characters")
    return key
