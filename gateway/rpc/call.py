"""One call as its handler sees it: the part of `grpc.aio.ServicerContext` that this project's handlers use."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import grpc
from grpc._cython import cygrpc  # type: ignore[attr-defined]

from gateway.rpc.events import Event, Events, Tag

Metadata: TypeAlias = Iterable[tuple[str, str | bytes]]

_NO_FLAGS = 0
_SOME_DAY = 1e18
"""Seconds since 1970. gRPC says about 9.2e18 where there is no deadline."""
_OK = grpc.StatusCode.OK


class Malformed(Exception):
    """What the caller sent is no message of the method."""


class ServerCall:
    """A call that was accepted. Use within the loop of its server.

    Reads and writes raise `grpc.aio.InternalError` once the call is over. The handler's task is cancelled when the
    caller goes away or its deadline passes.
    """

    def __init__(self, events: Events, accepted: Event, handler: grpc.RpcMethodHandler[Any, Any] | None = None) -> None:
        """`accepted`: gRPC's event for the new call. `handler`: knows how to read and write messages; None: bytes."""
        self._events = events
        self._call = accepted.call
        self._metadata: Sequence[tuple[str, str | bytes]] = accepted.invocation_metadata
        self._deadline: float = accepted.call_details.deadline
        self._deserialize = handler.request_deserializer if handler is not None else None
        self._serialize = handler.response_serializer if handler is not None else None
        self._trailing: Metadata = ()
        self._began = False
        self.over = False
        """Whether the answer was taken, or the caller is gone."""
        self._callbacks: list[Callable[[ServerCall], None]] = []
        self.task: asyncio.Task[None] | None = None
        """Runs the handler."""
        self._start((cygrpc.ReceiveCloseOnServerOperation(_NO_FLAGS),), self._closed, awaited=False)

    def invocation_metadata(self) -> Sequence[tuple[str, str | bytes]]:
        """What the caller sent along; keys that end in -bin have bytes."""
        return self._metadata

    def auth_context(self) -> Mapping[str, Sequence[bytes]]:
        """What TLS knows of the other side; empty without TLS."""
        return {key.decode(): value for key, value in cygrpc.auth_context(self._call).items()}

    def time_remaining(self) -> float | None:
        """Seconds until the caller's deadline, at least 0; None: it set none."""
        return None if self._deadline > _SOME_DAY else max(self._deadline - time.time(), 0.0)

    def set_trailing_metadata(self, metadata: Metadata) -> None:
        """What goes with the status."""
        self._trailing = tuple(metadata)

    def add_done_callback(self, callback: Callable[[ServerCall], None]) -> None:
        """Call back when the answer was taken or the caller is gone; at once when that was before."""
        if self.over:
            callback(self)
        else:
            self._callbacks.append(callback)

    async def abort(self, code: grpc.StatusCode, details: str = "", trailing_metadata: Metadata = ()) -> None:
        """End the call with a status other than OK, and then the handler: raises AbortError once it is sent."""
        if trailing_metadata:
            self.set_trailing_metadata(trailing_metadata)
        await self._do(*self._beginning(), self._status(code, details))
        raise grpc.aio.AbortError(details)

    async def abort_with_status(self, status: grpc.Status) -> None:
        """`abort` with what the status says."""
        await self.abort(status.code, status.details, status.trailing_metadata)

    def receive(self, received: Callable[[bytes | None], None]) -> None:
        """Tell `received` the bytes of the one request of a call; None when it has none."""
        operations = (cygrpc.ReceiveMessageOperation(_NO_FLAGS),)
        self._start(operations, lambda event: received(event.batch_operations[0].message()))

    async def read(self) -> Any:
        """The next message; `grpc.aio.EOF` when the caller has said all or is gone. Raises Malformed."""
        receiving = cygrpc.ReceiveMessageOperation(_NO_FLAGS)
        raw = receiving.message() if await self._done(receiving) else None
        return grpc.aio.EOF if raw is None else self.decoded(raw)

    def decoded(self, raw: bytes) -> Any:
        """A message of the caller. Raises Malformed."""
        if self._deserialize is None:
            return raw
        try:
            return self._deserialize(raw)
        except Exception as error:
            raise Malformed from error

    async def messages(self) -> AsyncIterator[Any]:
        """All that `read` gives."""
        while (message := await self.read()) is not grpc.aio.EOF:
            yield message

    async def write(self, message: Any) -> None:
        """Send a message; returns when gRPC can take the next one."""
        await self._do(*self._beginning(), self._sending(message))

    async def send_initial_metadata(self, metadata: Metadata) -> None:
        """Send them ahead of the first message."""
        await self._do(*self._beginning(metadata))

    def answer(self, message: Any) -> None:
        """Send the one answer of a call."""
        if not self.over:
            self._start((*self._beginning(), self._sending(message), self._status(_OK, "")), None, awaited=False)

    def end(self, code: grpc.StatusCode = _OK, details: str = "") -> None:
        """Send the status behind all messages."""
        if not self.over:
            self._start((*self._beginning(), self._status(code, details)), None, awaited=False)

    def _start(self, operations: Sequence[Any], tag: Tag | None, *, awaited: bool = True) -> None:
        """Have gRPC do this; `tag` learns when it is done. Raises InternalError once the call is over."""
        if self.over:
            raise grpc.aio.InternalError("the call is over")
        if error := self._events.begin(self._call, operations, tag, awaited=awaited):
            raise RuntimeError(f"gRPC refuses operations, error {error}")
        self._began = self._began or isinstance(operations[0], cygrpc.SendInitialMetadataOperation)

    async def _done(self, *operations: Any) -> bool:
        """Whether gRPC could do it. Keeps no event: it holds its tag, and so the future, in a circle with messages."""
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

        def over(event: Event) -> None:
            if not done.done():
                done.set_result(event.success)

        self._start(operations, over)
        return await done

    async def _do(self, *operations: Any) -> None:
        if not await self._done(*operations):
            raise grpc.aio.InternalError("the call is over")

    def _sending(self, message: Any) -> Any:
        raw = message if self._serialize is None else self._serialize(message)
        return cygrpc.SendMessageOperation(raw, _NO_FLAGS)

    def _status(self, code: grpc.StatusCode, details: str) -> Any:
        number: int = code.value[0]
        return cygrpc.SendStatusFromServerOperation(self._trailing, number, details, _NO_FLAGS)

    def _beginning(self, metadata: Metadata = ()) -> Sequence[Any]:
        if self._began:
            return ()
        return (cygrpc.SendInitialMetadataOperation(tuple(metadata), _NO_FLAGS),)

    def _closed(self, event: Event) -> None:
        """The answer was taken, or the caller went away."""
        self.over = True
        if event.batch_operations[0].cancelled() and self.task is not None:
            self.task.cancel()
        callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            asyncio.get_running_loop().call_soon(callback, self)  # one that fails keeps no other from being called
