"""The synthetic company's identities: a tree of people with names from many cultures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from bulkwark.domain.synthetic_departments import DEPARTMENTS, Department
from bulkwark.domain.synthetic_dice import Dice
from bulkwark.domain.synthetic_words import CITIES, CULTURES, City, Word

#: How many people report to one manager.
_SPAN = 8

#: Share of people who work in a city of their own culture.
_AT_HOME = 0.8

_RANKS = ("Assistant", "Clerk", "Analyst", "Specialist", "Senior Specialist", "Consultant", "Coordinator")
_DOMAIN = "example.com"

#: lifecycle state and identity status of the people who do not manage anyone; managers are active.
_STATES: tuple[tuple[str, str], ...] = (
    *(("active", "ACTIVE"),) * 86,
    *(("active", "REGISTERED"),) * 4,
    ("active", "LOCKED"),
    *(("prehire", "UNREGISTERED"),) * 3,
    *(("leave", "DISABLED"),) * 2,
    *(("inactive", "DEACTIVATED"),) * 3,
    ("terminated", "TERMINATED"),
)


class Person(NamedTuple):
    """What later documents need to know of an identity."""

    id: str
    name: str
    alias: str

    def ref(self) -> dict[str, object]:
        """The person as `owner`, `managerRef` or additional owner."""
        return {"type": "IDENTITY", "id": self.id, "name": self.name}


class People:
    """Makes the identities and remembers them: `all`, and `owners` by place of the department."""

    def __init__(self, count: int, dice: Dice) -> None:
        self._count = count
        self._dice = dice
        self._taken: dict[str, int] = {"admin": 1}
        self._departments = bytearray(count)
        self.all: list[Person] = []
        self.owners: list[list[Person]] = [[] for _ in DEPARTMENTS]

    def documents(self) -> Iterator[dict[str, object]]:
        """Every identity, managers before their reports; the first has the alias `admin` and no manager."""
        for number in range(self._count):
            yield self._identity(number)
        for owners in self.owners:
            if not owners:
                owners.append(self.all[0])

    def _identity(self, number: int) -> dict[str, object]:
        dice = self._dice
        given, family, name, city = self._name(number)
        alias = "admin" if number == 0 else self._alias(given, family)
        person = Person(dice.id(), name, alias)
        manages = number * _SPAN + 1 < self._count
        place = self._department(number)
        self.all.append(person)
        if manages:
            self.owners[place].append(person)
        state, status = ("active", "ACTIVE") if manages else dice.pick(_STATES)
        created, modified = dice.lifetime()
        return {
            "id": person.id,
            "name": name,
            "created": created,
            "modified": modified,
            "alias": alias,
            "emailAddress": f"{alias}@{_DOMAIN}",
            "processingState": "ERROR" if dice.chance(0.01) else None,
            "identityStatus": status,
            "managerRef": self.all[(number - 1) // _SPAN].ref() if number else None,
            "isManager": manages,
            "lastRefresh": modified,
            "attributes": {
                "uid": alias,
                "firstname": given.native,
                "lastname": family.native,
                "displayName": name,
                "email": f"{alias}@{_DOMAIN}",
                "department": DEPARTMENTS[place].name,
                "jobTitle": self._job(number, DEPARTMENTS[place], manages),
                "location": city.name,
                "city": city.name,
                "country": city.country,
                "cloudLifecycleState": state,
                "employeeNumber": str(100_000 + number),
                "startDate": dice.date(),
            },
            "lifecycleState": {"stateName": state, "manuallyUpdated": dice.chance(0.03)},
        }

    def _name(self, number: int) -> tuple[Word, Word, str, City]:
        dice = self._dice
        culture = dice.pick(CULTURES)
        given, family = dice.pick(culture.given), dice.pick(culture.family)
        city = dice.pick(culture.cities if dice.chance(_AT_HOME) else CITIES)
        if number == 0:
            given, family = Word("Bulkwark", "bulkwark"), Word("Administrator", "administrator")
            return given, family, "Bulkwark Administrator", city
        return given, family, culture.display(given, family), city

    def _alias(self, given: Word, family: Word) -> str:
        stem = f"{given.ascii}.{family.ascii}"
        count = self._taken.get(stem, 0) + 1
        self._taken[stem] = count
        return stem if count == 1 else f"{stem}{count}"

    def _department(self, number: int) -> int:
        """The place of the department: one for each at the top, below that a manager's own."""
        if number <= len(DEPARTMENTS):
            place = max(0, number - 1)
        else:
            place = self._departments[(number - 1) // _SPAN]
            if number <= _SPAN * (_SPAN + 1):
                place = int(self._dice.random() * len(DEPARTMENTS))
        self._departments[number] = place
        return place

    def _job(self, number: int, department: Department, manages: bool) -> str:
        if number == 0:
            return "Chief Information Officer"
        if number <= _SPAN:
            return f"Vice President {department.name}"
        function = self._dice.pick(department.functions).name
        return f"Manager {function}" if manages else f"{self._dice.pick(_RANKS)} {function}"
