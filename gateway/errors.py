"""The one error tree of the gateway: every refusal a caller can meet, named as in the contract.

    GatewayError
    ├── CallerMistake     the caller corrects the request
    ├── NotIdentified     the caller renews or replaces a credential
    ├── Refused           the operator changes a grant
    ├── NotNow            the caller retries later
    └── OurFault          the operator looks into the log

A sentence says what to do next. It never holds personal data or a driver's text; what helps us
stays in `__cause__`. How a reason travels over gRPC is decided in `gateway.chain.translate` alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """A malformed field: its path in the request and what is wrong, without the value."""

    field: str
    description: str


@dataclass(frozen=True, slots=True)
class QuotaViolation:
    """A limit that was reached: whose it is, and which, without what others did."""

    subject: str
    description: str


class GatewayError(Exception):
    """A refusal. `reason` is the name of an `ErrorReason` without its prefix."""

    reason: str = ""
    sentence: str = ""

    def __init__(
        self,
        sentence: str | None = None,
        *,
        violations: Sequence[FieldViolation] = (),
        quotas: Sequence[QuotaViolation] = (),
        metadata: Mapping[str, str] | None = None,
        retry_seconds: float | None = None,
    ) -> None:
        """`metadata` holds nothing personal; `retry_seconds` is when a retry may succeed."""
        super().__init__(sentence or self.sentence)
        self.violations = tuple(violations)
        self.quotas = tuple(quotas)
        self.metadata = dict(metadata or {})
        self.retry_seconds = retry_seconds
        self.receipt: Any = None
        """The receipt of the refusal's own entry, when it was recorded."""


class CallerMistake(GatewayError):
    """The request is wrong as it stands."""


class NotIdentified(GatewayError):
    """The caller did not show who it is, or no longer may."""


class Refused(GatewayError):
    """The caller is known and may not."""


class NotNow(GatewayError):
    """The same call may succeed later."""


class OurFault(GatewayError):
    """The gateway failed."""


class ArgumentInvalid(CallerMistake):
    """One or more fields are malformed; `violations` names them."""

    reason = "ARGUMENT_INVALID"
    sentence = "A field of the request is malformed; correct the fields that are named and send it again."


class MessageTooLarge(CallerMistake):
    """The request is over the size limit."""

    reason = "MESSAGE_TOO_LARGE"
    sentence = "The request is larger than 1 MiB; send fewer items in a call."


class ContextMissing(CallerMistake):
    """Purpose, legal basis, case reference or officer is missing."""

    reason = "CONTEXT_MISSING"
    sentence = "State purpose, legal basis, case reference and officer in `context`."


class MaskEmpty(CallerMistake):
    """No fields were asked for."""

    reason = "MASK_EMPTY"
    sentence = "The field mask is empty; name the fields that the purpose needs."


class FieldUnknown(CallerMistake):
    """The request names a field that the contract does not have."""

    reason = "FIELD_UNKNOWN"
    sentence = "The request names a field that this contract does not have; see person.proto."


class CursorMalformed(CallerMistake):
    """The cursor cannot be read."""

    reason = "CURSOR_MALFORMED"
    sentence = "The cursor cannot be read; pull again without a cursor."


class CursorForeign(CallerMistake):
    """The cursor belongs to another agency, mask or registry."""

    reason = "CURSOR_FOREIGN"
    sentence = "The cursor belongs to another agency, field mask or registry; pull again without a cursor."


class CursorExpired(CallerMistake):
    """The changes after the cursor are no longer kept."""

    reason = "CURSOR_EXPIRED"
    sentence = "The changes after this cursor are no longer kept; pull again without a cursor."


class DeadlineTooShort(CallerMistake):
    """The caller left no time for the work."""

    reason = "DEADLINE_TOO_SHORT"
    sentence = "The deadline leaves no time for the work; allow more."


class CredentialMissing(NotIdentified):
    """No token came with the call."""

    reason = "CREDENTIAL_MISSING"
    sentence = "The call carries no token; get one from TokenService and send it as a bearer token."


class CredentialMalformed(NotIdentified):
    """Certificate or token is not of the profile."""

    reason = "CREDENTIAL_MALFORMED"
    sentence = "The certificate or token is not of this gateway's profile; get a new token, or enrol again."


class CredentialExpired(NotIdentified):
    """Certificate or token has expired."""

    reason = "CREDENTIAL_EXPIRED"
    sentence = "The certificate or token has expired; get a new token, or enrol again with a new code."


class CredentialRevoked(NotIdentified):
    """Certificate, token or agency was revoked."""

    reason = "CREDENTIAL_REVOKED"
    sentence = "The credential was revoked; ask the operator of the gateway."


class CredentialForeign(NotIdentified):
    """The token was issued for another certificate or gateway."""

    reason = "CREDENTIAL_FOREIGN"
    sentence = "The token was issued for another certificate or gateway; get one over this connection."


class SignatureInvalid(NotIdentified):
    """A signature does not verify."""

    reason = "SIGNATURE_INVALID"
    sentence = "The signature does not verify; sign the exact bytes that are sent."


class SignatureMissing(NotIdentified):
    """The method or the grant demands a signature and none came."""

    reason = "SIGNATURE_MISSING"
    sentence = "The method or the grant demands a signature over the request; send it as `x-request-jws`."


class SignatureMalformed(NotIdentified):
    """The signature cannot be read or is not of the profile."""

    reason = "SIGNATURE_MALFORMED"
    sentence = "The request's signature is not of this gateway's profile; see docs/signatures.md."


class SignatureForeign(NotIdentified):
    """The signature was made for another method or another request."""

    reason = "SIGNATURE_FOREIGN"
    sentence = "The signature was made for another method or batch; sign what is sent, for where it is sent."


class SigningKeyUnknown(NotIdentified):
    """The caller's system has no such signing key in force."""

    reason = "SIGNING_KEY_UNKNOWN"
    sentence = "The system that calls has no such signing key in force; register one with RegisterSigningKey."


class SigningKeyRevoked(NotIdentified):
    """The signing key was revoked."""

    reason = "SIGNING_KEY_REVOKED"
    sentence = "The signing key was revoked; register another one, or ask the operator of the gateway."


class EnrolmentRefused(NotIdentified):
    """The enrolment code is unknown, used or expired."""

    reason = "ENROLMENT_REFUSED"
    sentence = "The enrolment code is unknown, used or expired; ask the operator for a new one."


class MetadataReserved(CallerMistake):
    """The caller set metadata of the gateway's own."""

    reason = "METADATA_RESERVED"
    sentence = "Metadata whose names begin with `popgate-` are the gateway's to set; leave them out."


class EnrolmentCodeUsed(NotIdentified):
    """The enrolment code was used before."""

    reason = "ENROLMENT_CODE_USED"
    sentence = "The enrolment code was used before; if not by you, tell the operator at once, and ask for a new one."


class CredentialSuperseded(NotIdentified):
    """The certificate was replaced by a newer one."""

    reason = "CREDENTIAL_SUPERSEDED"
    sentence = (
        "The certificate was replaced by a newer one; use that, and if nobody of yours renewed it, tell the operator "
        "at once."
    )


class CsrForeign(NotIdentified):
    """A certificate signing request asks for somebody else's name."""

    reason = "CSR_FOREIGN"
    sentence = "The certificate signing request asks for a name that is not the caller's; ask for none."


class ClockSkewed(NotIdentified):
    """The caller's clock is too far off."""

    reason = "CLOCK_SKEWED"
    sentence = "The caller's clock is too far off; set it, best by NTP."


class CallReplayed(NotIdentified):
    """The same signed request was seen before."""

    reason = "CALL_REPLAYED"
    sentence = "This signed request was received before; sign a new one."


class MethodNotGranted(Refused):
    """No grant of the caller covers the method."""

    reason = "METHOD_NOT_GRANTED"
    sentence = "No grant of the agency covers this method; ask the operator for one."


class PurposeNotGranted(Refused):
    """No grant of the caller covers the purpose with that legal basis."""

    reason = "PURPOSE_NOT_GRANTED"
    sentence = "No grant of the agency covers this purpose with this legal basis; ask the operator for one."


class FieldNotGranted(Refused):
    """None of the fields asked for is granted."""

    reason = "FIELD_NOT_GRANTED"
    sentence = "None of the fields asked for is granted for this purpose; ask for others, or the operator for a grant."


class FieldNotOwned(Refused):
    """A pushed field belongs to another class of agency."""

    reason = "FIELD_NOT_OWNED"
    sentence = "The update mask names a field that another class of agency owns; leave it out."


class PersonUnavailable(Refused):
    """Absent and out of scope are the same to the caller."""

    reason = "PERSON_UNAVAILABLE"
    sentence = "Nobody that the agency may see has this number; compare its digits with the document."


class RecordUnknown(Refused):
    """The named agency, grant or credential does not exist."""

    reason = "RECORD_UNKNOWN"
    sentence = "There is no such agency, unit, grant, proposal or credential; the List methods show which there are."


class RecordExists(Refused):
    """The named agency exists already."""

    reason = "RECORD_EXISTS"
    sentence = "An agency with this code exists already; choose another code."


class GrantWider(Refused):
    """A narrowing would exceed the grant that it narrows."""

    reason = "GRANT_WIDER"
    sentence = (
        "A unit or system may have no more than its agency; metadata names where the narrowing is wider than the grant."
    )


class ApproverNotOther(Refused):
    """Who proposed a grant may not approve it."""

    reason = "APPROVER_NOT_OTHER"
    sentence = "Who proposed a grant may not approve it; ask another operator to."


class ProposalClosed(Refused):
    """The proposal can no longer be decided."""

    reason = "PROPOSAL_CLOSED"
    sentence = "The proposal was decided already, or what it was made against has changed; propose anew."


class OperatorForeign(Refused):
    """Only an operator itself enrols its further systems."""

    reason = "OPERATOR_FOREIGN"
    sentence = "Only an operator itself may enrol further systems of its own; ask that operator."


class QuotaExhausted(NotNow):
    """A limit of the grant is reached; `quotas` says which, `retry_seconds` when there is room again."""

    reason = "QUOTA_EXHAUSTED"
    sentence = "A quota of the agency is exhausted; wait for the time that is stated and retry."


class StreamsExhausted(NotNow):
    """Too many calls or streams are open."""

    reason = "STREAMS_EXHAUSTED"
    sentence = "Too many calls are open; wait and retry."


class StreamEnded(NotNow):
    """The stream ends in good order: it is old enough, or the process stops."""

    reason = "STREAM_ENDED"
    sentence = "The stream ends in good order, and all that was begun is answered; open another and go on."


class AuditUnavailable(NotNow):
    """The audit log cannot be written, so nothing is answered."""

    reason = "AUDIT_UNAVAILABLE"
    sentence = "The audit log cannot be written, so nothing is answered; retry later."


class RegistryUnavailable(NotNow):
    """The registry cannot be read or written."""

    reason = "REGISTRY_UNAVAILABLE"
    sentence = "The registry cannot be reached; retry later."


class PolicyStale(NotNow):
    """The view of grants and revocations is too old to rely on."""

    reason = "POLICY_STALE"
    sentence = "The gateway's view of grants and revocations is too old to rely on; retry later."


class Internal(OurFault):
    """A fault of the gateway."""

    reason = "INTERNAL"
    sentence = "The gateway failed; give the call id to the operator, whose log has the cause."
