"""Answers against the official schemas of every version, where those stand beside the checkout."""

from __future__ import annotations

import copy
import json
import os
from functools import cache
from typing import Any

import pytest

from bulkwark.api.openapi import official_path
from bulkwark.api.operations import OPERATIONS, Operation, paths
from tests.api.served import GOOD, fresh, profile, profile_body
from tests.api.test_served import call
from tests.contract import mend, specs
from tests.house import House

jsonschema = pytest.importorskip("jsonschema")
if not specs.spec_dir().exists():
    assert not os.environ.get("CI"), "the official specs are missing"
    pytest.skip("the official specs are not here", allow_module_level=True)

NON_EMPLOYEES = tuple(f"non_employee_{noun}" for noun in ("sources", "schemas", "records", "requests", "approvals"))
FAMILIES = ("access_profiles", "profile_bulk", "sources", "dimensions", "role_members", "public_identities")
ENTITLEMENTS = ("entitlements", "entitlement_holders", "entitlement_imports")
# Answered without a body; not in these copies of the specs.
NO_SHAPE = ("deleteAccessModelMetadataFromEntitlement", "importEntitlements")
FORMS = [
    (operation, version, path)
    for operation in OPERATIONS
    if operation.handler.partition(".")[0] in (*FAMILIES, *ENTITLEMENTS, *NON_EMPLOYEES)
    and operation.success != 204
    and operation.id not in NO_SHAPE
    and operation.answers == "application/json"
    and not operation.path.startswith("/bulkwark/")
    for version, path in paths(operation)
    if version
]


@cache
def official(version: str) -> dict[str, Any]:
    """The mended spec with `nullable` as JSON Schema has it."""
    spec = copy.deepcopy(mend.mend(specs.load(specs.spec_path(version))))
    for node in list(mend.nodes(spec)):
        if node.pop("nullable", False) is True:
            inner = dict(node)
            node.clear()
            node["anyOf"] = [inner, {"type": "null"}]
    return spec


def require_fitting(version: str, operation: Operation, status: int, answer: Any) -> None:
    spec = official(version)
    path = official_path(operation, version)
    response = spec["paths"][path][operation.method.lower()]["responses"][str(status)]
    if "$ref" in response:
        response = spec["components"]["responses"][response["$ref"].rpartition("/")[2]]
    schema = response["content"]["application/json"]["schema"]
    validator = jsonschema.Draft7Validator({**schema, "components": spec["components"]})
    faults = [f"{list(error.path)}: {error.message[:300]}" for error in validator.iter_errors(answer)]
    assert not faults, faults[:5]


@pytest.mark.parametrize(
    ("operation", "version", "path"), FORMS, ids=[f"{operation.id} {version}" for operation, version, _ in FORMS]
)
def test_an_answer_has_the_official_shape(module_house: House, operation: Operation, version: str, path: str) -> None:
    reply = call(module_house.admin, operation, path, GOOD[operation.id](module_house))

    require_fitting(version, operation, reply.status, reply.ok(operation.success))


@pytest.mark.parametrize("version", ["v3", "beta", "v2024", "v2025", "v2026", "v1"])
def test_everything_that_is_loaded_is_listed_in_the_official_shape(module_house: House, version: str) -> None:
    for operation in OPERATIONS:
        lists = operation.id in ("listAccessProfiles", "listSources", "getPublicIdentities", "listEntitlements")
        if lists and version in operation.versions:
            path = dict(paths(operation))[version]
            require_fitting(version, operation, 200, module_house.admin.get(path).ok())


def test_profiles_in_use_are_reported_in_the_official_shape(module_house: House) -> None:
    used = profile(module_house)
    role = {"name": fresh("User"), "owner": profile_body()["owner"], "accessProfiles": [{"id": used}]}
    module_house.admin.post("/roles", role).ok(201)
    (operation,) = [one for one in OPERATIONS if one.id == "deleteAccessProfilesInBulk"]

    for version, path in paths(operation):
        body = {"accessProfileIds": [used, profile(module_house)], "bestEffortOnly": version == "v1"}
        reply = module_house.admin.post(path, body)
        if version:
            require_fitting(version, operation, reply.status, reply.json())
        assert json.loads(reply.body)["inUse"][0]["usedBy"][0]["type"] == "ROLE"
