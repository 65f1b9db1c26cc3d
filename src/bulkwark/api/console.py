"""The console: pages at `/` and `/console`, for a browser.

It is a client of our own API that happens to live in the same process: each page and each button is a call with the
user's token and meets every check that it would meet from outside. What is special here is the cookie that holds the
token (console_session.py), and the headers that keep foreign scripts, frames and forms away.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from secrets import token_hex
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit

import msgspec

from bulkwark.api import console_pages as pages
from bulkwark.api import console_session as session
from bulkwark.api import console_views as views
from bulkwark.api import errors, query_strings
from bulkwark.api.answers import Answer
from bulkwark.api.calls import Call
from bulkwark.api.console_pages import Viewer, html
from bulkwark.api.services import Services
from bulkwark.auth.actors import Actor
from bulkwark.auth.limits import Limits
from bulkwark.errors import BulkwarkError, Invalid, NotFound, Unauthenticated

log = logging.getLogger("bulkwark.api")

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
SIGN_IN, HOME = "/console/sign-in", "/"
ATTEMPTS = "20/60"  # sign-ins of one address in a minute

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
SAFE = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_ID = r"(?P<id>[0-9a-fA-F-]{32,36})"
_JOB, _PREVIEW = "/bulkwark/v1/jobs/{id}", "/bulkwark/v1/previews/{id}"
_ITEMS = ("outcome", "after")
# Page → the call whose right it needs, what makes the page of it, and its query parameters.
PAGES: list[tuple[re.Pattern[str], str, Callable[[Viewer], pages.Page], tuple[str, ...]]] = [
    (re.compile("/|/console/?"), "/bulkwark/v1/jobs", pages.all_jobs, ("offset",)),
    (re.compile(f"/console/jobs/{_ID}"), _JOB, pages.one_job, _ITEMS),
    (re.compile(f"/console/previews/{_ID}"), _PREVIEW, pages.one_preview, _ITEMS),
]
# What the pages fetch or offer → the call that answers as it is, what it is asked for besides, and its parameters.
FETCHED: list[tuple[re.Pattern[str], str, dict[str, str], tuple[str, ...]]] = [
    (re.compile("/console/events"), "/bulkwark/v1/events", {}, ("after",)),
    (re.compile(f"/console/jobs/{_ID}/events"), f"{_JOB}/events", {}, ("after",)),
    (re.compile(f"/console/jobs/{_ID}/items\\.csv"), f"{_JOB}/items", {"format": "csv"}, _ITEMS),
    (re.compile(f"/console/previews/{_ID}/items\\.csv"), f"{_PREVIEW}/items", {"format": "csv"}, _ITEMS),
]
ACTIONS = re.compile(
    f"/console/(?:jobs/{_ID}/(?P<word>pause|resume|cancel|confirm|undo|rerun)"
    "|previews/(?P<preview>[0-9a-fA-F-]{32,36})/(?P<end>run|discard))"
)


class Inner(Protocol):
    """`Api.inner`: a call on behalf of the user."""

    def __call__(
        self,
        token: str,
        method: str,
        path: str,
        receive: Receive,
        *,
        headers: dict[str, str] | None = None,
        query: dict[str, str] | None = None,
        handler: Callable[[Call], Answer] | None = None,
    ) -> Awaitable[Answer]: ...


class Request(msgspec.Struct):
    """A request to the console."""

    method: str
    path: str
    sent: bytes  # the query string
    headers: dict[str, str]
    receive: Receive
    secure: bool
    address: str
    cookies: dict[str, str]
    token: str = ""
    query: dict[str, str] = {}

    def read_query(self, known: tuple[str, ...]) -> None:
        """The parameters that the page has. Raises Invalid for any other."""
        self.query = query_strings.read(self.sent, known)


class Console:
    """Answers every path that is the console's; also its errors are pages."""

    def __init__(
        self,
        services: Services,
        inner: Inner,
        body: Callable[[Receive, dict[str, str]], Awaitable[bytes]],
    ) -> None:
        self._services, self._inner, self._body = services, inner, body
        self._attempts = Limits(ATTEMPTS)

    @staticmethod
    def owns(path: str) -> bool:
        return path in (HOME, "/console") or path.startswith("/console/")

    async def answer(self, scope: Message, receive: Receive, headers: dict[str, str]) -> Answer:
        """A page, a redirect, or a page that says what went wrong; always with the headers that make it safe."""
        try:
            found = await self._answer(_request(scope, receive, headers))
        except Unauthenticated:
            found = _sign_in_first(scope, headers)
        except BulkwarkError as error:
            found = _refused(error)
        return msgspec.structs.replace(found, headers={"Cache-Control": "no-store"} | dict(found.headers) | SAFE)

    async def _answer(self, request: Request) -> Answer:
        method, path = request.method, request.path
        if method in ("GET", "HEAD") and (name := path.removeprefix("/console/")) in views.TYPES:
            request.read_query(("v",))
            return _file(name, request)
        if path == SIGN_IN:
            request.read_query(("next",))
            return await self._sign_in(request) if method == "POST" else _sign_in_page(request)
        if method == "POST":
            return await self._act(request)
        if method not in ("GET", "HEAD"):
            raise NotFound(f"{path} does not answer {method}")
        for pattern, call, page, known in PAGES:
            if match := pattern.fullmatch(path):
                actor = self._actor(request)
                request.read_query(known)
                viewer = Viewer(actor.user_name, session.proof(request.token))
                return await self._get(request, call.format(**match.groupdict()), page(viewer))
        for pattern, call, more, known in FETCHED:
            if method == "GET" and (match := pattern.fullmatch(path)):
                self._actor(request)
                request.read_query(known)
                request.query |= more
                return await self._get(request, call.format(**match.groupdict()), None)
        raise NotFound(f"there is no page {path}")

    async def _get(self, request: Request, path: str, handler: Callable[[Call], Answer] | None) -> Answer:
        headers = {name: request.headers[name] for name in ("last-event-id",) if name in request.headers}
        return await self._inner(
            request.token, "GET", path, request.receive, headers=headers, query=request.query, handler=handler
        )

    def _actor(self, request: Request) -> Actor:
        """Who is signed in. Raises Unauthenticated."""
        request.token = request.cookies.get(session.COOKIE, "")
        if not request.token:
            raise Unauthenticated("nobody is signed in")
        return self._services.tokens.verify(request.token)

    # --- forms ---------------------------------------------------------------------------------------

    async def _act(self, request: Request) -> Answer:
        """A button was pressed: do it by a call, and go to the page that shows what came of it."""
        self._actor(request)
        token = request.token
        fields = session.form(request.headers, await self._body(request.receive, request.headers))
        session.require_own_form(request.headers, fields, request.token)
        if request.path == "/console/sign-out":
            return _to(SIGN_IN, {"Set-Cookie": session.cookie(session.COOKIE, "", 0, secure=request.secure)})
        match = ACTIONS.fullmatch(request.path)
        if match is None:
            raise NotFound(f"there is no page {request.path}")
        id, word = match["id"], match["word"]
        if match["end"] == "discard":
            await self._inner(token, "DELETE", _PREVIEW.format(id=match["preview"]), request.receive)
            return _to(HOME)
        if match["end"] == "run":
            made = await self._inner(token, "POST", f"{_PREVIEW.format(id=match['preview'])}/run", request.receive)
            return _to(f"/console/jobs/{made.headers['X-Bulkwark-Job']}")
        call = f"{_JOB.format(id=id)}/{word}"
        if word in ("undo", "rerun"):
            # Never at once: first the page that shows what it would do.
            shown = await self._inner(token, "POST", call, request.receive, headers={"x-bulkwark-preview": "true"})
            return _to(f"/console/previews/{shown.headers['X-Bulkwark-Preview-Token']}")
        await self._inner(token, "POST", call, request.receive)
        return _to(f"/console/jobs/{id}")

    async def _sign_in(self, request: Request) -> Answer:
        fields = session.form(request.headers, await self._body(request.receive, request.headers))
        session.require_own_form(request.headers, fields, request.cookies.get(session.BEFORE, ""))
        self._attempts.check(request.address, "sign-in", time.monotonic())
        client_id, secret = fields.get("client_id", "").strip(), fields.get("client_secret", "").strip()
        try:
            made = await asyncio.to_thread(self._services.tokens.issue, client_id, secret)
            token, age = made["access_token"], made["expires_in"]
            if self._services.tokens.verify(token).application:
                raise Invalid("this is the OAuth client of an application; people need a personal access token")
            if len(token) > session.LONGEST_COOKIE:
                raise Invalid("the token has too many scopes for a browser", hint="make one with --scope sp:scopes:all")
        except (Unauthenticated, Invalid) as error:
            return _sign_in_page(request, client_id, error)
        name = session.cookie(session.COOKIE, token, age, secure=request.secure)
        return _to(_local(fields.get("next", "")), {"Set-Cookie": name})


# --- answers -------------------------------------------------------------------------------------------


def _request(scope: Message, receive: Receive, headers: dict[str, str]) -> Request:
    secure = session.is_secure(scope["scheme"], headers)
    address = (scope.get("client") or ("",))[0]
    found = session.cookies(headers)
    return Request(scope["method"], scope["path"], scope["query_string"], headers, receive, secure, address, found)


def _to(place: str, headers: dict[str, str] | None = None) -> Answer:
    return Answer(303, headers={"Location": place, **(headers or {})})


def _local(place: str) -> str:
    """A page of the console; the first one for any other place, which a form must not lead to."""
    parts = urlsplit(place)
    inside = Console.owns(parts.path) and not parts.path.startswith(("//", SIGN_IN))
    return place if inside and not parts.scheme and not parts.netloc and place.isprintable() else HOME


def _file(name: str, request: Request) -> Answer:
    """A script or style; its address changes with it, so a browser may keep it."""
    tag = f'"{views.mark(name)}"'
    headers = {"ETag": tag, "Cache-Control": "max-age=31536000, immutable" if request.query.get("v") else "no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Answer(304, headers=headers)
    return Answer(200, views.file(name).encode(), content_type=views.TYPES[name], headers=headers)


def _sign_in_page(request: Request, client_id: str = "", error: BulkwarkError | None = None) -> Answer:
    secret = request.cookies.get(session.BEFORE, "")
    if not re.fullmatch("[0-9a-f]{64}", secret):
        secret = token_hex(32)
    answer = html(
        "sign_in.html",
        401 if isinstance(error, Unauthenticated) else 400 if error else 200,
        csrf=session.proof(secret),
        next=_local(request.query.get("next", HOME)),
        client_id=client_id[:200],
        error=error.sentence() if error else "",
    )
    keep = session.cookie(session.BEFORE, secret, 3600, secure=request.secure)
    return msgspec.structs.replace(answer, headers={"Set-Cookie": keep})


def _sign_in_first(scope: Message, headers: dict[str, str]) -> Answer:
    """Where somebody goes who is not signed in, or no longer."""
    path, text = scope["path"], scope["query_string"].decode("latin-1")
    if scope["method"] != "GET":
        return _to(SIGN_IN)
    if any(pattern.fullmatch(path) for pattern, *_ in FETCHED):
        return Answer(401, b"sign in first", content_type="text/plain")
    if headers.get("sec-fetch-site") in ("cross-site", "same-site") and session.COOKIE not in session.cookies(headers):
        # A link in another site's page came without the strict cookie; the page itself comes back with it.
        return html("again.html", place=_local(f"{path}?{text}" if text else path))
    place = "" if path == HOME else "?" + urlencode({"next": f"{path}?{text}" if text else path})
    return _to(SIGN_IN + place)


def _refused(error: BulkwarkError) -> Answer:
    tracking = errors.tracking_id()
    found = errors.answer(error, tracking)
    answer = html("error.html", found.status, number=found.status, text=error.sentence(), tracking=tracking)
    kept = {name: value for name, value in found.headers.items() if name == "Retry-After"}
    return msgspec.structs.replace(answer, headers=kept)
