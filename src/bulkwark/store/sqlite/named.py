"""Named statements: the SQL that is no product of the compiler."""

from __future__ import annotations

from importlib import resources


def load_statements() -> dict[str, str]:
    """Name → SQL of every statement in `statements/*.sql`; a name is `<file>.<name>`.

    A statement starts at a line `-- name: purpose` and ends at the next one.
    """
    found: dict[str, str] = {}
    for file in sorted(resources.files(__package__).joinpath("statements").iterdir(), key=lambda f: f.name):
        if not file.name.endswith(".sql"):
            continue
        noun, name = file.name.removesuffix(".sql"), ""
        for line in file.read_text("utf-8").splitlines():
            head = line.removeprefix("-- ").partition(":")[0]
            if line.startswith("-- ") and head.isidentifier():
                name = f"{noun}.{head}"
                assert name not in found, f"statement {name} is defined twice"
                found[name] = ""
            elif name and not line.startswith("--"):
                found[name] += line + "\n"
    return {name: text.strip().rstrip(";") for name, text in found.items()}


STATEMENTS = load_statements()
