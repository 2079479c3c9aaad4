"""The gateway's gRPC server beside `grpc.aio`'s: the same handlers, the same callers, the same outcomes."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import AsyncIterator
from random import Random
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from gateway.rpc import Server, ServerCall, events
from tests.unit.rpc.serving import EOF, SERVERS, SERVICE, path, refused, served, stream, unary, until


async def _echo(request: bytes, _context: Any) -> bytes:
    return request


@pytest.mark.parametrize("kind", SERVERS)
async def test_what_a_caller_sends_along_is_seen_and_what_goes_with_the_status_arrives(kind: str) -> None:
    seen: dict[str, Any] = {}

    async def serve(request: bytes, context: Any) -> bytes:
        seen.update(metadata=dict(context.invocation_metadata()), left=context.time_remaining())
        seen.update(peer=context.auth_context())
        context.set_trailing_metadata((("call-id", "7"), ("proof-bin", b"\x00\xff")))
        return request[::-1]

    async with served(unary(serve), kind) as (channel, _):
        call = channel.unary_unary(path("Ask"))(b"abc", metadata=(("word", "x"), ("raw-bin", b"\x00\x01")))
        assert await call == b"cba"
        trailing = dict(await call.trailing_metadata())
    assert (seen["metadata"]["word"], seen["metadata"]["raw-bin"]) == ("x", b"\x00\x01")
    assert not any(key.startswith("x509") for key in seen["peer"])
    assert (trailing["call-id"], trailing["proof-bin"]) == ("7", b"\x00\xff")


@pytest.mark.parametrize("kind", SERVERS)
async def test_the_time_left_is_that_of_the_callers_deadline(kind: str) -> None:
    left: list[float | None] = []

    async def serve(request: bytes, context: Any) -> bytes:
        left.append(context.time_remaining())
        return request

    async with served(unary(serve), kind) as (channel, _):
        await channel.unary_unary(path("Ask"))(b"", timeout=30)
        await channel.unary_unary(path("Ask"))(b"")
    assert left[0] is not None
    assert 20 < left[0] <= 30
    assert left[1] is None


@pytest.mark.parametrize("kind", SERVERS)
@pytest.mark.parametrize("streamed", [False, True])
async def test_an_aborted_call_ends_with_its_status_and_nothing_else(kind: str, streamed: bool) -> None:
    async def serve(_request: Any, context: Any) -> None:
        await context.abort(grpc.StatusCode.FAILED_PRECONDITION, "No: đã khóa", (("why", "locked"),))
        raise AssertionError("abort returns never")

    handlers = stream(serve) if streamed else unary(serve)
    async with served(handlers, kind) as (channel, _):
        if streamed:
            call = channel.stream_stream(path("Ask"))()
            error = await refused(call.read())
        else:
            error = await refused(channel.unary_unary(path("Ask"))(b""))
    assert (error.code(), error.details()) == (grpc.StatusCode.FAILED_PRECONDITION, "No: đã khóa")
    assert dict(error.trailing_metadata())["why"] == "locked"


@pytest.mark.parametrize("kind", SERVERS)
async def test_a_method_that_nobody_serves_is_refused(kind: str) -> None:
    async with served(unary(_echo), kind) as (channel, _):
        error = await refused(channel.unary_unary(path("Other"))(b""))
        assert await channel.unary_unary(path("Ask"))(b"1") == b"1"
    assert error.code() == grpc.StatusCode.UNIMPLEMENTED


async def test_the_text_of_a_failure_stays_here_and_the_next_call_is_served() -> None:
    async def serve(request: bytes, _context: Any) -> bytes:
        if not request:
            raise ValueError("the number 012345678901")
        return request

    async with served(unary(serve)) as (channel, _):
        error = await refused(channel.unary_unary(path("Ask"))(b""))
        assert await channel.unary_unary(path("Ask"))(b"1") == b"1"
    assert (error.code(), "0123" in str(error.details())) == (grpc.StatusCode.UNKNOWN, False)


async def test_what_cannot_be_decoded_and_a_call_without_a_request_are_refused() -> None:
    checks = health.aio.HealthServicer()
    server = Server()
    health_pb2_grpc.add_HealthServicer_to_server(checks, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        check: Any = channel.unary_unary("/grpc.health.v1.Health/Check")
        error = await refused(check(b"\xff\xff"))
        empty: Any = channel.stream_stream("/grpc.health.v1.Health/Check")()
        await empty.done_writing()
        without = await refused(empty.read())
        stub = health_pb2_grpc.HealthStub(channel)
        reply = await stub.Check(health_pb2.HealthCheckRequest())
        watching = stub.Watch(health_pb2.HealthCheckRequest())
        statuses = [(await watching.read()).status]
        await checks.enter_graceful_shutdown()
        statuses.append((await watching.read()).status)
        watching.cancel()
        await until(lambda: not checks._watcher_count_by_service)
    await server.stop(None)
    assert error.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert without.code() == grpc.StatusCode.UNIMPLEMENTED
    assert reply.status == health_pb2.HealthCheckResponse.SERVING
    assert statuses == [health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING]


@pytest.mark.parametrize("kind", SERVERS)
async def test_many_calls_at_once_and_one_by_one_get_their_own_answers(kind: str) -> None:
    random = Random(1)

    async def serve(request: bytes, _context: Any) -> bytes:
        await asyncio.sleep(request[0] / 10_000)
        return request * 3

    async with served(unary(serve), kind) as (channel, _):
        ask = channel.unary_unary(path("Ask"))
        requests = [random.randbytes(1 + random.randrange(2000)) for _ in range(600)]
        assert await asyncio.gather(*map(ask, requests)) == [request * 3 for request in requests]
        for request in requests[:200]:
            assert await ask(request) == request * 3
            await asyncio.sleep(random.choice((0, 0, 0.0005, 0.003)))


@pytest.mark.parametrize("kind", SERVERS)
@pytest.mark.parametrize("compression", [None, grpc.Compression.Gzip])
async def test_large_and_compressed_messages_arrive(kind: str, compression: grpc.Compression | None) -> None:
    large = Random(2).randbytes(1 << 20) * 4
    async with served(unary(_echo), kind) as (channel, _):
        assert await channel.unary_unary(path("Ask"))(large, compression=compression) == large


@pytest.mark.parametrize("kind", SERVERS)
async def test_a_generator_answers_each_message_in_its_turn(kind: str) -> None:
    async def serve(requests: Any, _context: Any) -> AsyncIterator[bytes]:
        async for request in requests:
            yield request
            yield request[::-1]

    async with served(stream(serve), kind) as (channel, _):
        call = channel.stream_stream(path("Ask"))(iter([b"%d" % number for number in range(100, 400)]))
        answers = [answer async for answer in call]
        assert await call.code() == grpc.StatusCode.OK
    assert answers == [part for number in range(100, 400) for part in (b"%d" % number, (b"%d" % number)[::-1])]


@pytest.mark.parametrize("kind", SERVERS)
async def test_metadata_go_ahead_and_writes_wait_for_a_caller_that_does_not_read(kind: str) -> None:
    written = 0

    async def serve(_requests: Any, context: Any) -> None:
        nonlocal written
        await context.send_initial_metadata((("seat", "3"),))
        for _ in range(200):
            await context.write(bytes(100_000))
            written += 1

    async with served(stream(serve), kind) as (channel, _):
        call = channel.stream_stream(path("Ask"))()
        assert dict(await call.initial_metadata())["seat"] == "3"
        await asyncio.sleep(0.3)
        stuck = written
        assert stuck < 150
        answers = 0
        while await call.read() is not EOF:
            answers += 1
    assert (answers, written) == (200, 200)


@pytest.mark.parametrize("kind", SERVERS)
@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("by_deadline", [False, True])
async def test_a_handler_is_cancelled_when_its_caller_is_gone(kind: str, streamed: bool, by_deadline: bool) -> None:
    begun, ended = asyncio.Event(), []

    async def serve(_request: Any, context: Any) -> None:
        context.add_done_callback(lambda _context: ended.append("over"))
        begun.set()
        try:
            await asyncio.sleep(30)
        finally:
            ended.append("cancelled")

    async with served(stream(serve) if streamed else unary(serve), kind) as (channel, _):
        timeout = 0.3 if by_deadline else 20
        call = channel.stream_stream(path("Ask"))(timeout=timeout) if streamed else None
        call = call or channel.unary_unary(path("Ask"))(b"", timeout=timeout)
        await begun.wait()
        if not by_deadline:
            call.cancel()
        await until(lambda: sorted(ended) == ["cancelled", "over"])


async def test_who_asks_to_be_told_too_late_is_told_at_once_and_nothing_is_written_any_more() -> None:
    begun = asyncio.Event()
    told: list[Any] = []

    async def serve(_requests: Any, context: ServerCall) -> None:
        begun.set()
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            context.add_done_callback(told.append)
            assert told == [context]
            with pytest.raises(grpc.aio.InternalError):
                await context.write(b"")
            told.append(context)

    async with served(stream(serve)) as (channel, _):
        call = channel.stream_stream(path("Ask"))()
        await begun.wait()
        call.cancel()
        await until(lambda: len(told) == 2)


async def test_calls_that_came_while_the_loop_was_at_work_begin_together() -> None:
    turns: list[int] = []
    turn = 0

    def count() -> None:
        nonlocal turn
        turn += 1
        asyncio.get_running_loop().call_soon(count)

    async def serve(request: bytes, _context: Any) -> bytes:
        turns.append(turn)
        return request

    async with served(unary(serve)) as (channel, _):
        asks = [asyncio.ensure_future(channel.unary_unary(path("Ask"))(b"")) for _ in range(40)]
        await asyncio.sleep(0)
        count()
        time.sleep(0.2)  # noqa: ASYNC251 - the loop is at work
        await asyncio.gather(*asks)
    assert len(turns) == 40
    assert len(set(turns)) <= 10  # one by one it would be 40


@pytest.mark.parametrize("kind", SERVERS)
async def test_a_server_that_stops_lets_calls_end_within_its_grace_and_cancels_the_others(kind: str) -> None:
    release, ended = asyncio.Event(), []

    async def serve(request: bytes, _context: Any) -> bytes:
        try:
            await (release.wait() if request == b"short" else asyncio.sleep(30))
        finally:
            ended.append(request)
        return request

    server = SERVERS[kind]()
    server.add_registered_method_handlers(SERVICE, unary(serve))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        ask: Any = channel.unary_unary(path("Ask"))
        short, long = (asyncio.ensure_future(_outcome(ask(word))) for word in (b"short", b"long"))
        await asyncio.sleep(0.1)
        stopping = asyncio.ensure_future(server.stop(0.5))
        await asyncio.sleep(0.1)
        late = await _outcome(ask(b"short"))
        release.set()
        await stopping
        assert await short == b"short"
        assert await long != b"long"
        assert late == grpc.StatusCode.UNAVAILABLE
    assert sorted(ended) == [b"long", b"short"]


async def _outcome(call: Any) -> Any:
    try:
        return await call
    except grpc.aio.AioRpcError as error:
        return error.code()


async def test_a_server_stops_though_a_thread_is_slow_to_hand_over_what_it_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    catch = events._Watched._catch
    slow = False

    def catch_late(watched: events._Watched, event: Any) -> bool:
        time.sleep(0.03 if slow else 0)
        return catch(watched, event)

    async def serve(requests: Any, context: ServerCall) -> None:
        async for request in requests:
            await context.write(request)

    monkeypatch.setattr(events._Watched, "_catch", catch_late)
    for _ in range(8):
        slow = False
        async with served(stream(serve)) as (channel, _):
            calls = [channel.stream_stream(path("Ask"))() for _ in range(5)]
            for call in calls:
                await call.write(b"1")
                await call.read()
            await asyncio.sleep(0.01)
            slow = True


async def test_a_server_that_was_never_started_leaves_nothing() -> None:
    threads, descriptors = threading.active_count(), len(os.listdir("/proc/self/fd"))
    servers = [Server() for _ in range(5)]
    assert (threading.active_count(), len(os.listdir("/proc/self/fd"))) == (threads, descriptors)
    del servers


async def test_a_port_that_is_taken_is_refused() -> None:
    server = Server((("grpc.so_reuseport", 0),))
    port = server.add_insecure_port("127.0.0.1:0")
    with pytest.raises(RuntimeError, match=f"127.0.0.1:{port}"):
        Server((("grpc.so_reuseport", 0),)).add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    await server.stop(None)
