"""The systems of the synthetic company: sixty sources, and how each spells its entitlements."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from bulkwark.domain.synthetic_departments import DEPARTMENTS, Department, Function
from bulkwark.domain.synthetic_words import CITIES


@dataclass(frozen=True, slots=True)
class Action:
    """What an entitlement permits: code in technical names, title in display names."""

    code: str
    title: str


ACTIONS: tuple[Action, ...] = (
    Action("POST", "Post"),
    Action("DISP", "Display"),
    Action("EDIT", "Edit"),
    Action("APPR", "Approve"),
    Action("RPT", "Report"),
    Action("REL", "Release"),
    Action("AUDIT", "Audit"),
    Action("ADMIN", "Administer"),
)

#: First the whole company, then each site.
SITES: tuple[str, ...] = ("", *(city.code for city in CITIES))


@dataclass(frozen=True, slots=True)
class Grant:
    """One right on one system; equal grants of one system differ in `serial`."""

    department: Department
    function: Function
    action: Action
    site: str
    serial: int

    @property
    def code(self) -> str:
        """The technical name, as in `FI_AP_POST_MUC_2`."""
        parts = [self.department.code, self.function.code, self.action.code]
        if self.site:
            parts.append(self.site)
        if self.serial:
            parts.append(str(self.serial + 1))
        return "_".join(parts)

    @property
    def title(self) -> str:
        """The readable name, as in `Accounts Payable Post MUC 2`."""
        text = f"{self.function.name} {self.action.title}"
        if self.site:
            text = f"{text} {self.site}"
        return f"{text} {self.serial + 1}" if self.serial else text


def grant(department: Department, number: int) -> Grant:
    """The right of that number: functions turn fastest, then actions, then sites; every number differs."""
    functions = department.functions
    number, function = divmod(number, len(functions))
    number, action = divmod(number, len(ACTIONS))
    serial, site = divmod(number, len(SITES))
    return Grant(department, functions[function], ACTIONS[action], SITES[site], serial)


@dataclass(frozen=True, slots=True)
class Family:
    """How systems of one make hold rights: account attribute, its object type, and (name, value) of a grant.

    The text given to `spell` beside the grant is 32 hex digits of chance.
    """

    attribute: str
    object_type: str
    connector: str
    spell: Callable[[Grant, str], tuple[str, str]]


def _directory(right: Grant, _: str) -> tuple[str, str]:
    name = f"GG_{right.code}"
    return name, f"CN={name},OU=Groups,OU={right.site or 'Global'},DC=corp,DC=example,DC=com"


def _sap(right: Grant, _: str) -> tuple[str, str]:
    name = f"SAP_{right.code}"
    return name, name


def _guid(right: Grant, chance: str) -> tuple[str, str]:
    guid = f"{chance[:8]}-{chance[8:12]}-{chance[12:16]}-{chance[16:20]}-{chance[20:]}"
    return f"{right.department.name} – {right.title}", guid


def _arn(right: Grant, _: str) -> tuple[str, str]:
    name = right.code.lower().replace("_", "-")
    account = 410_000_000_000 + 7_919 * SITES.index(right.site)
    return name, f"arn:aws:iam::{account}:role/{name}"


def _team(right: Grant, _: str) -> tuple[str, str]:
    name = right.code.lower().replace("_", "-")
    return name, f"example-corp/{name}"


def _profile(right: Grant, _: str) -> tuple[str, str]:
    return right.title, right.code.lower()


def _authority(right: Grant, _: str) -> tuple[str, str]:
    return right.title, right.code


_FAMILIES: dict[str, Family] = {
    "directory": Family("memberOf", "group", "sailpoint.connector.ADLDAPConnector", _directory),
    "sap": Family("authority", "role", "sailpoint.connector.SAPConnector", _sap),
    "cloud": Family("groups", "group", "sailpoint.connector.AzureADConnector", _guid),
    "aws": Family("groups", "role", "sailpoint.connector.AWSConnector", _arn),
    "team": Family("groups", "team", "sailpoint.connector.WebServicesConnector", _team),
    "profile": Family("profile", "profile", "sailpoint.connector.WebServicesConnector", _profile),
    "authority": Family("authority", "authority", "sailpoint.connector.JDBCConnector", _authority),
}


@dataclass(frozen=True, slots=True)
class System:
    """A source to be: `weight` says how many of the company's entitlements it holds, relative to the others."""

    name: str
    connector: str
    family: Family
    weight: int
    authoritative: bool


#: name:family:weight; the large and the famous first, since a small company has only the first eight.
#: No second name holds the word SAP: the demo's query means that one system.
_SYSTEMS = """
Active Directory:directory:24, SAP:sap:20, Workday:authority:5, Azure AD:cloud:10, Salesforce:profile:8,
ServiceNow:profile:6, Oracle EBS:authority:8, Okta:cloud:5, GitHub:team:5, AWS:aws:8, Snowflake:authority:5,
PeopleSoft:authority:4, Epic:profile:5, SuccessFactors:authority:2, Concur:profile:2, Ariba:profile:2, Coupa:profile:2,
Jira:team:3, HubSpot:profile:2, DocuSign:profile:1, Kronos:authority:1, Zendesk:profile:2, BlackLine:authority:1,
Anaplan:authority:1, VMware:authority:2, CyberArk:authority:1, Splunk:profile:1, Maximo:authority:2,
Manhattan WMS:authority:2, Kinaxis:profile:1, Siemens Opcenter:authority:2, Adobe Experience:profile:1,
iManage:profile:1, Veeva Vault:profile:1, LabVantage:authority:1, Cerner:profile:1, Google Workspace:cloud:3,
Confluence:team:2, GitLab:team:2, Slack:team:1, Zoom:profile:1, Box:cloud:1, Tableau:team:1, Power BI:cloud:1,
Databricks:cloud:1, Mainframe RACF:authority:3, IBM i:authority:1, Linux Servers:authority:2,
OpenLDAP:directory:2, Oracle Database:authority:2, SQL Server:authority:2, PostgreSQL:authority:1,
MongoDB Atlas:profile:1, Google Cloud:aws:2, Kubernetes:team:1, Jenkins:team:1, Artifactory:team:1,
Badge System:authority:1, NetSuite:profile:1, JD Edwards:authority:1
"""


def _systems() -> tuple[System, ...]:
    found = []
    for part in _SYSTEMS.replace("\n", " ").split(", "):
        name, family, weight = part.strip().split(":")
        slug = name.lower().replace(" ", "-")
        found.append(System(name, slug, _FAMILIES[family], int(weight), name in {"Workday", "SuccessFactors"}))
    return tuple(found)


SYSTEMS = _systems()


def portions(total: int, systems: tuple[System, ...]) -> list[int]:
    """Split `total` over the systems by weight, exactly."""
    weight = sum(system.weight for system in systems)
    ends = [0]
    running = 0
    for system in systems:
        running += system.weight
        ends.append(total * running // weight)
    return [end - start for start, end in pairwise(ends)]


def tenants(system: System) -> tuple[int, ...]:
    """Places of the departments that work in the system; of all if none says so."""
    found = tuple(
        place
        for place, department in enumerate(DEPARTMENTS)
        if any(name == system.name for name, _ in department.systems)
    )
    return found or tuple(range(len(DEPARTMENTS)))
