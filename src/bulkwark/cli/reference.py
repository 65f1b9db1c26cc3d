"""The page of reference for the command: `python -m bulkwark.cli.reference > docs/reference/cli.md`."""

from __future__ import annotations

from collections.abc import Iterator

import click

from bulkwark.cli import PLACES, commands

PREFIX = "BULKWARK"


def page() -> str:
    """All commands with their arguments, options and environment variables, as Markdown."""
    return "\n".join(_page()) + "\n"


def _page() -> Iterator[str]:
    yield "# The `bulkwark` command"
    yield ""
    yield "Generated: `python -m bulkwark.cli.reference`. Each flag is an environment variable too; a flag wins."
    yield "Status: 0 done, 1 not (one line on standard error says why), 2 the call was not understood."
    yield "With --wait: 0 COMPLETED, 1 it ended otherwise, 3 COMPLETED with items that failed or conflicted."
    for words, command in _all(commands(), ()):
        yield ""
        yield f"## bulkwark {' '.join(words)}"
        yield ""
        usage = " ".join([*words, "[OPTIONS]", *(_usage(one) for one in _of(command, click.Argument))])
        yield f"`bulkwark {usage}`"
        yield ""
        yield from _help(command.help or "")
        yield ""
        yield "| option | environment | default | |"
        yield "|---|---|---|---|"
        for option in _of(command, click.Option):
            yield _row(option, words)


def _all(group: click.Group, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in PLACES if not words else group.commands:
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from _all(command, (*words, name))
        else:
            yield (*words, name), command


def _of(command: click.Command, kind: type[click.Parameter]) -> list[click.Parameter]:
    return [one for one in command.params if isinstance(one, kind)]


def _usage(argument: click.Parameter) -> str:
    name = (argument.name or "").upper()
    name = f"{name}…" if argument.nargs != 1 else name
    return name if argument.required else f"[{name}]"


def _help(text: str) -> Iterator[str]:
    """The help text with each paragraph on a line, so that it does not depend on where the source breaks it."""
    paragraphs = ["".join(f"{line.strip()} " for line in part.splitlines()).strip() for part in text.split("\n\n")]
    yield "\n\n".join(paragraphs)


def _row(option: click.Parameter, words: tuple[str, ...]) -> str:
    assert isinstance(option, click.Option)
    names = ", ".join(f"`{name}`" for name in [*option.opts, *option.secondary_opts])
    variable = option.envvar or "_".join([PREFIX, *words, option.name or ""]).upper().replace("-", "_")
    default = "" if option.is_flag or option.multiple or not option.show_default else f"`{option.default}`"
    required = "Required. " if option.required else ""
    return f"| {names} | `{variable}` | {default} | {required}{(option.help or '').replace('|', chr(92) + '|')} |"


if __name__ == "__main__":
    print(page(), end="")
