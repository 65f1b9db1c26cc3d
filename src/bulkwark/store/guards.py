"""What guards ask of the targets of a job."""

from __future__ import annotations

import json
from collections.abc import Sequence

from bulkwark.domain.jobs import Job
from bulkwark.store.dialect import Session


def holders(session: Session, job: Job, pairs: Sequence[int]) -> int:
    """How many targets of a job hold one of the metadata pairs."""
    return int(session.value("guards.holders", (job.tenant, job.number, json.dumps(list(pairs)))))
