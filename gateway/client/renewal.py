"""The next certificate for the one before it, also for one that lapsed: asked for on the enrolment port, kept in the
folder. A new key is made here and stays here; a key behind a signer stays where it is."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.serialization import Encoding

from gateway.agency.certificates import key_from_pem, key_to_pem, make_csr, make_key, renewal_statement
from gateway.agency.identity import CERTIFICATE_FILE, KEY_FILE, NEXT_KEY_FILE, ROOT_FILE, write_private, write_trust
from gateway.api.v1 import enrolment_service_pb2
from gateway.client.enrol import ask, receipt_lines
from gateway.client.errors import GatewayRefusal, IdentityInvalid
from gateway.client.identity import Identity
from gateway.client.receipts import ReceiptDesk, missing_receipt

RENEW_PATH: Final = "/gateway.api.v1.EnrolmentService/RenewCertificate"
GRACE: Final = timedelta(days=7)
"""How long after its end the gateway still exchanges a certificate."""
LOCK_FILE: Final = ".lock"
LOCK_SECONDS: Final = 0.05


def renewal_time(identity: Identity, share: float = 0.5) -> datetime:
    """When a share of the certificate's life is over (aware)."""
    leaf = identity.certificate
    return leaf.not_valid_before_utc + share * (leaf.not_valid_after_utc - leaf.not_valid_before_utc)


def is_recoverable(identity: Identity, now: datetime) -> bool:
    """Whether the certificate has lapsed, but not so long ago that a new code is needed."""
    end = identity.certificate.not_valid_after_utc
    return bool(identity.enrolment_server) and end <= now <= end + GRACE


async def renew(identity: Identity, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Identity:
    """The identity with its next certificate, which is in the folder by then.

    Of several processes that share the folder one asks, the others get what it got. Safe to be killed at any
    moment: the new key is kept before it is sent, and the gateway answers the same request again. Raises
    ClientError, OSError when the folder cannot be written.
    """
    if not identity.enrolment_server:
        raise IdentityInvalid("trust.json does not say where the enrolment port is; add enrolment_server to it.")
    async with _locked(identity.folder):
        current = Identity.from_folder(identity.folder, signer=identity.signer)
        current = replace(current, request_key=identity.request_key)
        if current.certificate_pem != identity.certificate_pem:
            return current
        key_pem = b"" if current.signer else _next_key(current.folder)
        key = key_from_pem(key_pem) if key_pem else current.key
        answer = await _asked(current, make_csr(key), now)
        _keep(current, answer, key_pem)
        return replace(Identity.from_folder(current.folder, signer=current.signer), request_key=identity.request_key)


async def _asked(
    identity: Identity, csr: bytes, now: Callable[[], datetime]
) -> enrolment_service_pb2.RenewCertificateResponse:
    try:
        return await _ask_at(identity, csr, now())
    except GatewayRefusal as refusal:
        told = refusal.metadata.get("server_time", "")
        if refusal.reason != "CLOCK_SKEWED" or not told:
            raise
        # The clock here is wrong: the gateway told its time, over a connection that proved to be it.
        return await _ask_at(identity, csr, datetime.fromisoformat(told))


async def _ask_at(identity: Identity, csr: bytes, moment: datetime) -> enrolment_service_pb2.RenewCertificateResponse:
    der, signed_at = identity.certificate.public_bytes(Encoding.DER), int(moment.timestamp())
    request = enrolment_service_pb2.RenewCertificateRequest(
        certificate=der, csr=csr, signature=identity.sign(renewal_statement(der, csr, signed_at))
    )
    request.signed_time.seconds = signed_at
    call_id = secrets.token_hex(16)
    read = enrolment_service_pb2.RenewCertificateResponse.FromString
    answer: enrolment_service_pb2.RenewCertificateResponse = await ask(
        identity.enrolment_server, identity.root_pem, RENEW_PATH, request, read, call_id
    )
    if not answer.HasField("receipt"):
        raise missing_receipt(call_id)
    desk = ReceiptDesk(identity.log_origin, identity.receipt_verifier, identity.entry_name)
    desk.learn(receipt_lines(answer.trust_bundle))
    desk.take(answer.receipt, call_id, "RenewCertificate", 0)
    return answer


def _keep(identity: Identity, answer: enrolment_service_pb2.RenewCertificateResponse, key_pem: bytes) -> None:
    """Certificate first, key last: in between the loader finds the key under its other name."""
    folder = identity.folder
    keep_trust(identity, answer.trust_bundle)
    write_private(folder / CERTIFICATE_FILE, answer.certificate_chain.encode())
    if key_pem:
        (folder / NEXT_KEY_FILE).rename(folder / KEY_FILE)


def keep_trust(identity: Identity, bundle: enrolment_service_pb2.TrustBundle) -> None:
    """Write what a gateway says of itself into the folder, once it proved to be the one trusted so far.

    Another log, or another trust domain, is not taken for a change of keys. Raises IdentityInvalid, OSError.
    """
    if (bundle.log_origin, bundle.trust_domain) != (identity.log_origin, identity.trust_domain):
        raise IdentityInvalid(
            f"The gateway now names the log {bundle.log_origin} and the trust domain {bundle.trust_domain}; ask the "
            "operator, and enrol again if that is meant."
        )
    desk = ReceiptDesk(identity.log_origin, identity.receipt_verifier, identity.entry_name)
    desk.learn(receipt_lines(bundle))
    write_trust(identity.folder, {"receipt_verifier": desk.verifier_text})
    write_private(identity.folder / ROOT_FILE, bundle.root_certificates.encode())


def _next_key(folder: Path) -> bytes:
    path = folder / NEXT_KEY_FILE
    try:
        kept = path.read_bytes()
        key_from_pem(kept)
    except (FileNotFoundError, ValueError):
        kept = key_to_pem(make_key())
        write_private(path, kept)
    return kept


@contextlib.asynccontextmanager
async def _locked(folder: Path) -> AsyncIterator[None]:
    """One at a time renews the identity in a folder."""
    descriptor = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(LOCK_SECONDS)
        yield
    finally:
        os.close(descriptor)
