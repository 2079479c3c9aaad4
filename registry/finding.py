"""Reads who belongs together: the statements by which people are found other than by their own number.

Trust: the database is trusted; see registry/tables.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, FromClause, Text, bindparam, select

from registry.datasets import Link
from registry.reading import IDENTIFIERS, Reader
from registry.related import relatives
from registry.tables import household, membership, person


@dataclass(frozen=True, slots=True)
class Member:
    """A present member of a household. `scope`: province of the permanent residence, which decides who may see them."""

    person_id: int
    relation: int
    scope: str


@dataclass(frozen=True, slots=True)
class Life:
    """What says whether a person acts for another: born when (month and day 0 where not known), dead or not."""

    birth_year: int
    birth_month: int
    birth_day: int
    is_dead: bool


class FindingStore:
    """Statements that find people. Safe to share between threads. All methods raise `StoreUnavailable`."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        asked = reader.asked("ids", IDENTIFIERS)
        by_number = membership.join(household, household.c.household_id == membership.c.household_id)
        number = household.c.number == bindparam("number", type_=Text())
        household_id = membership.c.household_id == bindparam("household_id", type_=IDENTIFIERS)
        self._members_by_number = self._members(by_number, number)
        self._members_by_id = self._members(membership, household_id)
        self._relatives = reader.compile(relatives(asked))
        life = select(
            *(person.c[name] for name in ("person_id", "birth_year", "birth_month", "birth_day", "death_date"))
        )
        current = select(person.c.person_id, person.c.number)
        self._numbers = reader.compile(current.select_from(asked.join(person, person.c.person_id == asked.c.value)))
        homes = select(household.c.household_id, household.c.number)
        joined = asked.join(household, household.c.household_id == asked.c.value)
        self._household_numbers = reader.compile(homes.select_from(joined))
        self._lives = reader.compile(life.select_from(asked.join(person, person.c.person_id == asked.c.value)))

    def members(self, household_id: int) -> list[Member]:
        """The present members of a household, the head first."""
        return [Member(*row) for row in self._reader.rows(self._members_by_id, {"household_id": household_id})]

    def members_by_number(self, household_number: str) -> list[Member]:
        """The present members of the household of this number, the head first; nobody when there is none."""
        return [Member(*row) for row in self._reader.rows(self._members_by_number, {"number": household_number})]

    def relatives(self, person_id: int) -> list[tuple[Link, int]]:
        """Father, mother, spouse and children as far as they are linked: kind of link and person_id."""
        rows = self._reader.rows(self._relatives, {"ids": self._reader.pack([person_id])})
        return [(Link(row[1]), row[2]) for row in rows]

    def numbers(self, person_ids: Sequence[int]) -> dict[int, str]:
        """The current numbers of people, by person_id."""
        return dict(self._reader.rows(self._numbers, {"ids": self._reader.pack(_in_range(person_ids))}))

    def household_numbers(self, household_ids: Sequence[int]) -> dict[int, str]:
        """The numbers of households, by household_id."""
        return dict(self._reader.rows(self._household_numbers, {"ids": self._reader.pack(_in_range(household_ids))}))

    def lives(self, person_ids: Sequence[int]) -> dict[int, Life]:
        """When people were born and whether they are dead, by person_id."""
        rows = self._reader.rows(self._lives, {"ids": self._reader.pack(person_ids)})
        return {row[0]: Life(row[1], row[2], row[3], row[4] is not None) for row in rows}

    def _members(self, source: FromClause, condition: ColumnElement[bool]) -> str:
        statement = (
            select(membership.c.person_id, membership.c.relation, person.c.scope)
            .select_from(source.join(person, person.c.person_id == membership.c.person_id))
            .where(condition, membership.c.valid_to.is_(None))
            .order_by(membership.c.relation, membership.c.person_id)
        )
        return self._reader.compile(statement)


def _in_range(identifiers: Sequence[int]) -> list[int]:
    """Those that a column can hold."""
    return [identifier for identifier in identifiers if identifier < 1 << 63]
