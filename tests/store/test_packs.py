"""Packs answer as the stored fragments do, and nobody believes one that does not belong to the store as it is."""

import errno
import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from registry import packing
from registry.pack import LOOK_SECONDS, NOBODY, NotAPack, Pack, Ready, home_of
from registry.packing import GivenUp, Packer, hashed
from registry.people import PeopleStore
from registry.ready import ReadyPeople
from registry.writer import Writer
from tests.store.small_population import CHILD, FATHER, FORMER_NUMBER_OF_CHILD, MOTHER, PEOPLE, number
from tests.store.test_fragments import Lines, fill
from tests.store.test_writer import insured, moved

Open = Callable[..., Engine]
EVERYBODY = [number(person_id) for person_id in range(1, PEOPLE + 1)]


class Side:
    """A store with a writer, a packer, and readers with and without the pack; each reading looks for a new file."""

    def __init__(self, url: str, opened: Open, folder: Path) -> None:
        self.engine = opened(url)
        self.path = folder / "registry.pack"
        self.writer = Writer(self.engine, Lines())
        self.packer = Packer(self.engine, Lines(), self.path)
        self.store = PeopleStore(opened(url, read_only=True))
        self._now = 0.0
        self.packed = self.reader(self.path)
        self.table = self.reader(folder / "none.pack")
        fill(self.writer)

    def reader(self, path: Path, encoding: str = "lines/1") -> ReadyPeople:
        return ReadyPeople(self.store.reader, self.engine, Lines(encoding), path, self._later)

    def _later(self) -> float:
        self._now += LOOK_SECONDS
        return self._now

    def run(self, statement: str) -> None:
        with self.engine.begin() as connection:
            connection.execute(text(statement))

    def repack(self) -> None:
        self.path.unlink()
        assert self.packer.pack()


@pytest.fixture
def side(url: str, opened: Open, tmp_path: Path) -> Iterator[Side]:
    one = Side(url, opened, tmp_path)
    yield one
    one.store.close()
    one.writer.close()


def test_a_pack_has_what_the_fragments_have(side: Side) -> None:
    asked = [*EVERYBODY, FORMER_NUMBER_OF_CHILD, "001090999999", EVERYBODY[0]]
    assert side.packer.pack()
    assert not side.packer.pack()
    for scopes in ((), {"01"}, {"01", "79"}, {"-"}):
        for read in ("answers", "stated"):
            packed, table = (getattr(reader, read)(asked, scopes) for reader in (side.packed, side.table))
            assert _told(packed) == _told(table)
    assert (side.packed.packed, side.table.packed) == (True, False)
    assert side.path.stat().st_mode & 0o777 == 0o600
    assert os.listdir(side.path.parent) == [side.path.name]


def _told(ready: Ready) -> list[tuple[int, bytes] | None]:
    return [(person_id, told) if person_id else None for person_id, told in zip(*ready, strict=True)]


def test_who_is_none_of_ones_own_is_not_ready_and_nothing_of_theirs_is_read(side: Side) -> None:
    side.packer.pack()
    asked = [number(MOTHER), "001090999999", number(FATHER)]
    for reader in (side.packed, side.table):
        for read in (reader.answers, reader.stated):
            told_of: list[list[int]] = []

            def own(person_ids: Sequence[int], told_of: list[list[int]] = told_of) -> frozenset[int]:
                told_of.append(list(person_ids))
                return frozenset({FATHER})

            person_ids, told = read(asked, (), own)
            assert (person_ids, told[:2]) == ([0, 0, FATHER], [b"", b""])
            assert told_of == [[MOTHER, 0, FATHER]]  # asked once, about nobody as about somebody
    person_ids, told = side.packed.answers(asked, {"-"})
    assert (person_ids, told) == ([0, 0, 0], [b"", b"", b""])


def test_what_is_no_number_is_nobodys(side: Side) -> None:
    side.packer.pack()
    for odd in ("", "00109000000", "0010900000041", "٠٠١٠٩٠٠٠٠٠٠٤", "00109000000x", "00109000000\0"):
        assert side.packed.answers([EVERYBODY[0], odd], ())[0] == [0, 0]
        assert side.packed.packed


def test_who_changed_since_is_not_ready_at_once(side: Side) -> None:
    side.packer.pack()
    assert all(side.packed.answers(EVERYBODY, ())[0])
    side.writer.apply([moved(MOTHER), insured(FATHER)])
    person_ids, _ = side.packed.answers(EVERYBODY, ())
    assert [at for at, person_id in enumerate(person_ids, 1) if not person_id] == sorted({MOTHER, FATHER})
    side.writer.apply([moved(CHILD)])
    assert side.packed.answers([number(CHILD)], ())[0] == [0]
    side.repack()
    assert _told(side.packed.answers(EVERYBODY, ())) == _told(side.table.answers(EVERYBODY, ()))
    assert side.packed.packed
    side.writer.apply([insured(CHILD)])
    assert side.packed.answers([number(CHILD)], ())[0] == [0]


def test_a_change_by_who_knows_no_fragments_counts_too(side: Side, url: str, opened: Open) -> None:
    side.packer.pack()
    side.writer.close()
    other = Writer(opened(url))
    other.apply([moved(MOTHER)])
    other.close()
    assert side.packed.answers([number(MOTHER), number(FATHER)], ())[0] == [0, FATHER]
    side.path.unlink()
    assert not side.packer.pack()  # the fragments lapsed


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM change",
        "DELETE FROM change WHERE position > 1",
        "UPDATE change SET made_at = made_at + 1 WHERE position = 2",
        "UPDATE change SET person_id = 3 WHERE position = 2",
        "UPDATE registry_meta SET value = 'restored' WHERE key = 'epoch'",
    ],
)
def test_a_pack_of_another_history_is_not_believed(side: Side, statement: str) -> None:
    side.writer.apply([moved(MOTHER), insured(FATHER)])
    side.packer.pack()
    assert all(side.packed.answers(EVERYBODY, ())[0])
    side.run(statement)
    for reader in (side.packed, side.reader(side.path)):
        reader.answers(EVERYBODY, ())
        assert not reader.packed


def test_a_pack_of_another_encoding_is_not_believed(side: Side) -> None:
    side.packer.pack()
    other = side.reader(side.path, "lines/2")
    assert not any(other.answers(EVERYBODY, ())[0])
    assert not other.packed


def test_with_too_many_changes_a_pack_is_left(side: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("registry.pack.CHANGED_MAX", 2)
    side.packer.pack()
    side.writer.apply([insured(person_id) for person_id in (1, 2)])
    assert side.packed.answers(EVERYBODY, ())[0].count(0) == 2
    side.writer.apply([insured(person_id) for person_id in (3, 4)])
    assert side.packed.answers(EVERYBODY, ())[0].count(0) == 0
    assert not side.packed.packed


def test_who_is_far_behind_catches_up_before_reading_a_pack(side: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("registry.pack.FOLLOWED_MAX", 3)
    side.packer.pack()
    assert side.packed.answers(EVERYBODY, ())[0].count(0) == 0
    for person_id in range(1, 9):
        side.writer.apply([insured(person_id)])
    zeros = []
    for _ in range(4):
        person_ids, told = side.packed.answers(EVERYBODY, ())
        zeros.append(person_ids.count(0))
        for at in (0, 7):
            assert not person_ids[at] or (person_ids[at], told[at].endswith(b" v2")) == (at + 1, True)
    assert zeros == [0, 0, 8, 8]  # the stored fragments answer until all eight are known


def test_a_pack_is_due_when_many_changed(side: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    side.packer.pack()
    assert PEOPLE < 4 * packing.CHANGES_PART
    side.writer.apply([insured(person_id) for person_id in (1, 2, 3, 4)])
    assert side.packer.pack()
    monkeypatch.setattr(packing, "PEOPLE_MAX", PEOPLE - 1)
    side.path.unlink()
    assert not side.packer.pack()


def test_a_pack_is_believed_again_when_its_own_history_still_stands(side: Side) -> None:
    side.writer.apply([moved(MOTHER)])
    side.packer.pack()
    side.writer.apply([insured(FATHER), insured(CHILD)])
    assert side.packed.answers(EVERYBODY, ())[0].count(0) == 2
    side.run("DELETE FROM change WHERE position > 2")
    side.run("UPDATE fragment_state SET position = 2")
    assert side.packed.answers([number(CHILD)], ())[0] == [CHILD]  # from the fragments
    assert not side.packed.packed
    assert side.packed.answers(EVERYBODY, ())[0].count(0) == 1
    assert side.packed.packed


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("bits", 0),
        ("bits", 70),
        ("slots", (1 << 16, 0)),
        ("slots", (1 << 16, -1)),
        ("slots", (1 << 16, 3)),
        ("answer_bounds", (1 << 16, 4)),
        ("stated", (1 << 16, 1)),
        ("keys", (1 << 40, 1)),
        ("keys", (0, 10_000)),
    ],
)
def test_a_header_that_does_not_fit_is_no_pack(side: Side, name: str, value: Any) -> None:
    side.packer.pack()
    content = side.path.read_bytes()
    length = int.from_bytes(content[8:12], "little")
    header = json.loads(content[12 : 12 + length])
    (header if name == "bits" else header["columns"])[name] = value
    told = json.dumps(header).encode()
    side.path.write_bytes(
        (content[:8] + len(told).to_bytes(4, "little") + told).ljust(1 << 16, b"\0") + content[1 << 16 :]
    )
    with pytest.raises(NotAPack):
        Pack(side.path)


@pytest.mark.parametrize("content", [b"", b"pgpack1\n", b"pgpack1\n\x02\0\0\0{}", b"\0" * 70_000, "half", "header"])
def test_a_broken_file_is_no_pack_and_is_made_anew(side: Side, content: Any) -> None:
    side.packer.pack()
    whole = side.path.read_bytes()
    cut = {"half": whole[: len(whole) // 2], "header": whole[:100] + b"\0" + whole[101:]}
    side.path.write_bytes(cut.get(content, content))
    with pytest.raises(NotAPack):
        Pack(side.path)
    assert all(side.packed.answers(EVERYBODY, ())[0])
    assert not side.packed.packed
    assert side.packer.pack()
    assert all(side.packed.answers(EVERYBODY, ())[0])
    assert side.packed.packed


def test_a_pack_that_cannot_be_finished_leaves_the_old_one(side: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    side.packer.pack()
    before = side.path.read_bytes()
    side.writer.apply([insured(person_id) for person_id in (1, 2, 3, 4)])
    with pytest.raises(GivenUp):
        side.packer.pack(lambda: False)

    def full(*_: Any) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", full)
        with pytest.raises(OSError, match="No space"):
            side.packer.pack()
    assert side.path.read_bytes() == before
    assert os.listdir(side.path.parent) == [side.path.name]
    assert side.packer.pack()


@given(st.sets(st.integers(0, 10**12 - 1), min_size=1, max_size=300) | st.sets(st.integers(0, 400), min_size=1))
def test_every_key_stands_where_a_search_comes_by(keys: set[int]) -> None:
    column = np.array(list(keys), np.int64)
    bits, slots = hashed(column)
    homes = home_of(column, bits)
    assert sorted(slots[slots != NOBODY]) == list(range(len(keys)))
    assert slots[-1] == NOBODY
    for row, home in enumerate(homes):
        free = np.flatnonzero(slots[home:] == NOBODY)[0]
        assert row in slots[home : home + free]
