"""Every leaf of the catalogue, filled from a person of whom everything is registered."""

from __future__ import annotations

from pathlib import Path

import pytest
from google.protobuf.message import Message

from gateway.agency.grants import Right
from gateway.api.v1 import person_pb2
from gateway.catalogue import Catalogue
from gateway.lookup.disclosure import Disclosures
from gateway.lookup.people import People, UnitNames
from registry.engine import open_engine
from registry.people import PeopleStore
from registry.units import Units
from tests.world import CHILD, COMMUNE_SOUTH, FATHER, FULL, MOTHER, SPOUSE, number_of

CATALOGUE = Catalogue.compile()
EVERYTHING = Right(1, frozenset(CATALOGUE.leaves), frozenset())


class _Reader:
    """Fills people from the shared registry."""

    def __init__(self, registry: Path) -> None:
        engine = open_engine(registry, read_only=True)
        self._store = PeopleStore(engine)
        self._people = People(self._store)
        self._places = UnitNames(Units.from_engine(engine))
        self._disclosures = Disclosures(CATALOGUE)

    def person(self, position: int, *paths: str, right: Right = EVERYTHING) -> person_pb2.Person:
        """The person at a position, with these paths."""
        disclosure = self._disclosures.of(right, paths)
        (found,) = self._people.by_number(disclosure, [number_of(position)])
        assert found is not None
        person = person_pb2.Person()
        disclosure.fill(person, found.row, found.related, self._places)
        return person

    def close(self) -> None:
        self._store.close()


@pytest.fixture(scope="module")
def reader(registry: Path) -> _Reader:
    """Reads the registry of the tests."""
    return _Reader(registry)


@pytest.mark.parametrize("leaf", CATALOGUE.leaves)
def test_a_leaf_that_is_registered_is_filled_and_nothing_else(leaf: str, reader: _Reader) -> None:
    person = reader.person(FULL, leaf)
    top, _, rest = leaf.partition(".")
    (field,) = (descriptor.name for descriptor, _ in person.ListFields())
    assert field == top
    if rest:
        assert [descriptor.name for descriptor, _ in getattr(person, top).ListFields()] == [rest]


@pytest.mark.parametrize("leaf", CATALOGUE.leaves)
def test_a_leaf_filled_alone_is_the_same_as_among_all(leaf: str, reader: _Reader) -> None:
    alone, among = reader.person(FULL, leaf), reader.person(FULL, *CATALOGUE.leaves)
    message: Message = among
    for name in leaf.split("."):
        alone, message = getattr(alone, name), getattr(message, name)
    assert alone == message


def test_what_is_not_registered_is_absent(reader: _Reader) -> None:
    person = reader.person(20, *CATALOGUE.leaves)
    present = {descriptor.name for descriptor, _ in person.ListFields()}
    assert not present & {
        *("other_names", "religion", "blood_group", "legacy_number", "identity_documents", "relatives"),
        *("temporary_residence", "current_residence", "residence_dossier_number", "death", "social_insurance"),
    }


def test_a_person_of_whom_everything_is_registered(reader: _Reader) -> None:
    person = reader.person(FULL, *CATALOGUE.leaves)
    assert [(each.kind, each.name.given_name) for each in person.other_names] == [(2, "Lành")]
    assert person.blood_group == person_pb2.BLOOD_GROUP_O
    assert (person.death.date.year, person.death.date.month, person.death.date.day) == (2025, 1, 0)
    assert [each.number for each in person.identity_documents] == [number_of(FULL)]
    assert person.identity_documents[0].expires_date.year == 2030
    assert {(each.kinship, each.number) for each in person.relatives} == {
        (person_pb2.KINSHIP_FATHER, number_of(FATHER)),
        (person_pb2.KINSHIP_MOTHER, number_of(MOTHER)),
        (person_pb2.KINSHIP_SPOUSE, number_of(SPOUSE)),
        (person_pb2.KINSHIP_CHILD, number_of(CHILD)),
    }
    assert person.temporary_residence.commune_code == person.current_residence.commune_code == COMMUNE_SOUTH
    assert person.birth_place.text == "Phường Phúc Xá, Quận Ba Đình, Thành phố Hà Nội"
    assert person.contact.mobile_number == "0912345678"
    assert person.social_insurance.health_card == "GD4790123456789"


def test_a_household_names_its_head_and_all_members(reader: _Reader) -> None:
    household = reader.person(CHILD, "household").household
    assert household.head_number == number_of(FULL)
    assert [(member.number, member.relation) for member in household.members] == [
        (number_of(FULL), person_pb2.RELATION_TO_HEAD_HEAD),
        (number_of(CHILD), person_pb2.RELATION_TO_HEAD_CHILD),
    ]


def test_a_part_of_a_leaf_coarsens_it(reader: _Reader) -> None:
    person = reader.person(FULL, "birth_date.year", "permanent_residence.province_code")
    assert person.birth_date == person_pb2.Person(birth_date={"year": 1990}).birth_date
    assert [descriptor.name for descriptor, _ in person.permanent_residence.ListFields()] == ["province_code"]


def test_a_part_is_coarsened_under_a_grant_of_the_part_alone(reader: _Reader) -> None:
    right = Right(1, frozenset({"birth_date.year", "name.given_name"}), frozenset())
    person = reader.person(FULL, "birth_date", "name", right=right)
    assert (person.birth_date.year, person.birth_date.month, person.birth_date.day) == (1990, 0, 0)
    assert (person.name.surname, person.name.given_name) == ("", "Hòa")
