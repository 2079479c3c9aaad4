"""Streams of batches over connections to all workers of a gateway; each stream has one batch under way.

A client cannot choose the worker that its connection falls on. It opens a stream, reads in its initial metadata
which worker answers and how many there are, and tries again until it holds a connection to each of them.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import grpc

from gateway.client.connection import Connection
from gateway.client.errors import Broken, CannotConnect, ClientError, DeadlinePassed, GatewayRefusal, UnexpectedAnswer
from gateway.client.identity import Identity
from gateway.client.refusals import refusal_from
from gateway.client.retry import Retry, pause_seconds, retry_for

WORKER_KEY, WORKERS_KEY = "popgate-worker", "popgate-workers"
CONNECTIONS_MAX: Final = 64
LANES_PER_CONNECTION: Final = 2
"""While one batch is worked on, the other one travels."""
OPENINGS_PER_WORKER: Final = 8
"""Openings after which a connection to a worker that has one already is good enough."""
HELLO_SECONDS: Final = 10.0
STREAM_ENDED = "STREAM_ENDED"
_BROKEN = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED, grpc.StatusCode.INTERNAL)
"""Without a reason of the contract: the gateway's own faults have one. INTERNAL is what gRPC says of a message that
was being written when its connection broke."""


@dataclass(slots=True, eq=False)
class _Line:
    """One connection, to the worker that `word` names, and the streams open on it."""

    channel: grpc.aio.Channel
    identity: Identity
    word: str = ""
    streams: int = 0
    retired: bool = False

    async def leave(self) -> None:
        """A stream is over; the last one of a connection that is no longer used closes it."""
        self.streams -= 1
        if self.retired and not self.streams:
            await self.channel.close()

    async def retire(self) -> None:
        """Use it no more. Streams that are open on it go on."""
        self.retired = True
        if not self.streams:
            await self.channel.close()


@dataclass(slots=True, eq=False)
class Stream:
    """An open stream and the token it was opened with."""

    call: Any
    line: _Line
    token: str
    exchanges: int = 0


@dataclass(slots=True, eq=False)
class Seat:
    """A place for one connection; the connection in it is replaced when it breaks."""

    line: _Line | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Streams:
    """Opens streams of one method, seat by seat."""

    def __init__(self, connection: Connection, path: str) -> None:
        self._connection = connection
        self._path = path
        self._seats: list[Seat] = []
        self._workers = 1

    async def spread(self, patience_seconds: float) -> list[Seat]:
        """A seat for each worker that the gateway announces, at most 64. Raises ClientError, Broken."""
        patience = _Patience(self, patience_seconds)
        while len(self._seats) < min(self._workers, CONNECTIONS_MAX):
            seat = Seat()
            self._seats.append(seat)
            await self.close(await self._opened_in_the_end(seat, patience))
        return list(self._seats)

    async def _opened_in_the_end(self, seat: Seat, patience: _Patience) -> Stream:
        while True:
            try:
                return await self.open(seat)
            except ClientError as failure:
                await patience.wait(failure)

    async def open(self, seat: Seat) -> Stream:
        """A stream over the connection of a seat, or over a new one. Raises ClientError, Broken."""
        async with seat.lock:
            openings = 1
            while True:
                stream = await self._opened(seat)
                if openings > OPENINGS_PER_WORKER * self._workers or stream.line.word not in self._words(seat):
                    return stream
                await self.close(stream)
                await self.give_up(seat, stream.line)
                openings += 1

    async def _opened(self, seat: Seat) -> Stream:
        token = await self._connection.token()
        line, identity = seat.line, self._connection.identity
        if line is not None and line.identity is not identity:
            # The token is bound to a newer certificate than the connection.
            await self.give_up(seat, line)
            line = seat.line
        if line is None:
            line = seat.line = _Line(self._connection.another_channel(), self._connection.identity)
        call: Any = line.channel.stream_stream(self._path)(metadata=(("authorization", f"Bearer {token}"),))
        line.streams += 1
        stream = Stream(call, line, token)
        try:
            metadata = dict(await asyncio.wait_for(call.initial_metadata(), HELLO_SECONDS))
            if WORKER_KEY not in metadata:
                await asyncio.wait_for(call.read(), HELLO_SECONDS)  # raises what the stream was refused with
                raise UnexpectedAnswer("The gateway opened a stream without saying which worker serves it.")
        except (TimeoutError, grpc.aio.AioRpcError) as error:
            await self.close(stream)
            if isinstance(error, TimeoutError) or error.code() in _BROKEN:
                await self.give_up(seat, line)
            raise await self.failure(error, "", token) from error
        line.word = str(metadata[WORKER_KEY])
        self._workers = max(1, min(int(metadata.get(WORKERS_KEY, "1")), CONNECTIONS_MAX))
        return stream

    async def failure(self, error: grpc.aio.AioRpcError | TimeoutError, call_id: str, token: str) -> ClientError:
        """What the end of a stream means, the receipt of a refusal verified. Raises ReceiptInvalid.

        `token`, which the stream was opened with, is not used again when it was refused.
        """
        if isinstance(error, TimeoutError):
            return Broken("No answer came in time.", call_id=call_id)
        read = refusal_from(error, call_id)
        if read is not None:
            refusal, receipt = read
            if retry_for(refusal.reason) is Retry.RENEW_TOKEN:
                self._connection.drop_token(token)
            if receipt is not None:
                method = self._path.rpartition("/")[2]
                refusal.receipt = await self._connection.take_receipt(receipt, call_id, method, 0)
            return refusal
        if error.code() in _BROKEN:
            return Broken(error.details() or "no cause given", call_id=call_id)
        return UnexpectedAnswer(
            f"The gateway ended a stream with {error.code().name} ({error.details()}) without a reason of this "
            "contract; check that it is of this version.",
            call_id=call_id,
        )

    async def renew_certificate(self) -> None:
        """The certificate was replaced: streams are opened under the next one from now on. Raises ClientError."""
        await self._connection.renew()

    def _words(self, but: Seat) -> set[str]:
        """The workers that other seats are connected to."""
        return {seat.line.word for seat in self._seats if seat is not but and seat.line is not None}

    async def give_up(self, seat: Seat, line: _Line) -> None:
        """The connection of a seat broke or is of no use: the next stream gets another."""
        if seat.line is line:
            seat.line = None
            await line.retire()

    async def close(self, stream: Stream) -> None:
        """End a stream; what is under way on it is given up."""
        stream.call.cancel()
        await stream.line.leave()

    async def close_all(self) -> None:
        """Close every connection."""
        for seat in self._seats:
            if seat.line is not None:
                await seat.line.channel.close()


class _Patience:
    """Whether one batch, or the opening of the first streams, is tried again, and when.

    At once and once each: with a new token, with a new certificate, after a stream that ended in good order.
    """

    def __init__(self, streams: Streams, seconds: float) -> None:
        self._streams = streams
        self._give_up_at = time.monotonic() + seconds
        self._attempt = 0
        self._remedies = {Retry.RENEW_TOKEN, Retry.RENEW_CERTIFICATE}
        self._reopened = False

    async def wait(self, failure: ClientError) -> None:
        """Return when it is time to try again. Raises `failure` when it is for good, or patience would end before.

        Raises ClientError when a new certificate is needed and does not come.
        """
        again, seconds = Retry.LATER, None
        if isinstance(failure, GatewayRefusal):
            again, seconds = retry_for(failure.reason), failure.retry_seconds
            if failure.reason == STREAM_ENDED and not self._reopened:
                self._reopened = True
                return
        elif not isinstance(failure, Broken):
            raise failure
        if again in self._remedies:
            self._remedies.discard(again)
            if again is Retry.RENEW_CERTIFICATE:
                await self._streams.renew_certificate()
            return
        if again not in (Retry.LATER, Retry.LATER_IF_REPEATABLE):
            raise failure
        self._attempt += 1
        pause = pause_seconds(self._attempt, seconds, random.random)
        if time.monotonic() + pause >= self._give_up_at:
            raise failure
        await asyncio.sleep(pause)


def _may_have_answered(failure: ClientError) -> bool:
    if isinstance(failure, GatewayRefusal):
        return retry_for(failure.reason) is Retry.LATER_IF_REPEATABLE
    return isinstance(failure, Broken)


class Lane:
    """One stream after the other over one seat; a batch that got no answer is sent again under its call id."""

    def __init__(self, streams: Streams, seat: Seat, timeout_seconds: float, patience_seconds: float) -> None:
        """`timeout_seconds`: for one answer. `patience_seconds`: how long one batch is tried for."""
        self._streams = streams
        self._seat = seat
        self._timeout_seconds = timeout_seconds
        self._patience_seconds = patience_seconds
        self._stream: Stream | None = None
        self._answered = False

    async def ask(self, request: Callable[[bool], bytes], call_id: str) -> tuple[bytes, int]:
        """The answer frame, and how often the batch was sent again although it might have been answered.

        `request` gives the message; it is told whether the stream knows context and mask. Raises GatewayRefusal,
        Broken when patience ends, UnexpectedAnswer.
        """
        repeats, patience = 0, _Patience(self._streams, self._patience_seconds)
        while True:
            written = [False]
            try:
                return await self._exchange(request, written), repeats
            except (grpc.aio.AioRpcError, TimeoutError, ClientError) as error:
                failure = await self._failure(error, call_id)
                await self._end(broken=isinstance(failure, Broken))
            repeats += written[0] and _may_have_answered(failure)
            await patience.wait(failure)

    async def _failure(self, error: Exception, call_id: str) -> ClientError:
        if isinstance(error, CannotConnect | DeadlinePassed) and self._answered:
            return Broken(error.sentence, call_id=call_id)  # no new token now; the gateway may be starting again
        if isinstance(error, grpc.aio.AioRpcError | TimeoutError):
            return await self._streams.failure(error, call_id, self._stream.token if self._stream else "")
        assert isinstance(error, ClientError)
        return error

    async def _exchange(self, request: Callable[[bool], bytes], written: list[bool]) -> bytes:
        stream = self._stream
        if stream is None:
            stream = self._stream = await self._streams.open(self._seat)
        async with asyncio.timeout(self._timeout_seconds):
            message = request(stream.exchanges > 0)
            written[0] = True
            try:
                await stream.call.write(message)
            except asyncio.InvalidStateError:
                written[0] = False  # the stream had ended before: reading tells how
            answer = await stream.call.read()
        if answer is grpc.aio.EOF:
            raise Broken("The gateway ended the stream without an answer.")
        stream.exchanges += 1
        self._answered = True
        return answer  # type: ignore[no-any-return]

    async def _end(self, *, broken: bool) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            await self._streams.close(stream)
            if broken:
                await self._streams.give_up(self._seat, stream.line)

    async def close(self) -> None:
        """End the stream."""
        await self._end(broken=False)
