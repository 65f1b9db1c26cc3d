"""`POST /oauth/token` and the public keys.

Requests: RFC 6749 §4.4 (client credentials), with the parameters url-encoded or as multipart/form-data in the
body, in the query string, or spread over both, and with HTTP Basic: the official clients use all of these.
Errors: `{error, error_description}` of RFC 6749 §5.2.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from urllib.parse import parse_qsl, unquote_plus

import msgspec
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import Field, File, create_form_parser

from bulkwark.api.answers import Answer, ok
from bulkwark.auth.tokens import ALGORITHM, Tokens
from bulkwark.errors import Invalid, Unauthenticated

MAX_BODY = 64 * 1024  # bytes
MAX_PARAMETERS = 100
GRANT = "client_credentials"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"

_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class _Refused(Exception):
    """The request cannot be answered with a token: status, RFC 6749 error code, and why."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.status, self.error, self.description = status, error, description


def token(tokens: Tokens, query: str, headers: dict[str, str], body: bytes) -> Answer:
    """Answer a token request. `headers` has lower-case names; every fault of the caller's is an answer too."""
    try:
        parameters = _parameters(query, headers.get("content-type", ""), body)
        client_id, client_secret = _client(parameters, headers.get("authorization", ""))
        return ok(_issue(tokens, parameters.get("grant_type", ""), client_id, client_secret), headers=_NO_STORE)
    except _Refused as refused:
        found = {"error": refused.error, "error_description": refused.description}
        more = {"WWW-Authenticate": 'Basic realm="bulkwark"'} if refused.status == 401 else {}
        return Answer(refused.status, msgspec.json.encode(found), headers=_NO_STORE | more)


def jwks(tokens: Tokens) -> Answer:
    """`GET /oauth/jwks.json`: the keys that verify our tokens (RFC 7517)."""
    return ok(tokens.jwks(), headers={"Cache-Control": "public, max-age=300"})


def discovery(tokens: Tokens, base: str) -> Answer:
    """`GET /.well-known/openid-configuration`: where to get and how to verify a token. `base`: our own address."""
    found = {
        "issuer": tokens.issuer,
        "token_endpoint": f"{base}/oauth/token",
        "jwks_uri": f"{base}/oauth/jwks.json",
        "grant_types_supported": [GRANT],
        "response_types_supported": [],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
    }
    return ok(found)


def _issue(tokens: Tokens, grant: str, client_id: str, client_secret: str) -> dict[str, object]:
    if not grant:
        raise _Refused("invalid_request", "the parameter grant_type is missing")
    if grant != GRANT:
        raise _Refused("unsupported_grant_type", f"only grant_type={GRANT} is supported")
    if not client_id or not client_secret:
        missing = "client_secret" if client_id else "client_id"
        raise _Refused("invalid_request", f"the parameter {missing} is missing")
    try:
        return tokens.issue(client_id, client_secret)
    except Unauthenticated as error:
        raise _Refused("invalid_client", error.detail, 401) from None
    except Invalid as error:
        raise _Refused(error.code or "invalid_request", error.detail) from None


def _parameters(query: str, content_type: str, body: bytes) -> dict[str, str]:
    """The parameters of query and body. Each may be sent once (RFC 6749 §3.2)."""
    found: dict[str, str] = {}
    for name, value in (*_decoded(query), *_body(content_type, body)):
        if name in found:
            raise _Refused("invalid_request", f"the parameter {name[:60]} is sent more than once")
        found[name] = value
    return found


def _client(parameters: dict[str, str], authorization: str) -> tuple[str, str]:
    """(client id, secret) of the parameters or of HTTP Basic, never of both (RFC 6749 §2.3)."""
    client_id, client_secret = parameters.get("client_id", ""), parameters.get("client_secret", "")
    kind, _, given = authorization.partition(" ")
    if kind.lower() != "basic":
        return client_id, client_secret
    try:
        user, colon, password = base64.b64decode(given.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise _Refused("invalid_request", "the Authorization header is no HTTP Basic") from None
    user, password = unquote_plus(user), unquote_plus(password)
    if not colon:
        raise _Refused("invalid_request", "the Authorization header is no HTTP Basic")
    if client_secret or client_id not in ("", user):
        raise _Refused("invalid_request", "the client is named both in the Authorization header and in a parameter")
    return user, password


def _body(content_type: str, body: bytes) -> Iterable[tuple[str, str]]:
    kind = content_type.partition(";")[0].strip().lower()
    if len(body) > MAX_BODY:
        raise _Refused("invalid_request", f"the body has more than {MAX_BODY} bytes")
    if not body:
        return []
    if kind == MULTIPART:
        return _multipart(content_type, body)
    if kind != FORM:
        raise _Refused("invalid_request", f"the content type {kind[:60]!r} is not accepted: send {FORM} or {MULTIPART}")
    try:
        return _decoded(body.decode("ascii"))
    except UnicodeDecodeError:
        raise _Refused("invalid_request", "the body is not url-encoded") from None


def _decoded(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS)
    except UnicodeDecodeError:
        raise _Refused("invalid_request", "a parameter is not UTF-8") from None
    except ValueError:
        raise _Refused("invalid_request", f"there are more than {MAX_PARAMETERS} parameters") from None


def _multipart(content_type: str, body: bytes) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    too_many = _Refused("invalid_request", f"there are more than {MAX_PARAMETERS} parameters")

    def field(part: Field) -> None:
        if len(found) == MAX_PARAMETERS:
            raise too_many
        found.append(((part.field_name or b"").decode(), (part.value or b"").decode()))

    def file(part: File) -> None:
        part.close()
        raise _Refused("invalid_request", "a file is no parameter")

    try:
        parser = create_form_parser({"Content-Type": content_type.encode("latin-1")}, field, file)
        parser.write(body)
        parser.finalize()
    except UnicodeDecodeError:
        raise _Refused("invalid_request", "a parameter is not UTF-8") from None
    except (FormParserError, ValueError) as error:
        raise _Refused("invalid_request", f"the body is no {MULTIPART}: {error}") from None
    return found
