"""Fixtures around a scripted gateway."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.agency.authority import CertificateAuthority
from gateway.audit.note import Signer
from gateway.audit.receipt import receipt_key_name
from gateway.client import Context
from tests.unit.client.scripted import ORIGIN, Refusal, ScriptedGateway


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> CertificateAuthority:
    """An authority like the gateway's own."""
    return CertificateAuthority.create(tmp_path_factory.mktemp("state") / "ca", "test.example", time.time())


@pytest.fixture(scope="session")
def signer() -> Signer:
    """The receipt key of the log."""
    return Signer(receipt_key_name(ORIGIN), Ed25519PrivateKey.from_private_bytes(bytes(range(32))))


@pytest.fixture
async def gateway(authority: CertificateAuthority, signer: Signer, tmp_path: Path) -> AsyncIterator[ScriptedGateway]:
    """A gateway that runs."""
    scripted = ScriptedGateway(authority, signer, tmp_path / "identity")
    await scripted.start()
    scripted.write_folder(scripted.folder)
    yield scripted
    await scripted.stop()


@pytest.fixture
def context() -> Context:
    """Why a test asks."""
    return Context("health.admission", "law26/2023:art10", "case-1", "officer-7")


@pytest.fixture
def refusal() -> type[Refusal]:
    """To script a refusal."""
    return Refusal
