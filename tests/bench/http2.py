"""Single calls of gRPC with as little client as a load needs: one HTTP/2 connection, prepared headers (RFC 9113).

The callers of the peer write prepared bytes and look for the end of an answer (`http_target`); these do the same.
With gRPC's own client on the same two cores, a third of the processor time would be the client's. Flow control is
kept only as far as requests and answers of single people need it.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

import hpack

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RST_STREAM, _SETTINGS, _PING, _GOAWAY, _WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
_END_STREAM, _ACK, _END_HEADERS = 0x1, 0x1, 0x4
_HEAD_BYTES, _MESSAGE_HEAD_BYTES = 9, 5
_HEADER_TABLE_SIZE, _ENABLE_PUSH, _INITIAL_WINDOW_SIZE = 1, 2, 4
_WINDOW_AT_FIRST, _WINDOW_MAX = 65_535, (1 << 31) - 1
_TABLE_BYTES_MAX = 2048
"""Of the 4,096 that a server keeps at first (RFC 7541, 4.1 and 4.2), what is left beside the paths and the rest."""
_TOP_UP_BYTES = 1 << 24
_SETTINGS_BODY = b"".join(
    key.to_bytes(2) + value.to_bytes(4)
    # Without a table each block of headers stands for itself, and that of a good end has its status in plain sight.
    for key, value in ((_HEADER_TABLE_SIZE, 0), (_ENABLE_PUSH, 0), (_INITIAL_WINDOW_SIZE, _WINDOW_MAX))
)
_STATUS_OK = b"\x0bgrpc-status\x010"


class Refused(Exception):
    """The call ended with another status than OK; `details` is its message."""

    def __init__(self, status: str, details: str) -> None:
        super().__init__(f"status {status}: {details}")
        self.details = details


class Http2Connection(asyncio.Protocol):
    """One connection; any number of calls at a time, as long as their requests fit the connection's window."""

    def __init__(self, metadata: Sequence[tuple[str, str]], timeout_seconds: int) -> None:
        """`metadata` and the timeout go with every call. Use `open`."""
        if sum(len(key) + len(value) + 32 for key, value in metadata) > _TABLE_BYTES_MAX:
            raise ValueError("the metadata are too large to be known to the server after the first call")
        self._headers = (
            *((":method", "POST"), (":scheme", "https"), (":authority", "localhost"), ("te", "trailers")),
            *(("content-type", "application/grpc"), ("user-agent", "load"), ("grpc-timeout", f"{timeout_seconds}S")),
            *metadata,
        )
        self._encoder = hpack.Encoder()
        self._blocks: dict[str, bytes | None] = {}
        self._transport: asyncio.Transport
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._calls: dict[int, tuple[asyncio.Future[bytes], bytearray]] = {}
        self._next_stream = 1
        self._room = _WINDOW_AT_FIRST
        self._received = bytearray()
        self._untold = 0
        self._going = False

    @classmethod
    async def open(
        cls, server: str, tls: ssl.SSLContext | None, metadata: Sequence[tuple[str, str]], timeout_seconds: int
    ) -> Http2Connection:
        """A connection to HOST:PORT that the server has taken. `tls`: for `h2` by ALPN; None: no TLS."""
        host, _, port = server.rpartition(":")
        name = "localhost" if tls else None
        _, connection = await asyncio.get_running_loop().create_connection(
            lambda: cls(metadata, timeout_seconds), host, int(port), ssl=tls, server_hostname=name
        )
        await connection._ready
        return connection

    async def close(self) -> None:
        """Close it."""
        self._transport.close()

    def ask(self, path: str, request: bytes) -> asyncio.Future[bytes]:
        """The answer of the method at `path`. Raises Refused, or ConnectionError when the connection breaks."""
        if self._going or self._transport.is_closing():
            raise ConnectionError("the connection has ended, or is about to")
        message = b"\0" + len(request).to_bytes(4) + request
        self._room -= len(message)
        if self._room < 0:
            raise RuntimeError("the requests under way do not fit the connection's window")
        stream, self._next_stream = self._next_stream, self._next_stream + 2
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._calls[stream] = answer, bytearray()
        headers = _frame(_HEADERS, _END_HEADERS, stream, self._block(path))
        self._transport.write(headers + _frame(_DATA, _END_STREAM, stream, message))
        return answer

    def _block(self, path: str) -> bytes:
        """The headers of a call. From the second one on, the server knows them and the same bytes say it."""
        block = self._blocks.get(path)
        if block is None:
            block = self._encoder.encode([(":path", path), *self._headers])
            if path in self._blocks:
                self._blocks[path] = block
            else:
                self._blocks = {**dict.fromkeys(self._blocks), path: None}  # what is new moves what was known before
        return block

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say what this side allows."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        window = (_WINDOW_MAX - _WINDOW_AT_FIRST).to_bytes(4)
        transport.write(_PREFACE + _frame(_SETTINGS, 0, 0, _SETTINGS_BODY) + _frame(_WINDOW_UPDATE, 0, 0, window))

    def connection_lost(self, error: Exception | None) -> None:
        """Fail what is under way."""
        self._fail(self._ready, error)
        for answer, _ in self._calls.values():
            self._fail(answer, error)

    @staticmethod
    def _fail(waited_for: asyncio.Future[Any], reason: object) -> None:
        if not waited_for.done():
            waited_for.set_exception(ConnectionError(f"the server or the network ended it: {reason}"))

    def data_received(self, data: bytes) -> None:
        """Take all whole frames."""
        received = self._received
        received += data
        at = 0
        while len(received) >= at + _HEAD_BYTES:
            end = at + _HEAD_BYTES + int.from_bytes(received[at : at + 3])
            if len(received) < end:
                break
            stream = int.from_bytes(received[at + 5 : at + 9])
            self._take(received[at + 3], received[at + 4], stream, bytes(received[at + _HEAD_BYTES : end]))
            at = end
        del received[:at]

    def _take(self, kind: int, flags: int, stream: int, body: bytes) -> None:
        if kind == _DATA:
            if stream in self._calls:
                self._calls[stream][1].extend(body)
            self._untold += len(body)
            if self._untold > _TOP_UP_BYTES:
                self._transport.write(_frame(_WINDOW_UPDATE, 0, 0, self._untold.to_bytes(4)))
                self._untold = 0
        elif kind == _HEADERS:
            if flags & _END_STREAM and stream in self._calls:
                self._end(stream, body)
        elif kind == _WINDOW_UPDATE:
            self._room += int.from_bytes(body) if not stream else 0
        elif kind == _SETTINGS and not flags & _ACK:
            self._transport.write(_frame(_SETTINGS, _ACK, 0, b""))
            if not self._ready.done():
                self._ready.set_result(None)
        elif kind == _GOAWAY:
            self._going = True
        elif kind == _PING and not flags & _ACK:
            self._transport.write(_frame(_PING, _ACK, 0, body))
        elif kind == _RST_STREAM and stream in self._calls:
            self._fail(self._calls.pop(stream)[0], f"error {int.from_bytes(body)}")

    def _end(self, stream: int, trailers: bytes) -> None:
        answer, message = self._calls.pop(stream)
        if answer.done():
            return  # nobody waits any more
        if _STATUS_OK in trailers:
            answer.set_result(bytes(message[_MESSAGE_HEAD_BYTES:]))
        else:
            said = {str(key): str(value) for key, value in hpack.Decoder().decode(trailers)}
            answer.set_exception(Refused(said.get("grpc-status", "none"), unquote(said.get("grpc-message", ""))))


def _frame(kind: int, flags: int, stream: int, body: bytes) -> bytes:
    return len(body).to_bytes(3) + bytes((kind, flags)) + stream.to_bytes(4) + body
