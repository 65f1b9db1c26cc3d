"""The command as a whole: help, environment, errors as one line."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import click
import pytest

from bulkwark import __version__
from bulkwark.cli import commands, common, reference
from bulkwark.errors import Unavailable
from bulkwark.store import tenants
from tests.cli.running import answer, run
from tests.process.server import environment


def every_command() -> list[tuple[str, click.Command]]:
    found: list[tuple[str, click.Command]] = []
    group = commands()
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            found += [(f"{name} {below}", inner) for below, inner in command.commands.items()]
        else:
            found.append((name, command))
    return found


def test_the_commands_are_those_that_others_rely_on() -> None:
    names = {name for name, _ in every_command()}

    assert names == {
        *("serve", "demo", "load", "backup", "doctor", "version", "explain"),
        *("token create", "token list", "jobs list", "jobs show", "jobs watch"),
        *(f"jobs {word}" for word in ("submit", "preview", "run", "items", "undo", "rerun")),
        *(f"jobs {word}" for word in ("pause", "resume", "cancel", "confirm", "set")),
        *("guards show", "guards set"),
    }


def test_a_server_starts_without_what_the_other_commands_need() -> None:
    """A second is what a start may take; each of these costs a part of it."""
    said = "import sys; from bulkwark.cli import commands; from click import Context as C; g = commands(); "
    said += "g.get_command(C(g), 'serve'); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", said], env=environment(), capture_output=True, text=True, check=True)

    loaded = set(done.stdout.split())
    assert "bulkwark.api.dispatch" in loaded
    assert not loaded & {"httpx", "rich", "bulkwark.domain.synthetic", "bulkwark.cli.demo"}


def test_each_command_and_each_option_has_a_line_of_help() -> None:
    for name, command in every_command():
        options = [one for one in command.params if isinstance(one, click.Option)]

        assert command.help, name
        assert all(option.help for option in options), name


def test_the_page_of_reference_is_the_one_that_the_program_makes() -> None:
    text = (Path(__file__).parents[2] / "docs" / "reference" / "cli.md").read_text("utf-8")

    assert text == reference.page(), "make it again: python -m bulkwark.cli.reference > docs/reference/cli.md"


def test_a_read_only_command_does_not_make_a_data_directory(tmp_path: Path) -> None:
    missing = tmp_path / "nowhere"

    for words in (["doctor"], ["jobs", "list"], ["jobs", "watch"], ["token", "list"], ["backup", tmp_path / "copy"]):
        done = run(*words, "--data-dir", missing)

        assert done.exit_code == 1
        assert done.stderr.startswith(f"error: there is no database in {missing} (")
        assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_the_data_directory_can_come_from_the_environment(loaded: Path) -> None:
    done = run("token", "list", env={"BULKWARK_DATA_DIR": str(loaded)})

    assert (done.exit_code, done.stdout) == (0, "There are no credentials.\n")


def test_a_file_that_is_no_database_is_one_line_on_standard_error(tmp_path: Path) -> None:
    (tmp_path / "bulkwark.db").write_bytes(b"this is a diary, not a database" * 100)

    done = run("doctor", "--data-dir", tmp_path)

    assert done.exit_code == 1
    assert done.stderr.startswith("error: the database cannot be used")
    assert done.stderr.endswith(" (restore a backup)\n")
    assert "Traceback" not in done.output


EVERY_COMMAND_ON_DATA = [
    ["serve", "--port", "0"],
    ["doctor"],
    ["token", "create", "--name", "ci"],
    ["token", "list"],
    ["jobs", "list"],
    ["load", "--synthetic", "roles=1"],
]


@pytest.mark.parametrize("words", EVERY_COMMAND_ON_DATA, ids=lambda words: words[0])
def test_an_empty_database_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]) -> None:
    monkeypatch.setattr(common, "CREATION_SECONDS", 0.0)
    file = tmp_path / "bulkwark.db"
    file.touch()

    done = run(*words, "--data-dir", tmp_path)

    assert done.exit_code == 1
    assert done.stderr == f"error: {file} is damaged: it is empty (restore a backup, or delete it to begin anew)\n"
    assert file.stat().st_size == 0


def test_an_empty_database_file_that_another_process_is_making_is_waited_for(loaded: Path, tmp_path: Path) -> None:
    file = tmp_path / "bulkwark.db"
    file.touch()
    made = threading.Timer(0.1, lambda: file.write_bytes((loaded / "bulkwark.db").read_bytes()))
    made.start()

    done = run("doctor", "--data-dir", tmp_path)
    made.join()

    assert "is empty" not in done.stderr


@pytest.mark.parametrize("words", EVERY_COMMAND_ON_DATA, ids=lambda words: words[0])
def test_a_place_that_this_user_may_not_write_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    answer("token", "create", "--data-dir", tmp_path, "--name", "first")
    # As it looks to another user; tests may run as root, to whom everything is allowed.
    monkeypatch.setattr(tenants, "Database", _not_to_be_opened)
    monkeypatch.setattr(os, "access", lambda place, right: not (right == os.W_OK and place == tmp_path))

    done = run(*words, "--data-dir", tmp_path)

    assert done.exit_code == 1
    assert done.stderr == f"error: {tmp_path} is not writable by this user\n"


def _not_to_be_opened(*_: object, **__: object) -> None:
    raise Unavailable("the database cannot be used: unable to open database file") from CantOpenError()


class CantOpenError(Exception):
    """Of the driver's name."""


def test_a_directory_that_this_user_may_not_read_is_named(loaded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda place, right: not (right & os.R_OK and place == loaded))

    for words in EVERY_COMMAND_ON_DATA:
        assert run(*words, "--data-dir", loaded).stderr == f"error: {loaded} is not readable by this user\n"


def test_version_is_printed_for_people_and_for_scripts() -> None:
    assert run("version").stdout.startswith(f"bulkwark {__version__} ")
    assert run("--version").stdout == f"bulkwark {__version__}\n"
    assert answer("version")["version"] == __version__


def test_what_to_do_next_names_the_command_as_the_shell_finds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "bulkwark"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    monkeypatch.setattr("sys.argv", [str(script), "demo"])

    monkeypatch.setenv("PATH", "/nowhere")
    beside = common.called_as()
    monkeypatch.setenv("PATH", str(tmp_path))
    found = common.called_as()
    monkeypatch.setattr("sys.argv", ["/somewhere/bulkwark/__main__.py", "demo"])

    assert (beside, found, common.called_as()) == (str(script), "bulkwark", "python -m bulkwark")
