"""Turns and threads: a few calls of an agency work, some wait, the rest is refused; others notice nothing."""

from __future__ import annotations

import asyncio
import threading

import pytest

from gateway.chain.turns import THREADS_PER_AGENCY_MAX, Threads, Turns
from gateway.errors import StreamsExhausted


def test_what_is_beyond_an_agencys_line_is_refused_and_others_are_not() -> None:
    async def scenario() -> None:
        turns, go, working = Turns(2, 1), asyncio.Event(), 0

        async def call(agency: str) -> None:
            nonlocal working
            async with turns.take(agency):
                working += 1
                await go.wait()

        calls = [asyncio.create_task(call("greedy")) for _ in range(3)]
        await asyncio.sleep(0)
        assert working == 2
        with pytest.raises(StreamsExhausted):
            await call("greedy")
        calls.append(asyncio.create_task(call("modest")))
        await asyncio.sleep(0)
        assert working == 3
        go.set()
        await asyncio.gather(*calls)
        assert working == 4
        await call("greedy")

    asyncio.run(scenario())


def test_a_call_cancelled_in_line_leaves_its_place() -> None:
    async def scenario() -> None:
        turns = Turns(1, 1)
        async with turns.take("agency"):
            waiting = asyncio.create_task(turns.take("agency").__aenter__())
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        async with turns.take("agency"):
            pass

    asyncio.run(scenario())


def test_going_away_does_not_free_the_turn_of_a_thread() -> None:
    async def scenario() -> None:
        threads, turns, begun, go = Threads(), Turns(1, 0), asyncio.Event(), threading.Event()
        loop = asyncio.get_running_loop()

        def work() -> int:
            loop.call_soon_threadsafe(begun.set)
            assert go.wait(10)
            return 7

        abandoned = asyncio.create_task(threads.run("agency", work, within=turns))
        await begun.wait()
        abandoned.cancel()
        await asyncio.gather(abandoned, return_exceptions=True)
        with pytest.raises(StreamsExhausted):
            await threads.run("agency", work, within=turns)
        go.set()
        while True:
            try:
                assert await threads.run("agency", work, within=turns) == 7
                return
            except StreamsExhausted:
                await asyncio.sleep(0.01)

    asyncio.run(scenario())


def test_who_asks_every_role_at_once_leaves_threads_to_the_others() -> None:
    async def scenario() -> None:
        threads, go, begun = Threads(), threading.Event(), 0

        def work() -> None:
            nonlocal begun
            begun += 1
            assert go.wait(10)

        roles = [None, *(Turns(4, 60) for _ in range(4))]
        greedy = [asyncio.create_task(threads.run("greedy", work, within=role)) for role in roles for _ in range(8)]
        try:
            async with asyncio.timeout(5):
                while begun < THREADS_PER_AGENCY_MAX:  # noqa: ASYNC110 - threads tell no loop
                    await asyncio.sleep(0.001)
                assert await threads.run("modest", lambda: 7) == 7
            assert begun == THREADS_PER_AGENCY_MAX
        finally:
            go.set()
        await asyncio.gather(*greedy)
        assert begun == len(greedy)
        threads.close()

    asyncio.run(scenario())


def test_who_goes_away_before_its_turn_leaves_the_line() -> None:
    async def scenario() -> None:
        threads, turns, go = Threads(), Turns(1, 1), threading.Event()
        at_work = asyncio.create_task(threads.run("agency", go.wait, 10, within=turns))
        await asyncio.sleep(0)
        waiting = asyncio.create_task(threads.run("agency", go.clear, within=turns))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        last = asyncio.create_task(threads.run("agency", go.is_set, within=turns))
        go.set()
        assert await at_work
        assert await last
        threads.close()

    asyncio.run(scenario())
