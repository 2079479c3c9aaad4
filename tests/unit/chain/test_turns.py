"""Turns: a few calls of an agency work, some wait, the rest is refused; other agencies notice nothing."""

from __future__ import annotations

import asyncio
import threading

import pytest

from gateway.chain.turns import Turns
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
        turns, begun, go = Turns(1, 0), asyncio.Event(), threading.Event()
        loop = asyncio.get_running_loop()

        def work() -> int:
            loop.call_soon_threadsafe(begun.set)
            assert go.wait(10)
            return 7

        abandoned = asyncio.create_task(turns.in_thread("agency", work))
        await begun.wait()
        abandoned.cancel()
        await asyncio.gather(abandoned, return_exceptions=True)
        with pytest.raises(StreamsExhausted):
            await turns.in_thread("agency", work)
        go.set()
        while True:
            try:
                assert await turns.in_thread("agency", work) == 7
                return
            except StreamsExhausted:
                await asyncio.sleep(0.01)

    asyncio.run(scenario())
