"""The doctor names the first thing that is wrong, and what to do."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway import errors
from gateway.agency.authority import CertificateAuthority
from gateway.api.v1 import enrolment_service_pb2
from gateway.client.connection import ISSUE_TOKEN
from gateway.client.diagnosis import Check, Outcome
from gateway.client.doctor import CHECKS, diagnose
from gateway.client.enrol import TRUST_BUNDLE_PATH
from tests.unit.client.scripted import ORIGIN


@pytest.fixture
def clock(gateway: Any) -> Any:
    """The gateway, telling its time and what to trust."""
    told = gateway.told = enrolment_service_pb2.TrustBundle(
        root_certificates=gateway.authority.root_pem.decode(),
        log_origin=ORIGIN,
        receipt_verifiers=[gateway.signer.verifier.text()],
        trust_domain="test.example",
    )

    async def trust(_request: bytes, _metadata: Any) -> Any:
        answer = enrolment_service_pb2.GetTrustBundleResponse(trust_bundle=told)
        answer.server_time.GetCurrentTime()
        return answer

    gateway.behaviours[TRUST_BUNDLE_PATH] = trust
    return gateway


def failed(checks: list[Check]) -> list[str]:
    assert [check.name for check in checks] == list(CHECKS)
    assert all(check.advice for check in checks if check.outcome is Outcome.FAILED)
    return [check.name for check in checks if check.outcome is Outcome.FAILED]


async def test_all_is_well(clock: Any) -> None:
    checks = await diagnose(clock.folder)
    assert [check.outcome for check in checks] == [Outcome.OK] * len(CHECKS)


async def test_absent_folder(tmp_path: Path) -> None:
    assert failed(await diagnose(tmp_path / "nowhere")) == ["folder"]


async def test_missing_file(clock: Any) -> None:
    (clock.folder / "trust.json").unlink()
    assert failed(await diagnose(clock.folder)) == ["files"]


async def test_key_that_others_may_read(clock: Any) -> None:
    (clock.folder / "key.pem").chmod(0o644)
    assert failed(await diagnose(clock.folder)) == ["files"]


async def test_expired_certificate(clock: Any) -> None:
    clock.write_folder(clock.folder, lifetime_seconds=60, now=time.time() - 3600)
    assert failed(await diagnose(clock.folder))[:2] == ["dates", "handshake"]


async def test_stopped_gateway(clock: Any) -> None:
    await clock.stop()
    checks = await diagnose(clock.folder)
    assert failed(checks) == ["reach"]
    assert checks[-1].outcome is Outcome.SKIPPED


async def test_unknown_server(clock: Any) -> None:
    clock.server = ""
    clock.write_folder(clock.folder)
    assert failed(await diagnose(clock.folder)) == ["reach"]


async def test_wrong_clock(clock: Any) -> None:
    def behind() -> datetime:
        return datetime.now(UTC) - timedelta(minutes=2)

    checks = await diagnose(clock.folder, now=behind)
    assert failed(checks) == ["clock"]
    assert "120.0 s behind" in checks[CHECKS.index("clock")].found


async def test_new_keys_of_the_gateway_come_with_the_next_renewal(clock: Any, tmp_path: Path) -> None:
    newer = CertificateAuthority.create(tmp_path / "newer", "test.example", time.time())
    clock.told.root_certificates = (newer.root_pem + clock.authority.root_pem).decode()
    checks = await diagnose(clock.folder)
    assert not failed(checks)
    assert "1 newer roots and 0 newer receipt keys" in checks[CHECKS.index("trust")].found


async def test_another_gateway_at_the_enrolment_port(clock: Any) -> None:
    clock.told.log_origin = "audit.other.example/1"
    assert failed(await diagnose(clock.folder)) == ["trust"]


async def test_refused_token(clock: Any, refusal: Any) -> None:
    clock.on(ISSUE_TOKEN, refusal(errors.CredentialRevoked()))
    checks = await diagnose(clock.folder)
    assert failed(checks) == ["token"]
    assert "CREDENTIAL_REVOKED" in checks[-1].advice
