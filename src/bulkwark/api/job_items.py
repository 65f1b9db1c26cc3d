"""The outcome of every item of a job or preview, page by page."""

from __future__ import annotations

from bulkwark.api import answers, job_rights, job_shapes, previews
from bulkwark.api.answers import Answer
from bulkwark.api.calls import Call
from bulkwark.domain.jobs import Job, Outcome
from bulkwark.errors import Invalid
from bulkwark.store import outcomes

MOST_ITEMS = 10_000


def of_job(call: Call) -> Answer:
    """GET /bulkwark/v1/jobs/{id}/items."""
    return _page(call, job_rights.need(call))


def of_preview(call: Call) -> Answer:
    """GET /bulkwark/v1/previews/{id}/items."""
    return _page(call, previews.need(call))


def _page(call: Call, job: Job) -> Answer:
    """Items in the order of the store: `after` is the last `item` seen, `outcome` and `reason` narrow them."""
    session = call.read()
    limit, after = call.number("limit", 250, most=MOST_ITEMS), _after(call)
    found = outcomes.page(session, job, after, limit, outcomes=_outcomes(call), reason=call.query.get("reason"))
    return answers.ok(job_shapes.items(call, session, job, found))


def _after(call: Call) -> int:
    text = call.query.get("after", "0")
    if not (text.isascii() and text.isdigit()) or len(text) > 18:
        raise Invalid(f"{text!r} is no item", where="query parameter after", hint="the `item` that was shown last")
    return int(text)


def _outcomes(call: Call) -> tuple[Outcome, ...]:
    """`outcome=failed,conflicted`."""
    words = [word.strip().upper() for word in call.query.get("outcome", "").split(",") if word.strip()]
    unknown = [word for word in words if word not in Outcome.__members__]
    if unknown:
        known = ", ".join(name.lower() for name in Outcome.__members__)
        raise Invalid(f"{unknown[0].lower()!r} is no outcome", where="query parameter outcome", hint=known)
    return tuple(Outcome[word] for word in dict.fromkeys(words))
