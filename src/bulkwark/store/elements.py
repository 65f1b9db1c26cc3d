"""What an element of a nested array shows of the object it stands for, as JSON text, remembered.

A page of 10,000 roles shows some 30,000 elements, most of them several times. What is remembered is right as long as no
object that elements stand for has changed; a counter tells.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import msgspec

from bulkwark.domain.kinds import Kind, kind_of
from bulkwark.store import counters
from bulkwark.store.dialect import Session

CHANGES = "element-changes"  # counter: raised by every change of an object that elements stand for
KINDS = frozenset({Kind.ENTITLEMENT, Kind.ACCESS_PROFILE})
MAX_BYTES = 32 * 1024 * 1024


class _Entitlement(msgspec.Struct, omit_defaults=True):
    """BaseEntitlement, as the face of an entitlement spells it."""

    hasPermissions: msgspec.Raw = msgspec.Raw(b"")
    id: msgspec.Raw = msgspec.Raw(b"")
    name: msgspec.Raw = msgspec.Raw(b"")
    description: msgspec.Raw = msgspec.Raw(b"")
    attribute: msgspec.Raw = msgspec.Raw(b"")
    value: msgspec.Raw = msgspec.Raw(b"")
    schema: msgspec.Raw = msgspec.Raw(b"")
    privileged: msgspec.Raw = msgspec.Raw(b"")
    sourceSchemaObjectType: msgspec.Raw = msgspec.Raw(b"")
    source: msgspec.Raw = msgspec.Raw(b"")


class _Profile(msgspec.Struct, omit_defaults=True):
    """BaseAccessProfile."""

    id: msgspec.Raw = msgspec.Raw(b"")
    name: msgspec.Raw = msgspec.Raw(b"")


_entitlement = msgspec.json.Decoder(_Entitlement).decode
_profile = msgspec.json.Decoder(_Profile).decode
_encode = msgspec.json.Encoder().encode
_FALSE = msgspec.Raw(b"false")


@dataclass(slots=True)
class _Known:
    """Texts at one count of changes."""

    version: int
    texts: dict[int, bytes] = field(default_factory=dict)
    size: int = 0


class Elements:
    """The elements of one tenant; shared by all threads."""

    def __init__(self, tenant: int) -> None:
        self.tenant = tenant
        self._known = _Known(-1)

    def changed(self, session: Session, kind: Kind) -> None:
        """An object of the kind changes in this write transaction."""
        if kind in KINDS:
            counters.take(session, self.tenant, CHANGES)

    def forget(self) -> None:
        """A transaction was rolled back: its count may come again, for other changes."""
        self._known = _Known(-1)

    def texts(self, session: Session, targets: Collection[int]) -> Mapping[int, bytes]:
        """Target → its element; targets that are gone are left out."""
        known = self._of(counters.current(session, self.tenant, CHANGES))
        missing = sorted(target for target in set(targets) if target not in known.texts)
        if not missing:
            return known.texts
        read = {rid: element(rid, face) for rid, face in session.rows("objects.faces", (json.dumps(missing),))}
        size = sum(map(len, read.values()))
        if known.size + size > MAX_BYTES:
            found = {target: known.texts[target] for target in targets if target in known.texts}
            known.texts, known.size = {}, 0
            return found | read
        known.texts.update(read)
        known.size += size
        return known.texts

    def _of(self, version: int) -> _Known:
        known = self._known
        if known.version < version:
            known = self._known = _Known(version)
        elif known.version > version:
            return _Known(version)  # a reader of an older state: nothing of his may be kept
        return known


def element(rid: int, face: bytes) -> bytes:
    """The element for an object, out of the root of its search document without the closing brace."""
    if kind_of(rid) is Kind.ENTITLEMENT:
        found = _entitlement(face + b"}")
        found.hasPermissions = _FALSE
        return _encode(found)
    return _encode(_profile(face + b"}"))
