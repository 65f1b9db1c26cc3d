"""What grows old: targets of finished jobs, items after 90 days, previews and idempotency keys after a day."""

from __future__ import annotations

from dataclasses import dataclass

from bulkwark.store import idempotency, jobs, outcomes
from bulkwark.store.tenants import Store

DAY_MS = 86_400_000
AT_ONCE = 5_000  # rows of one short transaction


@dataclass(frozen=True, slots=True)
class Retention:
    """How long what is kept. The summary of a job stays for ever (decisions §7)."""

    item_days: float = 90
    preview_hours: float = 24
    key_hours: float = 24

    def sweep(self, store: Store, now: int) -> bool:
        """Forget a little of what nobody needs any more. Answers whether more is left."""
        for tenant, number in jobs.finished_with_targets(store.read()):
            with store.write() as session:
                jobs.drop_targets(session, tenant, number, AT_ONCE)
            return True
        found = outcomes.old(
            store.read(), now - int(self.item_days * DAY_MS), now - int(self.preview_hours * DAY_MS / 24)
        )
        if found is not None:
            with store.write() as session:
                outcomes.purge(session, *found, AT_ONCE, now)
            return True
        before = now - int(self.key_hours * DAY_MS / 24)
        if idempotency.has_old(store.read(), before):
            with store.write() as session:
                idempotency.drop_old(session, before, AT_ONCE)
            return True
        return False
