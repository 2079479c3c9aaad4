"""The few file operations the log is built from, so that a test can put a failing disk beneath it."""

from __future__ import annotations

import contextlib
import os
from typing import Protocol

_FILL_CHUNK_BYTES = 1 << 20
_PRIVATE_FILE = 0o600
_PRIVATE_DIRECTORY = 0o700


class Files(Protocol):
    """Paths are strings. Every operation raises OSError when it fails; none retries."""

    def make_directories(self, path: str) -> None:
        """Create the directory and its missing parents, durably."""

    def create_filled(self, path: str, size_bytes: int) -> None:
        """Create a new file of zero bytes, with its blocks written and its name durable."""

    def open(self, path: str) -> int:
        """A handle for `pwrite` and `fdatasync`."""

    def pwrite(self, handle: int, data: bytes, offset: int) -> None:
        """Write all of `data` at `offset`; not durable before `fdatasync`."""

    def fdatasync(self, handle: int) -> None:
        """Make everything written through this handle durable."""

    def close(self, handle: int) -> None:
        """Give the handle back."""

    def read(self, path: str) -> bytes:
        """The whole content. Raises FileNotFoundError when there is none."""

    def write(self, path: str, data: bytes) -> None:
        """Put a whole file in place by rename: readers see all or nothing, a crash may lose or tear it."""

    def write_atomically(self, path: str, data: bytes) -> None:
        """Put a whole file in place so that after a crash either the old or the new content is there."""

    def sync(self, path: str) -> None:
        """Make the content of an existing file durable."""

    def sync_directory(self, path: str) -> None:
        """Make the names in a directory durable."""

    def unlink(self, path: str) -> None:
        """Remove a file."""

    def remove_directory(self, path: str) -> None:
        """Remove a directory with the files in it; it may be absent."""

    def listdir(self, path: str) -> list[str]:
        """Names in a directory, sorted; empty when the directory is absent."""

    def exists(self, path: str) -> bool:
        """Whether a file or directory of that name exists."""


class RealFiles:
    """The file system of this machine; files are private to the user, directories too."""

    def make_directories(self, path: str) -> None:
        """Create the directory and its missing parents, durably."""
        path = os.path.abspath(path)
        if os.path.isdir(path):
            return
        parent = os.path.dirname(path)
        self.make_directories(parent)
        with contextlib.suppress(FileExistsError):
            os.mkdir(path, _PRIVATE_DIRECTORY)
        self.sync_directory(parent)

    def create_filled(self, path: str, size_bytes: int) -> None:
        """Create a new file of zero bytes, with its blocks written and its name durable."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _PRIVATE_FILE)
        try:
            zeros = bytes(min(size_bytes, _FILL_CHUNK_BYTES))
            for offset in range(0, size_bytes, _FILL_CHUNK_BYTES):
                self.pwrite(descriptor, zeros[: size_bytes - offset], offset)
                # A sync for each chunk keeps the disk's queue short for the commits running beside it.
                os.fdatasync(descriptor)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        self.sync_directory(os.path.dirname(path))

    def open(self, path: str) -> int:
        """A handle for `pwrite` and `fdatasync`."""
        return os.open(path, os.O_RDWR | os.O_CLOEXEC)

    def pwrite(self, handle: int, data: bytes, offset: int) -> None:
        """Write all of `data` at `offset`; not durable before `fdatasync`."""
        written = os.pwrite(handle, data, offset)
        while written < len(data):
            more = os.pwrite(handle, memoryview(data)[written:], offset + written)
            if more == 0:
                raise OSError("a write made no progress")
            written += more

    def fdatasync(self, handle: int) -> None:
        """Make everything written through this handle durable."""
        os.fdatasync(handle)

    def close(self, handle: int) -> None:
        """Give the handle back."""
        os.close(handle)

    def read(self, path: str) -> bytes:
        """The whole content. Raises FileNotFoundError when there is none."""
        with open(path, "rb", buffering=0) as file:
            return file.readall()

    def write(self, path: str, data: bytes) -> None:
        """Put a whole file in place by rename: readers see all or nothing, a crash may lose or tear it."""
        os.replace(self._write_beside(path, data, durable=False), path)

    def write_atomically(self, path: str, data: bytes) -> None:
        """Put a whole file in place so that after a crash either the old or the new content is there."""
        os.replace(self._write_beside(path, data, durable=True), path)
        self.sync_directory(os.path.dirname(path))

    def sync(self, path: str) -> None:
        """Make the content of an existing file durable."""
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def sync_directory(self, path: str) -> None:
        """Make the names in a directory durable."""
        self.sync(path)

    def unlink(self, path: str) -> None:
        """Remove a file."""
        os.unlink(path)

    def remove_directory(self, path: str) -> None:
        """Remove a directory with the files in it; it may be absent."""
        for name in self.listdir(path):
            os.unlink(os.path.join(path, name))
        with contextlib.suppress(FileNotFoundError):
            os.rmdir(path)

    def listdir(self, path: str) -> list[str]:
        """Names in a directory, sorted; empty when the directory is absent."""
        try:
            return sorted(os.listdir(path))
        except FileNotFoundError:
            return []

    def exists(self, path: str) -> bool:
        """Whether a file or directory of that name exists."""
        return os.path.exists(path)

    def _write_beside(self, path: str, data: bytes, *, durable: bool) -> str:
        temporary = path + ".tmp"
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        try:
            descriptor = os.open(temporary, flags, _PRIVATE_FILE)
        except FileNotFoundError:
            self.make_directories(os.path.dirname(path))
            descriptor = os.open(temporary, flags, _PRIVATE_FILE)
        try:
            self.pwrite(descriptor, data, 0)
            if durable:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        return temporary
