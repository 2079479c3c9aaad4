"""Reads the rows of a CSV or Parquet file from any place on, in bounded memory.

A *place* is where to go on: bytes in a CSV file, rows in a Parquet file.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, NoReturn, Protocol

CELL_LENGTH_MAX: Final = 1 << 20
HEADING_BYTES_MAX: Final = 1 << 20
PARQUET_ROWS_AT_ONCE: Final = 50_000
_DELIMITERS = ",;\t"
_CR_ALONE = "a line ends in CR alone; save the file so that its lines end in LF or CR LF"
_EXPLAINED: Final = {
    "unexpected end of data": "a cell begins with a quote that is never closed; close it or take it out",
    "field larger than": f"a cell is longer than {CELL_LENGTH_MAX:,} characters; perhaps a quote is never closed",
    "expected after": "a cell begins with a quote that is not closed at the cell's end; close it there or take it out, "
    "and write a quote inside such a cell twice",
    "new-line character": _CR_ALONE,
}
"""What errors of the csv module mean, by a part of their text."""


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

    def check(self) -> None:
        """Look through the whole file for what would stop a run half-way. Raises FileUnusable, OSError."""

    def rows(self, columns: Sequence[str], place: int = 0) -> Iterator[Row]:
        """The rows from a place on, of them these columns. Raises FileUnusable, OSError."""


def open_table(path: Path) -> Table:
    """The file, Parquet when its name ends so, otherwise CSV. Raises FileUnusable, OSError."""
    return ParquetTable(path) if is_parquet(path) else CsvTable(path)


def is_parquet(path: Path) -> bool:
    """By its name."""
    return path.suffix.lower() == ".parquet"


class CsvTable:
    """A CSV file in UTF-8 whose first row names its columns; comma, semicolon or tab between cells."""

    def __init__(self, path: Path) -> None:
        """Reads the heading. Raises FileUnusable, OSError."""
        self.path = path
        self.end = path.stat().st_size
        self._delimiter = _delimiter(_first_lines(path))
        with path.open("rb") as file:
            begin = len(codecs.BOM_UTF8) if file.read(len(codecs.BOM_UTF8)) == codecs.BOM_UTF8 else 0
            file.seek(begin)
            lines = _Lines(path, file, begin)
            reader = _reader(lines, self._delimiter)
            try:
                names: list[str] = next(reader, [])
            except csv.Error as error:
                raise FileUnusable(f"{path}, line 1: {_explained(error)}") from None
        self._begin, self._heading_lines = lines.place, reader.line_num
        self.columns = tuple(composed(name.strip()) for name in names)
        if not any(self.columns):
            raise FileUnusable(f"{path}: the first line names no columns")

    def check(self) -> None:
        """Whether all of it is UTF-8, and rows of cells."""
        with self.path.open("rb") as file:
            file.seek(self._begin)
            text = io.TextIOWrapper(file, encoding="utf-8", newline="\n")
            try:
                deque(_reader(text, self._delimiter), maxlen=0)
            except UnicodeDecodeError:
                self._name_line()
            except csv.Error as error:
                self._name_row(error)

    def _name_line(self) -> NoReturn:
        with self.path.open("rb") as file:
            for number, line in enumerate(file, 1):
                _decoded(self.path, number, line)
        raise FileUnusable(f"{self.path}: not text in UTF-8")

    def _name_row(self, error: csv.Error) -> NoReturn:
        """By the line that it begins on: where a quote is not closed, much else may stand behind."""
        last = 0
        with self.path.open("rb") as file:
            file.seek(self._begin)
            reader = _reader(_Lines(self.path, file, self._begin), self._delimiter)
            with suppress(csv.Error):
                for _ in reader:
                    last = reader.line_num
        line = self._heading_lines + last + 1
        raise FileUnusable(f"{self.path}, line {line:,}: {_explained(error)}") from None

    def rows(self, columns: Sequence[str], place: int = 0) -> Iterator[Row]:
        """The rows that begin at or after a place that was given out; empty lines are no rows."""
        at = [self.columns.index(name) for name in columns]
        width = len(self.columns)
        with self.path.open("rb") as file:
            file.seek(place or self._begin)
            lines = _Lines(self.path, file, place or self._begin)
            try:
                for cells in _reader(lines, self._delimiter):
                    if not cells:
                        continue
                    if len(cells) < width:
                        cells.extend([""] * (width - len(cells)))
                    whole = len(cells) == width or not any(cells[width:])
                    yield Row([cells[index] for index in at], lines.place, whole)
            except csv.Error as error:
                raise FileUnusable(f"{self.path}, near byte {lines.place:,}: {_explained(error)}") from None


def composed(name: str) -> str:
    """A column's name as it is compared: some systems write a letter and its marks as one character, others apart."""
    return unicodedata.normalize("NFC", name)


def _reader(lines: Iterable[str], delimiter: str) -> Any:
    csv.field_size_limit(CELL_LENGTH_MAX)
    return csv.reader(lines, delimiter=delimiter, strict=True)


def _first_lines(path: Path) -> str:
    """The lines of the heading, which may have line breaks inside quotes. Raises FileUnusable, OSError."""
    with path.open("rb") as file:
        first = taken = file.readline(HEADING_BYTES_MAX)
        while taken.count(b'"') % 2 and len(taken) < HEADING_BYTES_MAX and (line := file.readline(HEADING_BYTES_MAX)):
            taken += line
    if len(first) == HEADING_BYTES_MAX:
        said = _CR_ALONE if b"\r" in first else f"is longer than {HEADING_BYTES_MAX:,} bytes; is it CSV?"
        raise FileUnusable(f"{path}, line 1: {said}")
    if taken.count(b'"') % 2:
        taken = first
    return _decoded(path, 1, taken)


def _delimiter(heading: str) -> str:
    """What stands between its cells most often."""
    return max(_DELIMITERS, key=re.sub(r'"[^"]*"', "", heading).count)


def _explained(error: csv.Error) -> str:
    """What the csv module says, for people."""
    return next((said for sign, said in _EXPLAINED.items() if sign in str(error)), f"not CSV ({error})")


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

    def __init__(self, path: Path) -> None:
        """Reads the file's own description. Raises FileUnusable, OSError."""
        path.stat()  # an OSError that names the file
        self.path = path
        self._named = one_file(path)
        described = self._ask("DESCRIBE SELECT * FROM read_parquet(?, hive_partitioning = false)", [self._named])
        self.columns = tuple(composed(str(row[0])) for row in described)
        self._types = [str(row[1]) for row in described]
        self.end = int(
            self._ask("SELECT count(*) FROM read_parquet(?, hive_partitioning = false)", [self._named])[0][0]
        )

    def check(self) -> None:
        """Nothing: what a Parquet file holds is text already."""

    def rows(self, columns: Sequence[str], place: int = 0) -> Iterator[Row]:
        """Row groups by row number, so that memory is that of some thousand rows."""
        listed = ", ".join(_as_text(at, self._types[at]) for at in map(self.columns.index, columns))
        # Called by their places, since a file may have a column that is called like the row number.
        called = ", ".join(f"c{at}" for at in range(len(self.columns)))
        statement = (
            f"SELECT {listed} FROM read_parquet(?, hive_partitioning = false) AS t({called}) "  # noqa: S608
            "WHERE file_row_number >= ? AND file_row_number < ? ORDER BY file_row_number"
        )
        while place < self.end:
            last = min(self.end, place + PARQUET_ROWS_AT_ONCE)
            for row in self._ask(statement, [self._named, place, last]):
                place += 1
                yield Row(["" if cell is None else cell for cell in row], place)

    def _ask(self, statement: str, parameters: list[Any]) -> list[Any]:
        import duckdb

        try:
            with duckdb.connect(config={"memory_limit": "512MB", "threads": 1}) as connection:
                return connection.execute(statement, parameters).fetchall()
        except duckdb.Error as error:
            raise FileUnusable(f"{self.path}: not a Parquet file that can be read ({type(error).__name__})") from None


def one_file(path: Path) -> str:
    """A path as DuckDB takes it when just this file is meant and not whatever fits a pattern. Raises FileUnusable."""
    text = str(path.absolute())
    if not re.search(r"[*?\[]", text):
        return text
    if "\\" in text:
        raise FileUnusable(f"{path}: a Parquet file's path cannot have both a backslash and one of * ? [; rename it")
    return re.sub(r"[*?\[]", r"[\g<0>]", text)


def _as_text(column: int, kind: str) -> str:
    """A column as text. Tables of other programs keep dates as moments at midnight, and numbers as fractions once one
    of them is missing.
    """
    text = f"CAST(c{column} AS VARCHAR)"
    if kind.startswith("TIMESTAMP"):
        return f"regexp_replace({text}, ' 00:00:00([+-][0-9:]+)?$', '')"
    if kind in ("DOUBLE", "FLOAT") or kind.startswith("DECIMAL"):
        return f"regexp_replace({text}, '\\.0+$', '')"
    return text


def _decoded(path: Path, number: int, line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        raise FileUnusable(f"{path}, line {number}: not text in UTF-8; save the file as CSV UTF-8") from None
