"""Load on a gateway that may be killed under it: callers that never retry, and keep every receipt they get."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.agency.certificates import make_key
from gateway.agency.signatures import SIGNATURE_KEY
from gateway.api.v1 import lookup_service_pb2, sync_service_pb2, token_service_pb2
from gateway.audit.receipt import Receipt, ReceiptVerifier
from gateway.client.identity import Identity
from gateway.client.signing import must_sign
from gateway.wire import receipt_from_wire
from tests.caller import (
    ISSUE_TOKEN,
    LOOK_UP,
    PUSH,
    REGISTER_KEY,
    look_up_request,
    push_request,
    refused,
    registration,
    sign,
)
from tests.gateway import AGENCIES, Gateway
from tests.world import number_of

CALL_SECONDS = 5.0
_OPTIONS = (
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.initial_reconnect_backoff_ms", 50),
    # Also the time that a handshake may take.
    ("grpc.min_reconnect_backoff_ms", 5000),
    ("grpc.max_reconnect_backoff_ms", 200),
)


@dataclass(slots=True)
class Ledger:
    """What the callers of one agency know: every promise they hold, every call that ended otherwise."""

    agency: str
    receipts: dict[str, Receipt] = field(default_factory=dict)
    """By call id."""
    people: int = 0
    """People in answers that were decoded."""
    failed: dict[str, str] = field(default_factory=dict)
    """By call id: the reason, or the gRPC status when the gateway gave none."""
    acknowledged: dict[str, int] = field(default_factory=dict)
    """By number: the newest version that a push was acknowledged with."""
    signing_key: ec.EllipticCurvePrivateKey | None = None
    """Registered at the first call that has to be signed; a system has few at a time."""

    def failures(self) -> Counter[str]:
        """How many calls failed, by reason."""
        return Counter(self.failed.values())


class Load:
    """Keeps calls in flight until told to stop."""

    def __init__(self, gateway: Gateway, ledger: Ledger, ask: Callable[[int], tuple[str, bytes]]) -> None:
        """`ask`: method and request of the n-th call."""
        self._gateway = gateway
        self._ledger = ledger
        self._ask = ask
        self._numbers = itertools.count()
        self._verifier = ReceiptVerifier.from_text((gateway.state / "audit" / "receipt.vkey").read_text().strip())
        self._token = ""
        self.stopping = asyncio.Event()

    async def run(self, callers: int) -> None:
        """`callers` at a time over two connections, until `stopping` is set."""
        async with self.channel() as first, self.channel() as second:
            await self.get_ready(first)
            channels = itertools.cycle((first, second))
            await asyncio.gather(*[self._call_until_stopped(next(channels)) for _ in range(callers)])

    @asynccontextmanager
    async def channel(self) -> AsyncIterator[grpc.aio.Channel]:
        """A connection of its own."""
        folder = self._gateway.identity(self._ledger.agency)
        files = [(folder / name).read_bytes() for name in ("ca.pem", "key.pem", "cert.pem")]
        async with grpc.aio.secure_channel(
            self._gateway.address, grpc.ssl_channel_credentials(*files), options=_OPTIONS
        ) as channel:
            yield channel

    async def get_ready(self, channel: grpc.aio.Channel) -> None:
        """Get the token that all calls use, and where they are signed register a key."""
        call: Any = channel.unary_unary(ISSUE_TOKEN)
        answer = await call(b"", timeout=CALL_SECONDS, wait_for_ready=True)
        self._token = token_service_pb2.IssueTokenResponse.FromString(answer).token
        if must_sign(self._ask(0)[0]) and self._ledger.signing_key is None:
            key = make_key()
            (spiffe_id,) = Identity.from_folder(self._gateway.identity(self._ledger.agency)).spiffe_ids
            body = registration(key, spiffe_id).SerializeToString()
            register: Any = channel.unary_unary(REGISTER_KEY)
            await register(body, timeout=CALL_SECONDS, metadata=_signature(key, REGISTER_KEY, body))
            self._ledger.signing_key = key

    async def call(self, channel: grpc.aio.Channel, deadline_seconds: float = CALL_SECONDS) -> str:
        """One call, entered into the ledger. Returns the reason of its failure, or nothing."""
        method, request = self._ask(next(self._numbers))
        call_id = secrets.token_hex(16)
        metadata = (
            ("authorization", f"Bearer {self._token}"),
            ("traceparent", f"00-{call_id}-{call_id[:16]}-01"),
            *(_signature(self._ledger.signing_key, method, request) if must_sign(method) else ()),
        )
        call: Any = channel.unary_unary(method)
        try:
            body = await call(request, timeout=deadline_seconds, metadata=metadata)
        except grpc.aio.AioRpcError as error:
            reply = refused(error)
            self._ledger.failed[call_id] = reply.reason or reply.code.name
            return self._ledger.failed[call_id]
        self._enter(method, call_id, body)
        return ""

    async def _call_until_stopped(self, channel: grpc.aio.Channel) -> None:
        while not self.stopping.is_set():
            if await self.call(channel):
                await asyncio.sleep(0.02)

    def _enter(self, method: str, call_id: str, body: bytes) -> None:
        if method == LOOK_UP:
            found = lookup_service_pb2.LookUpPersonResponse.FromString(body)
            assert found.HasField("person")
            self._ledger.people += 1
            receipt = receipt_from_wire(found.receipt)
        else:
            pushed = sync_service_pb2.PushResponse.FromString(body)
            receipt = receipt_from_wire(pushed.receipt)
            for result in pushed.results:
                assert result.outcome != sync_service_pb2.PUSH_OUTCOME_REFUSED
                number = result.reference
                self._ledger.acknowledged[number] = max(self._ledger.acknowledged.get(number, 0), result.version)
        self._verifier.check(receipt)
        self._ledger.receipts[call_id] = receipt


def _signature(key: ec.EllipticCurvePrivateKey | None, method: str, request: bytes) -> tuple[tuple[str, str], ...]:
    assert key is not None
    return ((SIGNATURE_KEY, sign(key, method, request)),)


def look_ups(gateway: Gateway, ledger: Ledger) -> Load:
    """Look-ups of everybody in turn."""
    context = AGENCIES[ledger.agency].context
    requests = [
        look_up_request(number_of(position), ["name", "birth_date"], context).SerializeToString()
        for position in range(1, 1001)
    ]
    return Load(gateway, ledger, lambda at: (LOOK_UP, requests[at % len(requests)]))


def pushes(gateway: Gateway, ledger: Ledger) -> Load:
    """Pushes that change three people each."""
    context = AGENCIES[ledger.agency].context

    def ask(at: int) -> tuple[str, bytes]:
        numbers = [number_of(1 + (3 * at + offset) % 999) for offset in range(3)]
        request = push_request(
            numbers, ["social_insurance.status", "social_insurance.employer_unit"], context, status=1 + at % 4
        )
        for item in request.items:
            item.reference = item.person.number
            item.person.social_insurance.employer_unit = f"TA{at:04d}"
        return PUSH, request.SerializeToString()

    return Load(gateway, ledger, ask)


@asynccontextmanager
async def running(*loads: Load, callers: int = 8) -> AsyncIterator[None]:
    """Each load runs meanwhile; at the end it is let finish."""
    tasks = [asyncio.create_task(load.run(callers)) for load in loads]
    try:
        yield
    finally:
        for load in loads:
            load.stopping.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks)
