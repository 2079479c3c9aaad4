"""The profile of certificates: what names an agency and what does not."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gateway.agency.authority import CertificateAuthority
from gateway.agency.certificates import (
    fingerprint,
    issuer_of,
    key_from_pem,
    key_to_pem,
    make_csr,
    make_key,
    parse_spiffe_id,
    principal_from_pem,
    public_key_of_csr,
    spiffe_id,
)
from gateway.errors import ArgumentInvalid, CredentialForeign, CredentialMalformed
from tests.unit.agency.world import NOW, TRUST_DOMAIN, authority

BHXH = x509.UniformResourceIdentifier("spiffe://popgate.example/agency/bhxh")
OTHER = x509.UniformResourceIdentifier("spiffe://popgate.example/agency/other")


def certificate(
    names: list[x509.GeneralName] | None,
    *,
    common_name: str = "bhxh",
    usage: x509.ObjectIdentifier = ExtendedKeyUsageOID.CLIENT_AUTH,
) -> bytes:
    key = make_key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    begin = datetime.fromtimestamp(NOW, UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=1))
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    )
    if names is not None:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


def test_a_certificate_of_the_profile_names_agency_and_system() -> None:
    issued = authority().issue_agency("bhxh", "claims-1", make_key().public_key(), NOW, 3600)
    principal = principal_from_pem(issued.chain_pem, TRUST_DOMAIN)
    leaf = x509.load_pem_x509_certificate(issued.chain_pem)
    assert (principal.agency, principal.system) == ("bhxh", "claims-1")
    assert principal.thumbprint == hashlib.sha256(leaf.public_bytes(Encoding.DER)).digest()
    assert principal.not_after == NOW + 3600
    assert NOW - 3600 < principal.not_before < NOW
    assert principal == issued.principal


def test_the_agency_as_a_whole_has_no_system() -> None:
    principal = principal_from_pem(certificate([BHXH]), TRUST_DOMAIN)
    assert (principal.agency, principal.system) == ("bhxh", "")


@pytest.mark.parametrize(
    "names",
    [
        None,
        [],
        [BHXH, OTHER],
        [BHXH, BHXH],
        [BHXH, x509.DNSName("bhxh.example")],
        [x509.DNSName("bhxh.example")],
        [x509.RFC822Name("bhxh@example.org")],
    ],
    ids=["common name only", "empty", "two", "the same twice", "and a DNS name", "DNS name", "mail"],
)
def test_anything_but_one_uri_is_refused(names: list[x509.GeneralName] | None) -> None:
    with pytest.raises(CredentialMalformed):
        principal_from_pem(certificate(names), TRUST_DOMAIN)


@pytest.mark.parametrize(
    "uri",
    [
        "spiffe://popgate.example",
        "spiffe://popgate.example/agency/",
        "spiffe://popgate.example/agency/bhxh/",
        "spiffe://popgate.example/agency/BHXH",
        "spiffe://popgate.example/agency/bhxh/system/",
        "spiffe://popgate.example/agency/bhxh/unit/",
        "spiffe://popgate.example/agency/bhxh/unit/HQ",
        "spiffe://popgate.example/agency/bhxh/unit/hq/unit/hq",
        "spiffe://popgate.example/agency/bhxh/system/a/unit/hq",
        "spiffe://popgate.example/agency/bhxh/unit/-hq",
        "spiffe://popgate.example/agency/bhxh?x=1",
        "spiffe://popgate.example/agency/bhxh\n",
        "spiffe://popgate.example/agency/%62hxh",
        "https://popgate.example/agency/bhxh",
        "spiffe://popgate.example:8443/agency/bhxh",
        "spiffe://popgate.example/agency/" + "a" * 33,
    ],
)
def test_ids_outside_the_grammar_are_refused(uri: str) -> None:
    with pytest.raises(CredentialMalformed):
        principal_from_pem(certificate([x509.UniformResourceIdentifier(uri)]), TRUST_DOMAIN)
    with pytest.raises(CredentialMalformed):
        parse_spiffe_id(uri, TRUST_DOMAIN)


def test_another_trust_domain_is_foreign() -> None:
    uri = x509.UniformResourceIdentifier("spiffe://other.example/agency/bhxh")
    with pytest.raises(CredentialForeign):
        principal_from_pem(certificate([uri]), TRUST_DOMAIN)


def test_a_server_certificate_names_no_agency() -> None:
    with pytest.raises(CredentialMalformed):
        principal_from_pem(certificate([BHXH], usage=ExtendedKeyUsageOID.SERVER_AUTH), TRUST_DOMAIN)


def test_the_authority_names_no_agency() -> None:
    with pytest.raises(CredentialMalformed):
        principal_from_pem(authority().root_pem, TRUST_DOMAIN)


@pytest.mark.parametrize("pem", [b"", b"x", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_what_is_no_certificate_is_refused(pem: bytes) -> None:
    with pytest.raises(CredentialMalformed):
        principal_from_pem(pem, TRUST_DOMAIN)


@pytest.mark.parametrize(
    ("agency", "system", "unit"),
    [("", "", ""), ("A", "", ""), ("a", "", ""), ("bhxh", "1x", ""), ("bhxh/x", "", ""), ("bhxh", "", "x/y")],
)
def test_no_id_is_made_of_names_outside_the_grammar(agency: str, system: str, unit: str) -> None:
    with pytest.raises(ValueError, match="grammar"):
        spiffe_id(TRUST_DOMAIN, agency, system, unit)


def test_a_request_proves_the_key_it_holds() -> None:
    key = make_key()
    assert public_key_of_csr(make_csr(key)) == key.public_key()


def test_a_request_signed_by_another_key_is_refused() -> None:
    der = bytearray(make_csr(make_key()))
    der[-1] ^= 1
    with pytest.raises(ArgumentInvalid) as caught:
        public_key_of_csr(bytes(der))
    assert caught.value.violations[0].field == "csr"


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP384R1()),
        ed25519.Ed25519PrivateKey.generate(),
        rsa.generate_private_key(65537, 2048),
    ],
    ids=["P-384", "Ed25519", "RSA"],
)
def test_a_request_with_another_kind_of_key_is_refused(
    key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey,
) -> None:
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, algorithm)
    with pytest.raises(ArgumentInvalid):
        public_key_of_csr(request.public_bytes(Encoding.DER))


@pytest.mark.parametrize("der", [b"", b"0", bytes(4096), bytes(5000)])
def test_what_is_no_request_is_refused(der: bytes) -> None:
    with pytest.raises(ArgumentInvalid):
        public_key_of_csr(der)


def test_keys_survive_their_file_and_other_curves_are_refused() -> None:
    key = make_key()
    assert key_from_pem(key_to_pem(key)).public_key() == key.public_key()
    with pytest.raises(ValueError, match="P-256"):
        key_from_pem(key_to_pem(ec.generate_private_key(ec.SECP384R1())))


def test_the_issuing_key_of_a_leaf_is_found_by_its_signature(tmp_path: Path) -> None:
    authorities = [CertificateAuthority.create(tmp_path / name, TRUST_DOMAIN, NOW) for name in ("one", "other")]
    files = [tmp_path / name / "issuing.pem" for name in ("one", "other")]
    issuers = [x509.load_pem_x509_certificate(file.read_bytes()) for file in files]
    for each, issuer in zip(authorities, issuers, strict=True):
        leaf = each.issue_agency("bhxh", "", make_key().public_key(), NOW).chain_pem
        assert issuer_of(leaf, issuers) == fingerprint(issuer)
        with pytest.raises(CredentialForeign):
            issuer_of(leaf, [other for other in issuers if other != issuer])
