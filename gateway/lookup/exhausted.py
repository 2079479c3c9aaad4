"""About whom a caller is answered no more today: remembered where the work is done, so that none is done for nothing.

The log decides who is answered about (`gateway.audit.admission`), after the work, whose time depends on what is stated:
a value that is right is compared sooner. So a caller whose guesses about somebody are used up could go on guessing, and
look at the clock. Whoever was refused once is therefore compared no more by this worker until the day is over.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from gateway.agency.guesses import guess_limit
from gateway.agency.quotas import daily
from gateway.errors import QuotaExhausted

if TYPE_CHECKING:
    from gateway.chain.base import Call

REMEMBERED_MAX = 100_000
"""Callers' subjects of a day; the oldest are forgotten."""
_DAY_SECONDS, _VIET_NAM_SECONDS = 86_400, 7 * 3600

Subject = int | str
"""A person's id, or a number that nobody visible has."""


class Exhausted:
    """Whom callers were refused about today, by this process."""

    def __init__(self, now: Callable[[], float]) -> None:
        """`now`: seconds since 1970."""
        self._now = now
        self._day = self._today()
        self._known: OrderedDict[tuple[str, int, Subject], None] = OrderedDict()

    def add(self, call: Call, subjects: Iterable[Subject]) -> None:
        """These were refused: the guesses about them are used up."""
        self._forget_yesterday()
        for subject in subjects:
            self._known[_key(call, subject)] = None
            if len(self._known) > REMEMBERED_MAX:
                self._known.popitem(last=False)

    def among(self, call: Call, subjects: Iterable[Subject]) -> frozenset[Subject]:
        """Those of the subjects about whom the caller is answered no more."""
        self._forget_yesterday()
        if not self._known:
            return frozenset()
        return frozenset(subject for subject in subjects if subject and _key(call, subject) in self._known)

    def refusal(self, call: Call) -> QuotaExhausted:
        """What a call about one of them is refused with: as the log's decision is told."""
        assert call.principal is not None
        left = _DAY_SECONDS - (self._now() + _VIET_NAM_SECONDS) % _DAY_SECONDS
        return QuotaExhausted(quotas=[daily(call.principal.entry_name)], retry_seconds=left)

    def _forget_yesterday(self) -> None:
        today = self._today()
        if today != self._day:
            self._known.clear()
            self._day = today

    def _today(self) -> int:
        return int((self._now() + _VIET_NAM_SECONDS) // _DAY_SECONDS)


def _key(call: Call, subject: Subject) -> tuple[str, int, Subject]:
    """With the limit, since another grant may allow more."""
    assert call.principal is not None
    assert call.grant is not None
    return call.principal.entry_name, guess_limit(call.grant), subject
