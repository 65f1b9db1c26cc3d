"""What each operation and scope makes of one role, read back over the API; the table is `cases/changes.txt`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.test_role_jobs import ROLE, shown, submit
from tests.house import House

CHANGES = Path(__file__).parent / "cases" / "changes.txt"
Pairs = list[tuple[str, list[str] | None]]


def changes() -> Iterator[tuple[str, str, str]]:
    for line in CHANGES.read_text("utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            before, change, after = line.split(" | ")
            yield before, change, after


def pairs(text: str) -> Pairs:
    found: Pairs = []
    for word in text.split():
        if word != "-":
            key, sign, values = word.partition("=")
            found.append((key, [v for v in values.split(",") if v] if sign else None))
    return found


@pytest.mark.parametrize(("before", "change", "after"), list(changes()))
def test_an_operation_makes_this_of_a_role(module_house: House, before: str, change: str, after: str) -> None:
    module_house.set_metadata(ROLE, [(key, value) for key, values in pairs(before) for value in values or []])
    old = module_house.admin.get(f"/v2025/roles/{ROLE}").ok()["modified"]
    operation, *rest = change.split()
    scope = rest.pop(0) if rest[0] in ("ALL", "ATTRIBUTE") else None
    body = {
        "roles": [ROLE],
        "operation": operation,
        "values": [{"attribute": key, "values": values} for key, values in pairs(" ".join(rest))],
        **({"replaceScope": scope} if scope else {}),
    }

    id = submit(module_house.admin, "ids", body)

    job = module_house.wait(id)
    # Attributes have no order of their own, the values of one do.
    assert sorted(shown(module_house, ROLE).items()) == sorted(pairs(after))
    new = module_house.admin.get(f"/v2025/roles/{ROLE}").ok()["modified"]
    moved = before != after and pairs(before) != pairs(after)
    assert (job.changed, job.unchanged, job.total) == ((1, 0, 1) if moved else (0, 1, 1))
    assert (new > old) == moved
    (item,) = module_house.admin.get(f"/bulkwark/v1/jobs/{id}/items").ok()
    assert sorted(item["before"].items()) == sorted(pairs(before))
    assert sorted(item["after"].items()) == sorted(pairs(after))
