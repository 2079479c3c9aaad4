"""What a load client does with streams of batches. Part of the client process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import grpc

from tests.bench.methods import Measured
from tests.bench.target import TIMEOUT_SECONDS


async def run(
    streams: list[Any], metadata: Any, measured: Measured, prepared: Iterator[bytes], order: dict[str, Any]
) -> dict[str, Any]:
    """A stream on each of `streams`, each with `window` batches under way, for `seconds`; all batches end."""
    took: list[float] = []
    people = 0
    begin = time.perf_counter()
    end = begin + order["seconds"]

    async def run_one(open_stream: Any) -> None:
        nonlocal people
        sent: asyncio.Queue[float] = asyncio.Queue()
        room = asyncio.Semaphore(order["window"])
        stream = open_stream(metadata=metadata, timeout=TIMEOUT_SECONDS)

        async def write() -> None:
            while time.perf_counter() < end:
                await room.acquire()
                sent.put_nowait(time.perf_counter())
                await stream.write(next(prepared))
            await stream.done_writing()

        writing = asyncio.create_task(write())
        while (raw := await stream.read()) is not grpc.aio.EOF:
            people += measured.counted(raw)
            took.append(time.perf_counter() - sent.get_nowait())
            room.release()
        await writing

    await asyncio.gather(*map(run_one, streams))
    return {"calls": len(took), "people": people, "seconds": time.perf_counter() - begin, "took": took}
