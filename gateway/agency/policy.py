"""What the policy says at one moment: agencies, their grants, what is revoked. A value; `view` keeps it fresh."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.agency.certificates import Principal
from gateway.agency.grants import Grant
from gateway.agency.narrowing import applies, narrowed
from gateway.agency.signing_keys import SigningKey
from gateway.agency.tokens import Token
from gateway.errors import CredentialExpired, CredentialRevoked, CredentialSuperseded

NARROWED_REMEMBERED_MAX = 4096

Narrowed = dict[tuple[str, str, str], tuple[Grant, ...]]


@dataclass(frozen=True, slots=True)
class Agency:
    """An agency that is not revoked. `agency_class`: number of the contract's `AgencyClass`."""

    code: str
    name: str
    agency_class: int
    grants: tuple[Grant, ...]
    """Those of the agency itself, newest first; not all are in force."""
    pairwise: bool = False
    """Whether it sees tokens of people, its own ones, in place of their numbers."""
    units: Mapping[str, str] = field(default_factory=dict)
    """Names by code, revoked ones too."""
    narrowings: tuple[Grant, ...] = ()
    """What of the grants its units and systems have, by number."""


@dataclass(frozen=True, slots=True)
class PolicyView:
    """One consistent state of the policy. A revoked agency is not in it.

    `revoked_units`: agency and unit. `revoked_keys`: `kid` of token keys and of signing keys, fingerprints of issuing
    certificates.
    """

    version: int
    agencies: Mapping[str, Agency]
    revoked_thumbprints: frozenset[bytes]
    revoked_tokens: frozenset[bytes]
    superseded: Mapping[bytes, int] = field(default_factory=dict, compare=False)
    """Certificates that were replaced, by thumbprint, and from when on they are refused (unix seconds)."""
    signing_keys: Mapping[str, SigningKey] = field(default_factory=dict)
    """By key id; revoked and retired ones too."""
    revoked_units: frozenset[tuple[str, str]] = frozenset()
    revoked_keys: frozenset[str] = frozenset()
    _narrowed: Narrowed = field(default_factory=dict, compare=False, repr=False)

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
        if token is not None and (token.token_id in self.revoked_tokens or token.key_id in self.revoked_keys):
            raise CredentialRevoked
        if principal.issuer in self.revoked_keys:
            raise CredentialSuperseded("The key that issued the certificate is trusted no more; renew the certificate.")
        agency = self.agency(principal.agency)
        if principal.unit and (
            principal.unit not in agency.units or (principal.agency, principal.unit) in self.revoked_units
        ):
            raise CredentialRevoked
        return agency

    def grants_of(self, principal: Principal) -> tuple[Grant, ...]:
        """What unit and system of a principal may do: the agency's grants, cut down where there are narrowings.

        Newest first, not all are in force. Raises CredentialRevoked.
        """
        return self.grants_at(principal.agency, principal.unit, principal.system)

    def grants_at(self, agency: str, unit: str, system: str) -> tuple[Grant, ...]:
        """The same for names, empty for none."""
        held = self.agency(agency)
        if not held.narrowings:
            return held.grants
        place = (agency, unit, system)
        known = self._narrowed.get(place)
        if known is None:
            by_parent: dict[int, list[Grant]] = {}
            for narrowing in held.narrowings:
                if applies(narrowing, unit, system):
                    by_parent.setdefault(narrowing.narrows, []).append(narrowing)
            known = tuple(narrowed(grant, by_parent.get(grant.grant_id, ())) for grant in held.grants)
            if len(self._narrowed) >= NARROWED_REMEMBERED_MAX:
                self._narrowed.clear()
            self._narrowed[place] = known
        return known
