"""Looking after the keys that a system signs its requests with: registered, listed, revoked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.api.v1 import signing_service_pb2
from gateway.client.connection import Connection, Method
from gateway.wire import time_from_wire

_SERVICE: Final = "/gateway.api.v1.SigningService/"
LIST_SIGNING_KEYS: Final = Method(
    _SERVICE + "ListSigningKeys", signing_service_pb2.ListSigningKeysResponse, token=False
)
REVOKE_SIGNING_KEY: Final = Method(
    _SERVICE + "RevokeSigningKey", signing_service_pb2.RevokeSigningKeyResponse, token=False
)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A registered key. `state`: ANNOUNCED, ACTIVE, RETIRED or REVOKED. Times are aware, UTC."""

    key_id: str
    state: str
    from_time: datetime
    until_time: datetime


class SigningKeys:
    """The part of a client that looks after signing keys. Calls register theirs by themselves at first need."""

    _connection: Connection

    async def register_signing_key(self, *, new: bool = False) -> SigningKey:
        """Register the key of the identity, made if there is none; with `new` another one takes its place.

        The one before stays in force. Raises ClientError, ValueError for a new key where a device signs.
        """
        key = await self._connection.signing.register(new=new)
        return next(each for each in await self.signing_keys() if each.key_id == key.key_id)

    async def signing_keys(self) -> tuple[SigningKey, ...]:
        """The calling system's keys, newest first. Raises ClientError."""
        request = signing_service_pb2.ListSigningKeysRequest()
        answer = (await self._connection.call(LIST_SIGNING_KEYS, request, timeout_seconds=None)).message
        return tuple(
            SigningKey(
                key.key_id,
                signing_service_pb2.SigningKeyState.Name(key.state).removeprefix("SIGNING_KEY_STATE_"),
                time_from_wire(key.from_time),
                time_from_wire(key.until_time),
            )
            for key in answer.keys
        )

    async def revoke_signing_key(self, key_id: str) -> None:
        """Revoke a key of the calling system, for good. Raises GatewayRefusal: RECORD_UNKNOWN."""
        request = signing_service_pb2.RevokeSigningKeyRequest(key_id=key_id)
        await self._connection.call(REVOKE_SIGNING_KEY, request, timeout_seconds=None)
