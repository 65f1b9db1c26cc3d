"""What can go wrong, as kinds without HTTP numbers; `api/errors.py` holds the one table to statuses.

BulkwarkError
├── Invalid           the request cannot be understood or would break a rule
│   └── QueryError    … and it is a query text: position and excerpt are known
├── Unauthenticated   no caller, or a caller that cannot be believed
├── Forbidden         a known caller without the right
├── NotFound          the addressed object does not exist (for this caller)
├── TooMany           over a rate limit
└── Unavailable       the store cannot answer now (locked, newer than the program)
    └── DiskFull      … because there is no room on the disk
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class BulkwarkError(Exception):
    """Root of all errors that a caller may see.

    `detail` is one sentence for people; `where` says the place (a JSON pointer such as
    `/values/0/attribute`, a parameter name, `row 3, column manager`); `hint` says what would mend it.
    """

    def __init__(self, detail: str, *, where: str = "", hint: str = "", code: str = "", reason: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.where = where
        self.hint = hint
        self.code = code
        self.reason = reason  # domain/reasons.py, where the fault may end as an item of a job

    def sentence(self) -> str:
        """Detail, place and hint as one line, for logs, terminals and `causes[]`."""
        text = f"{self.where}: {self.detail}" if self.where else self.detail
        return f"{text} ({self.hint})" if self.hint else text


class Invalid(BulkwarkError):
    """The request is refused and nothing was changed."""


@contextmanager
def hinted(hint: str) -> Iterator[None]:
    """A refusal without a hint of its own gets this one."""
    try:
        yield
    except Invalid as refused:
        refused.hint = refused.hint or hint
        raise


class QueryError(Invalid):
    """A query or filter text is refused; `position` counts characters from 0 in `text`."""

    def __init__(self, detail: str, *, text: str, position: int, hint: str = "", where: str = "") -> None:
        super().__init__(detail, where=where, hint=hint)
        self.text = text
        self.position = position

    def excerpt(self, width: int = 24) -> str:
        """The text around the position with `»` set before the offending character."""
        start, end = max(0, self.position - width), self.position + width
        return f"{self.text[start : self.position]}»{self.text[self.position : end]}"

    def sentence(self) -> str:
        place = f"{self.where}, " if self.where else ""
        text = f"{place}position {self.position}: {self.detail}, at {self.excerpt()!r}"
        return f"{text} ({self.hint})" if self.hint else text


class Unauthenticated(BulkwarkError):
    """No token, or one that is forged, expired, revoked or foreign."""


class Forbidden(BulkwarkError):
    """The caller is known and lacks the right."""


class NotFound(BulkwarkError):
    """No such object for this caller."""


class TooMany(BulkwarkError):
    """Over the rate limit; `retry_after` is in whole seconds."""

    def __init__(self, detail: str, *, retry_after: int) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class Unavailable(BulkwarkError):
    """The store cannot serve this now."""


class DiskFull(Unavailable):
    """The store cannot answer until there is room on the disk."""
