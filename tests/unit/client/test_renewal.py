"""A client keeps its own credentials good: renewal without a dropped call, recovery, new receipt keys, a signer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway import errors
from gateway.agency.certificates import (
    key_from_pem,
    make_key,
    principal_from_pem,
    public_key_of_csr,
    renewal_statement,
)
from gateway.api.v1 import enrolment_service_pb2, lookup_service_pb2
from gateway.audit.note import Signer
from gateway.audit.receipt import receipt_key_name
from gateway.client import Context, GatewayRefusal, Identity, IdentityInvalid, ReceiptInvalid, connect
from gateway.client.enrol import TRUST_BUNDLE_PATH
from gateway.client.lookup import LOOK_UP_PERSON
from gateway.client.renewal import RENEW_PATH, is_recoverable, renew, renewal_time
from tests.unit.client.scripted import ORIGIN

NUMBER = "001200000001"
FOUND = lookup_service_pb2.LookUpPersonResponse(version=3)


class Office:
    """The enrolment port of the scripted gateway: renews as the real one does, keeps what it was asked."""

    def __init__(self, gateway: Any, refusal: Any) -> None:
        self.gateway, self.refusal = gateway, refusal
        self.clock: Callable[[], float] = time.time
        self.keys = [gateway.signer]
        self.csrs: list[bytes] = []
        self.lose_answers = 0
        self.log_origin = ORIGIN
        gateway.behaviours[RENEW_PATH] = self.renew
        gateway.behaviours[TRUST_BUNDLE_PATH] = self.trust

    def bundle(self) -> enrolment_service_pb2.TrustBundle:
        lines = [key.verifier.text() for key in self.keys]
        return enrolment_service_pb2.TrustBundle(
            root_certificates=self.gateway.authority.root_pem.decode(),
            log_origin=self.log_origin,
            receipt_verifier=lines[-1],
            receipt_verifiers=lines,
            trust_domain="test.example",
        )

    async def renew(self, request: bytes, _metadata: Any) -> Any:
        asked = enrolment_service_pb2.RenewCertificateRequest.FromString(request)
        now, signed_at = self.clock(), asked.signed_time.seconds
        leaf = x509.load_der_x509_certificate(asked.certificate)
        key = leaf.public_key()
        assert isinstance(key, ec.EllipticCurvePublicKey)
        try:
            statement = renewal_statement(asked.certificate, asked.csr, signed_at)
            key.verify(asked.signature, statement, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            raise self.refusal(errors.SignatureInvalid()) from None
        if abs(now - signed_at) > 60:
            told = {"server_time": datetime.fromtimestamp(int(now), UTC).isoformat()}
            raise self.refusal(errors.ClockSkewed(metadata=told))
        self.csrs.append(asked.csr)
        if self.lose_answers:
            self.lose_answers -= 1
            raise RuntimeError("the answer is lost")
        issued = self.gateway.authority.issue_agency("hospital", "", public_key_of_csr(asked.csr), now, 3600)
        answer = enrolment_service_pb2.RenewCertificateResponse(
            certificate_chain=issued.chain_pem.decode(), trust_bundle=self.bundle()
        )
        return answer

    async def trust(self, _request: bytes, _metadata: Any) -> Any:
        answer = enrolment_service_pb2.GetTrustBundleResponse(trust_bundle=self.bundle())
        answer.server_time.GetCurrentTime()
        return answer


@pytest.fixture
def office(gateway: Any, refusal: Any) -> Office:
    return Office(gateway, refusal)


def folder_of(gateway: Any, *, age: float, life: int = 3600) -> Path:
    """The identity folder, its certificate issued `age` seconds ago."""
    path: Path = gateway.write_folder(gateway.folder, lifetime_seconds=life, now=time.time() - age)
    return path


async def test_a_certificate_past_half_its_life_is_renewed_while_calls_go_on(
    gateway: Any, office: Office, context: Context
) -> None:
    gateway.on(LOOK_UP_PERSON, FOUND)
    folder = folder_of(gateway, age=3000)
    before = Identity.from_folder(folder)
    client = connect(before, gateway.server)
    calls = 0
    while client.identity.certificate == before.certificate:
        await asyncio.gather(*(client.look_up(NUMBER, fields=["name"], context=context) for _ in range(8)))
        calls += 8
    await client.look_up(NUMBER, fields=["name"], context=context)
    await client.close()
    after = Identity.from_folder(folder)
    assert after.certificate == client.identity.certificate
    assert after.key.public_key() != before.key.public_key()
    assert not (folder / "key.next.pem").exists()
    assert (folder / "key.pem").stat().st_mode & 0o777 == 0o600
    assert len(gateway.paths("LookUpPerson")) == calls + 1
    # The token is bound to the certificate: the new link asked for its own.
    assert len(gateway.paths("IssueToken")) == 2
    assert len(office.csrs) == 1


async def test_a_call_in_flight_ends_on_the_link_it_began_on(gateway: Any, office: Office, context: Context) -> None:
    entered, go_on = asyncio.Event(), asyncio.Event()

    async def slow(_request: bytes, _metadata: Any) -> Any:
        entered.set()
        await go_on.wait()
        return FOUND

    gateway.behaviours[LOOK_UP_PERSON.path] = slow
    async with connect(Identity.from_folder(folder_of(gateway, age=0)), gateway.server) as client:
        call = asyncio.create_task(client.look_up(NUMBER, fields=["name"], context=context))
        await entered.wait()
        await client.renew()
        go_on.set()
        assert (await call).version == 3


async def test_a_young_certificate_is_not_renewed(gateway: Any, office: Office, context: Context) -> None:
    gateway.on(LOOK_UP_PERSON, FOUND)
    async with connect(Identity.from_folder(folder_of(gateway, age=1500)), gateway.server) as client:
        await client.look_up(NUMBER, fields=["name"], context=context)
    assert not office.csrs


async def test_a_lapsed_certificate_is_recovered_before_the_first_call(
    gateway: Any, office: Office, context: Context
) -> None:
    gateway.on(LOOK_UP_PERSON, FOUND)
    identity = Identity.from_folder(folder_of(gateway, age=86_400))
    assert is_recoverable(identity, datetime.now(UTC))
    assert not is_recoverable(identity, datetime.now(UTC) + timedelta(days=7))
    async with connect(identity, gateway.server) as client:
        await client.look_up(NUMBER, fields=["name"], context=context)
        assert client.identity.certificate.not_valid_after_utc > datetime.now(UTC)


async def test_a_clock_that_is_minutes_off_is_put_right_by_the_gateways(gateway: Any, office: Office) -> None:
    office.clock = lambda: time.time() + 600
    renewed = await renew(Identity.from_folder(folder_of(gateway, age=1900)))
    assert principal_from_pem(renewed.certificate_pem, "test.example").agency == "hospital"


async def test_a_lost_answer_is_asked_for_again_with_the_same_key(gateway: Any, office: Office) -> None:
    identity = Identity.from_folder(folder_of(gateway, age=1900))
    office.lose_answers = 1
    with pytest.raises(Exception, match="UNKNOWN"):
        await renew(identity)
    assert Identity.from_folder(identity.folder).certificate == identity.certificate
    await renew(identity)
    assert public_key_of_csr(office.csrs[0]) == public_key_of_csr(office.csrs[1])


async def test_a_renewal_cut_off_between_certificate_and_key_leaves_a_good_identity(
    gateway: Any, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = Identity.from_folder(folder_of(gateway, age=1900))
    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", _cut_off)
        with pytest.raises(KeyboardInterrupt):
            await renew(identity)
    cut = Identity.from_folder(identity.folder)
    assert cut.certificate != identity.certificate
    assert cut.key.public_key() == cut.certificate.public_key()


def _cut_off(_self: Path, _target: Path) -> None:
    raise KeyboardInterrupt


async def test_clients_that_share_a_folder_renew_once(gateway: Any, office: Office) -> None:
    identity = Identity.from_folder(folder_of(gateway, age=1900))
    renewed = await asyncio.gather(*(renew(identity) for _ in range(5)))
    assert len(office.csrs) == 1
    assert len({each.certificate_pem for each in renewed}) == 1


async def test_who_finds_its_certificate_replaced_takes_the_one_in_the_folder(
    gateway: Any, office: Office, context: Context, refusal: Any
) -> None:
    identity = Identity.from_folder(folder_of(gateway, age=0))
    gateway.on(LOOK_UP_PERSON, [refusal(errors.CredentialSuperseded(), receipt=True), FOUND])
    async with connect(identity, gateway.server) as client:
        await renew(identity)
        assert (await client.look_up(NUMBER, fields=["name"], context=context)).version == 3
        assert client.identity.certificate != identity.certificate
    assert len(office.csrs) == 1


async def test_what_cannot_be_renewed_is_told(gateway: Any, office: Office, context: Context, refusal: Any) -> None:
    async def superseded(_request: bytes, _metadata: Any) -> Any:
        raise refusal(errors.CredentialSuperseded())

    gateway.behaviours[RENEW_PATH] = superseded
    gateway.on(LOOK_UP_PERSON, refusal(errors.CredentialSuperseded(), receipt=True))
    async with connect(Identity.from_folder(folder_of(gateway, age=0)), gateway.server) as client:
        with pytest.raises(GatewayRefusal, match="CREDENTIAL_SUPERSEDED"):
            await client.look_up(NUMBER, fields=["name"], context=context)


def new_signer(seed: int) -> Signer:
    return Signer(receipt_key_name(ORIGIN), Ed25519PrivateKey.from_private_bytes(bytes([seed] * 32)))


async def test_a_new_receipt_key_is_learned_and_the_old_one_still_good(
    gateway: Any, office: Office, context: Context
) -> None:
    gateway.on(LOOK_UP_PERSON, FOUND)
    folder = folder_of(gateway, age=0)
    old, new = gateway.signer, new_signer(7)
    async with connect(Identity.from_folder(folder), gateway.server) as client:
        await client.look_up(NUMBER, fields=["name"], context=context)
        office.keys.append(new)
        for signer in (new, old, new):
            gateway.signer = signer
            await client.look_up(NUMBER, fields=["name"], context=context)
    assert len(gateway.paths("GetTrustBundle")) == 1
    kept = Identity.from_folder(folder).receipt_verifier
    assert kept.split("\n") == [old.verifier.text(), new.verifier.text()]


async def test_a_receipt_of_a_key_that_the_gateway_does_not_announce_is_refused(
    gateway: Any, office: Office, context: Context
) -> None:
    gateway.on(LOOK_UP_PERSON, FOUND)
    async with connect(Identity.from_folder(folder_of(gateway, age=0)), gateway.server) as client:
        await client.token()
        gateway.signer = new_signer(8)
        for _ in range(3):
            with pytest.raises(ReceiptInvalid):
                await client.look_up(NUMBER, fields=["name"], context=context)
    assert len(gateway.paths("GetTrustBundle")) == 1


async def test_another_log_is_not_a_change_of_keys(gateway: Any, office: Office) -> None:
    identity = Identity.from_folder(folder_of(gateway, age=0))
    office.log_origin = "audit.other.example/1"
    with pytest.raises(IdentityInvalid, match="ask the operator"):
        await renew(identity)
    assert Identity.from_folder(identity.folder) == identity


async def test_a_key_that_never_leaves_its_device_calls_and_renews(
    gateway: Any, office: Office, context: Context
) -> None:
    gateway.on(LOOK_UP_PERSON, FOUND)
    folder = folder_of(gateway, age=1900)
    device, signed = key_from_pem((folder / "key.pem").read_bytes()), []
    (folder / "key.pem").unlink()

    def sign(data: bytes) -> bytes:
        signed.append(data)
        return device.sign(data, ec.ECDSA(hashes.SHA256()))

    identity = Identity.from_folder(folder, signer=sign)
    async with connect(identity, gateway.server) as client:
        await client.look_up(NUMBER, fields=["name"], context=context)
        handshakes = len(signed)
        assert handshakes >= 1
        renewed = await client.renew()
        await client.look_up(NUMBER, fields=["name"], context=context)
    assert renewed.certificate != identity.certificate
    assert renewed.certificate.public_key() == device.public_key()
    assert not (folder / "key.pem").exists()
    assert not (folder / "key.next.pem").exists()


def test_a_signer_of_another_key_is_found_out(gateway: Any) -> None:
    other = make_key()
    identity = Identity.from_folder(gateway.folder, signer=lambda data: other.sign(data, ec.ECDSA(hashes.SHA256())))
    with pytest.raises(TypeError, match="SHA-256"):
        identity.key.sign(b"x", ec.ECDSA(hashes.SHA384()))
    public = identity.certificate.public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    with pytest.raises(InvalidSignature):
        public.verify(identity.sign(b"x"), b"x", ec.ECDSA(hashes.SHA256()))


def test_renewal_is_due_at_half_life(gateway: Any) -> None:
    identity = Identity.from_folder(gateway.folder)
    leaf = identity.certificate
    assert renewal_time(identity) - leaf.not_valid_before_utc == leaf.not_valid_after_utc - renewal_time(identity)
