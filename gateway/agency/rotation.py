"""Replacing a key of the gateway, on its own machine: a new file that takes over at a moment. Nothing restarts.

A key is announced first, so that whoever checks what it will sign knows it in time; the old one is kept, so that what
it signed can be checked still.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gateway.agency.authority import CertificateAuthority, make_issuing, make_root, server_names
from gateway.agency.bootstrap import issue_server_pair
from gateway.agency.certificates import fingerprint, key_from_pem, key_to_pem, make_key, public_from_pem, public_to_pem
from gateway.agency.identity import write_private
from gateway.agency.tokens import key_id
from gateway.audit.note import Signer, Verifier
from gateway.audit.receipt import receipt_key_name
from gateway.keyfiles import ANNOUNCED_SECONDS_MIN, KeyFile, KeyState, key_files, next_path, state_of

ANNOUNCED_SECONDS: Mapping[str, int] = {
    "token": 600,
    "cursor": 60,
    "receipt": 86_400,
    "issuing": 60,
    "root": 48 * 3600,
    "server": 0,
}
"""Kinds of keys, and how long a new one is announced unless the operator says otherwise. Foreign verifiers may
keep the token keys for minutes, auditors the receipt keys for a day; clients get new roots with each renewal."""
_CURSOR_KEY_BYTES = 32
_PLACES: Mapping[str, tuple[str, str]] = {
    "token": ("keys", ".pub"),
    "cursor": ("keys", ".key"),
    "receipt": ("keys/audit", ".key"),
    "issuing": ("ca", ".pem"),
    "root": ("ca", ".pem"),
}


@dataclass(frozen=True, slots=True)
class Key:
    """A key as operators see it. `effective_from`: unix seconds, 0 for the first. `name`: a digest or id, public."""

    kind: str
    name: str
    state: KeyState
    effective_from: int


@dataclass(frozen=True, slots=True)
class Rotation:
    """A new key, made and not yet in place. `place` puts it there."""

    kind: str
    name: str
    effective_from: int
    place: Callable[[], None]


def keys(state: Path, now: float) -> list[Key]:
    """Every key of the gateway that is rotated, by kind, oldest first. Opens no private key but the cursors'.

    Raises OSError, ValueError.
    """
    found = []
    for kind, (folder, suffix) in _PLACES.items():
        files = key_files(state / folder, kind, suffix)
        named = zip(files, _names(state, kind, files), strict=True)
        found += [Key(kind, name, state_of(file, files, now), file.effective_from) for file, name in named]
    leaf = x509.load_pem_x509_certificate((state / "tls" / "chain.pem").read_bytes())
    begins = int(leaf.not_valid_before_utc.timestamp())
    return [*found, Key("server", fingerprint(leaf), KeyState.ACTIVE, begins)]


@contextmanager
def rotating(state: Path) -> Iterator[None]:
    """One rotation at a time on this machine. Raises OSError."""
    descriptor = os.open(state / "keys" / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def prepare(
    state: Path, kind: str, now: float, *, announced_seconds: int | None = None, root_key: Path | None = None
) -> Rotation:
    """Make the next key of a kind. `root_key`: where the root's key is, for an issuing key; by default in STATE/ca.

    Raises ValueError for a kind that there is not, too short an announcement, or one before an announced key;
    OSError when a file cannot be read.
    """
    if kind not in ANNOUNCED_SECONDS:
        raise ValueError(f"there is no kind of key {kind}; it is one of {', '.join(ANNOUNCED_SECONDS)}")
    wait = ANNOUNCED_SECONDS[kind] if announced_seconds is None else announced_seconds
    if kind == "server":
        return _server(state, now)
    if wait < ANNOUNCED_SECONDS_MIN:
        raise ValueError(f"a key is announced at least {ANNOUNCED_SECONDS_MIN} s, so that every process knows it")
    since = int(now) + wait
    if kind == "token":
        return _token(state, since)
    if kind == "cursor":
        secret = secrets.token_bytes(_CURSOR_KEY_BYTES)
        path = next_path(state / "keys", kind, since)
        return Rotation(kind, sha256(secret).hexdigest()[:16], since, lambda: write_private(path, secret))
    if kind == "receipt":
        return _receipt(state, since)
    return _issuing(state, since, now, root_key) if kind == "issuing" else _root(state, since, now)


def _server(state: Path, now: float) -> Rotation:
    names = sorted(server_names(x509.load_pem_x509_certificate((state / "tls" / "server.pem").read_bytes())))
    authority = CertificateAuthority.open(state / "ca", now)
    return Rotation("server", ", ".join(names), int(now), lambda: issue_server_pair(state, authority, names, now))


def _token(state: Path, since: int) -> Rotation:
    key, path = make_key(), next_path(state / "keys", "token", since)

    def place() -> None:
        # The public half first: it is announced with the private one, never later.
        write_private(path.with_suffix(".pub"), public_to_pem(key.public_key()))
        write_private(path, key_to_pem(key))

    return Rotation("token", key_id(key.public_key()), since, place)


def _receipt(state: Path, since: int) -> Rotation:
    origin = Verifier.from_text((state / "audit" / "log.vkey").read_text()).name
    key = Ed25519PrivateKey.generate()
    verifier = Signer(receipt_key_name(origin), key).verifier
    path, lines = next_path(state / "keys" / "audit", "receipt", since), state / "audit" / "receipt.vkey"

    def place() -> None:
        write_private(lines, (lines.read_text().rstrip("\n") + "\n" + verifier.text() + "\n").encode())
        write_private(path.with_suffix(".vkey"), verifier.text().encode())
        write_private(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))

    return Rotation("receipt", f"{verifier.key_id:08x}", since, place)


def _issuing(state: Path, since: int, now: float, root_key: Path | None) -> Rotation:
    newest = key_files(state / "ca", "root", ".pem")[-1].path
    root = x509.load_pem_x509_certificate(newest.read_bytes())
    signing = key_from_pem((root_key or newest.with_suffix(".key")).read_bytes())
    authority = CertificateAuthority.open(state / "ca", now)
    made = make_issuing(root, signing, authority.trust_domain, now)
    path = next_path(state / "ca", "issuing", since, ".pem")
    return Rotation("issuing", _name_of(made), since, lambda: _place(path, made))


def _root(state: Path, since: int, now: float) -> Rotation:
    """A root and an issuing key below it. The root is trusted at once, and issues from `since` on."""
    trust_domain = CertificateAuthority.open(state / "ca", now).trust_domain
    root = make_root(trust_domain, now)
    certificate = x509.load_pem_x509_certificate(root[".pem"])
    issuing = make_issuing(certificate, key_from_pem(root[".key"]), trust_domain, now)

    paths = [next_path(state / "ca", kind, since, ".pem") for kind in ("root", "issuing")]

    def place() -> None:
        for path, made in zip(paths, (root, issuing), strict=True):
            _place(path, made)

    return Rotation("root", _name_of(root), since, place)


def _place(path: Path, made: Mapping[str, bytes]) -> None:
    # The certificate last: it is what makes the pair be found.
    for suffix in (".key", ".pem"):
        write_private(path.with_suffix(suffix), made[suffix])


def _names(state: Path, kind: str, files: Sequence[KeyFile]) -> list[str]:
    if kind == "token":
        return [key_id(public_from_pem(file.path.read_bytes())) for file in files]
    if kind == "cursor":
        return [sha256(file.path.read_bytes()).hexdigest()[:16] for file in files]
    if kind == "receipt":
        first = (state / "audit" / "receipt.vkey").read_text().partition("\n")[0]
        lines = [file.path.with_suffix(".vkey").read_text() if file.effective_from else first for file in files]
        return [f"{Verifier.from_text(line).key_id:08x}" for line in lines]
    return [fingerprint(x509.load_pem_x509_certificate(file.path.read_bytes())) for file in files]


def _name_of(made: Mapping[str, bytes]) -> str:
    return fingerprint(x509.load_pem_x509_certificate(made[".pem"]))
