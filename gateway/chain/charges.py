"""What an answer uses up when it is recorded, and what becomes of it when a charge is refused. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.agency.quotas import daily
from gateway.audit.charges import ChargeRefusal, Charges, Ground
from gateway.audit.entry import Kind
from gateway.errors import AuditUnavailable, CallReplayed, GatewayError, QuotaExhausted

if TYPE_CHECKING:
    from gateway.chain.base import Answer, Call

RECOMPOSED_MAX = 4
"""How often an answer is made smaller because others used up the same meanwhile."""
BUSY_SECONDS = 0.5

_COUNTING = (Kind.DISCLOSURE, Kind.PUSH_INTENT)


@dataclass(frozen=True, slots=True)
class Smaller:
    """What must be left out of an answer: each item that is, is answered with QUOTA_EXHAUSTED.

    `subjects`: positions in the answer's guesses. `people_max`: how many people may remain, the first
    ones; None: any number.
    """

    subjects: frozenset[int] = frozenset()
    people_max: int | None = None


Recompose = Callable[["Answer", Smaller], "Answer"]
"""Makes the same answer without some of its people. It gets the answer and does not keep it: an answer that held itself
would stay in memory until the collector of cycles comes by, which is seldom here."""


def charges_of(call: Call, answer: Answer, kind: Kind) -> Charges | None:
    """Everything that the entry of an answer uses up."""
    bounds = call.bounds
    counted = bounds is not None and answer.people > 0 and kind in _COUNTING
    counters = bounds.counters if bounds is not None and counted else ()
    guesses = answer.charges.guesses if answer.charges is not None else None
    # The signature of a push is used up by its intent.
    once = call.once if kind is not Kind.PUSH_OUTCOME else b""
    if not counters and guesses is None and not once:
        return None
    return Charges(counters, guesses, once)


def made_smaller(call: Call, answer: Answer, refusal: ChargeRefusal) -> Answer:
    """The answer without what may not be told. Raises GatewayError when nothing of it may be."""
    if answer.recompose is None or (refusal.ground is Ground.PEOPLE and not refusal.people_left):
        raise refused(call, refusal)
    if refusal.ground is Ground.PEOPLE:
        return answer.recompose(answer, Smaller(people_max=refusal.people_left))
    if refusal.ground is Ground.GUESSES:
        return answer.recompose(answer, Smaller(subjects=frozenset(refusal.subjects)))
    raise refused(call, refusal)


def refused(call: Call, refusal: ChargeRefusal) -> GatewayError:
    """The refusal of a whole call. A guess budget's looks like that of any day's quota."""
    if refusal.ground is Ground.ONCE:
        return CallReplayed()
    if refusal.ground in (Ground.PEOPLE, Ground.GUESSES):
        quota = daily(call.principal.entry_name if call.principal is not None else "")
        if refusal.ground is Ground.PEOPLE and call.bounds is not None:
            quota = call.bounds.violation(refusal.position)
        return QuotaExhausted(quotas=[quota], retry_seconds=refusal.retry_us / 1e6)
    return AuditUnavailable(retry_seconds=max(0.01, refusal.retry_us / 1e6))


def too_busy(call: Call) -> QuotaExhausted:
    """Others used up the same each time that the answer was made smaller."""
    assert call.principal is not None
    return QuotaExhausted(quotas=[daily(call.principal.entry_name)], retry_seconds=BUSY_SECONDS)
