"""Reads who may be meant: holders of numbers that once named them, and people whose names and places are near.

Trust: the database is trusted; see registry/tables.py.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    SmallInteger,
    Table,
    Text,
    and_,
    bindparam,
    literal_column,
    or_,
    select,
    text,
)

from registry.linked import LINKED
from registry.reading import IDENTIFIERS, NUMBERS, Reader
from registry.tables import person, person_number, social_insurance

HOLDERS_MAX = 1000
"""Holders of one number that are read. Old identity cards repeat between provinces, by twos and threes."""
HOLDERS_AT_ONCE_MAX = 10_000
"""Holders that one query about many numbers reads; beyond them the numbers are asked for one by one."""


class NumberKind(IntEnum):
    """What a number is; the numbers of the contract's enum."""

    PERSONAL = 1  # 12 digits, the current one or a superseded one
    LEGACY_CARD = 2  # chứng minh nhân dân, 9 digits
    SOCIAL_INSURANCE = 3  # 10 digits, until 31/7/2025
    TAX = 4  # 10 digits, until 30/6/2025


@dataclass(frozen=True, slots=True)
class Candidate:
    """A person who may be meant, with what a search compares. Month and day of birth 0 where not known."""

    person_id: int
    surname: str
    middle_name: str
    given_name: str
    birth_year: int
    birth_month: int
    birth_day: int
    sex: int
    commune_old: str | None
    commune: str | None
    scope: str
    father_id: int | None
    mother_id: int | None

    @property
    def name(self) -> str:
        """The full name."""
        return " ".join(part for part in (self.surname, self.middle_name, self.given_name) if part)


_COMPARED = (
    *("person_id", "surname", "middle_name", "given_name", "birth_year", "birth_month", "birth_day", "sex"),
    *("permanent_commune_old", "permanent_commune", "scope", "father_id", "mother_id"),
)


class SearchStore:
    """Statements that search. Safe to share between threads. All methods raise `StoreUnavailable`."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        tax = LINKED["tax_registration"].table
        by_number = person_number.join(person, person.c.person_id == person_number.c.person_id)
        by_code = social_insurance.join(person, person.c.person_id == social_insurance.c.person_id)
        by_former_code = tax.join(person, person.c.person_id == tax.c.person_id)
        self._holders = {
            NumberKind.PERSONAL: self._holders_text(by_number, person_number.c.number),
            NumberKind.LEGACY_CARD: self._holders_text(person, person.c.legacy_number),
            NumberKind.SOCIAL_INSURANCE: self._holders_text(by_code, social_insurance.c.code),
            NumberKind.TAX: self._holders_text(by_former_code, tax.c.former_code),
        }
        self._holders_of = {
            NumberKind.PERSONAL: self._holders_of_text(person_number, "number"),
            NumberKind.LEGACY_CARD: self._holders_of_text(person, "legacy_number"),
            NumberKind.SOCIAL_INSURANCE: self._holders_of_text(social_insurance, "code"),
            NumberKind.TAX: self._holders_of_text(tax, "former_code"),
        }
        self._by_key = {scoped: self._candidates_text(person.c.search_key, scoped) for scoped in (False, True)}
        self._by_commune = {
            scoped: self._candidates_text(person.c.permanent_commune, scoped) for scoped in (False, True)
        }
        asked = reader.asked("ids", IDENTIFIERS)
        full_names = select(person.c.person_id, person.c.surname, person.c.middle_name, person.c.given_name)
        self._names = reader.compile(full_names.select_from(asked.join(person, person.c.person_id == asked.c.value)))

    def holders(self, kind: NumberKind, number: str) -> dict[int, str]:
        """Who has or had the number: person_id to scope, at most HOLDERS_MAX."""
        rows = self._reader.rows(self._holders[kind], {"number": number, "count": HOLDERS_MAX})
        return dict(rows)

    def holders_of(self, kind: NumberKind, numbers: Sequence[str]) -> dict[str, dict[int, str]]:
        """As `holders`, of each of some numbers; those that nobody has are left out."""
        parameters = {"asked": self._reader.pack(numbers), "count": HOLDERS_AT_ONCE_MAX}
        rows = self._reader.rows(self._holders_of[kind], parameters) if numbers else []
        if len(rows) == HOLDERS_AT_ONCE_MAX:
            return {number: self.holders(kind, number) for number in numbers}
        found: dict[str, dict[int, str]] = {}
        for number, person_id, scope in rows:
            if person_id is not None:
                found.setdefault(number, {})[person_id] = scope
        return found

    def by_keys(
        self, keys: Sequence[str], years: tuple[int, int], sex: int, scopes: Collection[str], limit: int
    ) -> list[Candidate]:
        """People of these `search_key`s born in these years, first and last; sex 0: any; no scopes: everywhere."""
        return self._candidates(self._by_key, keys, years, sex, scopes, limit)

    def by_communes(
        self, communes: Sequence[str], years: tuple[int, int], sex: int, scopes: Collection[str], limit: int
    ) -> list[Candidate]:
        """People with their permanent residence in these communes (map since 1/7/2025), else as `by_keys`."""
        return self._candidates(self._by_commune, communes, years, sex, scopes, limit)

    def names(self, person_ids: Sequence[int]) -> dict[int, str]:
        """Full names by person_id."""
        rows = self._reader.rows(self._names, {"ids": self._reader.pack(person_ids)}) if person_ids else []
        return {row[0]: " ".join(part for part in row[1:] if part) for row in rows}

    def _candidates(
        self,
        texts: dict[bool, str],
        asked: Sequence[str],
        years: tuple[int, int],
        sex: int,
        scopes: Collection[str],
        limit: int,
    ) -> list[Candidate]:
        parameters: dict[str, Any] = {"asked": self._reader.pack(asked), "sex": sex, "count": limit}
        parameters["first_year"], parameters["last_year"] = years
        if scopes:
            parameters["scopes"] = self._reader.pack(list(scopes))
        rows = self._reader.rows(texts[bool(scopes)], parameters)
        return [Candidate(*row) for row in rows if row[0] is not None]

    def _holders_text(self, source: FromClause, column: ColumnElement[Any]) -> str:
        statement = (
            select(person.c.person_id, person.c.scope)
            .select_from(source)
            .where(column == bindparam("number", type_=Text()))
        )
        return self._limited(statement)

    def _holders_of_text(self, table: Table, column: str) -> str:
        asked = self._reader.asked("asked", NUMBERS)
        # Outer joins, which no planner turns round; see below.
        source = asked.outerjoin(table, table.c[column] == asked.c.value)
        if table is not person:
            source = source.outerjoin(person, person.c.person_id == table.c.person_id)
        return self._limited(select(asked.c.value, person.c.person_id, person.c.scope).select_from(source))

    def _candidates_text(self, key: ColumnElement[Any], scoped: bool) -> str:
        asked = self._reader.asked("asked", NUMBERS)
        sex = bindparam("sex", type_=SmallInteger())
        conditions = [
            key == asked.c.value,
            person.c.birth_year >= bindparam("first_year", type_=SmallInteger()),
            person.c.birth_year <= bindparam("last_year", type_=SmallInteger()),
            or_(sex == literal_column("0"), person.c.sex == sex),
        ]
        if scoped:
            wanted = self._reader.asked("scopes", NUMBERS).alias("wanted")
            # As an expression the column cannot use its index, which names a whole province.
            conditions.append(person.c.scope.concat(literal_column("''")).in_(select(wanted.c.value)))
        # An outer join, which no planner turns round: it would else take an index of the years alone. What is asked
        # in vain gives a row of nothing.
        source = asked.outerjoin(person, and_(*conditions))
        return self._limited(select(*(person.c[name] for name in _COMPARED)).select_from(source))

    def _limited(self, statement: Select[Any]) -> str:
        return self._reader.compile(statement.suffix_with(text("LIMIT :count")))
