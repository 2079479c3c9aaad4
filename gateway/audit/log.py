"""The log itself: durable appends that end in signed receipts, and publishing under a signed checkpoint.

Trusted: this process, its keys, the disk up to a sync. Whoever alters the files afterwards is found by the
checkpoint's root, by the receipts agencies hold, or by a checkpoint somebody saved.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gateway.audit.checkpoint import Checkpoint, open_checkpoint
from gateway.audit.entry import with_time
from gateway.audit.errors import AuditError, LogFailed, LogRefused
from gateway.audit.files import Files
from gateway.audit.keys import LOG_KEY, RECEIPT_KEY, create_signing_keys, load_signer
from gateway.audit.note import Signer
from gateway.audit.paths import AuditPaths
from gateway.audit.publisher import Publisher
from gateway.audit.reader import LogReader
from gateway.audit.receipt import Commit, Receipt, receipt_key_name
from gateway.audit.recovery import Recovery
from gateway.audit.tiles import CHECKPOINT
from gateway.audit.tree import EMPTY_ROOT, leaf_hash
from gateway.audit.wal import SEGMENT_BYTES, Wal
from gateway.keyfiles import Refreshed

LOG_VKEY = "log.vkey"
RECEIPT_VKEY = "receipt.vkey"
BUNDLES_SYNCED_MAX = 256


@dataclass(slots=True)
class LogStats:
    """What this process did with the log since it opened it; seconds are wall time."""

    entries: int = 0
    commits: int = 0
    commit_seconds: float = 0.0
    publishes: int = 0
    publish_seconds: float = 0.0
    # Commits by size: key k counts commits of 2**(k-1) to 2**k - 1 entries.
    commit_sizes: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LogKeys:
    """The two signing keys: checkpoints under the origin, commits under origin/receipts."""

    log: Signer
    receipt: Signer


def load_log_keys(directory: str, origin: str) -> LogKeys:
    """The log's signing key and its first receipt key; only the sequencer opens them. Raises KeyUnavailable."""
    return LogKeys(
        load_signer(os.path.join(directory, LOG_KEY), origin),
        load_signer(os.path.join(directory, RECEIPT_KEY), receipt_key_name(origin)),
    )


def receipt_key_refresher(directory: str, use: Callable[[Signer], None], origin: str) -> Callable[[], None]:
    """Looks for the receipt key that is active now, at once and whenever it is called. Raises KeyUnavailable at once.

    A later one that cannot be read leaves the key before it in use, and says so.
    """
    name = receipt_key_name(origin)
    keys = Refreshed(
        Path(directory), "receipt", lambda _all, chosen: use(load_signer(str(chosen.path), name)), time.time
    )

    def refresh() -> None:
        try:
            keys.refresh()
        except (AuditError, OSError) as error:
            print(f"audit sequencer: the next receipt key is not used: {error}", file=sys.stderr, flush=True)

    return refresh


class Log:
    """An open log. `append` belongs to one thread; `publish` may run in another."""

    def __init__(
        self,
        files: Files,
        directory: str,
        keys: LogKeys,
        clock_us: Callable[[], int],
        wal: Wal,
        publisher: Publisher,
        last_us: int,
        published_size: int,
    ) -> None:
        self._files = files
        self._directory = directory
        self._keys = keys
        self.refresh: Callable[[], None] = lambda: None
        """Looks for a newer receipt key; called with every publishing."""
        self._clock_us = clock_us
        self._wal = wal
        self._publisher = publisher
        self._last_us = last_us
        self._waiting: list[tuple[Sequence[bytes], Sequence[bytes], Sequence[bytes]]] = []
        self.waiting_bytes = 0
        self._waiting_lock = threading.Lock()
        self._publish_lock = threading.Lock()
        self.published_size = published_size
        self.stats = LogStats()

    @property
    def origin(self) -> str:
        """The name of this log."""
        return self._keys.log.verifier.name

    @property
    def size(self) -> int:
        """Entries that are durable."""
        return self._wal.next_index

    @property
    def commit_bytes_max(self) -> int:
        """Largest commit, counted with `wal.frame_bytes` an entry."""
        return self._wal.commit_bytes_max

    def use_receipt_key(self, signer: Signer) -> None:
        """Sign further commits with another key of the same name. Raises LogRefused for another name."""
        if signer.verifier.name != self._keys.receipt.verifier.name:
            raise LogRefused("a receipt key signs under the log's own name")
        self._keys = LogKeys(self._keys.log, signer)

    def append(self, items: Sequence[tuple[bytes, bytes]]) -> list[Receipt]:
        """`commit`, as one receipt for each item."""
        return self.commit(items).receipts()

    def time_us(self) -> int:
        """The log time of now, microseconds since 1970; never less than before."""
        self._last_us = max(self._last_us, self._clock_us())
        return self._last_us

    def commit(self, items: Sequence[tuple[bytes, bytes]], time_us: int | None = None) -> Commit:
        """Make (entry, detail) pairs durable as one commit and sign for them.

        Sets the log time: of now, or what `time_us()` gave last. Raises LogFailed, and then nothing of this commit may
        be promised to anybody and the log is not used again in this process.
        """
        began = time.perf_counter()
        stamp = (self.time_us() if time_us is None else time_us).to_bytes(8, "big")
        entries = [with_time(entry, stamp) for entry, _ in items]
        details = [detail for _, detail in items]
        first = self._wal.next_index
        self._wal.append(entries, details)
        leaves = [leaf_hash(entry) for entry in entries]
        with self._waiting_lock:
            self._waiting.append((entries, details, leaves))
            self.waiting_bytes += sum(map(len, entries)) + sum(map(len, details))
        commit = Commit.signed(self.origin, first, leaves, self._keys.receipt)
        stats = self.stats
        stats.entries += len(items)
        stats.commits += 1
        stats.commit_seconds += time.perf_counter() - began
        bucket = len(items).bit_length()
        stats.commit_sizes[bucket] = stats.commit_sizes.get(bucket, 0) + 1
        return commit

    def publish(self) -> bool:
        """Write bundles, tiles and then the checkpoint over everything durable; whether the log had grown.

        Raises LogFailed. Covers only entries whose sync completed, because only those are waiting.
        """
        self.refresh()
        with self._publish_lock:
            began = time.perf_counter()
            try:
                grown = self._publish()
            except OSError as error:
                raise LogFailed(f"the log cannot be published: {error.strerror or error}") from error
            self.stats.publishes += grown
            self.stats.publish_seconds += time.perf_counter() - began
            return grown

    def close(self) -> None:
        """Publish what is waiting and let go of the files."""
        self.publish()
        self._wal.close()

    def _publish(self) -> bool:
        with self._waiting_lock:
            waiting, self._waiting = self._waiting, []
            self.waiting_bytes = 0
        publisher = self._publisher
        for entries, details, leaves in waiting:
            publisher.take(entries, details, leaves)
        grown = publisher.size > self.published_size
        if grown:
            publisher.write_partials()
            checkpoint = Checkpoint(self.origin, publisher.size, publisher.root())
            self._files.write_atomically(os.path.join(self._directory, CHECKPOINT), checkpoint.signed(self._keys.log))
            self.published_size = publisher.size
        publisher.sync_full(BUNDLES_SYNCED_MAX)
        self._wal.release(min(publisher.synced_through, self.published_size))
        self._wal.prepare_spare()
        return grown


def create_log(
    files: Files, directory: str, wal_directory: str, keys: LogKeys, segment_bytes: int = SEGMENT_BYTES
) -> None:
    """Start an empty log under a signed checkpoint of size 0. Raises LogRefused when anything exists."""
    if files.listdir(directory) or files.listdir(wal_directory):
        raise LogRefused("a log, or part of one, exists already; it is never replaced")
    files.make_directories(directory)
    Wal.create(files, wal_directory, segment_bytes).close()
    for name, signer in ((LOG_VKEY, keys.log), (RECEIPT_VKEY, keys.receipt)):
        files.write_atomically(os.path.join(directory, name), (signer.verifier.text() + "\n").encode())
    checkpoint = Checkpoint(keys.log.verifier.name, 0, EMPTY_ROOT)
    files.write_atomically(os.path.join(directory, CHECKPOINT), checkpoint.signed(keys.log))


def create_audit(
    state_directory: str,
    origin: str,
    random: Callable[[int], bytes],
    files: Files,
    segment_bytes: int = SEGMENT_BYTES,
) -> None:
    """Signing keys and an empty log in a state directory that has neither. Raises LogRefused.

    What an interrupted creation left is thrown away: nothing was promised before it was complete.
    """
    paths = AuditPaths(state_directory)
    if files.exists(paths.creating):
        _discard(files, paths)
    for name in (LOG_KEY, RECEIPT_KEY):
        if files.exists(os.path.join(paths.keys, name)):
            raise LogRefused(f"{name} exists already: restore its log, or move the old keys away to begin a new one")
    if files.listdir(paths.log) or files.listdir(paths.wal):
        raise LogRefused("a log, or part of one, exists already; it is never replaced")
    files.make_directories(paths.keys)
    files.write_atomically(paths.creating, b"")
    create_signing_keys(paths.keys, random)
    create_log(files, paths.log, paths.wal, load_log_keys(paths.keys, origin), segment_bytes)
    files.unlink(paths.creating)
    files.sync_directory(paths.keys)


def needs_creating(files: Files, state_directory: str) -> bool:
    """Whether a state directory has no log, or one whose creation was interrupted."""
    paths = AuditPaths(state_directory)
    return files.exists(paths.creating) or not (files.exists(paths.log) or files.exists(paths.wal))


def _discard(files: Files, paths: AuditPaths) -> None:
    """Remove the beginnings of a log. Raises OSError when there is more: published entries lie in directories."""
    for directory in (paths.log, paths.wal):
        files.remove_directory(directory)
    for name in (LOG_KEY, RECEIPT_KEY):
        path = os.path.join(paths.keys, name)
        if files.exists(path):
            files.unlink(path)
    files.sync_directory(paths.keys)


def open_log(
    files: Files,
    directory: str,
    wal_directory: str,
    keys: LogKeys,
    clock_us: Callable[[], int],
    segment_bytes: int = SEGMENT_BYTES,
) -> Log:
    """Continue a log. Raises LogRefused when it is shorter than, or differs from, what was last signed."""
    try:
        raw = LogReader(directory, files.read).checkpoint()
        checkpoint = open_checkpoint(raw, keys.log.verifier)
    except FileNotFoundError:
        raise LogRefused("there is no checkpoint; create the log first, or restore it") from None
    except AuditError as error:
        raise LogRefused(f"the checkpoint is not one this log signed: {error}") from error
    recovery = Recovery(files, directory, checkpoint)
    try:
        wal = Wal.open(files, wal_directory, segment_bytes, recovery.accept, recovery.finish)
        publisher = recovery.finish()
    except OSError as error:
        raise LogFailed(f"the log cannot be opened: {error.strerror or error}") from error
    return Log(files, directory, keys, clock_us, wal, publisher, recovery.last_us, checkpoint.size)
