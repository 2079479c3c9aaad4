"""A real sequencer process under load: killed, tampered with, starved of disk, slowed down."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.audit.barrier import AuditBarrier
from gateway.audit.errors import Tampered
from gateway.audit.files import RealFiles
from gateway.audit.log import create_audit
from gateway.audit.paths import AuditPaths
from gateway.audit.receipt import Receipt
from gateway.audit.verify import reconcile, verify
from gateway.errors import AuditUnavailable
from tests.unit.audit.records import ORIGIN, make_record

SEGMENT_BYTES = 1 << 20
PROGRAM = """
import os, resource, sys, threading, time
from gateway.audit.files import RealFiles
from gateway.audit.sequencer import run

class Disk(RealFiles):
    syncs = 0

    def fdatasync(self, handle):
        Disk.syncs += 1
        {on_sync}
        super().fdatasync(handle)

{at_start}
sys.exit(run({state!r}, {origin!r}, lambda: None, files=Disk(), segment_bytes={segment_bytes}))
"""


class Host:
    """A state directory and the sequencer processes started on it."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.paths = AuditPaths(str(state))
        self.processes: list[subprocess.Popen[str]] = []
        create_audit(str(state), ORIGIN, os.urandom, RealFiles(), SEGMENT_BYTES)

    def start(self, on_sync: str = "pass", at_start: str = "pass") -> subprocess.Popen[str]:
        program = PROGRAM.format(
            on_sync=on_sync,
            at_start=at_start,
            state=str(self.state),
            origin=ORIGIN,
            segment_bytes=SEGMENT_BYTES,
        )
        process = subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE, text=True)
        self.processes.append(process)
        return process

    def stop(self, process: subprocess.Popen[str]) -> None:
        process.terminate()
        assert process.wait(20) == 0

    def barrier(self) -> AuditBarrier:
        return AuditBarrier(self.paths.socket)

    def vkey(self) -> str:
        return Path(self.paths.log_vkey).read_text(encoding="ascii")

    def receipt_vkey(self) -> str:
        return Path(self.paths.receipt_vkey).read_text(encoding="ascii")

    def checkpoint(self) -> bytes:
        return (Path(self.paths.log) / "checkpoint").read_bytes()

    def verify(self, older: bytes | None = None) -> int:
        return verify(self.paths.log, self.vkey(), older).size

    def honours(self, receipts: list[Receipt]) -> None:
        report = reconcile(self.paths.log, self.vkey(), "tax", receipts, self.receipt_vkey())
        assert report.broken == ()
        assert report.honoured == len(receipts)


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    host = Host(tmp_path / "s")
    yield host
    for process in host.processes:
        if process.poll() is None:
            process.kill()
        process.wait()
        assert process.stderr is not None
        process.stderr.close()


async def record_until_broken(barrier: AuditBarrier, receipts: list[Receipt], callers: int = 8) -> None:
    """Record from several callers until the connection breaks."""

    async def caller(number: int) -> None:
        while True:
            try:
                receipts.append(await barrier.record(*make_record(number)))
            except AuditUnavailable:
                return
            number += callers

    await asyncio.gather(*(caller(number) for number in range(callers)))


async def recorded(host: Host, count: int) -> list[Receipt]:
    barrier = host.barrier()
    await barrier.connect()
    receipts = await asyncio.gather(*(barrier.record(*make_record(number)) for number in range(count)))
    await barrier.close()
    return list(receipts)


async def test_after_kill_under_load_every_receipt_stands_in_the_log(host: Host) -> None:
    process = host.start()
    receipts: list[Receipt] = []
    barriers = [host.barrier() for _ in range(3)]
    for barrier in barriers:
        await barrier.connect()
    for round_ in range(3):
        load = [asyncio.create_task(record_until_broken(barrier, receipts)) for barrier in barriers]
        await asyncio.sleep(0.4 + 0.7 * (round_ == 1))
        process.send_signal(signal.SIGKILL)
        await asyncio.gather(*load)
        process.wait()
        process = host.start()
        for barrier in barriers:
            await barrier.connect()
    receipts.append(await barriers[0].record(*make_record(1)))
    for barrier in barriers:
        await barrier.close()
    host.stop(process)
    assert len(receipts) > 500
    assert host.verify() >= len(receipts)
    host.honours(receipts)


async def test_termination_publishes_everything_that_was_promised(host: Host) -> None:
    process = host.start()
    receipts = await recorded(host, 300)
    host.stop(process)
    assert host.verify() == 300
    host.honours(receipts)


async def test_a_failing_sync_ends_the_process_without_an_answer(host: Host) -> None:
    process = host.start(on_sync="if Disk.syncs > 20: raise OSError(5, 'Input/output error')")
    receipts: list[Receipt] = []
    barrier = host.barrier()
    await barrier.connect()
    await record_until_broken(barrier, receipts, callers=1)
    assert process.wait(10) == 1
    assert process.stderr is not None
    assert process.stderr.read().splitlines() == [
        "audit sequencer: the write-ahead log cannot be written: Input/output error; nothing more is answered"
    ]
    again = host.start()
    await barrier.connect()
    await barrier.close()
    host.stop(again)
    host.honours(receipts)


async def test_a_file_size_limit_reached_under_load_loses_no_promise(host: Host) -> None:
    limit = "threading.Timer(1.0, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, -1))).start()"
    process = host.start(at_start=limit)
    receipts: list[Receipt] = []
    barrier = host.barrier()
    await barrier.connect()
    await record_until_broken(barrier, receipts)
    assert process.wait(10) == 1
    assert process.stderr is not None
    assert "cannot be" in process.stderr.read()
    again = host.start()
    await barrier.connect()
    await barrier.close()
    host.stop(again)
    assert host.verify() >= len(receipts) > 0
    host.honours(receipts)


async def test_answers_wait_for_a_slow_disk(host: Host) -> None:
    host.start(on_sync="time.sleep(0.3)")
    barrier = host.barrier()
    await barrier.connect()
    began = time.monotonic()
    await barrier.record(*make_record(1))
    assert time.monotonic() - began >= 0.3
    await barrier.close()


async def test_a_malformed_message_closes_only_its_own_connection(host: Host) -> None:
    host.start()
    barrier = host.barrier()
    await barrier.connect()
    for wrong in (b"\xff\xff\xff\xff\x02", b"\x00\x00\x00\x05\x02bad!", b"\x00\x00\x00\x01\x63"):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(5)
            sock.connect(host.paths.socket)
            sock.sendall(wrong)
            while sock.recv(4096):
                pass
    assert (await barrier.record(*make_record(1))).index == 0
    assert (await barrier.stats())["size"] == 1
    await barrier.close()


async def test_what_does_not_fit_one_segment_becomes_several_commits(host: Host) -> None:
    process = host.start()
    barrier = host.barrier()
    await barrier.connect()
    entry, _ = make_record(1)
    details = [bytes([number]) * 60_000 for number in range(100)]
    receipts = list(await asyncio.gather(*(barrier.record(entry, detail) for detail in details)))
    commits = (await barrier.stats())["commits"]
    with pytest.raises(AuditUnavailable):
        await barrier.record(entry, bytes(SEGMENT_BYTES))
    await barrier.close()
    host.stop(process)
    assert commits >= 6
    assert [receipt.index for receipt in receipts] == list(range(100))
    host.honours(receipts)


async def test_a_second_sequencer_on_one_state_directory_refuses_to_start(host: Host) -> None:
    host.start()
    await recorded(host, 1)
    second = host.start()
    assert second.wait(10) == 1
    assert second.stderr is not None
    assert "another sequencer runs" in second.stderr.read()


async def test_a_write_ahead_log_from_a_backup_is_refused(host: Host, tmp_path: Path) -> None:
    process = host.start()
    await recorded(host, 10)
    host.stop(process)
    shutil.copytree(host.paths.wal, tmp_path / "backup")
    process = host.start()
    await recorded(host, 10)
    host.stop(process)
    shutil.rmtree(host.paths.wal)
    shutil.copytree(tmp_path / "backup", host.paths.wal)
    refused = host.start()
    assert refused.wait(10) == 1
    assert refused.stderr is not None
    assert "holds 10 entries, but a checkpoint of 20 was signed" in refused.stderr.read()


async def test_a_wholly_restored_older_state_is_named_by_a_saved_checkpoint_and_by_receipts(
    host: Host, tmp_path: Path
) -> None:
    process = host.start()
    await recorded(host, 10)
    host.stop(process)
    shutil.copytree(host.state, tmp_path / "backup", ignore=shutil.ignore_patterns("*.sock"))
    process = host.start()
    later = await recorded(host, 5)
    host.stop(process)
    saved = host.checkpoint()
    shutil.rmtree(host.state)
    shutil.copytree(tmp_path / "backup", host.state)
    assert host.verify() == 10
    with pytest.raises(Tampered, match="a checkpoint of 15 was saved"):
        host.verify(saved)
    report = reconcile(host.paths.log, host.vkey(), "tax", later, host.receipt_vkey())
    assert [item.index for item in report.broken] == [10, 11, 12, 13, 14]
    # Growing past the old size again does not hide it: other entries now stand where receipts point.
    process = host.start()
    await recorded(host, 20)
    host.stop(process)
    with pytest.raises(Tampered, match="not those of the checkpoint saved"):
        host.verify(saved)
    report = reconcile(host.paths.log, host.vkey(), "tax", later, host.receipt_vkey())
    assert {item.reason for item in report.broken} == {"the log holds another entry at this index"}


async def test_alterations_of_the_published_files_are_found_and_placed(host: Host) -> None:
    process = host.start()
    await recorded(host, 400)
    host.stop(process)
    log = Path(host.paths.log)
    bundle = log / "tile/entries/000"
    raw = bundle.read_bytes()
    length = 2 + int.from_bytes(raw[:2], "big")
    for altered, index in (
        (raw[: 3 * length + 50] + b"?" + raw[3 * length + 51 :], 3),
        (raw[: 5 * length] + raw[6 * length :], 5),
        (raw[: 7 * length] + raw[8 * length : 9 * length] + raw[7 * length : 8 * length] + raw[9 * length :], 7),
    ):
        bundle.write_bytes(altered)
        with pytest.raises(Tampered) as caught:
            host.verify()
        assert (caught.value.index, caught.value.file) == (index, "tile/entries/000")
    bundle.write_bytes(raw)
    checkpoint = host.checkpoint()
    (log / "checkpoint").write_bytes(checkpoint[:-20])
    with pytest.raises(Tampered, match="checkpoint"):
        host.verify()
    (log / "checkpoint").write_bytes(checkpoint)
    assert host.verify() == 400
