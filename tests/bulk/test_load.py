"""The loader: what is loaded is what the API shows; upsert, placeholders, faults, interruption."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bulkwark.api.collections import document
from bulkwark.bulk import ndjson
from bulkwark.bulk.batch import KINDS, Row
from bulkwark.bulk.load import Fault, Loader, Report, kind_named
from bulkwark.bulk.queries import queried
from bulkwark.domain import synthetic
from bulkwark.domain.kinds import Kind
from bulkwark.domain.times import iso_ms
from bulkwark.errors import Invalid
from bulkwark.query.ast import Checked
from bulkwark.store import search, upkeep
from bulkwark.store.tenants import Store, Tenant, open_store
from tests.bulk.documents import (
    ALICE,
    ENTITLEMENT,
    PROFILE,
    ROLE,
    SOURCE,
    access_profile,
    entitlement,
    identity,
    metadata,
    ref,
    role,
    source,
)

NOW = 1_750_000_000_000
COMPANY = [
    ("identity", identity()),
    ("source", source()),
    ("entitlement", entitlement()),
    ("access-profile", access_profile()),
    ("role", role()),
]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    found = open_store(tmp_path)
    yield found
    found.close()


@pytest.fixture
def tenant(store: Store) -> Tenant:
    return store.need_tenant("default")


def rows(documents: Iterable[tuple[str, Any]]) -> Iterator[Row]:
    for line, (kind, found) in enumerate(documents, 1):
        yield Row(kind, found, "test.ndjson", line)


def load(store: Store, documents: Iterable[tuple[str, Any]], **more: Any) -> Report:
    return Loader(store, store.need_tenant("default"), now=NOW, **more).load(rows(documents))


def shown(store: Store, tenant: Tenant, kind: Kind, id: str) -> dict[str, Any]:
    """The object as a GET answers it."""
    session = store.read()
    stored = tenant.objects.get(session, kind, id)
    assert stored is not None, f"there is no {kind.noun} {id}"
    found: dict[str, Any] = json.loads(document(stored, tenant.wire(session), kind))
    return found


def found_by(store: Store, tenant: Tenant, index: str, query: str) -> int:
    root = queried({"query": {"query": query}}, index, NOW, strict=True)
    return search.count(store.read(), tenant, Checked(index, root))


def require_sound(store: Store) -> None:
    assert upkeep.strays(store.read()) == []
    assert upkeep.spot_check(store.read(), store, 10_000)[1] == []


def test_what_is_loaded_is_what_is_shown(store: Store, tenant: Tenant) -> None:
    report = load(store, COMPANY)

    assert report.faults == []
    for kind, given in COMPANY:
        found = shown(store, tenant, KINDS[kind] or Kind.ROLE, given["id"])
        assert found == given
    assert {kind: counts.added for kind, counts in report.kinds.items()} == {
        "metadata-attribute": 0,
        "identity": 1,
        "source": 1,
        "entitlement": 1,
        "access-profile": 1,
        "role": 1,
    }


def test_a_synthetic_company_is_shown_as_it_was_made(store: Store, tenant: Tenant) -> None:
    report = load(store, synthetic.company(100))

    assert report.failed == 0
    assert {kind: counts.added for kind, counts in report.kinds.items()} == synthetic.sizes(100)
    assert all(counts.placeholders == 0 for counts in report.kinds.values())
    for kind, given in synthetic.company(100):
        if KINDS[kind]:
            assert shown(store, tenant, KINDS[kind] or Kind.ROLE, str(given["id"])) == given
    require_sound(store)


def test_loaded_objects_are_found_by_what_they_say_and_by_what_they_hold(store: Store, tenant: Tenant) -> None:
    load(store, COMPANY)

    for query in (
        "name:finance",
        "owner.email:alice",
        "@entitlements(source.name:SAP)",
        "@accessModelMetadata(key:region AND value:apac)",
        "modified:[2025-01-01 TO 2025-02-01]",
    ):
        assert found_by(store, tenant, "roles", query) == 1, query
    require_sound(store)


def test_loading_the_same_again_changes_nothing(store: Store, tenant: Tenant) -> None:
    load(store, COMPANY)
    again = load(store, COMPANY)

    assert again.written == 0
    assert sum(counts.unchanged for counts in again.kinds.values()) == len(COMPANY)


def test_a_changed_document_replaces_the_old_one_everywhere(store: Store, tenant: Tenant) -> None:
    load(store, COMPANY)
    new = role(name="Treasury Clerk", accessModelMetadata=metadata(region=["emea"]), entitlements=[])

    report = load(store, [("role", new)])

    assert report.kinds["role"].changed == 1
    assert shown(store, tenant, Kind.ROLE, ROLE) == new
    assert found_by(store, tenant, "roles", "name:finance") == 0
    assert found_by(store, tenant, "roles", "name:treasury") == 1
    assert found_by(store, tenant, "roles", "@entitlements(source.name:SAP)") == 0
    assert found_by(store, tenant, "roles", "@accessModelMetadata(key:classification)") == 0
    require_sound(store)


def test_a_document_without_moments_gets_the_present_and_keeps_it(store: Store, tenant: Tenant) -> None:
    plain = {name: value for name, value in role().items() if name not in ("created", "modified")}

    load(store, [("role", dict(plain))])
    again = Loader(store, tenant, now=NOW + 5_000).load(rows([("role", dict(plain))]))

    found = shown(store, tenant, Kind.ROLE, ROLE)
    assert found["created"] == found["modified"] == iso_ms(NOW)
    assert again.kinds["role"].unchanged == 1


def test_a_document_that_does_not_speak_of_metadata_leaves_it_alone(store: Store, tenant: Tenant) -> None:
    load(store, COMPANY)
    silent = role(description="new")
    del silent["accessModelMetadata"]

    load(store, [("role", silent)])
    kept = shown(store, tenant, Kind.ROLE, ROLE)["accessModelMetadata"]
    load(store, [("role", role(accessModelMetadata=None))])

    assert kept == role()["accessModelMetadata"]
    assert shown(store, tenant, Kind.ROLE, ROLE)["accessModelMetadata"] == {"attributes": []}


def test_attributes_of_the_catalogue_are_upserted_and_their_values_kept(store: Store, tenant: Tenant) -> None:
    (attribute,) = metadata(region=["emea", "apac"])["attributes"]
    load(store, [("metadata-attribute", attribute)])

    changed = load(store, [("metadata-attribute", attribute | {"name": "Area", "values": [{"value": "latam"}]})])
    again = load(store, [("metadata-attribute", attribute | {"name": "Area", "values": []})])

    catalogue = tenant.metadata.catalogue(store.read())
    assert (changed.kinds["metadata-attribute"].changed, again.kinds["metadata-attribute"].unchanged) == (1, 1)
    assert list(catalogue.attributes["region"].values) == ["emea", "apac", "latam"]
    assert '"name":"Area"' in catalogue.attributes["region"].doc


def test_an_object_does_not_rename_an_attribute_that_the_catalogue_knows(store: Store, tenant: Tenant) -> None:
    (attribute,) = metadata(region=["emea"])["attributes"]
    load(store, [("metadata-attribute", attribute | {"name": "Area"})])

    load(store, [("role", role(accessModelMetadata=metadata(region=["emea", "apac"])))])

    (found,) = shown(store, tenant, Kind.ROLE, ROLE)["accessModelMetadata"]["attributes"]
    assert (found["name"], [value["value"] for value in found["values"]]) == ("Area", ["emea", "apac"])


def test_placeholders_stand_in_for_what_was_not_loaded(store: Store, tenant: Tenant) -> None:
    profile = ref("ACCESS_PROFILE", PROFILE, "Accounts Payable")

    report = load(store, [("role", role(accessProfiles=[profile]))])

    made = {kind: counts.placeholders for kind, counts in report.kinds.items() if counts.placeholders}
    assert made == {"identity": 1, "entitlement": 1, "access-profile": 1}
    assert report.kinds["role"].added == 1
    assert found_by(store, tenant, "roles", "@entitlements(name:F_BKPF_BUK)") == 1
    assert found_by(store, tenant, "roles", '@accessProfiles(name:"accounts payable")') == 1
    assert shown(store, tenant, Kind.IDENTITY, ALICE)["name"] == "Alice Ärlig"
    require_sound(store)


def test_the_real_document_takes_the_place_of_a_placeholder(store: Store, tenant: Tenant) -> None:
    loader = Loader(store, tenant, now=NOW)

    loader.load(rows([("role", role())]))
    report = loader.load(rows([("entitlement", entitlement()), ("source", source()), ("identity", identity())]))

    assert shown(store, tenant, Kind.ENTITLEMENT, ENTITLEMENT) == entitlement()
    assert shown(store, tenant, Kind.SOURCE, SOURCE) == source()
    assert all(counts.placeholders == 0 for counts in report.kinds.values())
    assert found_by(store, tenant, "roles", "@entitlements(source.name:SAP)") == 1
    require_sound(store)


def test_ids_are_understood_with_hyphens_and_in_upper_case(store: Store, tenant: Tenant) -> None:
    uuid = "AAAAAAAA-bbbb-cccc-dddd-eeeeeeeeeeee"
    owner = ref("IDENTITY", "00000000-0000-0000-0000-000000000001", "Alice Ärlig")

    load(store, [("identity", identity()), ("role", role(id=uuid, owner=owner))])

    found = shown(store, tenant, Kind.ROLE, "aaaaaaaabbbbccccddddeeeeeeeeeeee")
    assert (found["id"], found["owner"]["id"]) == ("aaaaaaaabbbbccccddddeeeeeeeeeeee", ALICE)


@pytest.mark.parametrize(
    ("kind", "document", "sentence"),
    [
        ("role", {"name": "x"}, "Object missing required field `id`"),
        ("role", role(id="12"), "/id: '12' is no id (32 hex digits, or a UUID)"),
        ("role", role(name=" "), "/name: a name is blank"),
        ("role", role(created="yesterday"), "/created: 'yesterday' is no moment (as in 2024-09-16T18:59:06.871Z)"),
        ("role", role(modified=5), "/modified: Expected `str | null`, got `int`"),
        ("role", role(entitlements=[{"name": "x"}]), "/entitlements/0: Object missing required field `id`"),
        ("role", role(tags="sox"), "/tags: Expected `array | null`, got `str`"),
        (
            "role",
            role(accessModelMetadata=metadata(region=[f"r{n}" for n in range(26)])),
            "/accessModelMetadata: the object holds 26 metadata values (at most 25)",
        ),
        ("metadata-attribute", {"key": "a/b"}, "/key: 'a/b' is no key of an attribute (a technical name without '/')"),
        ("identity", identity() | {"attributes": []}, "/attributes: Expected `object | null`, got `array`"),
    ],
)
def test_a_faulty_row_is_named_and_left_out(store: Store, kind: str, document: dict[str, Any], sentence: str) -> None:
    report = load(store, [*COMPANY, (kind, document)])

    assert report.kinds[kind].failed == 1
    assert [(fault.line, fault.sentence) for fault in report.faults] == [(len(COMPANY) + 1, sentence)]
    assert sum(counts.added for counts in report.kinds.values()) == len(COMPANY)
    require_sound(store)


def test_a_row_that_breaks_its_batch_does_not_take_others_along(store: Store, tenant: Tenant) -> None:
    half = role(id="9" * 32, name="Half", membership={"half": "\ud800"})

    report = load(store, [*COMPANY, ("role", half), ("role", role(id="8" * 32, name="After"))])

    (fault,) = report.faults
    assert (fault.line, report.kinds["role"].failed, report.kinds["role"].added) == (6, 1, 2)
    assert fault.sentence.startswith("it cannot be stored: ")
    assert tenant.objects.get(store.read(), Kind.ROLE, "9" * 32) is None
    require_sound(store)


def test_strict_stops_and_writes_nothing_of_the_faulty_batch(store: Store, tenant: Tenant) -> None:
    with pytest.raises(Invalid, match=r"test.ndjson:2: /name: a name is blank"):
        load(store, [("role", role()), ("role", role(id="8" * 32, name=" "))], strict=True)

    assert tenant.objects.count(store.read(), Kind.ROLE) == 0


def test_the_later_of_two_rows_with_one_id_wins(store: Store, tenant: Tenant) -> None:
    report = load(store, [*COMPANY, ("role", role(name="Second"))])

    assert (report.kinds["role"].added, report.kinds["role"].changed) == (1, 1)
    assert shown(store, tenant, Kind.ROLE, ROLE)["name"] == "Second"


def test_an_interrupted_load_is_finished_by_running_it_again(store: Store, tenant: Tenant) -> None:
    documents = list(synthetic.company(300))

    def interrupted() -> Iterator[Row]:
        yield from list(rows(documents))[:600]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Loader(store, tenant, now=NOW).load(interrupted())
    begun = tenant.objects.count(store.read(), Kind.ENTITLEMENT)
    report = load(store, documents)

    assert begun > 0
    assert report.failed == 0
    assert sum(counts.unchanged for counts in report.kinds.values()) >= begun
    assert {kind: counts.rows for kind, counts in report.kinds.items()} == synthetic.sizes(300)
    require_sound(store)


def test_progress_counts_every_row_once(store: Store) -> None:
    seen: dict[str, int] = {}

    def progress(kind: str, count: int) -> None:
        seen[kind] = seen.get(kind, 0) + count

    load(store, [*synthetic.company(60), ("role", {"id": "x"})], progress=progress)

    assert seen == synthetic.sizes(60) | {"role": 61}


def test_faults_of_reading_are_counted_beside_those_of_rows(store: Store, tenant: Tenant) -> None:
    unread = Fault("a.ndjson", 3, "", "it is not JSON")

    report = Loader(store, tenant, now=NOW).load([unread, Row("role", role())])

    assert (report.unread, report.failed, str(report.faults[0])) == (1, 1, "a.ndjson:3: it is not JSON")
    assert report.kinds["role"].added == 1


def test_a_line_nested_too_deeply_is_a_fault_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "roles.ndjson"
    file.write_text('{"id": "a", "x": ' + "[" * 5000 + "]" * 5000 + '}\n{"id": "b"}\n', "utf-8")

    deep, good = ndjson.rows([str(file)], None)

    assert isinstance(deep, Fault)
    assert "it is not JSON" in str(deep)
    assert isinstance(good, Row)


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("roles", "role"),
        ("access_profiles", "access-profile"),
        ("accessProfiles", "access-profile"),
        ("Identities", "identity"),
        ("attributes", "metadata-attribute"),
        ("metadata-attributes", "metadata-attribute"),
        ("accessModelMetadata", "metadata-attribute"),
        ("workgroups", None),
        ("", None),
    ],
)
def test_kinds_are_known_in_every_spelling(word: str, kind: str | None) -> None:
    assert kind_named(word) == kind
