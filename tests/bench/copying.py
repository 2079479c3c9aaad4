"""What a load client does in bulk: pull, push, follow, ask about a person. Part of the client process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from gateway.api.v1 import audit_service_pb2, sync_service_pb2
from tests.bench import requests
from tests.bench.stage import PUSHED
from tests.bench.target import TIMEOUT_SECONDS, Target
from tests.world import BASIC

POLL_SECONDS = 0.01
_Order = dict[str, Any]


async def snapshot(target: Target, _numbers: Sequence[str], order: _Order) -> _Order:
    """`streams` copies at the same time for `seconds`, page after page, from the beginning again at the end.

    Against an echo every answer is the same page.
    """
    people = 0
    calls = target.calls(requests.PULL)
    begin = time.perf_counter()
    end = begin + order["seconds"]

    async def copy(call: Any) -> None:
        nonlocal people
        cursor = b""
        while time.perf_counter() < end:
            raw = await call(requests.pull(cursor), metadata=target.metadata, timeout=TIMEOUT_SECONDS)
            page = sync_service_pb2.PullResponse.FromString(raw)
            people += len(page.people)
            full = len(page.people) == requests.PAGE_PEOPLE
            cursor = page.next_cursor if full else b""

    await asyncio.gather(*[copy(calls[at % len(calls)]) for at in range(order["streams"])])
    return {"people": people, "seconds": time.perf_counter() - begin}


async def feed(target: Target, _numbers: Sequence[str], order: _Order) -> _Order:
    """Follow the changes after `cursor` (hex) to their end."""
    cursor, more, people = bytes.fromhex(order["cursor"]), True, 0
    begin = time.perf_counter()
    while more:
        page = await _page(target, cursor)
        people += len(page.people)
        cursor, more = page.next_cursor, page.more
    return {"people": people, "seconds": time.perf_counter() - begin, "cursor": cursor.hex()}


async def end_of_feed(target: Target, _numbers: Sequence[str], _order: _Order) -> _Order:
    """The cursor of a copy that is complete now, and how many people were pulled to get there."""
    cursor, more, people = b"", True, 0
    while more:
        page = await _page(target, cursor)
        people += len(page.people)
        cursor, more = page.next_cursor, page.more
    return {"cursor": cursor.hex(), "people": people}


async def push(target: Target, numbers: Sequence[str], order: _Order) -> _Order:
    """`streams` pushes of 1,000 at a time for `seconds`, each with a new value."""
    written = 0
    calls = target.calls(requests.PUSH)
    parts = [numbers[at : at + requests.PAGE_PEOPLE] for at in range(0, len(numbers), requests.PAGE_PEOPLE)]
    prepared = [requests.push(part, f"{order['mark']}X{round_}") for round_ in range(order["rounds"]) for part in parts]
    waiting = iter(prepared)
    await target.signed(requests.PUSH, b"")
    begin = time.perf_counter()
    end = begin + order["seconds"]

    async def send(call: Any) -> None:
        nonlocal written
        for request in waiting:
            if time.perf_counter() >= end:
                return
            metadata = await target.signed(requests.PUSH, request)
            raw = await call(request, metadata=metadata, timeout=TIMEOUT_SECONDS)
            written += _applied(raw)

    await asyncio.gather(*[send(calls[at % len(calls)]) for at in range(order["streams"])])
    return {"written": written, "seconds": time.perf_counter() - begin}


async def visible(target: Target, numbers: Sequence[str], order: _Order) -> _Order:
    """Push one change, follow from `cursor` every 10 ms until it arrives; milliseconds in between."""
    number, value = numbers[order["at"]], order["mark"]
    cursor, pulled = bytes.fromhex(order["cursor"]), 0
    begin = time.perf_counter()
    pushing = asyncio.create_task(target.ask(requests.PUSH, requests.push([number], value)))
    while True:
        page = await _page(target, cursor)
        pulled += len(page.people)
        cursor = page.next_cursor
        if any(each.person.social_insurance.employer_unit == value for each in page.people):
            break
        await asyncio.sleep(POLL_SECONDS)
    took = time.perf_counter() - begin
    return {"milliseconds": took * 1000, "cursor": cursor.hex(), "people": pulled, "written": _applied(await pushing)}


async def query(target: Target, numbers: Sequence[str], order: _Order) -> _Order:
    """Ask about the people at `at`; milliseconds of each question."""
    took = []
    for at in order["at"]:
        begin = time.perf_counter()
        raw = await target.ask(requests.QUERY, requests.query(numbers[at]))
        took.append((time.perf_counter() - begin) * 1000)
        answer = audit_service_pb2.QueryAccessesResponse.FromString(raw)
    return {"milliseconds": took, "entries": answer.current_through_index}


async def _page(target: Target, cursor: bytes) -> sync_service_pb2.PullResponse:
    raw = await target.ask(requests.PULL, requests.pull(cursor, (*BASIC, *PUSHED)))
    return sync_service_pb2.PullResponse.FromString(raw)


def _applied(raw: bytes) -> int:
    results = sync_service_pb2.PushResponse.FromString(raw).results
    if any(each.outcome != sync_service_pb2.PUSH_OUTCOME_APPLIED for each in results):
        raise RuntimeError("an item of a push was not applied")
    return len(results)


ORDERS: dict[str, Callable[[Target, Sequence[str], _Order], Awaitable[_Order]]] = {
    "snapshot": snapshot,
    "feed": feed,
    "end_of_feed": end_of_feed,
    "push": push,
    "visible": visible,
    "query": query,
}
