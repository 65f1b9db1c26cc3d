"""Metadata of access profiles: on one, on many, and lists that ask for it. Source: the Python SDK 2.1.72."""

from __future__ import annotations

from bulkwark.api import collections, metadata_jobs, metadata_values, source_rights
from bulkwark.api.answers import Answer
from bulkwark.api.calls import Call
from bulkwark.api.metadata_jobs import Noun
from bulkwark.api.metadata_values import FILTER_DEFAULT, FILTER_MOST
from bulkwark.api.source_rights import need_profile, own_profiles
from bulkwark.bulk.selection import Limit
from bulkwark.domain import access_profiles
from bulkwark.domain.kinds import Kind
from bulkwark.store.dialect import Session
from bulkwark.store.objects import Stored


def _limit(call: Call) -> Limit:
    owner = own_profiles(call)
    return Limit(owner, tuple(source_rights.owned_sources(call, call.read(), owner))) if owner else Limit()


def _may(call: Call, session: Session, stored: Stored) -> bool:
    return source_rights.may_profile(call, session, stored.document(), own_profiles(call))


PROFILES = Noun(Kind.ACCESS_PROFILE, "accessProfiles", _limit, _may, notes=frozenset({"objectType"}))


def by_ids(call: Call) -> Answer:
    """POST /access-profiles/v1/access-model-metadata/bulk-update/ids."""
    return metadata_jobs.by_ids(PROFILES, call)


def by_filter(call: Call) -> Answer:
    """POST …/bulk-update/filter."""
    return metadata_jobs.by_filter(PROFILES, call)


def by_query(call: Call) -> Answer:
    """POST …/bulk-update/query."""
    return metadata_jobs.by_query(PROFILES, call)


def filter_profiles(call: Call) -> Answer:
    """POST /access-profiles/v1/filter."""
    root = metadata_values.selected(call, Kind.ACCESS_PROFILE, access_profiles.FILTERS)
    order = collections.sorters(call.query.get("sorters"), access_profiles.SORTERS)
    session = call.read()
    for owner in (own_profiles(call), source_rights.for_subadmin(call)):
        root = source_rights.visible_profiles(call, session, root, owner)
    root = collections.in_segments(call, root)
    return collections.page(call, Kind.ACCESS_PROFILE, root, order, default=FILTER_DEFAULT, most=FILTER_MOST)


def add_value(call: Call) -> Answer:
    """POST /access-profiles/v1/{id}/access-model-metadata/{attributeKey}/values/{attributeValue}."""
    return metadata_values.add(call, need_profile)


def remove_value(call: Call) -> Answer:
    """DELETE of the same."""
    return metadata_values.remove(call, need_profile)
