"""What time does to records: the clock of the house is moved."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bulkwark.domain.kinds import plain_id
from bulkwark.domain.times import iso_ms, parse_ms
from tests.api.forms import CONTENT_TYPE, multipart
from tests.api.served_non_employees import ne_body, ne_source
from tests.api.test_non_employees import events, search, sound
from tests.house import House, _copy, close_house, open_house

START = parse_ms("2030-01-01T00:00:00Z")
DAY = 86_400_000


class Moving:
    """A clock that stands still until it is moved."""

    now = START

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Moving:
    return Moving()


@pytest.fixture
def house(template: Path, tmp_path: Path, clock: Moving) -> Iterator[House]:
    found = open_house(_copy(template, tmp_path / "house"), clock=clock, non_employee_limits="expiring_days=10")
    yield found
    close_house(found)


def made(house: House, start: int, end: int, **more: Any) -> dict[str, Any]:
    """A record that begins and ends so many days from now on."""
    now = house.services.clock()
    dates = {"startDate": iso_ms(now + start * DAY), "endDate": iso_ms(now + end * DAY)}
    found: dict[str, Any] = house.admin.post("/non-employee-records", ne_body(house, **dates, **more)).ok()
    return found


def state(house: House, record: dict[str, Any]) -> tuple[str, bool, bool]:
    """Life cycle state, whether inactive, whether the account is disabled: as search shows them."""
    (found,) = search(house, "identities", f"id:{plain_id(record['id'])}")
    return found["attributes"]["cloudLifecycleState"], found["inactive"], found["accounts"][0]["disabled"]


def run(house: House) -> int:
    assert house.app.life_cycle is not None
    return house.app.life_cycle.run()


def test_a_record_is_upcoming_active_announced_and_expired_when_its_dates_say_so(house: House, clock: Moving) -> None:
    record = made(house, 5, 100, accountName="Living")
    assert state(house, record) == ("upcoming", True, True)
    assert run(house) == 0

    clock.now += 5 * DAY
    assert run(house) == 1
    assert state(house, record) == ("active", False, False)
    clock.now = START + 90 * DAY
    assert run(house) == 1
    assert state(house, record) == ("active", False, False)
    clock.now = START + 100 * DAY
    assert run(house) == 1
    assert state(house, record) == ("expired", True, True)
    clock.now += 1_000 * DAY
    assert run(house) == 0

    assert events(house, "Living") == [
        f"NON_EMPLOYEE_{operation}_PASSED" for operation in ("CREATE", "START", "EXPIRE_SOON", "EXPIRE")
    ]
    assert search(house, "events", "technicalName.exact:NON_EMPLOYEE_EXPIRE_PASSED")[0]["actor"] == {"name": "System"}
    assert search(house, "identities", "attributes.cloudLifecycleState:active AND name.exact:Living") == []
    sound(house)


def test_what_was_missed_while_the_server_was_down_is_made_up_for(house: House, clock: Moving) -> None:
    record = made(house, 5, 100, accountName="Missed")

    clock.now += 500 * DAY

    assert run(house) == 1
    assert state(house, record)[0] == "expired"
    assert events(house, "Missed") == ["NON_EMPLOYEE_CREATE_PASSED", "NON_EMPLOYEE_EXPIRE_PASSED"]


def test_an_extended_record_lives_on(house: House, clock: Moving) -> None:
    record = made(house, -5, 5, accountName="Extended")
    clock.now += 6 * DAY
    assert run(house) == 1
    assert state(house, record)[0] == "expired"

    patch = [{"op": "replace", "path": "/endDate", "value": iso_ms(clock.now + 50 * DAY)}]
    house.admin.patch(f"/non-employee-records/{record['id']}", patch).ok()

    assert state(house, record) == ("active", False, False)
    assert events(house, "Extended")[-1] == "NON_EMPLOYEE_EXTEND_PASSED"
    clock.now += 50 * DAY
    assert run(house) == 1
    assert state(house, record)[0] == "expired"


@pytest.mark.parametrize(("start", "was"), [(-5, "active"), (5, "upcoming")])
def test_a_terminated_record_ends_at_once(house: House, clock: Moving, start: int, was: str) -> None:
    record = made(house, start, 100, accountName="Terminated")
    assert state(house, record)[0] == was
    url = f"/bulkwark/v1/non-employee-records/{record['id']}/terminate"

    ended = house.admin.post(url).ok()

    assert ended["endDate"] == iso_ms(clock.now)
    assert state(house, record) == ("expired", True, True)
    assert events(house, "Terminated")[-1] == "NON_EMPLOYEE_TERMINATE_PASSED"
    assert house.admin.post(url).status == 400


def test_what_expires_soon_is_listed_in_the_order_of_its_end(house: House, clock: Moving) -> None:
    source = ne_source(house)
    for account, start, end in (("late", -1, 40), ("soon", -1, 9), ("sooner", 1, 3), ("over", -9, -1)):
        body = {"startDate": iso_ms(START + start * DAY), "endDate": iso_ms(START + end * DAY), "accountName": account}
        house.admin.post("/non-employee-records", ne_body(house, source, **body)).ok()
    made(house, -1, 5)

    def listed(query: str) -> list[tuple[str, str]]:
        found = house.admin.get(f"/bulkwark/v1/non-employee-records/expiring?{query}").ok()
        return [(one["accountName"], one["state"]) for one in found]

    by_source = f"filters=sourceId%20eq%20%22{source}%22"
    assert listed(by_source) == [("sooner", "upcoming"), ("soon", "active")]
    assert listed(f"{by_source}&days=50&limit=2&offset=1") == [("soon", "active"), ("late", "active")]
    assert house.admin.get("/bulkwark/v1/non-employee-records/expiring?count=true").total == 3


def test_records_of_an_upload_live_as_others_do(house: House, clock: Moving) -> None:
    source = ne_source(house)
    columns = "accountName,firstName,lastName,phone,email,manager,startDate,endDate"
    rows = [
        f"{account},Jon,Smith,555,jon@example.com,admin,{iso_ms(START + start * DAY)},{iso_ms(START + end * DAY)}"
        for account, start, end in (("uploaded.upcoming", 5, 100), ("uploaded.active", -5, 30))
    ]
    content = multipart({"data": "\r\n".join([columns, *rows]).encode()})
    path = f"/v2025/non-employee-sources/{source}/non-employee-bulk-upload"
    id = house.admin.post(path, content=content, headers={"content-type": CONTENT_TYPE}).ok(202)["id"]
    assert house.wait(id).changed == 2
    found = house.admin.get(f"/v2025/non-employee-records?filters=sourceId%20eq%20%22{source}%22").ok()
    records = {record["accountName"]: record for record in found}
    upcoming, active = records["uploaded.upcoming"], records["uploaded.active"]
    assert (state(house, upcoming), state(house, active)) == (("upcoming", True, True), ("active", False, False))

    clock.now += 25 * DAY
    assert run(house) == 2
    assert (state(house, upcoming), state(house, active)) == (("active", False, False), ("active", False, False))
    clock.now = START + 100 * DAY
    assert run(house) == 2

    assert (state(house, upcoming), state(house, active)) == (("expired", True, True), ("expired", True, True))
    assert events(house, "uploaded.upcoming") == ["NON_EMPLOYEE_START_PASSED", "NON_EMPLOYEE_EXPIRE_PASSED"]
    assert events(house, "uploaded.active") == ["NON_EMPLOYEE_EXPIRE_SOON_PASSED", "NON_EMPLOYEE_EXPIRE_PASSED"]
    sound(house)


def test_a_life_cycle_moves_many_records_in_pieces(
    house: House, clock: Moving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bulkwark.bulk.non_employees.PIECE", 2)
    records = [made(house, -1, 20) for _ in range(5)]

    clock.now += 20 * DAY

    assert run(house) == 5
    assert {state(house, record)[0] for record in records} == {"expired"}
    sound(house)


def test_limits_are_settings(house: House, tmp_path: Path) -> None:
    narrow = open_house(tmp_path / "narrow", non_employee_limits="approvers=1, custom_attributes=2,value=5")
    try:
        me = {"id": narrow.admin.identity}
        body = {"name": "Narrow", "description": "", "owner": me}
        assert narrow.admin.post("/non-employee-sources", body | {"approvers": [me, me]}).status == 400
        source = narrow.admin.post("/non-employee-sources", body | {"approvers": [me]}).ok()["id"]
        schema = f"/non-employee-sources/{source}/schema-attributes"
        answers = [
            narrow.admin.post(schema, {"type": "TEXT", "label": name, "technicalName": name}).status for name in "abc"
        ]
        assert answers == [200, 200, 400]
        long = ne_body(narrow, source, firstName="Annabel")
        assert "at most 5" in narrow.admin.post("/non-employee-records", long).body.decode()
    finally:
        close_house(narrow)
