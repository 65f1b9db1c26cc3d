"""Jobs, their items and events as our own API shows them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from bulkwark.api.calls import Call
from bulkwark.bulk import common_access, entitlement_patches, progress, upload_specs
from bulkwark.bulk import metadata as metadata_jobs
from bulkwark.bulk.metadata import Spec
from bulkwark.domain import metadata, reasons
from bulkwark.domain.jobs import Job, Outcome
from bulkwark.domain.kinds import Kind
from bulkwark.domain.metadata import Catalogue
from bulkwark.domain.tasks import RECORDED, called
from bulkwark.domain.times import iso_ms, iso_us
from bulkwark.store import jobs, tasks
from bulkwark.store.dialect import Session
from bulkwark.store.job_events import Event
from bulkwark.store.outcomes import Item

Show = Callable[[str | None], Any]


def job(session: Session, job: Job) -> dict[str, Any]:
    """A job under /bulkwark/v1."""
    origin = None if job.origin is None else jobs.by_number(session, job.tenant, job.origin)
    return {
        "id": job.id,
        "type": job.type,
        "operation": job.operation,
        "does": does(session, job),
        "status": job.status,
        "state": job.state,
        "heldFor": job.held_for,
        "error": job.error,
        "created": iso_us(job.created),
        "started": moment(job.started),
        "finished": moment(job.finished),
        "submitter": job.submitter,
        "client": job.client,
        "confirmer": job.confirmer,
        "relation": job.relation,
        "origin": None if origin is None else origin.id,
        "options": options(job),
        "itemsPurged": moment(job.purged),
        "total": job.total,
        "done": job.done,
        "hidden": job.hidden,
        **counts(job),
    }


def counts(job: Job) -> dict[str, int]:
    """How many items have each outcome."""
    return {outcome.name.lower(): getattr(job, outcome.name.lower()) for outcome in Outcome}


def options(job: Job) -> dict[str, Any]:
    """How a job runs."""
    found = job.options
    return {
        "note": found.note,
        "ticket": found.ticket,
        "priority": found.priority,
        "speed": found.speed,
        "stopAfter": found.stop_after,
        "stopPercent": found.stop_percent,
        "guard": found.guard,
    }


def pace(session: Session, job: Job, now: int) -> dict[str, Any]:
    """How far a job is and when it will be done; `now` in ms."""
    found = progress.of(session, job, now)
    return {
        "percent": found.percent,
        "itemsPerSecond": found.rate,
        "eta": None
        if found.likely is None
        else {
            "earliest": moment(found.earliest),
            "likely": moment(found.likely),
            "latest": moment(found.latest),
        },
    }


def live(session: Session, job: Job, now: int) -> dict[str, Any]:
    """What moves while a job runs; `now` in ms."""
    return {
        "status": job.status,
        "state": job.state,
        "heldFor": job.held_for,
        "error": job.error,
        "total": job.total,
        "done": job.done,
        **counts(job),
        **pace(session, job, now),
        "now": moment(now),
    }


def does(session: Session, job: Job) -> str:
    """What a job does to each object, in words: `ADD classification = confidential`."""
    if job.relation is not None and job.origin is not None:
        origin = jobs.by_number(session, job.tenant, job.origin)
        return f"{job.relation} of {origin.id}: {does(session, origin)}"
    if job.operation == entitlement_patches.NAME:
        paths = dict.fromkeys(one.get("path", "") for one in msgspec.json.decode(job.spec))
        return f"PATCH {', '.join(paths)} of entitlements"
    if job.operation == RECORDED:
        found = tasks.get(session, job.tenant, job.id, 0)
        return (found and found.name) or RECORDED
    if job.operation != metadata_jobs.NAME:
        return called(job.operation, job.type)
    spec = msgspec.json.decode(job.spec, type=Spec)
    parts = [f"{key} = {', '.join(values)}" if values else f"all of {key}" for key, values in spec.values]
    scope = f" ({spec.scope})" if spec.operation == "REPLACE" else ""
    return f"{spec.operation}{scope} {'; '.join(parts) or 'nothing'} on {Kind(spec.kind).noun}s"


# --- items ---------------------------------------------------------------------------------------------


def items(call: Call, session: Session, job: Job, found: Iterable[Item]) -> list[dict[str, Any]]:
    """Items of a job: `reason` is a code, `message` a sentence, `hint` what would mend it."""
    show = shower(call, session, job)
    return [item(show, one) for one in found]


def shower(call: Call, session: Session, job: Job) -> Show:
    """How the texts before and after of a job's items are shown."""
    if job.operation == common_access.NAME:
        return review
    if job.operation in (entitlement_patches.NAME, upload_specs.NAME):
        return lambda text: None if text is None else msgspec.json.decode(text)
    catalogue = call.tenant.metadata.catalogue(session)
    known: dict[str | None, dict[str, list[str]] | None] = {}  # many items have the same few texts

    def show(md: str | None) -> dict[str, list[str]] | None:
        if md not in known:
            known[md] = values(catalogue, md)
        return known[md]

    return show


def item(show: Show, found: Item) -> dict[str, Any]:
    """One item of a job."""
    reason = reasons.read(found.reason)
    return {
        "item": str(found.rid),
        "id": found.id,
        "name": found.name,
        "outcome": found.outcome.name.lower(),
        "reason": reason and reason.code,
        "message": reason and reason.message,
        "hint": reason and reason.hint,
        "before": show(found.before),
        "after": show(found.before if found.after is None else found.after),
    }


def values(catalogue: Catalogue, md: str | None) -> dict[str, list[str]] | None:
    """Metadata as stored, in words: attribute key → values."""
    if md is None:
        return None
    found: dict[str, list[str]] = {}
    for pair in metadata.parse(md):
        key, value = catalogue.words(pair)
        found.setdefault(key, []).append(value)
    return found


def review(state: str | None) -> dict[str, Any] | None:
    """The state of an item of common access as stored, in words."""
    if state is None:
        return None
    status, reviewed, last = state.split(",")
    return {
        "status": status.upper(),
        "reviewedByUser": reviewed == "1",
        "lastReviewed": iso_ms(int(last)) if last else None,
    }


# --- events --------------------------------------------------------------------------------------------


def event(found: Event) -> dict[str, Any]:
    """What happened to a job."""
    more = {name: value for name, value in detail(found).items() if name != "sample"}  # a preview shows it itself
    return {"seq": found.seq, "job": found.job, "at": iso_ms(found.at), "event": found.kind, **more}


def detail(found: Event) -> dict[str, Any]:
    decoded: dict[str, Any] = msgspec.json.decode(found.detail)
    return decoded


def moment(ms: int | None) -> str | None:
    return None if ms is None else iso_ms(ms)
