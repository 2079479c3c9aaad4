"""The authority: what it writes, what it issues, what it refuses to do."""

from __future__ import annotations

import ipaddress
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from gateway.agency.authority import CertificateAuthority, server_names
from gateway.agency.certificates import make_key
from tests.unit.agency.world import NOW, TRUST_DOMAIN, authority


def leaf_of(chain: bytes) -> x509.Certificate:
    return x509.load_pem_x509_certificates(chain)[0]


def test_a_new_authority_is_private_and_opens_again(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "ca"
    created = CertificateAuthority.create(folder, TRUST_DOMAIN, NOW)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()} == {
        "root.pem": 0o600,
        "root.key": 0o600,
        "issuing.pem": 0o600,
        "issuing.key": 0o600,
    }
    opened = CertificateAuthority.open(folder, NOW)
    assert opened.trust_domain == TRUST_DOMAIN
    assert opened.root_pem == created.root_pem


def test_an_authority_is_never_overwritten(tmp_path: Path) -> None:
    CertificateAuthority.create(tmp_path / "ca", TRUST_DOMAIN, NOW)
    with pytest.raises(FileExistsError):
        CertificateAuthority.create(tmp_path / "ca", TRUST_DOMAIN, NOW)


def test_the_root_key_may_be_taken_away(tmp_path: Path) -> None:
    CertificateAuthority.create(tmp_path / "ca", TRUST_DOMAIN, NOW)
    (tmp_path / "ca" / "root.key").unlink()
    issued = CertificateAuthority.open(tmp_path / "ca", NOW).issue_agency("bhxh", "", make_key().public_key(), NOW)
    assert issued.principal.agency == "bhxh"


def test_files_of_two_authorities_do_not_open(tmp_path: Path) -> None:
    CertificateAuthority.create(tmp_path / "one", TRUST_DOMAIN, NOW)
    CertificateAuthority.create(tmp_path / "two", TRUST_DOMAIN, NOW)
    (tmp_path / "one" / "issuing.key").replace(tmp_path / "two" / "issuing.key")
    with pytest.raises(ValueError, match="issuing key"):
        CertificateAuthority.open(tmp_path / "two", NOW)
    (tmp_path / "one" / "root.pem").replace(tmp_path / "two" / "root.pem")
    with pytest.raises(ValueError, match="issued by the root"):
        CertificateAuthority.open(tmp_path / "two", NOW)


def test_an_agencys_certificate_follows_the_profile() -> None:
    key = make_key().public_key()
    leaf, issuing = x509.load_pem_x509_certificates(authority().issue_agency("bhxh", "hq", key, NOW).chain_pem)
    extensions = leaf.extensions
    names = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert list(names) == [x509.UniformResourceIdentifier(f"spiffe://{TRUST_DOMAIN}/agency/bhxh/system/hq")]
    usages = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usages) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    key_usage = extensions.get_extension_for_class(x509.KeyUsage)
    assert key_usage.critical
    assert key_usage.value.digital_signature
    assert not key_usage.value.key_cert_sign
    assert not extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    authority_key = extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    issuer_key = issuing.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    assert authority_key.key_identifier == issuer_key.digest
    assert leaf.serial_number.bit_length() in range(121, 129)
    leaf.verify_directly_issued_by(issuing)
    constraints = issuing.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert (constraints.ca, constraints.path_length) == (True, 0)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_accepts_a_leaf_for_clients_and_not_for_servers(tmp_path: Path) -> None:
    issued = authority().issue_agency("bhxh", "hq", make_key().public_key(), time.time(), unit="79")
    (tmp_path / "cert.pem").write_bytes(issued.chain_pem)
    (tmp_path / "ca.pem").write_bytes(authority().root_pem)

    def verified(purpose: str) -> bool:
        command = ["openssl", "verify", "-CAfile", "ca.pem", "-untrusted", "cert.pem", "-x509_strict"]
        return not subprocess.run(
            [*command, "-purpose", purpose, "cert.pem"], cwd=tmp_path, capture_output=True
        ).returncode

    assert verified("sslclient")
    assert not verified("sslserver")


def test_the_longest_names_fit_the_common_name() -> None:
    issued = authority().issue_agency("a" * 32, "b" * 32, make_key().public_key(), NOW)
    assert (issued.principal.agency, issued.principal.system) == ("a" * 32, "b" * 32)


def test_a_server_certificate_carries_names_and_addresses() -> None:
    leaf = leaf_of(authority().issue_server(["gate.example", "127.0.0.1", "::1"], make_key().public_key(), NOW, 90))
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["gate.example"]
    assert names.get_values_for_type(x509.IPAddress) == [
        ipaddress.ip_address("127.0.0.1"),
        ipaddress.ip_address("::1"),
    ]
    assert server_names(leaf) == {"gate.example", "127.0.0.1", "::1"}
    usages = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usages) == [ExtendedKeyUsageOID.SERVER_AUTH]


def test_no_certificate_outlives_its_issuer() -> None:
    chain = authority().issue_server(["gate.example"], make_key().public_key(), NOW, 40 * 365)
    leaf, issuing = x509.load_pem_x509_certificates(chain)
    assert leaf.not_valid_after_utc == issuing.not_valid_after_utc


def test_an_authority_knows_its_own_certificates(tmp_path: Path) -> None:
    other = CertificateAuthority.create(tmp_path / "ca", TRUST_DOMAIN, NOW)
    leaf = leaf_of(authority().issue_agency("bhxh", "", make_key().public_key(), NOW).chain_pem)
    assert authority().issued(leaf)
    assert not other.issued(leaf)


def test_a_trust_domain_outside_the_grammar_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="trust domain"):
        CertificateAuthority.create(tmp_path / "ca", "Popgate Example", NOW)
