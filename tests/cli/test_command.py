"""The command as a whole: help, environment, errors as one line."""

from __future__ import annotations

from pathlib import Path

import click

from bulkwark import __version__
from bulkwark.cli import commands, reference
from tests.cli.running import answer, run


def every_command() -> list[tuple[str, click.Command]]:
    found: list[tuple[str, click.Command]] = []
    for name, command in commands().commands.items():
        if isinstance(command, click.Group):
            found += [(f"{name} {below}", inner) for below, inner in command.commands.items()]
        else:
            found.append((name, command))
    return found


def test_the_commands_are_those_that_others_rely_on() -> None:
    names = {name for name, _ in every_command()}

    assert names == {
        *("serve", "demo", "load", "backup", "doctor", "version"),
        *("token create", "token list", "jobs list", "jobs show", "jobs watch"),
    }


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
    assert "Traceback" not in done.output


def test_version_is_printed_for_people_and_for_scripts() -> None:
    assert run("version").stdout.startswith(f"bulkwark {__version__} ")
    assert answer("version")["version"] == __version__
