"""The waiting front: the same methods, from threads."""

from __future__ import annotations

import asyncio
import inspect
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from gateway import errors
from gateway.api.v1 import lookup_service_pb2
from gateway.client import BlockingClient, Client, Context, GatewayRefusal, IdentityInvalid
from gateway.client.lookup import LOOK_UP_PERSON

FOUND = lookup_service_pb2.LookUpPersonResponse(version=1)


def test_every_method_of_the_client_has_its_waiting_twin() -> None:
    names = {name for name, _ in inspect.getmembers(Client, inspect.isfunction) if not name.startswith("_")}
    assert all(hasattr(BlockingClient, name) for name in names)


async def test_threads_share_one_client(gateway: Any, context: Context) -> None:
    gateway.on(LOOK_UP_PERSON, FOUND)

    def work() -> list[int]:
        with BlockingClient(gateway.identity()) as client, ThreadPoolExecutor(4) as threads:
            asked = [threads.submit(client.look_up, "001200000001", fields=["name"], context=context) for _ in range(8)]
            return [each.result().version for each in asked]

    assert await asyncio.to_thread(work) == [1] * 8
    assert len(gateway.paths("IssueToken")) == 1


async def test_refusals_come_through(gateway: Any, context: Context, refusal: Any) -> None:
    gateway.on(LOOK_UP_PERSON, refusal(errors.PurposeNotGranted()))

    def work() -> None:
        with BlockingClient(gateway.identity()) as client:
            client.look_up("001200000001", fields=["name"], context=context)

    with pytest.raises(GatewayRefusal):
        await asyncio.to_thread(work)


async def test_closing_twice_is_no_error(gateway: Any) -> None:
    def work() -> None:
        client = BlockingClient(gateway.identity())
        client.close()
        client.close()

    await asyncio.to_thread(work)


async def test_bad_address_leaves_no_thread_behind(gateway: Any) -> None:
    def work() -> None:
        BlockingClient(gateway.identity(), "nonsense")

    with pytest.raises(IdentityInvalid):
        await asyncio.to_thread(work)
