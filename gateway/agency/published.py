"""What everybody may know of the gateway's keys: token keys as a JWK set, and what to trust. Opens no private key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gateway.agency.authority import root_bundle
from gateway.agency.certificates import public_from_pem
from gateway.agency.tokens import jwks
from gateway.keyfiles import active, key_files


def token_jwks(state: Path) -> dict[str, Any]:
    """The token keys, announced, active and retired, oldest first (RFC 7517). Raises OSError, ValueError."""
    files = key_files(state / "keys", "token", ".pub")
    return jwks(public_from_pem(file.path.read_bytes()) for file in files)


def receipt_verifiers(state: Path, now: float) -> tuple[str, tuple[str, ...]]:
    """The verifier line of receipts that are signed now, and the lines of all keys, oldest first. Raises OSError."""
    lines = tuple((state / "audit" / "receipt.vkey").read_text().strip().split("\n"))
    chosen = active(key_files(state / "keys" / "audit", "receipt"), now)
    return (chosen.path.with_suffix(".vkey").read_text().strip() if chosen.effective_from else lines[0]), lines


def trust_document(state: Path, origin: str, trust_domain: str, now: float) -> dict[str, Any]:
    """The trust bundle as JSON. Who reads it over plain HTTP compares it with what came another way.

    Raises OSError, ValueError.
    """
    present, lines = receipt_verifiers(state, now)
    return {
        "root_certificates": root_bundle(state / "ca").decode(),
        "log_origin": origin,
        "log_verifier": (state / "audit" / "log.vkey").read_text().strip(),
        "receipt_verifier": present,
        "receipt_verifiers": list(lines),
        "trust_domain": trust_domain,
    }
