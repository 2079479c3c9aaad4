"""Pushes of several workers become one transaction; a broken connection fails what waits and is mended."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import RegistryUnavailable
from gateway.sync.write_barrier import MESSAGE_BYTES_MAX, WriteBarrier, WriteRequest, frame, read_frame
from gateway.sync.writer import UPDATES_PER_TRANSACTION_MAX, WriteQueue
from registry.datasets import Dataset
from registry.errors import StoreUnavailable
from registry.writer import Outcome, OutcomeStatus, Update


class _Registry:
    """Stands for the registry's writer: applies everything, unless it fails."""

    def __init__(self) -> None:
        self.transactions: list[list[int | None]] = []
        self.failure: Exception | None = None

    def apply(self, updates: Sequence[Update]) -> list[Outcome]:
        if self.failure is not None:
            raise self.failure
        self.transactions.append([update.person_id for update in updates])
        return [Outcome(OutcomeStatus.APPLIED, update.person_id, 2, at) for at, update in enumerate(updates)]


def _update(person_id: int) -> Update:
    return Update(Dataset.SOCIAL_INSURANCE, {"status": 1, "code": None}, 1, 1_700_000_000_000_000, person_id=person_id)


@asynccontextmanager
async def _serving(registry: _Registry, path: Path) -> AsyncIterator[asyncio.Server]:
    writer: Any = registry
    server = await asyncio.start_unix_server(WriteQueue(writer).serve, path)
    try:
        yield server
    finally:
        server.close()


@asynccontextmanager
async def _barrier(path: Path) -> AsyncIterator[WriteBarrier]:
    barrier = WriteBarrier(str(path))
    try:
        yield barrier
    finally:
        await barrier.close()


async def test_outcomes_come_back_in_order(tmp_path: Path) -> None:
    async with _serving(_Registry(), tmp_path / "w"), _barrier(tmp_path / "w") as barrier:
        outcomes = await barrier.apply([_update(3), _update(1)])
        assert [(outcome.status, outcome.person_id, outcome.version) for outcome in outcomes] == [
            (OutcomeStatus.APPLIED, 3, 2),
            (OutcomeStatus.APPLIED, 1, 2),
        ]


async def test_what_waits_together_is_one_transaction(tmp_path: Path) -> None:
    registry = _Registry()
    async with _serving(registry, tmp_path / "w"), _barrier(tmp_path / "w") as barrier:
        await barrier.apply([_update(1)])
        found = await asyncio.gather(*[barrier.apply([_update(at), _update(at + 100)]) for at in range(10, 20)])
        assert [outcomes[1].person_id for outcomes in found] == list(range(110, 120))
        assert len(registry.transactions) <= 4


async def test_a_transaction_is_bounded(tmp_path: Path) -> None:
    registry = _Registry()
    async with _serving(registry, tmp_path / "w"), _barrier(tmp_path / "w") as barrier:
        await asyncio.gather(*[barrier.apply([_update(1)] * 1000) for _ in range(20)])
        assert sum(map(len, registry.transactions)) == 20_000
        assert max(map(len, registry.transactions)) <= UPDATES_PER_TRANSACTION_MAX


@pytest.mark.parametrize("failure", [StoreUnavailable("the disk is full"), OverflowError("not foreseen")])
async def test_a_registry_that_cannot_be_written_refuses_and_goes_on(
    failure: Exception, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    registry = _Registry()
    async with _serving(registry, tmp_path / "w"), _barrier(tmp_path / "w") as barrier:
        registry.failure = failure
        with pytest.raises(RegistryUnavailable):
            await asyncio.wait_for(barrier.apply([_update(1)]), 5)
        assert "writer:" in capsys.readouterr().err
        registry.failure = None
        assert len(await barrier.apply([_update(1)])) == 1


async def test_without_a_writer_a_push_is_refused_until_there_is_one(tmp_path: Path) -> None:
    async with _barrier(tmp_path / "w") as barrier:
        with pytest.raises(RegistryUnavailable):
            await barrier.apply([_update(1)])
        async with _serving(_Registry(), tmp_path / "w"):
            assert len(await barrier.apply([_update(1)])) == 1


async def test_a_connection_that_breaks_fails_what_waits(tmp_path: Path) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_frame(reader)
        writer.close()

    server = await asyncio.start_unix_server(hang_up, tmp_path / "w")
    async with _barrier(tmp_path / "w") as barrier:
        for _ in range(2):
            with pytest.raises(RegistryUnavailable):
                await asyncio.wait_for(barrier.apply([_update(1)]), 5)
    server.close()


async def test_a_message_that_is_too_long_or_no_message_ends_its_connection_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with _serving(_Registry(), tmp_path / "w"), _barrier(tmp_path / "w") as barrier:
        for raw in (struct.pack(">I", MESSAGE_BYTES_MAX + 1), struct.pack(">I", 3) + b"abc"):
            reader, writer = await asyncio.open_unix_connection(tmp_path / "w")
            writer.write(raw)
            assert await asyncio.wait_for(reader.read(), 5) == b""
            writer.close()
            await writer.wait_closed()
        assert capsys.readouterr().err.count("refused") == 2
        assert len(await barrier.apply([_update(1)])) == 1


def test_a_frame_begins_with_its_length() -> None:
    raw = frame(WriteRequest(1, []))
    assert struct.unpack(">I", raw[:4])[0] == len(raw) - 4
