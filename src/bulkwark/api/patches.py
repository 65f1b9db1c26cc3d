"""JSON Patch (RFC 6902): a strict check of the operations, then their effect on a copy of a document.

Every fault is an Invalid whose place names the operation by its index, as in `/2/path`.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Sequence
from typing import Any, NoReturn, TypeVar

import jsonpatch
import msgspec
from jsonpointer import JsonPointer, JsonPointerException

from bulkwark.api.calls import pointer
from bulkwark.domain.documents import Document
from bulkwark.errors import Invalid

T = TypeVar("T")

OPERATIONS = ("add", "remove", "replace", "move", "copy", "test")
MAX_OPERATIONS = 1_000
MAX_COPIED = 1_000_000  # bytes of JSON that all `copy` operations of one patch may add: each could double the last

_ABSENT = object()


def apply(document: Document, operations: object, allowed: Collection[str]) -> Document:
    """The document after the operations; the one given stays as it is.

    `allowed`: JSON pointers that may be changed, or prefixes that end with `/*` for everything below. `test`
    may look at any place. A member that may be changed and was never set is null for `replace` and `test`. Raises
    Invalid for a malformed patch, a place that may not be changed or does not exist, and a `test` that fails; then
    nothing is changed.
    """
    checked = require_valid(operations, allowed)
    unset = {path[1:] for path in allowed if path.count("/") == 1} - document.keys()
    asked = {operation["path"][1:] for operation in checked if operation["op"] in ("replace", "test")} & unset
    after = run(document | dict.fromkeys(asked), checked)
    return {name: value for name, value in after.items() if value is not None or name not in asked}


def run(document: Document, operations: Sequence[Document]) -> Document:
    """The same with operations that `require_valid` has passed, for a patch of many documents."""
    try:
        return _apply(document, operations)
    except RecursionError:
        raise Invalid("the patch nests values too deep", where="body") from None


def require_valid(operations: object, allowed: Collection[str]) -> Sequence[Document]:
    """The operations, when they are a patch of places that may be changed. Raises Invalid.

    This needs no document, so a handler can refuse a bad patch before it looks for the object.
    """
    if not isinstance(operations, list):
        raise Invalid("a JSON Patch is a list of operations", where="body")
    if len(operations) > MAX_OPERATIONS:
        raise Invalid(f"a patch has at most {MAX_OPERATIONS} operations, not {len(operations)}", where="body")
    permitted = [(JsonPointer(text.removesuffix("/*")).parts, text.endswith("/*")) for text in allowed]
    for index, operation in enumerate(operations):
        _check(index, operation, permitted, allowed)
    return operations


def respelled(operations: Sequence[Document], old: str, new: str) -> list[Document]:
    """The operations with one member under another name: the spec's prose calls some members otherwise."""

    def put_right(operation: Document) -> Document:
        pointers = {name: operation[name] for name in ("path", "from") if isinstance(operation.get(name), str)}
        return operation | {
            name: new + text[len(old) :] for name, text in pointers.items() if text == old or text.startswith(old + "/")
        }

    return [put_right(operation) for operation in operations]


def convert(document: Document, type: type[T], operations: Sequence[Document] = ()) -> T:
    """The patched document as the given type. Raises Invalid with the pointer, and the operation that set it."""
    try:
        return msgspec.convert(document, type)
    except msgspec.ValidationError as error:
        text, _, path = str(error).partition(" - at ")
        where = pointer(path.strip("`"))
        raise Invalid(text, where=blame(operations, where) or where or "body") from None


def blame(operations: Sequence[Document], place: str) -> str:
    """`/2/value (/name)` for the last operation that changed the place, or what is around or below it; or ''."""
    for index in reversed(range(len(operations))):
        operation = operations[index]
        path = operation["path"]
        touches = place == path or place.startswith(path + "/") or path.startswith(place + "/")
        if place and touches and operation["op"] != "test":
            return f"/{index}/{'value' if 'value' in operation else 'path'} ({place})"
    return ""


def _apply(document: Document, operations: Sequence[Document]) -> Document:
    after: Any = copy.deepcopy(document)
    copied = 0
    for index, operation in enumerate(operations):
        if operation["op"] in ("move", "copy"):
            source = _at(after, operation["from"])
            if source is _ABSENT:
                _fail(index, "from", f"there is nothing at {operation['from']!r}")
            copied += len(msgspec.json.encode(source)) if operation["op"] == "copy" else 0
            if copied > MAX_COPIED:
                _fail(index, "from", f"the patch copies more than {MAX_COPIED} bytes")
        if operation["op"] == "test":
            _test(after, index, operation)
        else:
            after = _step(after, index, operation)
    return dict(after)


def _check(index: int, operation: object, permitted: list[tuple[list[str], bool]], allowed: Collection[str]) -> None:
    if not isinstance(operation, dict):
        raise Invalid("an operation is an object", where=f"/{index}")
    op = operation.get("op")
    if op not in OPERATIONS:
        _fail(index, "op", f"{op!r} is no operation", f"one of {', '.join(OPERATIONS)}")
    if op in ("add", "replace", "test") and "value" not in operation:
        _fail(index, "value", f"the operation {op} needs a value")
    changed = [] if op == "test" else ["path"]
    places = ["path"]
    if op in ("move", "copy"):
        places.append("from")
    if op == "move":
        changed.append("from")  # it is taken away there
    for member in places:
        parts = _parts(index, member, operation.get(member))
        if member in changed and not any(_covers(rule, parts) for rule in permitted):
            hint = f"these can be: {', '.join(allowed)}"
            _fail(index, member, f"{operation[member]!r} cannot be changed", hint)


def _parts(index: int, member: str, text: object) -> list[str]:
    if not isinstance(text, str):
        _fail(index, member, "a JSON pointer is expected", "as in /name")
    try:
        return list(JsonPointer(text).parts)
    except JsonPointerException as error:
        _fail(index, member, f"{text!r} is no JSON pointer: {error}", "as in /name")


def _covers(rule: tuple[list[str], bool], parts: list[str]) -> bool:
    root, below = rule
    return parts[: len(root)] == root and len(parts) > len(root) if below else parts == root


def _step(document: Any, index: int, operation: Document) -> Any:
    try:
        # A copy: older jsonpatch puts the value itself in, and a later operation would change the caller's list.
        return jsonpatch.JsonPatch([copy.deepcopy(operation)]).apply(document, in_place=True)
    except (jsonpatch.JsonPatchException, JsonPointerException, TypeError, LookupError, ValueError) as error:
        _fail(index, "path", f"{operation['op']} {operation['path']!r} is not possible: {error}")


def _test(document: Any, index: int, operation: Document) -> None:
    """jsonpatch takes `true` for 1; JSON does not."""
    found = _at(document, operation["path"])
    if found is _ABSENT or not _same(found, operation["value"]):
        _fail(index, "value", f"the test of {operation['path']!r} failed: another value stands there")


def _at(document: Any, path: str) -> Any:
    try:
        return JsonPointer(path).resolve(document, _ABSENT)
    except (JsonPointerException, TypeError, LookupError):
        return _ABSENT


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_same(left[name], right[name]) for name in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_same, left, right))
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    return bool(left == right)


def _fail(index: int, member: str, detail: str, hint: str = "") -> NoReturn:
    raise Invalid(detail, where=f"/{index}/{member}", hint=hint)
