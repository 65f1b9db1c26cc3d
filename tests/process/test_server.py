from __future__ import annotations

from collections.abc import Callable

from tests.process.api import Api
from tests.process.server import Server


def test_a_server_is_ready_when_health_answers_and_ends_cleanly_on_sigterm(make_server: Callable[..., Server]) -> None:
    server = make_server()
    server.start()
    assert server.healthy()
    assert server.stop() == 0, server.tail()
    assert "Traceback" not in server.tail()


def test_a_token_made_without_a_server_and_one_made_beside_it_both_work(make_server: Callable[..., Server]) -> None:
    server = make_server()
    early = server.token()
    server.start()
    late = server.token()
    for credential in (early, late):
        with Api(server.url, credential) as api:
            assert api.ok("GET", "/v2025/roles") == []


def test_what_was_created_is_there_after_a_kill_and_a_restart(make_server: Callable[..., Server]) -> None:
    server = make_server()
    server.start()
    credential = server.token()
    with Api(server.url, credential) as api:
        api.make_attribute("keep", ["one", "two"])
    server.kill9()
    server.start()
    with Api(server.url, credential) as api:
        values = api.ok("GET", "/v2025/access-model-metadata/attributes/keep/values")
    assert [value["value"] for value in values] == ["one", "two"]


def test_a_server_with_a_rate_limit_refuses_the_call_above_it(make_server: Callable[..., Server]) -> None:
    server = make_server(rate_limit="5/10")
    server.start()
    with Api(server.url, server.token()) as api:
        answers = [api.http.get("/v2025/roles") for _ in range(8)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert [answer.status_code for answer in answers[:5]] == [200] * 5
    assert refused, [answer.status_code for answer in answers]
    assert 1 <= int(refused[0].headers["Retry-After"]) <= 10
    assert refused[0].json()["message"]
