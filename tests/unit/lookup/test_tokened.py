"""Requests with tokens: one agency's do not hold up another's."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from gateway.api.v1 import lookup_service_pb2
from gateway.chain.base import Answer, Call
from gateway.chain.turns import THREADS_MAX, THREADS_PER_AGENCY_MAX, Threads
from gateway.lookup.pairwise import PairwiseKey
from gateway.lookup.tokened import TOKENS_MAX, Tokened


class Slow:
    """A store that answers once it may."""

    def __init__(self, slow_id: int) -> None:
        self.slow_id = slow_id
        self.go = threading.Event()
        self.begun = 0

    def numbers(self, person_ids: Sequence[int]) -> dict[int, str]:
        if self.slow_id in person_ids:
            self.begun += 1
            assert self.go.wait(10)
        return {person_id: f"{person_id:012}" for person_id in person_ids}

    household_numbers = numbers


async def _behaviour(_call: Call, request: Any) -> Answer:
    return Answer(request)


async def test_an_agency_that_sends_many_tokens_leaves_threads_to_the_others() -> None:
    key, store, threads = PairwiseKey(bytes(32)), Slow(1), Threads()
    tokened: Any = Tokened(_behaviour, key, store, threads)  # type: ignore[arg-type]

    async def ask(agency: str, person_id: int) -> str:
        call: Any = SimpleNamespace(right=SimpleNamespace(agency=agency, pairwise=True))
        request = lookup_service_pb2.LookUpPersonRequest(number=key.tokens(agency).person(person_id))
        answer = await tokened(call, request)
        return str(answer.body.number)

    flood = [asyncio.create_task(ask("greedy", 1)) for _ in range(4 * THREADS_MAX)]
    try:
        async with asyncio.timeout(5):
            while store.begun < THREADS_PER_AGENCY_MAX:  # noqa: ASYNC110 - threads tell no loop
                await asyncio.sleep(0.001)
            assert await ask("modest", 2) == "000000000002"
    finally:
        store.go.set()
    assert set(await asyncio.gather(*flood)) == {"000000000001"}
    threads.close()


async def test_of_more_tokens_than_a_request_may_have_none_is_opened() -> None:
    key, store, threads = PairwiseKey(bytes(32)), Slow(1), Threads()
    tokened: Any = Tokened(_behaviour, key, store, threads)  # type: ignore[arg-type]
    call: Any = SimpleNamespace(right=SimpleNamespace(agency="a", pairwise=True))
    token = key.tokens("a").person(2)
    for count, opened in ((TOKENS_MAX, True), (TOKENS_MAX + 1, False)):
        request = lookup_service_pb2.BatchLookUpPersonsRequest(numbers=[token] * count)
        answer = await tokened(call, request)
        assert set(answer.body.numbers) == {"000000000002" if opened else token}
    threads.close()
