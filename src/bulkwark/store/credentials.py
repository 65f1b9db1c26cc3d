"""Credentials (personal access tokens, OAuth clients) and the keys that sign access tokens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from bulkwark.domain.documents import Document
from bulkwark.domain.times import parse_ms
from bulkwark.query import ast
from bulkwark.store.dialect import Row, Session

PAT = "pat"
CLIENT = "client"
SERVER = 0  # the `tenant` of the server's own keys

EVERYTHING = ast.All()


@dataclass(frozen=True, slots=True)
class Credential:
    """A client id with a secret, and what may be done with it.

    `document` is the wire document without `id`, `secret`, `created`, `modified` and `lastUsed`.
    """

    tenant: int
    id: str  # client id, 32 hex, unique over all tenants
    type: str  # PAT or CLIENT
    identity: str  # id of the owner
    levels: tuple[str, ...]
    secret: str  # SHA-256, hex; empty: no secret will do
    document: Document
    created: int  # ms
    modified: int  # ms
    used: int | None = None  # ms

    @property
    def name(self) -> str:
        return str(self.document["name"])

    @property
    def enabled(self) -> bool:
        return self.document.get("enabled") is not False

    @property
    def expires(self) -> int | None:
        """When the credential ends, in ms; None: never."""
        date = self.document.get("expirationDate")
        return parse_ms(date) if date else None

    @property
    def scopes(self) -> tuple[str, ...]:
        return tuple(self.document.get("scope") or ())

    @property
    def validity(self) -> int:
        """For how many seconds an access token is good."""
        return int(self.document["accessTokenValiditySeconds"])


def add(session: Session, new: Credential) -> None:
    """Insert a credential; its id must be free, and a personal access token's name free for its owner."""
    values = (new.tenant, new.id, new.type, new.identity, new.name, _json(new.levels), new.secret)
    state = (int(new.enabled), new.expires, _json(new.document), new.created, new.modified)
    session.run("credentials.add", values + state)


def get(session: Session, tenant: int, id: str, type: str) -> Credential | None:
    """The credential of that type, or None."""
    row = session.one("credentials.get", (tenant, id))
    return _credential(row) if row and row[2] == type else None


def find(session: Session, id: str) -> Credential | None:
    """The credential of any tenant and type."""
    row = session.one("credentials.find", (id,))
    return _credential(row) if row else None


def listed(session: Session, tenant: int, type: str, root: ast.Node = EVERYTHING) -> Iterator[Credential]:
    """Those of a type that fulfil a `condition`, oldest first."""
    found = map(_credential, session.rows("credentials.listed", (tenant, type)))
    return (one for one in found if _fulfils(one, root))


def named(session: Session, tenant: int, identity: str, name: str) -> str | None:
    """The id of the owner's personal access token with that name."""
    found: str | None = session.value("credentials.named", (tenant, identity, name))
    return found


def alive(session: Session, id: str, now: int) -> tuple[int, int | None] | None:
    """(tenant, end in ms or None) of a credential that may be used at `now`; None: gone, disabled or expired."""
    row = session.one("credentials.alive", (id,))
    if row is None or not row[1] or (row[2] is not None and row[2] <= now):
        return None
    return row[0], row[2]


def change(session: Session, old: Credential, document: Document, modified: int) -> Credential:
    """Replace a credential's document; answers the credential as it is now."""
    new = Credential(
        old.tenant, old.id, old.type, old.identity, old.levels, old.secret, document, old.created, modified, old.used
    )
    state = (new.name, int(new.enabled), new.expires, _json(document), modified)
    session.run("credentials.change", (new.tenant, new.id, *state))
    return new


def use(session: Session, tenant: int, id: str, now: int, unless_after: int) -> None:
    """Note that a token was taken, unless that was noted after the moment `unless_after` already."""
    session.run("credentials.use", (tenant, id, now, unless_after))


def delete(session: Session, tenant: int, id: str) -> bool:
    """Whether there was something to delete."""
    return session.run("credentials.drop", (tenant, id)) > 0


def keys(session: Session) -> dict[str, Document]:
    """kid → private JWK of the server's signing keys, newest first."""
    return {kid: msgspec.json.decode(jwk) for kid, jwk in session.rows("credentials.keys", (SERVER,))}


def key(session: Session, kid: str) -> Document | None:
    """One private JWK of the server."""
    text = session.value("credentials.key", (SERVER, kid))
    return msgspec.json.decode(text) if text else None


def add_key(session: Session, kid: str, jwk: Document, now: int) -> None:
    session.run("credentials.add_key", (SERVER, kid, _json(jwk), now))


def _fulfils(one: Credential, node: ast.Node) -> bool:
    match node:
        case ast.All():
            return True
        case ast.Bool(must=must, should=should, must_not=must_not):
            if any(_fulfils(one, n) for n in must_not) or not all(_fulfils(one, n) for n in must):
                return False
            return bool(must) or not should or any(_fulfils(one, n) for n in should)
        case ast.Has():
            return one.used is not None
        case ast.Between(low=None, high=int(high), high_inclusive=inclusive):
            return one.used is not None and (one.used <= high if inclusive else one.used < high)
    raise TypeError(f"{type(node).__name__} is no condition on credentials")


def _credential(row: Row) -> Credential:
    tenant, id, type, identity, levels, secret, doc, created, modified, used = row
    document: Document = msgspec.json.decode(doc)
    return Credential(
        tenant, id, type, identity, tuple(msgspec.json.decode(levels)), secret, document, created, modified, used
    )


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
