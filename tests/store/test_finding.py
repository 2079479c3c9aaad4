"""People are found by household and by kinship, alike on both engines."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine

from registry.datasets import Link
from registry.finding import FindingStore, Life, Member
from registry.people import PeopleStore
from tests.store.small_population import CAO_BANG, CHILD, FATHER, HANOI, HOUSEHOLD, MOTHER, WIDOW

Open = Callable[..., Engine]


@pytest.fixture
def store(url: str, opened: Open) -> Iterator[FindingStore]:
    people = PeopleStore(opened(url, read_only=True))
    yield FindingStore(people.reader)
    people.close()


def test_present_members_are_found_by_id_and_by_number_of_their_household(store: FindingStore) -> None:
    members = [Member(FATHER, 1, HANOI), Member(MOTHER, 2, HANOI), Member(CHILD, 4, CAO_BANG)]
    assert store.members(HOUSEHOLD) == members
    assert store.members_by_number("A1") == members
    assert [each.person_id for each in store.members_by_number("A2")] == [WIDOW]


def test_a_household_that_does_not_exist_has_no_members(store: FindingStore) -> None:
    assert store.members(99) == []
    assert store.members_by_number("A3") == []
    assert store.members_by_number("") == []


def test_relatives_are_links_in_both_directions(store: FindingStore) -> None:
    assert store.relatives(CHILD) == [(Link.FATHER, FATHER), (Link.MOTHER, MOTHER)]
    assert store.relatives(FATHER) == [(Link.SPOUSE, MOTHER), (Link.CHILD, CHILD)]
    assert store.relatives(WIDOW) == store.relatives(12345) == []


def test_lives_are_read_for_many(store: FindingStore) -> None:
    assert store.lives([CHILD, WIDOW, 12345]) == {CHILD: Life(2010, 0, 0, False), WIDOW: Life(1990, 0, 0, False)}
