"""The read barrier: calls that wait at one moment go to the registry together, and in turn by agency."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from gateway.chain.pauses import company
from gateway.config import PEOPLE_PER_QUERY_MAX, PEOPLE_PER_SLICE_IN_COMPANY, PEOPLE_PER_SLICE_MAX
from gateway.lookup.disclosure import Disclosure
from gateway.lookup.people import Found, People


@dataclass(slots=True)
class _Waiting:
    """A call that waits: what it asks, what it has got so far."""

    disclosure: Disclosure
    numbers: Sequence[str]
    found: list[Found | None]
    done: asyncio.Future[list[Found | None]]


class ReadBarrier:
    """Reads people by number for the calls of one worker.

    A single number is a point read of some 30 us on SQLite and is done at once, in the loop: the way to an
    executor thread and back costs more. Everything else is worked in slices, on SQLite of at most 128 people and in
    the loop too (half a millisecond, less than the thread's fight for the interpreter), on PostgreSQL of 512 and by
    one thread; agencies take turns slice by slice, so that one's million does not hold another's one. In the loop
    slices are of 96 while small calls come too.
    """

    def __init__(self, people: People, *, inline: bool, observe: Callable[[int], None]) -> None:
        """`inline`: reads are done in the loop. `observe` is told the people of each query."""
        self._people = people
        self._inline = inline
        self._observe = observe
        self._waiting: OrderedDict[str, deque[_Waiting]] = OrderedDict()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="read-barrier")
        self._worker: asyncio.Task[None] | None = None

    async def read(self, agency: str, disclosure: Disclosure, numbers: Sequence[str]) -> list[Found | None]:
        """The holders of `numbers`, in order; None where nobody ever held one. Raises RegistryUnavailable."""
        if not numbers:
            return []
        if self._inline and len(numbers) == 1:
            self._observe(1)
            return self._people.by_number(disclosure, numbers)
        done: asyncio.Future[list[Found | None]] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(agency, deque()).append(_Waiting(disclosure, numbers, [], done))
        if self._worker is None:
            self._worker = asyncio.create_task(self._work(), name="read barrier")
        return await done

    def close(self) -> None:
        """Stop the thread; calls that wait are left."""
        self._thread.shutdown(cancel_futures=True)

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while turns := self._take_turns():
            for disclosure, parts in turns.items():
                numbers = [number for _, asked in parts for number in asked]
                self._observe(len(numbers))
                try:
                    if self._inline:
                        await company.give_way()
                        found = self._people.by_number(disclosure, numbers)
                    else:
                        found = await loop.run_in_executor(self._thread, self._people.by_number, disclosure, numbers)
                except Exception as error:
                    for waiting, _ in parts:
                        if not waiting.done.done():
                            waiting.done.set_exception(error)
                else:
                    self._hand_out(parts, found)
        self._worker = None

    def _take_turns(self) -> dict[Disclosure, list[tuple[_Waiting, Sequence[str]]]]:
        """For each agency that waits, its next slice, joined with those that are read the same way."""
        turns: dict[Disclosure, list[tuple[_Waiting, Sequence[str]]]] = {}
        people_max = PEOPLE_PER_QUERY_MAX
        if self._inline:
            people_max = PEOPLE_PER_SLICE_IN_COMPANY if company.present else PEOPLE_PER_SLICE_MAX
        for agency in list(self._waiting):
            queue = self._waiting[agency]
            left = people_max
            while queue and left > 0:
                waiting = queue[0]
                begin = len(waiting.found)
                asked = waiting.numbers[begin : begin + left]
                if waiting.done.done() or not asked:
                    queue.popleft()
                    continue
                left -= len(asked)
                turns.setdefault(waiting.disclosure, []).append((waiting, asked))
                if begin + len(asked) < len(waiting.numbers):
                    break
                queue.popleft()
            if not queue:
                del self._waiting[agency]
        return turns

    @staticmethod
    def _hand_out(parts: list[tuple[_Waiting, Sequence[str]]], found: list[Found | None]) -> None:
        at = 0
        for waiting, asked in parts:
            waiting.found.extend(found[at : at + len(asked)])
            at += len(asked)
            if len(waiting.found) == len(waiting.numbers) and not waiting.done.done():
                waiting.done.set_result(waiting.found)
