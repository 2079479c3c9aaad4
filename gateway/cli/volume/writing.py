"""Writes results: as CSV beside the name asked for until it is complete, then under that name, as Parquet if asked."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from gateway.cli.volume.reading import one_file


class Output:
    """The results of one run. Until `publish` they stand in `NAME.part`."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        """Opens the part file; nothing is written. Raises OSError."""
        self.path = path
        self.part = path.with_name(path.name + ".part")
        self._columns = tuple(columns)
        self._file = self.part.open("ab")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _k: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None) -> None:
        self._file.close()

    @property
    def size(self) -> int:
        """Bytes in the part file."""
        return self.part.stat().st_size

    def go_on(self, size: int) -> None:
        """Forget what stands behind `size`; at 0 begin with the names of the columns. Raises OSError."""
        os.ftruncate(self._file.fileno(), size)
        if not size:
            self.write([self._columns])

    def write(self, rows: Iterable[Sequence[str]]) -> int:
        """Append rows; the bytes in the file afterwards. They survive this process. Raises OSError."""
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerows(rows)
        self._file.write(text.getvalue().encode("utf-8", errors="surrogateescape"))
        self._file.flush()
        return self._file.tell()

    def sync(self) -> None:
        """Have the part file on the disk. Raises OSError."""
        os.fsync(self._file.fileno())

    def publish(self) -> None:
        """Put the part file, which is complete, under its own name. Raises OSError."""
        if self.path.suffix.lower() == ".parquet":
            self._convert()
        else:
            os.replace(self.part, self.path)

    def sync_folder(self) -> None:
        """Have the names in its folder on the disk. Raises OSError."""
        _sync(self.path.parent)

    def _convert(self) -> None:
        import duckdb

        fresh = self.path.with_name(self.path.name + ".fresh")
        with duckdb.connect(config={"memory_limit": "1GB"}) as connection:
            rows = connection.read_csv(
                one_file(self.part), header=True, all_varchar=True, sep=",", quotechar='"', hive_partitioning=False
            )
            try:
                rows.write_parquet(str(fresh.absolute()), compression="zstd")
            except duckdb.IOException as error:
                fresh.unlink(missing_ok=True)
                raise OSError(None, f"the results cannot be written as Parquet ({error})", str(fresh)) from None
        _sync(fresh)
        os.replace(fresh, self.path)


def _sync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
