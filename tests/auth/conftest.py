from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bulkwark.auth.credentials import Made, create_token
from bulkwark.auth.tokens import Tokens
from bulkwark.store.tenants import Store, Tenant, open_store
from tests.auth.issuing import START, Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def tenant(store: Store) -> Tenant:
    return store.need_tenant("default")


@pytest.fixture
def tokens(store: Store, clock: Clock) -> Tokens:
    return Tokens(store, clock=clock, steady=clock)


@pytest.fixture
def made(store: Store, tenant: Tenant) -> Made:
    return create_token(store, tenant, name="first", levels=["ORG_ADMIN"], scopes=["a:b", "c:d"], now=int(START * 1000))
