from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from tests.bulk.documents import entitlement, identity, role, source
from tests.cli.running import answer, run


def lines(*documents: object) -> bytes:
    return b"".join(json.dumps(document).encode() + b"\n" for document in documents)


def test_the_kind_is_told_by_the_name_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "roles-2025.ndjson").write_bytes(lines(role()))
    (tmp_path / "identities.json").write_bytes(lines(identity()))
    (tmp_path / "entitlements.ndjson.gz").write_bytes(gzip.compress(lines(entitlement())))
    (tmp_path / "sources.ndjson").write_bytes(lines(source()))

    # Given in any order: what is referred to is loaded first.
    found = answer("load", "--data-dir", tmp_path / "data", *sorted(tmp_path.glob("*.*"), reverse=True))

    assert {kind: counts["added"] for kind, counts in found["kinds"].items()} == {
        "identity": 1,
        "source": 1,
        "entitlement": 1,
        "role": 1,
    }
    assert all(counts["placeholders"] == 0 for counts in found["kinds"].values())


def test_standard_input_names_the_kind_by_option_or_on_each_line(tmp_path: Path) -> None:
    enveloped = lines({"kind": "identities", "document": identity()}, {"kind": "role", "document": role()})

    by_line = answer("load", "--data-dir", tmp_path / "a", "-", stdin=enveloped)
    by_option = answer("load", "--data-dir", tmp_path / "b", "--kind", "roles", "-", stdin=lines(role()))

    assert by_line["kinds"]["role"]["added"] == by_option["kinds"]["role"]["added"] == 1


def test_faulty_lines_are_named_with_file_line_and_pointer_and_the_rest_is_loaded(tmp_path: Path) -> None:
    file = tmp_path / "roles.ndjson"
    broken = [role() | {"owner": {"id": 7}}, role() | {"name": None}]
    file.write_bytes(lines(role()) + b"\n{\n" + lines(*broken))

    done = run("load", "--data-dir", tmp_path / "data", "--json", file)

    found = json.loads(done.stdout)
    assert done.exit_code == 1
    assert found["kinds"]["role"]["added"] == 1
    assert [(f["line"], f["pointer"]) for f in found["faults"]] == [(3, ""), (4, "/owner/id"), (5, "/name")]
    assert found["faults"][1]["sentence"] == "/owner/id: Expected `str`, got `int`"
    assert found["faults"][1]["file"] == str(file)


def test_at_most_twenty_faults_are_shown(tmp_path: Path) -> None:
    file = tmp_path / "roles.ndjson"
    file.write_bytes(b"[]\n" * 30)

    done = run("load", "--data-dir", tmp_path / "data", file)

    assert done.exit_code == 1
    assert "30 rows not loaded:" in done.stderr
    assert done.stderr.count(f"{file}:") == 20
    assert "… and 10 more" in done.stderr


def test_strict_stops_at_the_first_fault(tmp_path: Path) -> None:
    file = tmp_path / "roles.ndjson"
    file.write_bytes(lines(role() | {"id": "x"}, role()))

    done = run("load", "--data-dir", tmp_path / "data", "--strict", file)

    assert done.exit_code == 1
    assert f"error: {file}:1: /id: 'x' is no id (32 hex digits, or a UUID)" in done.stderr
    assert answer("doctor", "--data-dir", tmp_path / "data")["findings"][4]["text"].startswith("default: 0 roles")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["load"], "name files to load, or --synthetic roles=N"),
        (["load", "--synthetic", "2000"], "'2000' is not of the form roles=N"),
        (["load", "--kind", "workgroups", "-"], "'workgroups' is no kind"),
    ],
)
def test_a_call_that_cannot_be_meant_is_explained(tmp_path: Path, words: list[str], said: str) -> None:
    done = run(*words, "--data-dir", tmp_path)

    assert done.exit_code == 2
    assert said in done.stderr


def test_a_company_is_loaded_again_without_a_change(tmp_path: Path) -> None:
    company = {"identity": identity(), "source": source(), "entitlement": entitlement(), "role": role()}
    stream = lines(*({"kind": kind, "document": document} for kind, document in company.items()))

    answer("load", "--data-dir", tmp_path, "-", stdin=stream)
    again = answer("load", "--data-dir", tmp_path, "-", stdin=stream)

    assert {kind: counts["unchanged"] for kind, counts in again["kinds"].items()} == dict.fromkeys(company, 1)
