"""Looks at everything a call needs, in the order in which it is needed, and says of each what to do next."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import load_pem_x509_certificates

from gateway.api.v1.enrolment_service_pb2 import TrustBundle
from gateway.client.connection import open_connection
from gateway.client.diagnosis import Check, Outcome, handshake, own_certificate, reach
from gateway.client.enrol import receipt_lines, trust_bundle
from gateway.client.errors import ClientError, IdentityInvalid
from gateway.client.identity import IDENTITY_FILES, Identity

CLOCK_SECONDS_MAX: Final = 30.0
CLOCK_SECONDS_TOLD_MIN: Final = 2.0
"""The gateway tells whole seconds, and the answer takes its time."""
CHECKS: Final = (
    "folder",
    "files",
    "dates",
    "issuer",
    "usage",
    "name",
    "reach",
    "handshake",
    "clock",
    "trust",
    "token",
)


@dataclass(frozen=True, slots=True)
class _Asked:
    identity: Identity
    server: str
    now: Callable[[], datetime]


async def diagnose(
    folder: str | Path, server: str = "", now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> list[Check]:
    """One check for each of CHECKS; those that need a failed one are skipped. `server`: the identity's own."""
    checks, identity = _folder(Path(folder))
    if identity is None:
        return _complete(checks)
    checks.extend(own_certificate(identity, now()))
    target = server or identity.server
    if not target:
        advice = "state --server HOST:PORT, or enrol with --server so that the folder knows"
        checks.append(Check("reach", Outcome.FAILED, "nobody says where the gateway is", advice))
        return _complete(checks)
    checks.append(await asyncio.to_thread(reach, target))
    if checks[-1].outcome is Outcome.OK:
        shaken = await asyncio.to_thread(handshake, identity, target)
        asked = _Asked(identity, target, now)
        checks.extend([shaken, *await _enrolment_port(asked)])
        if shaken.outcome is not Outcome.FAILED:
            checks.append(await _token(asked))
    return _complete(checks)


def _folder(folder: Path) -> tuple[list[Check], Identity | None]:
    if not folder.is_dir():
        advice = "name the folder with --identity, or enrol with `popgate enrol`"
        return [Check("folder", Outcome.FAILED, f"there is no folder {folder}", advice)], None
    checks = [Check("folder", Outcome.OK, str(folder))]
    try:
        identity = Identity.from_folder(folder)
    except IdentityInvalid as error:
        found, _, advice = error.sentence.rstrip(".").partition("; ")
        return [*checks, Check("files", Outcome.FAILED, found, advice)], None
    readable = [name for name in IDENTITY_FILES if (folder / name).stat().st_mode & 0o077 and name == "key.pem"]
    if readable:
        advice = f"chmod 600 {folder / 'key.pem'}, and enrol again if others may have read it"
        return [*checks, Check("files", Outcome.FAILED, "others may read the private key", advice)], identity
    return [*checks, Check("files", Outcome.OK, "complete; the key belongs to the certificate")], identity


async def _enrolment_port(asked: _Asked) -> list[Check]:
    """Clock and trust, both of which the enrolment port tells."""
    if not asked.identity.enrolment_server:
        told = "the folder does not say where the enrolment port is, so that nothing is renewed"
        return [Check(name, Outcome.SKIPPED, told) for name in ("clock", "trust")]
    before = asked.now()
    try:
        answer = await trust_bundle(asked.identity.enrolment_server, asked.identity.root_pem)
    except ClientError as error:
        told = f"the enrolment port did not answer: {error.sentence}"
        return [Check(name, Outcome.SKIPPED, told) for name in ("clock", "trust")]
    middle = before + (asked.now() - before) / 2
    return [_clock((middle - answer.server_time).total_seconds()), _trust(asked.identity, answer.bundle)]


def _clock(ahead: float) -> Check:
    found = f"{abs(ahead):.1f} s {'ahead of' if ahead >= 0 else 'behind'} the gateway"
    if abs(ahead) <= CLOCK_SECONDS_TOLD_MIN:
        return Check("clock", Outcome.OK, "agrees with the gateway's")
    if abs(ahead) > CLOCK_SECONDS_MAX:
        return Check("clock", Outcome.FAILED, found, "set this machine's clock, best by NTP")
    return Check("clock", Outcome.OK, found)


def _trust(identity: Identity, bundle: TrustBundle) -> Check:
    """Whether the folder trusts what the gateway says of itself now."""
    if (bundle.log_origin, bundle.trust_domain) != (identity.log_origin, identity.trust_domain):
        found = f"the gateway is of trust domain {bundle.trust_domain} with the log {bundle.log_origin}"
        return Check("trust", Outcome.FAILED, found, "ask the operator, and enrol with this gateway if that is meant")
    roots = {root.fingerprint(SHA256()) for root in load_pem_x509_certificates(bundle.root_certificates.encode())}
    missing = len(roots - {root.fingerprint(SHA256()) for root in identity.roots})
    lines = set(receipt_lines(bundle).split("\n")) - set(identity.receipt_verifier.split("\n"))
    if missing or lines:
        found = f"the gateway has {missing} newer roots and {len(lines)} newer receipt keys"
        return Check("trust", Outcome.OK, f"{found}; the next renewal brings them")
    return Check("trust", Outcome.OK, "roots and receipt keys are the gateway's")


async def _token(asked: _Asked) -> Check:
    connection = open_connection(asked.identity, asked.server)
    try:
        await connection.token()
    except ClientError as error:
        return Check("token", Outcome.FAILED, "the gateway gave no token", str(error))
    finally:
        await connection.close()
    return Check("token", Outcome.OK, "issued, with a valid receipt of the audit log")


def _complete(checks: list[Check]) -> list[Check]:
    done = {check.name for check in checks}
    rest = [Check(name, Outcome.SKIPPED, "needs what failed above") for name in CHECKS if name not in done]
    return [*checks, *rest]
