"""The company that inside tests start from: a synthetic one, roles with odd values, and a second tenant."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Any

from bulkwark.domain.entitlements import complete
from bulkwark.domain.kinds import Kind
from bulkwark.domain.synthetic import company
from bulkwark.domain.times import parse_ms
from bulkwark.store.objects import New
from bulkwark.store.tenants import Store, Tenant

ROLES = 300
ODD = Path(__file__).parent / "store" / "cases" / "odd.json"
KINDS = {
    "identity": Kind.IDENTITY,
    "source": Kind.SOURCE,
    "entitlement": Kind.ENTITLEMENT,
    "access-profile": Kind.ACCESS_PROFILE,
    "role": Kind.ROLE,
}
Document = dict[str, Any]


def attribute(
    key: str, values: Iterable[str], *, many: bool = True, status: str = "active", of: str = "all"
) -> Document:
    """A metadata attribute as GET shows it."""
    return {
        "key": key,
        "name": key.title(),
        "multiselect": many,
        "status": status,
        "type": "custom",
        "objectTypes": [of],
        "description": f"{key} of the tests",
        "values": [
            {"value": value, "name": value.title(), "status": "inactive" if value == "retired" else "active"}
            for value in values
        ],
    }


# What the bars need: an attribute with more values than an object may hold, one that holds a single value, an
# inactive one, an inactive value, and one that is not for roles.
ATTRIBUTES = (
    attribute("many", [f"v{n:02}" for n in range(30)]),
    attribute("single", ["one", "two", "three"], many=False),
    attribute("closed", ["x"], status="inactive"),
    attribute("aging", ["fresh", "retired"]),
    attribute("forEntitlements", ["y"], of="entitlement"),
)


def build(store: Store) -> None:
    """Fill an empty store."""
    tenant = store.need_tenant("default")
    stream: list[tuple[str, Document]] = list(company(ROLES))
    put(store, tenant, [doc for kind, doc in stream if kind == "metadata-attribute"] + list(ATTRIBUTES))
    for kind, found in groupby((pair for pair in stream if pair[0] in KINDS), key=lambda pair: pair[0]):
        load(store, tenant, KINDS[kind], [doc for _, doc in found])
    for odd in json.loads(ODD.read_text("utf-8")):
        load(store, tenant, KINDS[odd["kind"]], odd["documents"])
    other = store.need_tenant("other")
    put(store, other, [attribute("single", ["one"])])
    people: list[Document] = [doc for kind, doc in company(5, seed=2) if kind == "identity"]
    load(store, other, Kind.IDENTITY, people)
    load(store, other, Kind.ROLE, [role("Theirs", people[0]["id"], id="f" * 32)])


def put(store: Store, tenant: Tenant, attributes: Iterable[Document]) -> None:
    with store.write() as session:
        for doc in attributes:
            own = {name: value for name, value in doc.items() if name != "values"}
            number = tenant.metadata.put_attribute(session, own)
            for value in doc["values"]:
                tenant.metadata.put_value(session, number, value)


def load(store: Store, tenant: Tenant, kind: Kind, docs: Iterable[Document]) -> None:
    """Add documents in the shape of the GET answers."""
    with store.write() as session:
        catalogue = tenant.metadata.catalogue(session)
        found = []
        for doc in docs:
            own = complete(doc) if kind is Kind.ENTITLEMENT else dict(doc)
            modified = own.pop("modified", None)
            held = (own.pop("accessModelMetadata", None) or {}).get("attributes") or []
            pairs = [catalogue.attributes[a["key"]].values[v["value"]].pair for a in held for v in a["values"]]
            found.append(New(own, parse_ms(modified) if modified else 0, ",".join(map(str, pairs))))
        tenant.objects.add(session, kind, found)


def role(name: str, owner: str, *, id: str, **more: Any) -> Document:
    """A small role document."""
    return {
        "id": id,
        "name": name,
        "created": "2024-01-01T00:00:00.000Z",
        "modified": "2024-01-02T00:00:00.000Z",
        "description": None,
        "owner": {"type": "IDENTITY", "id": owner, "name": "someone"},
        "accessProfiles": [],
        "entitlements": [],
        "enabled": True,
        "requestable": False,
        **more,
    }
