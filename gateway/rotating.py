"""The keys of a serving process, followed through their rotations: tokens, the authority, TLS of the server."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import grpc
import structlog
from cryptography import x509

from gateway.agency.authority import CertificateAuthority, root_bundle
from gateway.agency.certificates import fingerprint, issuer_of, key_from_pem, public_from_pem
from gateway.agency.tokens import TokenSigner, TokenVerifier, key_id
from gateway.keyfiles import REFRESH_SECONDS, KeyFile, Refreshed

_PEM = re.compile(rb"-----BEGIN ([A-Z ]+)-----\n.*?-----END \1-----\n", re.DOTALL)


class Refreshable(Protocol):
    """What looks for changes when told to."""

    def refresh(self) -> None:
        """Raises OSError, ValueError."""
        ...


class TokenKeys:
    """Signs with the active token key; takes tokens of announced, active and retired ones."""

    def __init__(self, directory: Path, name: str, now: Callable[[], float]) -> None:
        """`name`: issuer, audience and trust domain. Raises FileNotFoundError, ValueError."""
        self._name = name
        self.verifier = TokenVerifier({}, name, name, name)
        # By their public halves: a retired private key may be deleted, and what it signed stays good.
        self._refreshed = Refreshed(directory, "token", self._take, now, ".pub")

    @property
    def signer(self) -> TokenSigner:
        """With the active key."""
        return self._signer

    def refresh(self) -> None:
        """Look once. Raises OSError, ValueError."""
        self._refreshed.refresh()

    def _take(self, files: Sequence[KeyFile], chosen: KeyFile) -> None:
        publics = [public_from_pem(file.path.read_bytes()) for file in files]
        key = key_from_pem(chosen.path.with_suffix(".key").read_bytes())
        self._signer = TokenSigner(key, self._name, self._name, self._name)
        self.verifier.use({key_id(public): public for public in publics})


class Authority:
    """The certificate authority as it stands now."""

    def __init__(self, directory: Path, now: Callable[[], float]) -> None:
        """Raises FileNotFoundError, ValueError."""
        self._directory = directory
        self._now = now
        self._roots = Refreshed(directory, "root", self._take, lambda: float("inf"), ".pem")
        self._issuing = Refreshed(directory, "issuing", self._take, now, ".pem")

    def __call__(self) -> CertificateAuthority:
        """The newest."""
        return self._held

    def refresh(self) -> None:
        """Look once. Raises OSError, ValueError."""
        self._roots.refresh()
        self._issuing.refresh()

    def _take(self, _files: Sequence[KeyFile], _chosen: KeyFile) -> None:
        self._held = CertificateAuthority.open(self._directory, self._now())


class Issuers:
    """The certificates of the issuing keys, retired ones too; opens no private key."""

    def __init__(self, directory: Path, now: Callable[[], float]) -> None:
        """Raises FileNotFoundError, ValueError."""
        self._refreshed = Refreshed(directory, "issuing", self._take, now, ".pem")

    def __call__(self, pem: bytes) -> str:
        """The fingerprint of the one that issued a leaf. Raises CredentialForeign."""
        return issuer_of(pem, self._held)

    def refresh(self) -> None:
        """Look once. Raises OSError, ValueError."""
        self._refreshed.refresh()

    def _take(self, files: Sequence[KeyFile], chosen: KeyFile) -> None:
        read = {file: x509.load_pem_x509_certificate(file.path.read_bytes()) for file in files}
        self._held = [read[file] for file in reversed(files)]
        self.active = fingerprint(read[chosen])


class ServerTls:
    """The listener's credentials: what stands in the files at each handshake. Connections that are open stay open."""

    def __init__(self, state: Path, *, mutual: bool) -> None:
        """`mutual`: callers show certificates under the authority's roots. Raises FileNotFoundError, ValueError."""
        self._state = state
        self._mutual = mutual
        self._shown = self._read()

    def credentials(self) -> grpc.ServerCredentials:
        """For a listener. The files are looked at in every handshake."""
        first = _configuration(self._shown)
        fetch: Any = self._fetch  # gRPC takes None for no change, its stubs do not know
        return grpc.dynamic_ssl_server_credentials(first, fetch, self._mutual)

    def _fetch(self) -> grpc.ServerCertificateConfiguration | None:
        try:
            fresh = self._read()
        except (OSError, ValueError):
            return None  # what was shown so far is still good
        if fresh == self._shown:
            return None
        self._shown = fresh
        return _configuration(fresh)

    def _read(self) -> tuple[bytes, bytes, bytes | None]:
        key, chain = split_pair((self._state / "tls" / "server.pem").read_bytes())
        return key, chain, root_bundle(self._state / "ca") if self._mutual else None


def split_pair(pem: bytes) -> tuple[bytes, bytes]:
    """Key and chain of a file that holds both. Raises ValueError."""
    blocks = [(match[1], match[0]) for match in _PEM.finditer(pem)]
    keys = [block for kind, block in blocks if kind.endswith(b"PRIVATE KEY")]
    chain = [block for kind, block in blocks if kind == b"CERTIFICATE"]
    if len(keys) != 1 or not chain:
        raise ValueError("a server's file holds one key and its certificates")
    return keys[0], b"".join(chain)


async def keep_fresh(what: Sequence[Refreshable]) -> None:
    """Refresh all of it twice a second, until cancelled. What cannot be read leaves what was there in use."""
    failing: set[int] = set()
    while True:
        await asyncio.sleep(REFRESH_SECONDS)
        for at, each in enumerate(what):
            try:
                each.refresh()
            except (OSError, ValueError):
                if at not in failing:
                    structlog.get_logger().exception("keys not read anew")
                failing.add(at)
            else:
                failing.discard(at)


def _configuration(shown: tuple[bytes, bytes, bytes | None]) -> grpc.ServerCertificateConfiguration:
    key, chain, roots = shown
    return grpc.ssl_server_certificate_configuration([(key, chain)], roots)
