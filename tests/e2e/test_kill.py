"""kill -9 under load: every promise that a caller holds is kept, every surplus entry is named, counters go on."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.audit.entry import Kind
from gateway.audit.verify import reconcile, verify
from gateway.client import Identity, ReceiptLog, connect
from gateway.client.receipts import read_receipts
from tests.e2e.load import Ledger, look_ups, pushes, running
from tests.gateway import AGENCIES, Gateway
from tests.gateway import running as gateway_running
from tests.world import number_of

WARM_SECONDS = 0.6
AFTER_SECONDS = 1.0
RECOVERY_SECONDS_MAX = 15.0


@dataclass(frozen=True, slots=True)
class Scene:
    """One gateway for the module, and all that its callers know since it was made."""

    gateway: Gateway
    hospital: Ledger
    insurance: Ledger


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory, registry: Path) -> Iterator[Scene]:
    """A gateway to be killed and killed again."""
    with gateway_running(tmp_path_factory.mktemp("killed") / "state", registry) as gateway:
        yield Scene(gateway, Ledger("hospital"), Ledger("insurance"))


async def _under_load(scene: Scene, strike: Callable[[], None], after: Callable[[], None] | None = None) -> None:
    """Strike while calls are in flight, then go on until calls are answered again."""
    loads = look_ups(scene.gateway, scene.hospital), pushes(scene.gateway, scene.insurance)
    async with running(*loads):
        await _until_answered_more(scene, 20)
        await asyncio.sleep(WARM_SECONDS)
        strike()
        if after is not None:
            await asyncio.to_thread(after)
        await _until_answered_more(scene, 20)
        await asyncio.sleep(AFTER_SECONDS)


async def _until_answered_more(scene: Scene, count: int) -> None:
    targets = [(ledger, len(ledger.receipts) + count) for ledger in (scene.hospital, scene.insurance)]
    deadline = time.monotonic() + RECOVERY_SECONDS_MAX
    while any(len(ledger.receipts) < target for ledger, target in targets):
        assert time.monotonic() < deadline, [ledger.failures() for ledger, _ in targets]
        await asyncio.sleep(0.05)


async def _both_workers(scene: Scene) -> list[int]:
    """The workers, once none is missing."""
    deadline = time.monotonic() + RECOVERY_SECONDS_MAX
    while len(workers := scene.gateway.serving_workers()) < scene.gateway.workers:
        assert time.monotonic() < deadline, "a worker was not replaced"
        await asyncio.sleep(0.05)
    return workers


def _check_everything(scene: Scene) -> None:
    """The promises, the log, the counters and the registry, against what the callers know."""
    gateway = scene.gateway
    _await_publication(gateway, scene)
    directory, vkey = str(gateway.state / "audit"), (gateway.state / "audit" / "log.vkey").read_text().strip()
    receipt_vkey = (gateway.state / "audit" / "receipt.vkey").read_text().strip()
    report = verify(directory, vkey)
    for ledger in (scene.hospital, scene.insurance):
        found = reconcile(directory, vkey, ledger.agency, ledger.receipts.values(), receipt_vkey)
        assert (found.broken, found.honoured) == ((), len(ledger.receipts))
        # An entry without a receipt belongs to a call whose caller was told that it failed.
        assert {surplus.call_id.hex() for surplus in found.surplus} <= ledger.failed.keys()
        assert all(surplus.worker_epoch for surplus in found.surplus)
        if ledger is scene.hospital:
            disclosed = report.disclosed["hospital", "LookUpPerson"]
            assert disclosed.entries == len(ledger.receipts) + len(found.surplus)
            counted = gateway.metric("gateway_people_served_total", agency="hospital", method="LookUpPerson")
            assert ledger.people <= counted <= disclosed.people
    _check_registry(scene)


def _await_publication(gateway: Gateway, scene: Scene) -> None:
    newest = max(receipt.index for ledger in (scene.hospital, scene.insurance) for receipt in ledger.receipts.values())
    deadline = time.monotonic() + 10
    while gateway.published() <= newest:
        assert time.monotonic() < deadline, "the log was not published"
        time.sleep(0.05)


def _check_registry(scene: Scene) -> None:
    """No acknowledged push is lost; the change feed is dense."""
    registry = sqlite3.connect(f"file:{scene.gateway.state}/registry.db?mode=ro", uri=True)
    versions = dict(registry.execute("SELECT number, version FROM person").fetchall())
    positions, newest, intents = registry.execute(
        "SELECT count(*), max(position), count(audit_index) FROM change"
    ).fetchone()
    registry.close()
    assert {number for number, version in scene.insurance.acknowledged.items() if versions[number] < version} == set()
    assert positions == newest == intents


async def test_a_killed_worker_is_replaced_and_nothing_promised_is_lost(scene: Scene) -> None:
    worker, _ = await _both_workers(scene)
    await _under_load(scene, lambda: os.kill(worker, signal.SIGKILL))
    assert worker not in await _both_workers(scene)
    _check_everything(scene)


async def test_a_killed_sequencer_is_replaced_and_nothing_promised_is_lost(scene: Scene) -> None:
    sequencer = scene.gateway.sequencer()
    await _under_load(scene, lambda: os.kill(sequencer, signal.SIGKILL))
    assert scene.gateway.sequencer() != sequencer
    _check_everything(scene)


async def test_a_killed_writer_is_replaced_and_nothing_acknowledged_is_lost(scene: Scene) -> None:
    writer = next(pid for pid in scene.gateway.children() if _holds_for_writing(pid, "registry.db"))
    await _under_load(scene, lambda: os.kill(writer, signal.SIGKILL))
    _check_everything(scene)


async def test_a_killed_gateway_starts_again_and_nothing_promised_is_lost(scene: Scene) -> None:
    answered = scene.hospital.people
    await _under_load(scene, scene.gateway.kill, scene.gateway.start)
    assert scene.gateway.metric("gateway_people_served_total", agency="hospital") > answered
    _check_everything(scene)


async def test_a_log_that_cannot_be_written_answers_nobody_until_it_can(scene: Scene) -> None:
    sequencer = scene.gateway.sequencer()

    def fail() -> None:
        # Every further write of this process fails with EFBIG, as on a full disk.
        resource.prlimit(sequencer, resource.RLIMIT_FSIZE, (0, 0))

    await _under_load(scene, fail)
    assert scene.gateway.sequencer() != sequencer
    assert b"sequencer ended (exit status 1)" in scene.gateway.output()
    assert "AUDIT_UNAVAILABLE" in scene.hospital.failures()
    _check_everything(scene)


async def test_while_the_sequencer_stands_still_no_answer_arrives(scene: Scene) -> None:
    load = look_ups(scene.gateway, scene.hospital)
    async with load.channel() as channel:
        await load.get_token(channel)
        assert await load.call(channel) == ""
        sequencer = scene.gateway.sequencer()
        os.kill(sequencer, signal.SIGSTOP)
        try:
            ended = await asyncio.gather(*[load.call(channel, deadline_seconds=0.7) for _ in range(16)])
        finally:
            os.kill(sequencer, signal.SIGCONT)
        assert set(ended) == {"DEADLINE_EXCEEDED"}
        assert await load.call(channel) == ""
    _check_everything(scene)


async def test_a_push_whose_caller_gave_up_is_finished_and_recorded(scene: Scene) -> None:
    load = pushes(scene.gateway, scene.insurance)
    async with load.channel() as channel:
        await load.get_token(channel)
        assert await load.call(channel) == ""
        known = set(scene.insurance.failed)
        sequencer = scene.gateway.sequencer()
        os.kill(sequencer, signal.SIGSTOP)
        try:
            assert await load.call(channel, deadline_seconds=0.5) == "DEADLINE_EXCEEDED"
        finally:
            os.kill(sequencer, signal.SIGCONT)
        (call_id,) = set(scene.insurance.failed) - known
        deadline = time.monotonic() + 10
        while True:
            kinds = [entry.kind for entry in scene.gateway.log() if entry.call_id.hex() == call_id]
            if len(kinds) == 2:
                break
            assert time.monotonic() < deadline, kinds
            await asyncio.sleep(0.1)
    assert kinds == [Kind.PUSH_INTENT, Kind.PUSH_OUTCOME]


async def test_through_the_client_a_killed_worker_is_not_noticed(scene: Scene, tmp_path: Path) -> None:
    context = AGENCIES["province-south"].context
    identity = Identity.from_folder(scene.gateway.identity("province-south"))
    kept = ReceiptLog(tmp_path / "receipts.jsonl")
    async with connect(identity, scene.gateway.address, receipt_log=kept) as client:

        async def look_up(position: int) -> str:
            found = await client.look_up(number_of(position), fields=["number"], context=context)
            return found.person.number

        await look_up(10)
        workers = await _both_workers(scene)
        asking = [asyncio.create_task(look_up(10 + 10 * (at % 90))) for at in range(400)]
        await asyncio.sleep(0.02)
        for pid in workers:
            os.kill(pid, signal.SIGKILL)
        answered = await asyncio.gather(*asking)
    assert answered == [number_of(10 + 10 * (at % 90)) for at in range(400)]
    receipts = [each.receipt for each in read_receipts(tmp_path / "receipts.jsonl")]
    newest = max(receipt.index for receipt in receipts)
    scene.gateway.entry(newest)
    directory = scene.gateway.state / "audit"
    vkey = (directory / "log.vkey").read_text().strip()
    found = reconcile(str(directory), vkey, "province-south", receipts)
    assert (found.honoured, found.broken) == (len(receipts), ())


def _holds_for_writing(pid: int, name: str) -> bool:
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        if descriptor.readlink().name == name:
            flags = int((Path(f"/proc/{pid}/fdinfo") / descriptor.name).read_text().split()[3], 8)
            if flags & os.O_ACCMODE != os.O_RDONLY:
                return True
    return False
