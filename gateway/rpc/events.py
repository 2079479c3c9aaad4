"""gRPC's completion queues on an asyncio loop.

A thread waits for a queue while the loop has nothing to take from it, as a network card interrupts an idle kernel.
What comes wakes the loop, and from then on the loop looks by itself, once a turn, until it finds nothing; so under
load hardly any event costs a change of threads, and calls that come together are worked on together.

New calls have a queue of their own. That of the calls under way is waited for when somebody goes on with what comes
next, a message for example. That an answer was taken, or that a caller is gone, the loop finds when it looks anyway, or
some milliseconds later.
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
"""After so many in a row the threads wait: the second comes when what the turn before wrote has gone out."""
UNHURRIED_SECONDS = 0.02
"""So late may the loop learn that a call is over, when nothing else has it look."""

Event: TypeAlias = Any
"""What gRPC reports: `success`, and `batch_operations` or the accepted `call`."""
Tag: TypeAlias = Callable[[Event], None]
"""Called once, in the loop, with the event of what was started."""


class Events:
    """The events of one server, each given to its tag in the loop. Use within that loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._arrivals, self._calls = _Watched(), _Watched()
        self._bell = -1
        self._closing: asyncio.Future[None] | None = None
        self._under_way = 0
        self._awaited = 0
        self._looking = False
        """A look is at work, or will be in the next turn."""
        self._empty = 0
        self._later: asyncio.TimerHandle | None = None
        self._log = structlog.get_logger()

    def attach(self, server: Any) -> None:
        """Have a gRPC server report its new calls, and its end, here."""
        server.register_completion_queue(self._arrivals.queue)

    def start(self) -> None:
        """Give events from now on, until `close`."""
        self._bell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._loop.add_reader(self._bell, self._rung)
        for watched in (self._arrivals, self._calls):
            watched.start(self._bell)
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
        self._empty = 0
        if self._looking:
            return 0  # the last look in vain sees to it
        if awaited:
            self._look_soon()
        else:
            self._look_late()
        return 0

    async def close(self) -> None:
        """Give up the queues, once all calls are over."""
        self._closing = self._loop.create_future()
        for watched in (self._arrivals, self._calls):
            watched.queue.shutdown()
        if not self._looking:
            self._look_soon()
        await self._closing
        if self._later is not None:
            self._later.cancel()
        self._loop.remove_reader(self._bell)
        for watched in (self._arrivals, self._calls):
            watched.join()
        os.close(self._bell)

    def _rung(self) -> None:
        """A thread has caught something."""
        os.eventfd_read(self._bell)
        if not self._looking:
            self._look()

    def _look_soon(self) -> None:
        self._looking = True
        self._loop.call_soon(self._look)

    def _look_late(self) -> None:
        if self._later is None:
            self._later = self._loop.call_later(UNHURRIED_SECONDS, self._is_late)

    def _is_late(self) -> None:
        self._later = None
        if self._under_way:
            self._calls.watch()  # what takes so long may take longer, and looking again and again is work, too
        if not self._looking:
            self._look()

    def _look(self) -> None:
        """Take what has come, and look again in the next turn. Once nothing comes, the threads wait again."""
        self._looking = True
        self._empty += 1
        try:
            for event in self._arrivals.taken():
                self._empty = 0
                self._give(event.tag, event)
            for event in self._calls.taken():
                self._empty = 0
                tag, awaited = event.tag
                self._under_way -= 1
                self._awaited -= awaited
                if tag is not None:
                    self._give(tag, event)
        finally:
            self._looking = False
            if self._empty < EMPTY_LOOKS:
                self._look_soon()
            else:
                self._rest()

    def _rest(self) -> None:
        closing = self._closing
        if closing is not None and self._arrivals.ended and self._calls.ended:
            if not closing.done():
                closing.set_result(None)
            return
        self._arrivals.watch()
        if self._awaited or closing is not None:
            self._calls.watch()
        elif self._under_way and not self._calls.watching:
            self._look_late()

    def _give(self, tag: Tag, event: Event) -> None:
        try:
            tag(event)
        except Exception:
            self._log.exception("a gRPC event failed")


class _Watched:
    """A completion queue, and a thread that waits for one event of it whenever it is told to."""

    def __init__(self) -> None:
        self.queue = cygrpc.CompletionQueue()
        self.watching = False
        self.ended = False
        """The thread has found that the queue was shut down, and is over."""
        self._permit = threading.Lock()
        self._permit.acquire()
        self._caught: Event = None

    def start(self, bell: int) -> None:
        """Have the thread ring `bell`, an eventfd, whenever it has caught an event."""
        self._thread = threading.Thread(target=self._wait, args=(bell,), name="gRPC events", daemon=True)
        self._thread.start()

    def watch(self) -> None:
        """Have the thread wait for the next event, unless it does."""
        if not (self.watching or self.ended):
            self.watching = True
            self._permit.release()

    def taken(self) -> Iterator[Event]:
        """What the thread has caught, and what else has come; at most so many at once."""
        if self._caught is not None:  # and then the thread writes no other before it has the next permit
            event, self._caught = self._caught, None
            self.watching = False
            if event.completion_type == _ENDED:
                self.ended = True
                return
            yield event
        for _ in range(EVENTS_PER_TURN_MAX):
            event = self.queue.poll(_AT_ONCE)
            if event.completion_type != _COMPLETED:
                return  # nothing, or the end, which is the thread's to find
            yield event

    def join(self) -> None:
        """Wait for the thread, which has caught the end and rings a last time."""
        self._thread.join()

    def _wait(self, bell: int) -> None:
        ended = False
        while not ended:
            self._permit.acquire()
            # Kept by nobody here: an event holds a call and its messages, and the next one may be long in coming.
            ended = self._catch(self.queue.poll())
            os.eventfd_write(bell, 1)

    def _catch(self, event: Event) -> bool:
        """Hand over an event; whether it is the last."""
        self._caught = event
        return bool(event.completion_type == _ENDED)


_AT_ONCE = 0.0
_COMPLETED = cygrpc.CompletionType.operation_complete
_ENDED = cygrpc.CompletionType.queue_shutdown
