"""Tables of text on disk, CSV or Parquet, made beside their name and renamed when they are whole."""

import csv
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from seed.errors import ExportRefused

SUFFIXES = (".csv", ".parquet")
PARTIAL_SUFFIX = ".partial"
PARQUET_MEMORY = "256MB"
LIST_SEPARATOR = ";"

_TYPES = {"text": "VARCHAR", "integer": "BIGINT", "list": "VARCHAR"}


class TableFile:
    """One table being written, line by line. `columns` gives each one's type: text, integer or list (of words).

    Until `publish` only `NAME.partial` exists; `discard` removes it. In CSV an empty text is an empty field, a list is
    its words with semicolons between; in Parquet they are NULL and a list.
    """

    def __init__(self, path: Path, columns: Mapping[str, str]) -> None:
        self._path = path
        self._columns = columns
        self._text = path.with_name(path.name + PARTIAL_SUFFIX)
        self._parquet = path.with_name(path.name + PARTIAL_SUFFIX + SUFFIXES[1])
        try:
            descriptor = os.open(self._text, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        except FileExistsError:
            raise ExportRefused(
                f"{self._text} is there: another export writes it, or one was killed and you may remove it"
            ) from None
        self._file: IO[str] = os.fdopen(descriptor, "w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file, lineterminator="\n")
        self._writer.writerow(columns)

    def add(self, lines: Sequence[Sequence[object]]) -> None:
        """Write lines; each gives every column."""
        self._writer.writerows(lines)

    def finish(self) -> None:
        """Make the file whole and durable, still out of sight."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        if self._path.suffix == SUFFIXES[1]:
            self._convert()
            os.replace(self._parquet, self._text)

    def publish(self) -> None:
        """Give the finished file its name."""
        os.rename(self._text, self._path)

    def discard(self) -> None:
        """Remove what has no name yet."""
        with suppress(OSError):  # a full disk may refuse the last lines once more
            self._file.close()
        self._text.unlink(missing_ok=True)
        self._parquet.unlink(missing_ok=True)

    def _convert(self) -> None:
        import duckdb  # it takes long to load, and only Parquet needs it

        types = ", ".join(f"{_quoted(name)}: '{_TYPES[kind]}'" for name, kind in self._columns.items())
        shown = ", ".join(
            f'coalesce(string_split("{name}", {_quoted(LIST_SEPARATOR)}), []) AS "{name}"'
            if kind == "list"
            else f'"{name}"'
            for name, kind in self._columns.items()
        )
        source = f"read_csv({_quoted(str(self._text))}, auto_detect=false, header=true, columns={{{types}}})"
        # A file of its own beside it would not have the mode of this one.
        target = f"{_quoted(str(self._parquet))} (FORMAT parquet, USE_TMP_FILE false)"
        settings: dict[str, Any] = {"threads": 1, "memory_limit": PARQUET_MEMORY}  # one thread keeps the order
        os.close(os.open(self._parquet, os.O_CREAT | os.O_WRONLY, 0o600))
        try:
            with duckdb.connect(":memory:", config=settings) as connection:
                connection.execute(f"COPY (SELECT {shown} FROM {source}) TO {target}")  # noqa: S608
        except duckdb.Error as error:
            raise ExportRefused(f"the Parquet file cannot be written ({type(error).__name__})") from None


def require_free(path: Path) -> None:
    """Refuse a path of another kind, in a directory that is not there, or taken. Raises `ExportRefused`."""
    if path.suffix not in SUFFIXES:
        raise ExportRefused(f"the file's name must end in {' or '.join(SUFFIXES)}")
    if not path.parent.is_dir():
        raise ExportRefused(f"there is no directory {path.parent}")
    if path.exists():
        raise ExportRefused(f"{path} exists already: nothing was overwritten")


def _quoted(text: str) -> str:
    escaped = text.replace("'", "''")
    return f"'{escaped}'"
