"""The ASGI application: a request's way from bytes to a handler and back.

Order of the checks (decisions §2): path, 401, 429, 403, headers, then the handler: body, then 404.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Generator, Iterator, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from importlib import import_module
from typing import Any

from bulkwark.api import errors, idempotency, oauth, openapi, query_strings, submitting, uploads
from bulkwark.api.admission import admit
from bulkwark.api.answers import Answer, ClientLeft, Live, ok
from bulkwark.api.calls import Call
from bulkwark.api.console import Console
from bulkwark.api.operations import OPERATIONS, Operation
from bulkwark.api.quick import Quick
from bulkwark.api.routing import Route, Router
from bulkwark.api.services import Services
from bulkwark.auth.actors import Actor
from bulkwark.errors import Invalid, Unauthenticated
from bulkwark.store.dialect import Patience
from bulkwark.store.priorities import stay_behind
from bulkwark.store.tenants import Tenant

log = logging.getLogger("bulkwark.api")

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Handler = Callable[[Call], Answer]

MAX_BODY = 8 * 1024 * 1024  # bytes, where the table of operations says nothing
# Threads. A writer mostly waits for its turn, and a search may take long: neither keeps the readers waiting.
READERS, SEARCHERS, WRITERS, STREAMERS = 8, 4, 16, 4
FIRST_PAUSE, LONGEST_PAUSE = 0.005, 0.2  # seconds between two looks at what is not ready yet
SEND_SECONDS = 60.0  # what a client may let a piece of a live stream wait for
READ_SECONDS = 10.0  # what a request may read for, before it is told to ask for less
# What answers without a token, and to which method.
PUBLIC = {
    "/oauth/token": "POST",
    "/oauth/jwks.json": "GET",
    "/.well-known/jwks.json": "GET",
    "/.well-known/openid-configuration": "GET",
    "/health": "GET",
    "/bulkwark/v1/openapi.json": "GET",
}
EXPERIMENTAL = "x-sailpoint-experimental"
OURS = "bulkwark"


class Api:
    """Dispatches requests. `close` ends its threads."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._router = Router()
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="read")
        self._searchers = ThreadPoolExecutor(SEARCHERS, thread_name_prefix="search")
        self._writers = ThreadPoolExecutor(WRITERS, thread_name_prefix="write")
        self._streamers = ThreadPoolExecutor(STREAMERS, thread_name_prefix="stream", initializer=stay_behind)
        self._handlers = {operation.handler: _handler(operation) for operation in OPERATIONS}
        self._handlers["role_jobs.status"] = import_module("bulkwark.api.role_jobs").status
        self._quick = Quick(services, self._handlers)
        self._console = Console(services, self.inner, _body)

    def close(self) -> None:
        self._readers.shutdown(wait=True)
        self._searchers.shutdown(wait=True)
        self._writers.shutdown(wait=True)
        self._streamers.shutdown(wait=True)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        tracking = errors.tracking_id()
        traffic = self._services.traffic
        traffic.begins()
        try:
            try:
                answer = self._quick.answer(scope) if scope["method"] == "GET" else None
                if answer is None:
                    from_ = self._console.answer if self._console.owns(scope["path"]) else self._answer
                    answer = await from_(scope, receive, _headers(scope))
            except ClientLeft:
                log.debug("tracking %s: the client went away", tracking)
                return
            except Exception as error:
                answer = errors.answer(error, tracking, _headers(scope).get("accept-language", ""))
            await self._send(send, answer, tracking, scope["method"], receive)
        except Exception:
            log.exception("tracking %s: the answer broke off", tracking)
            raise
        finally:
            traffic.ends()

    async def _answer(self, scope: Message, receive: Receive, headers: dict[str, str]) -> Answer:
        path = scope.get("raw_path", scope["path"].encode()).partition(b"?")[0].decode("latin-1")
        if path.startswith("//"):
            path = "/" + path.lstrip("/")  # a base URL that ends with a slash
        method = scope["method"]
        if path in PUBLIC and method == PUBLIC[path]:
            return await self._public(path, scope, receive, headers)
        route = self._router.find(method, path)
        operation = route.operation
        actor, tenant = admit(self._services, operation, route.version, _bearer(headers))
        require_once(scope)
        _check_headers(headers, route)
        query = query_strings.read(scope["query_string"], operation.query)
        multipart = operation.body == "multipart"
        upload = await uploads.receive(receive, headers, operation.largest_form) if multipart else None
        try:
            body = (
                b""
                if upload or (method == "GET" and not operation.body)
                else await _body(receive, headers, operation.largest)
            )
            call = self._call(route, actor, tenant, query, headers, body, upload)
            return await self._handled(call, self._handlers[operation.handler], receive)
        finally:
            if upload:
                upload.close()

    async def inner(
        self,
        token: str,
        method: str,
        path: str,
        receive: Receive,
        *,
        headers: dict[str, str] | None = None,
        query: dict[str, str] | None = None,
        handler: Handler | None = None,
    ) -> Answer:
        """A call that the console makes for its user: it meets every check that it would meet from outside.

        `handler` answers instead of the operation's own: with a page, for whoever has the right to the operation.
        """
        route = self._router.find(method, path)
        actor, tenant = admit(self._services, route.operation, route.version, token)
        headers = {**(headers or {}), "authorization": f"Bearer {token}"}
        _check_headers(headers, route)
        call = self._call(route, actor, tenant, query or {}, headers, b"", None)
        return await self._handled(call, handler or self._handlers[route.operation.handler], receive)

    def _call(
        self,
        route: Route,
        actor: Actor,
        tenant: Tenant,
        query: dict[str, str],
        headers: dict[str, str],
        body: bytes,
        upload: uploads.Upload | None,
    ) -> Call:
        now, patience = self._services.clock(), Patience(READ_SECONDS)
        return Call(self._services, route, actor, tenant, query, headers, body, now, upload, patience)

    async def _handled(self, call: Call, handler: Handler, receive: Receive) -> Answer:
        """The handler's answer, on the event loop or in a thread of the right pool."""
        operation = call.route.operation
        if (operation.bulk or operation.keyed) and idempotency.HEADER in call.headers:
            handler = partial(idempotency.once, handler=handler)
        if operation.inline:
            return handler(call)
        if operation.writes:
            answer = await asyncio.get_running_loop().run_in_executor(self._writers, handler, call)
            return answer if answer.later is None else await self._later(answer.later)
        pool = self._searchers if operation.path.startswith("/search") else self._readers
        return await self._while_wanted(pool, handler, call, receive)

    async def _later(self, ask: Callable[[], Answer | None]) -> Answer:
        """An answer that is not ready yet: asked for again and again, while no thread waits."""
        loop, pause = asyncio.get_running_loop(), FIRST_PAUSE
        try:
            while (found := await loop.run_in_executor(self._readers, ask)) is None:
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
        except idempotency.Replayed as replayed:
            return replayed.answer
        return found

    async def _while_wanted(self, pool: ThreadPoolExecutor, handler: Handler, call: Call, receive: Receive) -> Answer:
        """The handler's answer; its reads end when the client leaves."""
        work = asyncio.ensure_future(asyncio.get_running_loop().run_in_executor(pool, handler, call))
        gone = asyncio.ensure_future(_left(receive))
        try:
            both: set[asyncio.Future[Any]] = {work, gone}
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                assert call.patience is not None
                call.patience.stopped = True
            return await work
        finally:
            gone.cancel()

    async def _public(self, path: str, scope: Message, receive: Receive, headers: dict[str, str]) -> Answer:
        """What answers without a token."""
        if path == "/oauth/token":
            body = await _body(receive, headers)
            query = scope["query_string"].decode("latin-1")
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._writers, oauth.token, self._services.tokens, query, headers, body)
        if path == "/health":
            return ok({"status": "ok"})
        if path == "/bulkwark/v1/openapi.json":
            return openapi.document(query_strings.read(scope["query_string"], ("version",)).get("version", "v2025"))
        if path == "/.well-known/openid-configuration":
            return oauth.discovery(self._services.tokens, f"{scope['scheme']}://{headers.get('host', '')}")
        return oauth.jwks(self._services.tokens)

    async def _send(self, send: Send, answer: Answer, tracking: str, method: str, receive: Receive) -> None:
        headers = [(b"slpt-request-id", tracking.encode())]
        bodiless = answer.status == 204 or (not answer.body and answer.stream is None and answer.live is None)
        if not bodiless:
            headers.append((b"content-type", answer.content_type.encode()))
        headers.extend((name.lower().encode(), value.encode("latin-1")) for name, value in answer.headers.items())
        if answer.stream is None and answer.live is None:
            if answer.status != 204:
                headers.append((b"content-length", str(len(answer.body)).encode()))
            await send({"type": "http.response.start", "status": answer.status, "headers": headers})
            await send({"type": "http.response.body", "body": b"" if method == "HEAD" else answer.body})
            return
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        if answer.live is not None:
            await _send_live(send, answer.live, receive)
            return
        await self._send_stream(send, iter(answer.stream or ()), receive)

    async def _send_stream(self, send: Send, stream: Iterator[bytes], receive: Receive) -> None:
        """Send piece after piece; when the client has left, no further one is made."""
        loop = asyncio.get_running_loop()
        make = partial(next, stream, None)
        coming: asyncio.Future[bytes | None] = loop.run_in_executor(self._streamers, make)
        gone, sent = asyncio.ensure_future(_left(receive)), 0
        try:
            while (piece := await coming) is not None:
                if gone.done():
                    log.info("a client has left its download after %s bytes", sent)
                    return
                # The next piece is made while this one is on its way.
                coming = loop.run_in_executor(self._streamers, make)
                await send({"type": "http.response.body", "body": piece, "more_body": True})
                sent += len(piece)
            await send({"type": "http.response.body", "body": b""})
        finally:
            gone.cancel()
            await asyncio.wait([coming])
            if isinstance(stream, Generator):  # it may hold a state of the data
                with suppress(ValueError):  # a piece is being made right now: it goes with the process
                    await loop.run_in_executor(self._streamers, stream.close)


def require_once(scope: Message) -> None:
    """Raise Invalid for a header of ours that stands twice: the last one would win, which may be the wrong one."""
    names = [name for name, _ in scope["headers"] if OURS.encode() in name or name == b"idempotency-key"]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1).decode("latin-1")
        raise Invalid("the header stands there twice", where=f"header {twice}")


def _headers(scope: Message) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


async def _left(receive: Receive) -> None:
    """Until the client has gone away."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send_live(send: Send, live: Live, receive: Receive) -> None:
    """Send pieces as they come; end with them, or as soon as the client leaves or takes nothing any more."""

    async def pass_on() -> None:
        async for piece in live:
            async with asyncio.timeout(SEND_SECONDS):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    work, gone = asyncio.ensure_future(pass_on()), asyncio.ensure_future(_left(receive))
    try:
        await asyncio.wait((work, gone), return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            await work
    except TimeoutError:
        log.info("a client takes nothing of its stream any more")
    finally:
        work.cancel()
        gone.cancel()
        await asyncio.gather(work, gone, return_exceptions=True)
        await live.aclose()


def _handler(operation: Operation) -> Handler:
    module, _, name = operation.handler.partition(".")
    handler: Handler = getattr(import_module(f"bulkwark.api.{module}"), name)
    return handler


def _bearer(headers: dict[str, str]) -> str:
    kind, _, token = headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise Unauthenticated("JWT validation failed: there is no bearer token")
    return token.strip()


def _check_headers(headers: dict[str, str], route: Route) -> None:
    experimental = headers.get(EXPERIMENTAL)
    if experimental is not None and experimental.lower() != "true":
        raise Invalid(f"{experimental!r} is not true", where="header X-SailPoint-Experimental")
    if experimental is None and route.version in route.operation.experimental:
        raise Invalid(
            "this operation is experimental",
            where="header X-SailPoint-Experimental",
            hint="send it with the value true",
        )
    for name in headers:
        # A typo must not turn a preview into a run: also `X_Bulkwark_Preview` and `Bulkwark-Preview` are ours.
        if OURS in name and not (route.operation.bulk and name in submitting.HEADERS):
            known = "" if route.operation.bulk else "this call takes none of these"
            raise Invalid("there is no such header here", where=f"header {name}", hint=known)


async def _body(receive: Receive, headers: dict[str, str], most: int = MAX_BODY) -> bytes:
    """The whole body. Raises Invalid above the limit, without having read it."""
    declared = headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > most:
        raise Invalid(f"the body has {declared} bytes", where="body", hint=f"at most {most}")
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientLeft
        part = message.get("body", b"")
        size += len(part)
        if size > most:
            raise Invalid(f"the body has more than {most} bytes", where="body")
        parts.append(part)
        if not message.get("more_body"):
            return parts[0] if len(parts) == 1 else b"".join(parts)
