"""Mends of the official specs where no server can satisfy them. Each is one function with its reason; nothing else.

The list is fixed by decision (docs/decisions: "Spec slips"). Slips of operations that are not served yet (status of a
non-employee upload) get their mend when they are.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

from tests.contract.specs import Spec, operations

Node = dict[str, Any]


def mend(spec: Spec) -> Spec:
    """A mended copy of `spec`."""
    mended = copy.deepcopy(spec)
    for repair in MENDS:
        repair(mended)
    return mended


def nodes(value: Any) -> Iterator[Node]:
    """Every object of a JSON document, the innermost last."""
    if isinstance(value, dict):
        yield value
        for member in list(value.values()):
            yield from nodes(member)
    elif isinstance(value, list):
        for member in value:
            yield from nodes(member)


def schemas(spec: Spec, *names: str) -> Iterator[Node]:
    """Component schemas by name; the year versions and v1 spell them in different case."""
    for name, schema in spec["components"]["schemas"].items():
        if name.lower() in names:
            yield schema


def list_of_roles(spec: Spec) -> None:
    """The answer of `roles/filter` is typed `array` and `allOf: [Role]`, an object: no value is both. It is a list."""
    for _, _, operation in operations(spec):
        for response in operation["responses"].values():
            for media in response.get("content", {}).values():
                schema = media.get("schema", {})
                if schema.get("type") == "array" and "allOf" in schema:
                    media["schema"] = {"type": "array", "items": {"allOf": schema["allOf"]}}


def job_id_in_the_query(spec: Spec) -> None:
    """`bulk-update/id` declares a path parameter `id` that its path has no place for; we take it from the query."""
    for _, path, operation in operations(spec):
        for parameter in operation.get("parameters", []):
            if parameter.get("in") == "path" and f"{{{parameter['name']}}}" not in path:
                parameter |= {"in": "query", "required": False}


def not_found_on_one_object(spec: Spec) -> None:
    """Many operations on one object document no 404; the standard envelope is allowed on any path with an id."""
    bad_request = spec["components"]["responses"]["400"]
    for _, path, operation in operations(spec):
        if "{" in path or path.endswith("/bulk-update/id"):
            missing = copy.deepcopy(bad_request) | {"description": "Not Found"}
            operation["responses"].setdefault("404", missing)


def nullable_beside_a_reference(spec: Spec) -> None:
    """`nullable` beside `$ref`, or as a part of its own in `allOf`, has no effect by the rules of OpenAPI 3.0."""
    for node in nodes(spec):
        if node.get("nullable") is True and "$ref" in node:
            node["allOf"] = [{"$ref": node.pop("$ref")}]
        parts = node.get("allOf")
        if isinstance(parts, list) and {"nullable": True} in parts:
            parts.remove({"nullable": True})
            node["nullable"] = True


def any_fitting_document(spec: Spec) -> None:
    """Search documents and identity access are `oneOf` schemas that all fit at once; any of them may fit.

    A search document that names its `_type` must still fit the schema of that type.
    """
    for access in schemas(spec, "identityaccess"):
        access["anyOf"] = access.pop("oneOf")
        access.pop("discriminator", None)
    for document in schemas(spec, "searchdocument", "searchdocuments"):
        alternatives = []
        for part in document.pop("oneOf"):
            name = part["$ref"].rpartition("/")[2].lower().removesuffix("s").removesuffix("document")
            alternatives.append({"allOf": [part, {"properties": {"_type": {"enum": [name]}}}]})
        document["anyOf"] = alternatives
    for document in schemas(spec, "searchdocuments"):
        # The official examples of TYPEAHEAD show texts, those of inner hits elements of a nested array.
        document.pop("type", None)
        document["anyOf"] += [{"type": "string"}, {"type": "object", "required": ["_originalType"]}]


def token_that_never_expires(spec: Spec) -> None:
    """A new personal access token may never expire; only the schema of its later reads says `nullable`."""
    for created in schemas(spec, "createpersonalaccesstokenresponse"):
        created["properties"]["expirationDate"]["nullable"] = True


MENDS: tuple[Callable[[Spec], None], ...] = (
    list_of_roles,
    job_id_in_the_query,
    not_found_on_one_object,
    nullable_beside_a_reference,
    any_fitting_document,
    token_that_never_expires,
)


def sharpen(spec: Spec) -> Spec:
    """Not a mend: name the OAuth 2 schemes plain bearer schemes, on which `ignored_auth` insists (it skips OAuth 2)."""
    sharpened = copy.deepcopy(spec)
    schemes = sharpened["components"]["securitySchemes"]
    for name in schemes:
        schemes[name] = {"type": "http", "scheme": "bearer"}
    return sharpened
