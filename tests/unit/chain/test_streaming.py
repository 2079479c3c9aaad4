"""Streams over real gRPC, with steps that do as the test says: order, bounds, ends, and nothing left behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import grpc
import pytest
from google.rpc import status_pb2
from grpc_status import rpc_status

from gateway.api.v1 import lookup_service_pb2
from gateway.audit.permits import Permits
from gateway.chain import streaming as streaming_module
from gateway.chain.admit import Admitter
from gateway.chain.base import Answer, Call
from gateway.chain.decode import decode
from gateway.chain.held import HELD_BYTES_MAX, LARGE_BYTES, Held
from gateway.chain.methods import Method, compile_methods
from gateway.chain.places import StreamPlaces
from gateway.chain.streaming import Streaming
from gateway.chain.translate import rich_status
from gateway.errors import ArgumentInvalid, CredentialExpired, GatewayError, Internal
from gateway.rpc import Server
from tests.caller import Reply, refused

METHOD = compile_methods()["StreamLookUpPersons"]
PATH = f"/{METHOD.service}/{METHOD.name}"
Frame = lookup_service_pb2.StreamLookUpPersonsResponse
Complete = Callable[[Call], Awaitable[bytes]]


class Steps:
    """The steps, without credentials, roles and log: a message is answered by `complete`."""

    def __init__(self, complete: Complete) -> None:
        self.held = Held()
        self.at_work = 0
        self.recorded = 0
        self.turn = asyncio.Event()
        self.turn.set()
        self._complete = complete

    def enter(self) -> None:
        self.at_work += 1

    def leave(self, _method: Method, _started: float) -> None:
        self.at_work -= 1

    def check_room(self) -> None:
        pass

    def identify(self, call: Call, _peer: Any, _metadata: Any) -> None:
        call.principal = SimpleNamespace(agency="hospital")  # type: ignore[assignment]

    def check(self, call: Call, peer: Any, metadata: Any) -> None:
        self.identify(call, peer, metadata)
        if any(call.request):  # some tests send nothing but length
            decode(call)

    async def take_share(self, _call: Call, _agency: str) -> None:
        await self.turn.wait()

    def end_share(self, _call: Call) -> None:
        pass

    async def complete(self, call: Call, _behaviour: Any) -> bytes:
        answer = await self._complete(call)
        assert call.hold is not None
        call.hold(len(answer))
        self.recorded += 1
        return answer

    async def refuse(self, call: Call, error: Exception) -> status_pb2.Status:
        return rich_status(error if isinstance(error, GatewayError) else Internal(), call.call_id, None)


def _admitter() -> Admitter:
    return Admitter(Permits(), lambda _seconds: None)


async def _never(call: Call, request: Any) -> Answer:
    raise AssertionError("the steps answer")


async def _abort(context: Any, status: status_pb2.Status) -> None:
    await context.abort_with_status(rpc_status.to_status(status))


@asynccontextmanager
async def _stream(complete: Complete, seconds_max: float = 30.0) -> AsyncIterator[tuple[Any, Steps, Streaming]]:
    """An open stream to a server of its own."""
    steps = Steps(complete)
    streaming = Streaming(
        steps, StreamPlaces(_admitter()), lambda count: bytes(count), ("seat", 3), _abort, seconds_max
    )
    server = Server()
    handler = streaming.handler(METHOD, _never)
    server.add_registered_method_handlers(METHOD.service, {METHOD.name: handler})
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        call: Any = channel.stream_stream(PATH)(timeout=20)
        yield call, steps, streaming
        call.cancel()
    await server.stop(None)
    assert steps.at_work == 0
    assert steps.held._bytes == {}
    assert streaming.places._open == {}


async def _answers(call: Any) -> tuple[list[Frame], Reply]:
    """All that is left of a stream."""
    frames: list[Frame] = []
    try:
        while (raw := await call.read()) is not grpc.aio.EOF:
            frames.append(Frame.FromString(raw))
    except grpc.aio.AioRpcError as error:
        return frames, refused(error)
    return frames, Reply(await call.code())


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - what changes has no event to wait for
            await asyncio.sleep(0.005)


def _asked(case: str, path: str, *, reference: str = "", call_id: str = "") -> bytes:
    """A request frame about one person; `case` empty: context and mask are left out."""
    request = lookup_service_pb2.StreamLookUpPersonsRequest(call_id=call_id)
    request.batch.items.add(number="001090000001", reference=reference)
    if case:
        context = request.batch.context
        context.purpose, context.legal_basis, context.officer = "health.admission", "law26/2023:art10", "nv-1"
        context.case_reference = case
        request.batch.field_mask.paths.append(path)
    return request.SerializeToString()


def _people(count: int) -> bytes:
    return lookup_service_pb2.BatchLookUpPersonsResponse(people_count=count).SerializeToString()


async def test_answers_leave_in_order_whoever_is_ready_first() -> None:
    second = asyncio.Event()

    async def complete(call: Call) -> bytes:
        if call.sequence == 1:
            await second.wait()
        second.set()
        return _people(call.sequence)

    async with _stream(complete) as (call, _, _):
        for _ in range(3):
            await call.write(b"")
        await call.done_writing()
        frames, end = await _answers(call)
    assert [(frame.sequence, frame.batch.people_count) for frame in frames] == [(1, 1), (2, 2), (3, 3)]
    assert end.code is grpc.StatusCode.OK


async def test_two_messages_of_a_stream_are_at_work_at_once_and_no_third() -> None:
    most = 0
    more = asyncio.Event()

    async def complete(_call: Call) -> bytes:
        nonlocal most
        most = max(most, steps.at_work)
        if steps.at_work == 2:
            more.set()
        await more.wait()
        return b""

    async with _stream(complete) as (call, steps, _):
        for _ in range(8):
            await call.write(b"")
        await call.done_writing()
        frames, _ = await _answers(call)
    assert (len(frames), most) == (8, 2)


def _large() -> bytes:
    """A mebibyte: gRPC sends a few ahead of a caller that reads none."""
    result = lookup_service_pb2.LookUpResult(reference="x" * (1 << 20))
    return lookup_service_pb2.BatchLookUpPersonsResponse(results=[result]).SerializeToString()


@pytest.mark.parametrize(
    ("error", "reason"), [(CredentialExpired(), "CREDENTIAL_EXPIRED"), (ValueError("fault"), "INTERNAL")]
)
async def test_what_ends_a_stream_does_so_after_the_answers_before_it(error: Exception, reason: str) -> None:
    async def complete(call: Call) -> bytes:
        if call.sequence == 1:
            await asyncio.sleep(0.02)
        if call.sequence == 2:
            raise error
        return _people(call.sequence)

    async with _stream(complete) as (call, _, _):
        await call.write(b"")
        await call.write(b"")
        frames, end = await _answers(call)
    assert ([frame.sequence for frame in frames], end.reason) == ([1], reason)


async def test_a_mistake_is_answered_in_its_place() -> None:
    async def complete(call: Call) -> bytes:
        if call.sequence == 2:
            raise ArgumentInvalid
        return _people(call.sequence)

    async with _stream(complete) as (call, _, _):
        for _ in range(3):
            await call.write(b"")
        await call.done_writing()
        frames, end = await _answers(call)
    assert [frame.HasField("batch") for frame in frames] == [True, False, True]
    assert frames[1].refusal.code == grpc.StatusCode.INVALID_ARGUMENT.value[0]
    assert end.code is grpc.StatusCode.OK


async def test_an_old_stream_ends_in_good_order() -> None:
    async def complete(call: Call) -> bytes:
        await asyncio.sleep(0.1)
        return _people(call.sequence)

    async with _stream(complete, seconds_max=0.05) as (call, _, _):
        await call.write(b"")
        frames, end = await _answers(call)
    assert ([frame.sequence for frame in frames], end.reason) == ([1], "STREAM_ENDED")
    assert end.code is grpc.StatusCode.UNAVAILABLE


async def test_a_caller_that_takes_nothing_keeps_no_place_and_what_it_leaves_is_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(streaming_module, "STREAM_TAKEN_SECONDS_MAX", 0.05)
    answer = _large()

    async def complete(_call: Call) -> bytes:
        return answer

    async with _stream(complete, seconds_max=0.3) as (call, steps, streaming):
        for _ in range(16):
            await call.write(b"")
        await _until(lambda: steps.held._bytes == {"hospital": 2 * len(answer)})
        await _until(lambda: streaming.places._open == {})
        # Of the two that were ready, gRPC has one.
        assert steps.held._bytes == {"hospital": len(answer)}
        assert steps.at_work == 0
        frames, end = await _answers(call)
        await _until(lambda: steps.held._bytes == {})
    assert [frame.sequence for frame in frames] == list(range(1, len(frames) + 1))
    assert end.reason == "STREAM_ENDED"


async def test_who_leaves_with_an_answer_untaken_holds_it_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming_module, "STREAM_TAKEN_SECONDS_MAX", 0.05)

    async def complete(_call: Call) -> bytes:
        return _large()

    async with _stream(complete, seconds_max=0.3) as (call, steps, streaming):
        for _ in range(16):
            await call.write(b"")
        await _until(lambda: steps.held._bytes != {} and streaming.places._open == {})
        call.cancel()
        await _until(lambda: steps.held._bytes == {})


async def test_a_stream_ends_in_good_order_when_the_process_stops() -> None:
    begun = asyncio.Event()

    async def complete(call: Call) -> bytes:
        begun.set()
        await asyncio.sleep(0.02)
        return _people(call.sequence)

    async with _stream(complete) as (call, _, streaming):
        await call.write(b"")
        await begun.wait()
        streaming.stop()
        frames, end = await _answers(call)
    assert ([frame.sequence for frame in frames], end.reason) == ([1], "STREAM_ENDED")


async def test_who_leaves_takes_the_work_and_the_bytes_along() -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def complete(_call: Call) -> bytes:
        begun.set()
        try:
            await asyncio.sleep(30)
        finally:
            ended.set()
        return b""

    async with _stream(complete) as (call, steps, _):
        await call.write(bytes(LARGE_BYTES))
        await begun.wait()
        assert steps.held._bytes == {"hospital": LARGE_BYTES}
        call.cancel()
        await asyncio.wait_for(ended.wait(), 10)


async def test_a_stream_ends_when_its_agency_holds_too_much_and_nothing_was_recorded() -> None:
    async def complete(_call: Call) -> bytes:
        return bytes(LARGE_BYTES)

    async with _stream(complete) as (call, steps, _):
        taken = steps.held.take("hospital", HELD_BYTES_MAX - LARGE_BYTES + 1)
        await call.write(b"")
        frames, end = await _answers(call)
        steps.held.release("hospital", taken)
    assert (steps.recorded, frames, end.reason) == (0, [], "STREAMS_EXHAUSTED")


async def test_what_was_begun_in_time_is_answered_however_long_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming_module, "STREAM_TAKEN_SECONDS_MAX", 0.1)

    async def complete(call: Call) -> bytes:
        await asyncio.sleep(0.4 if call.sequence == 1 else 0.2)
        return _people(call.sequence)

    async with _stream(complete, seconds_max=0.1) as (call, _, _):
        await call.write(b"")
        await call.write(b"")
        frames, end = await _answers(call)
    assert ([frame.sequence for frame in frames], end.reason) == ([1, 2], "STREAM_ENDED")


@pytest.mark.parametrize(
    ("second", "case"),
    [({}, "first"), ({"reference": "x" * 65}, "second"), ({"call_id": "not one"}, "")],
)
async def test_what_a_message_leaves_out_is_that_of_the_one_before_though_it_was_refused(
    second: dict[str, str], case: str
) -> None:
    worked_on = []

    async def complete(call: Call) -> bytes:
        worked_on.append((call.sequence, call.case_reference, call.message.field_mask.paths[0]))
        return _people(call.sequence)

    async with _stream(complete) as (call, _, _):
        await call.write(_asked("first", "number"))
        await call.write(_asked("second", "sex", **second) if second else _asked("", ""))
        await call.write(_asked("", ""))
        await call.done_writing()
        frames, end = await _answers(call)
    assert [frame.HasField("batch") for frame in frames] == [True, not second, bool(case)]
    assert worked_on[-1][:2] == (3, case) if case else worked_on == [(1, "first", "number")]
    assert end.code is grpc.StatusCode.OK


async def test_what_waits_for_its_turn_is_counted() -> None:
    async def complete(_call: Call) -> bytes:
        return b""

    async with _stream(complete) as (call, steps, _):
        taken = steps.held.take("hospital", HELD_BYTES_MAX - LARGE_BYTES)
        steps.turn.clear()
        await call.write(bytes(LARGE_BYTES))
        await call.write(bytes(LARGE_BYTES))
        await _until(lambda: steps.held._bytes == {"hospital": HELD_BYTES_MAX})
        steps.turn.set()
        frames, end = await _answers(call)
        steps.held.release("hospital", taken)
    assert ([frame.sequence for frame in frames], end.reason) == ([1], "STREAMS_EXHAUSTED")


async def test_a_stream_says_who_serves_it_before_anything_is_asked() -> None:
    async def complete(_call: Call) -> bytes:
        return b""

    async with _stream(complete) as (call, _, _):
        metadata = dict(await call.initial_metadata())
        await call.done_writing()
        await _answers(call)
    assert (metadata["popgate-worker"], metadata["popgate-workers"]) == ("seat", "3")
