"""Makes packs (see registry/pack.py) of the stored fragments, from one state of the store.

Trust: the database is trusted; see registry/tables.py.
"""

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
from sqlalchemy import BigInteger, ClauseElement, Engine, Text, bindparam, func, select, text

from registry.engine import DRIVER_ERRORS, store_error
from registry.fragments import Encoder, has_fragments
from registry.pack import (
    ALIGNMENT,
    COLUMNS,
    HEADER_BYTES_MAX,
    MAGIC,
    NO_CHANGE,
    NOBODY,
    Anchor,
    Header,
    NotAPack,
    Pack,
    home_of,
)
from registry.reading import Session
from registry.tables import change, fragment, fragment_state, registry_meta

PEOPLE_PER_PAGE = 1024
PEOPLE_MAX = 5_000_000
"""Of a larger population no pack is made: it would take minutes, and gigabytes of memory to be fast."""
CHANGES_PART = 50
"""A pack is made anew when the changes since are more than this part of its people."""
UNSYNCED_BYTES_MAX = 16 << 20
"""More at once would hold up whoever else waits for the disk."""


class GivenUp(Exception):
    """Making a pack was given up half-way."""


class Packer:
    """Keeps the file at one path in step, well enough to be worth reading."""

    def __init__(self, engine: Engine, encoder: Encoder, path: Path) -> None:
        self._engine = engine
        self._encoder = encoder
        self.path = path
        self._new = path.with_name(path.name + ".new")

    def pack(self, goes_on: Callable[[], bool] = lambda: True) -> bool:
        """Make the file anew if that is due; whether it was. Five seconds for a million people.

        Nothing is made while the fragments are out of step, or of too many people. Until the end the old file stands.
        Raises StoreUnavailable, OSError, and GivenUp as soon as it does not go on.
        """
        if not has_fragments(self._engine):
            return False
        self._new.unlink(missing_ok=True)  # whoever wrote that was killed
        try:
            session = Session(self._engine)
            try:
                with session.snapshot():
                    source = _Fragments(session)
                    if not source.in_step(self._encoder.encoding) or not self._is_due(source):
                        return False
                    self._make(source, goes_on)
            finally:
                session.close()
        except DRIVER_ERRORS as error:
            raise store_error(error) from None
        return True

    def _is_due(self, source: "_Fragments") -> bool:
        if not 0 < source.people <= PEOPLE_MAX:
            return False
        try:
            pack = Pack(self.path)
        except (OSError, NotAPack):
            return True
        header = pack.header
        if (header.encoding, header.epoch, len(pack)) != (self._encoder.encoding, source.epoch, source.people):
            return True
        if source.anchor_at(header.anchor[0]) != header.anchor:
            return True
        return (source.anchor[0] - header.anchor[0]) * CHANGES_PART > source.people

    def _make(self, source: "_Fragments", goes_on: Callable[[], bool]) -> None:
        new = self._new
        try:
            with (
                open(os.open(new, os.O_CREAT | os.O_TRUNC | os.O_RDWR, 0o600), "wb") as file,
                tempfile.TemporaryFile(dir=new.parent) as stated,
            ):
                columns = _Columns(file.fileno(), source.people)
                scopes: dict[str, int] = {}
                for rows in source.pages():
                    if not goes_on():
                        raise GivenUp
                    keys, person_ids, versions, areas, stated_texts, bodies = zip(*rows, strict=True)
                    columns.append("keys", keys)
                    columns.append("person_ids", person_ids)
                    columns.append("scopes", [scopes.setdefault(area, len(scopes)) for area in areas])
                    columns.append_bounds("stated_bounds", stated_texts)
                    stated.write(b"".join(stated_texts))
                    answers = tuple(map(self._encoder.answer, bodies, versions))
                    columns.append_bounds("answer_bounds", answers)
                    columns.append_bytes("answers", b"".join(answers))
                stated.seek(0)
                while part := stated.read(UNSYNCED_BYTES_MAX):
                    if not goes_on():
                        raise GivenUp
                    columns.append_bytes("stated", part)
                bits = columns.append_slots()
                header = Header(
                    self._encoder.encoding, source.epoch, source.anchor, tuple(scopes), bits, columns.places()
                )
                columns.finish(msgspec.json.encode(header))
            os.replace(new, self.path)
        except BaseException:
            new.unlink(missing_ok=True)
            raise


class _Columns:
    """Writes the columns of a file: beside each other those whose length is known, behind them one after the other."""

    def __init__(self, file: int, people: int) -> None:
        self._file = file
        self._unsynced = 0
        self._begins: dict[str, int] = {}
        self._counts = dict.fromkeys(COLUMNS, 0)
        self._reached = {"stated_bounds": 0, "answer_bounds": 0}
        self._end = HEADER_BYTES_MAX
        for name in ("keys", "person_ids", "scopes", *self._reached):
            self._begins[name] = self._end
            self._end = _aligned(self._end + (people + 1) * COLUMNS[name].itemsize)
        for name in self._reached:
            self.append(name, [0])

    def append(self, name: str, values: Sequence[int] | npt.NDArray[Any]) -> None:
        """Numbers to a column."""
        self.append_bytes(name, np.asarray(values, COLUMNS[name]).tobytes())

    def append_bounds(self, name: str, texts: Sequence[bytes]) -> None:
        """Where each of some texts ends that follow those before."""
        reached = np.cumsum(np.fromiter(map(len, texts), np.int64)) + self._reached[name]
        self._reached[name] = int(reached[-1])
        self.append(name, reached)

    def append_bytes(self, name: str, content: bytes) -> None:
        """To a column that has its place, or to the last one."""
        begin = self._begins.setdefault(name, _aligned(self._end))
        size = COLUMNS[name].itemsize
        at = begin + self._counts[name] * size
        self._counts[name] += len(content) // size
        self._end = max(self._end, at + len(content))
        self._write(content, at)

    def append_slots(self) -> int:
        """The hash table of all keys; returns the logarithm of its homes."""
        begin, count = self._begins["keys"], self._counts["keys"]
        bits, slots = hashed(np.frombuffer(os.pread(self._file, 8 * count, begin), COLUMNS["keys"]))
        self.append("slots", slots)
        return bits

    def places(self) -> dict[str, tuple[int, int]]:
        """Where each column begins, and how many elements it has."""
        return {name: (self._begins.get(name, 0), count) for name, count in self._counts.items()}

    def finish(self, header: bytes) -> None:
        """Put the header in front, and see everything on the disk."""
        start = MAGIC + len(header).to_bytes(4, "little") + header
        assert len(start) <= HEADER_BYTES_MAX
        self._write(start, 0)
        os.ftruncate(self._file, _aligned(self._end))
        os.fsync(self._file)

    def _write(self, content: bytes, at: int) -> None:
        view = memoryview(content)
        while view:
            written = os.pwrite(self._file, view, at)
            view, at = view[written:], at + written
        self._unsynced += len(content)
        if self._unsynced > UNSYNCED_BYTES_MAX:
            self._unsynced = 0
            os.fdatasync(self._file)


def _aligned(offset: int) -> int:
    return -(-offset // ALIGNMENT) * ALIGNMENT


def hashed(keys: npt.NDArray[np.int64]) -> tuple[int, npt.NDArray[np.int32]]:
    """The logarithm of the homes of a hash table of distinct keys, at most half full, and its slots."""
    bits = max(1, (2 * len(keys) - 1).bit_length())
    homes = home_of(keys, bits)
    order = np.argsort(homes, kind="stable")
    # In the order of their homes, each takes its own or, where that is taken, the slot after the one before.
    taken = np.arange(len(keys))
    places = np.maximum.accumulate(homes[order] - taken) + taken
    # One slot more stays free, so that every search ends.
    slots = np.full(max(1 << bits, *(places[-1:] + 1)) + 1, NOBODY, np.int32)
    slots[places] = order
    return bits, slots


class _Fragments:
    """The fragments as they are in one state of the store, within its transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session
        columns = (change.c.position, change.c.person_id, change.c.version, change.c.made_at)
        at = change.c.position == bindparam("position", type_=BigInteger())
        self._change = session.compile(select(*columns).where(at))
        self.anchor = self.anchor_at(self._rows(select(func.max(change.c.position)))[0][0] or 0)
        epoch = select(registry_meta.c.value).where(registry_meta.c.key == bindparam("key", type_=Text()))
        self.epoch: str = self._rows(epoch, key="epoch")[0][0]
        self.people: int = self._rows(select(func.count()).select_from(fragment))[0][0]

    def _rows(self, statement: ClauseElement, **parameters: object) -> list[Any]:
        return self._session.rows(self._session.compile(statement), parameters)

    def in_step(self, encoding: str) -> bool:
        """Whether the fragments are to be believed."""
        state = self._rows(select(fragment_state.c.encoding, fragment_state.c.position))
        return [tuple(row) for row in state] == [(encoding, self.anchor[0])]

    def anchor_at(self, position: int) -> Anchor:
        """The change at a position; NO_CHANGE when there is none."""
        rows = self._session.rows(self._change, {"position": position})
        return tuple(rows[0]) if rows else NO_CHANGE

    def pages(self) -> Iterator[list[Any]]:
        """All fragments by key, as (key, person_id, version, scope, stated, body)."""
        names = ("key", "person_id", "version", "scope", "stated", "body")
        following = fragment.c.key > bindparam("after", type_=BigInteger())
        ordered = select(*(fragment.c[name] for name in names)).where(following).order_by(fragment.c.key)
        page, after = self._session.compile(ordered.suffix_with(text("LIMIT :count"))), -1
        while rows := self._session.rows(page, {"after": after, "count": PEOPLE_PER_PAGE}):
            after = rows[-1][0]
            yield rows
