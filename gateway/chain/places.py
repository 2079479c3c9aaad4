"""How many streams of an agency may be open, and how fast their messages may come: limits of streams, in one place."""

from __future__ import annotations

import asyncio
from collections import Counter

from gateway.audit.limits import Demand
from gateway.chain.admit import Admitter
from gateway.chain.base import Call
from gateway.errors import QuotaExhausted, StreamsExhausted

STREAMS_PER_AGENCY_MAX = 64
"""On one worker. A stream holds two batches and their answers at most, whatever its caller does."""

PACED_SECONDS_MAX = 5.0
"""So long a message waits for its turn at most when messages come faster than the grant allows."""


class StreamPlaces:
    """Counts open streams by agency. Use within one event loop.

    `enter` sees a stream before its first message: who calls and which method. `admit` sees each message once its
    grant is known, and so the limits that the grant sets. Both refuse by raising.
    """

    def __init__(self, admitter: Admitter) -> None:
        self._admitter = admitter
        self._open: Counter[str] = Counter()
        # By the identity of the opening call, which lives as long as its stream.
        self._taken: dict[int, set[Demand]] = {}
        self._taking = asyncio.Lock()

    def enter(self, call: Call) -> None:
        """A stream opens. Raises StreamsExhausted when the agency has too many."""
        agency = call.agency
        if self._open[agency] >= STREAMS_PER_AGENCY_MAX:
            raise StreamsExhausted
        self._open[agency] += 1

    async def admit(self, opened: Call, call: Call) -> None:
        """A message of the stream that entered with `opened` was authorised: it may come now, or waits its turn.

        Raises QuotaExhausted when the agency has too many streams open, or the message waited too long.
        """
        bounds = call.bounds
        if bounds is None:
            return
        taken = self._taken.setdefault(id(opened), set())
        if bounds.stream is not None and bounds.stream not in taken:
            # Messages of one stream may be under several grants; each is asked once, whichever comes first.
            async with self._taking:
                if bounds.stream not in taken:
                    await self._admitter.admit(bounds.stream)
                    taken.add(bounds.stream)
        deadline = asyncio.get_running_loop().time() + PACED_SECONDS_MAX
        while True:
            try:
                await self._admitter.admit(bounds.message)
                return
            except QuotaExhausted as refusal:
                pause = refusal.retry_seconds or 0.0
                if asyncio.get_running_loop().time() + pause > deadline:
                    raise
            await asyncio.sleep(pause)

    def leave(self, call: Call) -> None:
        """The stream that entered with this call is over."""
        for demand in self._taken.pop(id(call), ()):
            self._admitter.release(demand)
        agency = call.agency
        self._open[agency] -= 1
        if not self._open[agency]:
            del self._open[agency]
