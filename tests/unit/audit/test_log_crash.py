"""Crashes at every step: whatever survived, the log opens and honours every receipt it handed out."""

from __future__ import annotations

from random import Random

import pytest

from gateway.audit.errors import LogFailed
from gateway.audit.log import Log
from gateway.audit.receipt import Receipt
from gateway.audit.tree import leaf_hash
from gateway.audit.verify import verify
from tests.unit.audit.disk import MemoryDisk
from tests.unit.audit.records import LOG, Clock, make_record, new_log, reopen, vkey


class Schedule:
    """A seeded run of appends and publishes; keeps what was promised and seen, and checks crash images."""

    def __init__(self, seed: int, check_share: float) -> None:
        self.random = Random(seed)
        self.check_share = check_share
        self.receipts: list[Receipt] = []
        self.checkpoints: set[bytes] = set()
        self.images = 0
        self.clock = Clock()
        self.disk = MemoryDisk()

    def run(self, steps: int) -> None:
        log = new_log(self.disk, self.clock)
        self.disk.on_step = self.after_step
        for _ in range(steps):
            if self.random.random() < 0.75:
                self.append(log)
            else:
                log.publish()
        self.check(self.disk.crash())

    def append(self, log: Log) -> None:
        count = self.random.choice((1, 1, 2, 5, 40))
        first = log.size
        self.receipts += log.append([make_record(first + at) for at in range(count)])

    def after_step(self) -> None:
        checkpoint = self.disk.names.get(f"{LOG}/checkpoint")
        if checkpoint is not None:
            self.checkpoints.add(bytes(checkpoint.current))
        if self.random.random() < self.check_share:
            variant = self.random.randrange(4)
            if variant == 0:
                self.check(self.disk.killed())
            elif variant == 1:
                self.check(self.disk.crash())
            else:
                self.check(self.disk.crash(Random(self.random.random())))

    def check(self, image: MemoryDisk) -> None:
        self.images += 1
        log = reopen(image, self.clock)
        promised = [*self.receipts, *log.append([make_record(10_000_000)])]
        # A second crash, before anything of this run was published.
        again = image.crash(Random(self.random.random()))
        log = reopen(again, self.clock)
        log.close()
        image = again
        seen = self.random.sample(sorted(self.checkpoints), min(2, len(self.checkpoints)))
        for older in [None, *seen]:
            verify(LOG, vkey(), older, image.read)
        leaves = leaves_of(image, log.size)
        for receipt in promised:
            assert leaves[receipt.index] == receipt.leaf_hash
        assert reopen(image, self.clock).size == log.size


def leaves_of(disk: MemoryDisk, size: int) -> list[bytes]:
    """Leaf hashes of the published log, from its bundles."""
    from gateway.audit.reader import LogReader

    reader = LogReader(LOG, disk.read)
    leaves: list[bytes] = []
    while len(leaves) < size:
        number = len(leaves) // 256
        leaves += [leaf_hash(entry) for entry in reader.entries(number, min(256, size - len(leaves)))]
    return leaves


@pytest.mark.parametrize("seed", range(4))
def test_every_receipt_survives_a_crash_at_any_step_with_any_surviving_sectors(seed: int) -> None:
    schedule = Schedule(seed, check_share=0.05)
    schedule.run(120)
    assert schedule.images > 10
    assert len(schedule.receipts) > 500


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 110))
def test_every_receipt_survives_a_crash_at_every_single_step(seed: int) -> None:
    Schedule(seed, check_share=1.0).run(80)


@pytest.mark.parametrize("operation", ["pwrite", "fdatasync"])
def test_after_a_failed_write_or_sync_nothing_is_promised_and_the_log_is_not_used_again(operation: str) -> None:
    disk = MemoryDisk()
    log = new_log(disk)
    log.append([make_record(1)])
    disk.failing = operation
    with pytest.raises(LogFailed):
        log.append([make_record(2)])
    disk.failing = None
    with pytest.raises(LogFailed, match="failed before"):
        log.append([make_record(3)])
    assert log.size == 1


@pytest.mark.parametrize("operation", ["write", "write_atomically", "sync", "create_filled"])
def test_a_failing_publication_is_reported(operation: str) -> None:
    disk = MemoryDisk()
    log = new_log(disk)
    log.append([make_record(number) for number in range(60)])
    for round_ in range(8):
        log.append([make_record(round_ * 60 + number) for number in range(60)])
    disk.failing = operation
    with pytest.raises(LogFailed):
        log.publish()


def test_write_ahead_segments_are_removed_only_below_synced_bundles_and_the_checkpoint() -> None:
    disk = MemoryDisk()
    log = new_log(disk)
    for number in range(0, 2000, 40):
        log.append([make_record(number + at) for at in range(40)])
    before = disk.listdir("/state/wal")
    log.publish()
    after = disk.listdir("/state/wal")
    assert len(after) < len(before)
    assert reopen(disk.crash()).size == 2000
