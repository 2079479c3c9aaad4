"""The audit barrier of a gateway worker: no answer leaves before its entry is durable.

Calls of one turn of the loop go to the sequencer as one message, and what comes while it writes, it writes together.
Nothing is ever sent twice: when the connection breaks, the outcome of what was sent is unknown, and the calls fail.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from gateway.audit import framing
from gateway.audit.charges import ChargeRefused, unpack_refusals
from gateway.audit.errors import Malformed
from gateway.audit.permits import Permits
from gateway.audit.receipt import Receipt
from gateway.errors import AuditUnavailable

WAITING_MAX = 65_536
MESSAGE_BYTES_TARGET = 4 << 20
BACKOFF_SECONDS_MIN = 0.02
BACKOFF_SECONDS_MAX = 1.0

Durable = Callable[[Receipt], None]


class AuditBarrier:
    """One worker's connection to the sequencer. Use within one event loop."""

    def __init__(
        self,
        socket_path: str,
        batch_sizes: Callable[[int], None] | None = None,
    ) -> None:
        """`batch_sizes` observes every batch sent."""
        self._socket_path = socket_path
        self._batch_sizes = batch_sizes
        self.permits = Permits()
        self._transport: asyncio.Transport | None = None
        self._origin = ""
        self._next_id = 0
        self._unsent: list[framing.Item] = []
        self._unsent_bytes = 0
        self._waiting: dict[int, tuple[asyncio.Future[Receipt], Durable | None]] = {}
        self._stats_waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._flush_handle: asyncio.Handle | None = None
        self._closed = False
        self._connected = asyncio.Event()
        self._connecting: asyncio.Task[None] | None = None

    @property
    def connected(self) -> bool:
        """Whether entries can be recorded now."""
        return self._transport is not None and bool(self._origin)

    @property
    def origin(self) -> str:
        """The log's name, learned when connecting; entries must carry it."""
        return self._origin

    async def connect(self) -> None:
        """Wait for the sequencer, which may have much of the log to read; later breaks are mended unasked."""
        self._start_connecting()
        await self._connected.wait()

    def record(
        self, entry: bytes, detail: bytes, durable: Durable | None = None, charges: bytes = b""
    ) -> asyncio.Future[Receipt]:
        """Await the result: the receipt once the entry is durable, or ChargeRefused and then nothing was recorded.

        `durable` is told the receipt before anybody who waits, and also when nobody waits any more: a future
        that is cancelled before its entry is sent takes the entry back, afterwards not. Raises AuditUnavailable,
        at once or later; the entry may then stand in the log all the same, and the answer must not be given.
        """
        if not self.connected or len(self._waiting) >= WAITING_MAX:
            raise AuditUnavailable
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Receipt] = loop.create_future()
        self._next_id += 1
        self._waiting[self._next_id] = future, durable
        self._unsent.append((self._next_id, entry, detail, charges))
        self._unsent_bytes += len(entry) + len(detail)
        if self._unsent_bytes > MESSAGE_BYTES_TARGET:
            self._flush()
        elif self._flush_handle is None:
            self._flush_handle = loop.call_soon(self._flush)
        return future

    async def stats(self) -> dict[str, Any]:
        """The sequencer's figures. Raises AuditUnavailable."""
        if self._transport is None or not self.connected:
            raise AuditUnavailable
        self._next_id += 1
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._stats_waiting[self._next_id] = future
        self._transport.write(framing.message(framing.STATS, framing.pack_request_id(self._next_id)))
        return await future

    async def close(self) -> None:
        """Send nothing more; what still waits fails."""
        self._closed = True
        if self._connecting is not None:
            self._connecting.cancel()
        if self._transport is not None:
            self._transport.abort()
        self._fail_waiting()
        # One turn of the loop, so that the transport is gone when this returns.
        await asyncio.sleep(0)

    def _flush(self) -> None:
        if self._flush_handle is not None:
            self._flush_handle.cancel()
            self._flush_handle = None
        # A call cancelled meanwhile gives no answer, so it needs no entry.
        items = []
        for item in self._unsent:
            if self._waiting[item[0]][0].done():
                del self._waiting[item[0]]
            else:
                items.append(item)
        self._unsent = []
        self._unsent_bytes = 0
        if not items or self._transport is None:
            return
        self._transport.write(framing.message(framing.RECORD, *[framing.pack_item(*item) for item in items]))
        if self._batch_sizes is not None:
            self._batch_sizes(len(items))

    def _start_connecting(self) -> None:
        if self._closed or self._transport is not None:
            return
        if self._connecting is None or self._connecting.done():
            self._connecting = asyncio.get_running_loop().create_task(self._connect_until_done())

    async def _connect_until_done(self) -> None:
        backoff = BACKOFF_SECONDS_MIN
        loop = asyncio.get_running_loop()
        while not self._closed:
            try:
                await loop.create_unix_connection(lambda: _Protocol(self), self._socket_path)
                return
            except OSError:
                await asyncio.sleep(backoff)
                backoff = min(BACKOFF_SECONDS_MAX, 2 * backoff)

    def _on_connected(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    def _on_message(self, kind: int, body: bytes) -> None:
        if kind == framing.RECORDED:
            for request_id, status, receipt in framing.unpack_receipts(body, self._origin):
                if request_id not in self._waiting:
                    continue
                future, durable = self._waiting.pop(request_id)
                recorded = status == framing.STATUS_RECORDED
                if recorded and durable is not None:
                    durable(receipt)
                if future.done():
                    continue
                if recorded:
                    future.set_result(receipt)
                else:
                    future.set_exception(AuditUnavailable())
        elif kind == framing.REFUSED:
            for request_id, refusal in unpack_refusals(body):
                if request_id in self._waiting and not (future := self._waiting.pop(request_id)[0]).done():
                    future.set_exception(ChargeRefused(refusal))
        elif kind == framing.ADMITTED:
            self.permits.answered(body)
        elif kind == framing.HELLO:
            assert self._transport is not None
            self._origin = body.decode()
            self.permits.connected(self._transport.write)
            self._connected.set()
        elif kind == framing.STATS_REPLY:
            waiting = self._stats_waiting.pop(framing.unpack_request_id(body), None)
            if waiting is not None and not waiting.done():
                waiting.set_result(json.loads(body[8:]))
        else:
            raise Malformed(f"message type {kind} is not known")

    def _on_lost(self) -> None:
        self._transport = None
        self._connected.clear()
        self.permits.lost()
        self._fail_waiting()
        self._start_connecting()

    def _fail_waiting(self) -> None:
        if self._flush_handle is not None:
            self._flush_handle.cancel()
            self._flush_handle = None
        self._unsent = []
        self._unsent_bytes = 0
        futures: list[asyncio.Future[Any]] = [future for future, _ in self._waiting.values()]
        futures += self._stats_waiting.values()
        self._waiting = {}
        self._stats_waiting = {}
        for future in futures:
            if not future.done():
                future.set_exception(AuditUnavailable())


class _Protocol(asyncio.Protocol):
    """Feeds the bytes of one connection to its barrier."""

    def __init__(self, barrier: AuditBarrier) -> None:
        self._barrier = barrier
        self._splitter = framing.Splitter()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._barrier._on_connected(transport)

    def data_received(self, data: bytes) -> None:
        try:
            for kind, body in self._splitter.feed(data):
                self._barrier._on_message(kind, body)
        except Malformed:
            assert self._transport is not None
            self._transport.abort()

    def connection_lost(self, error: Exception | None) -> None:
        self._barrier._on_lost()
