"""Schema attributes of non-employee sources, and the template of a file with them."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import msgspec

from bulkwark.api import answers, non_employee_rights, patches
from bulkwark.api.answers import Answer
from bulkwark.api.calls import Call
from bulkwark.bulk import non_employees
from bulkwark.domain import spreadsheets
from bulkwark.domain.kinds import uuid_id
from bulkwark.domain.non_employees import TEXT, Attribute
from bulkwark.errors import Invalid, NotFound
from bulkwark.query.analysis import fold
from bulkwark.store import events, non_employee_sources
from bulkwark.store.dialect import Session
from bulkwark.store.events import Event
from bulkwark.store.non_employee_sources import Source

OBJECT = "NON_EMPLOYEE_SCHEMA_ATTRIBUTE"
LIST_MOST = 250
LONGEST = 128  # characters of a technical name, and of a label
LONGEST_HELP = 1_000  # characters
PATCHABLE = ("/label", "/helpText", "/placeholder", "/required")
# It is the heading of a column, a member of a document and the name of a field of the index.
_NAME = re.compile(r"[^\W_][\w.\- ]*", re.UNICODE).fullmatch


class AttributeBody(msgspec.Struct):
    """NonEmployeeSchemaAttributeBody."""

    type: str
    label: str
    technicalName: str
    helpText: str | None = None
    placeholder: str | None = None
    required: bool | None = None


class Patched(msgspec.Struct):
    label: str
    helpText: str | None = None
    placeholder: str | None = None
    required: bool = False


# --- reading -------------------------------------------------------------------------------------------


def list_attributes(call: Call) -> Answer:
    """GET /non-employee-sources/{sourceId}/schema-attributes: the system's own first."""
    limit, offset = call.number("limit", LIST_MOST, most=LIST_MOST), call.number("offset", 0)
    session = call.read()
    source = _source(call, session)
    found = non_employee_sources.attributes(session, call.tenant.number, source.number)
    return answers.ok([one.document() for one in found[offset : offset + limit]])


def get(call: Call) -> Answer:
    """GET /non-employee-sources/{sourceId}/schema-attributes/{attributeId}."""
    session = call.read()
    return answers.ok(_need(call, session, _source(call, session)).document())


def template(call: Call) -> Answer:
    """GET /non-employee-sources/{id}/schema-attributes-template/download: the heading of a file to fill in."""
    session = call.read()
    source = _source(call, session)
    found = non_employee_sources.attributes(session, call.tenant.number, source.number)
    heading = spreadsheets.line(one.name for one in found)
    return answers.csv(iter([heading.encode()]), "non-employees-template.csv")


def _source(call: Call, session: Session) -> Source:
    reached = non_employee_rights.reach(call, session)
    return non_employee_rights.need_source(call, reached, call.params.get("sourceId") or call.params["id"])


def _need(call: Call, session: Session, source: Source) -> Attribute:
    id = call.params["attributeId"]
    for one in non_employee_sources.attributes(session, call.tenant.number, source.number):
        if one.id == uuid_id(id):
            return one
    raise NotFound(f"there is no schema attribute {id}")


# --- writing -------------------------------------------------------------------------------------------


def create(call: Call) -> Answer:
    """POST /non-employee-sources/{sourceId}/schema-attributes."""
    body = call.json(AttributeBody)
    if body.type.upper() != TEXT:
        raise Invalid(f"a custom attribute is {TEXT}, not {body.type!r}", where="/type")
    name = body.technicalName.strip()
    if not _NAME(name) or len(name) > LONGEST:
        hint = f"letters, digits, '.', '-', '_' and blanks, a letter or digit first, at most {LONGEST} characters"
        raise Invalid(f"{body.technicalName[:LONGEST]!r} is no technical name", where="/technicalName", hint=hint)
    help, hint = body.helpText or "", body.placeholder or ""
    _require_short(body.label, help, hint)
    with call.services.store.write() as session:
        source = non_employee_rights.need_owned(call, session, call.params["sourceId"])
        known = non_employee_sources.attributes(session, call.tenant.number, source.number)
        if fold(name) in [fold(one.name) for one in known]:
            detail = f"the source has an attribute {name!r} already"
            raise Invalid(detail, where="/technicalName", code="400.1.409")
        most = call.services.non_employees.custom_attributes
        if sum(not one.system for one in known) >= most:
            raise Invalid(f"a source has at most {most} custom attributes", code="400.1.4")
        made = Attribute(
            number=max(one.number for one in known) + 1,
            id=str(uuid4()),
            system=False,
            type=TEXT,
            name=name,
            label=body.label,
            help=help,
            hint=hint,
            required=bool(body.required),
            created=call.now,
            modified=call.now,
        )
        non_employee_sources.add_attributes(session, call.tenant.number, source.number, [made])
        _tell(call, session, "CREATE", source, made)
        return answers.ok(made.document())


def patch(call: Call) -> Answer:
    """PATCH …/schema-attributes/{attributeId}: label, helpText, placeholder; of a custom one also `required`."""
    operations = call.json(list[dict[str, Any]])
    patches.require_valid(operations, PATCHABLE)
    with call.services.store.write() as session:
        source = non_employee_rights.need_owned(call, session, call.params["sourceId"])
        old = _need(call, session, source)
        found = patches.convert(patches.apply(old.document(), operations, PATCHABLE), Patched, operations)
        help, hint = found.helpText or "", found.placeholder or ""
        _require_short(found.label, help, hint)
        if old.system and found.required != old.required:
            raise Invalid("an attribute of the system is always required", where=patches.blame(operations, "/required"))
        new = msgspec.structs.replace(old, label=found.label, help=help, hint=hint, required=found.required)
        if new != old:
            new = msgspec.structs.replace(new, modified=call.now)
            non_employee_sources.change_attribute(session, call.tenant.number, source.number, new)
            _tell(call, session, "UPDATE", source, new)
        return answers.ok(new.document())


def _require_short(label: str, help: str, hint: str) -> None:
    if not label.strip():
        raise Invalid("it is blank", where="/label")
    most = {"/label": LONGEST, "/helpText": LONGEST_HELP, "/placeholder": LONGEST_HELP}
    for where, text in zip(most, (label, help, hint), strict=True):
        if len(text) > most[where]:
            raise Invalid(f"it has {len(text)} characters", where=where, hint=f"at most {most[where]}")


def delete(call: Call) -> Answer:
    """DELETE …/schema-attributes/{attributeId}: a custom one, with its values in all records of the source."""
    session = call.services.store.read()
    source = non_employee_rights.need_owned(call, session, call.params["sourceId"])
    attribute = _need(call, session, source)
    if attribute.system:
        raise Invalid(f"{attribute.name} is an attribute of the system", hint="custom ones can be deleted")
    _delete(call, source, attribute)
    return answers.empty(204)


def delete_all(call: Call) -> Answer:
    """DELETE …/schema-attributes: all custom ones."""
    session = call.services.store.read()
    source = non_employee_rights.need_owned(call, session, call.params["sourceId"])
    for attribute in non_employee_sources.attributes(session, call.tenant.number, source.number):
        if not attribute.system:
            _delete(call, source, attribute)
    return answers.empty(204)


def _delete(call: Call, source: Source, attribute: Attribute) -> None:
    with call.services.store.write() as session:
        # It goes first: from now on nobody can give it a value.
        non_employee_sources.drop_attribute(session, call.tenant.number, source.number, attribute)
        _tell(call, session, "DELETE", source, attribute)
    non_employees.forget_attribute(
        call.services.store,
        call.tenant,
        source,
        attribute,
        call.services.clock,
        non_employee_rights.warning(call),
    )


def _tell(call: Call, session: Session, operation: str, source: Source, attribute: Attribute) -> None:
    told = Event(
        non_employees.TYPE,
        OBJECT,
        operation,
        attribute.name,
        call.actor.user_name or call.actor.client_id,
        attributes={"sourceId": source.source_id, "sourceName": source.name, "label": attribute.label},
    )
    events.append(session, call.tenant, [told], call.now)
