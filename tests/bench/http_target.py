"""The peer as a load client sees it: HTTP/1.1 connections kept open, prepared bytes, no client library in the way."""

from __future__ import annotations

import asyncio
import itertools
import ssl
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import orjson

from tests.bench.peer import BATCH_LOOK_UP, LOOK_UP
from tests.bench.stage import LEGAL_BASIS, PURPOSE
from tests.world import BASIC

_CONTEXT = {
    "purpose": PURPOSE,
    "legal_basis": LEGAL_BASIS,
    "case_reference": "BA-2026-001234",
    "officer": "nv-0457",
    "fields": list(BASIC),
}


class HttpConnection:
    """One connection; one request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def ask(self, request: bytes) -> bytes:
        """The body of the answer. Raises RuntimeError unless it is 200."""
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head.decode())
        begin = head.index(b"content-length: ") + 16
        return await self._reader.readexactly(int(head[begin : head.index(b"\r", begin)]))

    def close(self) -> None:
        """Close it."""
        self._writer.close()


class HttpTarget:
    """Connections to the peer, opened as they are needed."""

    def __init__(self, server: str, identity: Path, token: str) -> None:
        """`identity`: a folder with key, certificate and root, as for mutual TLS with the gateway."""
        self._host, _, port = server.rpartition(":")
        self._port = int(port)
        self._tls = ssl.create_default_context(cafile=str(identity / "ca.pem"))
        self._tls.load_cert_chain(identity / "cert.pem", identity / "key.pem")
        self._token = token
        self._connections: list[HttpConnection] = []

    async def close(self) -> None:
        """Close the connections."""
        for connection in self._connections:
            connection.close()

    async def ways(self, people: int, numbers: Sequence[str], count: int) -> list[Callable[[], Awaitable[int]]]:
        """So many ways to ask about `people` at a time, each on a connection of its own."""
        while len(self._connections) < count:
            streams = await asyncio.open_connection(self._host, self._port, ssl=self._tls, server_hostname="localhost")
            self._connections.append(HttpConnection(*streams))
        if people == 1:
            prepared = [self._request(LOOK_UP, {"number": number}) for number in numbers]
        else:
            parts = [numbers[at : at + people] for at in range(0, len(numbers) - people + 1, people)]
            prepared = [self._request(BATCH_LOOK_UP, {"numbers": part}) for part in parts]
        turn = itertools.cycle(prepared)
        return [partial(_ask, connection, turn) for connection in self._connections[:count]]

    def _request(self, path: str, asked: dict[str, object]) -> bytes:
        body = orjson.dumps({**_CONTEXT, **asked})
        head = (
            f"POST {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {self._token}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


async def _ask(connection: HttpConnection, turn: Iterator[bytes]) -> int:
    """Ask and read the answer; how many people were in it."""
    found = orjson.loads(await connection.ask(next(turn)))
    people = int("number" in found) if isinstance(found, dict) else sum([person is not None for person in found])
    if not people:
        raise RuntimeError("an answer without a person was counted")
    return people
