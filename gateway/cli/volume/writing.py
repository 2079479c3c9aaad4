"""Writes results: as CSV beside the name asked for until it is complete, then under that name, as Parquet if asked."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from gateway.cli.volume.reading import is_parquet, one_file

LINE_BYTES_MAX: Final = 1 << 25
"""Of a row of results that becomes Parquet."""


def part_of(path: Path) -> Path:
    """Where results stand until they are complete."""
    return path.with_name(path.name + ".part")


def fresh_of(path: Path) -> Path:
    """Where results become Parquet."""
    return path.with_name(path.name + ".fresh")


class NotConverted(OSError):
    """The results are complete, but Parquet could not be made of them; the text says why and what to do."""

    def __init__(self, path: Path, part: Path, reason: str) -> None:
        super().__init__(
            f"{path} cannot be written as Parquet ({reason}). All results are in {part}: mend that, for instance make "
            "room on the disk, then give the same command again; it goes on there and asks nothing again."
        )


class Output:
    """The results of one run. Until `publish` they stand in `NAME.part`."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        """Opens the part file; nothing is written. Raises OSError."""
        self.path = path
        self.part = part_of(path)
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

    def write(self, rows: Sequence[Sequence[str]]) -> int:
        """Append rows; the bytes in the file afterwards. They survive this process. Raises OSError."""
        self._file.write(_csv(rows).encode("utf-8", errors="surrogateescape"))
        self._file.flush()
        return self._file.tell()

    def sync(self) -> None:
        """Have the part file on the disk. Raises OSError."""
        os.fsync(self._file.fileno())

    def publish(self) -> None:
        """Put the part file, which is complete, under its own name. Raises OSError."""
        if is_parquet(self.path):
            self._convert()
        else:
            os.replace(self.part, self.path)

    def sync_folder(self) -> None:
        """Have the names in its folder on the disk. Raises OSError."""
        _sync(self.path.parent)

    def _convert(self) -> None:
        import duckdb

        fresh = fresh_of(self.path)
        try:
            with duckdb.connect(config={"memory_limit": "1GB"}) as connection:
                # Nothing is guessed: what the cells hold is anybody's.
                rows = connection.read_csv(
                    one_file(self.part),
                    auto_detect=False,
                    columns=dict.fromkeys(self._columns, "VARCHAR"),
                    header=True,
                    sep=",",
                    quotechar='"',
                    escapechar='"',
                    max_line_size=LINE_BYTES_MAX,
                    hive_partitioning=False,
                )
                rows.write_parquet(str(fresh.absolute()), compression="zstd")
        except duckdb.Error as error:
            with suppress(OSError):
                fresh.unlink(missing_ok=True)
            raise NotConverted(self.path, self.part, _reason(error)) from None
        _sync(fresh)
        os.replace(fresh, self.path)


def _reason(error: Exception) -> str:
    """Of an error of the operating system, which shows no values, what it says."""
    import duckdb

    first = str(error).partition("\n")[0]
    return first if isinstance(error, duckdb.IOException) else type(error).__name__


def _csv(rows: Sequence[Sequence[str]]) -> str:
    """Rows as lines. The csv module does not quote a CR, which some readers take for the end of a line."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    if "\r" not in text.getvalue():
        return text.getvalue()
    text = io.StringIO(newline="")
    plain = csv.writer(text, lineterminator="\n")
    quoted = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
    for row in rows:
        (quoted if any("\r" in cell for cell in row) else plain).writerow(row)
    return text.getvalue()


def _sync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
