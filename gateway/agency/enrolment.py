"""The servicer of EnrolmentService: a certificate for a one-time code, or for the certificate before it.

Runs in the one process that opens the issuing key. Nothing here takes effect before the chain has made its entry
durable, except that an enrolment code is burnt.
"""

# ruff: noqa: N802 - methods are named as in the contract

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.agency.authority import CertificateAuthority, Issued
from gateway.agency.certificates import (
    Principal,
    key_digest,
    principal_from_pem,
    public_key_of_csr,
    renewal_statement,
    require_csr_names,
)
from gateway.agency.messages import timestamp
from gateway.agency.store import AgencyStore
from gateway.agency.succession import OVERLAP_SECONDS
from gateway.api.v1 import enrolment_service_pb2 as enrolment_pb
from gateway.chain.base import Answer, Call
from gateway.errors import (
    ClockSkewed,
    CredentialExpired,
    CredentialForeign,
    CredentialMalformed,
    EnrolmentCodeUsed,
    EnrolmentRefused,
    RecordUnknown,
    SignatureInvalid,
)

CLOCK_SECONDS_MAX = 60
GRACE_SECONDS = 7 * 86400
"""How long after its end a certificate may be exchanged by who has its key: longer than any holiday."""


@dataclass(frozen=True, slots=True)
class TrustLines:
    """What a client needs, besides the root, to trust this gateway's log."""

    log_origin: str
    log_verifier: str
    receipt_verifier: str
    """Of the key that signs now."""
    receipt_verifiers: tuple[str, ...]
    """Of all keys, announced and retired ones too."""


class EnrolmentMethods:
    """EnrolmentService."""

    def __init__(
        self,
        store: AgencyStore,
        authority: Callable[[], CertificateAuthority],
        trust: Callable[[], TrustLines],
        clock: Callable[[], float],
    ) -> None:
        """`authority`, `trust`: as they stand now. `clock`: unix seconds."""
        self._store = store
        self._authority = authority
        self._trust = trust
        self._clock = clock

    async def Enrol(self, call: Call, request: enrolment_pb.EnrolRequest) -> Answer:
        """Raises ArgumentInvalid and CsrForeign, which leave the code good, EnrolmentRefused, EnrolmentCodeUsed."""
        now = self._clock()
        public_key = public_key_of_csr(request.csr)
        owner = await asyncio.to_thread(self._store.owner_of_code, request.code)
        # Who presents a code that was made for an agency knows a secret of it: the agency's log shall show that.
        call.principal = Principal(owner.agency, owner.system, bytes(32), 0, 0, 0, owner.unit)
        require_csr_names(request.csr, self._authority().trust_domain, owner.agency, owner.system, owner.unit)
        try:
            await asyncio.to_thread(self._store.redeem_code, request.code, int(now))
        except EnrolmentRefused:
            if owner.used:
                raise EnrolmentCodeUsed from None
            raise
        issued = self._authority().issue_agency(owner.agency, owner.system, public_key, now, unit=owner.unit)

        async def record() -> None:
            await asyncio.to_thread(self._store.record_credential, issued.principal, int(now))

        body = enrolment_pb.EnrolResponse(
            certificate_chain=issued.chain_pem.decode(),
            trust_bundle=self._bundle(),
            expires_time=timestamp(issued.principal.not_after),
            agency=issued.principal.entry_name,
        )
        return Answer(body, note=_note(issued), effect=record, agency=issued.principal.entry_name)

    async def RenewCertificate(self, call: Call, request: enrolment_pb.RenewCertificateRequest) -> Answer:
        """Raises CredentialMalformed, CredentialForeign, SignatureInvalid; and of a caller who is known by then
        ClockSkewed, ArgumentInvalid, CsrForeign, CredentialExpired, CredentialRevoked, CredentialSuperseded.
        """
        now = self._clock()
        old = self._proven(request)
        call.principal = old
        signed_at = request.signed_time.seconds
        if abs(now - signed_at) > CLOCK_SECONDS_MAX:
            raise ClockSkewed(metadata={"server_time": datetime.fromtimestamp(int(now), UTC).isoformat()})
        public_key = public_key_of_csr(request.csr)
        require_csr_names(request.csr, self._authority().trust_domain, old.agency, old.system, old.unit)
        if now > old.not_after + GRACE_SECONDS:
            raise CredentialExpired("The certificate lapsed too long ago to be renewed; enrol again with a new code.")
        digest = key_digest(public_key)

        def require() -> None:
            try:
                self._store.require_credential(old.thumbprint)
            except RecordUnknown:
                raise CredentialForeign from None
            # A lapsed certificate is looked at as it stood when it ended: only revocation counts.
            call.policy_version = (view := self._store.load_view()).version
            view.check(old, None, min(now, old.not_after))
            self._store.successions.require_renewable(old.thumbprint, digest)

        await asyncio.to_thread(require)
        issued = self._authority().issue_agency(old.agency, old.system, public_key, now, unit=old.unit)

        def record() -> None:
            self._store.successions.record(old, issued.principal, digest, int(now))
            self._store.record_credential(issued.principal, int(now))

        body = enrolment_pb.RenewCertificateResponse(
            certificate_chain=issued.chain_pem.decode(),
            trust_bundle=self._bundle(),
            expires_time=timestamp(issued.principal.not_after),
            superseded_time=timestamp(now + OVERLAP_SECONDS),
            server_time=timestamp(now),
        )
        note = f"{_note(issued)} in place of {old.thumbprint.hex()}"
        return Answer(body, note=note, effect=lambda: asyncio.to_thread(record), agency=old.entry_name)

    async def GetTrustBundle(self, call: Call, request: enrolment_pb.GetTrustBundleRequest) -> Answer:
        """Public; refuses nothing."""
        body = enrolment_pb.GetTrustBundleResponse(trust_bundle=self._bundle(), server_time=timestamp(self._clock()))
        return Answer(body)

    def _proven(self, request: enrolment_pb.RenewCertificateRequest) -> Principal:
        """Whom the certificate names, once it is known to be ours and its key to be the caller's."""
        try:
            leaf = x509.load_der_x509_certificate(request.certificate)
            key = leaf.public_key()
        except (ValueError, x509.InvalidVersion):
            raise CredentialMalformed from None
        if not self._authority().issued(leaf):
            raise CredentialForeign("The certificate was issued by another gateway; enrol with this one.")
        principal = principal_from_pem(leaf.public_bytes(Encoding.PEM), self._authority().trust_domain)
        statement = renewal_statement(request.certificate, request.csr, request.signed_time.seconds)
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise CredentialMalformed
        try:
            key.verify(request.signature, statement, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            raise SignatureInvalid("The certificate's key did not sign this; sign what the contract says.") from None
        return principal

    def _bundle(self) -> enrolment_pb.TrustBundle:
        authority, trust = self._authority(), self._trust()
        return enrolment_pb.TrustBundle(
            root_certificates=authority.root_pem.decode(),
            log_origin=trust.log_origin,
            log_verifier=trust.log_verifier,
            receipt_verifier=trust.receipt_verifier,
            receipt_verifiers=trust.receipt_verifiers,
            trust_domain=authority.trust_domain,
        )


def _note(issued: Issued) -> str:
    return f"certificate {issued.principal.thumbprint.hex()} system {issued.principal.system or '-'}"
