"""Whole sources: CSV files of entitlements come in, and all entitlements of a source go."""

from __future__ import annotations

from bulkwark.api import answers, idempotency, references
from bulkwark.api.answers import Answer
from bulkwark.api.calls import Call
from bulkwark.api.entitlement_rights import need_source
from bulkwark.api.source_rights import is_one
from bulkwark.bulk import tasks
from bulkwark.bulk.entitlement_import import Import, Report
from bulkwark.domain import entitlement_rows
from bulkwark.domain.documents import Document
from bulkwark.domain.kinds import Kind
from bulkwark.domain.tasks import Message, Target
from bulkwark.domain.times import iso_ms
from bulkwark.query.ast import Checked
from bulkwark.store import request_configs
from bulkwark.store.dialect import Session

AGGREGATION, RESET = "CLOUD_GROUP_AGGREGATION", "ENTITLEMENT_RESET"  # types of tasks
NAME = "Cloud Group Aggregation"
RESET_NAME = "Entitlement Source Reset"
RETURNS = {"APPLICATIONS": "applications", "TOTAL": "total", "CREATED": "groupsCreated", "UPDATED": "groupsUpdated"}
DELETES = 200  # entitlements that one transaction of a reset takes out


def aggregate(call: Call) -> Answer:
    """POST /entitlements/aggregate/sources/{id}: the file is the part `csvFile`."""
    return _load(call, "csvFile")


def load(call: Call) -> Answer:
    """POST /sources/{id}/load-entitlements: the file is the part `file`."""
    return _load(call, "file")


def _load(call: Call, part: str) -> Answer:
    """Read and apply the file, then answer the task that tells what became of it."""
    assert call.upload is not None
    file = call.upload.need(part)
    rows = entitlement_rows.read(file)
    source = need_source(call, call.read(), call.params["id"])
    report = Import(call.services.store, call.tenant, source, call.now).run(rows)
    with call.services.store.write() as session:
        id = tasks.record(
            session,
            call.tenant,
            name=NAME,
            kind=AGGREGATION,
            submitter=call.actor.identity_id,
            client=call.actor.client_id,
            total=report.total,
            changed=report.created + report.updated,
            failed=len(report.faults),
            messages=_messages(report),
            now=call.now,
            target=_target(source),
        )
        return idempotency.claim(call, session, _started(call, id))


def _started(call: Call, id: str) -> Answer:
    return answers.ok(
        {
            "id": id,
            "type": AGGREGATION,
            "uniqueName": NAME,
            "description": "Aggregate from the specified application",
            "launcher": call.actor.user_name,
            "created": iso_ms(call.now),
            "returns": [
                {"displayLabel": f"TASK_OUT_ACCOUNT_GROUP_AGGREGATION_{label}", "attributeName": attribute}
                for label, attribute in RETURNS.items()
            ],
        },
        202,
    )


def _messages(report: Report) -> list[Message | str]:
    done = f"{report.created} created, {report.updated} updated, {report.unchanged} unchanged"
    count = len(report.faults)
    left = f", {count} line{'' if count == 1 else 's'} left out" if count else ""
    return [Message(done + left, "INFO", "summary"), *(str(fault) for fault in report.faults)]


def _target(source: Document) -> Target:
    return Target(source["id"], "APPLICATION", source.get("name") or "")


def reset(call: Call) -> Answer:
    """POST /entitlements/reset/sources/{id}: refused while a role or access profile holds any of them."""
    session = call.read()
    source = need_source(call, session, call.params["id"])
    wanted = Checked("entitlements", is_one("source.id", source["id"]))
    selection = call.tenant.select(session, wanted)
    rids = sorted(rid for (rid,) in session.execute(selection.text, selection.params))
    _require_unused(call, session, source, rids)
    left: list[str] = []
    for start in range(0, len(rids), DELETES):
        with call.services.store.write() as session:
            left.extend(_delete(call, session, rids[start : start + DELETES]))
    with call.services.store.write() as session:
        id = tasks.record(
            session,
            call.tenant,
            name=RESET_NAME,
            kind=RESET,
            submitter=call.actor.identity_id,
            client=call.actor.client_id,
            total=len(rids),
            changed=len(rids) - len(left),
            failed=len(left),
            messages=left,
            now=call.now,
            target=_target(source),
        )
        return idempotency.claim(call, session, answers.ok({"type": "TASK_RESULT", "id": id, "name": RESET_NAME}, 202))


def _delete(call: Call, session: Session, rids: list[int]) -> list[str]:
    """Take entitlements out; answers why some had to stay: somebody has begun to use them meanwhile."""
    used = references.users(call.tenant, session, Kind.ENTITLEMENT, rids)
    left = []
    for stored in call.tenant.objects.by_rids(session, rids):
        if stored.rid in used:
            document = stored.document()
            left.append(f"the entitlement {document['name']!r} ({document['id']}) is in use")
        else:
            call.tenant.objects.delete(session, stored)
            request_configs.drop(session, call.tenant.number, stored.rid)
    return left


def _require_unused(call: Call, session: Session, source: Document, rids: list[int]) -> None:
    """Raise Invalid naming up to 20 roles and access profiles that hold entitlements of the source."""
    found: list[Document] = []
    for users in references.users(call.tenant, session, Kind.ENTITLEMENT, rids).values():
        found.extend(one for one in users if one not in found[: references.NAMED])
    if found:
        references.refuse(f"entitlements of the source {source['name']!r} are in use", found, len(found))
