"""Large work gives way: to what is ready while it is alone, to calls that are still on their way in company."""

from __future__ import annotations

import asyncio

import pytest

from gateway import chain
from gateway.chain.methods import compile_methods
from gateway.chain.pauses import COMPANY_SECONDS, PAUSE_SECONDS, PAUSES_AFTER_A_CALL, PAUSES_SECONDS_MAX, Company

TURNS = 3


async def test_alone_it_waits_for_what_is_ready_and_what_that_makes_ready() -> None:
    loop, done = asyncio.get_running_loop(), asyncio.Event()

    def turn(left: int) -> None:
        if left:
            loop.call_soon(turn, left - 1)
        else:
            done.set()

    turn(TURNS)
    await Company().give_way()
    assert done.is_set()


async def test_in_company_it_waits_for_what_comes_within_a_pause() -> None:
    company, done = Company(), asyncio.Event()
    company.small_call_came()
    assert company.present
    asyncio.get_running_loop().call_later(PAUSE_SECONDS / 2, done.set)
    await company.give_way()
    assert done.is_set()


async def test_a_call_in_the_last_pause_lets_those_behind_it_go_first_too() -> None:
    company, loop, done = Company(), asyncio.get_running_loop(), asyncio.Event()
    company.small_call_came()
    await company.give_way()

    def second() -> None:
        company.small_call_came()
        loop.call_later((PAUSES_AFTER_A_CALL - 0.5) * PAUSE_SECONDS, done.set)

    loop.call_later(PAUSE_SECONDS / 2, second)
    await company.give_way()
    assert done.is_set()


@pytest.mark.parametrize("busy", [True, False])
async def test_it_goes_on_at_last_whoever_comes(busy: bool) -> None:
    company, came, going = Company(), 0, True

    async def come() -> None:
        nonlocal came
        while going:
            if busy:
                company.small_call_came()
            came += 1
            await asyncio.sleep(PAUSE_SECONDS / 4 if busy else 0)

    coming = asyncio.create_task(come())
    loop = asyncio.get_running_loop()
    await asyncio.sleep(PAUSE_SECONDS)
    began = loop.time()
    async with asyncio.timeout(100 * PAUSES_SECONDS_MAX):
        await company.give_way()
    assert not busy or loop.time() - began >= PAUSES_SECONDS_MAX
    going = False
    await coming
    assert came > 1


async def test_company_is_over_when_nobody_came_for_a_while() -> None:
    company = Company()
    assert not company.present
    company.small_call_came()
    await asyncio.sleep(2 * COMPANY_SECONDS)
    assert not company.present


def test_a_followers_pages_are_large_work_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    company, methods = Company(), compile_methods()
    monkeypatch.setattr(chain, "company", company)
    chain._announce(methods["Pull"])
    assert not company.present
    chain._announce(methods["LookUpPerson"])
    assert company.present
