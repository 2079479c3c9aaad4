"""Pauses between the pieces of large work, so that small calls do not wait for all of it.

A worker works in one thread, and a small call needs several turns of its loop: to be taken in, to do its work, to come
back from the log and to leave.
"""

from __future__ import annotations

import asyncio
import time

QUIET_TURNS = 4
QUIET_TURN_SECONDS = 0.00003
"""A turn of the loop in which nobody had anything to do takes less."""
COMPANY_SECONDS = 0.05
"""After a small call the next is expected for so long."""
PAUSE_SECONDS = 0.001
"""The shortest timer of the loop."""
LATE_SECONDS = 0.001
"""A timer that is later than this waited for others: for their work in the loop, or for a processor."""
PAUSES_AFTER_A_CALL = 2
"""So many without another call, since taking one in lasts longer than a pause when work comes in between."""
PAUSES_SECONDS_MAX = 0.02


class Company:
    """The small calls that come while large work is done: whether any do, and how far they are let go ahead."""

    def __init__(self) -> None:
        self._last = -COMPANY_SECONDS
        self._calls = 0
        self._given_way = 0

    def small_call_came(self) -> None:
        """Large work is in company from now on, for a while."""
        self._last = time.monotonic()
        self._calls += 1

    @property
    def present(self) -> bool:
        """Whether small calls came lately."""
        return time.monotonic() < self._last + COMPANY_SECONDS

    async def give_way(self) -> None:
        """Let others go on before the next piece of large work; 20 ms at most.

        Alone, until the loop has had nothing to do for some turns, about 30 us. In company, for a real pause: turns
        without one would take from gRPC's threads the time that they need to bring the next call. A pause that ends
        late, or in which a small call came, is followed by others.
        """
        if self.present:
            await self._until_nobody_comes()
        else:
            await _until_quiet()

    async def _until_nobody_comes(self) -> None:
        began = before = time.perf_counter()
        left = 1
        while before - began < PAUSES_SECONDS_MAX:
            if self._given_way != self._calls:
                self._given_way = self._calls
                left = PAUSES_AFTER_A_CALL
            if not left:
                return
            await asyncio.sleep(PAUSE_SECONDS)
            now = time.perf_counter()
            if now - before < PAUSE_SECONDS + LATE_SECONDS:
                left -= 1
            before = now


async def _until_quiet() -> None:
    began = before = time.perf_counter()
    left = QUIET_TURNS
    while left and before - began < PAUSES_SECONDS_MAX:
        await asyncio.sleep(0)
        now = time.perf_counter()
        left = left - 1 if now - before < QUIET_TURN_SECONDS else QUIET_TURNS
        before = now


company = Company()
"""Of this process, as its one loop is."""
