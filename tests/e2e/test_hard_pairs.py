"""Verification over a whole nation: people who are easily taken for one another are told apart.

Everybody states what stands on their own card, and it is compared with the record of the person most like them.
`POPGATE_NATION_PEOPLE` sets the size of the slow test's nation.
"""

from __future__ import annotations

import os
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice, pairwise
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from gateway.agency.grants import Leniency, Right
from gateway.catalogue import Catalogue
from gateway.lookup.people import People, UnitNames
from gateway.lookup.verification.names import bare, same_text
from gateway.lookup.verification.plan import Plans
from gateway.lookup.verification.rules import Verdict
from gateway.lookup.verification.table import Graded, Grader, Table
from registry.engine import open_engine, registry_url
from registry.names import text_key
from registry.people import PeopleStore
from registry.units import Units
from seed.build import build
from seed.plan import Plan

NATION = int(os.environ.get("POPGATE_NATION_PEOPLE", "100000"))
STATED = ("name", "birth_date", "sex")
TODAY = date(2026, 1, 1)


@dataclass(frozen=True, slots=True)
class Person:
    """A person of the nation with what a card says of them."""

    person_id: int
    number: str
    name: str
    birth_date: str
    birth_year: int
    sex: int
    father_id: int | None
    mother_id: int | None


Pair: TypeAlias = tuple[Person, Person]
"""Who states, and about whom it is compared."""


class Nation:
    """A population as built, and the way to its records that a call takes."""

    def __init__(self, state: Path, people: int) -> None:
        build(Plan(people, 1), state, epoch="0" * 16, workers=2, progress=lambda _stage, _done: None)
        url = registry_url(state)
        engine = open_engine(url, read_only=True)
        self._people = People(PeopleStore(engine))
        self._places = UnitNames(Units.from_engine(engine))
        self._plans = Plans(Catalogue.compile())
        with sqlite3.connect(url) as database:
            rows = database.execute(
                "SELECT person_id, number, surname, middle_name, given_name, birth_year, birth_month, birth_day, sex,"
                " father_id, mother_id FROM person"
            )
            self.everybody = [_person(row) for row in rows]

    def verdicts(self, pairs: Iterable[Pair], leniency: Leniency) -> Iterator[tuple[Pair, tuple[Verdict, ...]]]:
        """What comes of comparing the first of each pair's card with the second's record."""
        right = Right(1, frozenset(), frozenset(), frozenset((*STATED, "number")), frozenset(), leniency)
        plan = self._plans.of(right, (*STATED, "number"), ())
        remaining = iter(pairs)
        while batch := list(islice(remaining, 1000)):
            stated = [one for one, _ in batch]
            columns = {
                "name": [one.name for one in stated],
                "birth_date": [one.birth_date for one in stated],
                "sex": [("male", "female")[one.sex - 1] for one in stated],
                "number": [one.number for one in stated],
            }
            table = Table([other.number for _, other in batch], columns, {})
            found = self._people.by_number(plan.disclosure, table.numbers)
            graded = Graded(bytearray(len(batch)), bytearray(4 * len(batch)), bytearray())
            for _ in Grader(plan, self._places, TODAY).slices(table, found, {}, graded):
                pass
            for row, pair in enumerate(batch):
                yield pair, tuple(map(Verdict, graded.verdicts[4 * row : 4 * row + 4]))


def _person(row: tuple[Any, ...]) -> Person:
    person_id, number, surname, middle, given, year, month, day, sex, father, mother = row
    name = " ".join(part for part in (surname, middle, given) if part)
    return Person(person_id, number, name, f"{year:04}-{month:02}-{day:02}", year, sex, father, mother)


def _alike(people: Iterable[Person], key: Callable[[Person], Hashable]) -> Iterator[Pair]:
    """Each person with the next one of the same key, and back."""
    groups: defaultdict[Hashable, list[Person]] = defaultdict(list)
    for person in people:
        groups[key(person)].append(person)
    for group in groups.values():
        for one, other in pairwise(group):
            yield one, other
            yield other, one


def namesakes(nation: Nation) -> Iterator[Pair]:
    """The same folded name and birth year."""
    return _alike(nation.everybody, lambda person: (text_key(person.name), person.birth_year))


def twins(nation: Nation) -> Iterator[Pair]:
    """The same mother and birth date."""
    born = (person for person in nation.everybody if person.mother_id is not None)
    return _alike(born, lambda person: (person.mother_id, person.birth_date))


def fathers_and_sons(nation: Nation) -> Iterator[Pair]:
    """A child's card against the father's record, and the other way round."""
    by_id = {person.person_id: person for person in nation.everybody}
    for person in nation.everybody:
        if person.father_id is not None and person.father_id in by_id:
            yield person, by_id[person.father_id]
            yield by_id[person.father_id], person


def toneless(nation: Nation) -> Iterator[Pair]:
    """Names that differ in nothing but tones and marks, the same birth year."""
    once = {(text_key(person.name), person.birth_year): person for person in nation.everybody}
    return _alike(
        once.values(), lambda person: (" ".join(map(bare, same_text(person.name).split())), person.birth_year)
    )


def check(nation: Nation) -> dict[str, int]:
    """Raises AssertionError when somebody is taken for somebody else; how many pairs of each kind were tried."""
    counts: Counter[str] = Counter()
    for kind in (namesakes, twins, fathers_and_sons, toneless):
        for leniency in Leniency:
            for (one, other), (name, birth, sex, number) in nation.verdicts(kind(nation), leniency):
                counts[f"{kind.__name__} {leniency.name}"] += 1
                same_name = same_text(one.name) == same_text(other.name)
                assert number is Verdict.MISMATCH
                assert (name is Verdict.MATCH) == same_name
                assert (birth is Verdict.MATCH) == (one.birth_date == other.birth_date)
                assert (sex is Verdict.MATCH) == (one.sex == other.sex)
                if {name, birth, sex} == {Verdict.MATCH}:
                    counts[f"{kind.__name__} {leniency.name} alike"] += 1
                    assert kind is namesakes, "only namesakes born on one day state the same"
                if leniency is Leniency.EXACT:
                    assert not name.is_close
                    assert not birth.is_close
                if leniency is Leniency.SPELLING and kind is toneless:
                    assert not name.is_close, "another tone is another name"
    return dict(counts)


@pytest.fixture(scope="module")
def small_nation(tmp_path_factory: pytest.TempPathFactory) -> Nation:
    return Nation(tmp_path_factory.mktemp("nation"), 4_000)


def test_people_most_like_each_other_are_told_apart(small_nation: Nation) -> None:
    counts = check(small_nation)
    assert counts["fathers_and_sons EXACT"] > 2_000
    assert counts["namesakes EXACT"] > 20


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_people_most_like_each_other_are_told_apart_in_a_nation(tmp_path: Path) -> None:
    counts = check(Nation(tmp_path, NATION))
    assert min(counts[f"{kind} EXACT"] for kind in ("namesakes", "twins", "fathers_and_sons", "toneless")) > 100
    print({key: count for key, count in counts.items() if "EXACT" in key or "alike" in key})
