"""The company's access model metadata: ten attributes, and the sets of values that roles carry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bulkwark.domain.synthetic_dice import Dice


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of the metadata catalogue; `values` are (technical value, display name)."""

    key: str
    name: str
    multiselect: bool
    type: str
    object_types: tuple[str, ...]
    description: str
    values: tuple[tuple[str, str], ...]

    def document(self, places: tuple[int, ...] | None = None) -> dict[str, object]:
        """An AttributeDTO with all values, or only those at `places`. Nothing in it is shared."""
        chosen = self.values if places is None else [self.values[place] for place in places]
        return {
            "key": self.key,
            "name": self.name,
            "multiselect": self.multiselect,
            "status": "active",
            "type": self.type,
            "objectTypes": list(self.object_types),
            "description": self.description,
            "values": [{"value": value, "name": name, "status": "active"} for value, name in chosen],
        }


#: What one object carries: attributes, each with the places of its chosen values.
Assignment = tuple[tuple[Attribute, tuple[int, ...]], ...]

#: key | name | one or many | type | object type | description | value=name, …
_CATALOGUE = """
classification|Classification|one|governance|all|Confidentiality of what it opens.|\
public=Public,internal=Internal,confidential=Confidential,secret=Secret
accessType|Access Type|one|governance|general|How it is granted.|\
birthright=Birthright,requested=Requested,emergency=Emergency,technical=Technical
dataDomain|Data Domain|many|governance|all|Data that it reaches.|\
customer=Customer,employee=Employee,financial=Financial,product=Product,supplier=Supplier,patient=Patient,research=Research
region|Region|many|custom|general|Where it may be used.|\
emea=EMEA,apac=APAC,latam=LATAM,northAmerica=North America,dach=DACH,global=Global
regulation|Regulation|many|governance|all|Rules that govern it.|\
sox=SOX,gdpr=GDPR,hipaa=HIPAA,pciDss=PCI DSS,iso27001=ISO 27001,dora=DORA,nis2=NIS2
lifecycle|Lifecycle|one|custom|general|Stage of its life.|\
draft=Draft,productive=Productive,sunset=Sunset,archived=Archived
riskLevel|Risk Level|one|governance|all|Damage that misuse could do.|\
low=Low,medium=Medium,high=High,critical=Critical
costCentre|Cost Centre|one|custom|general|Who pays for it.|\
cc1000=1000 Corporate,cc2100=2100 Finance,cc2200=2200 People,cc3100=3100 Sales,cc3200=3200 Marketing,\
cc4100=4100 Plants,cc4200=4200 Logistics,cc5100=5100 Technology,cc6100=6100 Care,cc7100=7100 Research
reviewCycle|Review Cycle|one|custom|all|How often it is certified.|\
monthly=Monthly,quarterly=Quarterly,yearly=Yearly
environment|Environment|one|custom|entitlement|Deployment environment of the account.|\
development=Development,test=Test,staging=Staging,production=Production
"""


def _catalogue() -> tuple[Attribute, ...]:
    found = []
    for line in _CATALOGUE.strip().splitlines():
        key, name, choice, kind, objects, description, values = line.split("|")
        pairs = [value.partition("=") for value in values.split(",")]
        found.append(
            Attribute(
                key, name, choice == "many", kind, (objects,), description, tuple((v, label) for v, _, label in pairs)
            )
        )
    return tuple(found)


CATALOGUE = _catalogue()
_CLASSIFICATION = CATALOGUE[0]
_ON_ROLES = tuple(a for a in CATALOGUE[1:] if a.object_types != ("entitlement",))
_ON_ENTITLEMENTS = tuple(a for a in CATALOGUE if a.object_types != ("general",))

#: Real catalogues repeat themselves: the distinct sets stay few whatever the number of roles.
_SETS_PER_DEPARTMENT = 25
_CLASSIFIED_SETS = 20


def catalogue_documents() -> Iterator[dict[str, object]]:
    """Every attribute with all its values, as GET /access-model-metadata/attributes shows them."""
    return (attribute.document() for attribute in CATALOGUE)


def role_assignments(dice: Dice) -> list[Assignment]:
    """The sets that the roles of one department carry: 1-3 attributes, four fifths with a classification."""
    found = []
    for number in range(_SETS_PER_DEPARTMENT):
        if number < _CLASSIFIED_SETS:
            attributes = [_CLASSIFICATION, *dice.some(_ON_ROLES, dice.pick((0, 0, 0, 1, 1, 2)))]
        else:
            attributes = dice.some(_ON_ROLES, dice.pick((1, 1, 1, 2, 3)))
        found.append(tuple((attribute, _places(dice, attribute)) for attribute in attributes))
    return found


def entitlement_assignments(dice: Dice) -> list[Assignment]:
    """The sets that entitlements carry: one attribute each."""
    attributes = [dice.pick(_ON_ENTITLEMENTS) for _ in range(_SETS_PER_DEPARTMENT)]
    return [((attribute, _places(dice, attribute)),) for attribute in attributes]


def attached(assignment: Assignment) -> dict[str, object]:
    """The `accessModelMetadata` member of an object: full attributes with only the chosen values."""
    return {"attributes": [attribute.document(places) for attribute, places in assignment]}


def _places(dice: Dice, attribute: Attribute) -> tuple[int, ...]:
    count = dice.pick((1, 1, 1, 2, 3)) if attribute.multiselect else 1
    return tuple(dice.some(range(len(attribute.values)), count))
