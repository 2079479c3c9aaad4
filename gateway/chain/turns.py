"""Bounds the heavy work of one agency on one worker, so that it neither fills the memory nor starves the others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from gateway.config import CALLS_PER_WORKER_MAX
from gateway.errors import StreamsExhausted

_Result = TypeVar("_Result")

THREADS_MAX = 12
"""Of one worker, for what agencies ask. Fewer than its connections to PostgreSQL, so that none waits for one."""
THREADS_PER_AGENCY_MAX = 4


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


class Threads:
    """The threads of one worker, of which each agency has a few at most, however many of its roles it asks.

    So the pool's own queue never holds more than these few of each agency, and who comes waits for them at most, not
    for all that another one asked. Whatever a caller can have done in a thread is done here. Use within one event loop.
    """

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS_MAX, thread_name_prefix="agencies")
        # Refuses nobody, since no more calls than this are in flight: what has its entry must take effect.
        self._turns = Turns(THREADS_PER_AGENCY_MAX, CALLS_PER_WORKER_MAX)

    async def run(
        self, agency: str, function: Callable[..., _Result], *arguments: Any, within: Turns | None = None
    ) -> _Result:
        """Work in a thread, in the agency's turn, and in its turn `within` the role where the role has bounds.

        Who goes away while it waits leaves the line; later it keeps its turns until the thread is done. Raises
        StreamsExhausted, and what `function` raises.
        """
        async with AsyncExitStack() as waited:
            if within is not None:
                await waited.enter_async_context(within.take(agency))
            await waited.enter_async_context(self._turns.take(agency))
            turns = waited.pop_all()

        async def work() -> _Result:
            async with turns:
                run = partial(copy_context().run, function, *arguments)
                return await asyncio.get_running_loop().run_in_executor(self._pool, run)

        task = asyncio.create_task(work())
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return await asyncio.shield(task)

    def close(self) -> None:
        """Wait for the threads that work; what waits for one is left."""
        self._pool.shutdown(cancel_futures=True)
