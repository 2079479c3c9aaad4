"""Any number of items, in batches over streams to all workers: in order, with bounded memory, resumed when broken.

`Question` is what a method has to say; `ask_in_batches` does the rest for each of them.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, Protocol, TypeVar

from google.protobuf.message import DecodeError

from gateway.audit.receipt import Receipt
from gateway.client.connection import Connection
from gateway.client.errors import Broken, ClientError, UnexpectedAnswer
from gateway.client.receipts import missing_receipt
from gateway.client.refusals import refusal_in
from gateway.client.streams import LANES_PER_CONNECTION, Lane, Streams

BATCH_ITEMS_MAX: Final = 1000
TIMEOUT_SECONDS_DEFAULT: Final = 30.0
PATIENCE_SECONDS_DEFAULT: Final = 60.0

Item = TypeVar("Item")
Asked = TypeVar("Asked", contravariant=True)


class Question(Protocol[Asked]):
    """What a streamed method asks and answers."""

    path: str
    """/package.Service/Method."""
    frame: Any
    """Class of the response frame: `batch` or `refusal`, `sequence`, `call_id`."""

    def request(self, items: Sequence[Asked], call_id: str, stated: bool) -> bytes:
        """The serialised request frame. `stated`: context and mask stood in a message of this stream already."""

    def results(self, batch: Any) -> int:
        """How many results an answer holds: as many as there were items."""

    def people(self, batch: Any) -> int:
        """How many people an answer discloses, for its receipt."""


@dataclass(frozen=True, slots=True)
class BatchAnswer(Generic[Item]):
    """The answer to one batch. `index` counts batches from 0; `message` is the contract's batch response.

    `repeats`: how often the batch was sent again under `call_id` because its answer did not come: each may have
    left an entry in the audit log, of which all but one stand for nothing that arrived.
    """

    index: int
    items: Sequence[Item]
    message: Any
    receipt: Receipt
    call_id: str
    repeats: int


def random_call_id(_index: int) -> str:
    """A call id of 32 hex digits, by chance."""
    return secrets.token_hex(16)


async def in_batches(
    items: Iterable[Item] | AsyncIterable[Item], size: int = BATCH_ITEMS_MAX
) -> AsyncIterator[list[Item]]:
    """The items in lists of `size`; the last may be shorter."""
    batch: list[Item] = []
    async for item in _iterated(items):
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


async def ask_in_batches(
    connection: Connection,
    question: Question[Item],
    batches: Iterable[Sequence[Item]] | AsyncIterable[Sequence[Item]],
    *,
    call_id_of: Callable[[int], str] = random_call_id,
    begun: Callable[[int], None] = lambda _index: None,
    timeout_seconds: float = TIMEOUT_SECONDS_DEFAULT,
    patience_seconds: float = PATIENCE_SECONDS_DEFAULT,
) -> AsyncGenerator[BatchAnswer[Item], None]:
    """The answers to all batches, in order. Close it (`aclose`) to stop early. Raises ClientError.

    At any moment at most one batch per stream is sent and not yet given back to the caller, and one that the caller
    works on counts until it asks for the next: whoever keeps what it got repeats no more than that after a crash,
    if `call_id_of` gives batch n the same id again. `begun` is told each batch before it is first sent.
    `timeout_seconds` is for one answer, `patience_seconds` for one batch with all its repetitions.
    """
    streams = Streams(connection, question.path)
    lanes: list[Lane] = []
    pending: deque[asyncio.Task[BatchAnswer[Item]]] = deque()
    free: asyncio.Queue[Lane] = asyncio.Queue()

    async def ask(index: int, items: Sequence[Item]) -> BatchAnswer[Item]:
        lane = await free.get()
        call_id = call_id_of(index)
        try:
            raw, repeats = await lane.ask(lambda stated: question.request(items, call_id, stated), call_id)
        finally:
            free.put_nowait(lane)
        return await _accepted(connection, question, index, items, raw, call_id, repeats)

    try:
        for seat in await streams.spread(patience_seconds):
            for _ in range(LANES_PER_CONNECTION):
                lanes.append(Lane(streams, seat, timeout_seconds, patience_seconds))
                free.put_nowait(lanes[-1])
        index = 0
        async for items in _iterated(batches):
            if len(pending) == len(lanes):
                yield await pending.popleft()
            begun(index)
            pending.append(asyncio.create_task(ask(index, items)))
            index += 1
        while pending:
            yield await pending.popleft()
    except Broken as broken:
        raise await connection.diagnosed(broken) from broken
    finally:
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        for lane in lanes:
            await lane.close()
        await streams.close_all()


async def _accepted(
    connection: Connection,
    question: Question[Item],
    index: int,
    items: Sequence[Item],
    raw: bytes,
    call_id: str,
    repeats: int,
) -> BatchAnswer[Item]:
    """The answer in a frame, once its receipt is verified. Raises GatewayRefusal, ReceiptInvalid, UnexpectedAnswer."""
    method = question.path.rpartition("/")[2]
    try:
        frame = question.frame.FromString(raw)
    except DecodeError:
        raise _unexpected(method, call_id) from None
    if frame.HasField("refusal"):
        read = refusal_in(frame.refusal, call_id)
        if read is None:
            raise _unexpected(method, call_id)
        refusal, receipt = read
        if receipt is not None:
            refusal.receipt = await connection.take_receipt(receipt, call_id, method, 0)
        raise refusal
    batch = frame.batch
    if frame.call_id != call_id or question.results(batch) != len(items):
        raise _unexpected(method, call_id)
    if not batch.HasField("receipt"):
        raise missing_receipt(call_id)
    taken = await connection.take_receipt(batch.receipt, call_id, method, question.people(batch))
    return BatchAnswer(index, items, batch, taken, call_id, repeats)


def _unexpected(method: str, call_id: str) -> ClientError:
    return UnexpectedAnswer(
        f"What {method} answered is not the answer to what was asked; check that the gateway is of this version.",
        call_id=call_id,
    )


async def _iterated(items: Iterable[Item] | AsyncIterable[Item]) -> AsyncIterator[Item]:
    if isinstance(items, AsyncIterable):
        async for item in items:
            yield item
    else:
        for item in items:
            yield item
