"""When a refused or broken call is sent again, and after how long: one table over the contract's reasons."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from types import MappingProxyType
from typing import Final

ATTEMPTS_MAX: Final = 6
PAUSE_SECONDS_FIRST: Final = 0.1
PAUSE_SECONDS_MAX: Final = 2.0


class Retry(Enum):
    """What a reason means for sending the same call again."""

    NEVER = "never"
    """It would be refused again."""
    RENEW_TOKEN = "renew token"  # noqa: S105
    """Once, with a new token."""
    RENEW_CERTIFICATE = "renew certificate"
    """Once, with a new certificate."""
    LATER = "later"
    """It was refused before anything happened."""
    LATER_IF_REPEATABLE = "later if repeatable"
    """It may have taken effect, so only calls that may be repeated without harm."""


RETRIES: Final[Mapping[str, Retry]] = MappingProxyType(
    {
        "ARGUMENT_INVALID": Retry.NEVER,
        "MESSAGE_TOO_LARGE": Retry.NEVER,
        "CONTEXT_MISSING": Retry.NEVER,
        "MASK_EMPTY": Retry.NEVER,
        "FIELD_UNKNOWN": Retry.NEVER,
        "CURSOR_MALFORMED": Retry.NEVER,
        "CURSOR_FOREIGN": Retry.NEVER,
        "CURSOR_EXPIRED": Retry.NEVER,
        "DEADLINE_TOO_SHORT": Retry.NEVER,
        "CREDENTIAL_MISSING": Retry.NEVER,
        "CREDENTIAL_MALFORMED": Retry.NEVER,
        "CREDENTIAL_EXPIRED": Retry.RENEW_TOKEN,
        "CREDENTIAL_REVOKED": Retry.NEVER,
        "CREDENTIAL_FOREIGN": Retry.RENEW_TOKEN,
        "SIGNATURE_INVALID": Retry.NEVER,
        "SIGNATURE_MISSING": Retry.NEVER,
        "SIGNATURE_MALFORMED": Retry.NEVER,
        "SIGNATURE_FOREIGN": Retry.NEVER,
        "SIGNING_KEY_UNKNOWN": Retry.NEVER,
        "SIGNING_KEY_REVOKED": Retry.NEVER,
        "ENROLMENT_REFUSED": Retry.NEVER,
        "METADATA_RESERVED": Retry.NEVER,
        "ENROLMENT_CODE_USED": Retry.NEVER,
        "CREDENTIAL_SUPERSEDED": Retry.RENEW_CERTIFICATE,
        "CSR_FOREIGN": Retry.NEVER,
        "CLOCK_SKEWED": Retry.NEVER,
        "CALL_REPLAYED": Retry.NEVER,
        "METHOD_NOT_GRANTED": Retry.NEVER,
        "PURPOSE_NOT_GRANTED": Retry.NEVER,
        "FIELD_NOT_GRANTED": Retry.NEVER,
        "FIELD_NOT_OWNED": Retry.NEVER,
        "PERSON_UNAVAILABLE": Retry.NEVER,
        "TOO_MANY_FOUND": Retry.NEVER,
        "NUMBER_AMBIGUOUS": Retry.NEVER,
        "IDENTIFIER_WITHHELD": Retry.NEVER,
        "RECORD_UNKNOWN": Retry.NEVER,
        "RECORD_EXISTS": Retry.NEVER,
        "GRANT_WIDER": Retry.NEVER,
        "APPROVER_NOT_OTHER": Retry.NEVER,
        "PROPOSAL_CLOSED": Retry.NEVER,
        "OPERATOR_FOREIGN": Retry.NEVER,
        "QUOTA_EXHAUSTED": Retry.LATER,
        "STREAMS_EXHAUSTED": Retry.LATER,
        "AUDIT_UNAVAILABLE": Retry.LATER_IF_REPEATABLE,
        "REGISTRY_UNAVAILABLE": Retry.LATER_IF_REPEATABLE,
        "POLICY_STALE": Retry.LATER,
        "STREAM_ENDED": Retry.LATER,
        "INTERNAL": Retry.NEVER,
    }
)


def retry_for(reason: str) -> Retry:
    """What `reason` means; a reason this version does not know is not retried."""
    return RETRIES.get(reason, Retry.NEVER)


def pause_seconds(attempt: int, retry_seconds: float | None, random: Callable[[], float]) -> float:
    """How long to wait after the `attempt`th attempt (from 1): doubling, with jitter so that callers that
    failed together do not return together, and never before the gateway's own `retry_seconds`.

    `random` gives numbers in [0, 1).
    """
    doubled = min(PAUSE_SECONDS_FIRST * 2 ** (attempt - 1), PAUSE_SECONDS_MAX)
    jittered: float = doubled * (0.5 + random() / 2)
    return jittered + (retry_seconds or 0.0)
