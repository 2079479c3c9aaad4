"""One token for all calls of a client."""

from __future__ import annotations

import asyncio

import pytest

from gateway.client.tokens import Token, TokenSource


class Issuer:
    """Issues tokens of 100 seconds on a clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.issued = 0
        self.failure: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.source = TokenSource(self.issue, lambda: self.now)

    async def issue(self) -> Token:
        await self.gate.wait()
        if self.failure:
            raise self.failure
        self.issued += 1
        return Token(f"token-{self.issued}", 100.0)


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_callers_that_wait_at_the_same_time_share_one_request() -> None:
    issuer = Issuer()
    issuer.gate.clear()
    waiting = [asyncio.create_task(issuer.source.current()) for _ in range(50)]
    await settle()
    issuer.gate.set()
    assert set(await asyncio.gather(*waiting)) == {"token-1"}
    assert issuer.issued == 1


async def test_token_is_used_until_four_fifths_of_its_life() -> None:
    issuer = Issuer()
    await issuer.source.current()
    issuer.now += 79.9
    assert await issuer.source.current() == "token-1"
    await settle()
    assert issuer.issued == 1


async def test_old_token_is_renewed_in_the_background_while_calls_go_on() -> None:
    issuer = Issuer()
    await issuer.source.current()
    issuer.now += 80.0
    assert issuer.source.held() == "token-1"
    await settle()
    assert issuer.source.held() == "token-2"


async def test_expired_token_is_never_handed_out() -> None:
    issuer = Issuer()
    await issuer.source.current()
    issuer.now += 100.0
    assert issuer.source.held() == ""
    assert await issuer.source.current() == "token-2"


async def test_failed_background_renewal_is_tried_again_but_not_with_every_call() -> None:
    issuer = Issuer()
    await issuer.source.current()
    issuer.now += 85.0
    issuer.failure = RuntimeError("no")
    assert issuer.source.held() == "token-1"
    await settle()
    issuer.failure = None
    assert issuer.source.held() == "token-1"
    await settle()
    assert issuer.issued == 1
    issuer.now += 1.0
    issuer.source.held()
    await settle()
    assert issuer.source.held() == "token-2"


async def test_failure_reaches_whoever_waits() -> None:
    issuer = Issuer()
    issuer.failure = RuntimeError("no")
    with pytest.raises(RuntimeError, match="no"):
        await issuer.source.current()
    issuer.failure = None
    assert await issuer.source.current() == "token-1"


async def test_refused_token_is_replaced_once_for_all_its_users() -> None:
    issuer = Issuer()
    first = await issuer.source.current()
    replaced = await asyncio.gather(*(issuer.source.replace(first) for _ in range(20)))
    assert set(replaced) == {"token-2"}
    assert await issuer.source.replace(first) == "token-2"
    assert issuer.issued == 2


async def test_a_refused_token_is_not_replaced_by_one_that_has_expired_since() -> None:
    issuer = Issuer()
    await issuer.source.current()
    await issuer.source.replace("token-1")
    issuer.now += 100.0
    assert await issuer.source.replace("token-1") == "token-3"


async def test_a_token_that_was_dropped_is_not_held_and_dropping_an_older_one_does_nothing() -> None:
    issuer = Issuer()
    issuer.source.drop(await issuer.source.current())
    assert issuer.source.held() == ""
    assert await issuer.source.current() == "token-2"
    issuer.source.drop("token-1")
    assert issuer.source.held() == "token-2"


async def test_caller_that_gives_up_does_not_stop_the_renewal_of_the_others() -> None:
    issuer = Issuer()
    issuer.gate.clear()
    impatient = asyncio.create_task(issuer.source.current())
    patient = asyncio.create_task(issuer.source.current())
    await settle()
    impatient.cancel()
    issuer.gate.set()
    assert await patient == "token-1"


async def test_closing_stops_a_renewal_under_way() -> None:
    issuer = Issuer()
    issuer.gate.clear()
    waiting = asyncio.create_task(issuer.source.current())
    await settle()
    await issuer.source.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
