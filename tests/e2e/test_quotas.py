"""Every limit of a grant is exact, whichever worker is asked, and while sequencer, worker or everything is killed."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2

from gateway.agency.grants import Quota
from gateway.api.v1 import lookup_service_pb2, options_pb2, reason_pb2
from gateway.audit.entry import Kind
from gateway.audit.tags import day_end_us
from tests.caller import BATCH_LOOK_UP, LOOK_UP, STREAM_LOOK_UP, Reply, batch_request, look_up_request, refused
from tests.e2e.load import Ledger, Load
from tests.gateway import Gateway, Member
from tests.world import number_of

_METHODS = ("LookUpPerson", "BatchLookUpPersons", "StreamLookUpPersons")
_FIELDS = ("number", "name")
PEOPLE, SINGLE = 150, 40
RATE, BURST = 25, 10


def _member(*quotas: Quota) -> Member:
    return Member(options_pb2.AGENCY_CLASS_HEALTH, _METHODS, "health.admission", _FIELDS, quotas=quotas)


METERED = {
    "by-day": _member(Quota(people_per_day=PEOPLE)),
    "by-restart": _member(Quota(people_per_day=PEOPLE)),
    "by-method": _member(Quota("LookUpPerson", people_per_day=SINGLE), Quota(people_per_day=SINGLE + 25)),
    "by-rate": _member(Quota("LookUpPerson", calls_per_second=RATE, calls_burst=BURST)),
    "by-stream": _member(Quota("StreamLookUpPersons", streams_at_once=2)),
    "by-call": _member(Quota(calls_at_once=1)),
}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, registry: Path) -> Iterator[Gateway]:
    """A gateway with metered agencies, to be struck."""
    gateway = Gateway(tmp_path_factory.mktemp("metered") / "state")
    gateway.prepare(registry)
    gateway.admit(METERED)
    try:
        gateway.start()
        yield gateway
    finally:
        gateway.stop()


class Asking:
    """Callers of one agency over several connections, so that both workers are asked."""

    def __init__(self, gateway: Gateway, agency: str) -> None:
        self.gateway, self.agency = gateway, agency
        self.context = METERED[agency].context
        self.people = 0
        """People in all answers."""
        self.ended: Counter[str] = Counter()
        """Calls by the reason, or the status, they ended with; answered ones under the empty one."""
        self.refusal: Reply | None = None
        self._load = Load(gateway, Ledger(agency), lambda _at: ("", b""))
        self._stack = AsyncExitStack()
        self.channels: list[grpc.aio.Channel] = []

    async def __aenter__(self) -> Asking:
        self.channels = [await self._stack.enter_async_context(self._load.channel()) for _ in range(6)]
        await self._load.get_ready(self.channels[0])
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._stack.aclose()

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        return (("authorization", f"Bearer {self._load._token}"),)

    async def single(self, channel: grpc.aio.Channel, position: int = 1) -> str:
        request = look_up_request(number_of(position), _FIELDS, self.context)
        body = await self._ask(channel, LOOK_UP, request)
        self.people += body is not None
        return "" if body is not None else next(reversed(self.ended))

    async def batch(
        self, channel: grpc.aio.Channel, people: int
    ) -> lookup_service_pb2.BatchLookUpPersonsResponse | None:
        request = batch_request([number_of(at) for at in range(1, people + 1)], _FIELDS, self.context)
        body = await self._ask(channel, BATCH_LOOK_UP, request)
        if body is None:
            return None
        response = lookup_service_pb2.BatchLookUpPersonsResponse.FromString(body)
        found = sum(result.HasField("person") for result in response.results)
        assert found == response.people_count
        self.people += found
        return response

    async def _ask(self, channel: grpc.aio.Channel, method: str, request: Any) -> bytes | None:
        call: Any = channel.unary_unary(method)
        try:
            body: bytes = await call(request.SerializeToString(), metadata=self.metadata, timeout=10)
        except grpc.aio.AioRpcError as error:
            reply = refused(error)
            if reply.reason == "QUOTA_EXHAUSTED":
                self.refusal = reply
            self.ended[reply.reason or reply.code.name] += 1
            return None
        self.ended[""] += 1
        return body

    async def until(self, ended: int, reason: str, callers: int = 8) -> None:
        """Single look-ups without pause, until so many ended with `reason`."""
        channels = itertools.cycle(self.channels)

        async def ask_on(channel: grpc.aio.Channel) -> None:
            while self.ended[reason] < ended:
                await self.single(channel)
                await asyncio.sleep(0)

        await asyncio.gather(*[ask_on(next(channels)) for _ in range(callers)])

    def in_log(self) -> int:
        """People that the log says were disclosed to the agency."""
        entries = [entry for entry in self.gateway.log() if entry.agency == self.agency]
        return sum(entry.people for entry in entries if entry.kind is Kind.DISCLOSURE)


@asynccontextmanager
async def _asking(gateway: Gateway, agency: str) -> AsyncIterator[Asking]:
    async with Asking(gateway, agency) as asking:
        yield asking


def _failure(reply: Reply | None) -> tuple[list[tuple[str, str]], float]:
    assert reply is not None
    failure = error_details_pb2.QuotaFailure()
    assert any(detail.Unpack(failure) for detail in status_pb2.Status.FromString(reply.status).details)
    assert reply.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert reply.retry_seconds is not None
    return [(violation.subject, violation.description) for violation in failure.violations], reply.retry_seconds


async def _once(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def test_people_of_a_day_are_exact_while_the_sequencer_is_killed(gateway: Gateway) -> None:
    async with _asking(gateway, "by-day") as asking:
        load = asyncio.create_task(asking.until(8, "QUOTA_EXHAUSTED"))
        await _once(lambda: asking.people >= PEOPLE // 3)
        os.kill(gateway.sequencer(), signal.SIGKILL)
        await load
        await _check_used_up(asking)
        violations, retry_seconds = _failure(asking.refusal)
        assert violations == [("agency:by-day", "people a day, in Viet Nam's time, for this method and purpose")]
        now = time.time()
        assert retry_seconds == pytest.approx(day_end_us(int(now * 1e6)) / 1e6 - now, abs=60)
        assert await asking.batch(asking.channels[0], 1) is None
        assert gateway.metric("gateway_admission_remembered", kind="people") >= 1
        assert gateway.metric("gateway_refusals_total", agency="by-day", reason="QUOTA_EXHAUSTED") >= 8


@pytest.mark.slow
async def test_people_of_a_day_are_exact_while_everything_is_killed(gateway: Gateway) -> None:
    async with _asking(gateway, "by-restart") as asking:
        load = asyncio.create_task(asking.until(8, "QUOTA_EXHAUSTED"))
        await _once(lambda: asking.people >= PEOPLE // 2)
        await asyncio.to_thread(gateway.kill)
        await asyncio.to_thread(gateway.start)
        await load
        await _check_used_up(asking)
        # The snapshot of an orderly end serves too.
        await asyncio.to_thread(gateway.stop)
        await asyncio.to_thread(gateway.start)
        await asking.until(asking.ended["QUOTA_EXHAUSTED"] + 1, "QUOTA_EXHAUSTED")
        assert asking.in_log() == PEOPLE


async def _check_used_up(asking: Asking) -> None:
    """What was used up is what stands in the log, also where a killed process left a caller without its answer."""
    await _once(lambda: asking.in_log() >= PEOPLE)
    assert asking.in_log() == PEOPLE
    assert asking.people <= PEOPLE


async def test_a_batch_gets_what_the_day_still_has_room_for(gateway: Gateway) -> None:
    async with _asking(gateway, "by-method") as asking:
        await asking.until(1, "QUOTA_EXHAUSTED")
        assert asking.people == SINGLE
        batches = [asking.batch(channel, 10) for channel in asking.channels]
        answers = [answer for answer in await asyncio.gather(*batches) if answer is not None]
        assert asking.people == SINGLE + 25
        results = [result for answer in answers for result in answer.results]
        assert len(results) == 30
        left_out = [result for result in results if not result.HasField("person")]
        assert {result.reason for result in left_out} == {reason_pb2.ERROR_REASON_QUOTA_EXHAUSTED}
        assert {result.version for result in left_out} == {0}
        await _once(lambda: asking.in_log() >= SINGLE + 25)
        assert asking.in_log() == SINGLE + 25


@pytest.mark.slow
async def test_a_rate_is_kept_while_the_sequencer_is_killed(gateway: Gateway) -> None:
    async with _asking(gateway, "by-rate") as asking:
        began = time.monotonic()
        load = asyncio.create_task(asking.until(2 * BURST + RATE, ""))
        await _once(lambda: asking.ended[""] > BURST)
        os.kill(gateway.sequencer(), signal.SIGKILL)
        await load
        seconds = time.monotonic() - began
        assert asking.ended[""] <= BURST + RATE * seconds + 1
        assert set(asking.ended) <= {"", "QUOTA_EXHAUSTED", "AUDIT_UNAVAILABLE"}
        violations, retry_seconds = _failure(asking.refusal)
        assert violations == [("agency:by-rate", f"{RATE} calls a second, {BURST} at once")]
        assert 0 < retry_seconds <= 1 / RATE + 0.001


@pytest.mark.slow
async def test_open_streams_are_counted_over_both_workers_through_a_killed_sequencer_and_worker(
    gateway: Gateway,
) -> None:
    async with _asking(gateway, "by-stream") as asking:
        channels = itertools.cycle(asking.channels)

        async def opened() -> Any:
            """A stream with its first message answered, or the reason of its refusal."""
            call: Any = next(channels).stream_stream(STREAM_LOOK_UP)
            stream = call(metadata=asking.metadata, timeout=60)
            batch = batch_request([number_of(1)], _FIELDS, asking.context)
            try:
                await stream.write(lookup_service_pb2.StreamLookUpPersonsRequest(batch=batch).SerializeToString())
                assert await stream.read() is not grpc.aio.EOF
            except grpc.aio.AioRpcError as error:
                asking.refusal = refused(error)
                return asking.refusal.reason or asking.refusal.code.name
            return stream

        async def until_opened() -> Any:
            deadline = time.monotonic() + 20
            while isinstance(stream := await opened(), str):
                assert time.monotonic() < deadline, stream
                await asyncio.sleep(0.05)
            return stream

        streams = [await until_opened(), await until_opened()]
        assert await opened() == "QUOTA_EXHAUSTED"
        assert _failure(asking.refusal)[0] == [("agency:by-stream", "2 streams open at the same time")]
        # Whoever comes first to the new sequencer gets no place that another worker's stream still holds.
        os.kill(gateway.sequencer(), signal.SIGKILL)
        deadline = time.monotonic() + 4
        while time.monotonic() < deadline:
            assert await opened() in ("QUOTA_EXHAUSTED", "AUDIT_UNAVAILABLE")
            await asyncio.sleep(0.2)
        streams.pop().cancel()
        streams.append(await until_opened())
        for worker in gateway.serving_workers():
            os.kill(worker, signal.SIGKILL)
        streams = [await until_opened(), await until_opened()]
        for stream in streams:
            stream.cancel()


async def test_calls_at_once_are_let_in_one_after_another_and_leave_nothing_behind(gateway: Gateway) -> None:
    async with _asking(gateway, "by-call") as asking:
        await asking.until(30, "")
        assert set(asking.ended) <= {"", "QUOTA_EXHAUSTED"}
        if asking.refusal is not None:
            assert _failure(asking.refusal)[0] == [("agency:by-call", "1 calls open at the same time")]
        await _once(lambda: gateway.metric("gateway_admission_remembered", kind="permits") == 0)
        assert await asking.single(asking.channels[0]) == ""
