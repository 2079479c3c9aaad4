"""The write-ahead log keeps whole commits, cuts what is torn, and never reads what is stale."""

from __future__ import annotations

import pytest

from gateway.audit.errors import LogRefused
from gateway.audit.wal import Wal
from tests.unit.audit.disk import MemoryDisk

DIRECTORY = "/wal"
SEGMENT_BYTES = 4096
HEADER_BYTES = 32


def opened(disk: MemoryDisk) -> tuple[Wal, list[tuple[bytes, bytes]]]:
    recovered: list[tuple[bytes, bytes]] = []
    wal = Wal.open(disk, DIRECTORY, SEGMENT_BYTES, lambda first, frames: recovered.extend(frames))
    return wal, recovered


def created(disk: MemoryDisk) -> Wal:
    return Wal.create(disk, DIRECTORY, SEGMENT_BYTES)


def test_recovers_what_was_appended_over_several_segments() -> None:
    disk = MemoryDisk()
    wal = created(disk)
    expected = [(b"entry %d" % number, b"detail" * (number % 40)) for number in range(200)]
    for entry, detail in expected:
        wal.append([entry], [detail])
    assert len(disk.listdir(DIRECTORY)) > 3
    again, recovered = opened(disk.crash())
    assert recovered == expected
    assert again.next_index == 200


def test_cuts_a_torn_frame_and_does_not_revive_the_whole_frame_behind_it() -> None:
    disk = MemoryDisk()
    created(disk).append([b"first", b"again"], [b"", b""])
    segment = disk.names[f"{DIRECTORY}/segment-0000000000000000"]
    content = bytearray(segment.durable)
    content[HEADER_BYTES + 20] ^= 1
    segment.current, segment.durable = content, bytes(content)
    wal, recovered = opened(disk)
    assert recovered == []
    wal.append([b"newer"], [b""])
    assert opened(disk.crash())[1] == [(b"newer", b"")]


def test_a_frame_whose_index_does_not_continue_is_not_read() -> None:
    disk = MemoryDisk()
    wal = created(disk)
    wal.append([b"first", b"again"], [b"", b""])
    segment = disk.names[f"{DIRECTORY}/segment-0000000000000000"]
    frame = segment.durable[HEADER_BYTES : HEADER_BYTES + 25]
    segment.write(HEADER_BYTES + 50, frame)
    assert opened(disk)[1] == [(b"first", b""), (b"again", b"")]


def test_makes_durable_what_it_read_from_pages_that_a_failed_sync_left_clean() -> None:
    disk = MemoryDisk()
    created(disk).append([b"first"], [b""])
    segment = disk.names[f"{DIRECTORY}/segment-0000000000000000"]
    segment.durable = bytes(len(segment.durable))
    disk.handles.clear()
    assert opened(disk)[1] == [(b"first", b"")]
    assert opened(disk.crash())[1] == [(b"first", b"")]


def test_does_not_read_frames_of_another_segment_with_the_same_indexes() -> None:
    disk = MemoryDisk()
    created(disk).append([b"first"], [b""])
    stale = disk.names[f"{DIRECTORY}/segment-0000000000000000"].durable
    other = MemoryDisk()
    wal = Wal.create(other, DIRECTORY, SEGMENT_BYTES)
    wal.close()
    segment = other.names[f"{DIRECTORY}/segment-0000000000000000"]
    renamed = f"{DIRECTORY}/segment-0000000000000001"
    other.names = {renamed: segment}
    header_of_one = _header(1, 0)
    segment.current = bytearray(header_of_one + stale[HEADER_BYTES:])
    assert opened(other)[1] == []


@pytest.mark.parametrize("missing", [0, 1])
def test_a_missing_segment_is_refused_or_seen_by_its_first_index(missing: int) -> None:
    disk = MemoryDisk()
    wal = created(disk)
    for number in range(300):
        wal.append([b"entry %d" % number], [b"x" * 30])
    del disk.names[f"{DIRECTORY}/segment-{missing:016d}"]
    if missing:
        with pytest.raises(LogRefused, match="damaged or missing"):
            opened(disk)
    else:
        firsts: list[int] = []
        Wal.open(disk, DIRECTORY, SEGMENT_BYTES, lambda first, frames: firsts.append(first))
        assert firsts[0] > 0


def test_an_empty_directory_is_not_a_log_and_a_full_one_is_not_replaced() -> None:
    disk = MemoryDisk()
    with pytest.raises(LogRefused, match="no write-ahead segment"):
        opened(disk)
    created(disk)
    with pytest.raises(LogRefused, match="not empty"):
        created(disk)


def test_release_never_removes_the_segment_being_written() -> None:
    disk = MemoryDisk()
    wal = created(disk)
    for number in range(300):
        wal.append([b"entry %d" % number], [b"x" * 30])
    wal.release(10_000)
    assert len(disk.listdir(DIRECTORY)) == 1
    wal.append([b"after"], [b""])
    assert opened(disk.crash())[0].next_index == 301


def test_a_commit_larger_than_a_segment_is_refused_before_it_is_written() -> None:
    wal = created(MemoryDisk())
    with pytest.raises(ValueError, match="does not fit"):
        wal.append([bytes(SEGMENT_BYTES)], [b""])


def _header(serial: int, first_index: int) -> bytes:
    disk = MemoryDisk()
    wal = Wal(disk, DIRECTORY, SEGMENT_BYTES, first_index)
    for _ in range(serial):
        wal._roll([], [], first_index)
    wal._roll([], [], first_index)
    return disk.names[f"{DIRECTORY}/segment-{serial:016d}"].durable[:HEADER_BYTES]
