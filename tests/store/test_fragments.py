"""Stored fragments follow the people they are made of, and are not believed when they might not."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from registry.pack import Ready
from registry.people import PeopleStore
from registry.ready import ReadyPeople
from registry.writer import Writer
from tests.store.small_population import CHILD, FATHER, FORMER_NUMBER_OF_CHILD, MOTHER, PEOPLE, WIDOW, number
from tests.store.test_writer import insured, moved

Open = Callable[..., Engine]
EVERYBODY = range(1, PEOPLE + 1)
BY_NUMBER = sorted(EVERYBODY, key=number)


class Lines:
    """An encoder for tests: some columns as text; of these, the name is what is stated."""

    columns: tuple[str, ...] = ("version", "scope", "surname", "given_name", "permanent_line")

    def __init__(self, encoding: str = "lines/1") -> None:
        self.encoding = encoding

    def encode(self, rows: Sequence[tuple[Any, ...]]) -> list[tuple[bytes, bytes]]:
        return [(self.stated(row), self.line(row)) for row in rows]

    def stated(self, row: tuple[Any, ...]) -> bytes:
        return f"{row[4]} {row[5]}".encode()

    def line(self, row: tuple[Any, ...]) -> bytes:
        """Version left out: it stands beside."""
        return "|".join(map(str, (row[1], *row[3:]))).encode()

    def answer(self, body: bytes, version: int) -> bytes:
        return body + f" v{version}".encode()


@pytest.fixture
def reader(url: str, opened: Open) -> Iterator[PeopleStore]:
    store = PeopleStore(opened(url, read_only=True))
    yield store
    store.close()


@dataclass(frozen=True)
class Readers:
    """Readers of one store: of the people's rows, and of what is ready, without a pack."""

    store: PeopleStore
    engine: Engine
    nowhere: Path

    def ready(self, encoding: str = "lines/1") -> ReadyPeople:
        return ReadyPeople(self.store.reader, self.engine, Lines(encoding), self.nowhere)


@pytest.fixture
def readers(reader: PeopleStore, url: str, opened: Open, tmp_path: Path) -> Readers:
    return Readers(reader, opened(url, read_only=True), tmp_path / "none.pack")


@pytest.fixture
def writer(url: str, opened: Open) -> Iterator[Writer]:
    one = Writer(opened(url), Lines())
    yield one
    one.close()


def fill(writer: Writer, people_max: int = 25) -> int:
    """Transactions until nothing was missing."""
    rounds = 1
    while writer.fill_fragments(people_max):
        rounds += 1
    return rounds


def expected(readers: Readers, person_ids: Sequence[int], *, stated: bool = False) -> list[tuple[int, bytes]]:
    """Who must be ready, from the people's own rows."""
    rows = [row for row in readers.store.read_ids(readers.store.plan(Lines.columns), person_ids) if row is not None]
    lines = Lines()
    return [(row[0], lines.stated(row) if stated else lines.answer(lines.line(row), row[2])) for row in rows]


def of(readers: Readers, person_ids: Sequence[int], encoding: str = "lines/1") -> list[tuple[int, bytes]]:
    """Who is ready, by the current number of each; 0 where nobody is."""
    return asked(readers.ready(encoding).answers, [number(person_id) for person_id in person_ids])


def asked(read: Callable[[Sequence[str], Collection[str]], Ready], numbers: list[str]) -> list[tuple[int, bytes]]:
    return list(zip(*read(numbers, ()), strict=True))


def present(readers: Readers, person_ids: Sequence[int], encoding: str = "lines/1") -> list[tuple[int, bytes]]:
    return [one for one in of(readers, person_ids, encoding) if one[0]]


def test_everybody_gets_a_fragment_block_by_block(writer: Writer, readers: Readers) -> None:
    assert present(readers, EVERYBODY) == []
    assert writer.fill_fragments(25)
    assert present(readers, BY_NUMBER) == expected(readers, BY_NUMBER[:25])
    assert fill(writer) == 2
    assert of(readers, EVERYBODY) == expected(readers, EVERYBODY)
    assert not writer.fill_fragments(25)


def test_fragments_are_found_by_current_number_in_the_order_asked(writer: Writer, readers: Readers) -> None:
    fill(writer)
    numbers = [number(WIDOW), "001090999999", number(CHILD), FORMER_NUMBER_OF_CHILD, number(FATHER)]
    widow, nobody, child, former, father = asked(readers.ready().answers, numbers)
    assert [widow, child, father] == expected(readers, [WIDOW, CHILD, FATHER])
    assert (nobody[0], former[0]) == (0, 0)
    assert of(readers, [FATHER, MOTHER]) == expected(readers, [FATHER, MOTHER])
    in_scope = readers.ready().answers([number(WIDOW)], {"01", "79"})
    assert in_scope != readers.ready().answers([number(WIDOW)], {"-"})


def test_what_is_stated_is_found_by_current_number_too(writer: Writer, readers: Readers) -> None:
    fill(writer)
    writer.apply([moved(MOTHER)])
    numbers = [number(WIDOW), "001090999999", FORMER_NUMBER_OF_CHILD, number(MOTHER)]
    widow, nobody, former, mother = asked(readers.ready().stated, numbers)
    assert [widow, mother] == expected(readers, [WIDOW, MOTHER], stated=True)
    assert (nobody[0], former[0]) == (0, 0)
    assert not any(readers.ready("lines/2").stated(numbers, ())[0])


def test_a_write_changes_fragments_in_its_transaction(writer: Writer, readers: Readers) -> None:
    fill(writer)
    writer.apply([insured(FATHER), moved(MOTHER), insured(MOTHER), moved(WIDOW, permanent_since=None)])
    assert of(readers, EVERYBODY) == expected(readers, EVERYBODY)
    father, mother = present(readers, [FATHER, MOTHER])
    assert father[1].endswith(b" v2")
    assert mother[1].endswith(b" v3")
    assert "Tổ 2".encode() in mother[1]


def test_a_write_while_fragments_are_still_being_made_is_not_lost(writer: Writer, readers: Readers) -> None:
    assert writer.fill_fragments(2)
    assert {FATHER, MOTHER, WIDOW}.intersection(BY_NUMBER[:2])
    writer.apply([moved(FATHER), moved(MOTHER), moved(WIDOW)])
    assert present(readers, BY_NUMBER) == expected(readers, BY_NUMBER[:2])
    fill(writer)
    assert of(readers, EVERYBODY) == expected(readers, EVERYBODY)


def test_a_writer_that_knows_no_fragments_makes_them_lapse_until_the_next_start(
    url: str, opened: Open, writer: Writer, readers: Readers
) -> None:
    fill(writer)
    writer.close()
    other = Writer(opened(url))
    assert not other.fill_fragments(25)
    other.apply([moved(MOTHER)])
    other.close()
    assert present(readers, EVERYBODY) == []
    writer.apply([insured(FATHER)])  # opens again and sees what happened
    assert present(readers, EVERYBODY) == []
    fill(writer)
    assert of(readers, EVERYBODY) == expected(readers, EVERYBODY)


def test_a_foreign_write_beside_an_open_writer_makes_them_lapse(
    url: str, opened: Open, writer: Writer, readers: Readers, databases: Any
) -> None:
    if databases.kind == "postgresql":
        pytest.skip("a second writer is refused there")
    fill(writer)
    other = Writer(opened(url))
    other.apply([moved(MOTHER)])
    other.close()
    writer.apply([insured(FATHER)])
    assert present(readers, EVERYBODY) == []
    assert not writer.fill_fragments(25)


def test_another_encoding_makes_them_anew(url: str, opened: Open, writer: Writer, readers: Readers) -> None:
    fill(writer)
    writer.close()
    other = Writer(opened(url), Lines("lines/2"))
    assert present(readers, EVERYBODY) == []
    fill(other)
    other.close()
    assert present(readers, EVERYBODY) == []
    assert len(present(readers, EVERYBODY, "lines/2")) == PEOPLE


def test_filling_goes_on_after_a_restart(url: str, opened: Open, writer: Writer, readers: Readers) -> None:
    writer.fill_fragments(25)
    writer.close()
    other = Writer(opened(url), Lines())
    assert len(present(readers, EVERYBODY)) == 25
    assert fill(other) == 2
    other.close()
    assert of(readers, EVERYBODY) == expected(readers, EVERYBODY)


def test_a_store_without_a_place_for_fragments_answers_without_them(url: str, opened: Open, tmp_path: Path) -> None:
    engine = opened(url)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE fragment"))
    store = PeopleStore(engine)
    ready = ReadyPeople(store.reader, engine, Lines(), tmp_path / "none.pack")
    assert ready.answers([number(FATHER)], ()) == ([0], [b""])
    writer = Writer(engine, Lines())
    assert not writer.fill_fragments(25)
    assert len(writer.apply([moved(MOTHER)])) == 1
    writer.close()
    store.close()
