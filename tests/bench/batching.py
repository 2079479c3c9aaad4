"""What a load client does with batches of a thousand: single calls and streams. Part of the client process."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import grpc

from gateway.api.v1 import lookup_service_pb2
from tests.bench import requests
from tests.bench.target import TIMEOUT_SECONDS, Target

BATCH_PEOPLE = 1000


@dataclass(frozen=True, slots=True)
class Batched:
    """A method that takes batches: how its requests are made from numbers, and how the people of an answer count."""

    method: str
    request: Callable[[Sequence[str]], bytes]
    people: Callable[[bytes], int]


def _looked_up(raw: bytes) -> int:
    return _people(lookup_service_pb2.BatchLookUpPersonsResponse.FromString(raw))


def _streamed(raw: bytes) -> int:
    return _people(lookup_service_pb2.StreamLookUpPersonsResponse.FromString(raw).batch)


def _people(answer: Any) -> int:
    """What a caller does at least: look at each person."""
    return sum([result.HasField("person") for result in answer.results])


METHODS = {
    "BatchLookUpPersons": Batched(requests.BATCH_LOOK_UP, requests.batch_look_up, _looked_up),
    "StreamLookUpPersons": Batched(requests.STREAM_LOOK_UP, requests.stream_look_up, _streamed),
}
"""By the name of the method, under which the gateway counts the people."""


class Batches:
    """The prepared batches of one client: made once for each method."""

    def __init__(self, numbers: Sequence[str]) -> None:
        self._numbers = numbers
        self._made: dict[str, list[bytes]] = {}

    def of(self, name: str) -> list[bytes]:
        """All numbers as requests of a method, at most a thousand in each."""
        if name not in self._made:
            parts = [self._numbers[at : at + BATCH_PEOPLE] for at in range(0, len(self._numbers), BATCH_PEOPLE)]
            self._made[name] = [METHODS[name].request(part) for part in parts]
        return self._made[name]


async def run(target: Target, batches: Batches, order: dict[str, Any]) -> dict[str, Any]:
    """Keep `in_flight` batches of `method` under way for `seconds`; all of them end. Streams keep `window` each."""
    method = METHODS[order["method"]]
    prepared = itertools.cycle(batches.of(order["method"]))
    took: list[float] = []
    people = 0
    begin = time.perf_counter()
    end = begin + order["seconds"]

    async def call(one: Any) -> None:
        nonlocal people
        while (sent := time.perf_counter()) < end:
            raw = await one(next(prepared), metadata=target.metadata, timeout=TIMEOUT_SECONDS)
            people += method.people(raw)
            took.append(time.perf_counter() - sent)

    async def stream(one: Any) -> None:
        nonlocal people
        sent: asyncio.Queue[float] = asyncio.Queue()
        room = asyncio.Semaphore(order["window"])
        opened = one(metadata=target.metadata, timeout=TIMEOUT_SECONDS)

        async def write() -> None:
            while time.perf_counter() < end:
                await room.acquire()
                sent.put_nowait(time.perf_counter())
                await opened.write(next(prepared))
            await opened.done_writing()

        writing = asyncio.create_task(write())
        while (raw := await opened.read()) is not grpc.aio.EOF:
            people += method.people(raw)
            took.append(time.perf_counter() - sent.get_nowait())
            room.release()
        await writing

    streamed = order["method"].startswith("Stream")
    ways = target.streams(method.method) if streamed else target.calls(method.method)
    work = stream if streamed else call
    await asyncio.gather(*[work(ways[at % len(ways)]) for at in range(order["in_flight"])])
    return {"people": people, "seconds": time.perf_counter() - begin, "took": took}
