"""Private files on this machine: an agency's identity folder, and single keys. Nothing here knows gRPC or SQL."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

CERTIFICATE_FILE = "cert.pem"
KEY_FILE = "key.pem"
ROOT_FILE = "ca.pem"
TRUST_FILE = "trust.json"
SIGNING_KEY_FILE = "signing.key"
"""The key that requests are signed with; made at first need, kept when the agency enrols again."""
NEXT_KEY_FILE = "key.next.pem"
"""The key of the certificate that is being asked for; becomes KEY_FILE once that is there."""


def write_identity(folder: Path, key_pem: bytes, chain_pem: bytes, root_pem: bytes, trust: Mapping[str, str]) -> None:
    """Put key, certificate (leaf and issuing), root and trust lines into a private folder.

    A new folder appears whole or not at all. In an existing one the files are replaced one by one, each whole:
    who reads a key and a certificate that do not match reads both again. `trust`: log_origin, log_verifier,
    receipt_verifier, trust_domain, server and enrolment_server (HOST:PORT).
    """
    files = {
        KEY_FILE: key_pem,
        CERTIFICATE_FILE: chain_pem,
        ROOT_FILE: root_pem,
        TRUST_FILE: (json.dumps(dict(trust), indent=2, sort_keys=True) + "\n").encode(),
    }
    if folder.exists():
        folder.chmod(0o700)
        for name, data in files.items():
            write_private(folder / name, data)
    else:
        write_private_folder(folder, files)


def write_trust(folder: Path, changes: Mapping[str, str]) -> None:
    """Replace some trust lines of an identity folder. Raises FileNotFoundError, ValueError."""
    lines = read_trust(folder) | dict(changes)
    write_private(folder / TRUST_FILE, (json.dumps(lines, indent=2, sort_keys=True) + "\n").encode())


def read_trust(folder: Path) -> dict[str, str]:
    """The trust lines of an identity folder. Raises FileNotFoundError, ValueError."""
    trust = json.loads((folder / TRUST_FILE).read_bytes())
    if not isinstance(trust, dict) or not all(isinstance(value, str) for value in trust.values()):
        raise ValueError(f"{folder / TRUST_FILE} is not an object of texts")
    return trust


def write_private_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Create a folder (0700) with files (0600), durably, whole or not at all.

    Raises OSError when the folder exists and is not empty.
    """
    make_private_directory(folder.parent)
    fresh = folder.parent / f".{folder.name}.{secrets.token_hex(8)}"
    fresh.mkdir(mode=0o700)
    for name, data in files.items():
        _write_new(fresh / name, data)
    _sync_directory(fresh)
    fresh.rename(folder)
    _sync_directory(folder.parent)


def write_private(path: Path, data: bytes) -> None:
    """Put a whole file (0600) in place, durably; readers see the old content or the new one."""
    make_private_directory(path.parent)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    _write_new(temporary, data)
    temporary.replace(path)
    _sync_directory(path.parent)


def create_private(path: Path, data: bytes) -> bytes:
    """Put a whole file (0600) in place unless there is one; what the file holds then, whoever was first."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    _write_new(temporary, data)
    try:
        os.link(temporary, path)  # unlike a rename it fails when another process was first
    except FileExistsError:
        return path.read_bytes()
    finally:
        temporary.unlink()
    _sync_directory(path.parent)
    return data


def make_private_directory(path: Path) -> None:
    """Create a directory and its missing parents, all 0700."""
    if not path.exists():
        make_private_directory(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)


def _write_new(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(descriptor)


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
