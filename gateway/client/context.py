"""Why the caller asks: the four statements that every request carries and the audit log keeps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp

from gateway.api.v1 import context_pb2, reason_pb2

_REASON_PREFIX = "ERROR_REASON_"


@dataclass(frozen=True, slots=True)
class Context:
    """Codes of purpose and legal basis as the grant names them, the caller's case, and the officer's
    pseudonymous id. Case and officer are kept encrypted."""

    purpose: str
    legal_basis: str
    case_reference: str
    officer: str

    def message(self) -> context_pb2.RequestContext:
        """As sent."""
        return context_pb2.RequestContext(
            purpose=self.purpose,
            legal_basis=self.legal_basis,
            case_reference=self.case_reference,
            officer=self.officer,
        )


@dataclass(frozen=True, slots=True)
class Withheld:
    """A field that was asked for and is not in the answer, with the reason's name."""

    path: str
    reason: str


def reason_name(number: int) -> str:
    """Name of an `ErrorReason` without its prefix; empty for unspecified."""
    if number == reason_pb2.ERROR_REASON_UNSPECIFIED:
        return ""
    try:
        return reason_pb2.ErrorReason.Name(number).removeprefix(_REASON_PREFIX)
    except ValueError:
        return f"REASON_{number}"


def withheld_from(messages: Iterable[context_pb2.WithheldField]) -> tuple[Withheld, ...]:
    """The withheld fields of an answer."""
    return tuple(Withheld(each.path, reason_name(each.reason)) for each in messages)


def timestamp(moment: datetime | None) -> Timestamp | None:
    """An aware datetime as sent; None stays None."""
    if moment is None:
        return None
    sent = Timestamp()
    sent.FromDatetime(moment)
    return sent
