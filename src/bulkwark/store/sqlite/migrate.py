"""Forward-only migrations: `migrations/NNNN_*.sql`, one transaction each, after a copy beside the file."""

from __future__ import annotations

import time
from importlib import resources

from bulkwark.errors import Unavailable
from bulkwark.store.sqlite.engine import Database


def migrations() -> list[tuple[int, str]]:
    """(number, SQL) of every migration this program knows, in order."""
    folder = resources.files(__package__).joinpath("migrations")
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".sql")), key=lambda f: f.name)
    return [(int(f.name[:4]), f.read_text("utf-8")) for f in files]


def migrate(database: Database) -> None:
    """Bring the file to this program's schema; refuse one that is newer than the program.

    Raises Unavailable for a newer file, and for an older one that is open for reading only. A file that holds
    data is copied to `<name>.before-NNNN` first.
    """
    known = migrations()
    with database.turn() as turn:
        connection = turn.session.connection
        version = connection.pragma("user_version")
        if version > known[-1][0]:
            raise Unavailable(
                f"the database has schema {version}, this program knows {known[-1][0]}",
                hint="run a newer bulkwark",
            )
        todo = [(number, sql) for number, sql in known if number > version]
        if todo and database.read_only:
            raise Unavailable(
                f"the database has schema {version}, this program needs {known[-1][0]}",
                hint="`bulkwark serve` brings it up to date",
            )
        if todo and version:
            stamp = time.strftime("%Y%m%d%H%M%S", time.gmtime())
            database.backup(database.path.with_name(f"{database.path.name}.before-{todo[0][0]:04}-{stamp}"))
        for number, sql in todo:
            with turn.transaction():
                # Another process may have migrated while this one waited for the lock.
                if connection.pragma("user_version") < number:
                    connection.execute(sql)
                    connection.pragma("user_version", number)
