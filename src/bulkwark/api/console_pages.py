"""The pages of the console: each is an answer to the call whose right it needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from bulkwark.api import console_views as views
from bulkwark.api import job_rights, job_shapes, jobs, previews
from bulkwark.api.answers import Answer
from bulkwark.api.calls import Call
from bulkwark.bulk import uploads
from bulkwark.domain.jobs import FINISHED, Job, Mode, Outcome, Relation
from bulkwark.domain.kinds import Kind
from bulkwark.domain.times import iso_ms
from bulkwark.errors import Invalid
from bulkwark.store import job_events, outcomes
from bulkwark.store import jobs as stored
from bulkwark.store.dialect import Session

HTML = "text/html; charset=utf-8"
JOBS_SHOWN, ITEMS_SHOWN, CHUNKS_SHOWN, EVENTS_SHOWN = 25, 50, 120, 100

TITLES: dict[Relation | None, str] = {
    Relation.UNDO: "Undo: ",
    Relation.RERUN: "Once more what failed: ",
    Relation.RUN: "",
}
VERBS: dict[Relation | None, str] = {Relation.UNDO: "Run this undo", Relation.RERUN: "Run what failed once more"}
MADE: dict[Relation | None, str] = {Relation.UNDO: "Undone by", Relation.RERUN: "What failed, once more"}

Page = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks at a page, and the token that its forms carry."""

    name: str
    csrf: str


def html(name: str, status: int = 200, **values: Any) -> Answer:
    return Answer(status, views.render(name, **values), content_type=HTML)


def all_jobs(viewer: Viewer) -> Page:
    """`/`: the jobs that the caller may see, newest first."""

    def page(call: Call) -> Answer:
        session, offset = call.read(), call.number("offset", 0)
        newest = job_events.newest(session, call.tenant.number)  # before the rest: what comes later is told live
        found = stored.newest(
            session,
            call.tenant.number,
            JOBS_SHOWN + 1,
            offset,
            submitter=job_rights.limited_to(call.actor),
            types=job_rights.types(call.actor),
        )
        return html(
            "jobs.html",
            viewer=viewer,
            jobs=[_row(call, session, job) for job in found[:JOBS_SHOWN]],
            stream=f"/console/events?after={newest}",
            newer=f"/?offset={max(0, offset - JOBS_SHOWN)}" if offset else "",
            older=f"/?offset={offset + JOBS_SHOWN}" if len(found) > JOBS_SHOWN else "",
        )

    return page


def one_job(viewer: Viewer) -> Page:
    """`/console/jobs/{id}`."""

    def page(call: Call) -> Answer:
        session = call.read()
        newest = job_events.newest(session, call.tenant.number)
        job = job_rights.need_run(call)
        shown = jobs.shown(call, session, job) | _row(call, session, job)
        return html(
            "job.html",
            viewer=viewer,
            job=shown,
            source=_source(session, job),
            made=_made(session, job),
            can=_can(call, job),
            stream="" if job.status in FINISHED else f"/console/jobs/{job.id}/events?after={newest}",
            **_shared(call, session, job, f"/console/jobs/{job.id}"),
        )

    return page


def one_preview(viewer: Viewer) -> Page:
    """`/console/previews/{id}`: what would happen, and the button that lets it happen."""

    def page(call: Call) -> Answer:
        session = call.read()
        newest = job_events.newest(session, call.tenant.number)
        job = previews.need(call)
        told, row = previews.wire(call, job), _row(call, session, job)
        row |= {name: told[name] for name in ("total", *views.OUTCOMES)}  # known before each item is recorded
        return html(
            "preview.html",
            viewer=viewer,
            job=row | {"bars": views.bars(row)},
            preview=told,
            source=_source(session, job),
            verb=VERBS.get(job.relation, "Run exactly this"),
            runs=[one for one in stored.derived(session, job) if one.mode is Mode.RUN],
            stream="" if job.status in FINISHED else f"/console/jobs/{job.id}/events?after={newest}",
            **_shared(call, session, job, f"/console/previews/{job.id}"),
        )

    return page


def _row(call: Call, session: Session, job: Job) -> dict[str, Any]:
    """A job as a list shows it, with its origin and the names of people."""
    shown = job_shapes.job(session, job) | job_shapes.pace(session, job, call.now)
    return shown | {
        "title": _title(session, job),
        "submitterName": _person(call, session, job.submitter),
        "confirmerName": job.confirmer and _person(call, session, job.confirmer),
        "finishedYet": job.status in FINISHED,
        "soon": views.soon(shown["eta"], iso_ms(call.now)),
        "bars": views.bars(shown),
    }


def _title(session: Session, job: Job) -> str:
    """What a job does, in words; of one that was made of another, what it does with that."""
    if job.origin is None or job.relation is None:
        return job_shapes.does(session, job)
    return TITLES[job.relation] + _title(session, stored.by_number(session, job.tenant, job.origin))


def _source(session: Session, job: Job) -> dict[str, Any] | None:
    """The job that this one undoes or does again; a run of a preview has the source of its preview."""
    if job.origin is None:
        return None
    origin = stored.by_number(session, job.tenant, job.origin)
    if job.relation is Relation.RUN:
        return _source(session, origin)
    return {"id": origin.id, "title": _title(session, origin)}


def _made(session: Session, job: Job) -> list[dict[str, str]]:
    """The jobs that were made of this one, also by way of a preview: `word`, `id`, `state`."""
    found = []
    for one in stored.derived(session, job):
        for made in [one] if one.mode is Mode.RUN else stored.derived(session, one):
            found.append({"word": MADE.get(one.relation, "Run"), "id": made.id, "state": made.state})
    return found


def _person(call: Call, session: Session, id: str) -> str:
    found = call.tenant.objects.get(session, Kind.IDENTITY, id)
    document: dict[str, Any] = found.document() if found else {}
    return str(document.get("name") or document.get("alias") or id)


def _can(call: Call, job: Job) -> frozenset[str]:
    """What the job can be told now. Whether the caller may is decided when he says it."""
    if job.status not in FINISHED:
        return frozenset({"cancel", {"PAUSED": "resume", "AWAITING_CONFIRMATION": "confirm"}.get(job.state, "pause")})
    if job.purged is not None or job.operation not in call.services.engine.operations:
        return frozenset()
    wanted = {"undo": job.changed, "rerun": job.failed if job.operation != uploads.NAME else 0}
    return frozenset(name for name, items in wanted.items() if items)


def _shared(call: Call, session: Session, job: Job, place: str) -> dict[str, Any]:
    """The parts that a job's and a preview's page have in common: items, chunks, events."""
    chosen, after = call.query.get("outcome", ""), _after(call)
    if chosen and chosen.upper() not in Outcome.__members__:
        raise Invalid(f"{chosen!r} is no outcome", where="query parameter outcome", hint=", ".join(views.OUTCOMES))
    wanted = (Outcome[chosen.upper()],) if chosen else ()
    found = list(outcomes.page(session, job, after, ITEMS_SHOWN + 1, outcomes=wanted))
    asked = {"outcome": chosen} if chosen else {}
    chunks = [{"at": iso_ms(at), **detail} for at, detail in job_events.last_chunks(session, job, CHUNKS_SHOWN)]
    events = job_events.touches(session, job, EVENTS_SHOWN)
    return {
        "place": place,
        "chosen": chosen,
        "items": job_shapes.items(call, session, job, found[:ITEMS_SHOWN]),
        "first": f"{place}?{urlencode(asked)}#items" if after else "",
        "next": f"{place}?{urlencode(asked | {'after': found[-2].rid})}#items" if len(found) > ITEMS_SHOWN else "",
        "csv": f"{place}/items.csv" + (f"?{urlencode(asked)}" if asked else ""),
        "chunks": views.timeline(chunks[::-1]),
        "events": [_told(call, session, job_shapes.event(event)) for event in events],
    }


def _told(call: Call, session: Session, event: dict[str, Any]) -> dict[str, Any]:
    """An event in words: when, what, by whom, and the rest of what is known of it."""
    more = {name: value for name, value in event.items() if name not in ("seq", "job", "at", "event", "by")}
    texts = [f"{name}: {value}" for name, value in more.items() if value not in (None, [], "")]
    by = _person(call, session, event["by"]) if event.get("by") else ""
    return {"at": event["at"], "event": event["event"], "by": by, "more": "; ".join(texts)}


def _after(call: Call) -> int:
    text = call.query.get("after", "0")
    if not (text.isascii() and text.isdigit()) or len(text) > 18:
        raise Invalid(f"{text!r} is no item", where="query parameter after")
    return int(text)
