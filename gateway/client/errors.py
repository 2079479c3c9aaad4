"""What a call through the client can end in besides an answer. Each error says what to do next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.audit.receipt import Receipt


class ClientError(Exception):
    """Root of the client's errors. `call_id` (32 hex digits or empty) finds the call in the gateway's log."""

    def __init__(self, sentence: str, *, call_id: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.call_id = call_id


class IdentityInvalid(ClientError):
    """The identity folder cannot be used as it is: a file is missing, expired or does not fit the others."""


class CannotConnect(ClientError):
    """No connection came about, or it broke and did not come back; the sentence is the client's diagnosis."""


class Broken(ClientError):
    """The transport failed, or no answer came in time: what was sent may have been answered or not.

    It does not leave the client: it is tried again, or becomes CannotConnect once its cause is found out.
    """


class DeadlinePassed(ClientError):
    """The caller's time was over before an answer came. Whether a write took effect is not known."""


class UnexpectedAnswer(ClientError):
    """What answered does not follow this contract: another port, another service, another version."""


class ReceiptInvalid(ClientError):
    """An answer came without a valid receipt of the audit log and was thrown away."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A malformed field of the request and what is wrong with it; of a quota, whose it is and which."""

    field: str
    description: str


class GatewayRefusal(ClientError):
    """The gateway refused the call, for a reason of the contract's closed catalogue.

    `reason` is the name of an `ErrorReason` without its prefix. `quotas`: whose limit was reached, and which.
    `retry_seconds` is when a retry may succeed; None when the gateway did not say. `receipt` stands for the refusal's
    own entry in the audit log, and is verified; None when the refusal left none.
    """

    def __init__(
        self,
        reason: str,
        sentence: str,
        *,
        call_id: str = "",
        violations: Sequence[Violation] = (),
        quotas: Sequence[Violation] = (),
        metadata: Mapping[str, str] | None = None,
        retry_seconds: float | None = None,
        receipt: Receipt | None = None,
    ) -> None:
        super().__init__(sentence, call_id=call_id)
        self.reason = reason
        self.violations = tuple(violations)
        self.quotas = tuple(quotas)
        self.metadata = dict(metadata or {})
        self.retry_seconds = retry_seconds
        self.receipt = receipt

    def __str__(self) -> str:
        named = "".join(f" [{each.field}: {each.description}]" for each in (*self.violations, *self.quotas))
        return f"{self.reason}: {self.sentence}{named} (call {self.call_id})"
