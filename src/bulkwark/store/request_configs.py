"""Request configs of entitlements, as documents beside them."""

from __future__ import annotations

import msgspec

from bulkwark.domain.documents import Document
from bulkwark.store.dialect import Session


def get(session: Session, tenant: int, rid: int) -> Document | None:
    text = session.value("request_configs.get", (tenant, rid))
    return None if text is None else msgspec.json.decode(text)


def put(session: Session, tenant: int, rid: int, config: Document) -> None:
    session.run("request_configs.put", (tenant, rid, msgspec.json.encode(config).decode()))


def drop(session: Session, tenant: int, rid: int) -> None:
    session.run("request_configs.drop", (tenant, rid))
