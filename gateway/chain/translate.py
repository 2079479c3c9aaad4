"""How a refusal travels over gRPC: the one table of reasons, and the google.rpc details they bring."""

from __future__ import annotations

from enum import Enum

from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from grpc import StatusCode

from gateway.api.v1 import context_pb2, reason_pb2
from gateway.errors import GatewayError

DOMAIN = "popgate"


class Retry(Enum):
    """Whether the same call may succeed later, without a change by the caller or the operator."""

    NEVER = "never"
    LATER = "later"


TABLE: dict[str, tuple[StatusCode, Retry]] = {
    "ARGUMENT_INVALID": (StatusCode.INVALID_ARGUMENT, Retry.NEVER),
    "MESSAGE_TOO_LARGE": (StatusCode.INVALID_ARGUMENT, Retry.NEVER),
    "CONTEXT_MISSING": (StatusCode.INVALID_ARGUMENT, Retry.NEVER),
    "MASK_EMPTY": (StatusCode.INVALID_ARGUMENT, Retry.NEVER),
    "FIELD_UNKNOWN": (StatusCode.INVALID_ARGUMENT, Retry.NEVER),
    "CURSOR_MALFORMED": (StatusCode.INVALID_ARGUMENT, Retry.NEVER),
    "CURSOR_FOREIGN": (StatusCode.FAILED_PRECONDITION, Retry.NEVER),
    "CURSOR_EXPIRED": (StatusCode.OUT_OF_RANGE, Retry.NEVER),
    "DEADLINE_TOO_SHORT": (StatusCode.DEADLINE_EXCEEDED, Retry.NEVER),
    "CREDENTIAL_MISSING": (StatusCode.UNAUTHENTICATED, Retry.NEVER),
    "CREDENTIAL_MALFORMED": (StatusCode.UNAUTHENTICATED, Retry.NEVER),
    "CREDENTIAL_EXPIRED": (StatusCode.UNAUTHENTICATED, Retry.NEVER),
    "CREDENTIAL_REVOKED": (StatusCode.UNAUTHENTICATED, Retry.NEVER),
    "CREDENTIAL_FOREIGN": (StatusCode.UNAUTHENTICATED, Retry.NEVER),
    "SIGNATURE_INVALID": (StatusCode.UNAUTHENTICATED, Retry.NEVER),
    "SIGNATURE_MISSING": (StatusCode.UNAUTHENTICATED, Retry.NEVER),
    "SIGNATURE_MALFORMED": (StatusCode.UNAUTHENTICATED, Retry.NEVER),
    "SIGNATURE_FOREIGN": (StatusCode.UNAUTHENTICATED, Retry.NEVER),
    "SIGNING_KEY_UNKNOWN": (StatusCode.UNAUTHENTICATED, Retry.NEVER),
    "SIGNING_KEY_REVOKED": (StatusCode.UNAUTHENTICATED, Retry.NEVER),
    "ENROLMENT_REFUSED": (StatusCode.UNAUTHENTICATED, Retry.NEVER),
    "METADATA_RESERVED": (StatusCode.INVALID_ARGUMENT, Retry.NEVER),
    "ENROLMENT_CODE_USED": (StatusCode.UNAUTHENTICATED, Retry.NEVER),
    "CREDENTIAL_SUPERSEDED": (StatusCode.UNAUTHENTICATED, Retry.NEVER),
    "CSR_FOREIGN": (StatusCode.UNAUTHENTICATED, Retry.NEVER),
    "CLOCK_SKEWED": (StatusCode.UNAUTHENTICATED, Retry.NEVER),
    "CALL_REPLAYED": (StatusCode.ALREADY_EXISTS, Retry.NEVER),
    "METHOD_NOT_GRANTED": (StatusCode.PERMISSION_DENIED, Retry.NEVER),
    "PURPOSE_NOT_GRANTED": (StatusCode.PERMISSION_DENIED, Retry.NEVER),
    "FIELD_NOT_GRANTED": (StatusCode.PERMISSION_DENIED, Retry.NEVER),
    "FIELD_NOT_OWNED": (StatusCode.PERMISSION_DENIED, Retry.NEVER),
    "PERSON_UNAVAILABLE": (StatusCode.NOT_FOUND, Retry.NEVER),
    "TOO_MANY_FOUND": (StatusCode.FAILED_PRECONDITION, Retry.NEVER),
    "NUMBER_AMBIGUOUS": (StatusCode.FAILED_PRECONDITION, Retry.NEVER),
    "IDENTIFIER_WITHHELD": (StatusCode.PERMISSION_DENIED, Retry.NEVER),
    "RECORD_UNKNOWN": (StatusCode.NOT_FOUND, Retry.NEVER),
    "RECORD_EXISTS": (StatusCode.ALREADY_EXISTS, Retry.NEVER),
    "GRANT_WIDER": (StatusCode.FAILED_PRECONDITION, Retry.NEVER),
    "APPROVER_NOT_OTHER": (StatusCode.PERMISSION_DENIED, Retry.NEVER),
    "PROPOSAL_CLOSED": (StatusCode.FAILED_PRECONDITION, Retry.NEVER),
    "OPERATOR_FOREIGN": (StatusCode.PERMISSION_DENIED, Retry.NEVER),
    "QUOTA_EXHAUSTED": (StatusCode.RESOURCE_EXHAUSTED, Retry.LATER),
    "STREAMS_EXHAUSTED": (StatusCode.RESOURCE_EXHAUSTED, Retry.LATER),
    "AUDIT_UNAVAILABLE": (StatusCode.UNAVAILABLE, Retry.LATER),
    "REGISTRY_UNAVAILABLE": (StatusCode.UNAVAILABLE, Retry.LATER),
    "POLICY_STALE": (StatusCode.UNAVAILABLE, Retry.LATER),
    "STREAM_ENDED": (StatusCode.UNAVAILABLE, Retry.LATER),
    "INTERNAL": (StatusCode.INTERNAL, Retry.NEVER),
}
"""Every reason of the contract: its gRPC status, and whether to retry."""

RETRY_SECONDS = 0.5
"""What RetryInfo says unless the refusal knows better."""


def reason_number(reason: str) -> int:
    """The number of a reason in the contract and in the log."""
    return reason_pb2.ErrorReason.Value(f"ERROR_REASON_{reason}")


def rich_status(error: GatewayError, call_id: bytes, receipt: context_pb2.Receipt | None) -> status_pb2.Status:
    """The google.rpc status of a refusal: ErrorInfo always, the other details where they apply."""
    code, retry = TABLE[error.reason]
    status = status_pb2.Status(code=code.value[0], message=str(error))
    info = error_details_pb2.ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=error.metadata)
    info.metadata["call_id"] = call_id.hex()
    status.details.append(_packed(info))
    if error.violations:
        bad = error_details_pb2.BadRequest()
        for violation in error.violations:
            bad.field_violations.add(field=violation.field, description=violation.description)
        status.details.append(_packed(bad))
    if error.quotas:
        failure = error_details_pb2.QuotaFailure()
        for quota in error.quotas:
            failure.violations.add(subject=quota.subject, description=quota.description)
        status.details.append(_packed(failure))
    if retry is Retry.LATER:
        delay = Duration()
        delay.FromMilliseconds(round((error.retry_seconds or RETRY_SECONDS) * 1000))
        status.details.append(_packed(error_details_pb2.RetryInfo(retry_delay=delay)))
    if receipt is not None:
        status.details.append(_packed(receipt))
    return status


def _packed(message: Message) -> AnyMessage:
    packed = AnyMessage()
    packed.Pack(message)
    return packed
