"""The server: ports, calls coming in, handlers, an orderly end."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

import grpc
import structlog
from grpc._cython import cygrpc  # type: ignore[attr-defined]

from gateway.rpc.call import Malformed, ServerCall
from gateway.rpc.events import Event, Events

ACCEPTED_AT_ONCE = 64
"""Calls that gRPC may take in before the loop looks: as many as the loop takes in one turn."""

_UNKNOWN_METHOD = "Method not found!"
_NO_REQUEST = "The call has no request."
_MALFORMED = "The request cannot be decoded."
_FAILED = "The handler failed."

Serve: TypeAlias = Callable[[ServerCall], Coroutine[Any, Any, None]]
"""Serves one call to its end."""


class Server:
    """Serves handlers of the kinds unary-unary, unary-stream and stream-stream. Use within one loop."""

    def __init__(self, options: Sequence[tuple[str, Any]] = ()) -> None:
        """`options`: gRPC's channel arguments."""
        self._events = Events()
        self._server = cygrpc.Server(options, False)
        self._events.attach(self._server)
        self._handlers: dict[bytes, grpc.RpcMethodHandler[Any, Any]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False
        self._log = structlog.get_logger()

    def add_generic_rpc_handlers(self, handlers: Sequence[grpc.GenericRpcHandler]) -> None:
        """Ignored: generated code registers the same handlers by name, too."""

    def add_registered_method_handlers(
        self, service: str, handlers: Mapping[str, grpc.RpcMethodHandler[Any, Any]]
    ) -> None:
        """Serve the methods of a service, by name."""
        for name, handler in handlers.items():
            self._handlers[f"/{service}/{name}".encode()] = handler

    def add_secure_port(self, address: str, credentials: grpc.ServerCredentials) -> int:
        """The port, chosen when `address` has port 0. Raises RuntimeError when it cannot be had."""
        return self._bound(address, self._server.add_http2_port(address.encode(), credentials._credentials))  # type: ignore[attr-defined]

    def add_insecure_port(self, address: str) -> int:
        """`add_secure_port` without TLS."""
        return self._bound(address, self._server.add_http2_port(address.encode()))

    async def start(self) -> None:
        """Take calls."""
        self._server.start()
        self._events.start()
        for _ in range(ACCEPTED_AT_ONCE):
            self._accept()

    async def stop(self, grace_seconds: float | None) -> None:
        """Once: take no more calls, wait so long for those at work, cancel the rest. Returns when all are over."""
        self._stopping = True
        over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._events.shut_down(self._server, lambda _event: over.set_result(None))
        if grace_seconds:
            await asyncio.wait((over,), timeout=grace_seconds)
        if not over.done():
            self._server.cancel_all_calls()
            await over
        while self._tasks:
            await asyncio.wait(self._tasks)
        self._server.destroy()
        await self._events.close()

    def _bound(self, address: str, port: int) -> int:
        if not port:
            raise RuntimeError(f"Failed to bind to address {address}; set GRPC_VERBOSITY=debug to see why.")
        return port

    def _accept(self) -> None:
        self._events.accept(self._server, self._accepted)

    def _accepted(self, event: Event) -> None:
        if not event.success:
            return  # the server stops
        if not self._stopping:
            self._accept()
        handler = self._handlers.get(event.call_details.method)
        call = ServerCall(self._events, event, handler)
        if handler is None:
            call.end(grpc.StatusCode.UNIMPLEMENTED, _UNKNOWN_METHOD)
        elif handler.request_streaming:
            self._run(call, partial(_streamed, handler.stream_stream, call.messages()))
        else:
            call.receive(partial(self._received, call, handler))

    def _received(self, call: ServerCall, handler: grpc.RpcMethodHandler[Any, Any], request: bytes | None) -> None:
        if request is None:
            call.end(grpc.StatusCode.UNIMPLEMENTED, _NO_REQUEST)
        elif handler.response_streaming:
            self._run(call, partial(_streamed_to, handler.unary_stream, request))
        else:
            self._run(call, partial(_answered, handler.unary_unary, request))

    def _run(self, call: ServerCall, serve: Serve) -> None:
        if call.over:
            return
        task = call.task = asyncio.get_running_loop().create_task(self._serve(call, serve))
        self._tasks.add(task)
        task.add_done_callback(partial(self._served, call))

    def _served(self, call: ServerCall, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        call.task = None  # a cancelled one holds the frames it was in, and so the call and its messages

    async def _serve(self, call: ServerCall, serve: Serve) -> None:
        try:
            await serve(call)
        except grpc.aio.AbortError:
            pass  # the status is sent
        except Malformed:
            call.end(grpc.StatusCode.INVALID_ARGUMENT, _MALFORMED)
        except asyncio.CancelledError:
            call.end(grpc.StatusCode.CANCELLED)  # not by the caller, or it is over
            raise
        except Exception as error:
            if not (call.over and isinstance(error, grpc.aio.InternalError)):
                self._log.exception("a handler failed")
            call.set_trailing_metadata(())  # they may be what failed
            call.end(grpc.StatusCode.UNKNOWN, _FAILED)


async def _answered(behaviour: Any, request: bytes, call: ServerCall) -> None:
    call.answer(await behaviour(call.decoded(request), call))


async def _streamed_to(behaviour: Any, request: bytes, call: ServerCall) -> None:
    await _streamed(behaviour, call.decoded(request), call)


async def _streamed(behaviour: Any, request: Any, call: ServerCall) -> None:
    served = behaviour(request, call)
    if inspect.isasyncgen(served):
        async for message in served:
            await call.write(message)
    else:
        await served
    call.end()
