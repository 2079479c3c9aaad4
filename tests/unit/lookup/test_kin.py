"""Who is related to whom, and who acts for a child."""

from __future__ import annotations

from datetime import date

import pytest

from gateway.lookup.kin import is_minor, kinships, of_kinds
from registry.datasets import Link, Relation
from registry.finding import Life, Member

TODAY = date(2026, 11, 25)
FATHER, MOTHER, CHILD, ELDER, GUARDIAN = 1, 2, 3, 4, 5
F, M, S, C, ACTS, ACTED_FOR = range(1, 7)  # numbers of the contract's Kinship
GROWN, MINOR, DEAD = Life(1985, 1, 1, False), Life(2015, 6, 1, False), Life(1980, 0, 0, True)


@pytest.mark.parametrize(
    ("born", "minor"),
    [
        ((2008, 11, 25), False),  # eighteen today
        ((2008, 11, 26), True),
        ((2008, 11, 0), True),  # the last day that there can be
        ((2008, 10, 0), False),
        ((2008, 0, 0), True),
        ((2007, 0, 0), False),
        ((2026, 11, 25), True),
    ],
)
def test_a_person_is_a_minor_until_the_day_they_turn_eighteen(born: tuple[int, int, int], minor: bool) -> None:
    assert is_minor(Life(*born, False), TODAY) is minor
    assert not is_minor(Life(*born, True), TODAY)


def test_who_was_born_on_a_leap_day_is_of_age_on_the_first_of_march() -> None:
    born = Life(2008, 2, 29, False)
    assert is_minor(born, date(2026, 2, 28))
    assert not is_minor(born, date(2026, 3, 1))


def test_living_parents_act_for_a_minor() -> None:
    links = [(Link.FATHER, FATHER), (Link.MOTHER, MOTHER)]
    lives = {CHILD: MINOR, FATHER: DEAD, MOTHER: GROWN}
    assert kinships(CHILD, links, [], lives, TODAY) == {FATHER: [F], MOTHER: [M, ACTS]}
    assert kinships(CHILD, links, [], lives | {CHILD: GROWN}, TODAY) == {FATHER: [F], MOTHER: [M]}


def test_a_parent_acts_for_the_minor_children_and_a_dead_one_for_nobody() -> None:
    links = [(Link.CHILD, CHILD), (Link.CHILD, ELDER)]
    lives = {FATHER: GROWN, CHILD: MINOR, ELDER: GROWN}
    assert kinships(FATHER, links, [], lives, TODAY) == {CHILD: [C, ACTED_FOR], ELDER: [C]}
    assert kinships(FATHER, links, [], lives | {FATHER: DEAD}, TODAY) == {CHILD: [C], ELDER: [C]}


def test_a_guardian_acts_for_the_minor_who_heads_the_household_and_for_no_other_member() -> None:
    members = [
        Member(CHILD, Relation.HEAD, "01"),
        Member(ELDER, Relation.ELDER_BROTHER, "01"),
        Member(GUARDIAN, Relation.GUARDIAN, "01"),
    ]
    lives = {CHILD: MINOR, ELDER: MINOR, GUARDIAN: GROWN}
    assert kinships(CHILD, [], members, lives, TODAY) == {GUARDIAN: [ACTS]}
    assert kinships(GUARDIAN, [], members, lives, TODAY) == {CHILD: [ACTED_FOR]}
    assert kinships(ELDER, [], members, lives, TODAY) == {}
    assert kinships(CHILD, [], members, lives | {GUARDIAN: DEAD}, TODAY) == {}


def test_only_the_kinships_asked_for_are_kept() -> None:
    found = {FATHER: [F, ACTS], ELDER: [C]}
    assert of_kinds(found, ()) == found
    assert of_kinds(found, {ACTS}) == {FATHER: [ACTS]}
    assert of_kinds(found, {S}) == {}
