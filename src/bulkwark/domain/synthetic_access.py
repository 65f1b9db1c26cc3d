"""The synthetic company's sources, entitlements and access profiles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from bulkwark.domain.synthetic_departments import DEPARTMENTS, TAGS
from bulkwark.domain.synthetic_dice import Dice
from bulkwark.domain.synthetic_metadata import Assignment, attached
from bulkwark.domain.synthetic_people import People
from bulkwark.domain.synthetic_prose import entitlement_description
from bulkwark.domain.synthetic_systems import ACTIONS, SYSTEMS, System, grant, portions, tenants

_ADMINISTER = ACTIONS[-1]

#: The department whose managers own the sources.
_SOURCE_OWNERS = next(place for place, department in enumerate(DEPARTMENTS) if department.name == "IT Operations")

_BASE_FEATURES = ("PROVISIONING", "ENABLE", "DISCOVER_SCHEMA", "AUTHENTICATE")
_MORE_FEATURES = ("SEARCH", "UNLOCK", "PASSWORD", "SYNC_PROVISIONING", "GROUP_PROVISIONING", "DIRECT_PERMISSIONS")
_STATUSES = ("SOURCE_STATE_HEALTHY",) * 9 + ("SOURCE_STATE_UNCHECKED_SOURCE",)


class Item(NamedTuple):
    """What later documents need to know of an entitlement or access profile."""

    id: str
    name: str
    privileged: bool = False


class Shelf:
    """Items by source, and by source and department."""

    def __init__(self, sources: int) -> None:
        self._whole: list[list[Item]] = [[] for _ in range(sources)]
        self._parts: list[list[list[Item]]] = [[[] for _ in DEPARTMENTS] for _ in range(sources)]

    def put(self, source: int, department: int, item: Item) -> None:
        """Remember the item."""
        self._whole[source].append(item)
        self._parts[source][department].append(item)

    def get(self, source: int, department: int) -> list[Item]:
        """Items of the department on the source; of the whole source if the department has none there."""
        return self._parts[source][department] or self._whole[source]


def source_ref(identifier: str, name: str) -> dict[str, object]:
    """The source as entitlements and access profiles show it."""
    return {"id": identifier, "type": "SOURCE", "name": name}


class Landscape:
    """Makes sources, entitlements and access profiles, in that order, and remembers what roles refer to."""

    def __init__(self, sources: int, people: People) -> None:
        self.systems = SYSTEMS[:sources]
        self.source_ids: list[str] = []
        self.entitlements = Shelf(sources)
        self.profiles = Shelf(sources)
        self._people = people

    def source_documents(self, dice: Dice) -> Iterator[dict[str, object]]:
        """Sources in the shape of GET /sources."""
        cluster = {"type": "CLUSTER", "id": dice.id(), "name": "Corporate Cluster"}
        for system in self.systems:
            document = self._source(dice, system)
            document["cluster"] = dict(cluster)
            yield document

    def _source(self, dice: Dice, system: System) -> dict[str, object]:
        identifier = dice.id()
        self.source_ids.append(identifier)
        created, modified = dice.lifetime()
        status = dice.pick(_STATUSES)
        objects = ("account", system.family.object_type)
        return {
            "id": identifier,
            "name": system.name,
            "description": f"Accounts and access on {system.name}.",
            "owner": dice.pick(self._people.owners[_SOURCE_OWNERS]).ref(),
            "cluster": None,
            "accountCorrelationConfig": {
                "type": "ACCOUNT_CORRELATION_CONFIG",
                "id": dice.id(),
                "name": f"{system.name} Account Correlation",
            },
            "accountCorrelationRule": None,
            "managerCorrelationMapping": {"accountAttributeName": "manager", "identityAttributeName": "uid"},
            "managerCorrelationRule": None,
            "beforeProvisioningRule": None,
            "schemas": [{"type": "CONNECTOR_SCHEMA", "id": dice.id(), "name": name} for name in objects],
            "passwordPolicies": None,
            "features": [*_BASE_FEATURES, *dice.some(_MORE_FEATURES, 3)],
            "type": f"{system.name} - Direct",
            "connector": system.connector,
            "connectorClass": system.family.connector,
            "connectorAttributes": {"healthCheckTimeout": 30, "cloudExternalId": dice.id()},
            "deleteThreshold": 10,
            "authoritative": system.authoritative,
            "managementWorkgroup": None,
            "healthy": status == "SOURCE_STATE_HEALTHY",
            "status": status,
            "since": modified,
            "connectorId": system.connector,
            "connectorName": system.name,
            "connectionType": "direct",
            "connectorImplementationId": system.connector,
            "created": created,
            "modified": modified,
            "credentialProviderEnabled": False,
            "category": None,
        }

    def entitlement_documents(
        self, count: int, dice: Dice, assignments: list[Assignment]
    ) -> Iterator[dict[str, object]]:
        """Entitlements in the shape of GET /entitlements, source by source, each unique on its source."""
        for source, (system, portion) in enumerate(zip(self.systems, portions(count, self.systems), strict=True)):
            departments = tenants(system)
            for number in range(portion):
                turn, place = divmod(number, len(departments))
                yield self._entitlement(dice, source, departments[place], turn, assignments)

    def _entitlement(
        self, dice: Dice, source: int, department: int, number: int, assignments: list[Assignment]
    ) -> dict[str, object]:
        system = self.systems[source]
        right = grant(DEPARTMENTS[department], number)
        name, value = system.family.spell(right, dice.id())
        privileged = dice.chance(0.4 if right.action is _ADMINISTER else 0.035)
        item = Item(dice.id(), name, privileged)
        self.entitlements.put(source, department, item)
        renamed = dice.chance(0.05)
        created, modified = dice.lifetime()
        return {
            "id": item.id,
            "name": name,
            "attribute": system.family.attribute,
            "value": value,
            "sourceSchemaObjectType": system.family.object_type,
            "description": entitlement_description(dice, right.function, right.action.title, system.name),
            "privileged": privileged,
            "cloudGoverned": dice.chance(0.3),
            "requestable": dice.chance(0.4),
            "owner": dice.pick(self._people.owners[department]).ref() if dice.chance(0.8) else None,
            "additionalOwners": None,
            "manuallyUpdatedFields": {"DISPLAY_NAME": renamed, "DESCRIPTION": False},
            "accessModelMetadata": attached(dice.pick(assignments) if dice.chance(0.1) else ()),
            "created": created,
            "modified": modified,
            "source": source_ref(self.source_ids[source], system.name),
            "attributes": {system.family.attribute: value},
            "segments": None,
            "directPermissions": [],
            "privilegeLevel": _level("HIGH" if privileged else "NONE"),
            "tags": dice.some(TAGS, 1) if dice.chance(0.2) else [],
        }

    def profile_documents(
        self, count: int, dice: Dice, assignments: list[list[Assignment]]
    ) -> Iterator[dict[str, object]]:
        """Access profiles in the shape of GET /access-profiles, each on one source with 1-6 of its entitlements."""
        for source, (system, portion) in enumerate(zip(self.systems, portions(count, self.systems), strict=True)):
            departments = tenants(system)
            for number in range(portion):
                turn, place = divmod(number, len(departments))
                department = departments[place]
                yield self._profile(dice, source, department, turn, assignments[department])

    def _profile(
        self, dice: Dice, source: int, department: int, number: int, assignments: list[Assignment]
    ) -> dict[str, object]:
        system = self.systems[source]
        right = grant(DEPARTMENTS[department], number)
        item = Item(dice.id(), f"{system.name} – {right.department.name} {right.title}")
        self.profiles.put(source, department, item)
        held = dice.some(self.entitlements.get(source, department), dice.pick((1, 1, 2, 2, 3, 4, 5, 6)))
        created, modified = dice.lifetime()
        return {
            "id": item.id,
            "name": item.name,
            "description": entitlement_description(dice, right.function, right.action.title, system.name),
            "created": created,
            "modified": modified,
            "enabled": dice.chance(0.92),
            "owner": dice.pick(self._people.owners[department]).ref(),
            "source": source_ref(self.source_ids[source], system.name),
            "entitlements": [{"type": "ENTITLEMENT", "id": one.id, "name": one.name} for one in held],
            "requestable": dice.chance(0.6),
            "accessRequestConfig": None,
            "revocationRequestConfig": None,
            "segments": None,
            "accessModelMetadata": attached(dice.pick(assignments) if dice.chance(0.2) else ()),
            "provisioningCriteria": None,
            "additionalOwners": None,
            "tags": dice.some(TAGS, 1) if dice.chance(0.15) else [],
        }


def _level(level: str) -> dict[str, object]:
    """`privilegeLevel` as a source's own criteria have set it."""
    by = "CONNECTOR_CRITERIA" if level != "NONE" else None
    return {"direct": level, "setByType": by, "inherited": None, "effective": level}
