"""Reads a refusal off the wire: from gRPC status and `google.rpc` details to the client's errors."""

from __future__ import annotations

from typing import Final

import grpc
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

from gateway.api.v1 import context_pb2
from gateway.client.errors import GatewayRefusal, Violation

ERROR_DOMAIN: Final = "popgate"
_DETAILS_KEY = "grpc-status-details-bin"


def refusal_from(error: grpc.aio.AioRpcError, call_id: str) -> tuple[GatewayRefusal, context_pb2.Receipt | None] | None:
    """The refusal and the receipt it carries, not yet verified; None when the gateway sent no reason."""
    status = _status_of(error)
    return refusal_in(status, call_id) if status is not None else None


def refusal_in(status: status_pb2.Status, call_id: str) -> tuple[GatewayRefusal, context_pb2.Receipt | None] | None:
    """As `refusal_from`, of a status that was received: a stream refuses a batch in its place."""
    info = error_details_pb2.ErrorInfo()
    if not _unpack(status, info) or info.domain != ERROR_DOMAIN:
        return None
    bad, wait, receipt = error_details_pb2.BadRequest(), error_details_pb2.RetryInfo(), context_pb2.Receipt()
    quota = error_details_pb2.QuotaFailure()
    _unpack(status, bad)
    _unpack(status, quota)
    metadata = dict(info.metadata)
    refusal = GatewayRefusal(
        info.reason,
        status.message,
        call_id=metadata.pop("call_id", "") or call_id,
        violations=[Violation(each.field, each.description) for each in bad.field_violations],
        quotas=[Violation(each.subject, each.description) for each in quota.violations],
        metadata=metadata,
        retry_seconds=wait.retry_delay.ToTimedelta().total_seconds() if _unpack(status, wait) else None,
    )
    return refusal, (receipt if _unpack(status, receipt) else None)


def _status_of(error: grpc.aio.AioRpcError) -> status_pb2.Status | None:
    for key, value in error.trailing_metadata() or ():
        if key == _DETAILS_KEY and isinstance(value, bytes):
            try:
                return status_pb2.Status.FromString(value)
            except DecodeError:
                return None
    return None


def _unpack(status: status_pb2.Status, into: object) -> bool:
    """Whether a detail of that type was there; `into` holds it then."""
    for detail in status.details:
        if detail.Is(into.DESCRIPTOR):  # type: ignore[attr-defined]
            try:
                return bool(detail.Unpack(into))
            except DecodeError:
                return False
    return False
