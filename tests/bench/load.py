"""A load client: a process of its own that obeys orders of the benchmark, sends prepared bytes, decodes answers."""

from __future__ import annotations

import asyncio
import gc
import itertools
import json
import sys
import time
import traceback
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from gateway.client import Identity, connect
from gateway.lookup.errors import TooManyFound
from tests.bench import copying, requests, streaming
from tests.bench.http2 import Http2Connection, Refused
from tests.bench.http_target import HttpTarget
from tests.bench.methods import METHODS, SERVICE, Sampled
from tests.bench.target import TIMEOUT_SECONDS, Target

PACED_IN_FLIGHT_MAX = 128
MESSAGES_MAX = 20_000
LOOK_UP = "LookUpPerson"
Way = Callable[[], Awaitable[int]]
"""Asks once; how many people came back."""


class Client:
    """What one client process holds: its requests and the targets it has opened."""

    def __init__(self, sample: Sequence[Sampled]) -> None:
        self._sample = sample
        self._numbers = [number for number, *_ in sample]
        self._prepared: dict[str, list[bytes]] = {}
        self._turns: dict[str, Iterator[bytes]] = {}
        self._targets: dict[str, Target | HttpTarget] = {}

    async def open(self, order: dict[str, Any]) -> dict[str, Any]:
        """Open `target` at `server`, for the identity in folder `identity`, with a token of `gateway`.

        `tls`: false for a plain echo. `pids`: processes that share the port.
        """
        identity = Identity.from_folder(Path(order["identity"]))
        async with connect(identity, order["gateway"]) as client:
            token = await client.token()
        metadata = (("authorization", f"Bearer {token}"),)
        target = Target(order["server"], identity if order["tls"] else None, metadata)
        await target.open(order["pids"])
        self._targets[order["target"]] = target
        return {}

    async def open_peer(self, order: dict[str, Any]) -> dict[str, Any]:
        """Take the peer at `server` as `target`, with the identity in folder `identity` and a `token`."""
        self._targets[order["target"]] = HttpTarget(order["server"], Path(order["identity"]), order["token"])
        return {}

    async def close(self, order: dict[str, Any]) -> dict[str, Any]:
        """Close the connections to `target`."""
        await self._targets.pop(order["target"]).close()
        return {}

    async def first(self, order: dict[str, Any]) -> dict[str, Any]:
        """Ask until the gateway answers for the first time; the monotonic time of that answer."""
        identity = Identity.from_folder(Path(order["identity"]))
        async with connect(identity, order["gateway"]) as client:
            token = await client.token()
        target = Target(order["gateway"], identity, (("authorization", f"Bearer {token}"),))
        await target.open(order["pids"])
        METHODS[LOOK_UP].counted(await target.ask(SERVICE + LOOK_UP, next(self._turn(LOOK_UP))))
        answered_at = time.monotonic()
        await target.close()
        return {"at": answered_at}

    async def capture(self, order: dict[str, Any]) -> dict[str, Any]:
        """An answer of the gateway to the method at the path `method`, in hex, for the echo."""
        path, target = order["method"], self._grpc(order["target"])
        name = path.rpartition("/")[2]
        request = requests.pull(b"") if path == requests.PULL else next(self._turn(name))
        if not name.startswith("Stream"):
            return {"answer": (await target.ask(path, request)).hex()}
        stream = target.streams(path)[0](metadata=target.metadata, timeout=TIMEOUT_SECONDS)
        await stream.write(request)
        answer = await stream.read()
        await stream.done_writing()
        return {"answer": answer.hex()}

    async def closed(self, order: dict[str, Any]) -> dict[str, Any]:
        """Keep `in_flight` messages of `method` under way for `seconds`; all of them end.

        Of a streamed method there are as many streams as connections, each with its part of them.
        """
        name = order["method"]
        if name.startswith("Stream"):
            target = self._grpc(order["target"])
            streams = target.streams(SERVICE + name)
            parted = {**order, "window": max(1, order["in_flight"] // len(streams))}
            return await streaming.run(streams, target.metadata, METHODS[name], self._turn(name), parted)
        took: list[float] = []
        people = 0
        ways = await self._ways(order["target"], name, order["in_flight"])
        begin = time.perf_counter()
        end = begin + order["seconds"]

        async def ask_on(way: Way) -> None:
            nonlocal people
            sent = time.perf_counter()
            while sent < end:
                received = await way()  # apart: `+=` would read the sum before it waits
                people += received
                now = time.perf_counter()
                took.append(now - sent)
                sent = now

        await asyncio.gather(*map(ask_on, ways))
        return {"calls": len(took), "people": people, "seconds": time.perf_counter() - begin, "took": took}

    async def paced(self, order: dict[str, Any]) -> dict[str, Any]:
        """Send `rate` look-ups a second for `seconds`, at random moments; times count from those moments.

        Never more than 128 are under way: what a stall delays waits here, which counts the same.
        """
        took: list[float] = []
        people = 0
        random = Random(order["seed"])
        free: asyncio.Queue[Way] = asyncio.Queue()
        for way in await self._ways(order["target"], LOOK_UP, PACED_IN_FLIGHT_MAX):
            free.put_nowait(way)
        begin = time.perf_counter()
        due = begin

        async def ask(due: float) -> None:
            nonlocal people
            way = await free.get()
            received = await way()
            people += received
            free.put_nowait(way)
            took.append(time.perf_counter() - due)

        async with asyncio.TaskGroup() as group:
            while (due := due + random.expovariate(order["rate"])) < begin + order["seconds"]:
                if (pause := due - time.perf_counter()) > 0:
                    await asyncio.sleep(pause)
                group.create_task(ask(due))
        return {"calls": len(took), "people": people, "seconds": time.perf_counter() - begin, "took": took}

    def _grpc(self, name: str) -> Target:
        target = self._targets[name]
        assert isinstance(target, Target)
        return target

    def _turn(self, name: str) -> Iterator[bytes]:
        """The prepared requests of a method, over and over."""
        if name not in self._turns:
            self._turns[name] = itertools.cycle(METHODS[name].prepared(self._sample, MESSAGES_MAX))
        return self._turns[name]

    async def _ways(self, target_name: str, name: str, count: int) -> list[Way]:
        """So many ways to ask a target at the same time, spread over its connections."""
        target = self._targets[target_name]
        if isinstance(target, HttpTarget):
            return await target.ways(METHODS[name].people, self._numbers[:MESSAGES_MAX], count)
        counted, turn = METHODS[name].counted, self._turn(name)
        if METHODS[name].people == 1:
            return [
                partial(_ask_lean, target.lean[at % len(target.lean)], SERVICE + name, counted, turn)
                for at in range(count)
            ]
        calls = target.calls(SERVICE + name)
        return [partial(_ask, calls[at % len(calls)], target.metadata, counted, turn) for at in range(count)]

    async def obey(self, order: dict[str, Any]) -> dict[str, Any]:
        """Do what `order` says under `do`."""
        does: str = order["do"]
        if does in ("open", "open_peer", "close", "first", "capture", "closed", "paced"):
            reply: dict[str, Any] = await getattr(self, does)(order)
            return reply
        return await copying.ORDERS[does](self._grpc(order["target"]), self._numbers, order)


async def _ask(call: Any, metadata: Any, counted: Callable[[bytes], int], turn: Iterator[bytes]) -> int:
    return counted(await call(next(turn), metadata=metadata, timeout=TIMEOUT_SECONDS))


async def _ask_lean(
    connection: Http2Connection, path: str, counted: Callable[[bytes], int], turn: Iterator[bytes]
) -> int:
    try:
        return counted(await connection.ask(path, next(turn)))
    except Refused as refused:
        if refused.details != TooManyFound.sentence:
            raise
        return 0  # a search for a frequent name: refused after all the work, and people were told of nobody


async def _main() -> None:
    client = Client(json.loads(sys.stdin.readline())["sample"])
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    print("{}", flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        try:
            reply = await client.obey(json.loads(line))
        except Exception as error:
            traceback.print_exception(error, file=sys.stderr)
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    asyncio.run(_main())
