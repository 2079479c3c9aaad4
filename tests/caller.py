"""A foreign caller of the gateway: plain gRPC, exact bytes, whatever metadata a test wants. No retries, no checks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import grpc
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from gateway.api.v1 import context_pb2, lookup_service_pb2, sync_service_pb2, token_service_pb2
from gateway.audit.receipt import Receipt, verify_receipt
from gateway.client import Context
from gateway.wire import receipt_from_wire

LOOK_UP = "/gateway.api.v1.LookupService/LookUpPerson"
BATCH_LOOK_UP = "/gateway.api.v1.LookupService/BatchLookUpPersons"
STREAM_LOOK_UP = "/gateway.api.v1.LookupService/StreamLookUpPersons"
PULL = "/gateway.api.v1.SyncService/Pull"
PUSH = "/gateway.api.v1.SyncService/Push"
ISSUE_TOKEN = "/gateway.api.v1.TokenService/IssueToken"
QUERY = "/gateway.api.v1.AuditService/QueryAccesses"
AGENCY = "/gateway.api.v1.AgencyService/"
ENROLMENT = "/gateway.api.v1.EnrolmentService/"


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: an answer's bytes, or a refusal with its details."""

    code: grpc.StatusCode
    body: bytes = b""
    sentence: str = ""
    reason: str = ""
    """Empty: answered, or refused by gRPC itself."""
    metadata: tuple[tuple[str, str], ...] = ()
    violations: tuple[str, ...] = ()
    """The fields that BadRequest names."""
    retry_seconds: float | None = None
    receipt: Receipt | None = None
    call_id: str = ""
    status: bytes = b""
    """The serialised google.rpc.Status."""


class Caller:
    """One connection with a certificate; `token` is sent with every call that does not name its own."""

    def __init__(self, folder: Path, address: str, *, key: bytes = b"", chain: bytes = b"", token: str = "") -> None:
        """`folder`: an identity folder; `key` and `chain` replace what it holds."""
        root = (folder / "ca.pem").read_bytes()
        self.credentials = grpc.ssl_channel_credentials(
            root, key or (folder / "key.pem").read_bytes(), chain or (folder / "cert.pem").read_bytes()
        )
        options = (("grpc.use_local_subchannel_pool", 1), ("grpc.max_send_message_length", 16 << 20))
        self.channel = grpc.secure_channel(address, self.credentials, options=options)
        self.token = token

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _k: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None) -> None:
        self.channel.close()

    def with_token(self) -> Self:
        """Get a token and keep it."""
        reply = self.call(ISSUE_TOKEN, token_service_pb2.IssueTokenRequest(), token="")
        assert reply.code is grpc.StatusCode.OK, reply
        self.token = token_service_pb2.IssueTokenResponse.FromString(reply.body).token
        return self

    def call(
        self,
        method: str,
        request: Message | bytes,
        *,
        token: str | None = None,
        metadata: Sequence[tuple[str, str]] = (),
        timeout: float | None = 10.0,
    ) -> Reply:
        """One call. `token`: None is the caller's own, empty sends none."""
        bearer = self.token if token is None else token
        sent = (*metadata, *([("authorization", f"Bearer {bearer}")] if bearer else []))
        body = request if isinstance(request, bytes) else request.SerializeToString()
        call: Any = self.channel.unary_unary(method)
        try:
            answer, ended = call.with_call(body, metadata=sent, timeout=timeout, wait_for_ready=False)
        except grpc.RpcError as error:
            return refused(error)
        return Reply(ended.code(), body=answer, call_id=_trailer(ended, "popgate-call-id"))

    def look_up(self, number: str, fields: Sequence[str], context: Context, **options: Any) -> Reply:
        """LookUpPerson."""
        return self.call(LOOK_UP, look_up_request(number, fields, context), **options)


def look_up_request(
    number: str, fields: Sequence[str], context: Context | None
) -> lookup_service_pb2.LookUpPersonRequest:
    """A look-up; without a context when None."""
    request = lookup_service_pb2.LookUpPersonRequest(number=number)
    if context is not None:
        request.context.CopyFrom(context.message())
    request.field_mask.paths.extend(fields)
    return request


def batch_request(
    numbers: Sequence[str], fields: Sequence[str], context: Context | None, references: Sequence[str] = ()
) -> lookup_service_pb2.BatchLookUpPersonsRequest:
    """A batch of look-ups; without a context when None."""
    request = lookup_service_pb2.BatchLookUpPersonsRequest()
    if context is not None:
        request.context.CopyFrom(context.message())
    request.field_mask.paths.extend(fields)
    for number, reference in zip_longest(numbers, references, fillvalue=""):
        request.items.add(number=number, reference=reference)
    return request


def pull_request(
    fields: Sequence[str], context: Context, cursor: bytes = b"", people_max: int = 0
) -> sync_service_pb2.PullRequest:
    """A pull."""
    request = sync_service_pb2.PullRequest(context=context.message(), cursor=cursor, people_max=people_max)
    request.field_mask.paths.extend(fields)
    return request


def push_request(
    numbers: Sequence[str], fields: Sequence[str], context: Context, **values: Any
) -> sync_service_pb2.PushRequest:
    """A push of the same social insurance `values` for everybody."""
    request = sync_service_pb2.PushRequest(context=context.message())
    request.update_mask.paths.extend(fields)
    for at, number in enumerate(numbers):
        item = request.items.add(reference=f"item-{at}")
        item.person.number = number
        for field, value in values.items():
            setattr(item.person.social_insurance, field, value)
    return request


def refused(error: Any) -> Reply:
    """A gRPC error as a reply."""
    raw = _trailer(error, "grpc-status-details-bin", b"")
    status = status_pb2.Status.FromString(raw)
    info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    retry, receipt = error_details_pb2.RetryInfo(), context_pb2.Receipt()
    found = {type(each) for each in (info, bad, retry, receipt) for detail in status.details if detail.Unpack(each)}
    metadata = dict(info.metadata)
    return Reply(
        error.code(),
        sentence=error.details(),
        reason=info.reason,
        call_id=metadata.pop("call_id", ""),
        metadata=tuple(sorted(metadata.items())),
        violations=tuple(violation.field for violation in bad.field_violations),
        retry_seconds=retry.retry_delay.ToTimedelta().total_seconds() if type(retry) in found else None,
        receipt=receipt_from_wire(receipt) if type(receipt) in found else None,
        status=raw,
    )


def check_receipt(receipt: Receipt, folder: Path) -> None:
    """Raises unless the log's receipt key signed it; `folder`: the published log."""
    verify_receipt(receipt, (folder / "receipt.vkey").read_text().strip())


def _trailer(call: Any, key: str, default: Any = "") -> Any:
    return next((value for name, value in call.trailing_metadata() or () if name == key), default)
