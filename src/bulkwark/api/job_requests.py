"""Our own submit: a metadata job on roles, access profiles or entitlements, by ids, names, a filter or a query.

What the official calls do with one URL for each noun and selector, in one call, for up to 200,000 named objects, and
with options in the body. Who may submit what is decided by the official call of the type.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from bulkwark.api import answers, job_rights, job_shapes, metadata_jobs, submitting
from bulkwark.api.answers import Answer
from bulkwark.api.calls import Call, require_object
from bulkwark.api.entitlement_jobs import ENTITLEMENTS
from bulkwark.api.metadata_jobs import NAMED, Noun
from bulkwark.api.profile_metadata import PROFILES
from bulkwark.api.role_jobs import ROLES
from bulkwark.bulk import selection
from bulkwark.bulk.selection import OWN_MAX_IDS, Selector
from bulkwark.domain.jobs import USUAL_PRIORITY, Job, Options
from bulkwark.domain.kinds import plain_id
from bulkwark.errors import Forbidden, Invalid
from bulkwark.query.analysis import fold
from bulkwark.store import search
from bulkwark.store.indexes import BY_KIND

NOUNS = {noun.type: noun for noun in (ROLES, PROFILES, ENTITLEMENTS)}
MEMBERS = ("type", "operation", "replaceScope", "values", "select", "options")
SELECTORS = ("ids", "names", "filters", "query")
SELECT = "/select"


class Wanted(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """The member `options`: what the headers of an official call say, and a guard unless it is declined."""

    note: str = ""
    ticket: str = ""
    priority: int = USUAL_PRIORITY
    speed: int | None = None
    stop_after: int | None = None
    stop_percent: float | None = None
    guard: bool = True


def submit(call: Call) -> Answer:
    """POST /bulkwark/v1/jobs: 202 and the job; with X-Bulkwark-Preview: true the preview."""
    body = call.strict_object()
    metadata_jobs.require_members(body, MEMBERS)
    noun = _noun(body)
    job_rights.require_type(call, noun.type)
    options = _options(call, body.get("options", {}))
    spec = metadata_jobs.read_spec(noun, call, body)
    with _below(SELECT):
        selector = _selector(call, noun, body.get("select"))
        return metadata_jobs.submit(noun, call, spec, selector, answer=lambda job: _told(call, job), options=options)


def _told(call: Call, job: Job) -> Answer:
    shown = job_shapes.job(call.services.store.read(), job)
    return answers.ok(shown, 202, headers={"X-Bulkwark-Job": job.id})


@contextmanager
def _below(where: str) -> Iterator[None]:
    """Faults of the selector stand below the member `select` here."""
    try:
        yield
    except Invalid as error:
        if error.where.startswith("/"):
            error.where = (where + error.where).rstrip("/")
        raise


def _noun(body: dict[str, Any]) -> Noun:
    type = body.get("type")
    if not isinstance(type, str) or type not in NOUNS:
        told = "type is missing" if type is None else f"{type!r} is no type of a metadata job"
        raise Invalid(told, where="/type", hint=", ".join(NOUNS))
    return NOUNS[type]


def _options(call: Call, given: Any) -> Options:
    said = [name for name in call.headers if name in submitting.HEADERS and name != submitting.PREVIEW]
    if said:
        raise Invalid("this call says it in its body", where=f"header {said[0]}", hint='"options": {…}')
    try:
        found = msgspec.convert(given, Wanted)
    except msgspec.ValidationError as error:
        text, _, path = str(error).partition(" - at ")
        raise Invalid(text, where="/options" + path.strip("`").removeprefix("$").replace(".", "/")) from None
    options = Options(**{name: getattr(found, name) for name in Wanted.__struct_fields__})
    return submitting.checked(options, "/options/")


# --- what is selected ----------------------------------------------------------------------------------


def _selector(call: Call, noun: Noun, given: Any) -> Selector:
    """Exactly one of ids, names, filters and query. Places of faults are below `select`."""
    if given is None:
        raise Invalid("nothing is selected", where="/", hint='"select": {"query": {"query": {"query": "…"}}}')
    select = require_object(given, "/")
    metadata_jobs.require_members(select, SELECTORS)
    if len(select) != 1:
        told = f"{len(select)} selectors are given" if select else "nothing is selected"
        raise Invalid(told, where="/", hint=f"exactly one of {', '.join(SELECTORS)}")
    if "filters" in select:
        if not isinstance(select["filters"], str):
            raise Invalid("a filter is a string", where="/filters")
        return metadata_jobs.limited(noun, call, Selector("filter", call.now, noun.kind, filters=select["filters"]))
    if "query" in select:
        queries = selection.require_search(select["query"], index=BY_KIND[noun.kind].name)
        selector = Selector("query", call.now, noun.kind, queries=queries, options=call.services.options)
        return metadata_jobs.limited(noun, call, selector)
    by = "ids" if "ids" in select else "names"
    given = _texts(select[by], f"/{by}", noun)
    rids = _by_ids(call, noun, given) if by == "ids" else _by_names(call, noun, given)
    _require_mine(call, noun, rids)
    return Selector("ids", call.now, noun.kind, rids=rids)


def _texts(given: Any, where: str, noun: Noun) -> list[str]:
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        raise Invalid("a list of strings is expected", where=where)
    if not given:
        raise Invalid(f"no {noun.kind.noun} is named", where=where, hint="an empty selection changes nothing")
    if len(given) > OWN_MAX_IDS:
        raise Invalid(f"{len(given):,} are named", where=where, hint=f"at most {OWN_MAX_IDS:,}")
    return given


def _by_ids(call: Call, noun: Noun, given: list[str]) -> list[int]:
    ids = list(dict.fromkeys(plain_id(id) for id in given))
    rids = call.tenant.objects.rids(call.read(), noun.kind, ids)
    metadata_jobs.require_known(noun, ids, rids, "/ids")
    return list(rids.values())


def _by_names(call: Call, noun: Noun, given: list[str]) -> list[int]:
    """Names in any case, each of which one object must have: what is ambiguous is refused, never guessed."""
    names = {fold(name): name for name in given}
    found: dict[str, list[int]] = {}
    for name, rid in call.tenant.objects.with_value(call.read(), noun.kind, "name~", names):
        found.setdefault(names[name], []).append(rid)
    metadata_jobs.require_known(noun, list(names.values()), found, "/names", by="called ")
    several = [name for name, rids in found.items() if len(rids) > 1]
    if several:
        shown = ", ".join(repr(name) for name in several[:NAMED])
        told = f"several {noun.kind.noun}s are called {shown}"
        raise Invalid(told, where="/names", hint=f"{len(several)} ambiguous; name their ids")
    return [rid for (rid,) in found.values()]


def _require_mine(call: Call, noun: Noun, rids: list[int]) -> None:
    """Raise Forbidden when the caller may not change some of the objects."""
    if noun.limit(call).owner:
        everything = metadata_jobs.limited(noun, call, Selector("all", call.now, noun.kind))
        if search.outside(call.read(), call.tenant, selection.resolve(everything), rids):
            raise Forbidden(f"some of the {noun.kind.noun}s are not the caller's to change")
