"""Bounds the heavy work of one agency on one worker, so that it neither fills the memory nor starves the others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from gateway.errors import StreamsExhausted

_Result = TypeVar("_Result")

PAUSE_TURNS = 4
"""Turns of the loop between two slices of work: a call that arrives needs a turn to be taken in and some more to be
answered. With one turn each, calls arrive faster than a worker that is busy with slices takes them in."""


async def pause_between_slices() -> None:
    """Let whatever else is ready go on before the next slice of a large piece of work; some 0.1 ms when nothing is."""
    for _ in range(PAUSE_TURNS):
        await asyncio.sleep(0)


@dataclass(slots=True)
class _Line:
    """One agency's calls: those at work and those that wait."""

    places: asyncio.Semaphore
    inside: int = 0


class Turns:
    """Lets a few calls of each agency work at the same time and some more wait; further ones are refused.

    Use within one event loop.
    """

    def __init__(self, at_once: int, waiting_max: int) -> None:
        """`at_once` calls of one agency work, `waiting_max` wait behind them."""
        self._at_once = at_once
        self._inside_max = at_once + waiting_max
        self._lines: dict[str, _Line] = {}

    @asynccontextmanager
    async def take(self, agency: str) -> AsyncIterator[None]:
        """Work inside. Raises StreamsExhausted when too many calls of the agency wait already."""
        line = self._lines.get(agency)
        if line is None:
            line = self._lines[agency] = _Line(asyncio.Semaphore(self._at_once))
        if line.inside >= self._inside_max:
            raise StreamsExhausted
        line.inside += 1
        try:
            async with line.places:
                yield
        finally:
            line.inside -= 1
            if not line.inside:
                del self._lines[agency]

    async def in_thread(self, agency: str, function: Callable[..., _Result], *arguments: Any) -> _Result:
        """Take a turn and work in a thread. Who goes away meanwhile keeps the turn until the thread is done.

        Raises StreamsExhausted, and what `function` raises.
        """

        async def work() -> _Result:
            async with self.take(agency):
                return await asyncio.to_thread(function, *arguments)

        task = asyncio.create_task(work())
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return await asyncio.shield(task)
