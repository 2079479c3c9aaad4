"""Rows given by column as the image of an SQLite file, encoded with NumPy: no statement a row, a tenth of the time.

An image holds tables without indexes, and nobody reads it but SQLite, which copies its records into the store as they
are. Format: https://www.sqlite.org/fileformat2.html, of pages section 1.6, of records section 2.1.
"""

import sqlite3
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from registry.errors import Inconsistent

# One value a row: None is NULL, a masked NumPy element too. Elements are int, str or bool, never float.
Values: TypeAlias = Sequence[Any] | npt.NDArray[Any]
Columns: TypeAlias = Mapping[str, Values]

PAGE_BYTES = 4096
RECORD_BYTES_MAX = PAGE_BYTES - 35  # a longer one would overflow its page
CHILDREN_MAX = 250  # of an interior page; 272 would fit whatever their keys
_LEAF, _LEAF_HEADER = 0x0D, 8
_INTERIOR, _INTERIOR_HEADER = 0x05, 12
_NULL, _ZERO, _TEXT = 0, 8, 13  # serial types: 8 and 9 are the numbers 0 and 1
_INTEGER_LIMITS = 2 ** np.array([7, 15, 23, 31, 47])  # below the first: serial type 1, and so on up to 6
_BYTES_OF_INTEGER = np.array([0, 1, 2, 3, 4, 6, 8, 0, 0, 0])  # by serial type

Bytes: TypeAlias = npt.NDArray[np.uint8]
Ints: TypeAlias = npt.NDArray[np.int64]
Flags: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Slot:
    """A piece of every record: a row of `content` each, of which the first bytes count, or the last, `sizes` many."""

    content: Bytes
    sizes: Ints
    at_end: bool = False

    @property
    def used(self) -> Flags | bool:
        """Which bytes count."""
        width = self.content.shape[1]
        if bool((self.sizes == width).all()):
            return True
        place = np.arange(width)
        return place >= (width - self.sizes)[:, None] if self.at_end else place < self.sizes[:, None]


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    is_text: bool
    required: bool
    is_row_id: bool


@dataclass(frozen=True, slots=True)
class _Shape:
    root: int
    columns: tuple[_Column, ...]


def image_of(schema: tuple[str, ...], tables: Mapping[str, Columns]) -> bytes:
    """A database with the tables that `schema`, a list of statements, creates, and these rows in some of them.

    Columns left out are NULL. Raises `KeyError` for an unknown table or column, `ValueError` for columns of different
    lengths, values of a wrong type or too long and tables with an index, `Inconsistent` for a missing value where one
    is required.
    """
    empty, shapes = _empty(schema)
    pages = [np.frombuffer(empty, dtype=np.uint8).reshape(-1, PAGE_BYTES).copy()]
    count = len(pages[0])
    for name, columns in tables.items():
        shape = shapes[name]
        rows = rows_of(name, columns)
        if rows == 0:
            continue
        keys, cells, sizes = _cells(shape, columns, rows)
        made = _tree(cells, sizes, keys, first=count + 1)
        pages[0][shape.root - 1] = made[-1]
        pages.append(made[:-1])
        count += len(made) - 1
    pages[0][0, 28:32] = np.frombuffer(count.to_bytes(4, "big"), dtype=np.uint8)
    pages[0][0, 92:96] = pages[0][0, 24:28]  # the number of pages is valid for this state of the file
    return b"".join(page.data for page in pages)


def rows_of(table: str, columns: Columns) -> int:
    """How many rows the columns have. Raises `ValueError` when they differ."""
    lengths = {len(values) for values in columns.values()}
    if len(lengths) != 1:
        raise ValueError(f"columns of {table} differ in length")
    return lengths.pop()


@cache
def _empty(schema: tuple[str, ...]) -> tuple[bytes, dict[str, _Shape]]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        for statement in schema:
            connection.execute(statement)
        if connection.execute("SELECT 1 FROM sqlite_schema WHERE type <> 'table'").fetchone() is not None:
            raise ValueError("an image has no place for an index: a key may only be the row id")
        roots = connection.execute("SELECT name, rootpage FROM sqlite_schema").fetchall()
        shapes = {name: _Shape(root, _columns(connection, name)) for name, root in roots}
        return connection.serialize(), shapes
    finally:
        connection.close()


def _columns(connection: sqlite3.Connection, table: str) -> tuple[_Column, ...]:
    columns = []
    for _, name, kind, required, _, key in connection.execute(f"PRAGMA table_info({table})"):
        is_text = any(word in kind.upper() for word in ("CHAR", "TEXT", "CLOB"))
        columns.append(_Column(name, is_text, bool(required), bool(key)))
    return tuple(columns)


def _cells(shape: _Shape, columns: Columns, rows: int) -> tuple[Ints, Bytes, Ints]:
    """Row ids, all cells end to end, and the size of each."""
    for name in columns.keys() - {column.name for column in shape.columns}:
        raise KeyError(name)
    keys = np.arange(1, rows + 1)
    types, bodies = [], []
    for column in shape.columns:
        if column.name not in columns or column.is_row_id:
            serial = np.full(rows, _NULL)
            if column.is_row_id:
                keys = np.asarray(columns[column.name], dtype=np.int64)
            known = column.is_row_id or not column.required
        else:
            serial, body = _field(column, columns[column.name])
            bodies.append(body)
            known = not column.required or bool((serial != _NULL).all())
        if not known:
            raise Inconsistent("SQLITE_CONSTRAINT_NOTNULL")
        types.append(_varints(serial))
    header = 1 + _total(types)
    payload = _total([*types, *bodies]) + 1
    if payload.max() > RECORD_BYTES_MAX:
        raise ValueError(f"a record is longer than {RECORD_BYTES_MAX} bytes")
    return keys, *_joined([_varints(payload), _varints(keys), _varints(header), *types, *bodies])


def _field(column: _Column, values: Values) -> tuple[Ints, _Slot]:
    """Serial types and bodies of one column."""
    missing = np.ma.getmaskarray(values) if isinstance(values, np.ma.MaskedArray) else None
    plain = np.ma.getdata(values) if missing is not None else values
    kind = plain.dtype.kind if isinstance(plain, np.ndarray) else "O"
    if kind == "O":
        plain = plain.tolist() if isinstance(plain, np.ndarray) else list(plain)
        if None in plain:
            absent = np.array([value is None for value in plain])
            missing = absent if missing is None else missing | absent
            plain = [("" if column.is_text else 0) if value is None else value for value in plain]
        kind = "U" if isinstance(plain[0], str) else "i"
    if column.is_text != (kind in "SU"):
        raise ValueError(f"the values of {column.name} are of another type than the column")
    if kind == "S":
        content = np.ascontiguousarray(plain).view(np.uint8).reshape(len(plain), -1)
        return _text_field(content, (content != 0).sum(axis=1), missing)
    if kind == "U":
        return _text_field(*_texts(list(plain)), missing)
    return _integers(np.asarray(plain, dtype=np.int64), missing)


def _text_field(content: Bytes, lengths: Ints, missing: Flags | None) -> tuple[Ints, _Slot]:
    serial = _TEXT + 2 * lengths
    if missing is not None:
        serial, lengths = np.where(missing, _NULL, serial), np.where(missing, 0, lengths)
    return serial, _Slot(content, lengths)


def _texts(values: list[str]) -> tuple[Bytes, Ints]:
    """UTF-8 of each, filled up to one width, and their lengths."""
    flat = np.frombuffer(("\0".join(values) + "\0").encode(), dtype=np.uint8)
    ends = np.flatnonzero(flat == 0)
    if len(ends) != len(values):
        raise ValueError("a text holds the character 0")
    lengths = np.diff(ends, prepend=-1) - 1
    content = np.zeros((len(values), int(lengths.max())), dtype=np.uint8)
    content[np.arange(content.shape[1]) < lengths[:, None]] = flat[flat != 0]
    return content, lengths


def _integers(values: Ints, missing: Flags | None) -> tuple[Ints, _Slot]:
    serial = 1 + np.searchsorted(_INTEGER_LIMITS, np.where(values < 0, ~values, values), side="right")
    serial = np.where((values == 0) | (values == 1), _ZERO + values, serial)
    if missing is not None:
        serial = np.where(missing, _NULL, serial)
    sizes = _BYTES_OF_INTEGER[serial]
    width = int(sizes.max())
    content = values.astype(">i8").view(np.uint8).reshape(len(values), 8)[:, 8 - width :]
    return serial, _Slot(content, sizes, at_end=True)


def _varints(values: Ints) -> _Slot:
    """Seven bits a byte, the highest first; all but the last byte have their eighth bit set."""
    sizes = np.ones(len(values), dtype=np.int64)
    width, limit = 1, 128
    while bool((longer := values >= limit).any()):
        sizes += longer
        width, limit = width + 1, limit << 7
    shifts = 7 * np.arange(width - 1, -1, -1)
    content = (values[:, None] >> shifts & 127 | np.where(shifts > 0, 128, 0)).astype(np.uint8)
    return _Slot(content, sizes, at_end=True)


def _joined(slots: list[_Slot]) -> tuple[Bytes, Ints]:
    """Records made of the slots, end to end, and their sizes."""
    content = np.concatenate([slot.content for slot in slots], axis=1)
    used = np.empty(content.shape, dtype=np.bool_)
    at = 0
    for slot in slots:
        width = slot.content.shape[1]
        used[:, at : at + width] = slot.used
        at += width
    return content[used], _total(slots)


def _total(slots: list[_Slot]) -> Ints:
    total = slots[0].sizes.astype(np.int64)
    for slot in slots[1:]:
        total += slot.sizes
    return total


def _tree(cells: Bytes, sizes: Ints, keys: Ints, *, first: int) -> Bytes:
    """The pages of one table, its root last; the others are numbered from `first`."""
    pages, last_keys = _leaves(cells, sizes, keys)
    levels = [pages]
    while len(levels[-1]) > 1:
        children = np.arange(first, first + len(levels[-1]))
        first += len(children)
        groups = np.array_split(np.arange(len(children)), -(-len(children) // CHILDREN_MAX))
        levels.append(np.array([_interior(children[group], last_keys[group]) for group in groups]))
        last_keys = last_keys[[group[-1] for group in groups]]
    return np.concatenate(levels)


def _leaves(cells: Bytes, sizes: Ints, keys: Ints) -> tuple[Bytes, Ints]:
    """Leaf pages, each as full as the next cell allows, and the last key on each."""
    room = np.cumsum(sizes + 2).tolist()  # a cell has a pointer of two bytes
    bounds = [0]
    while bounds[-1] < len(sizes):
        before = room[bounds[-1] - 1] if bounds[-1] else 0
        bounds.append(bisect_right(room, before + PAGE_BYTES - _LEAF_HEADER, lo=bounds[-1]))
    at = np.array(bounds)
    counts = np.diff(at)
    starts = np.append(0, np.cumsum(sizes))
    begins = PAGE_BYTES - np.diff(starts[at])  # of the content, which fills the end of the page
    pages = np.zeros((len(counts), PAGE_BYTES), dtype=np.uint8)
    pages[:, 0] = _LEAF
    pages[:, 3:5], pages[:, 5:7] = _two_bytes(counts), _two_bytes(begins)
    page = np.repeat(np.arange(len(counts)), counts)
    pointer = page * PAGE_BYTES + _LEAF_HEADER + 2 * (np.arange(len(sizes)) - at[page])
    offset = begins[page] + starts[:-1] - starts[at[page]]
    flat = pages.reshape(-1)
    flat[pointer], flat[pointer + 1] = offset >> 8, offset & 255
    for number, (begin, start, end) in enumerate(
        zip(begins.tolist(), starts[at[:-1]].tolist(), starts[at[1:]].tolist(), strict=True)
    ):
        pages[number, begin:] = cells[start:end]
    return pages, keys[at[1:] - 1]


def _interior(children: Ints, last_keys: Ints) -> Bytes:
    """A page that leads to these pages: a cell for each but the last, which stands in the header."""
    slots = [
        _Slot(children[:-1].astype(">u4").view(np.uint8).reshape(-1, 4), np.full(len(children) - 1, 4)),
        _varints(last_keys[:-1]),
    ]
    cells, sizes = _joined(slots)
    begin = PAGE_BYTES - len(cells)
    page = np.zeros(PAGE_BYTES, dtype=np.uint8)
    page[0] = _INTERIOR
    page[3:5], page[5:7] = _two_bytes(np.array([len(sizes)]))[0], _two_bytes(np.array([begin]))[0]
    page[8:12] = np.frombuffer(int(children[-1]).to_bytes(4, "big"), dtype=np.uint8)
    pointers = _two_bytes(begin + np.cumsum(sizes) - sizes).reshape(-1)
    page[_INTERIOR_HEADER : _INTERIOR_HEADER + len(pointers)] = pointers
    page[begin:] = cells
    return page


def _two_bytes(values: Ints) -> Bytes:
    return values.astype(">u2").view(np.uint8).reshape(-1, 2)
