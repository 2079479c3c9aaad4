"""The read barrier: who waits together is read together, and agencies take turns."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from gateway.chain.pauses import COMPANY_SECONDS, company
from gateway.config import PEOPLE_PER_QUERY_MAX, PEOPLE_PER_SLICE_IN_COMPANY, PEOPLE_PER_SLICE_MAX
from gateway.errors import RegistryUnavailable
from gateway.lookup.barrier import ReadBarrier
from gateway.lookup.disclosure import Disclosure, only_scope
from gateway.lookup.people import Found

SCOPE = only_scope(frozenset())
OTHER_SCOPE = only_scope(frozenset({"79"}))


class _Registry:
    """Stands for the registry: answers each number with itself, when it may, and remembers what was asked."""

    def __init__(self) -> None:
        self.queries: list[tuple[Disclosure, list[str]]] = []
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.fails = False

    def by_number(self, disclosure: Disclosure, numbers: Sequence[str]) -> list[Found | None]:
        self.may_answer.wait(10)
        self.queries.append((disclosure, list(numbers)))
        if self.fails:
            raise RegistryUnavailable
        return [None if number == "nobody" else Found((number,), {}) for number in numbers]


@asynccontextmanager
async def _barrier(registry: _Registry, *, inline: bool = False) -> AsyncIterator[tuple[ReadBarrier, list[int]]]:
    sizes: list[int] = []
    people: Any = registry
    barrier = ReadBarrier(people, inline=inline, observe=sizes.append)
    try:
        yield barrier, sizes
    finally:
        registry.may_answer.set()
        barrier.close()


def _numbers(found: Sequence[Found | None]) -> list[str | None]:
    return [each.row[0] if each is not None else None for each in found]


def _asked(agency: str, count: int) -> list[str]:
    return [f"{agency}-{at}" for at in range(count)]


async def test_answers_stand_in_the_order_asked() -> None:
    async with _barrier(_Registry()) as (barrier, _):
        assert _numbers(await barrier.read("a", SCOPE, ["2", "nobody", "1", "2"])) == ["2", None, "1", "2"]
        assert await barrier.read("a", SCOPE, []) == []


async def test_a_single_number_is_read_in_the_loop() -> None:
    registry = _Registry()
    async with _barrier(registry, inline=True) as (barrier, sizes):
        found = barrier.read("a", SCOPE, ["1"])
        with pytest.raises(StopIteration) as done:
            found.send(None)  # it never waits
        assert _numbers(done.value.value) == ["1"]
        assert sizes == [1]


async def test_those_who_wait_are_read_with_one_query() -> None:
    registry = _Registry()
    async with _barrier(registry) as (barrier, sizes):
        registry.may_answer.clear()
        first = asyncio.create_task(barrier.read("a", SCOPE, ["first"]))
        await asyncio.sleep(0)
        waiting = [asyncio.create_task(barrier.read(agency, SCOPE, [agency, "x"])) for agency in "abc"]
        await asyncio.sleep(0.02)
        registry.may_answer.set()
        await first
        assert [_numbers(found) for found in await asyncio.gather(*waiting)] == [[agency, "x"] for agency in "abc"]
        assert sizes[0] == 1
        assert sum(sizes) == 7
        assert len(sizes) <= 3


async def test_different_disclosures_are_not_mixed() -> None:
    registry = _Registry()
    async with _barrier(registry) as (barrier, _):
        await asyncio.gather(barrier.read("a", SCOPE, ["1", "2"]), barrier.read("b", OTHER_SCOPE, ["3", "4"]))
        assert {(id(disclosure), tuple(numbers)) for disclosure, numbers in registry.queries} == {
            (id(SCOPE), ("1", "2")),
            (id(OTHER_SCOPE), ("3", "4")),
        }


async def test_the_thousand_of_one_agency_does_not_hold_the_one_of_another() -> None:
    registry = _Registry()
    async with _barrier(registry) as (barrier, _):
        registry.may_answer.clear()
        large = [asyncio.create_task(barrier.read("large", SCOPE, _asked("large", 4000))) for _ in range(3)]
        await asyncio.sleep(0.02)
        small = asyncio.create_task(barrier.read("small", SCOPE, ["one", "two"]))
        await asyncio.sleep(0)
        registry.may_answer.set()
        assert _numbers(await small) == ["one", "two"]
        assert not any(task.done() for task in large)
        position = next(at for at, (_, numbers) in enumerate(registry.queries) if "one" in numbers)
        assert position <= 2
        for found in await asyncio.gather(*large):
            assert _numbers(found) == _asked("large", 4000)


@pytest.mark.parametrize(("inline", "most"), [(True, PEOPLE_PER_SLICE_MAX), (False, PEOPLE_PER_QUERY_MAX)])
async def test_a_turn_of_an_agency_is_a_slice(inline: bool, most: int) -> None:
    registry = _Registry()
    async with _barrier(registry, inline=inline) as (barrier, sizes):
        await asyncio.gather(*[barrier.read("a", SCOPE, _asked(str(at), 300)) for at in range(3)])
        assert max(sizes) == most
        assert sum(sizes) == 900


async def test_slices_are_small_while_small_calls_come() -> None:
    async with _barrier(_Registry(), inline=True) as (barrier, sizes):
        company.small_call_came()
        await barrier.read("a", SCOPE, _asked("a", 300))
        assert sizes[0] == PEOPLE_PER_SLICE_IN_COMPANY
        await asyncio.sleep(2 * COMPANY_SECONDS)
        sizes.clear()
        await barrier.read("a", SCOPE, _asked("a", 300))
        assert sizes[0] == PEOPLE_PER_SLICE_MAX


async def test_an_observer_that_fails_keeps_nobody_waiting() -> None:
    def observe(people: int) -> None:
        if people == 2:
            raise OSError

    people: Any = _Registry()
    barrier = ReadBarrier(people, inline=True, observe=observe)
    with pytest.raises(OSError):
        await asyncio.wait_for(barrier.read("a", SCOPE, ["1", "2"]), 5)
    assert len(await asyncio.wait_for(barrier.read("b", SCOPE, ["1", "2", "3"]), 5)) == 3


async def test_a_failing_registry_fails_those_who_wait_and_not_the_next() -> None:
    registry = _Registry()
    async with _barrier(registry) as (barrier, _):
        registry.fails = True
        failed = await asyncio.gather(
            *[barrier.read(agency, SCOPE, ["1", "2"]) for agency in "ab"], return_exceptions=True
        )
        assert [type(error) for error in failed] == [RegistryUnavailable] * 2
        registry.fails = False
        assert _numbers(await barrier.read("a", SCOPE, ["1", "2"])) == ["1", "2"]


async def test_a_caller_that_goes_away_holds_nobody() -> None:
    registry = _Registry()
    async with _barrier(registry) as (barrier, _):
        registry.may_answer.clear()
        gone = asyncio.create_task(barrier.read("a", SCOPE, _asked("gone", 4000)))
        stays = asyncio.create_task(barrier.read("a", SCOPE, ["1", "2"]))
        await asyncio.sleep(0.02)
        gone.cancel()
        await asyncio.sleep(0)
        registry.may_answer.set()
        assert _numbers(await stays) == ["1", "2"]
        assert sum(len(numbers) for _, numbers in registry.queries) < 1200
