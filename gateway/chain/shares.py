"""Fairness of the work on large messages: a few at a time on a worker, whoever had least of it next.

A worker works in one thread. Of sixty-four batches that are all under way, each does its slice of 128 people before
anybody else's call moves on by one step. Here they wait before they are decoded, and cost nothing meanwhile.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools

SHARED_BYTES_MIN = 2 << 10
"""Requests about some 128 people and more; smaller ones are one slice of work, and wait for nobody."""
AT_WORK_MAX = 2
"""Messages worked on at the same time where the database works beside: while one waits for it, another is decoded or
filled. Where reading is work of this process too, there is nothing to wait for, and one is enough."""


class Share:
    """The right to work on one message; `end` gives it back, again and again without harm."""

    __slots__ = ("_shares",)

    def __init__(self, shares: Shares | None) -> None:
        self._shares = shares

    def end(self) -> None:
        """The work is done, or waits for something else than this worker."""
        shares, self._shares = self._shares, None
        if shares is not None:
            shares._leave()


class Shares:
    """Start-time fair queuing by agency, weighted by the bytes of requests. Use within one event loop.

    Each agency's next message starts where its last one ended in its own account of bytes, or where the message that
    started last did, whichever is later; the earliest start is next. So an agency that sends without a pause gets
    what the others leave, and one that comes seldom waits for no more than what is at work.
    """

    def __init__(self, at_work_max: int = AT_WORK_MAX) -> None:
        self._at_work_max = at_work_max
        self._at_work = 0
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._ends: dict[str, int] = {}
        self._now = 0
        self._order = itertools.count()

    async def take(self, agency: str, request_bytes: int) -> Share:
        """Wait for the agency's turn; small messages have none to wait for."""
        if request_bytes < SHARED_BYTES_MIN:
            return Share(None)
        start = max(self._now, self._ends.get(agency, 0))
        self._ends[agency] = start + request_bytes
        if self._at_work < self._at_work_max:
            self._at_work += 1
            self._now = start
            return Share(self)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (start, next(self._order), turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._leave()
            raise
        return Share(self)

    def _leave(self) -> None:
        while self._waiting:
            start, _, turn = heapq.heappop(self._waiting)
            if not turn.done():
                self._now = max(self._now, start)
                turn.set_result(None)
                return
        self._at_work -= 1
        if not self._at_work:
            # Nobody is ahead of anybody when all is done.
            self._ends.clear()
            self._now = 0
