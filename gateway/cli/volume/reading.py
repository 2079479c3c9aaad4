"""Reads the rows of a CSV or Parquet file from any place on, in bounded memory.

A *place* is where to go on: bytes in a CSV file, rows in a Parquet file.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol

CELL_BYTES_MAX: Final = 1 << 20
PARQUET_ROWS_AT_ONCE: Final = 50_000
_DELIMITERS = ",;\t"
_CHECK_BYTES = 1 << 20


class FileUnusable(ValueError):
    """The file cannot be read as it is; the text says where and what to do, and shows no values."""


@dataclass(frozen=True, slots=True)
class Row:
    """The cells that were asked for, in that order, and the place after the row.

    `whole`: false where the row has more cells than the file has columns, so that nobody knows which belongs where.
    """

    cells: list[str]
    place: int
    whole: bool = True


class Table(Protocol):
    """A file of rows."""

    path: Path
    columns: tuple[str, ...]
    end: int
    """The last place."""
    counts_rows: bool
    """Whether places are rows."""

    def check(self) -> None:
        """Look through the whole file for what would stop a run half-way. Raises FileUnusable, OSError."""

    def rows(self, columns: Sequence[str], place: int = 0) -> Iterator[Row]:
        """The rows from a place on, of them these columns. Raises FileUnusable, OSError."""


def open_table(path: Path) -> Table:
    """The file, Parquet when its name ends so, otherwise CSV. Raises FileUnusable, OSError."""
    if path.suffix.lower() == ".parquet":
        return ParquetTable(path)
    return CsvTable(path)


class CsvTable:
    """A CSV file in UTF-8 whose first line names its columns; comma, semicolon or tab between cells."""

    counts_rows = False

    def __init__(self, path: Path) -> None:
        """Reads the first line. Raises FileUnusable, OSError."""
        self.path = path
        self.end = path.stat().st_size
        with path.open("rb") as file:
            header = file.readline(CELL_BYTES_MAX)
        self._begin = len(header)
        text = _decoded(path, 1, header.removeprefix(codecs.BOM_UTF8))
        self._delimiter = max(_DELIMITERS, key=text.count)
        self.columns = tuple(name.strip() for name in next(csv.reader([text], delimiter=self._delimiter), ()))
        if not any(self.columns):
            raise FileUnusable(f"{path}: the first line names no columns")

    def check(self) -> None:
        """Whether all of it is UTF-8."""
        decoder = codecs.getincrementaldecoder("utf-8")()
        with self.path.open("rb") as file:
            while block := file.read(_CHECK_BYTES):
                try:
                    decoder.decode(block)
                except UnicodeDecodeError:
                    self._name_line()
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            self._name_line()

    def _name_line(self) -> None:
        with self.path.open("rb") as file:
            for number, line in enumerate(file, 1):
                _decoded(self.path, number, line)

    def rows(self, columns: Sequence[str], place: int = 0) -> Iterator[Row]:
        """The rows that begin at or after a place that was given out; empty lines are no rows."""
        at = [self.columns.index(name) for name in columns]
        width = len(self.columns)
        csv.field_size_limit(CELL_BYTES_MAX)
        with self.path.open("rb") as file:
            file.seek(place or self._begin)
            lines = _Lines(self.path, file, place or self._begin)
            reader = csv.reader(lines, delimiter=self._delimiter)
            try:
                for cells in reader:
                    if not cells:
                        continue
                    if len(cells) < width:
                        cells.extend([""] * (width - len(cells)))
                    whole = len(cells) == width or not any(cells[width:])
                    yield Row([cells[index] for index in at], lines.place, whole)
            except csv.Error as error:
                raise FileUnusable(f"{self.path}, near byte {lines.place:,}: not CSV ({error})") from None


class _Lines:
    """The lines of a file, counting the bytes that were taken."""

    def __init__(self, path: Path, file: BinaryIO, place: int) -> None:
        self._path = path
        self._file = file
        self.place = place

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._file.readline()
        if not line:
            raise StopIteration
        try:
            text = line.decode()
        except UnicodeDecodeError:
            raise FileUnusable(f"{self._path}, near byte {self.place:,}: not text in UTF-8") from None
        self.place += len(line)
        return text


class ParquetTable:
    """A Parquet file; every value is read as text."""

    counts_rows = True

    def __init__(self, path: Path) -> None:
        """Reads the file's own description. Raises FileUnusable, OSError."""
        path.stat()  # an OSError that names the file
        self.path = path
        described = self._ask("DESCRIBE SELECT * FROM read_parquet(?)", [str(path)])
        self.columns = tuple(str(row[0]) for row in described)
        self.end = int(self._ask("SELECT count(*) FROM read_parquet(?)", [str(path)])[0][0])

    def check(self) -> None:
        """Nothing: what a Parquet file holds is text already."""

    def rows(self, columns: Sequence[str], place: int = 0) -> Iterator[Row]:
        """Row groups by row number, so that memory is that of some thousand rows."""
        listed = ", ".join(f'CAST("{name.replace(chr(34), chr(34) * 2)}" AS VARCHAR)' for name in columns)
        statement = (
            f"SELECT {listed} FROM read_parquet(?, file_row_number = true) "  # noqa: S608
            "WHERE file_row_number >= ? AND file_row_number < ? ORDER BY file_row_number"
        )
        while place < self.end:
            last = min(self.end, place + PARQUET_ROWS_AT_ONCE)
            for row in self._ask(statement, [str(self.path), place, last]):
                place += 1
                yield Row(["" if cell is None else cell for cell in row], place)

    def _ask(self, statement: str, parameters: list[Any]) -> list[Any]:
        import duckdb

        try:
            with duckdb.connect(config={"memory_limit": "512MB", "threads": 1}) as connection:
                return connection.execute(statement, parameters).fetchall()
        except duckdb.Error as error:
            raise FileUnusable(f"{self.path}: not a Parquet file that can be read ({type(error).__name__})") from None


def _decoded(path: Path, number: int, line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        raise FileUnusable(f"{path}, line {number}: not text in UTF-8; save the file as CSV UTF-8") from None
