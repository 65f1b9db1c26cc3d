"""Metadata attributes and their values: list, create, get, patch, delete."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from bulkwark.api import answers, filtering, patches
from bulkwark.api.answers import Answer
from bulkwark.api.calls import Call
from bulkwark.domain.documents import Document
from bulkwark.domain.kinds import new_id
from bulkwark.domain.metadata import Attribute, Catalogue
from bulkwark.domain.times import iso_ms
from bulkwark.errors import Invalid, NotFound
from bulkwark.query import filters
from bulkwark.query.analysis import fold
from bulkwark.store.dialect import Session

FILTERS = ("key", "name", "type", "status", "objectTypes")
SORTERS = ("name", "key")
MAX_VALUES = 1_000  # of one attribute
STATUSES = ("active", "inactive")
ATTRIBUTE_PATCHABLE = ("/name", "/description", "/multiselect", "/values", "/values/*", "/status", "/objectTypes")
VALUE_PATCHABLE = ("/name", "/status")


class ValueBody(msgspec.Struct):
    """One value of an attribute. Either of value and name suffices: the other is made from it."""

    value: str | None = None
    name: str | None = None
    status: str | None = None


class AttributeBody(msgspec.Struct):
    """An attribute as a caller writes it."""

    key: str | None = None
    name: str | None = None
    multiselect: bool = False
    status: str | None = None
    type: str | None = None
    objectTypes: list[str] | None = None
    description: str | None = None
    values: list[ValueBody] | None = None


# --- attributes ----------------------------------------------------------------------------------------


def list_attributes(call: Call) -> Answer:
    """GET /access-model-metadata/attributes."""
    found = [wire(attribute) for attribute in _catalogue(call).attributes.values()]
    text = call.query.get("filters")
    if text is not None and text.strip():
        keep = filters.parse(text)
        found = [doc for doc in found if filtering.matches(keep, doc, FILTERS, text)]
    for name, descending in reversed(_sorters(call)):
        found.sort(key=lambda doc: fold(doc.get(name) or ""), reverse=descending)
    limit, offset = call.number("limit", 250, most=250), call.number("offset", 0)
    headers = {"X-Total-Count": str(len(found))} if call.flag("count") else {}
    return answers.ok(found[offset : offset + limit], headers=headers)


def _sorters(call: Call) -> list[tuple[str, bool]]:
    text = call.query.get("sorters", "")
    found = filters.parse_sorters(text) if text.strip() else []
    for name, _ in found:
        if name not in SORTERS:
            raise Invalid(f"cannot sort by {name!r}", where="query parameter sorters", hint=", ".join(SORTERS))
    return found


def create_attribute(call: Call) -> Answer:
    """POST /access-model-metadata/attributes."""
    body = call.json(AttributeBody)
    if not (body.name or "").strip():
        raise Invalid("a metadata attribute needs a name", where="/name")
    doc, values = _documents(body)
    with call.services.store.write() as session:
        if doc["key"] in _catalogue(call, session).attributes:
            raise Invalid(f"there is a metadata attribute {doc['key']!r} already", where="/key")
        number = call.tenant.metadata.put_attribute(session, doc)
        for value in values:
            call.tenant.metadata.put_value(session, number, value)
        return answers.ok(wire(_catalogue(call, session).attributes[doc["key"]]), 201)


def get_attribute(call: Call) -> Answer:
    """GET /access-model-metadata/attributes/{key}."""
    return answers.ok(wire(_need(_catalogue(call), call.params["key"])))


def patch_attribute(call: Call) -> Answer:
    """PATCH of an attribute; its key and type stay."""
    operations = call.json(list[dict[str, Any]])
    patches.require_valid(operations, ATTRIBUTE_PATCHABLE)
    with call.services.store.write() as session:
        attribute = _need(_catalogue(call, session), call.params["key"])
        before = wire(attribute)
        after = patches.apply(before, operations, ATTRIBUTE_PATCHABLE)
        doc, values = _documents(patches.convert(after, AttributeBody))
        doc["type"] = before["type"]
        call.tenant.metadata.put_attribute(session, doc | {"key": attribute.key})
        for value in values:
            call.tenant.metadata.put_value(session, attribute.number, value)
        kept = {value["value"] for value in values}
        for gone in attribute.values.keys() - kept:
            _drop_value(call, session, attribute, gone, "/values")
        return answers.ok(wire(_catalogue(call, session).attributes[attribute.key]))


def delete_attribute(call: Call) -> Answer:
    """DELETE of an attribute that no object holds."""
    with call.services.store.write() as session:
        attribute = _need(_catalogue(call, session), call.params["key"])
        for value in attribute.values:
            _drop_value(call, session, attribute, value, "path")
        call.tenant.metadata.drop_attribute(session, attribute.number)
    return _tracker(call, "ATTRIBUTE", "key", attribute.key)


# --- values --------------------------------------------------------------------------------------------


def list_values(call: Call) -> Answer:
    """GET …/attributes/{key}/values."""
    found = wire(_need(_catalogue(call), call.params["key"]))["values"]
    limit, offset = call.number("limit", 250, most=250), call.number("offset", 0)
    headers = {"X-Total-Count": str(len(found))} if call.flag("count") else {}
    return answers.ok(found[offset : offset + limit], headers=headers)


def create_value(call: Call) -> Answer:
    """POST …/attributes/{key}/values."""
    doc = _value(call.json(ValueBody), "")
    with call.services.store.write() as session:
        attribute = _need(_catalogue(call, session), call.params["key"])
        if doc["value"] in attribute.values:
            raise Invalid(f"{attribute.key!r} has a value {doc['value']!r} already", where="/value")
        call.tenant.metadata.put_value(session, attribute.number, doc)
    return answers.ok(doc, 201)


def get_value(call: Call) -> Answer:
    """GET …/attributes/{key}/values/{value}."""
    attribute = _need(_catalogue(call), call.params["key"])
    return answers.ok(_need_value(attribute, call.params["value"]))


def patch_value(call: Call) -> Answer:
    """PATCH of a value: its name or status."""
    operations = call.json(list[dict[str, Any]])
    patches.require_valid(operations, VALUE_PATCHABLE)
    with call.services.store.write() as session:
        attribute = _need(_catalogue(call, session), call.params["key"])
        before = _need_value(attribute, call.params["value"])
        after = _value(patches.convert(patches.apply(before, operations, VALUE_PATCHABLE), ValueBody), "")
        call.tenant.metadata.put_value(session, attribute.number, after)
    return answers.ok(after)


def delete_value(call: Call) -> Answer:
    """DELETE of a value that no object holds."""
    with call.services.store.write() as session:
        attribute = _need(_catalogue(call, session), call.params["key"])
        _need_value(attribute, call.params["value"])
        _drop_value(call, session, attribute, call.params["value"], "path")
    return _tracker(call, "VALUE", "value", call.params["value"])


def _tracker(call: Call, type: str, member: str, name: str) -> Answer:
    """What the newest clients expect of a delete: the record of an action, which here is done already."""
    created = iso_ms(call.now)
    found = {"id": new_id(), "type": type, "status": "COMPLETED", "errors": [], "created": created, member: name}
    return answers.ok(found)


# --- shapes --------------------------------------------------------------------------------------------


def wire(attribute: Attribute) -> Document:
    """AttributeDTO with all values."""
    found: Document = msgspec.json.decode(attribute.doc + "}")
    found["values"] = [
        {"value": value.value, "name": value.name, "status": value.status} for value in attribute.values.values()
    ]
    return found


def _documents(body: AttributeBody) -> tuple[Document, list[Document]]:
    """The attribute and its values as stored. Raises Invalid."""
    name = (body.name or body.key or "").strip()
    key = (body.key or _technical(name)).strip()
    if not key or "/" in key or len(key) > 256 or key in (".", ".."):
        raise Invalid(f"{key!r} is no key", where="/key", hint="a technical name without '/'")
    if len(body.values or []) > MAX_VALUES:
        raise Invalid(f"{len(body.values or [])} values are named", where="/values", hint=f"at most {MAX_VALUES}")
    values = [_value(value, f"/values/{position}") for position, value in enumerate(body.values or [])]
    names = [value["value"] for value in values]
    for position, value in enumerate(names):
        if value in names[:position]:
            raise Invalid(f"the value {value!r} stands twice", where=f"/values/{position}/value")
    doc = {
        "key": key,
        "name": name,
        "multiselect": body.multiselect,
        "status": _status(body.status, "/status"),
        "type": body.type or "custom",
        "objectTypes": body.objectTypes or ["all"],
        "description": body.description or "",
    }
    return doc, values


def _value(body: ValueBody, where: str) -> Document:
    name = (body.name or body.value or "").strip()
    value = (body.value or _technical(name)).strip()
    if not value:
        raise Invalid("a value needs a value or a name", where=f"{where}/value")
    return {"value": value, "name": name, "status": _status(body.status, f"{where}/status")}


def _status(text: str | None, where: str) -> str:
    status = (text or "active").lower()
    if status not in STATUSES:
        raise Invalid(f"{text!r} is no status", where=where, hint=", ".join(STATUSES))
    return status


def _technical(name: str) -> str:
    """`Federal Classifications` → `federalClassifications`."""
    words = re.findall(r"\w+", name)
    return "".join(word.lower() if i == 0 else word[:1].upper() + word[1:] for i, word in enumerate(words))


def _catalogue(call: Call, session: Session | None = None) -> Catalogue:
    return call.tenant.metadata.catalogue(session or call.read())


def _need(catalogue: Catalogue, key: str) -> Attribute:
    attribute = catalogue.attributes.get(key)
    if attribute is None:
        raise NotFound(f"there is no metadata attribute {key!r}")
    return attribute


def _need_value(attribute: Attribute, value: str) -> Document:
    found = attribute.values.get(value)
    if found is None:
        raise NotFound(f"the attribute {attribute.key!r} has no value {value!r}")
    return {"value": found.value, "name": found.name, "status": found.status}


def _drop_value(call: Call, session: Session, attribute: Attribute, value: str, where: str) -> None:
    pair = attribute.values[value].pair
    if call.tenant.metadata.used(session, pair):
        raise Invalid(
            f"the value {value!r} of {attribute.key!r} is in use",
            where=where,
            hint=f"find its holders: @accessModelMetadata(key:{attribute.key} AND value:{value})",
        )
    call.tenant.metadata.drop_value(session, pair)
