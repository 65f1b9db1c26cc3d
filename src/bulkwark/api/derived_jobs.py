"""Jobs made of another one: undo, once more what failed, and the run of a preview."""

from __future__ import annotations

import time
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from bulkwark.api import answers, job_rights, job_shapes, metadata_jobs, previews, submitting
from bulkwark.api.answers import Answer
from bulkwark.api.calls import Call
from bulkwark.api.job_requests import NOUNS
from bulkwark.bulk import derived, selection
from bulkwark.bulk.selection import Limit, Selector
from bulkwark.domain.jobs import FINISHED, Job, Options, Outcome, Relation
from bulkwark.domain.kinds import Kind, plain_id
from bulkwark.errors import Forbidden, Invalid
from bulkwark.store import jobs, outcomes
from bulkwark.store.dialect import Session
from bulkwark.store.indexes import BY_KIND

FAILED = (Outcome.FAILED, Outcome.CONFLICTED)


class Part(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """Body of an undo or re-run; empty: everything. At most one of `ids`, `filters`, `query` narrows it.

    None of them may be null: what a script could not fill in must not become everything.
    """

    ids: list[str] | UnsetType = UNSET
    filters: str | UnsetType = UNSET
    query: Any = UNSET
    outcomes: list[str] | None = None  # of a re-run: failed, conflicted
    force: bool = False  # of an undo: also what has changed since


def undo(call: Call) -> Answer:
    """POST /bulkwark/v1/jobs/{id}/undo: an ordinary job that takes back what this one changed."""
    job, part = _ended(call), _part(call)
    if part.outcomes is not None:
        raise Invalid("an undo deals with what was changed", where="/outcomes")
    source = derived.encode(job, (Outcome.CHANGED,), _narrowed(call, job, part))
    return _submit(call, job, source, relation=Relation.UNDO, origin=job, force=part.force)


def rerun(call: Call) -> Answer:
    """POST /bulkwark/v1/jobs/{id}/rerun: the same once more for what failed, as a job linked to this one."""
    job, part = _ended(call), _part(call)
    if part.force and job.relation is not Relation.UNDO:
        raise Invalid("only an undo can be forced", where="/force")
    wanted = _outcomes(part)
    source = derived.encode(job, wanted, _narrowed(call, job, part))
    operation = call.services.engine.operations[job.operation]
    by_itself = operation.require_rerun(call.read(), job, wanted)
    if job.relation in (Relation.UNDO, Relation.RUN) and not by_itself:
        # What it does stands in the items of its own origin.
        origin = _origin(call, job)
        return _submit(call, job, source, relation=job.relation, origin=origin, force=part.force)
    return _submit(call, job, source, relation=Relation.RERUN, origin=job)


def run(call: Call) -> Answer:
    """POST /bulkwark/v1/previews/{id}/run: exactly what was previewed; what has changed since is left and listed."""
    job = previews.need(call)
    job_rights.require(call, job)
    if submitting.wants_preview(call):
        raise Invalid("this is the preview", where=f"header {submitting.PREVIEW}")
    until = time.monotonic() + previews.WAIT_SECONDS

    def ask() -> Answer | None:
        # Its counts are told before each item is recorded: who runs it right then waits for that.
        if previews.need(call).status not in FINISHED and time.monotonic() < until:
            return None
        return _run(call)

    return Answer(202, later=ask)


def _run(call: Call) -> Answer:
    job = previews.need_runnable(call)
    source = derived.encode(job, tuple(Outcome), None)
    return _submit(call, job, source, relation=Relation.RUN, origin=job)


def _submit(call: Call, job: Job, source: str, *, relation: Relation, origin: Job, force: bool = False) -> Answer:
    first = relation is Relation.RUN and job is origin
    # A run is what the preview was asked for; whoever looked at a job with guards wants them for what is made of it.
    usual = job.options if first else Options(guard=job.options.guard)

    def once(session: Session, made: Job) -> None:
        if first:
            previews.require_first(session, origin, made)
            _require_still_his(call, session, origin)

    def tell(made: Job) -> Answer:
        shown = job_shapes.job(call.services.store.read(), made)
        return answers.ok(shown, 202, headers={"X-Bulkwark-Job": made.id})

    return submitting.submit(
        call,
        type=job.type,
        operation=job.operation,
        spec=job.spec,
        selector=source,
        answer=tell,
        origin=origin.number,
        relation=relation,
        force=force,
        how=submitting.options(call, usual),
        also=once,
    )


# --- the body ------------------------------------------------------------------------------------------


def _ended(call: Call) -> Job:
    """The job that the path names, when it has ended and its items are still there. Raises NotFound, Invalid."""
    job = job_rights.need_run(call)
    if job.operation not in call.services.engine.operations:
        raise Invalid(f"a job that {job.operation!r} has no items", where="path")
    if job.status not in FINISHED:
        raise Invalid(f"the job is {job.state}", where="path", hint="wait for its end, or cancel it first")
    if job.purged is not None:
        raise Invalid("the items of the job were deleted", where="path", hint="items are kept for 90 days")
    return job


def _part(call: Call) -> Part:
    return call.strict(Part) if call.body.strip() else Part()


def _outcomes(part: Part) -> tuple[Outcome, ...]:
    words = [word.upper() for word in part.outcomes] if part.outcomes is not None else ["FAILED"]
    wrong = [word for word in words if word not in (outcome.name for outcome in FAILED)]
    if wrong or not words:
        raise Invalid("only what failed can be done again", where="/outcomes", hint='["failed", "conflicted"]')
    return tuple(Outcome[word] for word in words)


def _narrowed(call: Call, job: Job, part: Part) -> Selector | None:
    """The part as a selector; of a caller who is limited to what he owns, also that."""
    given = [name for name in ("ids", "filters", "query") if getattr(part, name) is not UNSET]
    if len(given) > 1:
        raise Invalid(f"{given[0]} and {given[1]} are both given", where=f"/{given[1]}", hint="one narrows the items")
    kind, limit = Kind.__members__.get(job.type), _limit(call, job)
    if not given and not limit.owner:
        return None
    if kind is None:
        raise Invalid(f"items of {job.type} cannot be narrowed", where=f"/{given[0]}" if given else "path")
    found = Selector("all", call.now, kind, owner=limit.owner, sources=list(limit.sources))
    if part.ids is not UNSET:
        found = msgspec.structs.replace(found, by="ids", rids=_items(call, job, part.ids))
    elif part.filters is not UNSET:
        found = msgspec.structs.replace(found, by="filter", filters=part.filters)
    elif part.query is not UNSET:
        queries = selection.require_search(part.query, index=BY_KIND[kind].name)
        found = msgspec.structs.replace(found, by="query", queries=queries, options=call.services.options)
    if part.ids is UNSET:
        call.tenant.select(call.read(), selection.resolve(found))  # what cannot be understood is refused now
    return found


def _limit(call: Call, job: Job) -> Limit:
    """To what the caller is limited now, which may be less than when the job was made."""
    return NOUNS[job.type].limit(call) if job.type in NOUNS else Limit()


def _require_still_his(call: Call, session: Session, preview: Job) -> None:
    """Raise Forbidden when the caller may not change some of what he previewed. What was deleted is skipped later."""
    everything = _narrowed(call, preview, Part())
    if everything is None:
        return
    lost = outcomes.outside(session, preview, call.tenant.select(session, selection.resolve(everything)))
    if lost:
        told = f"{lost:,} of the previewed items are not the caller's to change any more"
        raise Forbidden(told, where="path", hint="preview again")


def _items(call: Call, job: Job, given: list[str]) -> list[int]:
    """The items of the job with these ids. Raises Invalid naming those that it has not dealt with."""
    if not given or len(given) > selection.OWN_MAX_IDS:
        raise Invalid(f"{len(given)} ids are given", where="/ids", hint=f"1 to {selection.OWN_MAX_IDS:,}")
    ids = list(dict.fromkeys(plain_id(id) for id in given))
    known = outcomes.of_ids(call.read(), job, ids)
    unknown = [id for id in ids if id not in known]
    if unknown:
        shown = ", ".join(repr(id) for id in unknown[: metadata_jobs.NAMED])
        raise Invalid(f"the job has no items {shown}", where="/ids", hint=f"{len(unknown)} unknown", code="400.1.404")
    return list(known.values())


def _origin(call: Call, job: Job) -> Job:
    if job.origin is None:
        raise Invalid("the job has no origin", where="path")
    return jobs.by_number(call.read(), job.tenant, job.origin)
