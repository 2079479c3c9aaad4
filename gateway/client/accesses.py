"""Asking who looked at a person: for auditors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.api.v1 import audit_service_pb2
from gateway.audit.receipt import Receipt
from gateway.client.connection import Connection, Method
from gateway.client.context import Context, reason_name, timestamp
from gateway.wire import time_from_wire

QUERY_ACCESSES: Final = Method("/gateway.api.v1.AuditService/QueryAccesses", audit_service_pb2.QueryAccessesResponse)


@dataclass(frozen=True, slots=True)
class Access:
    """One entry of the audit log about a person. `time` is aware, UTC; `reason` is empty when `allowed`."""

    index: int
    time: datetime
    agency: str
    method: str
    purpose: str
    legal_basis: str
    allowed: bool
    reason: str
    call_id: str
    fields: tuple[str, ...]
    case_reference: str
    unit: str = ""
    signature: str = ""
    """The caller's JWS over the request, where the method demands one."""


@dataclass(frozen=True, slots=True)
class Accesses:
    """Newest first. Entries before `current_through_index` are all known; `more`: older ones remain."""

    accesses: tuple[Access, ...]
    current_through_index: int
    more: bool
    receipt: Receipt
    call_id: str


class Auditing:
    """The part of a client that searches the audit log."""

    _connection: Connection

    async def query_accesses(
        self,
        number: str,
        *,
        context: Context,
        from_time: datetime | None = None,
        to_time: datetime | None = None,
        entries_max: int = 0,
        before_index: int | None = None,
        timeout_seconds: float | None = None,
    ) -> Accesses:
        """The entries about the person with `number`, refusals included. Raises ClientError.

        Times are aware. `entries_max`: 1 to 1000, 0: 100. `before_index`: the last entry's, to go on.
        """
        request = audit_service_pb2.QueryAccessesRequest(
            context=context.message(),
            number=number,
            from_time=timestamp(from_time),
            to_time=timestamp(to_time),
            entries_max=entries_max,
            before_index=before_index,
        )
        answered = await self._connection.call(QUERY_ACCESSES, request, timeout_seconds=timeout_seconds)
        answer = answered.message
        return Accesses(
            tuple(_access_from(each) for each in answer.accesses),
            answer.current_through_index,
            answer.more,
            answered.receipt,
            answered.call_id,
        )


def _access_from(message: audit_service_pb2.Access) -> Access:
    return Access(
        index=message.index,
        time=time_from_wire(message.time),
        agency=message.agency,
        method=message.method,
        purpose=message.purpose,
        legal_basis=message.legal_basis,
        allowed=message.allowed,
        reason=reason_name(message.reason),
        call_id=message.call_id,
        fields=tuple(message.fields),
        case_reference=message.case_reference,
        unit=message.unit,
        signature=message.signature,
    )
