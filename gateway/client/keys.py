"""Telling the log that a key of the gateway is about to be replaced: for operators."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from gateway.api.v1 import key_service_pb2
from gateway.audit.receipt import Receipt
from gateway.client.connection import Connection, Method
from gateway.client.context import Context, timestamp

RECORD_KEY_ROTATION: Final = Method(
    "/gateway.api.v1.KeyService/RecordKeyRotation", key_service_pb2.RecordKeyRotationResponse
)


class Keys:
    """The part of a client that records rotations."""

    _connection: Connection

    async def record_key_rotation(
        self,
        kind: str,
        name: str,
        effective_time: datetime,
        *,
        context: Context,
        timeout_seconds: float | None = None,
    ) -> Receipt:
        """Record that a key of `kind` takes over at an aware time. It replaces nothing. Raises ClientError."""
        request = key_service_pb2.RecordKeyRotationRequest(
            context=context.message(), kind=kind, name=name, effective_time=timestamp(effective_time)
        )
        return (await self._connection.call(RECORD_KEY_ROTATION, request, timeout_seconds=timeout_seconds)).receipt
