"""RenewCertificate against a real gateway: the next certificate, and what a bad request for one leaves in the log."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from gateway.agency.bootstrap import enrol_locally
from gateway.agency.certificates import (
    key_digest,
    key_from_pem,
    key_to_pem,
    make_csr,
    make_key,
    principal_from_pem,
    renewal_statement,
)
from gateway.agency.enrolment import CLOCK_SECONDS_MAX
from gateway.agency.store import AgencyStore
from gateway.agency.succession import OVERLAP_SECONDS
from gateway.api.v1 import enrolment_service_pb2 as enrolment_pb
from gateway.audit.entry import Kind
from gateway.chain.translate import reason_number
from gateway.client import Identity, connect
from gateway.start import trust_of
from gateway.wire import receipt_from_wire
from tests.caller import ENROLMENT, Caller, Reply, Talk, check_receipt, refused
from tests.gateway import AGENCIES, Gateway
from tests.service.refusals import entries_of
from tests.world import number_of

HOSPITAL = AGENCIES["hospital"].context
TRUST_DOMAIN = "popgate.example"


@dataclass(frozen=True, slots=True)
class Holder:
    """An identity folder of its own, so that no other test meets its superseded certificate."""

    gateway: Gateway
    folder: Path

    @property
    def pem(self) -> bytes:
        return (self.folder / "cert.pem").read_bytes()

    def request(
        self, csr: bytes, signed_at: int | None = None, key: ec.EllipticCurvePrivateKey | None = None
    ) -> enrolment_pb.RenewCertificateRequest:
        signed_at = int(time.time()) if signed_at is None else signed_at
        der = x509.load_pem_x509_certificate(self.pem).public_bytes(Encoding.DER)
        signer = key or key_from_pem((self.folder / "key.pem").read_bytes())
        signature = signer.sign(renewal_statement(der, csr, signed_at), ec.ECDSA(hashes.SHA256()))
        request = enrolment_pb.RenewCertificateRequest(certificate=der, csr=csr, signature=signature)
        request.signed_time.seconds = signed_at
        return request

    def renew(self, request: enrolment_pb.RenewCertificateRequest) -> Reply:
        credentials = grpc.ssl_channel_credentials((self.folder / "ca.pem").read_bytes())
        with grpc.secure_channel(self.gateway.enrolment_address, credentials) as channel:
            send: Any = channel.unary_unary(ENROLMENT + "RenewCertificate")
            try:
                answer, ended = send.with_call(request.SerializeToString(), timeout=10)
            except grpc.RpcError as error:
                return refused(error)
            return Reply(ended.code(), body=answer)


@pytest.fixture
def holder(gateway: Gateway, tmp_path: Path) -> Holder:
    folder = tmp_path / "identity"
    enrol_locally(gateway.state, "hospital", "renewing", folder, time.time(), trust_of(gateway.settings))
    return Holder(gateway, folder)


def test_old_and_new_certificate_work_side_by_side(gateway: Gateway, holder: Holder) -> None:
    key = make_key()
    reply = holder.renew(holder.request(make_csr(key)))
    assert reply.code is grpc.StatusCode.OK, reply
    answer = enrolment_pb.RenewCertificateResponse.FromString(reply.body)
    receipt = receipt_from_wire(answer.receipt)
    check_receipt(receipt, gateway.state / "audit")
    entry, detail = gateway.entry(receipt.index)
    old = principal_from_pem(holder.pem, TRUST_DOMAIN)
    new = principal_from_pem(answer.certificate_chain.encode(), TRUST_DOMAIN)
    assert (entry.kind, entry.agency, entry.certificate) == (Kind.CREDENTIAL_ISSUED, "hospital", old.thumbprint)
    assert detail is not None
    assert new.thumbprint.hex() in detail.note
    assert (new.agency, new.system) == ("hospital", "renewing")
    chain = answer.certificate_chain.encode()
    for caller in (
        Caller(holder.folder, gateway.address, key=key_to_pem(key), chain=chain),
        Caller(holder.folder, gateway.address),
    ):
        with caller.with_token():
            assert caller.look_up(number_of(1), ["name"], HOSPITAL).code is grpc.StatusCode.OK


async def test_bulk_and_single_calls_go_on_over_a_renewal(gateway: Gateway, holder: Holder) -> None:
    numbers = [number_of(at) for at in range(1, 1001)] * 4
    identity = Identity.from_folder(holder.folder)
    async with connect(identity, gateway.address) as client:
        for _ in range(2):
            looked = 0
            async for each in client.look_up_many(numbers, fields=["number"], context=HOSPITAL):
                assert each.person is not None
                looked += 1
                if looked == 1:
                    renewed = await client.renew()
                    await client.look_up(number_of(1), fields=["name"], context=HOSPITAL)
            assert looked == len(numbers)
        assert client.identity.certificate == renewed.certificate != identity.certificate


def test_a_replaced_certificate_is_refused_after_the_overlap_on_its_open_connection(
    gateway: Gateway, holder: Holder
) -> None:
    old, key = principal_from_pem(holder.pem, TRUST_DOMAIN), make_key()
    with Caller(holder.folder, gateway.address).with_token() as caller:
        stream = Talk(caller)
        assert stream.say([number_of(1)], ["name"], HOSPITAL).code is grpc.StatusCode.OK
        assert caller.look_up(number_of(1), ["name"], HOSPITAL).code is grpc.StatusCode.OK
        store = AgencyStore.open(gateway.state / "gateway.db")
        store.successions.record(old, old, key_digest(key.public_key()), int(time.time()) - OVERLAP_SECONDS)
        store.close()
        deadline = time.monotonic() + 10
        while (reply := caller.look_up(number_of(1), ["name"], HOSPITAL)).code is grpc.StatusCode.OK:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        while (ended := stream.say([number_of(1)], ["name"], HOSPITAL)).code is grpc.StatusCode.OK:
            assert time.monotonic() < deadline  # the other worker may hear of it a moment later
        stream.end()
    assert ended.reason == "CREDENTIAL_SUPERSEDED"
    assert (reply.code, reply.reason) == (grpc.StatusCode.UNAUTHENTICATED, "CREDENTIAL_SUPERSEDED")
    entry, _ = entries_of(gateway, [reply.call_id])[reply.call_id]
    assert (entry.agency, entry.reason) == ("hospital", reason_number("CREDENTIAL_SUPERSEDED"))
    assert holder.renew(holder.request(make_csr(make_key()))).reason == "CREDENTIAL_SUPERSEDED"


def test_bad_renewals_have_their_reasons_and_of_a_proven_caller_their_entries(gateway: Gateway, holder: Holder) -> None:
    now, key = int(time.time()), make_key()
    insurance = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "insurance")])
    foreign = x509.CertificateSigningRequestBuilder().subject_name(insurance).sign(key, hashes.SHA256())
    p384 = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    other_kind = p384.sign(ec.generate_private_key(ec.SECP384R1()), hashes.SHA256())
    good = make_csr(key)
    known = {
        "CSR_FOREIGN": holder.request(foreign.public_bytes(Encoding.DER)),
        "ARGUMENT_INVALID": holder.request(other_kind.public_bytes(Encoding.DER)),
        "CLOCK_SKEWED": holder.request(good, now - CLOCK_SECONDS_MAX - 120),
    }
    replies = {reason: holder.renew(request) for reason, request in known.items()}
    entries = entries_of(gateway, [reply.call_id for reply in replies.values()])
    for reason, reply in replies.items():
        assert reply.reason == reason
        assert entries[reply.call_id][0].agency == "hospital"
        assert gateway.metric("gateway_refusals_total", agency="hospital", reason=reason) >= 1
    told = dict(replies["CLOCK_SKEWED"].metadata)["server_time"]
    assert abs(time.time() - datetime.fromisoformat(told).timestamp()) < 60
    before = gateway.metric("gateway_refusals_total", agency="", reason="SIGNATURE_INVALID")
    stranger = holder.renew(holder.request(good, key=key))
    assert (stranger.reason, stranger.receipt) == ("SIGNATURE_INVALID", None)
    assert gateway.counted("gateway_refusals_total", before + 1, agency="", reason="SIGNATURE_INVALID") == before + 1
    huge = holder.renew(holder.request(bytes(4097)))
    assert (huge.reason, huge.violations) == ("ARGUMENT_INVALID", ("csr",))
