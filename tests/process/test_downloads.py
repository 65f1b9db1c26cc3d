from __future__ import annotations

import socket
import time
from collections.abc import Callable

import pytest

from tests.process.api import BULK, Api
from tests.process.server import Server

ROLES = 20_000
SECONDS = 5.0


@pytest.mark.slow
@pytest.mark.parametrize("format", ["csv", "ndjson"])
def test_a_client_that_hangs_up_in_the_middle_of_a_file_ends_it(
    make_server: Callable[..., Server], format: str
) -> None:
    """With a plain socket, as a script that is killed: what it did not read is not made."""
    server = make_server()
    server.load_synthetic(ROLES)
    server.start()
    with Api(server.url, server.token()) as api:
        values = api.ok("GET", "/v2025/access-model-metadata/attributes/classification/values")
        body = {
            "query": {"query": {"query": "*"}},
            "operation": "REPLACE",
            "values": [{"attribute": "classification", "values": [values[0]["value"]]}],
        }
        id = api.ok("POST", f"{BULK}/query", 202, json=body)["id"]
        api.wait_for_job(id)
        place, token = f"/bulkwark/v1/jobs/{id}/items?format={format}", api.http.headers["Authorization"]

        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            client.connect(("127.0.0.1", server.port))
            client.sendall(f"GET {place} HTTP/1.1\r\nHost: house\r\nAuthorization: {token}\r\n\r\n".encode())
            assert client.recv(1_024).startswith(b"HTTP/1.1 200")
        hung_up = time.monotonic()
        while "a client has left its download" not in server.tail():
            assert time.monotonic() < hung_up + SECONDS, server.tail()
            time.sleep(0.01)

        assert int(server.tail().rpartition("download after ")[2].split()[0]) < ROLES * 100
        assert len(api.http.get(place).content) > ROLES * 100, "whoever stays gets all of it"
        assert "Traceback" not in server.tail()
