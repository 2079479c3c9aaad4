"""SigningService: systems register, list and revoke the keys that they sign requests with."""

# ruff: noqa: N802 - methods are named as in the contract

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from google.protobuf.timestamp_pb2 import Timestamp

from gateway.agency.certificates import Principal, spiffe_id
from gateway.agency.messages import invalid, timestamp
from gateway.agency.policy import PolicyView
from gateway.agency.signing_keys import SigningKey, SigningKeyState, key_id_of, public_key_of
from gateway.agency.signing_store import SigningKeyStore
from gateway.agency.view import POLICY_SETTLE_SECONDS
from gateway.api.v1 import signing_service_pb2 as signing_pb
from gateway.chain.base import Answer, Call
from gateway.chain.turns import Threads
from gateway.errors import Internal, RecordExists, RecordUnknown

ANNOUNCED_SECONDS_MAX = 90 * 86400
LIFETIME_SECONDS_DEFAULT = 365 * 86400
LIFETIME_SECONDS_MAX = 2 * 365 * 86400


class SigningMethods:
    """The behaviours of SigningService; every write is an `effect`, after its entry."""

    def __init__(
        self,
        keys: SigningKeyStore,
        view: Callable[[], PolicyView],
        trust_domain: str,
        clock: Callable[[], float],
        threads: Threads,
        settle_seconds: float = POLICY_SETTLE_SECONDS,
    ) -> None:
        """`view` raises PolicyStale; `clock`: unix seconds; after `settle_seconds` a change holds on every worker."""
        self._keys = keys
        self._view = view
        self._trust_domain = trust_domain
        self._clock = clock
        self._threads = threads
        self._settle_seconds = settle_seconds

    async def RegisterSigningKey(self, call: Call, request: signing_pb.RegisterSigningKeyRequest) -> Answer:
        """The chain has checked that the caller holds the key. Raises ArgumentInvalid, RecordExists."""
        principal, now = _principal(call), self._clock()
        own = spiffe_id(self._trust_domain, principal.agency, principal.system, principal.unit)
        if request.spiffe_id != own:
            raise invalid("spiffe_id", "must be that of the certificate of this connection")
        key_id = key_id_of(public_key_of(request.public_key))
        from_time, until_time = _period(request, now)
        key = SigningKey(
            key_id,
            principal.agency,
            principal.unit,
            principal.system,
            request.public_key,
            from_time,
            until_time,
            int(now),
        )
        known = await self._threads.run(principal.agency, self._keys.find, key_id)
        if known is None:
            await self._threads.run(principal.agency, self._keys.require_room, key, int(now))
        elif not known.belongs_to(principal) or self._seen(known).state(now) in (
            SigningKeyState.REVOKED,
            SigningKeyState.RETIRED,
        ):
            raise RecordExists("The signing key was registered before and is not in force; make another one.")
        else:
            key = known

        async def register() -> None:
            await self._threads.run(principal.agency, self._keys.register, key, int(now))

        body = signing_pb.RegisterSigningKeyResponse(key=_message(key, now), server_time=timestamp(now))
        return Answer(body, note=f"signing key {key_id} until {key.until_time}", effect=self._settled(register))

    async def ListSigningKeys(self, call: Call, request: signing_pb.ListSigningKeysRequest) -> Answer:
        """Refuses nothing."""
        now = self._clock()
        keys = [key for key in await self._own(call) if key.state(now) is not SigningKeyState.RETIRED]
        body = signing_pb.ListSigningKeysResponse(keys=[_message(key, now) for key in keys])
        return Answer(body, note=f"{len(keys)} signing keys")

    async def RevokeSigningKey(self, call: Call, request: signing_pb.RevokeSigningKeyRequest) -> Answer:
        """Raises RecordUnknown: another system's key is as unknown as one that nobody has."""
        agency = _principal(call).agency
        if not any(key.key_id == request.key_id for key in await self._own(call)):
            raise RecordUnknown("The calling system has no such signing key; ListSigningKeys shows those it has.")

        async def revoke() -> None:
            await self._threads.run(agency, self._keys.revoke, request.key_id, int(self._clock()))

        note = f"revoke signing key {request.key_id}"
        return Answer(signing_pb.RevokeSigningKeyResponse(), note=note, effect=self._settled(revoke))

    async def _own(self, call: Call) -> list[SigningKey]:
        principal = _principal(call)
        keys = await self._threads.run(
            principal.agency, self._keys.of_system, principal.agency, principal.unit, principal.system
        )
        return [self._seen(key) for key in keys]

    def _seen(self, key: SigningKey) -> SigningKey:
        """The key as workers see it: operators revoke keys too."""
        return replace(key, revoked=True) if key.key_id in self._view().revoked_keys else key

    def _settled(self, write: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        async def effect() -> None:
            await write()
            await asyncio.sleep(self._settle_seconds)

        return effect


def _principal(call: Call) -> Principal:
    if call.principal is None:
        raise Internal
    return call.principal


def _period(request: signing_pb.RegisterSigningKeyRequest, now: float) -> tuple[int, int]:
    from_time = _seconds(request.from_time, "from_time") if request.HasField("from_time") else int(now)
    if from_time > now + ANNOUNCED_SECONDS_MAX:
        raise invalid("from_time", "must be at most 90 days ahead")
    from_time = max(from_time, int(now))
    if not request.HasField("until_time"):
        return from_time, from_time + LIFETIME_SECONDS_DEFAULT
    until_time = _seconds(request.until_time, "until_time")
    if not from_time < until_time <= from_time + LIFETIME_SECONDS_MAX:
        raise invalid("until_time", "must be after the beginning, at most two years")
    return from_time, until_time


def _seconds(value: Timestamp, field: str) -> int:
    if value.seconds < 0 or value.nanos:
        raise invalid(field, "must be whole seconds since 1970")
    return value.seconds


def _message(key: SigningKey, now: float) -> signing_pb.SigningKey:
    return signing_pb.SigningKey(
        key_id=key.key_id,
        state=signing_pb.SigningKeyState.Name(key.state(now)),
        from_time=timestamp(key.from_time),
        until_time=timestamp(key.until_time),
        registered_time=timestamp(key.registered_at),
    )
