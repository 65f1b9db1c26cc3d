"""The mends touch what their reasons name, in every version, and nothing else."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract.mend import MENDS, mend, nodes, sharpen
from tests.contract.specs import VERSIONS, Spec, keep_served, load, operations, spec_path
from tests.sdk.environments import missing


@pytest.fixture(params=VERSIONS)
def spec(request: pytest.FixtureRequest) -> Spec:
    path = spec_path(str(request.param))
    if not path.exists():
        missing(f"no official spec at {path}; BULKWARK_SPEC_DIR names another folder")
    return load(path)


def test_only_served_operations_are_kept(spec: Spec) -> None:
    all_of_them = {(method, path) for method, path, _ in operations(spec)}
    served = {one for one in all_of_them if "roles" in one[1]}
    kept = keep_served(spec, served | {("get", "/nowhere")})
    assert {(method, path) for method, path, _ in operations(kept)} == served
    assert kept["components"] == spec["components"]


#: Where a mended copy may differ from the original; `~1` is a slash in a JSON pointer.
TOUCHED = re.compile(
    r"/paths/[^/]*\{[^/]*/[a-z]+/responses/404"
    r"|/paths/~1roles(~1v1)?~1access-model-metadata~1bulk-update~1id/get/(responses/404|parameters/0/(in|required))"
    r"|/paths/~1roles(~1v1)?~1filter/post/responses/200/content/application~1json/schema/(allOf|items)"
    r"|/components/schemas/[\w-]+/.*/(\$ref|allOf|nullable)(/1)?"
    r"|/components/schemas/(identityaccess|searchdocuments?)/(oneOf|anyOf|discriminator)"
    r"|/components/schemas/searchdocuments/type"
    r"|/components/schemas/createpersonalaccesstokenresponse/properties/expirationDate/nullable",
    re.IGNORECASE,
)


def differences(left: Any, right: Any, at: str = "") -> Iterator[str]:
    """JSON pointers of members and items that are not the same in both, the outermost only."""
    if isinstance(left, dict) and isinstance(right, dict):
        for name in left.keys() | right.keys():
            place = f"{at}/{name.replace('/', '~1')}"
            if name in left and name in right:
                yield from differences(left[name], right[name], place)
            else:
                yield place
    elif isinstance(left, list) and isinstance(right, list):
        for number in range(max(len(left), len(right))):
            if number < min(len(left), len(right)):
                yield from differences(left[number], right[number], f"{at}/{number}")
            else:
                yield f"{at}/{number}"
    elif left != right:
        yield at


def test_nothing_but_the_named_slips_is_mended_and_the_original_stays(spec: Spec) -> None:
    before = copy.deepcopy(spec)
    found = list(differences(spec, mend(spec)))
    assert spec == before
    assert found
    assert [place for place in found if not TOUCHED.fullmatch(place)] == []


def test_every_path_parameter_has_its_place_and_every_path_with_an_id_a_404(spec: Spec) -> None:
    for _, path, operation in operations(mend(spec)):
        for parameter in operation.get("parameters", []):
            assert parameter.get("in") != "path" or f"{{{parameter['name']}}}" in path
        if "{" in path:
            assert "404" in operation["responses"], path


def test_no_nullable_stands_beside_a_reference_any_more(spec: Spec) -> None:
    mended = mend(spec)
    beside = [node for node in nodes(mended) if node.get("nullable") is True and "$ref" in node]
    parts = [node for node in nodes(mended) if {"nullable": True} in (node.get("allOf") or [])]
    assert (beside, parts) == ([], [])


def test_the_list_of_roles_is_a_list(spec: Spec) -> None:
    for _, path, operation in operations(mend(spec)):
        if path in ("/roles/filter", "/roles/v1/filter"):
            schema: dict[str, Any] = operation["responses"]["200"]["content"]["application/json"]["schema"]
            assert schema["type"] == "array"
            assert "allOf" not in schema
            assert "items" in schema


def test_all_security_is_by_bearer_in_the_sharpened_copy(spec: Spec) -> None:
    schemes = sharpen(spec)["components"]["securitySchemes"]
    assert schemes.keys() == spec["components"]["securitySchemes"].keys()
    assert all(scheme == {"type": "http", "scheme": "bearer"} for scheme in schemes.values())


def test_each_mend_says_why() -> None:
    assert all(repair.__doc__ for repair in MENDS)
