"""The public part of an identity."""

from __future__ import annotations

import pytest

from bulkwark.domain.public_identities import document


@pytest.mark.parametrize(
    ("state", "status", "identity_state"),
    [
        ("active", "Active", "ACTIVE"),
        ("inactive", "Inactive", "INACTIVE_SHORT_TERM"),
        ("prehire", "Prehire", "INACTIVE_SHORT_TERM"),
        ("terminated", "Terminated", "INACTIVE_LONG_TERM"),
        (None, None, None),
    ],
)
def test_a_lifecycle_state_says_status_and_identity_state(
    state: str | None, status: str | None, identity_state: str | None
) -> None:
    found = document({"id": "i", "name": "N", "attributes": {"cloudLifecycleState": state}})

    assert (found["status"], found["identityState"]) == (status, identity_state)


def test_only_public_attributes_are_shown() -> None:
    identity = {"id": "i", "name": "N", "alias": "n", "attributes": {"phone": 5125, "salary": "9", "country": None}}

    assert document(identity) == {
        "id": "i",
        "name": "N",
        "alias": "n",
        "email": None,
        "status": None,
        "identityState": None,
        "manager": None,
        "attributes": [{"key": "phone", "name": "Phone", "value": "5125"}],
    }
