"""Runs the command inside the test's process, against a scripted gateway."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.agency.authority import CertificateAuthority
from gateway.audit.note import Signer
from gateway.audit.receipt import receipt_key_name
from gateway.cli.program import main
from tests.unit.client.scripted import ORIGIN, ScriptedGateway

WHY = {
    "POPGATE_PURPOSE": "health.admission",
    "POPGATE_LEGAL_BASIS": "law26/2023:art10",
    "POPGATE_CASE": "case-1",
    "POPGATE_OFFICER": "officer-7",
}


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended and what it wrote."""

    code: object
    out: str
    err: str


Run = Callable[..., Awaitable[Ran]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """`await run("lookup", ...)`, with purpose, legal basis, case and officer stated."""
    for name, value in WHY.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("COLUMNS", "200")

    def work() -> object:
        with pytest.raises(SystemExit) as left:
            main()
        return left.value.code

    async def ran(*words: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["popgate", *map(str, words)])
        code = await asyncio.to_thread(work)
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return ran


@pytest.fixture
async def gateway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ScriptedGateway]:
    """A gateway that runs, and an identity that the command finds by itself."""
    authority = CertificateAuthority.create(tmp_path / "ca", "test.example", time.time())
    signer = Signer(receipt_key_name(ORIGIN), Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
    scripted = ScriptedGateway(authority, signer, tmp_path / "identity")
    await scripted.start()
    scripted.write_folder(scripted.folder)
    monkeypatch.setenv("POPGATE_IDENTITY", str(scripted.folder))
    yield scripted
    await scripted.stop()
