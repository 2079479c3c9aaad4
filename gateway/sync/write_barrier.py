"""The write barrier: a worker's connection to the one process that writes the registry.

Messages on the Unix socket are a u32 length and a MessagePack array: `[id, updates]` there, `[id, outcomes]`
back; no outcomes mean that nothing was written.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import Sequence

import msgspec

from gateway.errors import RegistryUnavailable
from registry.writer import Outcome, Update

MESSAGE_BYTES_MAX = 16 << 20
_LENGTH = struct.Struct(">I")


class WriteRequest(msgspec.Struct, frozen=True, array_like=True):
    """Updates to apply in one transaction with whatever else waits."""

    request_id: int
    updates: list[Update]


class WriteReply(msgspec.Struct, frozen=True, array_like=True):
    """What became of the updates, in order; None when the registry could not be written."""

    request_id: int
    outcomes: list[Outcome] | None


def frame(message: msgspec.Struct) -> bytes:
    """The message with its length before it."""
    body = msgspec.msgpack.encode(message)
    return _LENGTH.pack(len(body)) + body


async def read_frame(reader: asyncio.StreamReader) -> bytes:
    """The next message's body. Raises IncompleteReadError at the end, ValueError when it is too long."""
    (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
    if length > MESSAGE_BYTES_MAX:
        raise ValueError(f"a message of {length} bytes is not accepted")
    return await reader.readexactly(length)


class WriteBarrier:
    """Sends updates to the writer. When the connection breaks, what was sent has an unknown outcome: calls fail
    with RegistryUnavailable, and pushing the same values again does no harm."""

    def __init__(self, socket_path: str) -> None:
        self._path = socket_path
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self._connecting = asyncio.Lock()
        self._waiting: dict[int, asyncio.Future[list[Outcome]]] = {}
        self._next_id = 0
        self._replies = msgspec.msgpack.Decoder(WriteReply)

    async def apply(self, updates: Sequence[Update]) -> list[Outcome]:
        """Outcomes in order; durable when this returns. Raises RegistryUnavailable."""
        writer = await self._connected()
        self._next_id += 1
        request_id = self._next_id
        future: asyncio.Future[list[Outcome]] = asyncio.get_running_loop().create_future()
        self._waiting[request_id] = future
        writer.write(frame(WriteRequest(request_id, list(updates))))
        return await future

    async def close(self) -> None:
        """Disconnect; what still waits fails."""
        if self._reading is not None:
            self._reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reading

    async def _connected(self) -> asyncio.StreamWriter:
        async with self._connecting:
            if self._writer is None:
                try:
                    reader, self._writer = await asyncio.open_unix_connection(self._path)
                except OSError:
                    raise RegistryUnavailable from None
                self._reading = asyncio.create_task(self._read(reader, self._writer), name="write barrier")
            return self._writer

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                reply = self._replies.decode(await read_frame(reader))
                future = self._waiting.pop(reply.request_id, None)
                if future is None or future.done():
                    continue
                if reply.outcomes is None:
                    future.set_exception(RegistryUnavailable())
                else:
                    future.set_result(reply.outcomes)
        except (OSError, asyncio.IncompleteReadError, ValueError, msgspec.MsgspecError):
            pass
        finally:
            self._writer = None
            writer.close()
            waiting, self._waiting = self._waiting, {}
            for future in waiting.values():
                if not future.done():
                    future.set_exception(RegistryUnavailable())
