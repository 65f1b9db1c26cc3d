"""Why an item was not changed: codes that programs read, with a sentence and what would mend it.

An item stores a code, or a code and a sentence of its own (`too-many-values: the object would hold 26 …`).
"""

from __future__ import annotations

from typing import NamedTuple


class Reason(NamedTuple):
    """A code in words."""

    code: str
    message: str
    hint: str


DELETED = "deleted"
PREVIEW = "changed-since-preview"
SINCE = "changed-since"
VALUE_DELETED = "value-deleted"
TOO_MANY = "too-many-values"
REFUSED = "refused"
SINCE_UPLOAD = "changed-since-upload"
SOURCE_DELETED = "source-deleted"  # of a record that would come back
NOT_ALL_GOOD = "not-all-good"  # of a row of an uploaded file, all of which must be good

_KNOWN = {
    NOT_ALL_GOOD: ("other rows of the file are not good", "mend them and upload the whole file again"),
    **{
        code: (f"{what} of the row", "mend what the message names and upload the row again")
        for code, what in {
            "required": "a needed value",
            "too-long": "the length of a value",
            "character": "a character",
            "encoding": "the encoding",
            "date": "a date",
            "order": "the order of the dates",
            "email": "the address",
            "duplicate": "the account name",
            "cells": "the number of cells",
            "quote": "a quote",
        }.items()
    },
    "manager": ("the manager of the row", "re-run the failed once he exists, or mend the row and upload it again"),
    SINCE_UPLOAD: ("the record has been changed since the file was read", "look at it, or upload the row again"),
    SOURCE_DELETED: ("the source of the record was deleted", "make a source again, and upload the row to it"),
    DELETED: ("the object was deleted after it was selected", "nothing is left to do"),
    PREVIEW: ("the object is no longer as it was previewed", "preview again; what is left will be in it"),
    SINCE: ("the object has been changed since the job that is undone", "look at it, or undo with force"),
    VALUE_DELETED: (
        "a metadata value that would come back was deleted",
        "create the value again, then re-run the failed",
    ),
    TOO_MANY: ("the object would hold more than 25 metadata values", "remove some values, then re-run the failed"),
    REFUSED: ("a rule forbids the change", "mend what the message names, then re-run the failed"),
}


CODES = tuple(_KNOWN)


def written(code: str, sentence: str) -> str:
    """A reason as an item stores it."""
    return f"{code}: {sentence}"


def read(reason: str | None) -> Reason | None:
    """A stored reason in words; None for none."""
    if reason is None:
        return None
    code, _, sentence = reason.partition(": ")
    if code not in _KNOWN:  # stored by an earlier version: a sentence without a code
        return Reason(REFUSED, reason, _KNOWN[REFUSED][1])
    message, hint = _KNOWN[code]
    return Reason(code, sentence or message, hint)
