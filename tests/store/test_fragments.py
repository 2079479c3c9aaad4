"""Stored fragments follow the people they are made of, and are not believed when they might not."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from sqlalchemy import Engine, text

from registry.people import PeopleStore
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


@pytest.fixture
def reader(url: str, opened: Open) -> Iterator[PeopleStore]:
    store = PeopleStore(opened(url, read_only=True))
    yield store
    store.close()


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


def expected(store: PeopleStore, person_ids: Sequence[int], *, stated: bool = False) -> list[tuple[Any, ...]]:
    """What the fragments must be, from the people's own rows."""
    rows = [row for row in store.read_ids(store.plan(Lines.columns), person_ids) if row is not None]
    return [(*row[:4], None, Lines().stated(row) if stated else Lines().line(row)) for row in rows]


def of(store: PeopleStore, person_ids: Sequence[int], encoding: str = "lines/1") -> list[Any]:
    """The fragment of each person, by the current number; None where there is none."""
    return store.fragments(encoding, [number(person_id) for person_id in person_ids])


def present(store: PeopleStore, person_ids: Sequence[int], encoding: str = "lines/1") -> list[Any]:
    return [row for row in of(store, person_ids, encoding) if row is not None]


def test_everybody_gets_a_fragment_block_by_block(writer: Writer, reader: PeopleStore) -> None:
    assert present(reader, EVERYBODY) == []
    assert writer.fill_fragments(25)
    assert present(reader, BY_NUMBER) == expected(reader, BY_NUMBER[:25])
    assert fill(writer) == 2
    assert of(reader, EVERYBODY) == expected(reader, EVERYBODY)
    assert not writer.fill_fragments(25)


def test_fragments_are_found_by_current_number_in_the_order_asked(writer: Writer, reader: PeopleStore) -> None:
    fill(writer)
    asked = [number(WIDOW), "001090999999", number(CHILD), FORMER_NUMBER_OF_CHILD, number(FATHER)]
    widow, nobody, child, former, father = reader.fragments("lines/1", asked)
    assert [widow, child, father] == expected(reader, [WIDOW, CHILD, FATHER])
    assert nobody is None
    assert former is None
    assert reader.fragments("lines/1", [number(i) for i in (FATHER, MOTHER)]) == expected(reader, [FATHER, MOTHER])


def test_what_is_stated_is_found_by_current_number_too(writer: Writer, reader: PeopleStore) -> None:
    fill(writer)
    writer.apply([moved(MOTHER)])
    asked = [number(WIDOW), "001090999999", FORMER_NUMBER_OF_CHILD, number(MOTHER)]
    widow, nobody, former, mother = reader.fragments("lines/1", asked, stated=True)
    assert [widow, mother] == expected(reader, [WIDOW, MOTHER], stated=True)
    assert [nobody, former] == [None, None]
    assert reader.fragments("lines/2", asked, stated=True) == [None] * 4


def test_a_write_changes_fragments_in_its_transaction(writer: Writer, reader: PeopleStore) -> None:
    fill(writer)
    writer.apply([insured(FATHER), moved(MOTHER), insured(MOTHER), moved(WIDOW, permanent_since=None)])
    assert of(reader, EVERYBODY) == expected(reader, EVERYBODY)
    father, mother = present(reader, [FATHER, MOTHER])
    assert (father[2], mother[2]) == (2, 3)
    assert "Tổ 2".encode() in mother[-1]


def test_a_write_while_fragments_are_still_being_made_is_not_lost(writer: Writer, reader: PeopleStore) -> None:
    assert writer.fill_fragments(2)
    assert {FATHER, MOTHER, WIDOW}.intersection(BY_NUMBER[:2])
    writer.apply([moved(FATHER), moved(MOTHER), moved(WIDOW)])
    assert present(reader, BY_NUMBER) == expected(reader, BY_NUMBER[:2])
    fill(writer)
    assert of(reader, EVERYBODY) == expected(reader, EVERYBODY)


def test_a_writer_that_knows_no_fragments_makes_them_lapse_until_the_next_start(
    url: str, opened: Open, writer: Writer, reader: PeopleStore
) -> None:
    fill(writer)
    writer.close()
    other = Writer(opened(url))
    assert not other.fill_fragments(25)
    other.apply([moved(MOTHER)])
    other.close()
    assert present(reader, EVERYBODY) == []
    writer.apply([insured(FATHER)])  # opens again and sees what happened
    assert present(reader, EVERYBODY) == []
    fill(writer)
    assert of(reader, EVERYBODY) == expected(reader, EVERYBODY)


def test_a_foreign_write_beside_an_open_writer_makes_them_lapse(
    url: str, opened: Open, writer: Writer, reader: PeopleStore, databases: Any
) -> None:
    if databases.kind == "postgresql":
        pytest.skip("a second writer is refused there")
    fill(writer)
    other = Writer(opened(url))
    other.apply([moved(MOTHER)])
    other.close()
    writer.apply([insured(FATHER)])
    assert present(reader, EVERYBODY) == []
    assert not writer.fill_fragments(25)


def test_another_encoding_makes_them_anew(url: str, opened: Open, writer: Writer, reader: PeopleStore) -> None:
    fill(writer)
    writer.close()
    other = Writer(opened(url), Lines("lines/2"))
    assert present(reader, EVERYBODY) == []
    fill(other)
    other.close()
    assert present(reader, EVERYBODY) == []
    assert len(present(reader, EVERYBODY, "lines/2")) == PEOPLE


def test_filling_goes_on_after_a_restart(url: str, opened: Open, writer: Writer, reader: PeopleStore) -> None:
    writer.fill_fragments(25)
    writer.close()
    other = Writer(opened(url), Lines())
    assert len(present(reader, EVERYBODY)) == 25
    assert fill(other) == 2
    other.close()
    assert of(reader, EVERYBODY) == expected(reader, EVERYBODY)


def test_a_store_without_a_place_for_fragments_answers_without_them(url: str, opened: Open) -> None:
    engine = opened(url)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE fragment"))
    store = PeopleStore(engine)
    assert store.fragments("lines/1", [number(FATHER)]) == [None]
    writer = Writer(engine, Lines())
    assert not writer.fill_fragments(25)
    assert len(writer.apply([moved(MOTHER)])) == 1
    writer.close()
    store.close()
