"""A disk in memory that knows what is durable: it can crash at any step, tear writes, and fail on demand."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

SECTOR_BYTES = 512


@dataclass(slots=True)
class Inode:
    """A file: what a reader sees, what a sync made durable, and the writes in between."""

    current: bytearray = field(default_factory=bytearray)
    durable: bytes = b""
    pending: list[tuple[int, bytes]] = field(default_factory=list)

    def write(self, offset: int, data: bytes) -> None:
        _put(self.current, offset, data)
        self.pending.append((offset, data))

    def sync(self) -> None:
        self.durable = bytes(self.current)
        self.pending.clear()

    def survivor(self, random: Random | None) -> bytes:
        """Content after a crash: without `random` unsynced writes are lost, with it any sector may survive."""
        content = bytearray(self.durable)
        if random is not None:
            for offset, data in self.pending:
                for at in range(0, len(data), SECTOR_BYTES):
                    if random.random() < 0.5:
                        _put(content, offset + at, data[at : at + SECTOR_BYTES])
        return bytes(content)


class MemoryDisk:
    """Implements `gateway.audit.files.Files`; `on_step` runs after every primitive change."""

    def __init__(self) -> None:
        self.names: dict[str, Inode] = {}
        self.durable_names: dict[str, Inode] = {}
        self.pending_names: list[tuple[str, Inode | None]] = []
        self.handles: dict[int, Inode] = {}
        self.on_step: Callable[[], None] = lambda: None
        self.failing: str | None = None

    def crash(self, random: Random | None = None) -> MemoryDisk:
        """The disk as found after losing power now."""
        names = dict(self.durable_names)
        if random is not None:
            for path, inode in self.pending_names:
                if random.random() < 0.5:
                    _set(names, path, inode)
        return _image({path: inode.survivor(random) for path, inode in names.items()})

    def killed(self) -> MemoryDisk:
        """The disk as found when only the process died: everything written is there."""
        return _image({path: bytes(inode.current) for path, inode in self.names.items()})

    def make_directories(self, path: str) -> None:
        pass

    def create_filled(self, path: str, size_bytes: int) -> None:
        self._maybe_fail("create_filled")
        inode = self._create(path)
        self._write(inode, 0, bytes(size_bytes))
        self._sync(inode)
        self.sync_directory(os.path.dirname(path))

    def open(self, path: str) -> int:
        handle = max(self.handles, default=2) + 1
        self.handles[handle] = self._existing(path)
        return handle

    def pwrite(self, handle: int, data: bytes, offset: int) -> None:
        self._maybe_fail("pwrite")
        self._write(self.handles[handle], offset, data)

    def fdatasync(self, handle: int) -> None:
        self._maybe_fail("fdatasync")
        self._sync(self.handles[handle])

    def close(self, handle: int) -> None:
        del self.handles[handle]

    def read(self, path: str) -> bytes:
        return bytes(self._existing(path).current)

    def write(self, path: str, data: bytes) -> None:
        self._maybe_fail("write")
        self._write(self._create(path + ".tmp"), 0, data)
        self._rename(path + ".tmp", path)

    def write_atomically(self, path: str, data: bytes) -> None:
        self._maybe_fail("write_atomically")
        inode = self._create(path + ".tmp")
        self._write(inode, 0, data)
        self._sync(inode)
        self._rename(path + ".tmp", path)
        self.sync_directory(os.path.dirname(path))

    def sync(self, path: str) -> None:
        self._maybe_fail("sync")
        self._sync(self._existing(path))

    def sync_directory(self, path: str) -> None:
        kept: list[tuple[str, Inode | None]] = []
        for name, inode in self.pending_names:
            if os.path.dirname(name) == path:
                _set(self.durable_names, name, inode)
            else:
                kept.append((name, inode))
        self.pending_names = kept
        self.on_step()

    def unlink(self, path: str) -> None:
        self._existing(path)
        self._name(path, None)

    def remove_directory(self, path: str) -> None:
        for name in self.listdir(path):
            self.unlink(os.path.join(path, name))

    def listdir(self, path: str) -> list[str]:
        return sorted(os.path.basename(name) for name in self.names if os.path.dirname(name) == path)

    def exists(self, path: str) -> bool:
        return path in self.names or any(name.startswith(path + "/") for name in self.names)

    def _create(self, path: str) -> Inode:
        inode = Inode()
        self._name(path, inode)
        return inode

    def _rename(self, old: str, new: str) -> None:
        inode = self._existing(old)
        _set(self.names, old, None)
        _set(self.names, new, inode)
        self.pending_names += [(new, inode), (old, None)]
        self.on_step()

    def _name(self, path: str, inode: Inode | None) -> None:
        _set(self.names, path, inode)
        self.pending_names.append((path, inode))
        self.on_step()

    def _write(self, inode: Inode, offset: int, data: bytes) -> None:
        inode.write(offset, bytes(data))
        self.on_step()

    def _sync(self, inode: Inode) -> None:
        inode.sync()
        self.on_step()

    def _existing(self, path: str) -> Inode:
        if path not in self.names:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory", path)
        return self.names[path]

    def _maybe_fail(self, operation: str) -> None:
        if self.failing == operation:
            raise OSError(errno.EIO, "Input/output error")


def _image(contents: dict[str, bytes]) -> MemoryDisk:
    disk = MemoryDisk()
    for path, content in contents.items():
        inode = Inode(bytearray(content), content)
        disk.names[path] = inode
        disk.durable_names[path] = inode
    return disk


def _set(names: dict[str, Inode], path: str, inode: Inode | None) -> None:
    if inode is None:
        names.pop(path, None)
    else:
        names[path] = inode


def _put(content: bytearray, offset: int, data: bytes) -> None:
    if len(content) < offset + len(data):
        content.extend(bytes(offset + len(data) - len(content)))
    content[offset : offset + len(data)] = data
