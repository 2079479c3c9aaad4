"""Callers of several agencies in one process, that obey orders: look-ups at a rate, or a flood of full batches."""

from __future__ import annotations

import asyncio
import gc
import itertools
import json
import os
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import grpc

from gateway.api.v1 import lookup_service_pb2
from gateway.client import Identity, connect
from tests.bench.methods import METHODS, SERVICE
from tests.bench.target import TIMEOUT_SECONDS, Target

STREAM = SERVICE + "StreamLookUpPersons"
LOOK_UP = METHODS["LookUpPerson"]
BATCH_PEOPLE = 1000
AHEAD = 3
"""Messages that a stream's caller sends before it has their answers: always one more than the gateway works on."""
FRAME_BYTES_MIN = 100 * BATCH_PEOPLE
_decode = lookup_service_pb2.LookUpPersonResponse.FromString


class Crowd:
    """The agencies of one process."""

    def __init__(self, numbers: Sequence[str]) -> None:
        self._requests = itertools.cycle(LOOK_UP.prepared([(number,) for number in numbers], len(numbers)))
        self._batches = itertools.cycle(
            [_batch(numbers[at : at + BATCH_PEOPLE]) for at in range(0, len(numbers) - BATCH_PEOPLE + 1, BATCH_PEOPLE)]
        )
        self._targets: list[Target] = []

    async def open(self, order: dict[str, Any]) -> dict[str, Any]:
        """Connect each of `identities` to every process of `server`."""
        for folder in order["identities"]:
            identity = Identity.from_folder(Path(folder))
            async with connect(identity, order["server"]) as client:
                token = await client.token()
            target = Target(order["server"], identity, (("authorization", f"Bearer {token}"),))
            await target.open(order["pids"])
            self._targets.append(target)
        return {}

    async def paced(self, order: dict[str, Any]) -> dict[str, Any]:
        """`calls` look-ups at random moments, `rate` a second, by all agencies in turn; seconds of each."""
        calls = itertools.cycle(
            [(call, target) for target in self._targets for call in target.calls(SERVICE + "LookUpPerson")]
        )
        random, took = Random(order["seed"]), []
        due = time.perf_counter()

        async def ask(due: float) -> None:
            call, target = next(calls)
            answer = _decode(await call(next(self._requests), metadata=target.metadata, timeout=TIMEOUT_SECONDS))
            if not answer.HasField("person"):
                raise RuntimeError("an answer without a person was counted")
            took.append(time.perf_counter() - due)

        async with asyncio.TaskGroup() as group:
            for _ in range(order["calls"]):
                due += random.expovariate(order["rate"])
                if (pause := due - time.perf_counter()) > 0:
                    await asyncio.sleep(pause)
                group.create_task(ask(due))
        return {"took": took}

    async def flood(self, order: dict[str, Any]) -> dict[str, Any]:
        """Full batches over `streams` streams, without a pause, for `seconds`; people received and seconds."""
        os.nice(order["nice"])
        (target,) = self._targets
        began, frames = time.perf_counter(), 0
        end = began + order["seconds"]

        async def pour(channel: grpc.aio.Channel) -> None:
            nonlocal frames
            while time.perf_counter() < end:
                call: Any = channel.stream_stream(STREAM)
                stream = call(metadata=target.metadata)
                try:
                    for _ in range(AHEAD):
                        await stream.write(next(self._batches))
                    while time.perf_counter() < end and (frame := await stream.read()) is not grpc.aio.EOF:
                        if len(frame) < FRAME_BYTES_MIN:
                            raise RuntimeError("a refusal was counted")
                        frames += 1
                        await stream.write(next(self._batches))
                except grpc.aio.AioRpcError as error:
                    if error.code() not in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED):
                        raise  # else it had its time, and another follows
                stream.cancel()

        channels = target.channels
        async with asyncio.TaskGroup() as group:
            for at in range(order["streams"]):
                group.create_task(pour(channels[at % len(channels)]))
        return {"people": frames * BATCH_PEOPLE, "seconds": time.perf_counter() - began}


def _batch(numbers: Sequence[str]) -> bytes:
    one = lookup_service_pb2.LookUpPersonRequest.FromString(LOOK_UP.prepared([(numbers[0],)], 1)[0])
    batch = lookup_service_pb2.BatchLookUpPersonsRequest(context=one.context, field_mask=one.field_mask)
    batch.numbers.extend(numbers)
    return lookup_service_pb2.StreamLookUpPersonsRequest(batch=batch).SerializeToString()


async def _main() -> None:
    crowd = Crowd(json.loads(sys.stdin.readline())["numbers"])
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    print("{}", flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        order = json.loads(line)
        try:
            reply = await getattr(crowd, order["do"])(order)
        except Exception as error:
            traceback.print_exception(error, file=sys.stderr)
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    asyncio.run(_main())
