"""What became of each row of an uploaded file: as JSON, and as a file of the failed rows, ready to be mended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from bulkwark.api import answers, job_rights, non_employee_rights, non_employee_uploads
from bulkwark.api.answers import Answer
from bulkwark.api.calls import Call
from bulkwark.auth.actors import Actor
from bulkwark.bulk import upload_specs
from bulkwark.bulk.upload_specs import JobSpec, Spec, UploadSettings
from bulkwark.domain import non_employee_uploads as rows_of
from bulkwark.domain import spreadsheets
from bulkwark.domain.jobs import Job, Mode, Outcome, Relation
from bulkwark.domain.kinds import uuid_id
from bulkwark.errors import Invalid, NotFound
from bulkwark.store import jobs, outcomes, settings, uploads
from bulkwark.store.dialect import Session
from bulkwark.store.uploads import FailedRow, Upload

_REPORTED = (Relation.RUN, Relation.RERUN)  # what an undo does has items, and no rows
FAILED_ONLY, ALL = "failed", "all"  # rows that are shown
MOST_ROWS = 10_000
PIECE = 1_000  # rows of the file that are made at once


def rows(call: Call) -> Answer:
    """GET /bulkwark/v1/jobs/{id}/rows: rows of the file that failed, or with `outcome=all` each, in order.

    `after`: the last line seen; `limit`: up to 10,000.
    """
    limit, after = call.number("limit", 250, most=MOST_ROWS), call.number("after", 0)
    wanted = call.query.get("outcome", FAILED_ONLY)
    if wanted not in (FAILED_ONLY, ALL):
        raise Invalid(f"{wanted!r} is neither {FAILED_ONLY} nor {ALL}", where="query parameter outcome")
    session = call.read()
    upload = _need(call, session)
    job = jobs.get(session, call.tenant.number, uuid_id(call.params["id"]))
    failed = _page(session, upload, job, after, limit)
    found: list[dict[str, Any]]
    if wanted == FAILED_ONLY or job is None:
        found = [_failed(upload, row) for row in failed]
    else:
        by_line = {row.line: row for row in failed}
        found = []
        for item in outcomes.page(session, job, after, limit):
            row = by_line.get(item.rid)
            if row is not None:
                found.append(_failed(upload, row))
                continue
            record = msgspec.json.decode(item.after or item.before or "{}")
            found.append({"line": item.rid, "outcome": item.outcome.name.lower(), "id": uuid_id(record.get("id", ""))})
    return answers.ok({**non_employee_uploads.shown(upload, job), "columns": upload.titles, "found": found})


def _page(session: Session, upload: Upload, job: Job | None, after: int, limit: int) -> list[FailedRow]:
    """Rows that have failed: of the upload, or when its job has tried them once more, in that."""
    if job is not None and job.relation is Relation.RERUN:
        return uploads.failed_again(session, upload, job, after, limit)
    return uploads.failed_rows(session, upload, after, limit)


def _failed(upload: Upload, row: FailedRow) -> dict[str, Any]:
    return {
        "line": row.line,
        "outcome": Outcome.FAILED.name.lower(),
        "cells": row.cells,
        "faults": [msgspec.structs.asdict(fault) for fault in row.faults],
    }


def failed(call: Call) -> Answer:
    """GET /bulkwark/v1/jobs/{id}/failed-rows: a CSV file of the failed rows with a column `error`."""
    session = call.read()
    upload = _need(call, session)
    job = jobs.get(session, call.tenant.number, uuid_id(call.params["id"]))
    return answers.csv(_lines(call, upload, job), "failed-rows.csv")


def _lines(call: Call, upload: Upload, job: Job | None) -> Iterator[bytes]:
    """In the columns of the file as it was sent; a row that could not be taken apart stands in its first cell."""
    spec = msgspec.json.decode(upload.spec, type=Spec)
    column = rows_of.error_column(spec.schema)
    places = [place for place, title in enumerate(upload.titles) if title.casefold() != column.casefold()]
    yield ("\ufeff" + spreadsheets.line([*(upload.titles[place] for place in places), column])).encode()
    with call.services.store.snapshot() as session:
        after = 0
        while found := _page(session, upload, job, after, PIECE):
            after = found[-1].line
            yield "".join(
                spreadsheets.line(_cells(row, places, len(upload.titles), rows_of.sentence(row.faults)))
                for row in found
            ).encode()


def _cells(row: FailedRow, places: list[int], width: int, error: str) -> list[str]:
    """The cells as they stood in the file, then the error, then cells that the header has no column for: so nothing of
    a row with a delimiter too many is lost. A mark against formulas is taken off, as it is put on again.
    """
    cells = [spreadsheets.restore(cell.strip()) for cell in row.cells]
    more = cells[width:] if any(cells[width:]) else []
    return [*(cells[place] if place < len(cells) else "" for place in places), error, *more]


def get_settings(call: Call) -> Answer:
    """GET /bulkwark/v1/upload-settings."""
    return answers.ok(upload_specs.settings_of(call.read(), call.tenant.number))


def put_settings(call: Call) -> Answer:
    """PUT /bulkwark/v1/upload-settings: all of them."""
    found = call.strict(UploadSettings)
    with call.services.store.write() as session:
        settings.put(
            session,
            call.tenant.number,
            upload_specs.SETTING,
            found,
            by=call.actor.identity_id or call.actor.client_id,
            now=call.now,
        )
    return answers.ok(found)


def _need(call: Call, session: Session) -> Upload:
    """The upload whose job, or run of a preview, the path names. Raises NotFound, also for who may not see it."""
    id = uuid_id(call.params["id"])
    found, job = uploads.get(session, call.tenant.number, id), jobs.get(session, call.tenant.number, id)
    if found is None and job is not None and job.operation == upload_specs.NAME and job.relation in _REPORTED:
        found = uploads.get(session, call.tenant.number, msgspec.json.decode(job.spec, type=JobSpec).upload)
    if found is None or not (_sees(call.actor, found) or _leads(call, session, found, job)):
        raise NotFound(f"there is no upload {call.params['id']}")
    return found


def _sees(actor: Actor, upload: Upload) -> bool:
    """Who has sent it, and who sees all jobs of its type; applications reach every source."""
    if actor.application:
        return True
    return (
        upload.submitter == actor.identity_id
        or not job_rights.limited_to(actor)
        or (upload_specs.TYPE in job_rights.types(actor))
    )


def _leads(call: Call, session: Session, upload: Upload, job: Job | None) -> bool:
    """Whose source it is sees the status, so he is told the reasons too; a preview is its creator's."""
    if job is None or job.mode is not Mode.RUN:
        return False
    return upload.source in non_employee_rights.reach(call, session, strangers=True).numbers
