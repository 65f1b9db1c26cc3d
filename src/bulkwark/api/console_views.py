"""How the console writes things down: templates, which escape whatever they are given, and words for numbers."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from hashlib import sha256
from importlib import resources
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined, select_autoescape

from bulkwark.domain.jobs import Outcome

OUTCOMES = tuple(outcome.name.lower() for outcome in Outcome)
# What a state looks like: it moves, waits for somebody, has ended well, has ended otherwise.
TONES = {
    "COMPLETED": "good",
    "FAILED": "bad",
    "STOPPED": "bad",
    "CANCELLED": "ended",
    "PAUSED": "waits",
    "AWAITING_CONFIRMATION": "waits",
}
# States in words; the steps that a running job takes are one to its viewers.
WORDS = {
    "CREATED": "accepted",
    "PRE_PROCESS": "selecting",
    "PRE_PROCESS_COMPLETED": "selected",
    "CHUNK_PENDING": "running",
    "CHUNK_PROCESSING": "running",
    "POST_PROCESS": "running",
}
TYPES = {"app.js": "text/javascript; charset=utf-8", "app.css": "text/css; charset=utf-8", "icon.svg": "image/svg+xml"}


@cache
def file(name: str) -> str:
    """The text of a file of the console. Raises FileNotFoundError."""
    return (resources.files("bulkwark.api") / "console_files" / name).read_text("utf-8")


@cache
def mark(name: str) -> str:
    """A word that changes with the file: its place in a browser's cache."""
    return sha256(file(name).encode()).hexdigest()[:12]


def render(name: str, **values: Any) -> bytes:
    """A page."""
    return _environment().get_template(name).render(values).encode()


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FunctionLoader(file),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"count": count, "when": when, "state": state, "kept": kept, "pair": pair, "span": span}
    made.globals |= {"mark": mark, "outcomes": OUTCOMES, "tones": TONES}
    return made


def count(number: int | None) -> str:
    """`12,345`; a dash while it is unknown."""
    return "–" if number is None else f"{number:,}"


def when(iso: str) -> str:
    """`2026-11-21 20:38:06 UTC`."""
    return f"{datetime.fromisoformat(iso):%Y-%m-%d %H:%M:%S} UTC"


def state(name: str) -> str:
    """`AWAITING_CONFIRMATION` → `awaiting confirmation`."""
    return WORDS.get(name) or name.replace("_", " ").lower()


def span(seconds: float) -> str:
    """`0.4 s`, `12 s`, `3 min`, `2 h 5 min`.

    >>> [span(s) for s in (0.44, 12, 200, 7500)]
    ['0.4 s', '12 s', '3 min', '2 h 5 min']
    """
    if seconds < 9.5:
        return f"{seconds:.1f} s"
    if seconds < 119.5:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def soon(eta: dict[str, str] | None, now: str) -> dict[str, str] | None:
    """The range of an ETA as spans from `now`: `{"likely": "12 s", "earliest": "10 s", "latest": "20 s"}`."""
    if eta is None:
        return None
    start = datetime.fromisoformat(now)
    return {name: span(max(0.0, (datetime.fromisoformat(at) - start).total_seconds())) for name, at in eta.items()}


def bars(shown: dict[str, Any]) -> list[dict[str, Any]]:
    """The parts of a job's bar, of 1,000 in all: `outcome`, `x`, `width`."""
    whole, at, found = max(shown["total"] or 0, shown["done"], 1), 0.0, []
    for outcome in OUTCOMES:
        width = 1000 * shown[outcome] / whole
        found.append({"outcome": outcome, "x": round(at, 1), "width": round(width, 1)})
        at += width
    return found


def timeline(chunks: list[dict[str, Any]], height: int = 48) -> list[dict[str, Any]]:
    """Chunks, oldest first, as bars: `x`, `y`, `height`, `bad` (the part that failed or conflicted), `title`."""
    most = max((chunk["items"] for chunk in chunks), default=1)
    found = []
    for position, chunk in enumerate(chunks):
        tall = max(1.0, height * chunk["items"] / most)
        refused = chunk.get("failed", 0) + chunk.get("conflicted", 0)
        told = ", ".join(f"{chunk[name]:,} {name}" for name in OUTCOMES if chunk.get(name))
        found.append(
            {
                "x": position,
                "y": round(height - tall, 1),
                "height": round(tall, 1),
                "bad": round(tall * refused / max(1, chunk["items"]), 1),
                "title": f"{chunk['items']:,} items in {chunk['ms']:g} ms: {told} ({when(chunk['at'])})",
            }
        )
    return found


def pair(item: dict[str, Any]) -> list[dict[str, Any]]:
    """What an item had and has, by attribute: `name`, `kept`, `removed`, `added`; attributes that stay go last."""
    before, after = item["before"] or {}, item["after"] or {}
    found = []
    for name in dict.fromkeys([*before, *after]):
        old, new = _texts(before.get(name)), _texts(after.get(name))
        found.append(
            {
                "name": name,
                "kept": [text for text in old if text in new],
                "removed": [text for text in old if text not in new],
                "added": [text for text in new if text not in old],
            }
        )
    return sorted(found, key=lambda one: not (one["removed"] or one["added"]))


def kept(parts: list[dict[str, Any]]) -> bool:
    """Whether nothing of an item is different."""
    return not any(one["removed"] or one["added"] for one in parts)


def _texts(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]
