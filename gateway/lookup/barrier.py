"""The read barrier: calls that wait at one moment go to the registry together, and in turn by agency."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import ceil
from typing import Any

from gateway.chain.pauses import company
from gateway.config import (
    PEOPLE_PER_QUERY_MAX,
    PEOPLE_PER_SLICE_IN_COMPANY,
    PEOPLE_PER_SLICE_MAX,
    READY_PEOPLE_PER_SLICE_IN_COMPANY,
    READY_PEOPLE_PER_SLICE_MAX,
)
from gateway.lookup.disclosure import Disclosure
from gateway.lookup.people import Found, People
from registry.pack import Ready


@dataclass(frozen=True, slots=True)
class _Question:
    """What calls have in common that are read together: what is disclosed, and whether only what is ready is asked."""

    disclosure: Disclosure
    ready: bool


@dataclass(slots=True)
class _Waiting:
    """A call that waits: what it asks, what it has got so far."""

    question: _Question
    numbers: Sequence[str]
    columns: tuple[list[Any], ...]
    """What it has got so far: a column, or as many as what is read has."""
    done: asyncio.Future[tuple[list[Any], ...]]


class ReadBarrier:
    """Reads people by number for the calls of one worker.

    A single number is a point read of some 30 us on SQLite and is done at once, in the loop: the way to an
    executor thread and back costs more. Everything else is worked in slices, on SQLite of at most 128 people and in
    the loop too (half a millisecond, less than the thread's fight for the interpreter), on PostgreSQL of 512 and by
    one thread; agencies take turns slice by slice, so that one's million does not hold another's one. In the loop
    slices are of 96 while small calls come too. People who are ready in a pack take a quarter of the time, and their
    slices are four times as long.
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
        (found,) = await self._ask(agency, _Question(disclosure, ready=False), numbers, 1)
        return found

    async def ready(self, agency: str, disclosure: Disclosure, numbers: Sequence[str]) -> Ready:
        """What is ready about each; of the others `read` must be asked. Raises RegistryUnavailable."""
        if not numbers:
            return [], []
        person_ids, texts = await self._ask(agency, _Question(disclosure, ready=True), numbers, 2)
        return person_ids, texts

    async def _ask(
        self, agency: str, question: _Question, numbers: Sequence[str], columns: int
    ) -> tuple[list[Any], ...]:
        done: asyncio.Future[tuple[list[Any], ...]] = asyncio.get_running_loop().create_future()
        waiting = _Waiting(question, numbers, tuple([] for _ in range(columns)), done)
        self._waiting.setdefault(agency, deque()).append(waiting)
        if self._worker is None:
            self._worker = asyncio.create_task(self._work(), name="read barrier")
        return await done

    def close(self) -> None:
        """Stop the thread; calls that wait are left."""
        self._thread.shutdown(cancel_futures=True)

    async def _work(self) -> None:
        try:
            while turns := self._take_turns():
                for question, parts in turns.items():
                    try:
                        self._hand_out(parts, await self._read(question, parts))
                    except Exception as error:
                        for waiting, _ in parts:
                            if not waiting.done.done():
                                waiting.done.set_exception(error)
        finally:
            self._worker = None  # whatever happened: the next question starts another

    async def _read(self, question: _Question, parts: list[tuple[_Waiting, Sequence[str]]]) -> tuple[list[Any], ...]:
        """One query for all parts."""
        read = self._people.ready if question.ready else self._by_number
        numbers = [number for _, asked in parts for number in asked]
        self._observe(len(numbers))
        if self._inline:
            await company.give_way()
            return read(question.disclosure, numbers)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, read, question.disclosure, numbers)

    def _slice(self, question: _Question) -> int:
        """How many people are a slice."""
        if not self._inline:
            return PEOPLE_PER_QUERY_MAX
        if question.ready and self._people.packed:
            return READY_PEOPLE_PER_SLICE_IN_COMPANY if company.present else READY_PEOPLE_PER_SLICE_MAX
        return PEOPLE_PER_SLICE_IN_COMPANY if company.present else PEOPLE_PER_SLICE_MAX

    def _take_turns(self) -> dict[_Question, list[tuple[_Waiting, Sequence[str]]]]:
        """For each agency that waits, its next slice, joined with those that are read the same way."""
        turns: dict[_Question, list[tuple[_Waiting, Sequence[str]]]] = {}
        for agency in list(self._waiting):
            queue = self._waiting[agency]
            left = 1.0  # of a slice
            while queue and left > 0:
                waiting = queue[0]
                begin, whole = len(waiting.columns[0]), self._slice(waiting.question)
                asked = waiting.numbers[begin : begin + ceil(left * whole)]
                if waiting.done.done() or not asked:
                    queue.popleft()
                    continue
                left -= len(asked) / whole
                turns.setdefault(waiting.question, []).append((waiting, asked))
                if begin + len(asked) < len(waiting.numbers):
                    break
                queue.popleft()
            if not queue:
                del self._waiting[agency]
        return turns

    def _by_number(self, disclosure: Disclosure, numbers: Sequence[str]) -> tuple[list[Found | None]]:
        return (self._people.by_number(disclosure, numbers),)

    @staticmethod
    def _hand_out(parts: list[tuple[_Waiting, Sequence[str]]], read: tuple[list[Any], ...]) -> None:
        at = 0
        for waiting, asked in parts:
            for column, values in zip(waiting.columns, read, strict=True):
                column.extend(values[at : at + len(asked)])
            at += len(asked)
            if len(waiting.columns[0]) == len(waiting.numbers) and not waiting.done.done():
                waiting.done.set_result(waiting.columns)
