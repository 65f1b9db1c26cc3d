"""Whom the column `manager` of an uploaded file names, and who was probably meant."""

from __future__ import annotations

from collections.abc import Collection

from bulkwark.domain.kinds import Kind
from bulkwark.domain.mending import closest
from bulkwark.domain.non_employee_rows import Fault, manager_fault
from bulkwark.domain.non_employee_uploads import readable
from bulkwark.domain.non_employees import Person
from bulkwark.query.analysis import fold
from bulkwark.store import non_employee_records, uploads
from bulkwark.store.dialect import Session
from bulkwark.store.tenants import Tenant

MOST_REMEMBERED = 50_000
MOST_SUGGESTED = 500  # different wrong names of a file for which somebody is looked for
ALIKE = 1_000  # aliases that are compared with one


class Managers:
    """Looks names up once, and remembers them. Identities with numbers from `end` on are not looked at.

    They have come since the reading began: rows of the same file, some of which are applied while others are read.
    """

    def __init__(self, session: Session, tenant: Tenant, end: int) -> None:
        self._end = end
        self._session = session
        self._tenant = tenant
        self._known: dict[str, Person | Fault] = {}
        self._suggested = 0

    def find(self, names: Collection[str]) -> dict[str, Person | Fault]:
        """Name → who it is, or why it is nobody. A name that is empty is nobody, and no fault."""
        fresh = [name for name in names if name not in self._known]
        if len(self._known) + len(fresh) > MOST_REMEMBERED:
            self._known.clear()
            fresh = list(names)
        if fresh:
            found = non_employee_records.managers(self._session, self._tenant, fresh, end=self._end)
            for name in fresh:
                self._known[name] = self._person(name, found)
        return {name: self._known[name] for name in names}

    def _person(self, name: str, found: dict[str, Person | None]) -> Person | Fault:
        if not name:
            return Person("", "", "")
        if name not in found:
            return manager_fault(readable(name), self._closest(name))
        return found[name] or manager_fault(readable(name), several=True)

    def _closest(self, name: str) -> str:
        """The alias of whoever has that name or address; else the alias that is most like the name; or ''."""
        if self._suggested >= MOST_SUGGESTED:
            return ""
        self._suggested += 1
        objects, session = self._tenant.objects, self._session
        for path in ("displayName~", "name~", "email~"):
            found = objects.with_value(session, Kind.IDENTITY, path, [fold(name)])
            rids = {rid for _, rid in found if rid < self._end}
            if len(rids) == 1:
                return self._alias(*rids)
        for letters in (2, 1):
            alike = uploads.aliases(session, self._tenant, fold(name)[:letters], ALIKE)
            near = closest(fold(name), alike)
            if near:
                found = objects.with_value(session, Kind.IDENTITY, "alias~", [near])
                return self._alias(min((rid for _, rid in found if rid < self._end), default=0))
        return ""

    def _alias(self, rid: int) -> str:
        stored = self._tenant.objects.by_rid(self._session, rid)
        return "" if stored is None else stored.document().get("alias") or ""
