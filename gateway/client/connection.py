"""One client's connection: mutual TLS, token, deadline, retries, receipts, in that order around every call.

It knows methods, not their meaning; what a method asks and answers stands in the modules that use it.
"""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Generic, TypeVar

import grpc
from google.protobuf.message import Message

from gateway.api.v1 import context_pb2, signing_service_pb2, token_service_pb2
from gateway.audit.receipt import Receipt
from gateway.client.diagnosis import explain, split_server
from gateway.client.errors import (
    Broken,
    CannotConnect,
    ClientError,
    DeadlinePassed,
    GatewayRefusal,
    IdentityInvalid,
    UnexpectedAnswer,
)
from gateway.client.identity import Identity
from gateway.client.keeper import CredentialKeeper
from gateway.client.link import Link, open_channel, serialised, traceparent
from gateway.client.receipts import ReceiptDesk, ReceiptLog, missing_receipt
from gateway.client.refusals import refusal_from
from gateway.client.retry import ATTEMPTS_MAX, Retry, pause_seconds, retry_for
from gateway.client.signing import REGISTER_PATH, Metadata, SigningDesk
from gateway.client.tokens import Token
from gateway.wire import time_from_wire

TIMEOUT_SECONDS_DEFAULT: Final = 10.0
TOGETHER_AT_ONCE: Final = 4
"""Of calls that are made together: so many in flight."""
_BROKEN = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)

Answer = TypeVar("Answer", bound=Message)
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Method(Generic[Answer]):
    """A method of the contract. `repeatable`: sending it twice does no more than sending it once."""

    path: str
    answer: type[Answer]
    repeatable: bool = True
    token: bool = True
    answered_when_absent: bool = False
    """PERSON_UNAVAILABLE is an answer about a person, so it must carry a receipt."""

    @property
    def name(self) -> str:
        """The method's own name."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Answered(Generic[Answer]):
    """A decoded answer with its verified receipt."""

    message: Answer
    receipt: Receipt
    call_id: str


ISSUE_TOKEN: Final = Method(
    "/gateway.api.v1.TokenService/IssueToken", token_service_pb2.IssueTokenResponse, token=False
)
REGISTER_SIGNING_KEY: Final = Method(REGISTER_PATH, signing_service_pb2.RegisterSigningKeyResponse, token=False)


class Connection:
    """Open inside a running event loop; close it there.

    The certificate is renewed in the background once half its life is over: a new link is made under the new one,
    calls move to it, the old link ends after its last call. One that lapsed is recovered before the next call.
    """

    def __init__(
        self,
        identity: Identity,
        server: str,
        *,
        receipts: ReceiptDesk,
        monotonic: Callable[[], float] = time.monotonic,
        new_call_id: Callable[[], str] = lambda: secrets.token_hex(16),
        jitter: Callable[[], float] = random.random,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`new_call_id` gives 32 hex digits, not all zero. `now`: aware."""
        self._server = server
        self._receipts = receipts
        self._monotonic = monotonic
        self._new_call_id = new_call_id
        self._jitter = jitter
        self.signing = SigningDesk(identity, self._register_signing_key)
        self._link = Link(identity, server, self._issue_token, monotonic)
        self._keeper = CredentialKeeper(self._take_up, receipts, monotonic, now, jitter, identity)
        self._draining: set[asyncio.Task[None]] = set()
        self._answered = False

    @property
    def identity(self) -> Identity:
        """The one that calls are made under now."""
        return self._link.identity

    async def token(self) -> str:
        """The current access token. Raises ClientError."""
        await self._keeper.usable()
        return await self._link.tokens.current()

    async def renew(self) -> Identity:
        """Get the next certificate now and move to it. Raises ClientError."""
        return await self._keeper.renew()

    def drop_token(self, refused: str) -> None:
        """Hand out no more a token that the gateway no longer takes."""
        self._link.tokens.drop(refused)

    def another_channel(self) -> grpc.aio.Channel:
        """One more connection to the same gateway under the present identity, which its user closes."""
        return open_channel(self.identity, self._server)

    async def take_receipt(self, message: context_pb2.Receipt, call_id: str, method: str, people: int) -> Receipt:
        """Check and keep the receipt of an answer that came over a stream. Raises ReceiptInvalid."""
        await self._keeper.know(message)
        return self._receipts.take(message, call_id, method, people)

    async def close(self) -> None:
        """Close channels and receipt log; calls in flight fail."""
        await self._keeper.close()
        for task in self._draining:
            task.cancel()
        await asyncio.gather(*self._draining, return_exceptions=True)
        await self._link.close()
        self._receipts.close()

    async def _take_up(self, identity: Identity) -> None:
        """Move to another certificate of the same name. What is in flight ends on the link it began on."""
        link = Link(identity, self._server, self._issue_token, self._monotonic)
        try:
            await link.tokens.current()
        except BaseException:
            await link.close()
            raise
        old, self._link = self._link, link
        task = asyncio.create_task(old.drain(), name="drain")
        self._draining.add(task)
        task.add_done_callback(self._draining.discard)

    async def call(
        self,
        method: Method[Answer],
        request: Message,
        *,
        timeout_seconds: float | None,
        people: Callable[[Answer], int] = lambda _answer: 0,
    ) -> Answered[Answer]:
        """Send until answered, refused for good, or `timeout_seconds` (None: 10) are over.

        The call id stays the same over all attempts. `people` counts those in an answer. Raises ClientError.
        """
        await self._keeper.usable()
        return await self._call(None, method, request, timeout_seconds, people)

    async def call_together(
        self,
        method: Method[Answer],
        requests: Sequence[Message],
        *,
        timeout_seconds: float | None,
        people: Callable[[Answer], int] = lambda _answer: 0,
    ) -> list[Answered[Answer]]:
        """As `call` for 1 to 128 different requests, some at a time, whose answers come in order.

        Where they have to be signed, one signature closes them all; what is sent again is signed by itself. All have
        ended when the first failure is raised: ClientError.
        """
        await self._keeper.usable()
        signature: Metadata = []
        if self.signing.is_demanded(method.path):
            signature = await self.signing.sign_batch(method.path, [serialised(request) for request in requests])
        places = asyncio.Semaphore(TOGETHER_AT_ONCE)

        async def call(request: Message) -> Answered[Answer]:
            async with places:
                return await self._call(None, method, request, timeout_seconds, people, signature)

        ended = await asyncio.gather(*map(call, requests), return_exceptions=True)
        for each in ended:
            if isinstance(each, BaseException):
                raise each
        return [each for each in ended if not isinstance(each, BaseException)]

    async def _call(
        self,
        over: Link | None,
        method: Method[Answer],
        request: Message,
        timeout_seconds: float | None,
        people: Callable[[Answer], int],
        signature: Metadata | None = None,
    ) -> Answered[Answer]:
        """`over`: None is the newest link at each attempt. `signature`: that of the first attempt, made already."""
        call_id = self._new_call_id()
        deadline = self._monotonic() + (TIMEOUT_SECONDS_DEFAULT if timeout_seconds is None else timeout_seconds)
        attempt, remedies = 0, {Retry.RENEW_TOKEN, Retry.RENEW_CERTIFICATE}
        body, signed, mended = serialised(request), self.signing.is_demanded(method.path), set[str]()
        while True:
            attempt += 1
            link, token = over or self._link, ""
            try:
                if method.token:
                    token = link.tokens.held() or await self._within(deadline, link.tokens.current(), call_id)
            except GatewayRefusal as refusal:
                again = retry_for(refusal.reason)
                if again is not Retry.RENEW_CERTIFICATE or again not in remedies:
                    raise
                remedies.discard(again)
                if await self._within(deadline, self._remedied(again, link, "", over), call_id):
                    continue
                raise
            try:
                # Signed anew each time: a signature is good for one call.
                proof = signature or (await self.signing.sign(method.path, body) if signed else [])
                signature = None
                return await self._attempt(link, method, body, deadline, call_id, token, proof, people)
            except GatewayRefusal as refusal:
                again = retry_for(refusal.reason)
                if again in remedies and (token or again is Retry.RENEW_CERTIFICATE):
                    remedies.discard(again)
                    if await self._within(deadline, self._remedied(again, link, token, over), call_id):
                        continue
                if refusal.reason not in mended and await self.signing.mend(refusal, method.path):
                    mended.add(refusal.reason)
                    signed = True
                    continue
                if again is Retry.LATER_IF_REPEATABLE:
                    again = Retry.LATER if method.repeatable else Retry.NEVER
                pause = pause_seconds(attempt, refusal.retry_seconds, self._jitter)
                if again is not Retry.LATER or not self._time_for(attempt, pause, deadline):
                    raise
            except Broken as broken:
                pause = pause_seconds(attempt, None, self._jitter)
                hopeful = self._answered and method.repeatable and self._time_for(attempt, pause, deadline)
                if not hopeful:
                    raise await self.diagnosed(broken) from broken
            await asyncio.sleep(pause)

    async def _remedied(self, remedy: Retry, link: Link, token: str, over: Link | None) -> bool:
        """Whether the credential that was refused could be replaced."""
        if remedy is Retry.RENEW_TOKEN:
            await link.tokens.replace(token)
            return True
        if over is not None:
            return False
        try:
            await self._keeper.renew()
        except ClientError:
            return False
        return True

    def _time_for(self, attempt: int, pause: float, deadline: float) -> bool:
        return attempt < ATTEMPTS_MAX and self._monotonic() + pause < deadline

    async def _within(self, deadline: float, work: Coroutine[Any, Any, _Result], call_id: str) -> _Result:
        try:
            return await asyncio.wait_for(work, max(0.0, deadline - self._monotonic()))
        except TimeoutError:
            raise _too_late(call_id) from None

    async def _attempt(
        self,
        link: Link,
        method: Method[Answer],
        body: bytes,
        deadline: float,
        call_id: str,
        token: str,
        signature: Metadata,
        people: Callable[[Answer], int],
    ) -> Answered[Answer]:
        metadata = [("traceparent", traceparent(call_id)), *signature]
        if token:
            metadata.append(("authorization", f"Bearer {token}"))
        try:
            with link.used():
                message: Answer = await link.unary(method.path, method.answer.FromString)(
                    body, timeout=max(0.001, deadline - self._monotonic()), metadata=metadata
                )
        except grpc.aio.AioRpcError as error:
            raise await self._failure(method, error, call_id) from error
        if message.HasField("receipt"):
            await self._keeper.know(message.receipt)  # type: ignore[attr-defined]
        return self._accept(method, message, call_id, people)

    def _accept(
        self, method: Method[Answer], message: Answer, call_id: str, people: Callable[[Answer], int]
    ) -> Answered[Answer]:
        if not message.HasField("receipt"):
            raise missing_receipt(call_id)
        receipt = message.receipt  # type: ignore[attr-defined]
        taken = self._receipts.take(receipt, call_id, method.name, people(message))
        self._answered = True
        return Answered(message, taken, call_id)

    async def _failure(self, method: Method[Any], error: grpc.aio.AioRpcError, call_id: str) -> ClientError:
        read = refusal_from(error, call_id)
        if read is not None:
            refusal, receipt = read
            self._answered = True
            if receipt is not None:
                await self._keeper.know(receipt)
                refusal.receipt = self._receipts.take(receipt, call_id, method.name, 0)
            elif method.answered_when_absent and refusal.reason == "PERSON_UNAVAILABLE":
                return missing_receipt(refusal.call_id)
            return refusal
        if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
            return _too_late(call_id)
        if error.code() in _BROKEN:
            return Broken(error.details() or "no cause given", call_id=call_id)
        return UnexpectedAnswer(
            f"{self._server} answered {error.code().name} ({error.details()}) without a reason of this "
            "contract; check that it is the agencies' port of a gateway of this version.",
            call_id=call_id,
        )

    async def diagnosed(self, broken: Broken) -> CannotConnect:
        """Why there is no connection any more, as far as can be found out."""
        sentence = await explain(self.identity, self._server, datetime.now(UTC))
        if sentence is None:
            sentence = (
                f"The connection to {self._server} broke ({broken.sentence}), though a new one is possible; "
                "try again. Whether a write took effect is not known."
            )
        return CannotConnect(sentence, call_id=broken.call_id)

    async def _issue_token(self, link: Link) -> Token:
        request = token_service_pb2.IssueTokenRequest()
        answered = await self._call(link, ISSUE_TOKEN, request, None, lambda _answer: 0)
        answer = answered.message
        life = time_from_wire(answer.expires_time) - time_from_wire(answer.server_time)
        return Token(answer.token, life.total_seconds())

    async def _register_signing_key(self, public_key: bytes, spiffe_id: str) -> None:
        request = signing_service_pb2.RegisterSigningKeyRequest(public_key=public_key, spiffe_id=spiffe_id)
        await self.call(REGISTER_SIGNING_KEY, request, timeout_seconds=None)


def _too_late(call_id: str) -> DeadlinePassed:
    return DeadlinePassed(
        "No answer came in time; allow more time, or ask the operator how the gateway fares. Whether a "
        "write took effect is not known.",
        call_id=call_id,
    )


def open_connection(identity: Identity, server: str = "", *, receipt_log: ReceiptLog | None = None) -> Connection:
    """A connection to HOST:PORT, by default the one the identity names; nothing is sent yet.

    Call it in a running event loop. Raises IdentityInvalid.
    """
    target = server or identity.server
    if not target:
        raise IdentityInvalid("Neither the call nor trust.json says where the gateway is; state HOST:PORT.")
    try:
        split_server(target)
    except ValueError as error:
        raise IdentityInvalid(f"The server {error}.") from None
    receipts = ReceiptDesk(identity.log_origin, identity.receipt_verifier, identity.entry_name, receipt_log)
    return Connection(identity, target, receipts=receipts)
