"""JSON Patches on entitlements as jobs: done at once by the official call, recorded item by item, undone by the engine.

An item's before and after are the members of the document that differ, as a JSON object; a member that one of them
lacks was not there.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from bulkwark.bulk.freezing import Counts, Operation
from bulkwark.domain import entitlements, reasons
from bulkwark.domain.documents import Document
from bulkwark.domain.jobs import Job, Outcome, Relation
from bulkwark.domain.kinds import Kind
from bulkwark.store import jobs, outcomes
from bulkwark.store.changes import change_many, rename_references
from bulkwark.store.dialect import Session
from bulkwark.store.objects import Stored
from bulkwark.store.outcomes import NewItem
from bulkwark.store.tenants import Tenant

NAME = "entitlement-patch"
TYPE = Kind.ENTITLEMENT.name

Change = tuple[Stored, Document, Document]  # the object, its document before and after; equal when nothing changes


def items(changes: Sequence[Change]) -> list[NewItem]:
    """What a patch has done, or would do, to each entitlement."""
    return [_item(stored.rid, *_differing(before, after)) for stored, before, after in changes]


def carry_out(session: Session, tenant: Tenant, changes: Sequence[Change], now: int) -> None:
    """Write the documents that differ, and the new names wherever they are repeated. `now` in ms."""
    changed = [(stored, after) for stored, before, after in changes if after != before]
    renamed = {
        stored.rid: (after["id"], after["name"]) for stored, before, after in changes if after["name"] != before["name"]
    }
    if changed:
        change_many(session, tenant.objects, Kind.ENTITLEMENT, changed, now)
    if renamed:
        rename_references(session, tenant.objects, Kind.ENTITLEMENT, renamed)


class PatchOperation(Operation):
    """Plugs into the engine (`bulk/engine.py`); what it runs are undos and previews, of 50 at most."""

    def freeze(self, session: Session, tenant: Tenant, job: Job) -> None:
        raise NotImplementedError("a patch is done by the call that brings it; only jobs made of it are run")

    def record(self, session: Session, tenant: Tenant, job: Job, last: int, now: int) -> Counts:
        found = outcomes.of_origin(session, job, last)
        stored = {one.rid: one for one in tenant.objects.by_rids(session, [item.rid for item in found])}
        back = job.relation is Relation.UNDO
        recorded = []
        for item in found:
            current = stored.get(item.rid)
            if current is None:
                recorded.append(NewItem(item.rid, Outcome.SKIPPED, reasons.DELETED))
                continue
            before, after = _decoded(item.before), _decoded(item.after)
            expected, wanted = (after, before) if back else (before, after)
            document = entitlements.complete(current.document())
            if not back and item.outcome is not Outcome.CHANGED:
                recorded.append(NewItem(item.rid, item.outcome, item.reason, item.before))
            elif _holds(document, wanted, expected):
                recorded.append(NewItem(item.rid, Outcome.UNCHANGED, None, _encoded(wanted)))
            elif not _holds(document, expected, wanted) and not job.options.force:
                reason = reasons.SINCE if back else reasons.PREVIEW
                recorded.append(
                    NewItem(item.rid, Outcome.CONFLICTED, reason, _encoded(_part(document, expected, wanted)))
                )
            else:
                had = _part(document, expected, wanted)
                recorded.append(NewItem(item.rid, Outcome.CHANGED, None, _encoded(had), _encoded(wanted)))
        outcomes.add(session, job, recorded)
        return jobs.outcomes(session, job, last)

    def effect(self, session: Session, tenant: Tenant, job: Job, last: int, now: int) -> None:
        found = {item.rid: item for item in outcomes.changed(session, job, last)}
        changes: list[Change] = []
        for stored in tenant.objects.by_rids(session, list(found)):
            before, wanted = _decoded(found[stored.rid].before), _decoded(found[stored.rid].after)
            document = entitlements.complete(stored.document())
            after = {name: value for name, value in document.items() if name not in before or name in wanted} | wanted
            changes.append((stored, document, after))
        carry_out(session, tenant, changes, now)


def _item(rid: int, before: Document, after: Document) -> NewItem:
    if before == after:
        return NewItem(rid, Outcome.UNCHANGED, None, "{}")
    return NewItem(rid, Outcome.CHANGED, None, _encoded(before), _encoded(after))


def _differing(before: Document, after: Document) -> tuple[Document, Document]:
    names = [name for name, value in after.items() if before.get(name) != value]
    names.extend(name for name, value in before.items() if value is not None and name not in after)
    had = {name: before[name] for name in names if name in before}
    return had, {name: after[name] for name in names if name in after}


def _part(document: Document, *members: Document) -> Document:
    names = {name for some in members for name in some}
    return {name: value for name, value in document.items() if name in names}


def _holds(document: Document, wanted: Document, other: Document) -> bool:
    """Whether the document has these members as they are wanted, and none that only the other side has."""
    return _part(document, wanted, other) == wanted


def _encoded(members: Document) -> str:
    return msgspec.json.encode(members, order="deterministic").decode()


def _decoded(text: str | None) -> Document:
    found: Document = msgspec.json.decode(text or "{}")
    return found
