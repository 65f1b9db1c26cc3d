"""What uploads, their jobs and tenants say of how a file is read and applied."""

from __future__ import annotations

from msgspec import Struct

from bulkwark.domain.documents import Document
from bulkwark.domain.jobs import Mode, Options
from bulkwark.domain.non_employees import Attribute
from bulkwark.store import settings
from bulkwark.store.dialect import Session

NAME, TYPE = "non-employee-upload", "NON_EMPLOYEE"  # operation and type of its jobs
SETTING = "uploads"


class UploadSettings(Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """What a tenant has set. `all_or_nothing`: one bad row, and no row of the file is applied."""

    all_or_nothing: bool = False


class Spec(Struct, frozen=True):
    """How an upload is read and applied."""

    schema: list[Attribute]
    document: Document  # of the SOURCE object: its id and name
    kept: list[str]  # custom attributes for which the file has no column
    strict: bool  # all or nothing
    mode: Mode
    options: Options
    actor: str


class JobSpec(Struct, frozen=True):
    """What the job of an upload, and jobs made of it, know of it.

    What the reading depends on stands here too: a second one must come to the same. Before the first it is 0.
    """

    upload: str
    source: int
    now: int = 0  # ms, when the reading began
    known: int = 0  # the first number of an identity that came later


def settings_of(session: Session, tenant: int) -> UploadSettings:
    """What the tenant has set."""
    return settings.get(session, tenant, SETTING, UploadSettings) or UploadSettings()
