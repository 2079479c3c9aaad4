"""The gate is open to a call alone and lets calls in together under load."""

from __future__ import annotations

import asyncio

import pytest

from gateway.chain.gate import Gate


async def test_an_open_gate_keeps_nobody() -> None:
    entering = Gate(lambda: 0.0).enter()
    with pytest.raises(StopIteration):
        entering.send(None)  # it never waits


async def test_those_who_wait_enter_together_in_their_order_and_no_earlier() -> None:
    loop = asyncio.get_running_loop()
    opens = loop.time() + 0.02
    gate = Gate(lambda: opens)
    entered: list[tuple[int, float]] = []

    async def call(number: int) -> None:
        await gate.enter()
        entered.append((number, loop.time()))

    calls = [asyncio.create_task(call(number)) for number in range(4)]
    await asyncio.sleep(0)
    calls[2].cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    assert [number for number, _ in entered] == [0, 1, 3]
    # A loop calls what is due within its clock's resolution.
    assert min(at for _, at in entered) >= opens - 0.001
    await gate.enter()
