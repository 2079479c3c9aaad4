"""gRPC's completion queues on an asyncio loop.

A thread waits for a queue while the loop has nothing to take from it, as a network card interrupts an idle kernel.
What comes wakes the loop, and from then on the loop looks by itself, once a turn, until it finds nothing; so under
load hardly any event costs a change of threads, and calls that come together are worked on together.

New calls have a queue of their own, which is always waited for. That of the calls under way is waited for only while
somebody needs what comes next, a message for example; that an answer was taken is found when the loop looks anyway.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import structlog
from grpc._cython import cygrpc  # type: ignore[attr-defined]

EVENTS_PER_TURN_MAX = 64
"""So many of a queue are taken before others in the loop have their turn."""
EMPTY_LOOKS = 2
UNHURRIED_SECONDS = 0.02
"""So late may the loop learn what nobody waits for."""

Event: TypeAlias = Any
"""What gRPC reports: `success`, and `batch_operations` or the accepted `call`."""
Tag: TypeAlias = Callable[[Event], None]
"""Called once, in the loop, with the event of what was started."""


class Events:
    """The events of one server, each given to its tag in the loop. Use within that loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._bell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._arrivals = _Watched(self._bell)
        self._calls = _Watched(self._bell)
        self._closed: asyncio.Future[None] = self._loop.create_future()
        self._under_way = 0
        self._awaited = 0
        self._looking = False
        self._empty = 0
        self._later: asyncio.TimerHandle | None = None
        self._log = structlog.get_logger()

    def attach(self, server: Any) -> None:
        """Have a gRPC server report its new calls, and its end, here."""
        server.register_completion_queue(self._arrivals.queue)

    def start(self) -> None:
        """Give events from now on."""
        self._loop.add_reader(self._bell, self._rung)
        self._look_soon()

    def accept(self, server: Any, tag: Tag) -> None:
        """Take in one more call of the server."""
        server.request_call(self._calls.queue, self._arrivals.queue, tag)

    def shut_down(self, server: Any, tag: Tag) -> None:
        """Have the server take no more calls; tell `tag` when all are over."""
        server.shutdown(self._arrivals.queue, tag)

    def begin(self, call: Any, operations: Sequence[Any], tag: Tag | None, *, awaited: bool) -> int:
        """Have gRPC do this for a call; its error, 0 for none. `awaited`: somebody goes on when it is done."""
        error: int = call.start_server_batch(operations, (tag, awaited))
        if error:
            return error
        self._under_way += 1
        self._awaited += awaited
        if self._looking:
            return 0
        if awaited:
            self._look_soon()
        elif self._later is None:
            self._later = self._loop.call_later(UNHURRIED_SECONDS, self._look_again)
        return 0

    async def close(self) -> None:
        """Give up the queues, once nothing is under way any more."""
        for watched in (self._arrivals, self._calls):
            watched.queue.shutdown()
            watched.watch()
        await self._closed
        self._loop.remove_reader(self._bell)
        for watched in (self._arrivals, self._calls):
            watched.thread.join()  # it has caught the end, and rings a last time
        os.close(self._bell)

    def _rung(self) -> None:
        """A thread has caught something."""
        os.eventfd_read(self._bell)
        if not self._looking:
            self._look()

    def _look_soon(self) -> None:
        self._looking = True
        self._loop.call_soon(self._look)

    def _look_again(self) -> None:
        self._later = None
        if not self._looking:
            self._look()

    def _look(self) -> None:
        """Take what has come, and look again in the next turn. Once nothing has, the threads wait again."""
        self._looking = True
        found = False
        try:
            for event in self._arrivals.taken():
                found = True
                self._give(event.tag, event)
            for event in self._calls.taken():
                found = True
                tag, awaited = event.tag
                self._under_way -= 1
                self._awaited -= awaited
                if tag is not None:
                    self._give(tag, event)
        finally:
            self._looking = False
            self._empty = 0 if found else self._empty + 1
            if self._empty < EMPTY_LOOKS:
                self._look_soon()
            else:
                self._rest()

    def _rest(self) -> None:
        if self._arrivals.ended and self._calls.ended:
            if not self._closed.done():
                self._closed.set_result(None)
            return
        self._arrivals.watch()
        if self._awaited:
            self._calls.watch()
        elif self._under_way and self._later is None:
            self._later = self._loop.call_later(UNHURRIED_SECONDS, self._look_again)

    def _give(self, tag: Tag, event: Event) -> None:
        try:
            tag(event)
        except Exception:
            self._log.exception("a gRPC event failed")


class _Watched:
    """A completion queue and its thread."""

    def __init__(self, bell: int) -> None:
        self.queue = cygrpc.CompletionQueue()
        self.ended = False
        """The thread has found that the queue was shut down, and is over."""
        self._bell = bell
        self._watching = False
        self._permit = threading.Lock()
        self._permit.acquire()
        self._caught: Event = None
        self.thread = threading.Thread(target=self._wait, name="gRPC events", daemon=True)
        self.thread.start()

    def watch(self) -> None:
        """Have the thread wait for the next event and ring the bell."""
        if not (self._watching or self.ended):
            self._watching = True
            self._permit.release()

    def taken(self) -> Iterator[Event]:
        """What the thread has caught, and what else has come; at most so many at once."""
        event, self._caught = self._caught, None
        if event is not None:
            self._watching = False
            if event.completion_type == _ENDED:
                self.ended = True
                return
            yield event
        for _ in range(EVENTS_PER_TURN_MAX):
            event = self.queue.poll(_AT_ONCE)
            if event.completion_type != _COMPLETED:
                return
            yield event

    def _wait(self) -> None:
        ended = False
        while not ended:
            self._permit.acquire()
            event = self.queue.poll()
            ended = event.completion_type == _ENDED
            self._caught = event
            del event  # it holds a call and its messages, and the next one may be long in coming
            os.eventfd_write(self._bell, 1)


_AT_ONCE = 0.0
_COMPLETED = cygrpc.CompletionType.operation_complete
_ENDED = cygrpc.CompletionType.queue_shutdown
