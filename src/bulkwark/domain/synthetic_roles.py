"""The synthetic company's roles."""

from __future__ import annotations

from collections.abc import Iterator

from bulkwark.domain.synthetic_access import Item, Landscape, Shelf
from bulkwark.domain.synthetic_departments import DEPARTMENTS, FINANCE, LEVELS, REGIONS, TAGS, Department
from bulkwark.domain.synthetic_dice import Dice
from bulkwark.domain.synthetic_metadata import Assignment, attached
from bulkwark.domain.synthetic_people import People, Person
from bulkwark.domain.synthetic_prose import role_description
from bulkwark.domain.synthetic_words import CITIES

#: Department places, each as often as its percentage of the roles.
_BY_SHARE = tuple(place for place, department in enumerate(DEPARTMENTS) for _ in range(department.share))

#: How many direct entitlements and access profiles a role holds, each number as often as it stands here.
_ENTITLEMENT_COUNTS = (0,) * 10 + (1,) * 12 + (2,) * 12 + (3,) * 8 + (4,) * 5 + (5,) * 3
_PROFILE_COUNTS = (0,) * 7 + (1,) * 7 + (2,) * 3 + (3,) * 2 + (4,) * 1

#: Share of roles with metadata. Finance is ahead of the others, and yet about half of its roles lack a
#: classification: that is the gap the demo closes.
_WITH_METADATA = 0.48
_FINANCE_WITH_METADATA = 0.62

_APPROVALS: tuple[tuple[str, ...], ...] = ((), (), ("MANAGER",), ("OWNER",), ("MANAGER", "OWNER"))


class Roles:
    """Makes roles out of what the company already has."""

    def __init__(self, landscape: Landscape, people: People, assignments: list[list[Assignment]], dice: Dice) -> None:
        self._landscape = landscape
        self._people = people
        self._assignments = assignments
        self._dice = dice
        self._slots = [_slots(department, landscape) for department in DEPARTMENTS]
        self._serials: dict[str, int] = {}

    def documents(self, count: int) -> Iterator[dict[str, object]]:
        """Roles in the shape of GET /roles, with the extension member `tags`."""
        for _ in range(count):
            yield self._role()

    def _role(self) -> dict[str, object]:
        dice = self._dice
        place = dice.pick(_BY_SHARE)
        department, owners = DEPARTMENTS[place], self._people.owners[place]
        function, level, region = dice.pick(department.functions), dice.pick(LEVELS), dice.pick(REGIONS)
        description = role_description(dice, department, function, level, region.name, dice.pick(region.languages))
        entitlements = self._held(self._landscape.entitlements, place, dice.pick(_ENTITLEMENT_COUNTS))
        profiles = self._held(self._landscape.profiles, place, dice.pick(_PROFILE_COUNTS))
        requestable = dice.chance(0.5)
        described = dice.chance(_FINANCE_WITH_METADATA if department.name == FINANCE else _WITH_METADATA)
        owner = dice.pick(owners)
        created, modified = dice.lifetime()
        return {
            "id": dice.id(),
            "name": self._name(f"{department.name} {function.name} {level} – {region.name}"),
            "created": created,
            "modified": modified,
            "description": description,
            "owner": owner.ref(),
            "additionalOwners": self._additional_owners(owners, owner),
            "accessProfiles": [{"id": one.id, "type": "ACCESS_PROFILE", "name": one.name} for one in profiles],
            "entitlements": [{"type": "ENTITLEMENT", "id": one.id, "name": one.name} for one in entitlements],
            "membership": self._membership(department.name, function.name),
            "legacyMembershipInfo": None,
            "enabled": dice.chance(0.85),
            "requestable": requestable,
            "accessRequestConfig": self._request_config() if requestable and dice.chance(0.35) else None,
            "revocationRequestConfig": None,
            "segments": None,
            "dimensional": dice.chance(0.01),
            "dimensionRefs": None,
            "accessModelMetadata": attached(dice.pick(self._assignments[place]) if described else ()),
            "privilegeLevel": "High" if any(one.privileged for one in entitlements) else None,
            "tags": dice.some(TAGS, dice.pick((1, 1, 2, 3))) if dice.chance(0.35) else [],
        }

    def _name(self, stem: str) -> str:
        serial = self._serials.get(stem, 0) + 1
        self._serials[stem] = serial
        return f"{stem} {serial:04}"

    def _held(self, shelf: Shelf, department: int, count: int) -> list[Item]:
        """That many items of the systems the department works in, fewer when chance repeats one."""
        dice = self._dice
        slots = self._slots[department]
        found = {}
        for _ in range(count):
            item = dice.pick(shelf.get(dice.pick(slots), department))
            found[item.id] = item
        return list(found.values())

    def _additional_owners(self, owners: list[Person], owner: Person) -> list[dict[str, object]] | None:
        luck = self._dice.random()
        if luck < 0.88:
            return None
        return [one.ref() for one in self._dice.some(owners, 2 if luck > 0.96 else 1) if one is not owner]

    def _membership(self, department: str, function: str) -> dict[str, object] | None:
        dice = self._dice
        luck = dice.random()
        if luck < 0.6:
            return None
        if luck < 0.72:
            people = dice.some(self._people.all, dice.pick((1, 1, 2, 3)))
            identities = [{"type": "IDENTITY", "id": p.id, "name": p.name, "aliasName": p.alias} for p in people]
            return {"type": "IDENTITY_LIST", "criteria": None, "identities": identities}
        criteria = _equals("department", department)
        if luck > 0.9:
            second = (
                _equals("city", dice.pick(CITIES).name) if luck > 0.95 else _equals("jobTitle", f"Manager {function}")
            )
            criteria = {"operation": "AND", "key": None, "stringValue": None, "children": [criteria, second]}
        return {"type": "STANDARD", "criteria": criteria, "identities": None}

    def _request_config(self) -> dict[str, object]:
        dice = self._dice
        return {
            "commentsRequired": dice.chance(0.3),
            "denialCommentsRequired": dice.chance(0.2),
            "reauthorizationRequired": False,
            "requireEndDate": dice.chance(0.1),
            "maxPermittedAccessDuration": None,
            "approvalSchemes": [{"approverType": kind, "approverId": None} for kind in dice.pick(_APPROVALS)],
        }


def _equals(attribute: str, value: str) -> dict[str, object]:
    key = {"type": "IDENTITY", "property": f"attribute.{attribute}", "sourceId": None}
    return {"operation": "EQUALS", "key": key, "stringValue": value, "children": None}


def _slots(department: Department, landscape: Landscape) -> tuple[int, ...]:
    """Source places, each as often as the department reaches into it; absent systems drop out."""
    places = {system.name: place for place, system in enumerate(landscape.systems)}
    own = [places[name] for name, percent in department.systems if name in places for _ in range(percent)]
    # A department uses what is its own, and now and then something quite different; never SAP, whose holders
    # are what the demo counts.
    foreign = [place for place, system in enumerate(landscape.systems) if system.name != "SAP"]
    return (*own * 9, *(foreign[number % len(foreign)] for number in range(len(own))))
