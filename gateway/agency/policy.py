"""What the policy says at one moment: agencies, their grants, what is revoked. A value; `view` keeps it fresh."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.agency.certificates import Principal
from gateway.agency.grants import Grant
from gateway.agency.signing_keys import SigningKey
from gateway.agency.tokens import Token
from gateway.errors import CredentialExpired, CredentialRevoked, CredentialSuperseded


@dataclass(frozen=True, slots=True)
class Agency:
    """An agency that is not revoked. `agency_class`: number of the contract's `AgencyClass`."""

    code: str
    name: str
    agency_class: int
    grants: tuple[Grant, ...]
    """Newest first; not all are in force."""
    pairwise: bool = False
    """Whether it sees tokens of people, its own ones, in place of their numbers."""


@dataclass(frozen=True, slots=True)
class PolicyView:
    """One consistent state of the policy. A revoked agency is not in it."""

    version: int
    agencies: Mapping[str, Agency]
    revoked_thumbprints: frozenset[bytes]
    revoked_tokens: frozenset[bytes]
    superseded: Mapping[bytes, int] = field(default_factory=dict, compare=False)
    """Certificates that were replaced, by thumbprint, and from when on they are refused (unix seconds)."""
    signing_keys: Mapping[str, SigningKey] = field(default_factory=dict)
    """By key id; revoked and retired ones too."""

    def agency(self, code: str) -> Agency:
        """Raises CredentialRevoked when the agency is revoked, or no longer known."""
        try:
            return self.agencies[code]
        except KeyError:
            raise CredentialRevoked from None

    def check(self, principal: Principal, token: Token | None, now: float) -> Agency:
        """The agency, when certificate and token may still be used at `now` (unix seconds).

        For every call and every message of a stream: TLS looks at a certificate only once, in the handshake.
        Raises CredentialExpired, CredentialRevoked, CredentialSuperseded.
        """
        if now > principal.not_after or (token is not None and now >= token.expires):
            raise CredentialExpired
        refused_from = self.superseded.get(principal.thumbprint)
        if refused_from is not None and now >= refused_from:
            raise CredentialSuperseded
        if principal.thumbprint in self.revoked_thumbprints:
            raise CredentialRevoked
        if token is not None and token.token_id in self.revoked_tokens:
            raise CredentialRevoked
        return self.agency(principal.agency)
