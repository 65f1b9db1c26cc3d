"""Files of uploads that nobody needs any more: those of previews that were not run, and what a crash has left."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bulkwark.domain.non_employees import DAY
from bulkwark.store import uploads
from bulkwark.store.tenants import Store

KEPT_MS = DAY  # of a preview's files: as long as it may be run


def sweep(store: Store, folder: Path, needed: Callable[[], set[str]], now: int) -> int:
    """Delete the files that have not changed for a day and belong to no upload or job that is unfinished.

    `needed`: ids of uploads; `now` in ms. Answers how many files are gone.
    """
    changed: dict[str, float] = {}  # id → when one of its files has changed, s
    files: dict[str, list[Path]] = {}
    for path in folder.iterdir() if folder.exists() else ():
        id = path.name.partition(".")[0]
        files.setdefault(id, []).append(path)
        changed[id] = max(changed.get(id, 0.0), path.stat().st_mtime)
    old = [id for id, seconds in changed.items() if seconds * 1000 + KEPT_MS <= now]
    if not old:
        return 0
    count = 0
    with store.turn() as turn:  # so that no run of a preview begins meanwhile
        for id in set(old) - needed():
            for upload in uploads.everywhere(turn.session, id):
                uploads.detach(turn.session, upload)
            for path in files[id]:
                path.unlink(missing_ok=True)
                count += 1
    return count
