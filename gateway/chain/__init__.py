"""What every call passes, in this order and in this one place:

identify -> authenticate -> decode -> authorise -> verify signature -> admit -> the role -> record -> answer
with its receipt

The messages of a stream go the same way; `streaming` says what is different there.

A refusal at any step goes to `refuse`: it is recorded (for a known agency), counted and translated once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, TypeAlias

import grpc
import structlog
from google.rpc import status_pb2
from grpc_status import rpc_status

from gateway.api.v1 import options_pb2
from gateway.audit.charges import ChargeRefused
from gateway.audit.entry import Kind, agency_of
from gateway.audit.receipt import Receipt
from gateway.chain.admit import Admitter
from gateway.chain.authenticate import Authenticator
from gateway.chain.authorise import authorise
from gateway.chain.base import Answer, Behaviour, Call
from gateway.chain.charges import RECOMPOSED_MAX, made_smaller, refused, too_busy
from gateway.chain.decode import decode
from gateway.chain.held import Held
from gateway.chain.identify import call_id_of, check_deadline
from gateway.chain.methods import Method
from gateway.chain.pauses import company
from gateway.chain.places import StreamPlaces
from gateway.chain.record import Recorder
from gateway.chain.refuse import Refuser
from gateway.chain.shares import SHARED_BYTES_MIN, Shares
from gateway.chain.streaming import Streaming
from gateway.chain.translate import rich_status
from gateway.chain.verify_signature import SignatureVerifier
from gateway.config import ANSWER_BYTES_MAX, CALLS_PER_WORKER_MAX
from gateway.errors import GatewayError, Internal, MessageTooLarge, StreamsExhausted
from gateway.metrics import Metrics
from gateway.wire import with_receipt

CALL_ID_KEY = "popgate-call-id"
"""Trailing metadata of every answer: the call id in hex."""

WRITE_SECONDS = 0.1
"""How long times, sizes and the number of calls in flight may stand unwritten; what was answered is written at once."""

_LARGE_ANSWERS = frozenset({"Pull"})
"""Methods whose small requests are about a page of people."""

_REFUSED_UNANSWERED = frozenset({options_pb2.AUDIT_RULE_NONE, options_pb2.AUDIT_RULE_DISCLOSURE})
"""Methods whose work may be thrown away; what the others did is done, and their answers are small."""

_ANSWER_TOO_LARGE = "The answer would be larger than 4 MiB; ask for fewer people or fewer fields."

Context: TypeAlias = grpc.aio.ServicerContext[Any, Any]

KINDS: dict[int, Kind] = {
    options_pb2.AUDIT_RULE_DISCLOSURE: Kind.DISCLOSURE,
    options_pb2.AUDIT_RULE_WRITE: Kind.PUSH_OUTCOME,
    options_pb2.AUDIT_RULE_ADMINISTRATION: Kind.ADMINISTRATION,
    options_pb2.AUDIT_RULE_CREDENTIAL: Kind.CREDENTIAL_ISSUED,
}
"""The kind of entry that each audit rule of the contract leaves."""


class Chain:
    """The path of every call of one listener."""

    def __init__(
        self,
        authenticator: Authenticator | None,
        recorder: Recorder,
        refuser: Refuser,
        metrics: Metrics,
        now: Callable[[], float],
        random: Callable[[int], bytes],
        admitter: Admitter,
        seat: tuple[str, int] = ("", 1),
        shares: Shares | None = None,
    ) -> None:
        """`authenticator` is None on the enrolment port, where no caller has a certificate.

        `seat`: the word that names this worker to callers, and how many workers there are. `shares`: in which large
        messages take turns.
        """
        self._authenticator = authenticator
        self._recorder = recorder
        self._refuser = refuser
        self._metrics = metrics
        self._now = now
        self._random = random
        self._admitter = admitter
        self._log = structlog.get_logger()
        self.in_flight = 0
        self._writing = False
        self._completing: set[asyncio.Task[bytes]] = set()
        self.held = Held()
        self._shares = shares or Shares()
        self._streaming = Streaming(self, StreamPlaces(admitter), random, seat, _abort)
        self._signatures = SignatureVerifier(now)

    def handler(self, method: Method, behaviour: Behaviour) -> grpc.RpcMethodHandler[Any, Any]:
        """The gRPC handler of a method: exact bytes in, exact bytes out."""
        if method.frame_class is not None:
            return self._streaming.handler(method, behaviour)

        async def serve(request: bytes, context: Context) -> bytes:
            return await self._serve(method, behaviour, request, context)

        return grpc.unary_unary_rpc_method_handler(serve)

    async def _serve(
        self,
        method: Method,
        behaviour: Behaviour,
        request: bytes,
        context: Context,
    ) -> bytes:
        started = time.monotonic()
        metadata: Any = context.invocation_metadata()
        call = Call(method, call_id_of(metadata, self._random), request)
        agency = None
        self.enter()
        try:
            context.set_trailing_metadata(((CALL_ID_KEY, call.call_id.hex()),))
            self.check_room()
            large = len(request) >= SHARED_BYTES_MIN and self._authenticator is not None
            if not large:
                _announce(method)
            check_deadline(context.time_remaining())
            peer = context.auth_context()
            if large:
                self.identify(call, peer, metadata)
                agency = self._enter_agency(call, context)
                await self.take_share(call, agency)
            self.check(call, peer, metadata)
            if agency is None:
                agency = self._enter_agency(call, context)
            call.hold = partial(self.held.admit, agency, context=context)
            return await self.complete(call, behaviour)
        except Exception as error:
            status = await self.refuse(call, error)
        finally:
            self.end_share(call)
            if agency is not None:
                self.held.leave(agency)
            self.leave(method, started)
        await _abort(context, status)
        raise AssertionError("abort returns never")

    def enter(self) -> None:
        """Count a call, or a message of a stream, in flight."""
        self.in_flight += 1
        self._write_soon()

    def _enter_agency(self, call: Call, context: Context) -> str:
        """Who calls; counted among what is held for the agency, before the call waits for anything.

        Raises StreamsExhausted when the agency has its share of what a worker takes, calls or bytes.
        """
        agency = call.agency
        self.held.enter(agency, len(call.request), context)
        return agency

    def leave(self, method: Method, started: float) -> None:
        """What entered at `started`, of the monotonic clock, is over."""
        self.in_flight -= 1
        self._metrics.took(method.name, time.monotonic() - started)
        self._write_soon()

    async def take_share(self, call: Call, agency: str) -> None:
        """Wait until a large message may be worked on; a small one at once."""
        call.share = await self._shares.take(agency, len(call.request))
        if len(call.request) < SHARED_BYTES_MIN:
            _announce(call.method)
        else:
            await company.give_way()

    def end_share(self, call: Call) -> None:
        """The message is worked on no more, or waits for others than this worker."""
        if call.share is not None:
            call.share.end()

    def check_room(self) -> None:
        """Raises StreamsExhausted when more is in flight than a worker takes."""
        if self.in_flight > CALLS_PER_WORKER_MAX:
            raise StreamsExhausted

    async def refuse(self, call: Call, error: Exception) -> status_pb2.Status:
        """Record, count and translate a refusal; anything but a GatewayError is a failure of ours."""
        if isinstance(error, GatewayError):
            refusal = error
        else:
            refusal = Internal()
            self._log.error("call failed", method=call.method.name, call_id=call.call_id.hex(), exc_info=error)
            self._metrics.failures.labels(call.method.name).inc()
        try:
            return await self._refuser.refuse(call, refusal)
        except Exception:
            # gRPC would send the text of an exception that reached it.
            self._log.exception("refusal failed", method=call.method.name, call_id=call.call_id.hex())
            self._metrics.failures.labels(call.method.name).inc()
            return rich_status(Internal(), call.call_id, None)

    def identify(self, call: Call, peer: Any, metadata: Any) -> None:
        """Authenticate, and no more: the opening of a stream. Raises NotIdentified, PolicyStale."""
        assert self._authenticator is not None
        self._authenticator.authenticate(call, peer, metadata)

    def check(self, call: Call, peer: Any, metadata: Any) -> None:
        """Authenticate, decode, authorise, verify the signature. Raises GatewayError.

        `peer`: the connection's auth context; `metadata`: that of the call or of its stream.
        """
        if self._authenticator is None:
            decode(call)
            return
        view, token = self._authenticator.authenticate(call, peer, metadata)
        decode(call)
        if token is not None:
            authorise(call, view, token, self._now())
            self._admitter.bound(call, view)
        if call.method.signed or (call.grant is not None and call.grant.signed):
            self._signatures.verify(call, view, metadata)

    async def _admitted(self, call: Call, behaviour: Behaviour) -> bytes:
        """`_complete` of a call that has limits: not before there is room for it."""
        demand = call.bounds.call if call.bounds is not None else None
        self.end_share(call)
        await self._admitter.admit(demand)
        try:
            if call.share is not None:
                await self.take_share(call, call.agency)
            return await self._complete(call, behaviour)
        finally:
            self._admitter.release(demand)

    async def complete(self, call: Call, behaviour: Behaviour) -> bytes:
        """The answer with its receipt, once its entry is durable. Raises GatewayError."""
        # A write that has begun is finished whether or not the caller still waits for it.
        limited = call.bounds is not None and call.method.frame_class is None
        work = self._admitted(call, behaviour) if limited else self._complete(call, behaviour)
        return await (work if call.method.audit == options_pb2.AUDIT_RULE_DISCLOSURE else self._kept(work))

    async def _complete(self, call: Call, behaviour: Behaviour) -> bytes:
        if call.method.audit != options_pb2.AUDIT_RULE_DISCLOSURE:
            self.end_share(call)  # a write waits for the log and the registry while it is worked on
        try:
            answer = await behaviour(call, call.message)
        except ChargeRefused as error:
            raise refused(call, error.refusal) from None
        body = _bytes_of(answer)
        if call.hold is not None and call.method.audit in _REFUSED_UNANSWERED:
            call.hold(len(body))  # before its entry: what is refused then was neither told nor counted
        if call.method.audit == options_pb2.AUDIT_RULE_NONE:
            return body
        for _ in range(RECOMPOSED_MAX):
            try:
                if call.share is not None:
                    # Its entry is composed in the same turn of the loop; then it waits for the log.
                    asyncio.get_running_loop().call_soon(self.end_share, call)
                receipt = await self._record(call, answer, body)
                break
            except ChargeRefused as error:
                answer = made_smaller(call, answer, error.refusal)
                body = _bytes_of(answer)
        else:
            raise too_busy(call)
        if answer.effect is not None:
            await answer.effect()
        if answer.refusal is not None:
            answer.refusal.receipt = receipt
            raise answer.refusal
        return with_receipt(body, call.method.receipt_field, receipt)

    async def _record(self, call: Call, answer: Answer, body: bytes) -> Receipt:
        """Wait until the entry is durable; it is counted then, even if the caller has gone meanwhile."""

        def count(_receipt: Receipt) -> None:
            if answer.refusal is None:
                self._count(call, answer)

        return await self._recorder.answer(call, answer, KINDS[call.method.audit], body, count)

    def _count(self, call: Call, answer: Answer) -> None:
        if not self._metrics.has_answers:
            # Runs before anybody who waits for this commit's receipts goes on: counted, then answered.
            asyncio.get_running_loop().call_soon(self._metrics.write_answers)
        agency = call.agency or agency_of(answer.agency)
        disclosed = call.method.audit == options_pb2.AUDIT_RULE_DISCLOSURE
        self._metrics.answered(
            (agency, call.method.name, call.purpose),
            answer.people if disclosed else 0,
            0 if disclosed else answer.people,
            len(answer.withheld),
        )

    async def _kept(self, work: Coroutine[Any, Any, bytes]) -> bytes:
        task = asyncio.create_task(work)
        self._completing.add(task)
        task.add_done_callback(self._completed)
        return await asyncio.shield(task)

    def _completed(self, task: asyncio.Task[bytes]) -> None:
        self._completing.discard(task)
        if not task.cancelled():
            task.exception()  # seen, even if the caller went away and nobody waits for it

    def stop_streams(self) -> None:
        """Let each stream end once what it has begun is answered; no stream lasts from now on."""
        self._streaming.stop()

    async def drain(self) -> None:
        """Wait for the writes that were begun."""
        await asyncio.gather(*self._completing, return_exceptions=True)
        self._write()

    def _write_soon(self) -> None:
        if not self._writing:
            self._writing = True
            asyncio.get_running_loop().call_later(WRITE_SECONDS, self._write)

    def _write(self) -> None:
        self._writing = False
        self._metrics.write_noted()
        self._metrics.in_flight.set(self.in_flight)


def _announce(method: Method) -> None:
    """A small request came, which large work gives way to, unless its answer is large work itself."""
    if method.name not in _LARGE_ANSWERS:
        company.small_call_came()


def _bytes_of(answer: Answer) -> bytes:
    body: bytes = answer.body if isinstance(answer.body, bytes) else answer.body.SerializeToString()
    if len(body) > ANSWER_BYTES_MAX:
        raise MessageTooLarge(_ANSWER_TOO_LARGE)
    return body


async def _abort(context: Context, status: status_pb2.Status) -> None:
    await context.abort_with_status(rpc_status.to_status(status))


__all__ = ["Answer", "Behaviour", "Call", "Chain"]
