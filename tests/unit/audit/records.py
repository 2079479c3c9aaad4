"""Builders for entries, keys and logs on a memory disk; everything follows from small numbers."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.audit.entry import Entry, Kind
from gateway.audit.files import Files
from gateway.audit.log import Log, LogKeys, create_log, open_log
from gateway.audit.note import Signer

ORIGIN = "audit.example.test/1"
LOG = "/state/audit"
WAL = "/state/wal"
SEGMENT_BYTES = 16 << 10


def make_keys(seed: int = 1) -> LogKeys:
    """Signing keys that follow from the seed."""
    return LogKeys(_signer(ORIGIN, seed), _signer(ORIGIN + "/receipts", seed + 1000))


def make_entry(number: int, people: int = 1, agency: str = "tax", method: str = "LookUpPerson") -> Entry:
    """A disclosure with `people` tags and a detail."""
    digest = sha256(number.to_bytes(8, "big")).digest()
    return Entry(
        kind=Kind.DISCLOSURE,
        call_id=digest[:16],
        origin=ORIGIN,
        worker_epoch=7,
        people=people,
        commitment=digest,
        agency=agency,
        method=method,
        purpose="TAX_ASSESSMENT",
        legal_basis="LAW",
        tags=b"".join(make_tag(number + person) for person in range(people)),
    )


def make_tag(number: int) -> bytes:
    """A tag that follows from the number."""
    return sha256(b"tag %d" % number).digest()[:16]


def make_record(number: int, people: int = 1) -> tuple[bytes, bytes]:
    """Entry bytes and a detail blob."""
    return make_entry(number, people).encode(), b"detail %d" % number


class Clock:
    """Microseconds that a test sets; every reading moves it on by one."""

    def __init__(self, now_us: int = 1_700_000_000_000_000) -> None:
        self.now_us = now_us

    def __call__(self) -> int:
        self.now_us += 1
        return self.now_us


def new_log(disk: Files, clock: Callable[[], int] | None = None) -> Log:
    """A new log on the disk, open."""
    create_log(disk, LOG, WAL, make_keys(), SEGMENT_BYTES)
    return reopen(disk, clock)


def reopen(disk: Files, clock: Callable[[], int] | None = None) -> Log:
    """The log on the disk, opened again."""
    return open_log(disk, LOG, WAL, make_keys(), clock or Clock(), SEGMENT_BYTES)


def vkey() -> str:
    """Verifier key of the checkpoints."""
    return make_keys().log.verifier.text()


def receipt_vkey() -> str:
    """Verifier key of the receipts."""
    return make_keys().receipt.verifier.text()


def _signer(name: str, seed: int) -> Signer:
    return Signer(name, Ed25519PrivateKey.from_private_bytes(sha256(b"key %d" % seed).digest()))
