"""The outcome of every item of a job or preview: page by page as JSON, or all of them as CSV or NDJSON.

A list can be read while its job runs: items come in the order of the store, and what was written never changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Any

import msgspec

from bulkwark.api import answers, job_rights, job_shapes, previews
from bulkwark.api.answers import Answer
from bulkwark.api.calls import Call
from bulkwark.bulk import common_access
from bulkwark.domain import reasons
from bulkwark.domain.jobs import Job, Outcome
from bulkwark.domain.kinds import Kind, plain_id, uuid_id
from bulkwark.domain.spreadsheets import cells, line
from bulkwark.errors import Invalid, Unavailable
from bulkwark.store import outcomes
from bulkwark.store.outcomes import AT_ONCE, Item, Narrowing

MOST_ITEMS = 10_000
COLUMNS = ("item", "id", "name", "outcome", "reason", "message", "hint", "before", "after")
OWN = 3  # columns that no two items have in common
# Format → content type. CSV as RFC 4180 has it, NDJSON one object a line.
STREAMED = {"csv": "text/csv; charset=utf-8; header=present", "ndjson": "application/x-ndjson"}
ACCEPTED = {"text/csv": "csv", "application/x-ndjson": "ndjson", "application/ndjson": "ndjson"}
FORMATS = ("json", *STREAMED)
BOM = "\ufeff"


def of_job(call: Call) -> Answer:
    """GET /bulkwark/v1/jobs/{id}/items."""
    return _items(call, job_rights.need(call), "job")


def of_preview(call: Call) -> Answer:
    """GET /bulkwark/v1/previews/{id}/items."""
    return _items(call, previews.need(call), "preview")


def reasons_of_job(call: Call) -> Answer:
    """GET /bulkwark/v1/jobs/{id}/reasons."""
    return _reasons(call, job_rights.need(call))


def reasons_of_preview(call: Call) -> Answer:
    """GET /bulkwark/v1/previews/{id}/reasons."""
    return _reasons(call, previews.need(call))


def _reasons(call: Call, job: Job) -> Answer:
    """How many items ended how and why, so far: the most frequent reason of each outcome first."""
    _require_kept(job)
    found = []
    for outcome, code, count in outcomes.by_reason(call.read(), job):
        reason = reasons.read(code)
        found.append(
            {
                "outcome": outcome.name.lower(),
                "reason": code,
                "message": reason and reason.message,
                "hint": reason and reason.hint,
                "count": count,
            }
        )
    return answers.ok(found)


def _items(call: Call, job: Job, word: str) -> Answer:
    """Items in the order of the store: `after` is the last `item` seen; `outcome`, `reason`, `id`, `q` narrow them."""
    _require_kept(job)
    format, after, narrowing = _format(call), _after(call), _narrowing(call, job)
    if format == "json":
        limit = call.number("limit", 250, most=MOST_ITEMS)
        at_once = max(1, min(limit, AT_ONCE))
        found = chain.from_iterable(outcomes.pages(call.read, job, after, narrowing, at_once=at_once))
        return answers.ok(job_shapes.items(call, call.read(), job, islice(found, limit)))
    if "limit" in call.query:
        raise Invalid("a file has all items", where="query parameter limit", hint="format=json comes in pages")
    if "bom" in call.query and format != "csv":
        raise Invalid("only CSV has a byte order mark", where="query parameter bom")
    pages = outcomes.pages(call.services.store.read, job, after, narrowing, at_once=AT_ONCE)
    stream = _csv(call, job, pages, bom=call.flag("bom")) if format == "csv" else _ndjson(call, job, pages)
    name = f"bulkwark-{word}-{job.id}.{format}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Answer(200, content_type=STREAMED[format], headers=headers, stream=stream)


def _require_kept(job: Job) -> None:
    """Raise Invalid when the items were deleted: an empty list would say that there were none."""
    if job.purged is not None:
        raise Invalid("the items of the job were deleted", where="path", hint="items are kept for 90 days")


# --- files ---------------------------------------------------------------------------------------------


def _ndjson(call: Call, job: Job, pages: Iterator[list[Item]]) -> Iterator[bytes]:
    encoder = msgspec.json.Encoder()
    for shown in _shown(call, job, pages):
        if shown:
            yield b"".join(encoder.encode(one) + b"\n" for one in shown)


def _csv(call: Call, job: Job, pages: Iterator[list[Item]], *, bom: bool) -> Iterator[bytes]:
    """With a header. No value becomes a formula in a spreadsheet; `bom`: what Excel takes UTF-8 from."""
    yield ((BOM if bom else "") + line(COLUMNS)).encode()
    for shown in _shown(call, job, pages):
        if shown:
            yield _lines(shown).encode()


def _lines(shown: list[dict[str, Any]]) -> str:
    """Rows of the items. What items of a page share (outcome, reason, metadata) is written once and then repeated."""
    own, shared = COLUMNS[:OWN], COLUMNS[OWN:]
    tails: dict[tuple[Any, ...], str] = {}
    rows = []
    for one in shown:
        key = (one["outcome"], one["reason"], one["message"], id(one["before"]), id(one["after"]))
        tail = tails.get(key)
        if tail is None:
            tail = tails[key] = cells(cell(one[name]) for name in shared)
        rows.append(f"{cells(cell(one[name]) for name in own)},{tail}\r\n")
    return "".join(rows)


def _shown(call: Call, job: Job, pages: Iterator[list[Item]]) -> Iterator[list[dict[str, Any]]]:
    begin = outcomes.first(call.services.store.read(), job)
    for found in pages:
        # The catalogue of this moment: a running job meets values that are younger than the list.
        yield job_shapes.items(call, call.services.store.read(), job, found)
    if begin is not None and _rid(outcomes.first(call.services.store.read(), job)) != begin.rid:
        # Old items are deleted from the first on: what is missing must not look like the end of the list.
        raise Unavailable(f"the items of job {job.id} were deleted while they were read")


def _rid(item: Item | None) -> int | None:
    return None if item is None else item.rid


def cell(value: Any) -> str:
    """A member of an item as one text: `classification: secret; region: apac, emea`."""
    if value is None:
        return ""
    if isinstance(value, dict):
        return "; ".join(f"{name}: {cell(inner)}" for name, inner in value.items())
    if isinstance(value, list):
        return ", ".join(map(cell, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


# --- what is asked for ---------------------------------------------------------------------------------


def _format(call: Call) -> str:
    """`format`, or what `Accept` likes best of what there is; JSON unless something else is named."""
    named = call.query.get("format")
    if named is not None:
        if named not in FORMATS:
            raise Invalid(f"there is no format {named!r}", where="query parameter format", hint=", ".join(FORMATS))
        return named
    liked: list[tuple[float, str]] = []
    for part in call.headers.get("accept", "").split(","):
        kind, *parameters = (word.strip().lower() for word in part.split(";"))
        weight = next((text[2:] for text in parameters if text.startswith("q=")), "1")
        known = "json" if kind in ("application/json", "application/*", "*/*") else ACCEPTED.get(kind)
        if known and weight.replace(".", "", 1).isdecimal() and float(weight) > 0:
            liked.append((-float(weight), known))
    return min(liked, key=lambda one: one[0])[1] if liked else "json"


def _after(call: Call) -> int:
    text = call.query.get("after", "0")
    if not (text.isascii() and text.isdigit()) or len(text) > 18:
        raise Invalid(f"{text!r} is no item", where="query parameter after", hint="the `item` that was shown last")
    return int(text)


def _narrowing(call: Call, job: Job) -> Narrowing:
    reason, id, name = (call.query.get(word) for word in ("reason", "id", "q"))
    if reason is not None and reason not in reasons.CODES:
        known = ", ".join(reasons.CODES)
        raise Invalid(f"{reason!r} is no reason", where="query parameter reason", hint=known)
    if id is not None and name is not None:
        raise Invalid("id and q are both given", where="query parameter q", hint="one of them names objects")
    rids: Sequence[int] | None = None
    if id is not None:
        # Objects have ids without hyphens, items of common access with them.
        rids = outcomes.rids_of(call.read(), job, (plain_id(id), uuid_id(id)))
    elif name:
        if job.type not in Kind.__members__ and job.type != common_access.TYPE:
            raise Invalid(f"items of {job.type} are not found by name", where="query parameter q")
        rids = outcomes.rids_named(call.read(), call.tenant, job, name)
    return Narrowing(_outcomes(call), reason, rids)


def _outcomes(call: Call) -> tuple[Outcome, ...]:
    """`outcome=failed,conflicted`."""
    if "outcome" not in call.query:
        return ()
    words = [word.strip().upper() for word in call.query["outcome"].split(",")]
    unknown = [word for word in words if word not in Outcome.__members__]
    if unknown:
        known = ", ".join(name.lower() for name in Outcome.__members__)
        raise Invalid(f"{unknown[0].lower()!r} is no outcome", where="query parameter outcome", hint=known)
    return tuple(Outcome[word] for word in dict.fromkeys(words))
