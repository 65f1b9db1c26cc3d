"""Who sits before the console: the session cookie, and the proof that a form is our own.

The cookie holds the user's access token and is read on the console's paths alone: the API never looks at it. It is
SameSite=Strict, so another site's requests come without it; forms also carry a token that is made from the cookie, and
say where they come from (https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet).
"""

from __future__ import annotations

from hashlib import sha256
from hmac import compare_digest
from urllib.parse import parse_qsl, urlsplit

from bulkwark.errors import Forbidden, Invalid

COOKIE = "bulkwark-session"
BEFORE = "bulkwark-sign-in"  # a random value, as long as nobody is signed in
LONGEST_COOKIE = 3_900  # browsers keep 4,096 bytes with name and attributes
FIELD = "csrf"
FORM = "application/x-www-form-urlencoded"
MAX_FORM, MAX_FIELDS = 16 * 1024, 20  # bytes


def cookies(headers: dict[str, str]) -> dict[str, str]:
    """Name → value; of a name that comes twice the first."""
    found: dict[str, str] = {}
    for part in headers.get("cookie", "").split(";"):
        name, equals, value = part.strip().partition("=")
        if equals:
            found.setdefault(name, value)
    return found


def cookie(name: str, value: str, age: int, *, secure: bool) -> str:
    """A Set-Cookie header; `age` in seconds, 0 takes the cookie away."""
    safe = "; Secure" if secure else ""
    return f"{name}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite=Strict{safe}"


def is_secure(scheme: str, headers: dict[str, str]) -> bool:
    """Whether the browser speaks HTTPS, with us or with a proxy before us; a lie only locks its teller out."""
    return scheme == "https" or headers.get("x-forwarded-proto", "").strip().lower() == "https"


def proof(secret: str) -> str:
    """The CSRF token of a cookie's value: only who can read the cookie's page knows it."""
    return sha256(b"bulkwark console form " + secret.encode()).hexdigest()


def form(headers: dict[str, str], body: bytes) -> dict[str, str]:
    """The fields of a form. Raises Invalid."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != FORM:
        raise Invalid(f"the content type {kind[:60]!r} is not accepted", where="header Content-Type", hint=FORM)
    if len(body) > MAX_FORM:
        raise Invalid(f"the form has more than {MAX_FORM} bytes", where="body")
    try:
        text = body.decode("ascii")
        return dict(parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS))
    except (UnicodeDecodeError, ValueError):
        raise Invalid("the form cannot be read", where="body") from None


def require_own_form(headers: dict[str, str], fields: dict[str, str], secret: str) -> None:
    """Raise Forbidden unless the form was sent by a page of ours, for that cookie."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin", "null")
    if site not in (None, "same-origin"):
        raise Forbidden("the form was sent by another site")
    # `null` is what a browser says under our own policy that pages send no referrer.
    if origin != "null" and urlsplit(origin).netloc.lower() != headers.get("host", "").lower():
        raise Forbidden("the form was sent by another site", hint="a proxy in front must pass on the header Host")
    if not secret or not compare_digest(fields.get(FIELD, "").encode(), proof(secret).encode()):
        raise Forbidden("the form is out of date", hint="load the page again, and allow its cookie")
