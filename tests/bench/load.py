"""A load client: a process of its own that obeys orders of the benchmark, sends prepared bytes, decodes answers."""

from __future__ import annotations

import asyncio
import gc
import itertools
import json
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

from gateway.api.v1 import lookup_service_pb2
from gateway.client import Identity, connect
from tests.bench import batching, copying, requests
from tests.bench.target import TIMEOUT_SECONDS, Target

PACED_IN_FLIGHT_MAX = 128
SINGLES_MAX = 20_000
_decode = lookup_service_pb2.LookUpPersonResponse.FromString


class Client:
    """What one client process holds: its requests and the targets it has opened."""

    def __init__(self, numbers: Sequence[str]) -> None:
        self._numbers = numbers
        self._requests = [requests.look_up(number) for number in numbers[:SINGLES_MAX]]
        self._at = itertools.cycle(self._requests)
        self._batches = batching.Batches(numbers)
        self._targets: dict[str, Target] = {}

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

    async def first(self, order: dict[str, Any]) -> dict[str, Any]:
        """Ask until the gateway answers for the first time; the monotonic time of that answer."""
        identity = Identity.from_folder(Path(order["identity"]))
        async with connect(identity, order["gateway"]) as client:
            token = await client.token()
        target = Target(order["gateway"], identity, (("authorization", f"Bearer {token}"),))
        await target.open(order["pids"])
        _decode(await target.ask(requests.LOOK_UP, next(self._at)))
        answered_at = time.monotonic()
        await target.close()
        return {"at": answered_at}

    async def capture(self, order: dict[str, Any]) -> dict[str, Any]:
        """An answer of the gateway to `method`, in hex, for the echo."""
        method, target = order["method"], self._targets[order["target"]]
        name = method.rpartition("/")[2]
        if name.startswith("Stream"):
            (stream, *_) = target.streams(method)
            opened = stream(iter(self._batches.of(name)[:1]), metadata=target.metadata, timeout=TIMEOUT_SECONDS)
            answer = await opened.read()
            opened.cancel()
        else:
            singles = {requests.LOOK_UP: self._requests[0], requests.PULL: requests.pull(b"")}
            answer = await target.ask(method, singles.get(method) or self._batches.of(name)[0])
        return {"answer": answer.hex()}

    async def batches(self, order: dict[str, Any]) -> dict[str, Any]:
        """Keep batches under way; see `batching.run`."""
        return await batching.run(self._targets[order["target"]], self._batches, order)

    async def closed(self, order: dict[str, Any]) -> dict[str, Any]:
        """Keep `in_flight` look-ups under way for `seconds`; all of them end."""
        target = self._targets[order["target"]]
        took: list[float] = []
        calls = target.calls(requests.LOOK_UP)
        begin = time.perf_counter()
        end = begin + order["seconds"]

        async def ask_on(call: Any) -> None:
            sent = time.perf_counter()
            while sent < end:
                await self._one(call, target)
                now = time.perf_counter()
                took.append(now - sent)
                sent = now

        await asyncio.gather(*[ask_on(calls[at % len(calls)]) for at in range(order["in_flight"])])
        return {"calls": len(took), "seconds": time.perf_counter() - begin, "took": took}

    async def paced(self, order: dict[str, Any]) -> dict[str, Any]:
        """Send `rate` look-ups a second for `seconds`, at random moments; times count from those moments.

        Never more than 128 are under way: what a stall delays waits here, which counts the same.
        """
        target = self._targets[order["target"]]
        took: list[float] = []
        calls = itertools.cycle(target.calls(requests.LOOK_UP))
        random = Random(order["seed"])
        room = asyncio.Semaphore(PACED_IN_FLIGHT_MAX)
        begin = time.perf_counter()
        due = begin

        async def ask(call: Any, due: float) -> None:
            async with room:
                await self._one(call, target)
            took.append(time.perf_counter() - due)

        async with asyncio.TaskGroup() as group:
            while (due := due + random.expovariate(order["rate"])) < begin + order["seconds"]:
                if (pause := due - time.perf_counter()) > 0:
                    await asyncio.sleep(pause)
                group.create_task(ask(next(calls), due))
        return {"calls": len(took), "seconds": time.perf_counter() - begin, "took": took}

    async def _one(self, call: Any, target: Target) -> None:
        answer = _decode(await call(next(self._at), metadata=target.metadata, timeout=TIMEOUT_SECONDS))
        if not answer.HasField("person"):
            raise RuntimeError("an answer without a person was counted")

    async def obey(self, order: dict[str, Any]) -> dict[str, Any]:
        """Do what `order` says under `do`."""
        does: str = order["do"]
        if does in ("open", "first", "capture", "closed", "paced", "batches"):
            reply: dict[str, Any] = await getattr(self, does)(order)
            return reply
        return await copying.ORDERS[does](self._targets[order["target"]], self._numbers, order)


async def _main() -> None:
    client = Client(json.loads(sys.stdin.readline())["numbers"])
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
