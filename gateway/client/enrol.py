"""Getting an identity: one-time code and a key made here for a certificate. The key never leaves this machine."""

from __future__ import annotations

import asyncio
import errno
import hmac
import os
import secrets
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import grpc
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from google.protobuf.message import Message

from gateway.agency.certificates import key_to_pem, make_csr, make_key
from gateway.agency.identity import make_private_directory, write_identity
from gateway.api.v1 import enrolment_service_pb2
from gateway.client.diagnosis import PROBE_SECONDS, Outcome, reach, split_server
from gateway.client.errors import CannotConnect, ClientError, IdentityInvalid, UnexpectedAnswer
from gateway.client.identity import Identity
from gateway.client.link import traceparent
from gateway.client.receipts import ReceiptDesk, missing_receipt
from gateway.client.refusals import refusal_from
from gateway.wire import time_from_wire

ENROL_PATH: Final = "/gateway.api.v1.EnrolmentService/Enrol"
TRUST_BUNDLE_PATH: Final = "/gateway.api.v1.EnrolmentService/GetTrustBundle"
TIMEOUT_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class TrustAnswer:
    """What a gateway says of itself, and its clock (aware, UTC)."""

    bundle: enrolment_service_pb2.TrustBundle
    server_time: datetime


async def enrol(
    enrolment_server: str,
    code: str,
    folder: str | Path,
    *,
    root_pem: bytes | None = None,
    fingerprint: str | None = None,
    server: str = "",
) -> Identity:
    """Exchange the operator's one-time `code` for an identity, written to `folder`, and return it.

    The operator also gives `root_pem`, or the SHA-256 `fingerprint` of the root certificate in hexadecimal:
    without one of them anybody on the way could be the gateway. `server` is the agencies' port, kept in the
    folder. Raises ClientError, OSError when the folder cannot be written.
    """
    if (root_pem is None) == (fingerprint is None):
        raise IdentityInvalid("State the gateway's root certificate or its fingerprint, as the operator gave it.")
    if root_pem is None:
        root_pem = await _root_by_fingerprint(enrolment_server, fingerprint or "")
    place, key = Path(folder), make_key()
    _check_writable(place)
    request = enrolment_service_pb2.EnrolRequest(code=code.strip().upper(), csr=make_csr(key))
    call_id = secrets.token_hex(16)
    read = enrolment_service_pb2.EnrolResponse.FromString
    answer = await ask(enrolment_server, root_pem, ENROL_PATH, request, read, call_id)
    if not answer.HasField("receipt"):
        raise missing_receipt(call_id)
    bundle = answer.trust_bundle
    ReceiptDesk(bundle.log_origin, receipt_lines(bundle), answer.agency).take(answer.receipt, call_id, "Enrol", 0)
    trust = {
        "log_origin": bundle.log_origin,
        "log_verifier": bundle.log_verifier,
        "receipt_verifier": receipt_lines(bundle),
        "trust_domain": bundle.trust_domain,
        "server": server,
        "enrolment_server": enrolment_server,
    }
    chain_pem, roots_pem = answer.certificate_chain.encode(), bundle.root_certificates.encode()
    write_identity(place, key_to_pem(key), chain_pem, roots_pem, trust)
    return Identity.from_folder(place)


async def trust_bundle(enrolment_server: str, root_pem: bytes) -> TrustAnswer:
    """What the gateway says of itself over server TLS. Raises ClientError."""
    request = enrolment_service_pb2.GetTrustBundleRequest()
    read = enrolment_service_pb2.GetTrustBundleResponse.FromString
    answer = await ask(enrolment_server, root_pem, TRUST_BUNDLE_PATH, request, read, secrets.token_hex(16))
    return TrustAnswer(answer.trust_bundle, time_from_wire(answer.server_time))


async def _root_by_fingerprint(enrolment_server: str, fingerprint: str) -> bytes:
    """The root certificate with that fingerprint, as PEM.

    The first connection trusts whatever certificate it is shown, and learns nothing from it but a root, which
    counts only if its fingerprint is the one given. The code is sent over a second one, under that root.
    """
    wanted = fingerprint.lower().removeprefix("sha256:").replace(":", "").strip()
    try:
        shown = await asyncio.to_thread(_shown_certificate, enrolment_server)
    except (OSError, ValueError) as error:
        raise await _no_connection(enrolment_server, str(error)) from error
    bundle = (await trust_bundle(enrolment_server, shown)).bundle
    for root in x509.load_pem_x509_certificates(bundle.root_certificates.encode()):
        if hmac.compare_digest(sha256(root.public_bytes(Encoding.DER)).hexdigest(), wanted):
            return root.public_bytes(Encoding.PEM)
    raise IdentityInvalid(
        f"What answers at {enrolment_server} has no root certificate with this fingerprint; check both with the "
        "operator. Nothing was sent to it."
    )


def _shown_certificate(enrolment_server: str) -> bytes:
    pem = ssl.get_server_certificate(split_server(enrolment_server), timeout=PROBE_SECONDS)
    return pem.encode("ascii")


def receipt_lines(bundle: enrolment_service_pb2.TrustBundle) -> str:
    """The verifier lines of all receipt keys, one a line."""
    return "\n".join(bundle.receipt_verifiers) or bundle.receipt_verifier


async def ask(
    server: str, root_pem: bytes, path: str, request: Message, read: Callable[[bytes], Any], call_id: str
) -> Any:
    """One call on the enrolment port, whose certificate must lead to the root. Raises ClientError."""
    try:
        split_server(server)
    except ValueError as error:
        raise IdentityInvalid(f"The enrolment server {error}.") from None
    async with grpc.aio.secure_channel(server, grpc.ssl_channel_credentials(root_pem)) as channel:
        send: Any = channel.unary_unary(
            path, request_serializer=lambda message: message.SerializeToString(), response_deserializer=read
        )
        try:
            metadata = [("traceparent", traceparent(call_id))]
            return await send(request, timeout=TIMEOUT_SECONDS, metadata=metadata)
        except grpc.aio.AioRpcError as error:
            raise await _failure(server, error, call_id) from error


async def _failure(server: str, error: grpc.aio.AioRpcError, call_id: str) -> ClientError:
    read = refusal_from(error, call_id)
    if read is not None:
        return read[0]
    if error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED):
        return await _no_connection(server, error.details() or "no cause given")
    return UnexpectedAnswer(
        f"{server} answered {error.code().name} ({error.details()}); check that it is the enrolment port of a "
        "gateway of this version."
    )


async def _no_connection(server: str, cause: str) -> CannotConnect:
    reached = await asyncio.to_thread(reach, server)
    if reached.outcome is Outcome.FAILED:
        return CannotConnect(f"{reached.found[:1].upper()}{reached.found[1:]}; {reached.advice}.")
    return CannotConnect(
        f"{server} does not prove to be the gateway ({cause}); check the root certificate or fingerprint and the "
        "server's name with the operator."
    )


def _check_writable(folder: Path) -> None:
    """Before the code is spent: a folder of somebody else must not cost the operator a new one."""
    make_private_directory(folder)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))
