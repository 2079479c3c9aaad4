"""Second step: who calls. Certificate and token are checked on every call, parsed once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from gateway.agency.certificates import Principal, principal_from_pem
from gateway.agency.policy import PolicyView
from gateway.agency.tokens import Token, TokenVerifier
from gateway.agency.view import PolicyWatcher
from gateway.chain.base import Call
from gateway.errors import CredentialMalformed, CredentialMissing, MetadataReserved

CERTIFICATES_REMEMBERED_MAX = 4096
_BEARER = "Bearer "
RESERVED = "popgate-"
"""Metadata that begins so is the gateway's: a caller that sets it may mean to be taken for it further on."""


class Authenticator:
    """Finds the principal behind a connection and the token of a call.

    TLS checked the certificate's chain at the handshake and never looks again: dates and revocation are
    checked here on every call.
    """

    def __init__(
        self,
        watcher: PolicyWatcher,
        verifier: TokenVerifier,
        trust_domain: str,
        now: Callable[[], float],
        issuer_of: Callable[[bytes], str],
    ) -> None:
        """`now`: seconds since 1970. `issuer_of`: which issuing key signed a leaf (PEM). Raises CredentialForeign."""
        self._watcher = watcher
        self._verifier = verifier
        self._trust_domain = trust_domain
        self._now = now
        self._issuer_of = issuer_of
        self._principals: dict[bytes, Principal] = {}

    def authenticate(
        self, call: Call, peer: Mapping[str, Any], metadata: Iterable[tuple[str, Any]] | None
    ) -> tuple[PolicyView, Token | None]:
        """Set the call's principal and token id. Raises NotIdentified, PolicyStale.

        `peer`: the connection's auth context. The token is None for methods that ask for none.
        """
        call.principal = principal = self._principal(peer)
        view = self._watcher.view()
        call.policy_version = view.version
        token = None
        now = self._now()
        bearers = _bearers(metadata)
        if call.method.token:
            token = self._verifier.verify(_bearer(bearers), principal, now)
            call.token_id = token.token_id
        view.check(principal, token, now)
        return view, token

    def _principal(self, peer: Mapping[str, Any]) -> Principal:
        certificates = peer.get("x509_pem_cert")
        if not certificates:
            raise CredentialMalformed
        pem = certificates[0]
        known = self._principals.get(pem)
        if known is None:
            known = replace(principal_from_pem(pem, self._trust_domain), issuer=self._issuer_of(pem))
            if len(self._principals) >= CERTIFICATES_REMEMBERED_MAX:
                self._principals.clear()
            self._principals[pem] = known
        return known


def _bearers(metadata: Iterable[tuple[str, Any]] | None) -> list[Any]:
    """Every `authorization`. Raises MetadataReserved for what only the gateway sets."""
    found = []
    for key, value in metadata or ():
        if key == "authorization":
            found.append(value)
        elif key.startswith(RESERVED):
            raise MetadataReserved
    return found


def _bearer(found: list[Any]) -> str:
    if not found:
        raise CredentialMissing
    if len(found) > 1 or not isinstance(found[0], str) or not found[0].startswith(_BEARER):
        raise CredentialMalformed
    return found[0][len(_BEARER) :]
