"""What the README and the guide tell a newcomer to type: the marked blocks, run by bash against a server.

`<!-- tested -->` stands before such a block. The marked blocks of a page run in order in one shell, behind the block
of the first steps that defines `api` and `BASE`. A block of output that follows must be what comes out.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.process.commands import run
from tests.process.server import Server, running
from tests.sdk.environments import missing

ROOT = Path(__file__).parents[1]
FIRST = "docs/guide/first-steps.md"
PAGE_SECONDS = 60.0

#: Pages that ask until a job has ended: a status that comes again at once is told once.
ASK_AGAIN = ("docs/guide/jobs.md",)
#: The statuses of the calls of each marked block.
STATUSES: dict[str, list[list[int]]] = {
    "README.md": [[200], [204], [200], [202], [202, 200], [200], [202]],
    FIRST: [[200], [200] * 3, [200], [200]],
    "docs/guide/bulk-update-roles.md": [[], [200, 202], [202], [202], [200] * 3, [200, 200, 202]],
    "docs/guide/jobs.md": [
        [],
        [202, 200],
        [200],
        [200, 202, 200],
        [200, 202, 200, 202, 200],
        [200, 202, 200],
        [202, 200],
        [202],
    ],
    "docs/guide/entitlements.md": [[200], [200], [204], [400], [200, 201, 200]],
    "docs/guide/aggregations.md": [[200], [200], [200], [400]],
    "docs/guide/common-access.md": [[], [200, 202], [200, 200], [200, 202]],
    "docs/guide/non-employees.md": [
        *[[200], [200] * 3, [200] * 2, [400, 200, 200], [200] * 4, [200] * 2, [200], [200]],
    ],
    "docs/guide/uploads.md": [[200] * 2, [202, 200], [200] * 3, [202, 200, 200], [200, 202, 200], [200]],
    "docs/guide/access-profiles-and-sources.md": [[200], [201, 200], [200, 200], [200, 200, 201, 200], [200, 207]],
}

MARKED = re.compile(r"^<!-- tested -->\n```sh\n(.*?)^```\n(?:\n```\n(.*?)^```\n)?", re.DOTALL | re.MULTILINE)

#: Every curl also writes down what it was answered.
PRELUDE = """\
set -euo pipefail
curl() { command curl --verbose --noproxy '*' "$@" 2>>answers.log; }
begin() { echo "== block" | tee -a answers.log; }
"""


class Block(NamedTuple):
    """A marked block, and the output that the page shows for it, if it shows one."""

    commands: str
    shown: str


def blocks(page: str) -> list[Block]:
    text = (ROOT / page).read_text("utf-8")
    found = [Block(commands, shown.strip()) for commands, shown in MARKED.findall(text)]
    assert len(found) == text.count("<!-- tested -->"), f"{page}: a mark stands before something else than a sh block"
    return found


@pytest.fixture(scope="module")
def tools() -> None:
    for tool in ("bash", "curl", "python3"):
        if shutil.which(tool) is None:
            missing(f"there is no {tool} here")


@pytest.fixture(scope="module")
def server(tools: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The company of the first steps, which no other test has changed."""
    with running(tmp_path_factory.mktemp("guide") / "data", synthetic=2000) as started:
        yield started


@pytest.mark.parametrize("page", STATUSES)
def test_what_a_page_tells_a_newcomer_to_type_works_as_shown(page: str, server: Server, tmp_path: Path) -> None:
    credential = server.token()
    (tmp_path / "token.json").write_text(json.dumps({"id": credential.id, "secret": credential.secret}), "utf-8")
    chosen = blocks(page)
    script = PRELUDE if page in ("README.md", FIRST) else PRELUDE + blocks(FIRST)[0].commands
    script += "".join(f"begin\n{block.commands}" for block in chosen)

    done = run(
        ["bash", "-c", script.replace("127.0.0.1:8080", f"127.0.0.1:{server.port}")],
        PAGE_SECONDS,
        cwd=tmp_path,
        environment={**os.environ, "CURL_HOME": str(tmp_path)},
    )

    assert done.returncode == 0, f"{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    answers = (tmp_path / "answers.log").read_text("utf-8").split("== block\n")[1:]
    found = [[int(status) for status in re.findall(r"^< HTTP/\S+ (\d+)", one, re.MULTILINE)] for one in answers]
    if page in ASK_AGAIN:
        found = [[status for status, _ in groupby(one)] for one in found]
    assert found == STATUSES[page], done.stdout[-4000:]
    for block, output in zip(chosen, done.stdout.split("== block\n")[1:], strict=True):
        assert block.shown in output, block.commands
