"""kill -9 under load: every promise that a caller holds is kept, every surplus entry is named, counters go on."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import time
from pathlib import Path

import pytest

from gateway.audit.entry import Kind
from gateway.audit.verify import reconcile
from gateway.client import Identity, ReceiptLog, connect
from gateway.client.receipts import read_receipts
from tests.e2e.load import look_ups, pushes
from tests.e2e.scene import Scene, both_workers, check_everything, under_load
from tests.gateway import AGENCIES
from tests.world import number_of


async def test_a_killed_worker_is_replaced_and_nothing_promised_is_lost(scene: Scene) -> None:
    worker, _ = await both_workers(scene)
    await under_load(scene, lambda: os.kill(worker, signal.SIGKILL))
    assert worker not in await both_workers(scene)
    check_everything(scene)


async def test_a_killed_sequencer_is_replaced_and_nothing_promised_is_lost(scene: Scene) -> None:
    sequencer = scene.gateway.sequencer()
    await under_load(scene, lambda: os.kill(sequencer, signal.SIGKILL))
    assert scene.gateway.sequencer() != sequencer
    check_everything(scene)


@pytest.mark.slow
async def test_a_killed_writer_is_replaced_and_nothing_acknowledged_is_lost(scene: Scene) -> None:
    writer = next(pid for pid in scene.gateway.children() if _holds_for_writing(pid, "registry.db"))
    await under_load(scene, lambda: os.kill(writer, signal.SIGKILL))
    check_everything(scene)


async def test_a_killed_gateway_starts_again_and_nothing_promised_is_lost(scene: Scene) -> None:
    answered = scene.hospital.people
    await under_load(scene, scene.gateway.kill, scene.gateway.start)
    assert scene.gateway.metric("gateway_people_served_total", agency="hospital") > answered
    check_everything(scene)


async def test_a_log_that_cannot_be_written_answers_nobody_until_it_can(scene: Scene) -> None:
    sequencer = scene.gateway.sequencer()

    def fail() -> None:
        # Every further write of this process fails with EFBIG, as on a full disk.
        resource.prlimit(sequencer, resource.RLIMIT_FSIZE, (0, 0))

    await under_load(scene, fail)
    assert scene.gateway.sequencer() != sequencer
    assert b"sequencer ended (exit status 1)" in scene.gateway.output()
    assert "AUDIT_UNAVAILABLE" in scene.hospital.failures()
    check_everything(scene)


async def test_while_the_sequencer_stands_still_no_answer_arrives(scene: Scene) -> None:
    load = look_ups(scene.gateway, scene.hospital)
    async with load.channel() as channel:
        await load.get_ready(channel)
        assert await load.call(channel) == ""
        sequencer = scene.gateway.sequencer()
        os.kill(sequencer, signal.SIGSTOP)
        try:
            ended = await asyncio.gather(*[load.call(channel, deadline_seconds=0.7) for _ in range(16)])
        finally:
            os.kill(sequencer, signal.SIGCONT)
        assert set(ended) == {"DEADLINE_EXCEEDED"}
        assert await load.call(channel) == ""
    check_everything(scene)


async def test_a_push_whose_caller_gave_up_is_finished_and_recorded(scene: Scene) -> None:
    load = pushes(scene.gateway, scene.insurance)
    async with load.channel() as channel:
        await load.get_ready(channel)
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

        await both_workers(scene)
        await look_up(10)
        (worker,) = scene.gateway.connected_workers()
        asking = [asyncio.create_task(look_up(10 + 10 * (at % 90))) for at in range(400)]
        await asyncio.sleep(0.02)
        os.kill(worker, signal.SIGKILL)
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
