"""Environments of their own for foreign clients and tools that cannot share an environment with us or each other.

Each is a venv, or a folder of Node packages, made once per pinned version, under BULKWARK_TEST_CACHE (default:
~/.cache/bulkwark-tests).
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

from tests.process.commands import run

INSTALL_SECONDS = 600.0
READY = "ready"  # this file in a venv says that the installation went through


class NotInstalled(Exception):
    """The environment could not be made, for instance without a network."""


def cache() -> Path:
    chosen = os.environ.get("BULKWARK_TEST_CACHE")
    return Path(chosen).absolute() if chosen else Path.home() / ".cache" / "bulkwark-tests"


def interpreter(requirements: Path) -> Path:
    """The Python of the environment with what `requirements` pins; makes it when it is not there yet."""
    pins = " ".join(requirements.read_text("utf-8").split())
    key = hashlib.sha256(f"{pins} {sys.version_info[:3]}".encode()).hexdigest()[:12]
    place = cache() / f"{pins.partition(' ')[0].replace('==', '-')}-{key}"
    with locked(place):
        if not (place / READY).exists():
            make(place, requirements)
    return place / "bin" / "python"


@contextmanager
def locked(place: Path) -> Iterator[None]:
    """One process at a time: tests run side by side."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def node_modules(package: Path) -> Path:
    """The folder with what the `package.json` pins, for NODE_PATH; fills it when it is not there yet."""
    for command in ("node", "npm"):
        if shutil.which(command) is None:
            raise NotInstalled(f"there is no {command} here")
    pins: dict[str, str] = json.loads(package.read_text("utf-8"))["dependencies"]
    text = " ".join(f"{name}-{version}" for name, version in pins.items())
    place = cache() / f"{text.partition(' ')[0]}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    with locked(place):
        if not (place / READY).exists():
            fill(place, package)
    return place / "node_modules"


def fill(place: Path, package: Path) -> None:
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    shutil.copy(package, place / "package.json")
    flags = ["--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"]
    install(["npm", "install", *flags], f"npm could not install {package.name}", place)


def make(place: Path, requirements: Path) -> None:
    shutil.rmtree(place, ignore_errors=True)
    venv.create(place, with_pip=True)
    command = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--requirement", str(requirements.resolve())]
    install(command, f"pip could not install {requirements.name}", place)


def install(command: list[str], failed: str, place: Path) -> None:
    """Run an installer in the environment's folder, and mark the folder when it went through."""
    done = run(command, INSTALL_SECONDS, cwd=place)
    if done.returncode != 0:
        raise NotInstalled(f"{failed}:\n{done.stdout}{done.stderr}")
    (place / READY).touch()


def missing(what: str) -> NoReturn:
    """A part of the test's world is not here: tolerable on a laptop, a failure in CI."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"missing in CI: {what}")
    pytest.skip(what)


def interpreter_or_skip(requirements: Path) -> Path:
    try:
        return interpreter(requirements)
    except NotInstalled as reason:
        missing(str(reason))


def node_modules_or_skip(package: Path) -> Path:
    try:
        return node_modules(package)
    except NotInstalled as reason:
        missing(str(reason))
