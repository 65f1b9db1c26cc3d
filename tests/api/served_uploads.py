"""Good requests of uploads of non-employees (`served.py`)."""

from __future__ import annotations

import time
from collections.abc import Callable

from bulkwark.store import uploads
from tests.api.forms import CONTENT_TYPE, multipart
from tests.api.good import Good, fresh
from tests.api.served_non_employees import ne_source
from tests.house import House


def ne_file() -> bytes:
    """One good row and a bad one."""
    header = "accountName,firstName,lastName,phone,email,manager,startDate,endDate"
    good = f"{fresh('served').replace(' ', '.')},Ann,Lee,5,ann@acme.com,admin,2024-01-01,2040-01-01"
    return f"{header}\n{good}\n,,,,,,,x\n".encode()


def ne_upload(house: House) -> str:
    """The id of an upload that has ended."""
    sent = {"content-type": CONTENT_TYPE}
    path = f"/v2025/non-employee-sources/{ne_source(house)}/non-employee-bulk-upload"
    id = str(house.admin.post(path, content=multipart({"data": ne_file()}), headers=sent).ok(202)["id"])
    while uploads.unfinished(house.store.read()):
        time.sleep(0.01)
    return id


UPLOADS: dict[str, Callable[[House], Good]] = {
    "importNonEmployeeRecordsInBulk": lambda h: Good({"id": ne_source(h)}, parts={"data": ne_file()}),
    "getNonEmployeeBulkUploadStatus": lambda h: Good({"id": ne_source(h)}),
    "bulkwarkUploadRows": lambda h: Good({"id": ne_upload(h)}, query="outcome=all&limit=2"),
    "bulkwarkUploadFailed": lambda h: Good({"id": ne_upload(h)}),
    "bulkwarkUploadSettings": lambda h: Good(),
    "bulkwarkUploadSettingsPut": lambda h: Good(body={"allOrNothing": False}),
}
