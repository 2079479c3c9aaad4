"""gRPC's completion queue on an asyncio loop.

A thread waits for the queue while the loop has nothing to take from it, as a network card interrupts an idle kernel.
What comes wakes the loop, and from then on the loop looks by itself, once a turn, until it finds nothing; so under
load hardly any event costs a change of threads, and calls that come together are worked on together.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any, TypeAlias

import structlog
from grpc._cython import cygrpc  # type: ignore[attr-defined]

EVENTS_PER_TURN_MAX = 64
"""So many are taken before others in the loop have their turn."""

Event: TypeAlias = Any
"""What gRPC reports: `success`, and `batch_operations` or the accepted `call`."""
Tag: TypeAlias = Callable[[Event], None]
"""What an operation is started with: called once, in the loop, with its event. None: nobody wants to know."""


class Events:
    """The events of one server, each given to its tag in the loop. Use within that loop."""

    def __init__(self) -> None:
        self.queue = cygrpc.CompletionQueue()
        self._loop = asyncio.get_running_loop()
        self._closed: asyncio.Future[None] = self._loop.create_future()
        self._caught: Event = None
        self._watch = threading.Semaphore(1)
        self._log = structlog.get_logger()

    def start(self) -> None:
        """Give events from now on."""
        threading.Thread(target=self._wait, name="gRPC events", daemon=True).start()

    async def close(self) -> None:
        """Give up the queue, once nothing is under way any more."""
        self.queue.shutdown()
        await self._closed

    def _wait(self) -> None:
        """The thread: wait for an event, hand it over, and wait until the loop finds no other by itself."""
        while True:
            self._watch.acquire()
            while (event := self.queue.poll()).tag is None and event.completion_type != _ENDED:
                pass
            self._caught = event
            ended = event.completion_type == _ENDED
            del event  # it holds a call and its messages, and the next one may be long in coming
            self._loop.call_soon_threadsafe(self._take_caught)
            if ended:
                return

    def _take_caught(self) -> None:
        event, self._caught = self._caught, None
        if event.completion_type == _ENDED:
            self._closed.set_result(None)
            return
        self._give(event)
        self._take()

    def _take(self) -> None:
        """Take what has come, and look again in the next turn. Once nothing has, the thread waits again."""
        taken = 0
        try:
            while taken < EVENTS_PER_TURN_MAX and (event := self.queue.poll(_AT_ONCE)).completion_type == _COMPLETED:
                taken += 1
                if event.tag is not None:
                    self._give(event)
        finally:
            if taken:
                self._loop.call_soon(self._take)
            else:
                self._watch.release()

    def _give(self, event: Event) -> None:
        try:
            event.tag(event)
        except Exception:
            self._log.exception("a gRPC event failed")


_AT_ONCE = 0.0
_COMPLETED = cygrpc.CompletionType.operation_complete
_ENDED = cygrpc.CompletionType.queue_shutdown
