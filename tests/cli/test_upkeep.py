"""`backup` and `doctor`."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.cli.running import answer, run
from tests.house import House


def damaged(data: Path, target: Path, sql: str) -> Path:
    """A copy of a data directory to which something was done past the product."""
    shutil.copytree(data, target)
    connection = sqlite3.connect(target / "bulkwark.db")
    connection.execute(sql)
    connection.commit()
    connection.close()
    return target


def findings(data: Path) -> dict[str, tuple[bool, str]]:
    done = run("doctor", "--data-dir", data, "--json")
    found = json.loads(done.stdout)
    assert done.exit_code == (0 if found["sound"] else 1)
    return {finding["name"]: (finding["sound"], finding["text"]) for finding in found["findings"]}


def test_a_sound_directory_is_found_sound(loaded: Path) -> None:
    found = findings(loaded)

    assert all(sound for sound, _ in found.values()), found
    assert found["holds"][1].startswith("default: 200 roles, 60 access profiles, 200 entitlements, ")
    assert "200 objects drawn by lot" in found["indexes"][1]
    assert "ok   indexes" in run("doctor", "--data-dir", loaded).stdout


@pytest.mark.parametrize(
    ("name", "sql", "said"),
    [
        ("indexes", "DELETE FROM val", "values are missing"),
        ("indexes", "DELETE FROM vocab", "terms are missing"),
        ("indexes", "DELETE FROM link", "links are missing"),
        ("indexes", "DELETE FROM md_inv", "metadata is missing"),
        ("wholeness", "DELETE FROM search_doc", "objects have no row in search_doc"),
    ],
)
def test_what_was_broken_is_found(loaded: Path, tmp_path: Path, name: str, sql: str, said: str) -> None:
    sound, text = findings(damaged(loaded, tmp_path / "data", sql))[name]

    assert not sound
    assert said in text


def test_a_backup_is_a_whole_database_and_nothing_else(loaded: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy" / "bulkwark.db"
    copy.parent.mkdir()

    done = answer("backup", "--data-dir", loaded, copy)

    assert (done["file"], done["bytes"], done["checked"]) == (str(copy), copy.stat().st_size, True)
    assert list(copy.parent.iterdir()) == [copy]
    assert all(sound for sound, _ in findings(copy.parent).values())


def test_a_backup_can_be_taken_while_the_server_writes(house: House, tmp_path: Path) -> None:
    copy = tmp_path / "bulkwark.db"

    answer("backup", "--data-dir", house.data_dir, copy)

    assert findings(tmp_path)["indexes"][0]


def test_a_backup_does_not_overwrite_unless_told_to(loaded: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    copy.write_text("dear diary")

    refused = run("backup", "--data-dir", loaded, copy)
    kept = copy.read_text()
    forced = run("backup", "--data-dir", loaded, "--force", copy)

    assert (refused.exit_code, kept) == (1, "dear diary")
    assert refused.stderr == f"error: {copy} exists (--force overwrites it)\n"
    assert forced.exit_code == 0
    assert copy.read_bytes().startswith(b"SQLite format 3")
