"""What the commands share that talk to a running server: where it is, who calls, and its refusals as one line."""

from __future__ import annotations

import functools
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

import click
import httpx

from bulkwark.cli.common import Command, Failure

DEFAULT_URL = "http://127.0.0.1:8080"
TRIES = 3  # of a call whose answer was lost: its key makes it count once
MOST_PATIENCE = 60.0  # seconds that a rate limit is waited for
OURS = "/bulkwark/v1"
PROBLEMS = (httpx.TransportError, httpx.InvalidURL)


def server_options(command: Command) -> Command:
    """`--url` and who calls: a token, or a client id and its secret. The command is handed a `Remote`."""

    called: Callable[..., Any] = command

    @functools.wraps(called)
    def connected(*args: Any, url: str, token: str, client_id: str, client_secret: str, **more: Any) -> Any:
        with connect(url, token, client_id, client_secret) as remote:
            return called(remote, *args, **more)

    wrapped: Callable[..., Any] = connected
    for name, default, help in (
        ("client-secret", "", "Its secret. In the environment it is in no list of processes."),
        ("client-id", "", "A personal access token or OAuth client, whose access token is asked for."),
        ("token", "", "An access token."),
        ("url", DEFAULT_URL, "Where the server is."),
    ):
        variable = f"BULKWARK_{name.upper().replace('-', '_')}"
        wrapped = click.option(
            f"--{name}", default=default, envvar=variable, show_envvar=True, show_default=bool(default), help=help
        )(wrapped)
    return wrapped  # type: ignore[return-value]  # `click.option` answers a command once it was given one


class Remote:
    """A server and a caller. Raises Failure, one line, for whatever is not answered as wished."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def get(self, path: str, **params: Any) -> Any:
        return self.ask("GET", path, params=params).json()

    def send(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        """A call that changes something; of a POST the answer may get lost: it is sent again with the same key."""
        sent = dict(headers or {})
        if method == "POST" and not sent.get("X-Bulkwark-Preview"):
            sent["Idempotency-Key"] = str(uuid4())
        for attempt in range(1, TRIES + 1):
            try:
                # Notes are UTF-8; httpx takes texts for ASCII.
                encoded = [(name.encode(), text.encode()) for name, text in sent.items()]
                answer = self._sent(method, path, json=body, headers=encoded)
                break
            except httpx.TransportError as error:
                # Without an answer nobody knows what was done; only a call with a key can be repeated.
                if isinstance(error, httpx.ConnectError) or "Idempotency-Key" not in sent or attempt == TRIES:
                    raise self._unreached(error) from error
        return answer.json() if answer.content else None

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        try:
            return self._sent(method, path, **more)
        except PROBLEMS as error:
            raise self._unreached(error) from error

    def save(self, path: str, params: dict[str, str], target: IO[bytes]) -> None:
        """A long answer, as it comes."""
        for chunk in self._stream(path, params, lambda answer: answer.iter_bytes()):
            target.write(chunk)

    def lines(self, path: str, params: dict[str, str]) -> Iterator[str]:
        """The lines of a long answer, as they come."""
        yield from self._stream(path, params, lambda answer: answer.iter_lines())

    def _stream(
        self, path: str, params: dict[str, str], read: Callable[[httpx.Response], Iterator[Any]]
    ) -> Iterator[Any]:
        try:
            with self._http.stream("GET", OURS + path, params=params) as answer:
                if answer.status_code >= 400:
                    answer.read()
                    raise refusal(answer)
                yield from read(answer)
        except PROBLEMS as error:
            raise self._unreached(error) from error

    def _sent(self, method: str, path: str, **more: Any) -> httpx.Response:
        until = time.monotonic() + MOST_PATIENCE
        while True:
            answer = self._http.request(method, OURS + path, **more)
            pause = answer.headers.get("Retry-After", "1")
            if answer.status_code != 429 or not pause.isdecimal() or time.monotonic() + int(pause) > until:
                break
            time.sleep(int(pause))
        if answer.status_code >= 400:
            raise refusal(answer)
        return answer

    def _unreached(self, error: Exception) -> Failure:
        return unreached(str(self._http.base_url), error)


@contextmanager
def connect(url: str, token: str, client_id: str, client_secret: str) -> Iterator[Remote]:
    """A caller at a server; an access token is asked for when none is given."""
    if not token and not (client_id and client_secret):
        told = "nobody calls: set BULKWARK_TOKEN, or BULKWARK_CLIENT_ID and BULKWARK_CLIENT_SECRET"
        raise Failure(f"{told} (`bulkwark token create` makes them)")
    try:
        with httpx.Client(base_url=url.rstrip("/"), timeout=httpx.Timeout(60, connect=5)) as http:
            if not token:
                form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
                answer = http.post("/oauth/token", data=form)
                if answer.status_code != 200:
                    raise refusal(answer)
                token = answer.json()["access_token"]
            http.headers["Authorization"] = f"Bearer {token}"
            yield Remote(http)
    except PROBLEMS as error:
        raise unreached(url, error) from error


def unreached(url: str, error: Exception) -> Failure:
    return Failure(f"no answer from {url}: {error or type(error).__name__} (is `bulkwark serve` running there?)")


def refusal(answer: httpx.Response) -> Failure:
    """What the server says is wrong, in its own words."""
    try:
        body = answer.json()
        causes = body.get("causes") or body.get("messages") or []
        text = causes[0]["text"] if causes else body.get("error_description") or body.get("error") or body["message"]
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        text = answer.text[:200] or answer.reason_phrase
    return Failure(f"{answer.status_code}: {text}")


@contextmanager
def written(path: Path | None) -> Iterator[IO[bytes]]:
    """Standard output, or a file that is there only when it is whole."""
    if path is None or str(path) == "-":
        yield sys.stdout.buffer
        return
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            yield file
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
