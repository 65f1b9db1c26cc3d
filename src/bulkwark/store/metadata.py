"""The catalogue of metadata attributes and values, and metadata as it stands on the wire."""

from __future__ import annotations

from functools import lru_cache

import msgspec

from bulkwark.domain import metadata
from bulkwark.domain.documents import Document
from bulkwark.domain.metadata import Attribute, Catalogue, Value
from bulkwark.store import counters
from bulkwark.store.dialect import Session

# What was deleted keeps its number: the items of old jobs still name it, and it comes back under the same one.
DELETED = "deleted"
VERSION = "metadata-version"  # counter: raised by every change of the catalogue, in any process


class Metadata:
    """The catalogue of one tenant, read anew whenever its version has moved."""

    def __init__(self, tenant: int) -> None:
        self.tenant = tenant
        self._catalogue = Catalogue(-1, {})

    def catalogue(self, session: Session) -> Catalogue:
        version = counters.current(session, self.tenant, VERSION)
        known = self._catalogue
        if known.version != version:
            known = self._catalogue = self._read(session, version)
        return known

    def forget(self) -> None:
        """Read it anew: what was remembered may stem from a transaction that was rolled back."""
        self._catalogue = Catalogue(-1, {})

    def _read(self, session: Session, version: int) -> Catalogue:
        values: dict[int, dict[str, Value]] = {}
        gone: dict[int, tuple[int, str]] = {}
        for attribute, pair, value, doc in session.rows("metadata.values", (self.tenant,)):
            found = msgspec.json.decode(doc)
            if found["status"] == DELETED:
                gone[pair] = attribute, value
            else:
                values.setdefault(attribute, {})[value] = Value(pair, value, found["name"], found["status"])
        attributes = {}
        keys: dict[int, str] = {}
        for number, key, doc in session.rows("metadata.attributes", (self.tenant,)):
            keys[number] = key
            found = msgspec.json.decode(doc)
            if found["status"] == DELETED:
                continue
            attributes[key] = Attribute(
                number,
                key,
                bool(found.get("multiselect")),
                found.get("status") or "active",
                tuple(found.get("objectTypes") or ()),
                values.get(number, {}),
                doc[:-1],
            )
        return Catalogue(version, attributes, {pair: (keys[number], value) for pair, (number, value) in gone.items()})

    def put_attribute(self, session: Session, doc: Document) -> int:
        """Insert or replace an attribute (its document without `values`); answers its number."""
        number = session.value("metadata.attribute_number", (self.tenant, doc["key"]))
        if number is None:
            number = counters.take(session, self.tenant, "metadata-attribute")
        session.run("metadata.put_attribute", (self.tenant, number, doc["key"], msgspec.json.encode(doc).decode()))
        self._moved(session)
        assert isinstance(number, int)
        return number

    def put_value(self, session: Session, attribute: int, doc: Document) -> int:
        """Insert or replace a value of an attribute; answers its pair."""
        pair = session.value("metadata.pair", (self.tenant, attribute, doc["value"]))
        if pair is None:
            pair = counters.take(session, self.tenant, "metadata-pair")
        text = msgspec.json.encode(doc).decode()
        session.run("metadata.put_value", (self.tenant, pair, attribute, doc["value"], text))
        self._moved(session)
        assert isinstance(pair, int)
        return pair

    def drop_value(self, session: Session, pair: int) -> None:
        session.run("metadata.drop_value", (DELETED, self.tenant, pair))
        self._moved(session)

    def drop_attribute(self, session: Session, number: int) -> None:
        session.run("metadata.drop_attribute", (DELETED, self.tenant, number))
        self._moved(session)

    def used(self, session: Session, pair: int) -> bool:
        """Whether any object holds the pair."""
        return session.value("metadata.used", (self.tenant, pair)) is not None

    def _moved(self, session: Session) -> None:
        counters.take(session, self.tenant, VERSION)


class Wire:
    """Metadata as JSON text on the wire, at one version of the catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.version = catalogue.version
        self._heads = {a.number: a.doc + ',"values":[' for a in catalogue.attributes.values()}
        self._values = {
            pair: (
                attribute.number,
                msgspec.json.encode({"value": v.value, "name": v.name, "status": v.status}).decode(),
            )
            for pair, (attribute, v) in catalogue.pairs.items()
        }
        # Most objects share few distinct sets; the bound keeps memory flat where they do not.
        self.text = lru_cache(maxsize=20_000)(self._text)
        self.bytes = lru_cache(maxsize=20_000)(lambda md: self._text(md).encode())

    def _text(self, md: str) -> str:
        """`{"attributes":[…]}` of a stored md."""
        groups: dict[int, list[str]] = {}
        for pair in metadata.parse(md):
            attribute, value = self._values[pair]
            groups.setdefault(attribute, []).append(value)
        inner = ",".join(f"{self._heads[number]}{','.join(values)}]}}" for number, values in groups.items())
        return f'{{"attributes":[{inner}]}}'
