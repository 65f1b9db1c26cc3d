"""A house with some people and a non-employee source, and what tests of uploads ask of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bulkwark.app import App
from bulkwark.domain.kinds import Kind, new_id
from bulkwark.settings import Settings
from bulkwark.store import uploads
from bulkwark.store.objects import New
from tests.api.forms import CONTENT_TYPE, multipart
from tests.house import DEADLINE, Client, House, Reply

PEOPLE = (("jane.doe", "Jane Doe"), ("jim.smith", "Jim Smith"), ("twin", "Tim Twin"), ("twin", "Tom Twin"))
COLUMNS = ("accountName", "firstName", "lastName", "phone", "email", "manager", "startDate", "endDate")
MOST_ROWS = 20


@dataclass
class World:
    """A house, and the id of its source."""

    house: House
    source: str

    @property
    def admin(self) -> Client:
        return self.house.admin

    def path(self, tail: str = "non-employee-bulk-upload", version: str = "v2025") -> str:
        return f"/{version}/non-employee-sources/{self.source}/{tail}"

    def send(self, file: bytes, client: Client | None = None, **headers: str) -> Reply:
        """Upload a file; the answer."""
        sent = {"content-type": CONTENT_TYPE} | {
            f"x-bulkwark-{name}".replace("_", "-"): v for name, v in headers.items()
        }
        return (client or self.admin).post(self.path(), content=multipart({"data": file}), headers=sent)

    def upload(self, file: bytes) -> str:
        """Upload a file and wait for its end; the id of its job."""
        id = str(self.send(file).ok(202)["id"])
        self.wait()
        return id

    def status(self) -> str | None:
        found: str | None = self.admin.get(self.path("non-employee-bulk-upload/status")).ok().get("status")
        return found

    def wait(self) -> str:
        """The status of the newest upload when it has ended."""
        until = time.monotonic() + DEADLINE
        while (found := self.status()) not in ("COMPLETED", "ERROR"):
            assert time.monotonic() < until, f"the upload did not end: {found}"
            time.sleep(0.005)
        return found

    def settle(self) -> None:
        """Until nothing is left to be done for any upload."""
        until = time.monotonic() + DEADLINE
        while uploads.unfinished(self.house.store.read()):
            assert time.monotonic() < until, "an upload does not end"
            time.sleep(0.005)

    def report(self, id: str, **params: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.admin.get(f"/bulkwark/v1/jobs/{id}/rows", params=params or None).ok()[
            "found"
        ]
        return found

    def records(self) -> dict[str, dict[str, Any]]:
        """Account name → record of the source."""
        params = {"limit": 250, "filters": f'sourceId eq "{self.source}"'}
        found = self.admin.get("/v2025/non-employee-records", params=params).ok()
        return {record["accountName"]: record for record in found}

    def export(self) -> bytes:
        return self.admin.get(self.path("non-employees/download")).body

    def add_attribute(self, name: str, label: str, required: bool = False) -> str:
        body = {"type": "TEXT", "technicalName": name, "label": label, "required": required}
        return str(self.admin.post(self.path("schema-attributes"), body).ok()["id"])


def row(account: str, **cells: str) -> str:
    """A good row, but for the cells that are given."""
    usual = ("Jon", "Smith", "555-555-5555", "jon@example.com", "jane.doe", "2024-04-05", "2036-04-05")
    found = dict(zip(COLUMNS, (account, *usual), strict=True)) | cells
    return ",".join(found.values())


def file(*rows: str, columns: Sequence[str] = COLUMNS) -> bytes:
    """A file of those rows."""
    return "\r\n".join([",".join(columns), *rows, ""]).encode()


GOOD = file(row("ann"), row("bob"), row("cem"))


def build(data_dir: Path, limits: str = f"rows={MOST_ROWS}") -> World:
    """Start a house on an empty data directory and fill it."""
    app = App(Settings(data_dir, rate_limit="off", non_employee_limits=limits))
    house = House(data_dir, app, app.start(), asyncio.new_event_loop())
    with house.store.write() as session:
        people = [
            New(
                {"id": new_id(), "name": name, "alias": alias, "attributes": {}, "emailAddress": f"{alias}@acme.com"}, 1
            )
            for alias, name in PEOPLE
        ]
        house.tenant.objects.add(session, Kind.IDENTITY, people)
    return World(house, add_source(house))


def add_source(house: House, name: str = "Contractors", owner: str = "") -> str:
    """The id of a new source, which the administrator owns, or whom `owner` names."""
    body = {"name": name, "description": "People of others", "owner": {"id": owner or house.admin.identity}}
    return str(house.admin.post("/v2025/non-employee-sources", body).ok()["id"])
