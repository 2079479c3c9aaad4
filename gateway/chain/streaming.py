"""The way of a stream: every message passes the steps of a call, answers leave in the order of the messages.

open:    identify -> authenticate -> a place
message: authenticate -> decode -> authorise -> the role -> record -> answer frame with its receipt

A message that its caller can correct (`CallerMistake`) is refused in its answer frame, and the stream goes on. Any
other refusal ends the stream, once everything before it was answered. A stream ends by itself after 50 s, and when
the process stops: with STREAM_ENDED, after all that was begun; the caller opens another and goes on. Answers that its
caller does not take within 5 s more are given up. It is that short because a connection that has reached its age is
cut one minute later, and because a token then hardly ever expires on the way; when it does, the stream ends with
CREDENTIAL_EXPIRED.

To add a streamed method, write its batch method first. Then give the contract `rpc Stream...` with a request frame
`{<batch request> batch = 1; string call_id = 2;}` and a response frame `{<batch response> batch = 1;
google.rpc.Status refusal = 2; uint32 sequence = 3; string call_id = 4;}`, and the role a method of that name which
takes the call and the *batch* request and returns its `Answer`: all else is done here.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Any, Protocol

import grpc
from google.rpc import status_pb2

from gateway.chain.base import Behaviour, Call
from gateway.chain.frame import answer_frame, refusal_frame
from gateway.chain.held import Held
from gateway.chain.identify import call_id_of, check_deadline
from gateway.chain.methods import Method
from gateway.chain.places import StreamPlaces
from gateway.chain.translate import rich_status
from gateway.config import BATCHES_PER_STREAM_AT_ONCE, STREAM_SECONDS_MAX, STREAM_TAKEN_SECONDS_MAX
from gateway.errors import CallerMistake, StreamEnded

WORKER_KEY, WORKERS_KEY = "popgate-worker", "popgate-workers"
"""Initial metadata of a stream: which worker serves it (an opaque word, new with each start), and how many there
are. A caller that wants to keep all of them busy opens connections until it has met that many words."""

REOPEN_SECONDS = 0.05
"""What RetryInfo says of a stream that ended in good order."""


class Steps(Protocol):
    """The steps of the chain that calls and messages share."""

    held: Held

    def enter(self) -> None:
        """Count a call in flight."""

    def check_room(self) -> None:
        """Raises StreamsExhausted when too many are in flight."""

    def leave(self, method: Method, started: float) -> None:
        """The call that entered at `started` is over."""

    async def take_share(self, call: Call, agency: str) -> None:
        """Wait for the turn of a large message."""

    def end_share(self, call: Call) -> None:
        """Leave the turn to others, if it is held."""

    def check(self, call: Call, peer: Any, metadata: Any) -> None:
        """Authenticate, decode, authorise, verify the signature."""

    def identify(self, call: Call, peer: Any, metadata: Any) -> None:
        """Authenticate alone."""

    async def complete(self, call: Call, behaviour: Behaviour) -> bytes:
        """The answer with its receipt, durable."""

    async def refuse(self, call: Call, error: Exception) -> status_pb2.Status:
        """Record and translate a refusal, or a failure."""


class _Refused(Exception):
    """Ends the stream with a status."""

    def __init__(self, status: status_pb2.Status) -> None:
        super().__init__()
        self.status = status


class Streaming:
    """Serves the streamed methods of one listener."""

    def __init__(
        self,
        steps: Steps,
        places: StreamPlaces,
        random: Callable[[int], bytes],
        seat: tuple[str, int],
        abort: Callable[[Any, status_pb2.Status], Any],
        seconds_max: float = STREAM_SECONDS_MAX,
    ) -> None:
        """`seat`: this worker's word and the number of workers. `abort` ends a call with a status."""
        self.seconds_max = seconds_max
        self.steps = steps
        self.places = places
        self.random = random
        self.seat = ((WORKER_KEY, seat[0]), (WORKERS_KEY, str(seat[1])))
        self.abort = abort
        self.stopping: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done once the process stops."""

    def stop(self) -> None:
        """End every stream in good order."""
        if not self.stopping.done():
            self.stopping.set_result(None)

    def handler(self, method: Method, behaviour: Behaviour) -> grpc.RpcMethodHandler[Any, Any]:
        """The gRPC handler of a streamed method: exact bytes in, exact bytes out."""

        async def serve(_requests: Any, context: Any) -> None:
            stream = _Stream(self, method, behaviour, context)
            try:
                status = await stream.serve()
                if status is not None:
                    # Raised when the caller is gone before it took the status; gRPC would log it.
                    with contextlib.suppress(grpc.aio.InternalError):
                        await self.abort(context, status)
            finally:
                stream.close()

        return grpc.stream_stream_rpc_method_handler(serve)


class _Stream:
    """One stream. Messages are read and worked on while earlier answers wait to be taken, at most two at once."""

    def __init__(self, streaming: Streaming, method: Method, behaviour: Behaviour, context: Any) -> None:
        self._streaming = streaming
        self._steps = streaming.steps
        self._method = method
        self._behaviour = behaviour
        self._context = context
        self._metadata = context.invocation_metadata()
        self._peer = context.auth_context()
        self._opened = Call(method, call_id_of(self._metadata, streaming.random), b"")
        self._before: Any = None
        self._sequence = 0
        self._ends_at = time.monotonic() + streaming.seconds_max
        self._ended_here = False
        self._room = asyncio.Semaphore(BATCHES_PER_STREAM_AT_ONCE)
        self._decoding = asyncio.Lock()
        self._held_bytes = 0
        self._sending_bytes = 0
        self._begun: asyncio.Queue[asyncio.Task[tuple[bytes, int]] | None] = asyncio.Queue()
        self._tasks: set[asyncio.Task[Any]] = set()

    async def serve(self) -> status_pb2.Status | None:
        """Answer until the caller has said all, or the stream has to end; the status to end it with, None: well."""
        self._context.set_trailing_metadata((("popgate-call-id", self._opened.call_id.hex()),))
        places = self._streaming.places
        try:
            check_deadline(self._context.time_remaining())
            self._steps.identify(self._opened, self._peer, self._metadata)
            places.enter(self._opened)
        except Exception as error:
            return await self._steps.refuse(self._opened, error)
        try:
            async with self._taking():
                await self._context.send_initial_metadata(self._streaming.seat)
            self._start(self._read())
            await self._answer()
        except _Refused as refused:
            return refused.status
        except TimeoutError:
            self._ended_here = True
        finally:
            places.leave(self._opened)
            for task in self._tasks:
                task.cancel()
            self._release(self._held_bytes - self._sending_bytes)
        if self._ended_here:
            return rich_status(StreamEnded(retry_seconds=REOPEN_SECONDS), self._opened.call_id, None)
        return None

    def close(self) -> None:
        """The call is over for gRPC too.

        gRPC keeps an answer that it was given until the caller takes it or is gone, and sends the status behind it; it
        cannot be told to drop one. So that answer counts as held until then.
        """
        self._release(self._held_bytes)

    async def _answer(self) -> None:
        """Send each answer in its turn, as fast as the caller takes them. Raises _Refused, TimeoutError."""
        while (work := await self._begun.get()) is not None:
            frame, self._sending_bytes = await work
            async with self._taking():
                await self._context.write(frame)
            self._release(self._sending_bytes)
            self._sending_bytes = 0
            self._room.release()

    def _taking(self) -> asyncio.Timeout:
        """How long the caller may leave untaken what it is sent."""
        return asyncio.timeout(max(0.0, self._ends_at - time.monotonic()) + STREAM_TAKEN_SECONDS_MAX)

    async def _read(self) -> None:
        """Begin the work on each message, when there is room for its answer."""
        try:
            while True:
                await self._room.acquire()
                request = await self._next()
                if request is None:
                    break
                self._sequence += 1
                self._begun.put_nowait(self._start(self._work(request, self._sequence)))
        finally:
            self._begun.put_nowait(None)

    async def _next(self) -> bytes | None:
        """The next message; None when the caller has said all or the stream has to end."""
        read = self._start(self._context.read())
        left = max(0.0, self._ends_at - time.monotonic())
        await asyncio.wait((read, self._streaming.stopping), timeout=left, return_when=asyncio.FIRST_COMPLETED)
        if not read.done():
            # The message that arrives meanwhile is not begun, and its caller sends it again.
            self._ended_here = True
            return None
        request = read.result()
        return None if request is grpc.aio.EOF else request

    async def _work(self, request: bytes, sequence: int) -> tuple[bytes, int]:
        """The answer frame of one message, and the bytes held until it is taken. Raises _Refused."""
        started = time.monotonic()
        call = Call(self._method, self._streaming.random(16), request, sequence=sequence)
        held_bytes = 0

        def hold(message_bytes: int) -> None:
            nonlocal held_bytes
            held_bytes += self._hold(message_bytes)

        self._steps.enter()
        try:
            self._steps.check_room()
            # Before it waits for anything: what waits lies in memory too.
            hold(len(request))
            async with self._decoding:  # a message may leave out what the one before it said
                await self._steps.take_share(call, self._agency)
                call.before = self._before
                try:
                    self._steps.check(call, self._peer, self._metadata)
                finally:
                    self._before = call.message  # refused or not; nothing when it could not be decoded
            if call.bounds is not None:
                self._steps.end_share(call)
                await self._streaming.places.admit(self._opened, call)
                await self._steps.take_share(call, self._agency)
            call.hold = hold
            answer = await self._steps.complete(call, self._behaviour)
            return answer_frame(answer, sequence, call.call_id), held_bytes
        except CallerMistake as mistake:
            status = await self._steps.refuse(call, mistake)
            return refusal_frame(status, sequence, call.call_id), held_bytes
        except Exception as error:
            raise _Refused(await self._steps.refuse(call, error)) from error
        finally:
            self._steps.end_share(call)
            self._steps.leave(self._method, started)

    def _hold(self, message_bytes: int) -> int:
        """Count a message among what is held for the agency. Raises StreamsExhausted."""
        counted = self._steps.held.take(self._agency, message_bytes)
        self._held_bytes += counted
        return counted

    def _release(self, held_bytes: int) -> None:
        self._held_bytes -= held_bytes
        self._steps.held.release(self._agency, held_bytes)

    @property
    def _agency(self) -> str:
        return self._opened.agency

    def _start(self, work: Any) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._over)
        return task

    def _over(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # seen, even if the stream ended before its turn
