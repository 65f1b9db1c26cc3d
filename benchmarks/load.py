"""A load generator that is cheaper than any server here: raw sockets, pipelined requests, one process."""

from __future__ import annotations

import socket
import time

BATCH = 16  # requests in flight on one connection
CONNECTIONS = 4


def request(path: str, token: str = "", body: bytes = b"", method: str = "") -> bytes:
    """The bytes of one HTTP/1.1 request."""
    method = method or ("POST" if body else "GET")
    lines = [f"{method} {path} HTTP/1.1", "Host: bench", f"Content-Length: {len(body)}"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if body:
        lines.append("Content-Type: application/json")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Connection:
    """One keep-alive connection."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest = b""

    def exchange(self, data: bytes, answers: int = 1) -> list[tuple[int, bytes]]:
        """Send requests and read that many answers: (status, body)."""
        self.send(data)
        return self.receive(answers)

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def receive(self, answers: int) -> list[tuple[int, bytes]]:
        return [self._answer() for _ in range(answers)]

    def _answer(self) -> tuple[int, bytes]:
        while b"\r\n\r\n" not in self._rest:
            self._more()
        head, _, self._rest = self._rest.partition(b"\r\n\r\n")
        status = int(head[9:12])
        lower = head.lower()
        if b"transfer-encoding: chunked" in lower:
            return status, self._chunked()
        at = lower.find(b"content-length: ")
        size = int(lower[at + 16 : (lower.find(b"\r\n", at) + 1 or len(lower) + 1) - 1]) if at >= 0 else 0
        while len(self._rest) < size:
            self._more()
        body, self._rest = self._rest[:size], self._rest[size:]
        return status, body

    def _chunked(self) -> bytes:
        parts = []
        while True:
            while b"\r\n" not in self._rest:
                self._more()
            line, _, self._rest = self._rest.partition(b"\r\n")
            size = int(line, 16)
            while len(self._rest) < size + 2:
                self._more()
            parts.append(self._rest[:size])
            self._rest = self._rest[size + 2 :]
            if not size:
                return b"".join(parts)

    def _more(self) -> None:
        data = self._socket.recv(1 << 20)
        if not data:
            raise ConnectionError("the server closed the connection")
        self._rest += data

    def close(self) -> None:
        self._socket.close()


def throughput(port: int, requests: list[bytes], seconds: float) -> float:
    """Answers a second over some pipelined connections; every answer must be 200.

    There is always a batch waiting on another connection while one is read, so the server is never idle.
    """
    connections = [Connection(port) for _ in range(CONNECTIONS)]
    batches = [b"".join(requests[i : i + BATCH]) for i in range(0, len(requests) - BATCH + 1, BATCH)]
    position = 0
    for connection in connections:
        connection.send(batches[position % len(batches)])
        position += 1
    done, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        for connection in connections:
            for status, _ in connection.receive(BATCH):
                assert status == 200, status
            connection.send(batches[position % len(batches)])
            position += 1
            done += BATCH
    rate = done / (time.perf_counter() - began)
    for connection in connections:
        connection.receive(BATCH)
        connection.close()
    return rate


def latencies(port: int, requests: list[bytes], seconds: float) -> list[float]:
    """Seconds of single requests, one after the other."""
    connection = Connection(port)
    found: list[float] = []
    began = time.perf_counter()
    position = 0
    while time.perf_counter() - began < seconds:
        start = time.perf_counter()
        status, _ = connection.exchange(requests[position % len(requests)])[0]
        found.append(time.perf_counter() - start)
        assert status in (200, 202), status
        position += 1
    connection.close()
    return found
