"""Packs: the stored fragments of everybody in one file that never changes, mapped into memory and read by column.

A look-up of a thousand people is then a few operations of NumPy on columns, where a database finds and hands over each
row. A pack is as of one position of the change feed. Whoever changed after it is not ready, and is read from
the store: each reading first follows the feed, in which every change stands that was committed before.

A file begins with MAGIC, the length of the header as four bytes, and the header as JSON; then come the columns, each at
a multiple of ALIGNMENT. Numbers are little-endian. Of the texts of all people, `stated` and `answers`, row i is what
lies between the elements i and i + 1 of its column of bounds. `slots` is a hash table with linear probing: where the
key of a row hashes to (`home_of`), or in the next free slots after, stands the row; NOBODY in those that are free.

Trust: whoever may alter the file may alter what is answered, as with the database; see registry/tables.py.
"""

import mmap
import os
import threading
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt
from sqlalchemy import BigInteger, bindparam, select, text

from registry.numbers import LENGTH
from registry.reading import Reader
from registry.tables import change, registry_meta

MAGIC = b"pgpack1\n"
HEADER_BYTES_MAX = 1 << 16
ALIGNMENT = 64
NOBODY = -1
COLUMNS: dict[str, np.dtype[Any]] = {
    "slots": np.dtype("<i4"),
    "keys": np.dtype("<i8"),
    "person_ids": np.dtype("<i8"),
    "scopes": np.dtype("<u1"),
    "stated_bounds": np.dtype("<i8"),
    "answer_bounds": np.dtype("<i8"),
    "stated": np.dtype("<u1"),
    "answers": np.dtype("<u1"),
}
"""`keys` are the current personal numbers as integers; `scopes` are places in the header's list."""
CHANGED_MAX = 100_000
"""With more people changed since a pack was made nobody reads it any more."""
FOLLOWED_MAX = 5_000
"""Changes that one reading follows, in some 5 ms. Who is further behind reads no pack until it has caught up."""
LOOK_SECONDS = 1.0
"""How often a new file is looked for."""

Anchor: TypeAlias = tuple[int, int, int, int]
"""Position, person_id, version and time of a change: what tells one history from another."""
NO_CHANGE: Anchor = (0, 0, 0, 0)
Ready: TypeAlias = tuple[list[int], list[bytes]]
"""Of people in the order asked: their ids, 0 of whoever is not ready, and of those who are the text asked for."""
Own: TypeAlias = Callable[[Sequence[int]], Collection[int]]
Rows: TypeAlias = npt.NDArray[np.int64]
Flags: TypeAlias = npt.NDArray[np.bool_]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # 2**64 divided by the golden ratio
_PLACES = 10 ** np.arange(LENGTH - 1, -1, -1, dtype=np.int64)


class NotAPack(Exception):
    """The file is not a pack that this release reads."""


class Header(msgspec.Struct, frozen=True):
    """What a pack is: of which encoding, population and change, and where its columns lie, as (offset, elements).

    `bits` is the logarithm of the number of homes in the hash table.
    """

    encoding: str
    epoch: str
    anchor: Anchor
    scopes: tuple[str, ...]
    bits: int
    columns: dict[str, tuple[int, int]]


class Pack:
    """An open pack. Raises NotAPack and OSError when it is opened, nothing later."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            start = file.read(len(MAGIC) + 4)
            length = int.from_bytes(start[len(MAGIC) :], "little")
            if start[: len(MAGIC)] != MAGIC or not 0 < length <= HEADER_BYTES_MAX:
                raise NotAPack
            try:
                self.header = msgspec.json.decode(file.read(length), type=Header)
                self._file = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
                columns = {name: self._column(name) for name in COLUMNS}
            except (ValueError, KeyError):
                raise NotAPack from None
        self.keys, self.person_ids = columns["keys"], columns["person_ids"]
        self._slots, self._scopes = columns["slots"], columns["scopes"]
        self._texts = {
            name: (columns[f"{bounds}_bounds"], self.header.columns[name][0])
            for name, bounds in (("stated", "stated"), ("answers", "answer"))
        }
        if not self._is_whole():
            raise NotAPack

    def _is_whole(self) -> bool:
        """Whether the columns fit each other, so that no search or text goes beyond one."""
        people, bits = len(self.keys), self.header.bits
        bounds = [(column, self.header.columns[name][1]) for name, (column, _) in self._texts.items()]
        return (
            0 < people == len(self.person_ids) == len(self._scopes)
            and 0 < bits < 32
            and len(self._slots) > 1 << bits
            and self._slots[-1] == NOBODY
            and all(len(column) == people + 1 and column[-1] == size for column, size in bounds)
        )

    def _column(self, name: str) -> npt.NDArray[Any]:
        offset, count = self.header.columns[name]
        column: npt.NDArray[Any] = np.frombuffer(self._file, COLUMNS[name], count, offset)
        return column

    def __len__(self) -> int:
        return len(self.keys)

    def find(self, numbers: Sequence[str]) -> Rows:
        """The row of each number, or NOBODY."""
        keys = _keys_of(numbers)
        if keys is None:
            return np.full(len(numbers), NOBODY)
        slots = home_of(keys, self.header.bits)
        rows = self._slots[slots].astype(np.int64)
        others = np.flatnonzero((self.keys[rows] != keys) & (rows != NOBODY))
        while len(others):
            slots[others] += 1
            rows[others] = self._slots[slots[others]]
            others = others[(self.keys[rows[others]] != keys[others]) & (rows[others] != NOBODY)]
        return rows

    def in_scopes(self, rows: Rows, scopes: Collection[str]) -> Flags:
        """Whether each row's scope is one of these."""
        is_one = np.array([scope in scopes for scope in self.header.scopes], np.bool_)
        found: Flags = is_one[self._scopes[rows]]
        return found

    def texts(self, name: str, rows: Rows) -> list[bytes]:
        """What `stated` or `answers` has for each row, or `scopes`."""
        if name == "scopes":
            return [self.header.scopes[at].encode() for at in self._scopes[rows].tolist()]
        bounds, offset = self._texts[name]
        begins, ends = (bounds[rows] + offset).tolist(), (bounds[rows + 1] + offset).tolist()
        file = self._file
        return [file[begin:end] for begin, end in zip(begins, ends, strict=True)]


class Packs:
    """The newest pack at a path, with everybody who changed since. Safe to share between threads."""

    def __init__(self, reader: Reader, path: Path, encoding: str, clock: Callable[[], float]) -> None:
        self._reader = reader
        self._path = path
        self._encoding = encoding
        self._clock = clock
        self._lock = threading.Lock()
        self._look_at = clock()
        self._seen: tuple[int, int] | None = None
        self._pack: Pack | None = None
        self._is_current = False
        self._changed: set[int] = set()
        self._through = NO_CHANGE
        columns = (change.c.position, change.c.person_id, change.c.version, change.c.made_at)
        after = change.c.position >= bindparam("through", type_=BigInteger())
        self._text = reader.compile(
            select(registry_meta.c.value, *columns)
            .select_from(registry_meta.outerjoin(change, after))
            .where(registry_meta.c.key == bindparam("epoch"))
            .order_by(change.c.position)
            .suffix_with(text("LIMIT :count"))
        )

    @property
    def believed(self) -> bool:
        """Whether there was a pack to read at the last reading."""
        return self._is_current

    @property
    def people(self) -> int:
        """How many people the pack has that was read last; 0: none."""
        return len(self._pack) if self._pack is not None else 0

    def ready(self, name: str, numbers: Sequence[str], scopes: Collection[str], own: Own | None = None) -> Ready | None:
        """What a pack has of the people with these numbers now; None when there is no pack to believe.

        Not ready: nobody has the number, or somebody out of scope, or who changed since. `scopes`: empty for all;
        `own`: those who are in scope, of some people and of 0. Raises StoreUnavailable.
        """
        with self._lock:
            pack, changed = self._follow(), self._changed
        if pack is None:
            return None
        rows = pack.find(numbers)
        there = rows != NOBODY
        if scopes:
            there &= pack.in_scopes(rows, scopes)
        person_ids = (pack.person_ids[rows] * there).tolist()
        if own is not None:
            seen = own(person_ids)
            person_ids = [person_id if person_id in seen else 0 for person_id in person_ids]
        if not changed.isdisjoint(person_ids):
            person_ids = [0 if person_id in changed else person_id for person_id in person_ids]
        if not all(person_ids):
            # Whoever is out of scope takes no more time than nobody: nothing of theirs is read.
            rows = np.where(person_ids, rows, NOBODY)
        return person_ids, pack.texts(name, rows)

    def _follow(self) -> Pack | None:
        """The pack, when all changes committed until now are known; None: there is none to believe, now or any more."""
        if self._clock() >= self._look_at:
            self._look_at = self._clock() + LOOK_SECONDS
            self._open()
        self._is_current = False
        if self._pack is None:
            return None
        known = self._through
        parameters = {"epoch": "epoch", "through": known[0], "count": FOLLOWED_MAX + 1}
        rows = self._reader.rows(self._text, parameters)
        changes: list[Anchor] = [tuple(row[1:]) for row in rows if row[1] is not None]
        if known != NO_CHANGE and changes[:1] != [known]:
            # Not the history that the pack is of, or not as far as it was followed: it is looked at again from its own.
            self._pack = self._seen = None
        elif not rows or rows[0][0] != self._pack.header.epoch:
            self._pack = None
        elif changes:
            self._through = changes[-1]
            self._changed.update(each[1] for each in changes[known != NO_CHANGE :])
            if len(self._changed) > CHANGED_MAX:
                self._pack = None
        self._is_current = self._pack is not None and len(changes) <= FOLLOWED_MAX
        return self._pack if self._is_current else None

    def _open(self) -> None:
        """Take the file at the path when it is another one than was seen last."""
        try:
            found = os.stat(self._path)
            if (seen := (found.st_ino, found.st_mtime_ns)) == self._seen:
                return
            pack = Pack(self._path)
        except (OSError, NotAPack):
            return
        self._seen = seen
        if pack.header.encoding == self._encoding:
            self._pack, self._changed, self._through = pack, set(), pack.header.anchor


def home_of(keys: Rows, bits: int) -> Rows:
    """Where each key belongs in a hash table of 2**bits homes: Fibonacci hashing."""
    return ((keys.astype(np.uint64) * _GOLDEN) >> np.uint64(64 - bits)).astype(np.int64)


def are_numbers(texts: Sequence[str]) -> bool:
    """Whether each is the twelve digits that a key is made of."""
    return _keys_of(texts) is not None


def _keys_of(numbers: Sequence[str]) -> Rows | None:
    """The numbers as integers; None when one is not twelve digits."""
    if set(map(len, numbers)) != {LENGTH}:
        return None
    joined = "".join(numbers)
    if not joined.isascii():
        return None
    digits = np.frombuffer(joined.encode(), np.uint8).reshape(-1, LENGTH) - np.uint8(ord("0"))
    return digits.astype(np.int64) @ _PLACES if bool((digits < 10).all()) else None
