"""Enrolment and renewal: who gets a certificate, in whose name, and what a bad request for one ends in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from gateway.agency.certificates import make_csr, make_key, renewal_statement, spiffe_id
from gateway.agency.enrolment import CLOCK_SECONDS_MAX, GRACE_SECONDS, EnrolmentMethods, TrustLines
from gateway.agency.ledger import Target
from gateway.agency.store import AgencyStore
from gateway.agency.succession import OVERLAP_SECONDS
from gateway.api.v1 import enrolment_service_pb2 as enrolment_pb
from gateway.chain.base import Answer, Call
from gateway.chain.methods import compile_methods
from gateway.errors import (
    ArgumentInvalid,
    ClockSkewed,
    CredentialExpired,
    CredentialForeign,
    CredentialMalformed,
    CredentialRevoked,
    CredentialSuperseded,
    CsrForeign,
    EnrolmentCodeUsed,
    EnrolmentRefused,
    GatewayError,
    SignatureInvalid,
)
from tests.unit.agency.world import NOW, TRUST_DOMAIN, authority

CODE = "ABCDE-FGHIJ-KLMNO-PQRST"
TRUST = TrustLines("audit.popgate.example/2026", "log line", "receipt line", ("older line", "receipt line"))


def call_of(name: str) -> Call:
    return Call(compile_methods()[name], bytes(16), b"")


def body_of(answer: Answer) -> Any:
    return answer.body


async def effect(answer: Answer) -> None:
    assert answer.effect is not None
    await answer.effect()


class Clock:
    now = float(NOW)

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[AgencyStore]:
    made = AgencyStore.create(tmp_path / "gateway.db")
    made.register_agency("bhxh", "Social insurance", 3, NOW)
    yield made
    made.close()


@pytest.fixture
def enrolment(store: AgencyStore, clock: Clock) -> EnrolmentMethods:
    return EnrolmentMethods(store, authority, lambda: TRUST, clock)


def csr_for(key: ec.EllipticCurvePrivateKey, common_name: str = "", *names: x509.GeneralName) -> bytes:
    subject = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)] if common_name else []
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(subject))
    if names:
        request = request.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return request.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def uri(agency: str, system: str = "", unit: str = "") -> x509.UniformResourceIdentifier:
    return x509.UniformResourceIdentifier(spiffe_id(TRUST_DOMAIN, agency, system, unit))


async def test_a_code_and_a_request_make_a_certificate(store: AgencyStore, enrolment: EnrolmentMethods) -> None:
    store.create_code(CODE, "bhxh", "hq", NOW + 10)
    key = make_key()
    answer = await enrolment.Enrol(call_of("Enrol"), enrolment_pb.EnrolRequest(code=CODE, csr=make_csr(key)))
    leaf, issuing = x509.load_pem_x509_certificates(body_of(answer).certificate_chain.encode())
    leaf.verify_directly_issued_by(issuing)
    assert leaf.public_key() == key.public_key()
    assert answer.agency == body_of(answer).agency == "bhxh"
    assert body_of(answer).expires_time.seconds == NOW + 86400
    assert body_of(answer).trust_bundle.root_certificates == authority().root_pem.decode()
    assert not store.list_agencies(NOW)[0].credentials
    await effect(answer)
    (credential,) = store.list_agencies(NOW)[0].credentials
    assert (credential.system, credential.expires_at) == ("hq", NOW + 86400)


async def test_a_code_works_once(store: AgencyStore, enrolment: EnrolmentMethods) -> None:
    store.create_code(CODE, "bhxh", "hq", NOW + 10)
    request = enrolment_pb.EnrolRequest(code=CODE, csr=make_csr(make_key()))
    await enrolment.Enrol(call_of("Enrol"), request)
    again = call_of("Enrol")
    with pytest.raises(EnrolmentCodeUsed):
        await enrolment.Enrol(again, request)
    assert again.principal is not None
    assert again.principal.entry_name == "bhxh"


async def test_a_bad_request_for_a_certificate_does_not_burn_the_code(
    store: AgencyStore, enrolment: EnrolmentMethods
) -> None:
    store.create_code(CODE, "bhxh", "hq", NOW + 10)
    with pytest.raises(ArgumentInvalid):
        await enrolment.Enrol(call_of("Enrol"), enrolment_pb.EnrolRequest(code=CODE, csr=b"x"))
    assert store.redeem_code(CODE, NOW) == ("bhxh", "", "hq")


async def test_the_trust_bundle_is_public(enrolment: EnrolmentMethods) -> None:
    answer = await enrolment.GetTrustBundle(call_of("GetTrustBundle"), enrolment_pb.GetTrustBundleRequest())
    bundle = body_of(answer).trust_bundle
    assert (bundle.log_origin, bundle.log_verifier, bundle.receipt_verifier) == (
        TRUST.log_origin,
        TRUST.log_verifier,
        TRUST.receipt_verifier,
    )
    assert bundle.trust_domain == TRUST_DOMAIN
    assert body_of(answer).server_time.seconds == NOW


FOREIGN = {
    "another agency's common name": lambda key: csr_for(key, "moh"),
    "another agency's id": lambda key: csr_for(key, "", uri("moh", "hq")),
    "the agency as a whole": lambda key: csr_for(key, "", uri("bhxh")),
    "its own and another id": lambda key: csr_for(key, "", uri("bhxh", "hq"), uri("moh")),
    "a DNS name": lambda key: csr_for(key, "", x509.DNSName("bhxh.example")),
}
OWN = {
    "its own id": lambda key: csr_for(key, "", uri("bhxh", "hq")),
    "its own path": lambda key: csr_for(key, "bhxh/hq"),
}


@pytest.mark.parametrize("name", FOREIGN)
async def test_a_request_for_another_name_is_refused_and_leaves_the_code_good(
    name: str, store: AgencyStore, enrolment: EnrolmentMethods
) -> None:
    store.create_code(CODE, "bhxh", "hq", NOW + 10)
    with pytest.raises(CsrForeign):
        await enrolment.Enrol(call_of("Enrol"), enrolment_pb.EnrolRequest(code=CODE, csr=FOREIGN[name](make_key())))
    assert not store.owner_of_code(CODE).used


@pytest.mark.parametrize("name", OWN)
async def test_a_request_may_ask_for_the_name_it_gets(
    name: str, store: AgencyStore, enrolment: EnrolmentMethods
) -> None:
    store.create_code(CODE, "bhxh", "hq", NOW + 10)
    await enrolment.Enrol(call_of("Enrol"), enrolment_pb.EnrolRequest(code=CODE, csr=OWN[name](make_key())))
    assert store.owner_of_code(CODE).used


async def test_a_guessed_code_names_nobody(enrolment: EnrolmentMethods) -> None:
    call = call_of("Enrol")
    with pytest.raises(EnrolmentRefused):
        await enrolment.Enrol(call, enrolment_pb.EnrolRequest(code=CODE, csr=make_csr(make_key())))
    assert call.principal is None


class Held:
    """A certificate that was issued and recorded, with its key."""

    def __init__(self, store: AgencyStore, system: str = "hq", issued_at: float = NOW, unit: str = "") -> None:
        self.key = make_key()
        issued = authority().issue_agency("bhxh", system, self.key.public_key(), issued_at, unit=unit)
        self.principal = issued.principal
        self.der = x509.load_pem_x509_certificate(issued.chain_pem).public_bytes(Encoding.DER)
        store.record_credential(issued.principal, int(issued_at))

    def renewal(
        self,
        csr: bytes | None = None,
        signed_at: int = NOW,
        key: ec.EllipticCurvePrivateKey | None = None,
        certificate: bytes | None = None,
    ) -> enrolment_pb.RenewCertificateRequest:
        certificate, csr = certificate or self.der, csr or make_csr(make_key())
        signature = (key or self.key).sign(renewal_statement(certificate, csr, signed_at), ec.ECDSA(hashes.SHA256()))
        request = enrolment_pb.RenewCertificateRequest(certificate=certificate, csr=csr, signature=signature)
        request.signed_time.seconds = signed_at
        return request


async def renew(enrolment: EnrolmentMethods, request: enrolment_pb.RenewCertificateRequest) -> tuple[Call, Answer]:
    call = call_of("RenewCertificate")
    answer = await enrolment.RenewCertificate(call, request)
    await effect(answer)
    return call, answer


async def test_a_certificate_is_exchanged_for_one_of_the_same_name(
    store: AgencyStore, enrolment: EnrolmentMethods, clock: Clock
) -> None:
    held, key = Held(store), make_key()
    clock.now = NOW + 43_200
    call, answer = await renew(enrolment, held.renewal(make_csr(key), signed_at=NOW + 43_200))
    body = body_of(answer)
    leaf, issuing = x509.load_pem_x509_certificates(body.certificate_chain.encode())
    leaf.verify_directly_issued_by(issuing)
    assert leaf.public_key() == key.public_key()
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert list(names) == [uri("bhxh", "hq")]
    assert call.principal == held.principal
    assert held.principal.thumbprint.hex() in answer.note
    assert body.superseded_time.seconds == NOW + 43_200 + OVERLAP_SECONDS
    assert {record.thumbprint for record in store.list_agencies(NOW)[0].credentials} > {held.principal.thumbprint}


async def test_the_old_certificate_is_refused_after_the_overlap_and_not_before(
    store: AgencyStore, enrolment: EnrolmentMethods
) -> None:
    held = Held(store)
    await renew(enrolment, held.renewal())
    number, superseded = store.successions.after(0, NOW)
    assert superseded == {held.principal.thumbprint: NOW + OVERLAP_SECONDS}
    assert store.successions.after(number, NOW) == (number, {})
    view = replace(store.load_view(), superseded=superseded)
    view.check(held.principal, None, NOW + OVERLAP_SECONDS - 1)
    with pytest.raises(CredentialSuperseded):
        view.check(held.principal, None, NOW + OVERLAP_SECONDS)


async def test_a_lost_answer_is_given_again_for_the_same_key_and_no_other(
    store: AgencyStore, enrolment: EnrolmentMethods
) -> None:
    held, csr = Held(store), make_csr(make_key())
    await renew(enrolment, held.renewal(csr))
    await renew(enrolment, held.renewal(csr))
    with pytest.raises(CredentialSuperseded):
        await renew(enrolment, held.renewal())


async def test_of_two_renewals_at_once_one_wins(store: AgencyStore, enrolment: EnrolmentMethods) -> None:
    held = Held(store)
    first = await enrolment.RenewCertificate(call_of("RenewCertificate"), held.renewal())
    second = await enrolment.RenewCertificate(call_of("RenewCertificate"), held.renewal())
    await effect(first)
    with pytest.raises(CredentialSuperseded):
        await effect(second)
    assert len(store.list_agencies(NOW)[0].credentials) == 2


async def test_a_lapsed_certificate_is_recovered_within_the_grace(
    store: AgencyStore, enrolment: EnrolmentMethods, clock: Clock
) -> None:
    held = Held(store)
    clock.now = held.principal.not_after + GRACE_SECONDS
    await renew(enrolment, held.renewal(signed_at=int(clock.now)))
    other = Held(store, system="ward")
    clock.now += 1
    with pytest.raises(CredentialExpired):
        await renew(enrolment, other.renewal(signed_at=int(clock.now)))


def _revoked(store: AgencyStore, held: Held) -> Any:
    store.revoke(Target.THUMBPRINT, held.principal.thumbprint.hex(), NOW)
    return held.renewal()


def _agency_revoked(store: AgencyStore, held: Held) -> Any:
    store.revoke(Target.AGENCY, "bhxh", NOW)
    return held.renewal()


def _unrecorded(_store: AgencyStore, held: Held) -> Any:
    issued = authority().issue_agency("bhxh", "hq", held.key.public_key(), NOW)
    leaf = x509.load_pem_x509_certificate(issued.chain_pem).public_bytes(Encoding.DER)
    return held.renewal(certificate=leaf)


P384 = ec.generate_private_key(ec.SECP384R1())
KNOWN: dict[str, tuple[Callable[[AgencyStore, Held], Any], type[GatewayError]]] = {
    "a clock that is slow": (lambda _s, held: held.renewal(signed_at=NOW - CLOCK_SECONDS_MAX - 1), ClockSkewed),
    "a clock that is fast": (lambda _s, held: held.renewal(signed_at=NOW + CLOCK_SECONDS_MAX + 1), ClockSkewed),
    "another kind of key": (lambda _s, held: held.renewal(csr_for(P384)), ArgumentInvalid),
    "another agency's name": (lambda _s, held: held.renewal(csr_for(make_key(), "", uri("moh", "hq"))), CsrForeign),
    "a revoked certificate": (_revoked, CredentialRevoked),
    "a revoked agency": (_agency_revoked, CredentialRevoked),
    "one that was never recorded": (_unrecorded, CredentialForeign),
}


@pytest.mark.parametrize("name", KNOWN)
async def test_a_proven_caller_is_refused_by_name(name: str, store: AgencyStore, enrolment: EnrolmentMethods) -> None:
    make, error = KNOWN[name]
    request = make(store, Held(store))
    call = call_of("RenewCertificate")
    with pytest.raises(error) as caught:
        await enrolment.RenewCertificate(call, request)
    assert call.principal is not None
    assert call.principal.agency == "bhxh"
    if error is ClockSkewed:
        assert caught.value.metadata == {"server_time": "2025-06-15T15:06:40+00:00"}


async def test_who_does_not_hold_the_key_is_nobody(store: AgencyStore, enrolment: EnrolmentMethods) -> None:
    held, other = Held(store), Held(store, "ward")
    moved = held.renewal()
    moved.certificate = other.der
    changed = held.renewal()
    changed.csr = make_csr(make_key())
    later = held.renewal()
    later.signed_time.seconds += 1
    for request, error in (
        (held.renewal(key=other.key), SignatureInvalid),
        (moved, SignatureInvalid),
        (changed, SignatureInvalid),
        (later, SignatureInvalid),
        (held.renewal(certificate=b"x"), CredentialMalformed),
        (
            held.renewal(certificate=x509.load_pem_x509_certificate(authority().root_pem).public_bytes(Encoding.DER)),
            CredentialForeign,
        ),
    ):
        call = call_of("RenewCertificate")
        with pytest.raises(error):
            await enrolment.RenewCertificate(call, request)
        assert call.principal is None
