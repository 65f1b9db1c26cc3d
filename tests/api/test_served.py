"""Every operation of the table, at every version it is served at: it works, and it keeps the wrong callers out."""

from __future__ import annotations

import time
from collections.abc import Mapping
from urllib.parse import quote

import pytest

from bulkwark.api.operations import ALIASES, OPERATIONS, Operation, paths
from bulkwark.auth.credentials import LEVELS
from bulkwark.bulk.engine import now_ms
from bulkwark.bulk.retention import DAY_MS
from bulkwark.domain.jobs import Job
from bulkwark.store import jobs, outcomes
from tests.api.forms import CONTENT_TYPE, multipart
from tests.api.served import GOOD, Good, fresh, job
from tests.api.test_bad_input import cause
from tests.house import Client, House, Reply

FORMS = [(operation, version, path) for operation in OPERATIONS for version, path in paths(operation)]
NAMES = [f"{operation.id} {version or 'unversioned'}" for operation, version, _ in FORMS]
LISTS = {"accept": "application/json"}  # a stream of events would not end
UNKNOWN = "dddddddddddddddddddddddddddddddd"


def call(
    client: Client,
    operation: Operation,
    path: str,
    good: Good,
    sent: Mapping[str, str] | None = None,
    **other: str,
) -> Reply:
    params = {name: quote(value, safe="") for name, value in (good.params | other).items()}
    target = path.format(**params) + (f"?{good.query}" if good.query else "")
    patch = operation.body == "patch" and good.body is not None
    headers = LISTS | ({"content-type": "application/json-patch+json"} if patch else {})
    headers |= sent or {}
    if operation.experimental:
        headers["x-sailpoint-experimental"] = "true"
    if good.parts:
        headers["content-type"] = CONTENT_TYPE
    headers |= good.headers
    return client(
        operation.method, target, good.body, content=multipart(good.parts) if good.parts else None, headers=headers
    )


def test_every_operation_has_a_good_request() -> None:
    assert {operation.id for operation in OPERATIONS} == set(GOOD)
    assert len({operation.id for operation in OPERATIONS}) == len(OPERATIONS)


@pytest.mark.parametrize(("operation", "version", "path"), FORMS, ids=NAMES)
def test_an_operation_answers_with_its_documented_success(
    module_house: House, operation: Operation, version: str, path: str
) -> None:
    good = GOOD[operation.id](module_house)

    reply = call(module_house.admin, operation, path, good)

    assert reply.status == operation.success, reply.body[:500]
    assert reply.body or operation.method != "GET"
    if operation.method == "HEAD":
        assert not reply.body
        assert reply.total >= 0
    elif reply.body:
        assert reply.headers["content-type"] == operation.answers
        assert operation.answers != "application/json" or reply.json() is not None
    else:
        assert "content-type" not in reply.headers
        assert reply.status in (202, 204) or operation.method == "DELETE"


@pytest.mark.parametrize(("operation", "version", "path"), FORMS, ids=NAMES)
def test_an_operation_keeps_the_wrong_callers_out(
    module_house: House, operation: Operation, version: str, path: str
) -> None:
    good = GOOD[operation.id](module_house)
    all_jobs_done(module_house)
    before = module_house.digest()

    stranger = call(module_house.nobody, operation, path, good)
    scopeless = call(module_house.as_("ORG_ADMIN", scopes=["idn:nothing:read"]), operation, path, good)

    assert (stranger.status, scopeless.status) == (401, 403)
    if operation.method != "HEAD":
        assert cause(stranger, None).startswith("JWT validation failed")
        assert cause(scopeless, None).startswith("the token lacks the scope (one of ")
    if operation.levels:
        others = [level for level in LEVELS if level not in operation.levels]
        low = call(module_house.as_(*others[:1]), operation, path, good)
        assert low.status == 403
        if operation.method != "HEAD":
            assert cause(low, None) == f"the user lacks the level (one of {', '.join(operation.levels)})"
    assert module_house.digest() == before


@pytest.mark.parametrize(
    ("operation", "version", "path"),
    [form for form in FORMS if "{" in form[2]],
    ids=[name for name, form in zip(NAMES, FORMS, strict=True) if "{" in form[2]],
)
def test_what_the_path_names_and_does_not_exist_is_not_found(
    module_house: House, operation: Operation, version: str, path: str
) -> None:
    good = GOOD[operation.id](module_house)
    for name in good.params:
        if name == "index":
            continue  # one of a few words, so that another one is 400
        reply = call(module_house.admin, operation, path, good, sent=None, **{name: UNKNOWN})

        assert reply.status == 404, (name, reply.body)
        assert UNKNOWN in cause(reply, None)


@pytest.mark.parametrize("operation", OPERATIONS, ids=[operation.id for operation in OPERATIONS])
def test_an_application_may_call_only_where_it_is_documented(module_house: House, operation: Operation) -> None:
    good = GOOD[operation.id](module_house)
    path = next(paths(operation))[1]

    reply = call(module_house.application(), operation, path, good)

    assert reply.status == (operation.success if operation.application else 403), reply.body


BULK = [operation for operation in OPERATIONS if operation.bulk or operation.keyed]


@pytest.mark.parametrize("operation", BULK, ids=[operation.id for operation in BULK])
def test_a_bulk_call_with_the_same_key_is_done_once(module_house: House, operation: Operation) -> None:
    good = GOOD[operation.id](module_house)
    key = {"idempotency-key": fresh(operation.id)}

    first = call(module_house.admin, operation, next(paths(operation))[1], good, sent=key)
    all_jobs_done(module_house)
    before = module_house.digest()
    again = call(module_house.admin, operation, next(paths(operation))[1], good, sent=key)

    assert first.status == again.status == operation.success, again.body
    assert first.body == again.body
    assert again.headers["idempotency-replayed"] == "true"
    assert module_house.digest() == before


def test_every_bulk_post_takes_a_key() -> None:
    known = {operation.id for operation in BULK}
    words = ("/bulk-", "update-status", "load-entitlements", "aggregate/sources", "reset/sources")
    assert {o.id for o in OPERATIONS if o.method == "POST" and any(word in o.path for word in words)} <= known


@pytest.mark.parametrize("scope", sorted({scope for operation in OPERATIONS for scope in operation.scopes}))
def test_each_scope_opens_exactly_the_operations_that_name_it(module_house: House, scope: str) -> None:
    caller = module_house.as_("ORG_ADMIN", scopes=[scope])

    for operation in OPERATIONS:
        path = next(paths(operation))[1]
        reply = caller(operation.method, path.replace("{", "no-").replace("}", "") + "?owner-id=me", {}, headers=LISTS)
        assert (reply.status != 403) == (scope in operation.scopes), (operation.id, reply.body)


def test_the_status_of_a_job_is_given_under_its_id_too(module_house: House) -> None:
    id = job(module_house)
    for alias in ALIASES:
        for _, path in paths(alias):
            assert call(module_house.admin, alias, path, Good({"id": id})).ok(202)["id"] == id


def test_an_operation_is_not_found_at_versions_without_it(module_house: House) -> None:
    for operation in OPERATIONS:
        missing = {"v3", "beta", "v2024", "v2025", "v2026"} - set(operation.versions)
        for version in missing if not operation.path.startswith("/bulkwark") else ():
            reply = call(module_house.admin, operation, f"/{version}{operation.path}", GOOD[operation.id](module_house))
            assert reply.status == 404
            assert operation.method == "HEAD" or "it is in " in cause(reply, None)


def all_jobs_done(house: House) -> None:
    """Jobs, previews and uploads that good requests have started would move the digest, and so would what is swept."""
    until, quiet = time.monotonic() + 60, 0
    seen = house.digest()
    while quiet < 3:
        assert time.monotonic() < until
        time.sleep(0.01)
        now = house.digest()
        busy = now != seen or _sweeps(house) or any(not one.hold for one in _unfinished(house))
        seen, quiet = now, 0 if busy else quiet + 1


def _sweeps(house: House) -> bool:
    """Whether something old waits to be deleted, or a file is still read."""
    session, now = house.store.read(), now_ms()
    unread = next(iter(session.execute("SELECT count(*) FROM ne_upload WHERE state <> 'ENDED'")))[0]
    return bool(unread) or outcomes.old(session, now - 90 * DAY_MS, now - DAY_MS) is not None


def _unfinished(house: House) -> list[Job]:
    session = house.store.read()
    return [jobs.by_number(session, tenant, number) for tenant, number in jobs.all_unfinished(session)]
