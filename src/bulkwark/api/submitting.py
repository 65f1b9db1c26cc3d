"""How a bulk call becomes a job: run or previewed, with what its headers say of it, and once for each key.

Headers, all optional: `X-Bulkwark-Preview: true`, `-Note`, `-Ticket`, `-Priority` (1–9), `-Speed` (items a second),
`-Stop-After` (`10` or `5%`), `-Guard: true`; `Idempotency-Key`.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

import msgspec

from bulkwark.api import idempotency, previews
from bulkwark.api.answers import Answer
from bulkwark.api.calls import Call
from bulkwark.domain.jobs import PRIORITIES, USUAL_PRIORITY, Happened, Job, Mode, Options, Relation, Status
from bulkwark.domain.times import iso_us
from bulkwark.errors import Invalid
from bulkwark.store import job_events, jobs, outcomes
from bulkwark.store.dialect import Session
from bulkwark.store.jobs import NewJob
from bulkwark.store.outcomes import NewItem

PREFIX = "x-bulkwark-"
PREVIEW = PREFIX + "preview"
HEADERS = frozenset(PREFIX + name for name in ("preview", "note", "ticket", "priority", "speed", "stop-after", "guard"))
LONGEST_NOTE, LONGEST_TICKET = 2_000, 200


def submit(
    call: Call,
    *,
    type: str,
    operation: str,
    spec: Any,
    selector: str,
    answer: Callable[[Job], Answer],
    origin: int | None = None,
    relation: Relation | None = None,
    force: bool = False,
    how: Options | None = None,
    also: Callable[[Session, Job], None] | None = None,
) -> Answer:
    """Store a job and answer it; or preview it, when the call says so. Raises Invalid for a header.

    `spec` becomes JSON, unless it is text already. `answer` tells of the accepted job what the wire documents. `how`:
    the options, when it is not the headers that say them. `also` is asked in the transaction that accepts the job,
    and may refuse it.
    """
    preview = wants_preview(call)
    mode = Mode.PREVIEW if preview else Mode.RUN
    call.services.engine.require_room(call.tenant, call.actor.client_id, mode)
    new = NewJob(
        id=str(uuid4()),
        type=type,
        operation=operation,
        spec=spec if isinstance(spec, str) else msgspec.json.encode(spec).decode(),
        selector=selector,
        client=call.actor.client_id,
        submitter=call.actor.identity_id,
        created=time.time_ns() // 1000,
        options=msgspec.structs.replace(how or options(call), force=force),
        mode=mode,
        origin=origin,
        relation=relation,
    )
    if preview:
        job = call.services.engine.submit(call.tenant, new)
        return previews.pending(call, job)

    def claim(session: Session, job: Job) -> None:
        # The key first: who asks again gets the answer, not a refusal because of what it did itself.
        idempotency.claim(call, session, answer(job))
        if also is not None:
            also(session, job)

    return answer(call.services.engine.submit(call.tenant, new, claim))


def done(
    call: Call, session: Session, *, type: str, operation: str, spec: Any, items: Sequence[NewItem], answer: Answer
) -> Answer:
    """Record what a call has just done, or would do, in its own transaction: a finished job, or a preview.

    Answers the call's answer, or the preview; the key of the call is claimed.
    """
    preview = wants_preview(call)
    found = NewJob(
        id=str(uuid4()),
        type=type,
        operation=operation,
        spec=msgspec.json.encode(spec).decode(),
        selector="{}",
        client=call.actor.client_id,
        submitter=call.actor.identity_id,
        created=time.time_ns() // 1000,
        options=options(call),
        mode=Mode.PREVIEW if preview else Mode.RUN,
    )
    job = jobs.add_done(session, call.tenant.number, found, Counter(item.outcome for item in items), call.now)
    outcomes.add(session, job, items)
    if preview:
        return previews.pending(call, job)
    answer = msgspec.structs.replace(answer, headers={**answer.headers, "X-Bulkwark-Job": job.id})
    job_events.add(session, job, Happened.FINISHED, call.now, {"status": job.status})
    idempotency.claim(call, session, answer)
    return answer


def accepted(call: Call) -> Callable[[Job], Answer]:
    """What the official bulk updates answer: id, type, CREATED, and when."""

    def tell(job: Job) -> Answer:
        found = {"id": job.id, "type": job.type, "status": Status.CREATED, "created": iso_us(job.created)}
        return Answer(call.route.operation.success, msgspec.json.encode(found), headers={"X-Bulkwark-Job": job.id})

    return tell


def wants_preview(call: Call) -> bool:
    """Whether the call is to change nothing. Raises Invalid for anything but true and false."""
    return _flag(call, PREVIEW)


def options(call: Call, usual: Options | None = None) -> Options:
    """What the headers say of how a job runs; `usual`: what holds where they say nothing. Raises Invalid."""
    usual = usual or Options()
    if not any(name.startswith(PREFIX) for name in call.headers):
        return usual
    stop = call.headers.get(PREFIX + "stop-after")
    count, percent = (usual.stop_after, usual.stop_percent) if stop is None else _stop_after(stop)
    return checked(
        Options(
            note=_text(call, "note", usual.note),
            ticket=_text(call, "ticket", usual.ticket),
            priority=_number(call, "priority", usual.priority) or USUAL_PRIORITY,
            speed=_number(call, "speed", usual.speed),
            stop_after=count,
            stop_percent=percent,
            guard=_flag(call, PREFIX + "guard", usual.guard),
        ),
        "header X-Bulkwark-",
        header=True,
    )


def checked(found: Options, where: str, *, header: bool = False) -> Options:
    """The options, when each is in its range. Raises Invalid naming the one that is not."""

    def refuse(name: str, detail: str) -> Invalid:
        return Invalid(detail, where=where + (name.title() if header else name))

    if found.priority not in PRIORITIES:
        raise refuse("priority", f"{found.priority} is no priority from {PRIORITIES[0]} to {PRIORITIES[-1]}")
    if found.speed is not None and not 1 <= found.speed <= 1_000_000:
        raise refuse("speed", f"{found.speed} is no number of items a second from 1 to 1,000,000")
    if found.stop_after is not None and not 0 <= found.stop_after < 10**9:
        raise refuse("stop-after" if header else "stopAfter", f"{found.stop_after} is no number from 0 to 999,999,999")
    if found.stop_percent is not None and not 0 <= found.stop_percent <= 100:
        raise refuse("stop-after" if header else "stopPercent", f"{found.stop_percent:g} is no percentage")
    for name, text, longest in (("note", found.note, LONGEST_NOTE), ("ticket", found.ticket, LONGEST_TICKET)):
        if len(text) > longest:
            raise refuse(name, f"the text has {len(text)} characters, at most {longest} are kept")
    return found


# --- headers -------------------------------------------------------------------------------------------


def _text(call: Call, name: str, default: str) -> str:
    """A text for people; clients send it as UTF-8."""
    text = call.headers.get(PREFIX + name)
    if text is None:
        return default
    try:
        return text.encode("latin-1").decode("utf-8").strip()
    except UnicodeDecodeError:
        return text.strip()


def _flag(call: Call, name: str, default: bool = False) -> bool:
    if name not in call.headers:
        return default
    text = call.headers[name].strip().lower()
    if text not in ("true", "false"):
        raise Invalid(f"{text!r} is neither true nor false", where=f"header {name.title()}")
    return text == "true"


def _number(call: Call, name: str, default: int | None) -> int | None:
    text = call.headers.get(PREFIX + name)
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,9}", text.strip()) or not int(text):
        raise Invalid(f"{text!r} is no whole number from 1", where=f"header X-Bulkwark-{name.title()}")
    return int(text)


def _stop_after(text: str) -> tuple[int | None, float | None]:
    """`10`: items; `2.5%`: percent."""
    found = re.fullmatch(r"([0-9]{1,9})|([0-9]{1,3}(?:\.[0-9]{1,6})?) ?%", text.strip())
    if found is None:
        raise Invalid(f"{text!r} is neither a number nor a percentage", where="header X-Bulkwark-Stop-After")
    return (int(found[1]), None) if found[1] else (None, float(found[2]))
