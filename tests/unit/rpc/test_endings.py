"""However a call ends, it is answered, whoever wants to know is told, and nothing of it is left."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import grpc
import pytest

from gateway.rpc import ServerCall
from tests.unit.rpc.serving import Handlers, path, refused, served, stream, unary, until


@pytest.mark.parametrize("broken", ["serializer", "no bytes", "metadata", "cancelled inside"])
async def test_a_handler_that_breaks_at_the_end_is_answered_too(broken: str) -> None:
    async def serve(_request: bytes, context: ServerCall) -> Any:
        if broken == "metadata":
            context.set_trailing_metadata((("key", 1),))  # type: ignore[arg-type]
        if broken == "cancelled inside":
            raise asyncio.CancelledError
        return 1 if broken == "no bytes" else b""

    def serialize(_message: Any) -> bytes:
        raise ValueError

    serializer = serialize if broken == "serializer" else None
    handlers: Handlers = {"Ask": grpc.unary_unary_rpc_method_handler(serve, response_serializer=serializer)}
    async with served(handlers) as (channel, _):
        error = await refused(channel.unary_unary(path("Ask"))(b"", timeout=10))
    assert error.code() == (grpc.StatusCode.CANCELLED if broken == "cancelled inside" else grpc.StatusCode.UNKNOWN)


async def test_a_call_that_is_over_is_freed_without_the_collector_however_it_ended() -> None:
    begun = asyncio.Event()

    async def serve(requests: Any, context: ServerCall) -> None:
        async for request in requests:
            await context.write(request)
        await context.abort(grpc.StatusCode.ABORTED)

    async def wait(_request: bytes, _context: ServerCall) -> None:
        begun.set()
        await asyncio.sleep(30)

    handlers = {**stream(serve), "Wait": grpc.unary_unary_rpc_method_handler(wait)}
    async with served(handlers) as (channel, server):
        gc.collect()
        gc.disable()
        try:
            for _ in range(10):
                call = channel.stream_stream(path("Ask"))()
                for _ in range(3):
                    await call.write(bytes(1000))
                    await call.read()
                await call.done_writing()
                await refused(call.read())
                begun.clear()
                waiting = channel.unary_unary(path("Wait"))(bytes(1000))
                await begun.wait()
                waiting.cancel()
            await until(lambda: not server._tasks)
            await asyncio.sleep(0.05)
            alive = [type(each).__name__ for each in gc.get_objects() if isinstance(each, ServerCall)]
        finally:
            gc.enable()
    assert len(alive) <= 2


async def test_a_callback_that_fails_keeps_no_other_from_being_told_and_what_is_left_behind_reads_no_more() -> None:
    told, calls = asyncio.Event(), []

    def fail(_call: ServerCall) -> None:
        raise ValueError

    async def serve(request: bytes, context: ServerCall) -> bytes:
        context.add_done_callback(fail)
        context.add_done_callback(lambda _call: told.set())
        calls.append(context)
        return request

    failures: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: failures.append(context["exception"]))
    async with served(unary(serve)) as (channel, _):
        await channel.unary_unary(path("Ask"))(b"")
        await asyncio.wait_for(told.wait(), 5)
    assert [type(failure) for failure in failures] == [ValueError]
    with pytest.raises(grpc.aio.InternalError):
        await calls[0].read()
