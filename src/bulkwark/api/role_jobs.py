"""The main job: metadata on many roles, by ids, filter or query; and the state of such jobs."""

from __future__ import annotations

import time
from difflib import get_close_matches
from typing import Any
from uuid import uuid4

import msgspec

from bulkwark.api import answers
from bulkwark.api.answers import Answer
from bulkwark.api.calls import Call, require_object
from bulkwark.api.role_rights import own_only, require_roles
from bulkwark.bulk import metadata as metadata_jobs
from bulkwark.bulk import selection
from bulkwark.bulk.metadata import Spec
from bulkwark.bulk.selection import Selector
from bulkwark.domain.jobs import Job, official, official_in_list
from bulkwark.domain.kinds import Kind, plain_id, uuid_id
from bulkwark.domain.metadata import Operation, Scope
from bulkwark.domain.times import iso_us
from bulkwark.errors import Invalid, NotFound
from bulkwark.store import jobs
from bulkwark.store.jobs import NewJob

TYPE = "ROLE"
KEYS = ("attribute", "attributeKey", "key")
MEMBERS = frozenset({"roles", "filters", "query", "operation", "replaceScope", "values"})
VALUES = ("values", "attributeValue", "value")


def by_ids(call: Call) -> Answer:
    """POST …/bulk-update/ids: up to 3,000 roles, all of which must exist."""
    body = call.strict_object()
    given = _member(body, "roles")
    if not isinstance(given, list) or not all(isinstance(id, str) for id in given):
        raise Invalid("a list of role ids is expected", where="/roles")
    if not given:
        raise Invalid("no role is named", where="/roles", hint="an empty selection changes nothing and is refused")
    if len(given) > selection.MAX_IDS:
        raise Invalid(
            f"the roles count {len(given)} exceeded max limit of {selection.MAX_IDS} for bulk update", where="/roles"
        )
    spec = _spec(call, body)
    ids = list(dict.fromkeys(plain_id(id) for id in given))
    require_roles(call, call.read(), ids, "/roles")
    return _submit(call, spec, Selector("ids", call.now, Kind.ROLE, ids=ids))


def by_filter(call: Call) -> Answer:
    """POST …/bulk-update/filter: every role that the standard filter selects."""
    body = call.strict_object()
    text = _member(body, "filters")
    if not isinstance(text, str):
        raise Invalid("a filter is a string", where="/filters")
    spec = _spec(call, body)
    selector = Selector("filter", call.now, Kind.ROLE, filters=text, owner=own_only(call.actor))
    return _submit(call, spec, selector)


def by_query(call: Call) -> Answer:
    """POST …/bulk-update/query: every role that the search query selects."""
    body = call.strict_object()
    queries = selection.require_search(_member(body, "query"))
    spec = _spec(call, body)
    selector = Selector("query", call.now, Kind.ROLE, queries=queries, owner=own_only(call.actor))
    return _submit(call, spec, selector)


def _submit(call: Call, spec: Spec, selector: Selector) -> Answer:
    if selector.by != "ids":
        # Compiled once here, so that what cannot be understood is refused before anything is stored.
        call.tenant.select(call.read(), selection.resolve(selector))
    job = call.services.engine.submit(
        call.tenant,
        NewJob(
            id=str(uuid4()),
            type=TYPE,
            operation=metadata_jobs.NAME,
            spec=msgspec.json.encode(spec).decode(),
            selector=msgspec.json.encode(selector).decode(),
            client=call.actor.client_id,
            submitter=call.actor.identity_id,
            created=time.time_ns() // 1000,
        ),
    )
    return answers.ok({"id": job.id, "type": job.type, "status": "CREATED", "created": iso_us(job.created)}, 202)


# --- the body ------------------------------------------------------------------------------------------


def _member(body: dict[str, Any], name: str) -> Any:
    if name not in body:
        raise Invalid(f"{name} is missing", where=f"/{name}")
    return body[name]


def _spec(call: Call, body: dict[str, Any]) -> Spec:
    """Operation, scope and values, in all documented spellings, checked against the catalogue.

    A member that is not known is refused: a misspelt `replaceScope` would change what a REPLACE does.
    """
    unknown = sorted(set(body) - MEMBERS)
    if unknown:
        hint = get_close_matches(unknown[0], MEMBERS, n=1)
        raise Invalid(
            f"{unknown[0]!r} is no member of a bulk update",
            where=f"/{unknown[0]}",
            hint=f"did you mean {hint[0]!r}?" if hint else "",
        )
    operation = _word(body, "operation", Operation)
    if operation is None:
        raise Invalid("operation is missing", where="/operation", hint="ADD, REMOVE or REPLACE")
    scope = _word(body, "replaceScope", Scope) or Scope.ATTRIBUTE
    given = _member(body, "values")
    if not isinstance(given, list):
        raise Invalid("a list is expected", where="/values")
    values = [_value(item, f"/values/{position}") for position, item in enumerate(given)]
    spec = Spec(Operation(operation), Scope(scope), values, Kind.ROLE)
    metadata_jobs.change(call.read(), call.tenant, spec)
    return spec


def _word(body: dict[str, Any], name: str, words: type[Operation] | type[Scope]) -> str | None:
    if name not in body:
        return None
    given = body[name]
    if not isinstance(given, str) or given.upper() not in list(words):
        raise Invalid(f"{given!r} is no {name}", where=f"/{name}", hint=", ".join(words))
    return given.upper()


def _value(item: Any, where: str) -> tuple[str, list[str] | None]:
    """One of `values`: the attribute under any of its three names, the values under any of theirs."""
    item = require_object(item, where)
    unknown = sorted(set(item) - {*KEYS, *VALUES})
    if unknown:
        raise Invalid(f"{unknown[0]!r} is no member of a value", where=f"{where}/{unknown[0]}")
    key = _one_of(item, KEYS, where)
    if not isinstance(key, str) or not key:
        raise Invalid("the attribute's key is missing", where=f"{where}/attribute")
    values = _one_of(item, VALUES, where)
    if isinstance(values, str):
        values = [values]
    if values is not None and not (isinstance(values, list) and all(isinstance(v, str) for v in values)):
        raise Invalid("values are strings", where=f"{where}/values")
    return key, values


def _one_of(item: dict[str, Any], names: tuple[str, ...], where: str) -> Any:
    given = [(name, item[name]) for name in names if item.get(name) is not None]
    if any(value != given[0][1] for _, value in given):
        shown = " and ".join(name for name, _ in given)
        raise Invalid(f"{shown} say different things", where=f"{where}/{given[1][0]}")
    return given[0][1] if given else None


# --- state ---------------------------------------------------------------------------------------------


def unfinished(call: Call) -> Answer:
    """GET …/bulk-update: the tenant's unfinished role jobs, oldest first."""
    found = [job for job in jobs.unfinished(call.read(), call.tenant.number) if job.type == TYPE]
    return answers.ok([_wire(job, official_in_list(job.status)) for job in found])


def status(call: Call) -> Answer:
    """GET …/bulk-update/{id}."""
    return _status(call, call.params["id"])


def status_literal(call: Call) -> Answer:
    """GET …/bulk-update/id, which every SDK calls: `?id=`, or this client's newest job."""
    id = call.query.get("id")
    if id:
        return _status(call, id)
    found = jobs.of_client(call.read(), call.tenant.number, call.actor.client_id, TYPE, 100)
    if not found:
        raise NotFound("this client has submitted no job")
    open_jobs = [job for job in found if job.finished is None]
    if len(open_jobs) > 1:
        raise Invalid(
            f"this client has {len(open_jobs)} unfinished jobs",
            where="path",
            hint="name one: …/bulk-update/{id} or …/bulk-update/id?id={id}",
        )
    return answers.ok(_wire(found[0], official(found[0].status)), 202)


def _status(call: Call, id: str) -> Answer:
    job = jobs.get(call.read(), call.tenant.number, uuid_id(id))
    if job is None or job.type != TYPE:
        raise NotFound(f"there is no job {id}")
    return answers.ok(_wire(job, official(job.status)), 202)


def _wire(job: Job, status: str) -> dict[str, str]:
    return {"id": job.id, "type": job.type, "status": status, "created": iso_us(job.created)}
