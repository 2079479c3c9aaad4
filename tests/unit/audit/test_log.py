"""The log gives receipts that verify, publishes what is durable, and refuses to continue what it did not sign."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from gateway.audit.checkpoint import open_checkpoint
from gateway.audit.entry import decode
from gateway.audit.errors import LogRefused
from gateway.audit.files import RealFiles
from gateway.audit.log import create_audit, create_log, needs_creating, open_log
from gateway.audit.note import parse
from gateway.audit.reader import LogReader
from gateway.audit.receipt import ReceiptVerifier
from gateway.audit.tree import check_consistency, consistency_proof, inclusion_proof, leaf_hash, root_from_path
from tests.unit.audit.disk import MemoryDisk
from tests.unit.audit.records import (
    LOG,
    SEGMENT_BYTES,
    WAL,
    Clock,
    make_keys,
    make_record,
    new_log,
    receipt_vkey,
    reopen,
    vkey,
)


def filled(disk: MemoryDisk, entries: int) -> None:
    log = new_log(disk)
    for first in range(0, entries, 40):
        log.append([make_record(number) for number in range(first, min(entries, first + 40))])
        if first % 240 == 0:
            log.publish()
    log.close()


def test_receipts_of_a_commit_verify_and_count_on() -> None:
    log = new_log(MemoryDisk())
    check = ReceiptVerifier.from_text(receipt_vkey())
    for count in (1, 2, 3, 7, 40):
        first = log.size
        receipts = log.append([make_record(number) for number in range(count)])
        assert [receipt.index for receipt in receipts] == list(range(first, first + count))
        for receipt in receipts:
            check.check(receipt)


def test_log_time_never_runs_backwards_even_over_a_restart() -> None:
    disk = MemoryDisk()
    clock = Clock(2_000_000)
    log = new_log(disk, clock)
    log.append([make_record(1)])
    clock.now_us = 1_000_000
    log.append([make_record(2)])
    log.close()
    log = reopen(disk, Clock(5))
    log.append([make_record(3)])
    log.close()
    times = [decode(raw).time_us for raw in LogReader(LOG, disk.read).entries(0, 3)]
    assert times == sorted(times)
    assert times[0] == 2_000_001


def test_publishing_without_growth_changes_nothing() -> None:
    log = new_log(MemoryDisk())
    assert log.publish() is False
    log.append([make_record(1)])
    assert log.publish() is True
    assert log.publish() is False


def test_proofs_built_from_the_published_tiles_verify() -> None:
    disk = MemoryDisk()
    filled(disk, 700)
    reader = LogReader(LOG, disk.read)
    checkpoint = open_checkpoint(reader.checkpoint(), make_keys().log.verifier)
    subtree = reader.subtrees(700)
    for index in (0, 1, 255, 256, 511, 512, 699):
        leaf = leaf_hash(reader.entry(index, 700))
        assert root_from_path(leaf, index, 700, inclusion_proof(index, 700, subtree)) == checkpoint.root
    half = filled_root(300)
    check_consistency(300, half, 700, checkpoint.root, consistency_proof(300, 700, subtree))


def filled_root(entries: int) -> bytes:
    from gateway.audit.tree import root_of

    disk = MemoryDisk()
    filled(disk, 700)
    reader = LogReader(LOG, disk.read)
    return root_of([leaf_hash(reader.entry(index, 700)) for index in range(entries)])


def test_a_log_is_created_once() -> None:
    disk = MemoryDisk()
    new_log(disk)
    with pytest.raises(LogRefused, match="never replaced"):
        create_log(disk, LOG, WAL, make_keys(), SEGMENT_BYTES)


def test_a_log_without_its_checkpoint_is_not_opened() -> None:
    disk = MemoryDisk()
    filled(disk, 10)
    del disk.names[f"{LOG}/checkpoint"]
    with pytest.raises(LogRefused, match="no checkpoint"):
        reopen(disk)


def test_an_older_write_ahead_log_beside_a_newer_checkpoint_is_refused() -> None:
    disk = MemoryDisk()
    log = new_log(disk)
    log.append([make_record(1)])
    log.publish()
    backup = {path: bytes(inode.current) for path, inode in disk.names.items() if path.startswith(WAL)}
    log.append([make_record(2)])
    log.close()
    for path, content in backup.items():
        disk.names[path].current = bytearray(content)
    with pytest.raises(LogRefused, match="restored backup"):
        reopen(disk)


def test_an_older_checkpoint_beside_a_newer_write_ahead_log_is_refused_once_segments_were_removed() -> None:
    disk = MemoryDisk()
    log = new_log(disk)
    old = bytes(disk.names[f"{LOG}/checkpoint"].current)
    for first in range(0, 800, 40):
        log.append([make_record(first + at) for at in range(40)])
    log.close()
    disk.names[f"{LOG}/checkpoint"].current = bytearray(old)
    with pytest.raises(LogRefused, match="older one"):
        reopen(disk)


def test_altered_write_ahead_entries_or_tiles_under_the_checkpoint_are_refused() -> None:
    disk = MemoryDisk()
    filled(disk, 900)
    disk.names[f"{LOG}/tile/0/000"].current[5] ^= 1
    with pytest.raises(LogRefused, match="not those of the signed checkpoint"):
        reopen(disk)


def test_a_checkpoint_of_another_key_is_refused() -> None:
    disk = MemoryDisk()
    create_log(disk, LOG, WAL, make_keys(2), SEGMENT_BYTES)
    with pytest.raises(LogRefused, match="not one this log signed"):
        reopen(disk)


def test_after_a_crash_the_partial_files_of_the_last_checkpoint_are_there_again() -> None:
    disk = MemoryDisk()
    log = new_log(disk)
    log.append([make_record(number) for number in range(10)])
    log.publish()
    log.append([make_record(number) for number in range(5)])
    image = disk.crash()
    assert not image.exists(f"{LOG}/tile/entries/000.p/10")
    reopen(image)
    assert len(LogReader(LOG, image.read).entries(0, 10)) == 10


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_the_checkpoint_signature_verifies_with_openssl(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    disk = MemoryDisk()
    filled(disk, 3)
    note = parse(disk.read(f"{LOG}/checkpoint"))
    public = Ed25519PublicKey.from_public_bytes(make_keys().log.verifier.public)
    (tmp_path / "key.pem").write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    (tmp_path / "text").write_text(note.text, encoding="utf-8")
    (tmp_path / "signature").write_bytes(note.signatures[0].raw)
    command = ["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", "key.pem"]
    command += ["-in", "text", "-sigfile", "signature"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert vkey().startswith("audit.example.test/1+")


class Stopped(Exception):
    """The machine went down."""


class FilesUntil(RealFiles):
    """Real files that go down at one step of many."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def _step(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Stopped

    def create_filled(self, path: str, size_bytes: int) -> None:
        self._step()
        super().create_filled(path, size_bytes)

    def fdatasync(self, handle: int) -> None:
        self._step()
        super().fdatasync(handle)

    def write_atomically(self, path: str, data: bytes) -> None:
        self._step()
        super().write_atomically(path, data)

    def unlink(self, path: str) -> None:
        self._step()
        super().unlink(path)

    def sync_directory(self, path: str) -> None:
        self._step()
        super().sync_directory(path)


def test_a_creation_that_was_interrupted_anywhere_is_begun_again(tmp_path: Path) -> None:
    for steps in range(100):
        state, files = tmp_path / str(steps), FilesUntil(steps)
        try:
            create_audit(str(state), "audit.test/1", os.urandom, files, SEGMENT_BYTES)
        except Stopped:
            if needs_creating(RealFiles(), str(state)):
                create_audit(str(state), "audit.test/1", os.urandom, RealFiles(), SEGMENT_BYTES)
        assert not needs_creating(RealFiles(), str(state))
        assert (state / "audit" / "checkpoint").exists()
        if files.left >= 0:
            return
    raise AssertionError("creation has more steps than were tried")


def test_a_log_that_is_gone_is_not_begun_again_under_its_old_keys(tmp_path: Path) -> None:
    create_audit(str(tmp_path), "audit.test/1", os.urandom, RealFiles(), SEGMENT_BYTES)
    shutil.rmtree(tmp_path / "audit")
    shutil.rmtree(tmp_path / "wal")
    for _ in range(2):
        with pytest.raises(LogRefused, match="restore its log"):
            create_audit(str(tmp_path), "audit.test/1", os.urandom, RealFiles(), SEGMENT_BYTES)
    assert (tmp_path / "keys" / "audit" / "log.key").exists()


@pytest.mark.parametrize("damaged_at", [3, 100], ids=["header", "frame"])
def test_a_damaged_log_is_refused_and_left_as_it_was_found(tmp_path: Path, damaged_at: int) -> None:
    files, keys, wal = RealFiles(), make_keys(), tmp_path / "wal"
    create_log(files, str(tmp_path / "audit"), str(wal), keys, SEGMENT_BYTES)
    log = open_log(files, str(tmp_path / "audit"), str(wal), keys, Clock(1), SEGMENT_BYTES)
    log.append([make_record(number) for number in range(5)])
    log.close()
    segment = min(wal.iterdir())
    good = segment.read_bytes()
    damaged = bytearray(good)
    damaged[damaged_at] ^= 1
    segment.write_bytes(damaged)
    with pytest.raises(LogRefused):
        open_log(files, str(tmp_path / "audit"), str(wal), keys, Clock(1), SEGMENT_BYTES)
    assert segment.read_bytes() == damaged
    segment.write_bytes(good)
    assert open_log(files, str(tmp_path / "audit"), str(wal), keys, Clock(1), SEGMENT_BYTES).size == 5
