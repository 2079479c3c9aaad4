"""A foreign caller of the gateway: plain gRPC, exact bytes, whatever metadata a test wants. No retries, no checks."""

from __future__ import annotations

import queue
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import grpc
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from gateway.agency.certificates import make_key
from gateway.agency.signatures import SIGNATURE_KEY, Signature, make
from gateway.agency.signing_keys import der_of, key_id_of
from gateway.api.v1 import context_pb2, lookup_service_pb2, signing_service_pb2, sync_service_pb2, token_service_pb2
from gateway.audit.receipt import Receipt, verify_receipt
from gateway.client import Context, Identity
from gateway.client.signing import must_sign
from gateway.wire import receipt_from_wire

LOOK_UP = "/gateway.api.v1.LookupService/LookUpPerson"
BATCH_LOOK_UP = "/gateway.api.v1.LookupService/BatchLookUpPersons"
STREAM_LOOK_UP = "/gateway.api.v1.LookupService/StreamLookUpPersons"
PULL = "/gateway.api.v1.SyncService/Pull"
PUSH = "/gateway.api.v1.SyncService/Push"
ISSUE_TOKEN = "/gateway.api.v1.TokenService/IssueToken"
QUERY = "/gateway.api.v1.AuditService/QueryAccesses"
AGENCY = "/gateway.api.v1.AgencyService/"
REGISTER_KEY = "/gateway.api.v1.SigningService/RegisterSigningKey"
LIST_KEYS = "/gateway.api.v1.SigningService/ListSigningKeys"
REVOKE_KEY = "/gateway.api.v1.SigningService/RevokeSigningKey"
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
    """One connection with a certificate; `token` is sent with every call that does not name its own.

    Calls that the contract wants signed are signed, under a key that is registered at the first of them.
    """

    def __init__(self, folder: Path, address: str, *, key: bytes = b"", chain: bytes = b"", token: str = "") -> None:
        """`folder`: an identity folder; `key` and `chain` replace what it holds."""
        root = (folder / "ca.pem").read_bytes()
        self.credentials = grpc.ssl_channel_credentials(
            root, key or (folder / "key.pem").read_bytes(), chain or (folder / "cert.pem").read_bytes()
        )
        options = (("grpc.use_local_subchannel_pool", 1), ("grpc.max_send_message_length", 16 << 20))
        self.channel = grpc.secure_channel(address, self.credentials, options=options)
        self.token = token
        self.spiffe_id = Identity.from_folder(folder).spiffe_ids[0]
        self.signing_key: ec.EllipticCurvePrivateKey | None = None

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

    def signature(
        self,
        method: str,
        request: bytes,
        *,
        key: ec.EllipticCurvePrivateKey | None = None,
        signature_id: str = "",
        age_seconds: float = 0.0,
    ) -> str:
        """A signature of the caller's own key, or of another one, `age_seconds` old."""
        if key is None:
            key = self.signing_key = self.signing_key or self.register(make_key())
        return sign(key, method, request, signature_id=signature_id, age_seconds=age_seconds)

    def register(self, key: ec.EllipticCurvePrivateKey) -> ec.EllipticCurvePrivateKey:
        """Register a signing key."""
        reply = self.call(REGISTER_KEY, self.registration(key), signed_by=key)
        assert reply.code is grpc.StatusCode.OK, reply
        return key

    def registration(self, key: ec.EllipticCurvePrivateKey) -> signing_service_pb2.RegisterSigningKeyRequest:
        """The request that registers a key."""
        return registration(key, self.spiffe_id)

    def call(
        self,
        method: str,
        request: Message | bytes,
        *,
        token: str | None = None,
        metadata: Sequence[tuple[str, str]] = (),
        timeout: float | None = 10.0,
        signed_by: ec.EllipticCurvePrivateKey | None = None,
        signed: bool = True,
    ) -> Reply:
        """One call. `token`: None is the caller's own, empty sends none. A signature in `metadata` is the only one."""
        bearer = self.token if token is None else token
        sent = (*metadata, *([("authorization", f"Bearer {bearer}")] if bearer else []))
        body = request if isinstance(request, bytes) else request.SerializeToString()
        if signed and must_sign(method) and SIGNATURE_KEY not in dict(metadata):
            sent = (*sent, (SIGNATURE_KEY, self.signature(method, body, key=signed_by)))
        call: Any = self.channel.unary_unary(method)
        try:
            answer, ended = call.with_call(body, metadata=sent, timeout=timeout, wait_for_ready=False)
        except grpc.RpcError as error:
            return refused(error)
        return Reply(ended.code(), body=answer, call_id=_trailer(ended, "popgate-call-id"))

    def look_up(self, number: str, fields: Sequence[str], context: Context, **options: Any) -> Reply:
        """LookUpPerson."""
        return self.call(LOOK_UP, look_up_request(number, fields, context), **options)


def registration(key: ec.EllipticCurvePrivateKey, spiffe_id: str) -> signing_service_pb2.RegisterSigningKeyRequest:
    """The request that registers a system's key; it has to be signed with the key."""
    return signing_service_pb2.RegisterSigningKeyRequest(public_key=der_of(key.public_key()), spiffe_id=spiffe_id)


def sign(
    key: ec.EllipticCurvePrivateKey,
    method: str,
    payload: bytes,
    *,
    signature_id: str = "",
    age_seconds: float = 0.0,
    batch: bool = False,
) -> str:
    """A detached JWS over a payload."""
    stated = Signature(
        key_id_of(key.public_key()),
        method,
        signature_id or secrets.token_urlsafe(16),
        int(time.time() - age_seconds),
        batch,
    )
    return make(stated, payload, lambda data: key.sign(data, ec.ECDSA(SHA256())))


class Talk:
    """A stream of look-ups that stays open: say a batch, take its answer, as often as wanted."""

    def __init__(self, caller: Caller, timeout: float = 20.0) -> None:
        self._messages: queue.Queue[bytes | None] = queue.Queue()
        call: Any = caller.channel.stream_stream(STREAM_LOOK_UP)
        metadata = [("authorization", f"Bearer {caller.token}")]
        self._stream = call(iter(self._messages.get, None), metadata=metadata, timeout=timeout)

    def say(self, numbers: Sequence[str], fields: Sequence[str], context: Context) -> Reply:
        """One batch and what came of it: an answer, or how the stream ended."""
        batch = batch_request(numbers, fields, context)
        self._messages.put(lookup_service_pb2.StreamLookUpPersonsRequest(batch=batch).SerializeToString())
        try:
            return Reply(grpc.StatusCode.OK, body=next(self._stream))
        except grpc.RpcError as error:
            return refused(error)

    def end(self) -> None:
        """Say that there is no more."""
        self._messages.put(None)


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
