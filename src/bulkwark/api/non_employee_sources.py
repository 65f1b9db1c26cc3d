"""Non-employee sources: list, create, get, patch, delete."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Literal

import msgspec

from bulkwark.api import answers, collections, non_employee_rights, patches, references
from bulkwark.api.answers import Answer
from bulkwark.api.calls import Call
from bulkwark.api.references import Wanted
from bulkwark.bulk import non_employees
from bulkwark.domain import sources
from bulkwark.domain.documents import Document
from bulkwark.domain.jobs import FINISHED
from bulkwark.domain.kinds import Kind, new_id, plain_id
from bulkwark.domain.role_parts import Reference
from bulkwark.domain.sources import SourceBody
from bulkwark.domain.times import iso_ms
from bulkwark.errors import Forbidden, Invalid
from bulkwark.query.analysis import fold
from bulkwark.store import events, jobs, non_employee_records, non_employee_requests, non_employee_sources, uploads
from bulkwark.store.dialect import Session
from bulkwark.store.events import Event
from bulkwark.store.non_employee_sources import Source
from bulkwark.store.objects import New
from bulkwark.store.references import rename

OBJECT = "NON_EMPLOYEE_SOURCE"
SORTERS = ("name", "created", "sourceId")
PATCHABLE = ("/name", "/description", "/approvers", "/approvers/*", "/accountManagers", "/accountManagers/*")


class Someone(msgspec.Struct):
    """NonEmployeeIdnUserRequest."""

    id: str
    type: Literal["IDENTITY"] | None = None


class SourceRequest(msgspec.Struct):
    """NonEmployeeSourceRequestBody."""

    name: str
    description: str
    owner: Someone
    managementWorkgroup: str | None = None
    approvers: list[Someone] | None = None
    accountManagers: list[Someone] | None = None


class Patched(msgspec.Struct):
    """What a patch may change; people by their ids, as in the official example, or as in the answers."""

    name: str
    description: str | None = None
    approvers: list[str | Someone] | None = None
    accountManagers: list[str | Someone] | None = None


# --- reading -------------------------------------------------------------------------------------------


def list_sources(call: Call) -> Answer:
    """GET /non-employee-sources: of an identity those that it owns or is account manager of."""
    paging, counted = collections.paging(call, SORTERS), call.flag("non-employee-count")
    session = call.read()
    reached = non_employee_rights.reach(call, session)
    found = list(reached.sources)
    asked = call.query.get("requested-for", "")
    if asked:
        someone = non_employee_rights.requested_for(call, session, asked, everything=reached.everything)
        found = [source for source in found if source.led_by(someone)]
    for path, descending in reversed(paging.order):
        found.sort(key=partial(_key, path), reverse=descending)
    page = found[paging.offset : paging.offset + paging.limit]
    shown = [_counted(call, session, one) if counted else _listed(call, one) for one in page]
    return answers.ok(shown, 200, paging.headers(len(found)))


def _key(path: str, source: Source) -> str | int:
    keys: dict[str, str | int] = {"name": fold(source.name), "created": source.created, "sourceId": source.source_id}
    return keys[path]


def _listed(call: Call, source: Source) -> Document:
    """Without a count: null, as documented, but at beta it is no part of the answer then."""
    return document(source) if call.route.version == "beta" else document(source) | {"nonEmployeeCount": None}


def _counted(call: Call, session: Session, source: Source) -> Document:
    count = non_employee_records.count(session, call.tenant.number, source.number)
    return document(source) | {"nonEmployeeCount": count}


def get(call: Call) -> Answer:
    """GET /non-employee-sources/{sourceId}."""
    session = call.read()
    reached = non_employee_rights.reach(call, session)
    return answers.ok(document(non_employee_rights.need_source(call, reached, call.params["sourceId"])))


def document(source: Source) -> Document:
    """NonEmployeeSource."""
    return {
        **non_employee_rights.lite(source),
        "approvers": [{"type": "IDENTITY", "id": id} for id in source.approvers],
        "accountManagers": [{"type": "IDENTITY", "id": id} for id in source.managers],
        "modified": iso_ms(source.modified),
        "created": iso_ms(source.created),
    }


# --- writing -------------------------------------------------------------------------------------------


def create(call: Call) -> Answer:
    """POST /non-employee-sources: with it the SOURCE object that it stands on, and its 8 schema attributes."""
    given = call.json(SourceRequest)
    body = SourceBody(
        name=given.name,
        owner=Reference(id=given.owner.id),
        connector="non-employee",
        description=given.description,
        type="Non-Employee",
        connectorName="Non-Employee",
        connectionType="file",
        authoritative=True,
    )
    sources.require_valid(body)
    if not call.actor.application and call.actor.levels.isdisjoint({"ORG_ADMIN", "SOURCE_ADMIN"}):
        _require_own(call, given)
    people = {"approvers": given.approvers or [], "accountManagers": given.accountManagers or []}
    with call.services.store.write() as session:
        names = references.names(call.tenant, session, [Wanted(Kind.IDENTITY, "/owner", [body.owner], single=True)])
        found = {member: _people(call, session, member, ids) for member, ids in people.items()}
        references.require_free_name(call.tenant, session, Kind.SOURCE, body.name)
        whole = sources.document(body, new_id(), iso_ms(call.now), names)
        (rid,) = call.tenant.objects.add(session, Kind.SOURCE, [New(whole, call.now)])
        made = non_employee_sources.add(
            session,
            call.tenant.number,
            rid,
            approvers=found["approvers"],
            managers=found["accountManagers"],
            workgroup=given.managementWorkgroup,
            now=call.now,
        )
        _tell(call, session, "CREATE", made)
        return answers.ok(document(made) | {"cloudExternalId": str(made.number)})


def _require_own(call: Call, given: SourceRequest) -> None:
    if plain_id(given.owner.id) != call.actor.identity_id:
        raise Forbidden("a SOURCE_SUBADMIN creates sources that he owns himself", where="/owner/id")


def _people(call: Call, session: Session, member: str, given: Sequence[str | Someone]) -> list[str]:
    """The ids of existing identities, each named once, within the limit. Raises Invalid."""
    limits = call.services.non_employees
    most = limits.approvers if member == "approvers" else limits.account_managers
    if len(given) > most:
        raise Invalid(f"{len(given)} are named", where=f"/{member}", hint=f"at most {most}", code="400.1.4")
    found = [Reference(id=one if isinstance(one, str) else one.id) for one in given]
    references.names(call.tenant, session, [Wanted(Kind.IDENTITY, f"/{member}", found)])
    ids = [plain_id(one.id) for one in found]
    for position, id in enumerate(ids):
        if id in ids[:position]:
            raise Invalid(f"the identity {id!r} is named twice", where=f"/{member}/{position}/id")
    return ids


def patch(call: Call) -> Answer:
    """PATCH /non-employee-sources/{sourceId}: name, description, approvers, account managers."""
    operations = call.json(list[dict[str, Any]])
    patches.require_valid(operations, PATCHABLE)
    with call.services.store.write() as session:
        source = non_employee_rights.need_owned(call, session, call.params["sourceId"])
        before = document(source)
        after = patches.convert(patches.apply(before, operations, PATCHABLE), Patched, operations)
        approvers = _people(call, session, "approvers", after.approvers or [])
        managers = _people(call, session, "accountManagers", after.accountManagers or [])
        renamed = after.name != source.name
        if not after.name.strip():
            raise Invalid("it is blank", where="/name")
        if fold(after.name) != fold(source.name):
            references.require_free_name(call.tenant, session, Kind.SOURCE, after.name)
        same = [list(source.approvers), list(source.managers), source.description]
        if renamed or same != [approvers, managers, after.description or ""]:
            stored = call.tenant.objects.by_rid(session, source.rid)
            assert stored is not None
            whole = stored.document() | {"name": after.name, "description": after.description or ""}
            call.tenant.objects.change(session, stored, whole, modified=max(call.now, stored.modified))
            if renamed:
                rename(call.tenant, session, stored, after.name)
            non_employee_sources.change(session, call.tenant.number, source, approvers, managers, call.now)
            changed = non_employee_sources.by_number(session, call.tenant.number, source.number)
            assert changed is not None
            source = changed
            _tell(call, session, "UPDATE", source)
        return answers.ok(document(source))


def delete(call: Call) -> Answer:
    """DELETE /non-employee-sources/{sourceId}: its records go first, in pieces, so that others may write meanwhile."""
    store, tenant = call.services.store, call.tenant
    session = store.read()
    source = non_employee_rights.need_owned(call, session, call.params["sourceId"])
    stored = tenant.objects.by_rid(session, source.rid)
    assert stored is not None
    references.require_empty(tenant, session, stored)
    _require_quiet(session, tenant.number, source)
    while True:
        non_employees.empty(store, tenant, source, call.services.clock)
        with store.write() as session:
            if non_employee_records.some(session, tenant.number, source.number, 1):
                continue  # somebody has made one meanwhile
            stored = tenant.objects.by_rid(session, source.rid)
            if stored is not None:
                references.require_empty(tenant, session, stored)
                non_employee_requests.drop_of_source(session, tenant.number, source.number)
                non_employee_sources.drop(session, tenant.number, source)
                tenant.objects.delete(session, stored)
                _tell(call, session, "DELETE", source)
            return answers.empty(204)


def _require_quiet(session: Session, tenant: int, source: Source) -> None:
    """Raise Invalid while an upload to the source goes on: it would make what is being deleted."""
    for upload in uploads.unfinished(session):
        if (upload.tenant, upload.source) == (tenant, source.number):
            job = jobs.get(session, tenant, upload.id)
            if job is not None and job.status not in FINISHED:  # its files may be there for a moment more
                raise Invalid("an upload to it has not ended", hint=f"wait, or cancel the job {upload.id}")


def _tell(call: Call, session: Session, operation: str, source: Source) -> None:
    told = Event(
        non_employees.TYPE,
        OBJECT,
        operation,
        source.name,
        call.actor.user_name or call.actor.client_id,
        attributes={"sourceId": source.source_id, "sourceName": source.name},
    )
    events.append(session, call.tenant, [told], call.now)
