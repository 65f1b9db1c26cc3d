"""Bulk updates of metadata, by ids, filter or query: one way for every noun, which says only what differs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import msgspec

from bulkwark.api import submitting
from bulkwark.api.answers import Answer
from bulkwark.api.calls import Call, require_object
from bulkwark.bulk import metadata, selection
from bulkwark.bulk.metadata import Spec
from bulkwark.bulk.selection import Limit, Selector
from bulkwark.domain.jobs import Job, Options
from bulkwark.domain.kinds import Kind, plain_id
from bulkwark.domain.metadata import Operation, Scope
from bulkwark.errors import Forbidden, Invalid
from bulkwark.store.dialect import Session
from bulkwark.store.indexes import BY_KIND
from bulkwark.store.objects import Stored

KEYS = ("attribute", "attributeKey", "key")
VALUES = ("values", "attributeValue", "value")
NAMED = 20  # ids that a refusal names


@dataclass(frozen=True, slots=True)
class Noun:
    """What a bulk update deals with. `ids` is the member that names the objects; the type on the wire is the kind's.

    `limit`: to what the caller's selections are limited. `may`: whether he may change an object of a limited caller's
    ids. `notes`: members of a value that say nothing we need.
    """

    kind: Kind
    ids: str
    limit: Callable[[Call], Limit]
    may: Callable[[Call, Session, Stored], bool]
    notes: frozenset[str] = frozenset()
    bare_id: bool = False  # a filter may be nothing but an id

    @property
    def type(self) -> str:
        return self.kind.name

    @property
    def members(self) -> frozenset[str]:
        return frozenset({self.ids, "filters", "query", "operation", "replaceScope", "values"})


def by_ids(noun: Noun, call: Call) -> Answer:
    """Up to 3,000 objects, all of which must exist and be the caller's to change."""
    body = call.strict_object()
    given, where = _member(body, noun.ids), f"/{noun.ids}"
    word = noun.kind.noun
    if not isinstance(given, list) or not all(isinstance(id, str) for id in given):
        raise Invalid(f"a list of {word} ids is expected", where=where)
    if not given:
        raise Invalid(f"no {word} is named", where=where, hint="an empty selection changes nothing and is refused")
    if len(given) > selection.MAX_IDS:
        raise Invalid(
            f"the {word}s count {len(given)} exceeded max limit of {selection.MAX_IDS} for bulk update", where=where
        )
    spec = _official(noun, call, body)
    rids = _require_all(noun, call, call.read(), list(dict.fromkeys(plain_id(id) for id in given)))
    return submit(noun, call, spec, Selector("ids", call.now, noun.kind, rids=rids))


def by_filter(noun: Noun, call: Call) -> Answer:
    """Every object that the standard filter selects."""
    body = call.strict_object()
    text = _member(body, "filters")
    if not isinstance(text, str):
        raise Invalid("a filter is a string", where="/filters")
    spec = _official(noun, call, body)
    if noun.bare_id and (id := plain_id(text.strip())).isalnum() and len(id) == 32:
        text = f'id eq "{id}"'
    return submit(noun, call, spec, limited(noun, call, Selector("filter", call.now, noun.kind, filters=text)))


def by_query(noun: Noun, call: Call) -> Answer:
    """Every object that the search query selects."""
    body = call.strict_object()
    queries = selection.require_search(_member(body, "query"), index=BY_KIND[noun.kind].name)
    spec = _official(noun, call, body)
    selector = Selector("query", call.now, noun.kind, queries=queries, options=call.services.options)
    return submit(noun, call, spec, limited(noun, call, selector))


def limited(noun: Noun, call: Call, selector: Selector) -> Selector:
    """The selection among what the caller may change."""
    limit = noun.limit(call)
    return msgspec.structs.replace(selector, owner=limit.owner, sources=list(limit.sources))


def _require_all(noun: Noun, call: Call, session: Session, ids: list[str]) -> list[int]:
    """The rids of all. Raises Forbidden when some are not the caller's to change, Invalid naming the unknown."""
    rids = call.tenant.objects.rids(session, noun.kind, ids)
    if noun.limit(call).owner:
        found = call.tenant.objects.by_rids(session, list(rids.values()))
        if not all(noun.may(call, session, stored) for stored in found):
            raise Forbidden(f"some of the {noun.kind.noun}s are not owned by the caller")
    require_known(noun, ids, rids, f"/{noun.ids}")
    return list(rids.values())


def require_known(noun: Noun, given: Collection[str], found: Container[str], where: str, by: str = "") -> None:
    """Raise Invalid naming up to 20 of the given that were not found. `by`: what they are, when no ids."""
    unknown = [one for one in given if one not in found]
    if unknown:
        shown = ", ".join(repr(one) for one in unknown[:NAMED])
        raise Invalid(
            f"there are no {noun.kind.noun}s {by}{shown}",
            where=where,
            hint=f"{len(unknown)} unknown",
            code="400.1.404",
        )


def submit(
    noun: Noun,
    call: Call,
    spec: Spec,
    selector: Selector,
    *,
    answer: Callable[[Job], Answer] | None = None,
    options: Options | None = None,
) -> Answer:
    """Make it a job, once what it selects by is understood. `options`: instead of those of the headers."""
    if selector.by != "ids":
        # Compiled once here, so that what cannot be understood is refused before anything is stored.
        checked = selection.resolve(selector)
        selection.require_known_attributes(checked.root, call.tenant.metadata.catalogue(call.read()))
        call.tenant.select(call.read(), checked)
    return submitting.submit(
        call,
        type=noun.type,
        operation=metadata.NAME,
        spec=spec,
        selector=msgspec.json.encode(selector).decode(),
        answer=answer or submitting.accepted(call),
        how=options,
    )


# --- the body ------------------------------------------------------------------------------------------


def _member(body: dict[str, Any], name: str) -> Any:
    if name not in body:
        raise Invalid(f"{name} is missing", where=f"/{name}")
    return body[name]


def _official(noun: Noun, call: Call, body: dict[str, Any]) -> Spec:
    """The spec of an official call.

    A member that is not known is refused: a misspelt `replaceScope` would change what a REPLACE does.
    """
    require_members(body, noun.members)
    return read_spec(noun, call, body)


def require_members(body: dict[str, Any], members: Collection[str], where: str = "") -> None:
    """Raise Invalid for a member that is not one of these, with the closest one."""
    unknown = sorted(set(body) - set(members))
    if unknown:
        hint = get_close_matches(unknown[0], members, n=1)
        raise Invalid(
            f"{unknown[0]!r} is no member of a bulk update",
            where=f"{where}/{unknown[0]}",
            hint=f"did you mean {hint[0]!r}?" if hint else "",
        )


def read_spec(noun: Noun, call: Call, body: dict[str, Any]) -> Spec:
    """Operation, scope and values, in all documented spellings, checked against the catalogue. Raises Invalid."""
    operation = _word(body, "operation", Operation)
    if operation is None:
        raise Invalid("operation is missing", where="/operation", hint="ADD, REMOVE or REPLACE")
    scope = _word(body, "replaceScope", Scope) or Scope.ATTRIBUTE
    given = _member(body, "values")
    if not isinstance(given, list):
        raise Invalid("a list is expected", where="/values")
    values = [_value(item, f"/values/{position}", noun.notes) for position, item in enumerate(given)]
    spec = Spec(Operation(operation), Scope(scope), values, noun.kind)
    metadata.change(call.read(), call.tenant, spec)
    return spec


def _word(body: dict[str, Any], name: str, words: type[Operation] | type[Scope]) -> str | None:
    if name not in body:
        return None
    given = body[name]
    if not (isinstance(given, str) and given.isascii()) or given.upper() not in list(words):
        raise Invalid(f"{given!r} is no {name}", where=f"/{name}", hint=", ".join(words))
    return given.upper()


def _value(item: Any, where: str, notes: Iterable[str]) -> tuple[str, list[str] | None]:
    """One of `values`: the attribute under any of its three names, the values under any of theirs."""
    item = require_object(item, where)
    unknown = sorted(set(item) - {*KEYS, *VALUES, *notes})
    if unknown:
        raise Invalid(f"{unknown[0]!r} is no member of a value", where=f"{where}/{unknown[0]}")
    for name in notes:
        if not isinstance(item.get(name), str | None):
            raise Invalid(f"{name} is a string", where=f"{where}/{name}")
    key = _one_of(item, KEYS, where)
    if not isinstance(key, str) or not key:
        raise Invalid("the attribute's key is missing", where=f"{where}/attribute")
    values = _one_of(item, VALUES, where)
    if isinstance(values, str):
        values = [values]
    if values is not None and not (isinstance(values, list) and all(isinstance(v, str) for v in values)):
        raise Invalid("values are strings", where=f"{where}/values")
    return key, values


def _one_of(item: dict[str, Any], names: tuple[str, ...], where: str) -> Any:
    given = [(name, item[name]) for name in names if item.get(name) is not None]
    if any(value != given[0][1] for _, value in given):
        shown = " and ".join(name for name, _ in given)
        raise Invalid(f"{shown} say different things", where=f"{where}/{given[1][0]}")
    return given[0][1] if given else None
