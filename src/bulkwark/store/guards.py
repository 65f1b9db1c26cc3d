"""What guards ask of the targets of a job."""

from __future__ import annotations

import json
from collections.abc import Sequence

from bulkwark.domain.jobs import Job
from bulkwark.store.dialect import Session, Sql


def holders(session: Session, job: Job, pairs: Sequence[int], selection: Sql | None = None) -> int:
    """How many targets of a job, or objects of a selection, hold one of the metadata pairs."""
    if selection is not None:
        text = (
            f"SELECT count(DISTINCT m.rid) FROM ({selection.text}) t CROSS JOIN json_each(?) p "
            "JOIN md_inv m ON m.tenant = ? AND m.pair = p.value AND m.rid = t.rid"
        )
        for (number,) in session.execute(text, (*selection.params, json.dumps(list(pairs)), job.tenant)):
            return int(number)
    return int(session.value("guards.holders", (job.tenant, job.number, json.dumps(list(pairs)))))
