"""The write-ahead log: zero-filled segments, one append and one sync for each commit, never a retry.

Trusted to survive a crash up to the last sync; not trusted against somebody who can write to the disk,
which is what the signed checkpoint and the receipts are for.
"""

from __future__ import annotations

import os
import re
import struct
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from zlib import crc32

from gateway.audit.errors import LogFailed, LogRefused
from gateway.audit.files import Files

SEGMENT_BYTES = 64 << 20
_MAGIC = b"pgwal001"
_HEADER = struct.Struct(">8sQQ")
_HEADER_BYTES = 32
_BODY = struct.Struct(">IIQ")
_CRC_BYTES = 4
_FRAME_BYTES = _CRC_BYTES + _BODY.size
_NAME = re.compile(r"segment-([0-9]{16})")

Accept = Callable[[int, list[tuple[bytes, bytes]]], None]
"""Receives the recovered (entry, detail) pairs of one segment and the index of the first."""


@dataclass(slots=True)
class _Segment:
    path: str
    serial: int
    first_index: int
    seed: int
    capacity_bytes: int
    used_bytes: int


def frame_bytes(entry_bytes: int, detail_bytes: int) -> int:
    """Space of one entry in a segment."""
    return _FRAME_BYTES + entry_bytes + detail_bytes


class Wal:
    """Segments oldest first; the last is written, a spare waits behind it.

    `append` belongs to one thread, `release` and `prepare_spare` may run in another. After the first failure
    every further append raises LogFailed: a sync that failed may have marked the lost pages clean, so that
    the next one would lie.
    """

    def __init__(self, files: Files, directory: str, segment_bytes: int, next_index: int) -> None:
        self._files = files
        self._directory = directory
        self._segment_bytes = segment_bytes
        self._segments: list[_Segment] = []
        self._spare: str | None = None
        self._unused: list[str] = []
        self._handle: int | None = None
        self._lock = threading.Lock()
        self._failed = False
        self.next_index = next_index

    @property
    def commit_bytes_max(self) -> int:
        """A commit lies in one segment."""
        return self._segment_bytes - _HEADER_BYTES

    @classmethod
    def create(cls, files: Files, directory: str, segment_bytes: int) -> Wal:
        """The first segment of a new log. Raises LogRefused when the directory is not empty."""
        if files.listdir(directory):
            raise LogRefused("the write-ahead directory is not empty")
        files.make_directories(directory)
        wal = cls(files, directory, segment_bytes, 0)
        wal.prepare_spare()
        wal._roll([], [], 0)
        return wal

    @classmethod
    def open(
        cls,
        files: Files,
        directory: str,
        segment_bytes: int,
        accept: Accept,
        complete: Callable[[], object] = lambda: None,
    ) -> Wal:
        """Recover: hand over every whole frame, cut the rest, make durable what was read.

        Raises LogRefused when segments are missing or do not continue each other. `complete` is called when all
        is handed over and may refuse too. What is refused is left as it was found: it can be examined, repaired.
        """
        wal = cls(files, directory, segment_bytes, 0)
        for name in files.listdir(directory):
            if _NAME.fullmatch(name):
                wal._recover(os.path.join(directory, name), accept)
        if not wal._segments:
            raise LogRefused("there is no write-ahead segment; the log cannot be continued")
        complete()
        wal._discard_unused()
        wal._handle = files.open(wal._segments[-1].path)
        wal._rewrite_last()
        return wal

    def append(self, entries: Sequence[bytes], details: Sequence[bytes]) -> None:
        """Make one commit durable. Raises LogFailed, and nothing of the commit may then be promised."""
        if self._failed:
            raise LogFailed("the log failed before; it is not used again")
        total = sum(map(len, entries)) + sum(map(len, details)) + _FRAME_BYTES * len(entries)
        if total > self.commit_bytes_max:
            raise ValueError(f"a commit of {total} bytes does not fit a segment of {self._segment_bytes}")
        try:
            current = self._segments[-1]
            if current.used_bytes + total > current.capacity_bytes:
                self._roll(entries, details, self.next_index)
            else:
                data = _frames(current.seed, self.next_index, entries, details)
                self._write(current, data)
        except OSError as error:
            self._failed = True
            raise LogFailed(f"the write-ahead log cannot be written: {error.strerror or error}") from error
        self.next_index += len(entries)

    def release(self, before_index: int) -> None:
        """Remove segments whose entries all lie below `before_index`; never the one being written."""
        while True:
            with self._lock:
                if len(self._segments) < 2 or self._segments[1].first_index > before_index:
                    return
                oldest = self._segments.pop(0)
            self._files.unlink(oldest.path)
            # In order and durably: a gap in the segments would look like a loss.
            self._files.sync_directory(self._directory)

    def prepare_spare(self) -> None:
        """Have the next segment ready, so that a full disk shows before it is needed."""
        with self._lock:
            if self._spare is not None:
                return
            serial = self._segments[-1].serial + 1 if self._segments else 0
            path = os.path.join(self._directory, f"segment-{serial:016d}")
            self._files.create_filled(path, self._segment_bytes)
            self._spare = path

    def close(self) -> None:
        """Give the file handle back; nothing is written."""
        if self._handle is not None:
            self._files.close(self._handle)
            self._handle = None

    def _write(self, segment: _Segment, data: bytes) -> None:
        assert self._handle is not None
        self._files.pwrite(self._handle, data, segment.used_bytes)
        self._files.fdatasync(self._handle)
        segment.used_bytes += len(data)

    def _roll(self, entries: Sequence[bytes], details: Sequence[bytes], first_index: int) -> None:
        """Start the spare with this commit as its first; header and frames go out under one sync."""
        self.prepare_spare()
        self.close()
        with self._lock:
            assert self._spare is not None
            serial = self._segments[-1].serial + 1 if self._segments else 0
            header, seed = _header(serial, first_index)
            segment = _Segment(self._spare, serial, first_index, seed, self._segment_bytes, 0)
            self._handle = self._files.open(segment.path)
            self._write(segment, header + _frames(seed, first_index, entries, details))
            self._segments.append(segment)
            self._spare = None

    def _recover(self, path: str, accept: Accept) -> None:
        raw = self._files.read(path)
        serial = int(path[-16:])
        header = _parse_header(raw, serial)
        if header is None:
            self._unused.append(path)
            return
        first_index, seed = header
        if self._segments:
            before = self._segments[-1]
            if serial != before.serial + 1 or first_index != self.next_index:
                raise LogRefused(
                    f"write-ahead segment {serial} starts at entry {first_index}, but segment "
                    f"{before.serial} ends before entry {self.next_index}: a segment is damaged or missing"
                )
        frames, used = _parse_frames(raw, seed, first_index)
        self._segments.append(_Segment(path, serial, first_index, seed, len(raw), used))
        self.next_index = first_index + len(frames)
        accept(first_index, frames)

    def _discard_unused(self) -> None:
        """Remove a spare, or a segment whose first commit never became durable: nothing in it was promised."""
        for path in self._unused:
            self._files.unlink(path)
            self._files.sync_directory(self._directory)
        self._unused = []

    def _rewrite_last(self) -> None:
        """Write the recovered part of the last segment again, and zeros over what was cut.

        What was read may have come from pages that an earlier, failed sync left clean but unwritten; only
        dirty pages are synced. A whole frame left behind a cut one must not pass for a continuation later.
        """
        last = self._segments[-1]
        raw = self._files.read(last.path)
        dirty = len(raw.rstrip(b"\x00"))
        data = raw[: last.used_bytes] + bytes(max(0, dirty - last.used_bytes))
        assert self._handle is not None
        self._files.pwrite(self._handle, data, 0)
        self._files.fdatasync(self._handle)


def _header(serial: int, first_index: int) -> tuple[bytes, int]:
    """A segment's header and the seed of its frames' checksums, which ties every frame to this segment."""
    head = _HEADER.pack(_MAGIC, serial, first_index)
    seed = crc32(head)
    return (head + seed.to_bytes(_CRC_BYTES, "big")).ljust(_HEADER_BYTES, b"\x00"), seed


def _parse_header(raw: bytes, serial: int) -> tuple[int, int] | None:
    if len(raw) < _HEADER_BYTES:
        return None
    first_index = _HEADER.unpack_from(raw)[2]
    header, seed = _header(serial, first_index)
    return (first_index, seed) if raw[:_HEADER_BYTES] == header else None


def _frames(seed: int, index: int, entries: Sequence[bytes], details: Sequence[bytes]) -> bytes:
    parts: list[bytes] = []
    pack = _BODY.pack
    for entry, detail in zip(entries, details, strict=True):
        body = pack(len(entry), len(detail), index) + entry + detail
        parts.append(crc32(body, seed).to_bytes(_CRC_BYTES, "big"))
        parts.append(body)
        index += 1
    return b"".join(parts)


def _parse_frames(raw: bytes, seed: int, index: int) -> tuple[list[tuple[bytes, bytes]], int]:
    """The whole frames from the start of a segment, and how many bytes they take with the header."""
    frames: list[tuple[bytes, bytes]] = []
    at = _HEADER_BYTES
    view = memoryview(raw)
    while at + _FRAME_BYTES <= len(raw):
        entry_bytes, detail_bytes, found = _BODY.unpack_from(raw, at + _CRC_BYTES)
        split = at + _FRAME_BYTES + entry_bytes
        end = split + detail_bytes
        if not entry_bytes or end > len(raw) or found != index:
            break
        if crc32(view[at + _CRC_BYTES : end], seed) != int.from_bytes(raw[at : at + _CRC_BYTES], "big"):
            break
        frames.append((raw[at + _FRAME_BYTES : split], raw[split:end]))
        at, index = end, index + 1
    return frames, at
