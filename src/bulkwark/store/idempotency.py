"""Answers to requests that carried an Idempotency-Key (IETF draft-ietf-httpapi-idempotency-key-header)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from bulkwark.store.dialect import Session


@dataclass(frozen=True, slots=True)
class Remembered:
    """What was asked under a key, and what was answered."""

    fingerprint: str
    status: int
    headers: Mapping[str, str]
    body: bytes


def get(session: Session, tenant: int, client: str, key: str) -> Remembered | None:
    """The answer that a client id was given under a key."""
    row = session.one("idempotency.get", (tenant, client, key))
    return None if row is None else Remembered(row[0], row[1], msgspec.json.decode(row[2]), row[3])


def put(session: Session, tenant: int, client: str, key: str, answer: Remembered, now: int) -> bool:
    """Remember an answer, in the transaction of what it tells. False when the key is taken. `now` in ms."""
    headers = msgspec.json.encode(dict(answer.headers)).decode()
    row = (tenant, client, key, answer.fingerprint, answer.status, headers, answer.body, now)
    return session.run("idempotency.put", row) == 1


def has_old(session: Session, before: int) -> bool:
    return session.value("idempotency.has_old", (before,)) is not None


def drop_old(session: Session, before: int, limit: int) -> None:
    """Forget some answers from before that moment (ms)."""
    session.run("idempotency.drop_old", (before, limit))
