"""A one-time code for an identity."""

from __future__ import annotations

import time
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gateway import errors
from gateway.agency.certificates import public_key_of_csr
from gateway.api.v1 import enrolment_service_pb2
from gateway.client import CannotConnect, GatewayRefusal, IdentityInvalid, connect
from gateway.client.enrol import ENROL_PATH, TRUST_BUNDLE_PATH, enrol

CODE = "ABCDE-FGHIJ-KLMNO-PQRST"


@pytest.fixture
def office(gateway: Any, refusal: Any) -> Any:
    """The gateway, enrolling the agency `clinic` for CODE."""

    def bundle() -> enrolment_service_pb2.TrustBundle:
        return enrolment_service_pb2.TrustBundle(
            root_certificates=gateway.authority.root_pem.decode(),
            log_origin="audit.test.example/2026",
            log_verifier="unused",
            receipt_verifier=gateway.signer.verifier.text(),
            trust_domain="test.example",
        )

    async def exchange(request: bytes, _metadata: Any) -> Any:
        asked = enrolment_service_pb2.EnrolRequest.FromString(request)
        if asked.code != CODE:
            raise refusal(errors.EnrolmentRefused())
        issued = gateway.authority.issue_agency("clinic", "", public_key_of_csr(asked.csr), time.time(), 3600)
        return enrolment_service_pb2.EnrolResponse(
            certificate_chain=issued.chain_pem.decode(), trust_bundle=bundle(), agency="clinic"
        )

    async def trust(_request: bytes, _metadata: Any) -> Any:
        answer = enrolment_service_pb2.GetTrustBundleResponse(trust_bundle=bundle())
        answer.server_time.GetCurrentTime()
        return answer

    gateway.behaviours[ENROL_PATH] = exchange
    gateway.behaviours[TRUST_BUNDLE_PATH] = trust
    return gateway


def fingerprint_of(pem: bytes) -> str:
    return sha256(x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)).hexdigest()


async def test_enrolled_identity_is_written_and_works(office: Any, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "identity"
    identity = await enrol(
        office.enrolment_server, CODE, folder, root_pem=office.authority.root_pem, server=office.server
    )
    assert identity.agency == "clinic"
    assert (identity.server, identity.enrolment_server) == (office.server, office.enrolment_server)
    assert (folder / "key.pem").stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    async with connect(identity) as client:
        assert await client.token() == "token-1"


async def test_code_typed_in_small_letters_is_taken(office: Any, tmp_path: Path) -> None:
    root = office.authority.root_pem
    await enrol(office.enrolment_server, f" {CODE.lower()}\n", tmp_path / "identity", root_pem=root)


@pytest.mark.parametrize("form", ["{}", "SHA256:{}", "{}\n"])
async def test_root_is_fetched_by_its_fingerprint(office: Any, tmp_path: Path, form: str) -> None:
    fingerprint = form.format(fingerprint_of(office.authority.root_pem))
    identity = await enrol(office.enrolment_server, CODE, tmp_path / "identity", fingerprint=fingerprint)
    assert identity.root_pem == office.authority.root_pem


async def test_code_is_not_sent_to_a_server_with_another_fingerprint(office: Any, tmp_path: Path) -> None:
    with pytest.raises(IdentityInvalid, match="fingerprint"):
        await enrol(office.enrolment_server, CODE, tmp_path / "identity", fingerprint="00" * 32)
    assert not office.paths("Enrol")


async def test_code_is_not_sent_to_a_server_of_another_root(office: Any, tmp_path: Path, authority: Any) -> None:
    other = type(authority).create(tmp_path / "other", "test.example", time.time())
    with pytest.raises(CannotConnect, match="does not prove to be the gateway"):
        await enrol(office.enrolment_server, CODE, tmp_path / "identity", root_pem=other.root_pem)
    assert not office.asked


async def test_one_way_of_trust_must_be_stated(office: Any, tmp_path: Path) -> None:
    with pytest.raises(IdentityInvalid, match="fingerprint"):
        await enrol(office.enrolment_server, CODE, tmp_path / "identity")


async def test_refused_code_is_a_refusal(office: Any, tmp_path: Path) -> None:
    with pytest.raises(GatewayRefusal) as caught:
        await enrol(office.enrolment_server, "WRONG", tmp_path / "i", root_pem=office.authority.root_pem)
    assert caught.value.reason == "ENROLMENT_REFUSED"


async def test_enrolling_again_replaces_the_identity(office: Any, tmp_path: Path) -> None:
    root, folder = office.authority.root_pem, tmp_path / "identity"
    first = await enrol(office.enrolment_server, CODE, folder, root_pem=root)
    second = await enrol(office.enrolment_server, CODE, folder, root_pem=root)
    assert first.key_pem != second.key_pem


async def test_closed_enrolment_port_is_explained(office: Any, tmp_path: Path) -> None:
    await office.stop()
    with pytest.raises(CannotConnect, match="Nothing listens"):
        await enrol(office.enrolment_server, CODE, tmp_path / "i", root_pem=office.authority.root_pem)
