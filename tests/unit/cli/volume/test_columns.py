"""People as rows: as many cells as columns, whatever is registered."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agency.grants import Right
from gateway.api.v1 import person_pb2
from gateway.catalogue import Catalogue
from gateway.cli.volume.columns import columns_of
from gateway.lookup.disclosure import Disclosures
from gateway.lookup.people import People, UnitNames
from registry.engine import open_engine
from registry.people import PeopleStore
from registry.units import Units
from tests.world import BASIC, FULL, number_of

CATALOGUE = Catalogue.compile()
PARTS = [f"{leaf.path}.{part}" for leaf in CATALOGUE.leaves.values() for part in sorted(leaf.parts)]
TOPS = sorted({path.partition(".")[0] for path in CATALOGUE.leaves})


@pytest.fixture(scope="module")
def everybody(registry: Path) -> list[person_pb2.Person]:
    """Nobody, somebody, and the person of whom everything is registered, with all fields."""
    engine = open_engine(registry, read_only=True)
    people, places = People(PeopleStore(engine)), UnitNames(Units.from_engine(engine))
    everything = frozenset(CATALOGUE.leaves)
    disclosure = Disclosures(CATALOGUE).of(Right(1, everything, frozenset()), TOPS)
    found = [person_pb2.Person()]
    for read in people.by_number(disclosure, [number_of(1), number_of(FULL)]):
        assert read is not None
        found.append(person_pb2.Person())
        disclosure.fill(found[-1], read.row, read.related, places)
    return found


def _cells(paths: list[str], person: person_pb2.Person | None) -> list[str]:
    row: list[str] = []
    columns_of(paths).cells(person, row)
    return row


@settings(max_examples=100, deadline=None)
@given(paths=st.lists(st.sampled_from([*CATALOGUE.leaves, *PARTS, *TOPS]), min_size=1, max_size=10, unique=True))
def test_there_is_a_cell_for_every_column(everybody: list[person_pb2.Person], paths: list[str]) -> None:
    columns = columns_of(paths)
    assert columns.names
    for person in (None, *everybody):
        row = _cells(paths, person)
        assert len(row) == len(columns.names)
        assert all(isinstance(cell, str) for cell in row)
    assert _cells(paths, None) == _cells(paths, everybody[0]) == [""] * len(columns.names)


def test_all_that_is_registered_is_told(everybody: list[person_pb2.Person]) -> None:
    assert all(any(_cells([path], everybody[-1])) for path in CATALOGUE.leaves)


def test_the_six_basic_fields(everybody: list[person_pb2.Person]) -> None:
    told = dict(zip(columns_of(BASIC).names, _cells(list(BASIC), everybody[1]), strict=True))
    assert told["number"] == number_of(1)
    assert (told["name.surname"], told["name.middle_name"], told["name.given_name"]) == ("Nguyễn", "Văn", "Hòa")
    assert (told["birth_date"], told["sex"]) == ("1990-04-30", "male")
    assert told["permanent_residence.text"] == "Số 1 phố Hàng Than, Phường Ba Đình, Thành phố Hà Nội"


@pytest.mark.parametrize(
    ("date", "told"), [((1990, 4, 30), "1990-04-30"), ((1990, 4, 0), "1990-04"), ((1990, 0, 0), "1990")]
)
def test_a_date_is_told_as_far_as_it_is_known(date: tuple[int, int, int], told: str) -> None:
    person = person_pb2.Person()
    person.birth_date.year, person.birth_date.month, person.birth_date.day = date
    assert _cells(["birth_date"], person) == [told]


def test_a_path_that_does_not_exist_has_no_column() -> None:
    assert columns_of(["x", "name.x", "number.x", "relatives.name", ""]).names == ()
