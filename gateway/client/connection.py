"""One client's connection: mutual TLS, token, deadline, retries, receipts, in that order around every call.

It knows methods, not their meaning; what a method asks and answers stands in the modules that use it.
"""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Generic, TypeVar

import grpc
from google.protobuf.message import Message

from gateway.api.v1 import context_pb2, signing_service_pb2, token_service_pb2
from gateway.audit.receipt import Receipt
from gateway.client.diagnosis import explain, split_server
from gateway.client.errors import (
    CannotConnect,
    ClientError,
    DeadlinePassed,
    GatewayRefusal,
    IdentityInvalid,
    UnexpectedAnswer,
)
from gateway.client.identity import Identity
from gateway.client.receipts import ReceiptDesk, ReceiptLog, missing_receipt
from gateway.client.refusals import refusal_from
from gateway.client.retry import ATTEMPTS_MAX, Retry, pause_seconds, retry_for
from gateway.client.signing import REGISTER_PATH, Metadata, SigningDesk, must_sign
from gateway.client.tokens import Token, TokenSource
from gateway.wire import time_from_wire

TIMEOUT_SECONDS_DEFAULT: Final = 10.0
RESPONSE_BYTES_MAX: Final = 16 << 20
CHANNEL_OPTIONS: Final[tuple[tuple[str, int], ...]] = (
    # A connection of its own for each client, so that several clients spread over the gateway's workers.
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.max_receive_message_length", RESPONSE_BYTES_MAX),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 2000),
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 10_000),
)
_BROKEN = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)

Answer = TypeVar("Answer", bound=Message)


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


class _Broken(ClientError):
    """The transport failed; why is still to be found out."""


class Connection:
    """Open inside a running event loop; close it there."""

    def __init__(
        self,
        identity: Identity,
        server: str,
        *,
        channel: grpc.aio.Channel,
        receipts: ReceiptDesk,
        new_channel: Callable[[], grpc.aio.Channel] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        new_call_id: Callable[[], str] = lambda: secrets.token_hex(16),
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """`new_channel` opens further connections, for streams. `new_call_id` gives 32 hex digits, not all zero."""
        self._identity = identity
        self._server = server
        self._channel = channel
        self._receipts = receipts
        self._new_channel = new_channel
        self._monotonic = monotonic
        self._new_call_id = new_call_id
        self._jitter = jitter
        self._tokens = TokenSource(self._issue_token, monotonic)
        self.signing = SigningDesk(identity, self._register_signing_key)
        self._calls: dict[str, Any] = {}
        self._answered = False

    async def token(self) -> str:
        """The current access token."""
        return await self._tokens.current()

    async def bearer(self, refused: str = "") -> str:
        """The token for a stream; another one than `refused`, which the gateway no longer takes. Raises ClientError."""
        if refused:
            return await self._tokens.replace(refused)
        return self._tokens.held() or await self._tokens.current()

    def another_channel(self) -> grpc.aio.Channel:
        """One more connection to the same gateway, which its user closes."""
        assert self._new_channel is not None
        return self._new_channel()

    def take_receipt(self, message: context_pb2.Receipt, call_id: str, method: str, people: int) -> Receipt:
        """Check and keep the receipt of an answer that came over a stream. Raises ReceiptInvalid."""
        return self._receipts.take(message, call_id, method, people)

    async def diagnosed(self, cause: str, call_id: str = "") -> CannotConnect:
        """Why there is no connection any more, as far as can be found out."""
        return await self._diagnosed(_Broken(cause, call_id=call_id))

    async def close(self) -> None:
        """Close channel and receipt log; calls in flight fail."""
        await self._tokens.close()
        await self._channel.close()
        self._receipts.close()

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
        call_id = self._new_call_id()
        deadline = self._monotonic() + (TIMEOUT_SECONDS_DEFAULT if timeout_seconds is None else timeout_seconds)
        attempt, renewed, token = 0, False, ""
        body, signed, mended = _serialised(request), must_sign(method.path), set[str]()
        if method.token:
            token = self._tokens.held() or await self._within(deadline, self._tokens.current(), call_id)
        while True:
            attempt += 1
            try:
                # Signed anew each time: a signature is good for one call.
                signature = await self.signing.sign(method.path, body) if signed else []
                message = await self._attempt(method, body, deadline, call_id, token, signature)
                return self._accept(method, message, call_id, people)
            except GatewayRefusal as refusal:
                again = retry_for(refusal.reason)
                if again is Retry.RENEW_TOKEN and token and not renewed:
                    renewed = True
                    token = await self._within(deadline, self._tokens.replace(token), call_id)
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
            except _Broken as broken:
                pause = pause_seconds(attempt, None, self._jitter)
                hopeful = self._answered and method.repeatable and self._time_for(attempt, pause, deadline)
                if not hopeful:
                    raise await self._diagnosed(broken) from broken
            await asyncio.sleep(pause)

    def _time_for(self, attempt: int, pause: float, deadline: float) -> bool:
        return attempt < ATTEMPTS_MAX and self._monotonic() + pause < deadline

    async def _within(self, deadline: float, token: Any, call_id: str) -> str:
        try:
            text: str = await asyncio.wait_for(token, max(0.0, deadline - self._monotonic()))
        except TimeoutError:
            raise _too_late(call_id) from None
        return text

    async def _attempt(
        self,
        method: Method[Answer],
        body: bytes,
        deadline: float,
        call_id: str,
        token: str,
        signature: Metadata,
    ) -> Answer:
        metadata = [("traceparent", traceparent(call_id)), *signature]
        if token:
            metadata.append(("authorization", f"Bearer {token}"))
        try:
            answer: Answer = await self._callable(method)(
                body, timeout=max(0.001, deadline - self._monotonic()), metadata=metadata
            )
        except grpc.aio.AioRpcError as error:
            raise self._failure(method, error, call_id) from error
        return answer

    def _callable(self, method: Method[Answer]) -> Any:
        known = self._calls.get(method.path)
        if known is None:
            known = self._calls[method.path] = self._channel.unary_unary(
                method.path,
                response_deserializer=method.answer.FromString,
            )
        return known

    def _accept(
        self, method: Method[Answer], message: Answer, call_id: str, people: Callable[[Answer], int]
    ) -> Answered[Answer]:
        if not message.HasField("receipt"):
            raise missing_receipt(call_id)
        receipt = message.receipt  # type: ignore[attr-defined]
        taken = self._receipts.take(receipt, call_id, method.name, people(message))
        self._answered = True
        return Answered(message, taken, call_id)

    def _failure(self, method: Method[Any], error: grpc.aio.AioRpcError, call_id: str) -> ClientError:
        read = refusal_from(error, call_id)
        if read is not None:
            refusal, receipt = read
            self._answered = True
            if receipt is not None:
                refusal.receipt = self._receipts.take(receipt, call_id, method.name, 0)
            elif method.answered_when_absent and refusal.reason == "PERSON_UNAVAILABLE":
                return missing_receipt(refusal.call_id)
            return refusal
        if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
            return _too_late(call_id)
        if error.code() in _BROKEN:
            return _Broken(error.details() or "no cause given", call_id=call_id)
        return UnexpectedAnswer(
            f"{self._server} answered {error.code().name} ({error.details()}) without a reason of this "
            "contract; check that it is the agencies' port of a gateway of this version.",
            call_id=call_id,
        )

    async def _diagnosed(self, broken: _Broken) -> CannotConnect:
        sentence = await explain(self._identity, self._server, datetime.now(UTC))
        if sentence is None:
            sentence = (
                f"The connection to {self._server} broke ({broken.sentence}), though a new one is possible; "
                "try again. Whether a write took effect is not known."
            )
        return CannotConnect(sentence, call_id=broken.call_id)

    async def _issue_token(self) -> Token:
        answered = await self.call(ISSUE_TOKEN, token_service_pb2.IssueTokenRequest(), timeout_seconds=None)
        answer = answered.message
        life = time_from_wire(answer.expires_time) - time_from_wire(answer.server_time)
        return Token(answer.token, life.total_seconds())

    async def _register_signing_key(self, public_key: bytes, spiffe_id: str) -> None:
        request = signing_service_pb2.RegisterSigningKeyRequest(public_key=public_key, spiffe_id=spiffe_id)
        await self.call(REGISTER_SIGNING_KEY, request, timeout_seconds=None)


def traceparent(call_id: str) -> str:
    """The W3C trace context of a call: its id as the trace, one span."""
    return f"00-{call_id}-{call_id[:15]}1-01"


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
    credentials = grpc.ssl_channel_credentials(identity.root_pem, identity.key_pem, identity.certificate_pem)

    def new_channel() -> grpc.aio.Channel:
        return grpc.aio.secure_channel(target, credentials, options=CHANNEL_OPTIONS)

    return Connection(identity, target, channel=new_channel(), receipts=receipts, new_channel=new_channel)


def _serialised(message: Message) -> bytes:
    # The base class's own method is abstract: only the generated class's one gives bytes.
    return message.SerializeToString()
