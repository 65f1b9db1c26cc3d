"""`bulkwark jobs` with all its commands, those that read the data directory and those that call a server."""

from __future__ import annotations

from bulkwark.cli import control, items, submitting
from bulkwark.cli.jobs import jobs

__all__ = ["jobs"]

for _command in (
    items.items,
    submitting.submit,
    submitting.preview,
    submitting.run,
    submitting.undo,
    submitting.rerun,
    control.pause,
    control.resume,
    control.cancel,
    control.confirm,
    control.set_,
):
    jobs.add_command(_command)
