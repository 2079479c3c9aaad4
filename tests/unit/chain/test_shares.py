"""Turns at large messages: few at a time, whoever had least next, nobody forgotten."""

from __future__ import annotations

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.chain.shares import AT_WORK_MAX, SHARED_BYTES_MIN, Share, Shares


async def _settle() -> None:
    for _ in range(4):
        await asyncio.sleep(0)


async def test_small_messages_wait_for_nobody_and_few_large_ones_are_at_work() -> None:
    shares = Shares(at_work_max=1)
    first = await shares.take("a", SHARED_BYTES_MIN)
    second = asyncio.create_task(shares.take("a", SHARED_BYTES_MIN))
    await _settle()
    assert not second.done()
    (await shares.take("b", SHARED_BYTES_MIN - 1)).end()
    first.end()
    first.end()
    (await second).end()


async def test_who_comes_seldom_is_next_after_what_is_at_work() -> None:
    shares, order = Shares(at_work_max=1), []

    async def work(agency: str, request_bytes: int) -> None:
        share = await shares.take(agency, request_bytes)
        order.append(agency)
        await asyncio.sleep(0)
        share.end()

    flood = [asyncio.create_task(work("flood", 16 * SHARED_BYTES_MIN)) for _ in range(6)]
    await _settle()
    other = [asyncio.create_task(work("other", 8 * SHARED_BYTES_MIN)) for _ in range(2)]
    await asyncio.gather(*flood, *other)
    served = order.index("other")
    assert served <= 3
    # Half the size: both of the other's between two of the flood's.
    assert order[served : served + 3].count("other") == 2


async def test_who_goes_away_while_waiting_leaves_the_turn_to_others() -> None:
    shares = Shares(at_work_max=1)
    first = await shares.take("a", SHARED_BYTES_MIN)
    gone = asyncio.create_task(shares.take("b", SHARED_BYTES_MIN))
    late = asyncio.create_task(shares.take("c", SHARED_BYTES_MIN))
    await _settle()
    gone.cancel()
    await _settle()
    first.end()
    (await late).end()
    # Gone in the very turn in which it was its turn.
    first = await shares.take("a", SHARED_BYTES_MIN)
    gone = asyncio.create_task(shares.take("b", SHARED_BYTES_MIN))
    await _settle()
    first.end()
    gone.cancel()
    await _settle()
    (await asyncio.wait_for(shares.take("c", SHARED_BYTES_MIN), 1)).end()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 40)), min_size=1, max_size=40))
def test_nobody_gets_more_than_a_message_ahead_while_others_wait(asked: list[tuple[str, int]]) -> None:
    async def run() -> None:
        shares = Shares(at_work_max=1)
        had: dict[str, int] = dict.fromkeys("abc", 0)
        left = {agency: [size for one, size in asked if one == agency] for agency in "abc"}
        blocked = await shares.take("nobody", SHARED_BYTES_MIN)

        async def work(agency: str, size: int) -> None:
            share: Share = await shares.take(agency, size * SHARED_BYTES_MIN)
            for other in "abc":
                if left[other] and left[agency]:
                    assert had[agency] - had[other] <= max(size for _, size in asked)
            had[agency] += size
            left[agency].remove(size)
            share.end()

        tasks = [asyncio.create_task(work(*each)) for each in asked]
        await _settle()
        blocked.end()
        await asyncio.gather(*tasks)
        assert not any(left.values())

    assert AT_WORK_MAX >= 1
    asyncio.run(run())
