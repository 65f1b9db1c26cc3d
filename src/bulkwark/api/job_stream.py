"""What happens to jobs, as it happens: server-sent events with replay; and the same as a plain list.

Numbers of events grow in the order in which their transactions are committed, so whoever reads on from the last number
that he has seen misses nothing and sees nothing twice. Format: https://html.spec.whatwg.org/multipage/#server-sent-events
"""

from __future__ import annotations

import asyncio
import logging
import time
import weakref
from typing import Any

import msgspec

from bulkwark.api import answers, job_rights, job_shapes
from bulkwark.api.answers import Answer
from bulkwark.api.calls import Call
from bulkwark.domain.jobs import FINISHED, Job, Mode
from bulkwark.errors import BulkwarkError, Invalid
from bulkwark.store import job_events, jobs
from bulkwark.store.dialect import Session
from bulkwark.store.job_events import Event

log = logging.getLogger("bulkwark.api")

STREAM = "text/event-stream"
HEARTBEAT = 15.0  # seconds after which a silent stream says that it is alive
PAUSE = 0.2  # seconds between two reads: the chunks of that time go out together
ELSEWHERE = 1.0  # seconds until the store is read again although this process has written nothing
RETRY_MS = 1_000  # how soon a client that was cut off comes back
AT_ONCE = 250  # events in one piece
MOST_LISTED = 1_000
REMEMBERED = 10_000  # jobs of which a stream knows whether its caller may see them

_NO_STORE = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def of_job(call: Call) -> Answer:
    """GET /bulkwark/v1/jobs/{id}/events: from its first event on; the stream ends with the job."""
    return _answer(call, job_rights.need(call))


def of_all(call: Call) -> Answer:
    """GET /bulkwark/v1/events: of all jobs that the caller may see, from now on."""
    return _answer(call, None)


def _answer(call: Call, job: Job | None) -> Answer:
    """A stream; a list for a caller who accepts JSON only; 204 when nothing will ever come (a browser then rests)."""
    after = _after(call)
    if _wants_list(call):
        limit = call.number("limit", AT_ONCE, most=MOST_LISTED)
        return answers.ok(Feed(call, job, after or 0).listed(limit))
    if "limit" in call.query:
        raise Invalid("a stream has all events", where="query parameter limit", hint="Accept: application/json")
    if after is None:
        after = 0 if job else job_events.newest(call.read(), call.tenant.number)
    if job and job.status in FINISHED and not job_events.of_job(call.read(), job, after, 1):
        return answers.empty(204, headers=_NO_STORE)
    return Answer(200, content_type=STREAM, headers=_NO_STORE, live=Live(call, Feed(call, job, after)))


class Feed:
    """What happened after an event, piece by piece: of one job, or of every job that the caller may see."""

    def __init__(self, call: Call, job: Job | None, after: int) -> None:
        self._call, self._job, self.after = call, job, after
        self._visible: dict[int, bool] = {}

    def read(self, limit: int) -> tuple[list[dict[str, Any]], bool]:
        """The next events (none: there are none yet), and whether more can come."""
        session = self._call.services.store.read()
        while True:
            # The job first: what ended it was written together with its end, and so is among the events.
            job = self._job and jobs.by_number(session, self._job.tenant, self._job.number)
            if job:
                found = job_events.of_job(session, job, self.after, limit)
            else:
                found = job_events.of_tenant(session, self._call.tenant.number, self.after, limit)
            whole = len(found) < limit
            if found:
                self.after = found[-1].seq
            shown = [event for event in found if job or self._sees(session, event.number)]
            if shown or whole:
                return self._wire(session, job, shown), not (job and whole and job.status in FINISHED)

    def listed(self, limit: int) -> list[dict[str, Any]]:
        """At most so many, in one list."""
        found: list[dict[str, Any]] = []
        while len(found) < limit and (more := self.read(limit - len(found))[0]):
            found += more
        return found

    def _sees(self, session: Session, number: int) -> bool:
        """Whether the caller may see the job, which never changes. Previews are shown to those who ask for one."""
        known = self._visible.get(number)
        if known is None:
            job = jobs.by_number(session, self._call.tenant.number, number)
            known = job.mode is Mode.RUN and job_rights.sees(self._call.actor, job)
            while len(self._visible) >= REMEMBERED:
                del self._visible[next(iter(self._visible))]
            self._visible[number] = known
        return known

    def _wire(self, session: Session, job: Job | None, found: list[Event]) -> list[dict[str, Any]]:
        """Events with the progress of their job as it is now."""
        now, progress = self._call.services.clock(), {}
        for number in {event.number for event in found}:
            one = job or jobs.by_number(session, self._call.tenant.number, number)
            progress[number] = msgspec.Raw(msgspec.json.encode(job_shapes.live(session, one, now)))
        return [job_shapes.event(event) | {"progress": progress[event.number]} for event in found]


class Live:
    """The pieces of one stream. It ends with its job, its token, the server, or when the client leaves."""

    def __init__(self, call: Call, feed: Feed) -> None:
        self._call, self._feed = call, feed
        self._streams, self._database = call.services.streams, call.services.store.database
        self._token = call.headers["authorization"].partition(" ")[2].strip()
        self._commits, self._again, self._silent = -1, 0.0, time.monotonic()
        self._opened, self._more, self._rest = False, True, 0.0
        self._streams.enter(call.actor.client_id)
        # Also for a stream that nobody comes to read, because its client left before the answer began.
        self._leave = weakref.finalize(self, self._streams.leave, call.actor.client_id)

    def __aiter__(self) -> Live:
        return self

    async def __anext__(self) -> bytes:
        if not self._opened:
            self._opened = True
            return f"retry: {RETRY_MS}\n\n".encode()
        while self._more and not self._streams.closing:
            now = time.monotonic()
            if now < self._rest:
                await asyncio.sleep(self._rest - now)
                continue
            commits = self._database.commits
            if commits != self._commits or now >= self._again:
                piece = await asyncio.get_running_loop().run_in_executor(self._streams.pool, self._look)
                self._commits, self._again = commits, now + ELSEWHERE
                if piece:
                    self._silent = now
                    return piece
            self._rest = now + PAUSE
            if now - self._silent >= HEARTBEAT:
                self._silent = now
                return b":\n\n"
        raise StopAsyncIteration

    async def aclose(self) -> None:
        self._more = False
        self._leave()

    def _look(self) -> bytes:
        """In a thread: what has happened since."""
        try:
            self._call.services.tokens.verify(self._token)
            found, self._more = self._feed.read(AT_ONCE)
            self._rest = 0.0 if len(found) == AT_ONCE else time.monotonic() + PAUSE
        except BulkwarkError as error:
            log.info("a stream of events ends: %s", error.sentence())
            self._more = False
            return b""
        return b"".join(map(_written, found))


def _written(event: dict[str, Any]) -> bytes:
    data = msgspec.json.encode(event).decode()
    return f"id: {event['seq']}\nevent: {event['event']}\ndata: {data}\n\n".encode()


def _wants_list(call: Call) -> bool:
    accepted = call.headers.get("accept", "*/*").lower()
    return "application/json" in accepted and STREAM not in accepted


def _after(call: Call) -> int | None:
    """The event that the caller has seen last. What the browser says when it comes back goes before the address."""
    place = "header Last-Event-ID"
    text = call.headers.get("last-event-id", "").strip()
    if not text:
        place, text = "query parameter after", call.query.get("after", "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 18:
        raise Invalid(f"{text!r} is no number of an event", where=place)
    newest = job_events.newest(call.read(), call.tenant.number)
    if int(text) > newest:
        # After a restore from a backup numbers come again, for other events.
        raise Invalid(f"there is no event {text} yet", where=place, hint=f"the newest is {newest}: begin anew")
    return int(text)
