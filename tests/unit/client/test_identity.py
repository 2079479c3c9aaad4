"""Identity folders that are not as they should be say so, and what to do."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.agency.authority import CertificateAuthority
from gateway.agency.certificates import key_to_pem, make_key
from gateway.agency.identity import write_identity
from gateway.client import Identity, IdentityInvalid

TRUST = {
    "log_origin": "audit.test.example/2026",
    "log_verifier": "line",
    "receipt_verifier": "line",
    "trust_domain": "test.example",
    "server": "localhost:8443",
}


@pytest.fixture
def folder(authority: CertificateAuthority, tmp_path: Path) -> Path:
    """A sound identity folder."""
    key = make_key()
    issued = authority.issue_agency("hospital", "ward", key.public_key(), time.time(), 3600, "79-024")
    write_identity(tmp_path / "identity", key_to_pem(key), issued.chain_pem, authority.root_pem, TRUST)
    return tmp_path / "identity"


def refused(folder: Path, now: datetime | None = None) -> str:
    with pytest.raises(IdentityInvalid) as caught:
        Identity.from_folder(folder, now)
    return caught.value.sentence


def test_sound_folder_is_read(folder: Path) -> None:
    identity = Identity.from_folder(folder, datetime.now(UTC))
    assert identity.spiffe_ids == ("spiffe://test.example/agency/hospital/unit/79-024/system/ward",)
    assert (identity.agency, identity.entry_name) == ("hospital", "hospital/79-024")
    assert identity.server == "localhost:8443"
    assert identity.enrolment_server == ""


def test_absent_folder_is_named(tmp_path: Path) -> None:
    assert str(tmp_path / "nowhere") in refused(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["cert.pem", "key.pem", "ca.pem", "trust.json"])
def test_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert f"{folder / name} is missing" in refused(folder)


@pytest.mark.parametrize("name", ["cert.pem", "key.pem", "ca.pem", "trust.json"])
def test_file_full_of_nonsense_is_named(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"nonsense")
    sentence = refused(folder)
    assert str(folder / name) in sentence
    assert "enrol again" in sentence


def test_expired_certificate_says_when_it_expired_and_what_to_do(folder: Path) -> None:
    sentence = refused(folder, datetime.now(UTC) + timedelta(days=2))
    assert "expired at" in sentence
    assert "popgate enrol" in sentence


def test_certificate_of_the_future_points_at_the_clock(folder: Path) -> None:
    assert "clock" in refused(folder, datetime.now(UTC) - timedelta(days=2))


def test_key_of_another_certificate_is_refused(folder: Path) -> None:
    (folder / "key.pem").write_bytes(key_to_pem(make_key()))
    assert "does not belong to the certificate" in refused(folder)


def test_key_of_another_curve_is_refused(authority: CertificateAuthority, tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP384R1())
    issued = authority.issue_agency("hospital", "", key.public_key(), time.time(), 3600)
    write_identity(tmp_path / "identity", key_to_pem(key), issued.chain_pem, authority.root_pem, TRUST)
    assert "P-256" in refused(tmp_path / "identity")


@pytest.mark.parametrize("key", ["log_origin", "log_verifier", "receipt_verifier", "trust_domain"])
def test_trust_file_without_a_line_names_it(folder: Path, key: str) -> None:
    (folder / "trust.json").write_text(json.dumps({name: text for name, text in TRUST.items() if name != key}))
    assert f"lacks {key}" in refused(folder)


@pytest.mark.parametrize("text", ["[]", '{"log_origin": 1}', "null"])
def test_trust_file_of_another_shape_is_refused(folder: Path, text: str) -> None:
    (folder / "trust.json").write_text(text)
    assert "not a JSON object of texts" in refused(folder)
