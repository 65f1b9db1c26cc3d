"""`POST /oauth/token` in every form that official clients use, and its refusals in RFC 6749's words."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest

from bulkwark.api import oauth
from bulkwark.api.answers import Answer
from bulkwark.auth.credentials import Made, create_token
from bulkwark.auth.tokens import Tokens
from bulkwark.store.tenants import open_store

FORM = {"content-type": "application/x-www-form-urlencoded"}
MULTIPART = {"content-type": "multipart/form-data; boundary=----x1"}
GRANT = "grant_type=client_credentials"


class Endpoint:
    """The token endpoint over one store with one credential."""

    def __init__(self, tokens: Tokens, made: Made) -> None:
        self.tokens = tokens
        self.id, self.secret = made.credential.id, made.secret

    @property
    def client(self) -> str:
        return urlencode({"client_id": self.id, "client_secret": self.secret})

    @property
    def fields(self) -> list[tuple[str, str]]:
        return [("grant_type", "client_credentials"), ("client_id", self.id), ("client_secret", self.secret)]

    def ask(self, query: str = "", headers: dict[str, str] | None = None, body: bytes | str = b"") -> Answer:
        return oauth.token(self.tokens, query, headers or {}, body.encode() if isinstance(body, str) else body)

    def accepts(self, *arguments: Any) -> bool:
        answer = self.ask(*arguments)
        assert answer.status == 200, answer.body
        assert answer.content_type == "application/json"
        assert answer.headers["Cache-Control"] == "no-store"
        found = msgspec.json.decode(answer.body)
        return self.tokens.verify(found["access_token"]).client_id == self.id

    def refuses(self, *arguments: Any) -> str:
        """The error code."""
        answer = self.ask(*arguments)
        assert answer.status == (401 if b"invalid_client" in answer.body else 400)
        assert answer.headers["Cache-Control"] == "no-store"
        found: dict[str, str] = msgspec.json.decode(answer.body)
        assert found.keys() == {"error", "error_description"}
        return found["error"]


@pytest.fixture
def endpoint(tmp_path: Path) -> Iterator[Endpoint]:
    store = open_store(tmp_path)
    made = create_token(store, store.need_tenant("default"), name="x", levels=["ORG_ADMIN"])
    yield Endpoint(Tokens(store), made)
    store.close()


def multipart(fields: list[tuple[str, str]], more: str = "") -> bytes:
    parts = [f'------x1\r\nContent-Disposition: form-data; name="{n}"{more}\r\n\r\n{v}\r\n' for n, v in fields]
    return ("".join(parts) + "------x1--\r\n").encode()


def basic(user: str, password: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def test_the_python_sdk_sends_everything_url_encoded(endpoint: Endpoint) -> None:
    assert endpoint.accepts("", FORM, f"{GRANT}&{endpoint.client}")


def test_the_typescript_sdk_sends_everything_as_parts(endpoint: Endpoint) -> None:
    assert endpoint.accepts("", MULTIPART, multipart(endpoint.fields))


def test_the_cli_sends_the_grant_type_in_the_query(endpoint: Endpoint) -> None:
    assert endpoint.accepts(GRANT, FORM, endpoint.client)


def test_everything_may_stand_in_the_query(endpoint: Endpoint) -> None:
    assert endpoint.accepts(f"{GRANT}&{endpoint.client}")
    assert endpoint.accepts(f"{GRANT}&{endpoint.client}", FORM, b"")


def test_parts_and_query_mix(endpoint: Endpoint) -> None:
    assert endpoint.accepts(GRANT, MULTIPART, multipart(endpoint.fields[1:]))


def test_http_basic_names_the_client_too(endpoint: Endpoint) -> None:
    given = basic(endpoint.id, endpoint.secret)

    assert endpoint.accepts("", FORM | given, GRANT)
    assert endpoint.accepts(f"client_id={endpoint.id}", FORM | given, GRANT)
    assert endpoint.refuses("client_id=other", FORM | given, GRANT) == "invalid_request"
    assert endpoint.refuses(endpoint.client, FORM | given, GRANT) == "invalid_request"
    assert endpoint.refuses("", FORM | basic(endpoint.id, "wrong"), GRANT) == "invalid_client"


@pytest.mark.parametrize("given", ["!!", "eA==", "/w==", "", "ä"])
def test_what_is_no_basic_header_is_said_to_be_none(endpoint: Endpoint, given: str) -> None:
    assert endpoint.refuses(GRANT, {"authorization": f"Basic {given}"}) == "invalid_request"


def test_a_charset_and_capitals_in_the_content_type_do_not_matter(endpoint: Endpoint) -> None:
    kind = {"content-type": "Application/X-WWW-Form-Urlencoded; charset=UTF-8"}

    assert endpoint.accepts("", kind, f"{GRANT}&{endpoint.client}")


def test_a_wrong_secret_is_an_invalid_client(endpoint: Endpoint) -> None:
    for client_id, secret in ((endpoint.id, "wrong"), ("nobody", endpoint.secret), ("\x00", "\x00"), ("é", "é")):
        query = urlencode({"client_id": client_id, "client_secret": secret})
        assert endpoint.refuses(f"{GRANT}&{query}") == "invalid_client"


def test_another_grant_type_is_not_supported(endpoint: Endpoint) -> None:
    for grant in ("password", "authorization_code", "refresh_token", "CLIENT_CREDENTIALS"):
        assert endpoint.refuses(f"grant_type={grant}&{endpoint.client}") == "unsupported_grant_type"


def test_a_missing_parameter_is_an_invalid_request(endpoint: Endpoint) -> None:
    assert endpoint.refuses() == "invalid_request"
    assert endpoint.refuses(endpoint.client) == "invalid_request"
    assert endpoint.refuses(GRANT) == "invalid_request"
    assert endpoint.refuses(f"{GRANT}&client_id={endpoint.id}") == "invalid_request"
    assert endpoint.refuses(f"{GRANT}&client_id={endpoint.id}&client_secret=") == "invalid_request"


def test_a_parameter_that_comes_twice_is_an_invalid_request(endpoint: Endpoint) -> None:
    everything = f"{GRANT}&{endpoint.client}"

    assert endpoint.refuses(f"{everything}&{GRANT}") == "invalid_request"
    assert endpoint.refuses(GRANT, FORM, everything) == "invalid_request"
    assert endpoint.refuses("", MULTIPART, multipart(endpoint.fields + endpoint.fields[:1])) == "invalid_request"


def test_parameters_that_we_do_not_know_are_ignored(endpoint: Endpoint) -> None:
    assert endpoint.accepts("", FORM, f"{GRANT}&{endpoint.client}&scope=sp%3Ascopes%3Aall&x=")


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "", "multipart/form-data"])
def test_another_content_type_is_an_invalid_request(endpoint: Endpoint, kind: str) -> None:
    assert endpoint.refuses("", {"content-type": kind}, f"{GRANT}&{endpoint.client}") == "invalid_request"


def test_a_body_over_64_kib_or_with_very_many_parameters_is_not_read(endpoint: Endpoint) -> None:
    assert endpoint.refuses(f"{GRANT}&{endpoint.client}", FORM, b"x=" + b"x" * 65_536) == "invalid_request"
    assert endpoint.refuses("", FORM, "&".join(f"p{i}=1" for i in range(101))) == "invalid_request"
    assert endpoint.refuses("", MULTIPART, multipart([(f"p{i}", "1") for i in range(101)])) == "invalid_request"


def test_broken_parts_are_an_invalid_request(endpoint: Endpoint) -> None:
    whole = multipart(endpoint.fields)

    for body in (b"\xff\xfe", b"no parts", whole[:40], whole[: len(whole) // 2]):
        assert endpoint.refuses("", MULTIPART, body) == "invalid_request"
    assert endpoint.refuses("", MULTIPART, multipart(endpoint.fields, '; filename="a.txt"')) == "invalid_request"
    assert endpoint.refuses("", MULTIPART, multipart([("grant_type", "\xe9")]).decode().encode("latin-1")) == (
        "invalid_request"
    )


def test_bytes_that_are_no_utf8_are_an_invalid_request(endpoint: Endpoint) -> None:
    assert endpoint.refuses(f"{GRANT}&client_id=%ff&client_secret=x") == "invalid_request"
    assert endpoint.refuses("", FORM, b"grant_type=\xff") == "invalid_request"


def test_the_key_set_is_json_and_may_be_kept(endpoint: Endpoint) -> None:
    answer = oauth.jwks(endpoint.tokens)

    assert answer.status == 200
    assert "max-age" in answer.headers["Cache-Control"]
    assert [key["alg"] for key in msgspec.json.decode(answer.body)["keys"]] == ["EdDSA"]


def test_the_discovery_document_names_the_endpoints(endpoint: Endpoint) -> None:
    found = msgspec.json.decode(oauth.discovery(endpoint.tokens, "http://localhost:8080").body)

    assert found["token_endpoint"] == "http://localhost:8080/oauth/token"
    assert found["jwks_uri"] == "http://localhost:8080/oauth/jwks.json"
