"""The process of its own that reads an uploaded CSV file: `python -m bulkwark.bulk.upload_loader`, a task on its
standard input, the answer on its standard output.

It looks at a file (can it be used, how many rows has it), or reads it row by row into a staging file. It changes
nothing else, so it may die at any moment and begin anew. It holds a batch of rows, never the file.
"""

from __future__ import annotations

import errno
import os
import sys
import threading
from collections.abc import Sequence
from typing import IO, Literal

import msgspec
from msgspec import Struct

from bulkwark.domain import non_employee_uploads
from bulkwark.domain.csv_files import Format, Refused, find_encoding, find_format, records
from bulkwark.domain.documents import Document
from bulkwark.domain.non_employee_uploads import Header, known_columns
from bulkwark.domain.non_employees import Attribute, Limits
from bulkwark.errors import DiskFull
from bulkwark.store.priorities import stay_far_behind

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Task(Struct, frozen=True):
    """What the process is to do."""

    step: Literal["look", "read"]
    file: str
    schema: list[Attribute]
    limits: Limits
    data_dir: str = ""
    tenant: str = ""
    staging: str = ""
    source: Document = {}  # of the SOURCE object: its id and name
    numbers: dict[str, int] = {}  # of indexed fields, by path
    now: int = 0  # ms
    known: int = 0  # the first number of an identity that came later than the reading: such is no manager
    warning: int = 0  # ms before its end from which on a record expires soon


class Answer(Struct, frozen=True, omit_defaults=True):
    """What came of it. `refused`: one sentence for each fault of the file, or nothing; `unable`: why it could not be
    read at all, though nothing is wrong with it."""

    refused: list[str] = []
    unable: str = ""
    rows: int = 0  # that are not blank
    titles: list[str] = []
    names: list[str] = []  # technical names of the columns that are read
    bad: int = 0


def run(task: Task) -> Answer:
    """Do the task. Faults of the file are part of the answer."""
    with open(task.file, "rb") as file:
        try:
            if task.step == "look":
                return look(file, task)
            # Imported here: most files are small, and a look at one needs nothing of the store.
            from bulkwark.bulk import upload_staging

            return upload_staging.read(file, task)
        except Refused as refused:
            return Answer([str(fault) for fault in refused.faults])
        except DiskFull as error:
            return Answer(unable=error.detail)
        except OSError as error:
            if error.errno not in NO_ROOM:
                raise
            return Answer(unable=f"the disk is full: {error.strerror}")


def look(file: IO[bytes], task: Task) -> Answer:
    """Whether the file can be used, and how many rows it has. Raises Refused."""
    format = format_of(file, task.schema)
    rows = non_employee_uploads.count_rows(records(file, format), task.schema, task.limits.rows)
    found = records(file, format)
    header = Header(next(found), task.schema)
    return Answer(rows=rows, titles=header.titles, names=header.names)


def format_of(file: IO[bytes], schema: Sequence[Attribute]) -> Format:
    """How the file is written. Raises Refused."""
    return find_format(file, find_encoding(file), known_columns(schema))


def _end_with_parent() -> None:
    """Nobody waits any more when the other end of standard input is gone."""
    sys.stdin.buffer.read()
    os._exit(1)


def main() -> None:
    # Answers to others come first, and so does the job that takes the rows.
    stay_far_behind()
    task = msgspec.json.decode(sys.stdin.buffer.readline(), type=Task)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    sys.stdout.buffer.write(msgspec.json.encode(run(task)))
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
