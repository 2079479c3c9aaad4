"""What an agency knows about a person, read from a finished population in the order of `person_id`. Writes nothing and
makes no mistakes: those are `seed.extracts.dirt`'s.

Trust: the database is trusted; see registry/tables.py.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from sqlalchemy import Connection, Engine, FromClause, Select, and_, func, select
from sqlalchemy.sql.elements import Label

from registry.engine import DRIVER_ERRORS, store_error
from registry.linked import LINKED
from registry.population import read_population
from registry.tables import person
from seed.errors import NothingToExport
from seed.figures import read_rows

WINDOW_PEOPLE = 5_000
_PERSON = (
    *("person_id", "number", "surname", "middle_name", "given_name", "birth_year", "birth_month", "birth_day"),
    *("sex", "legacy_number", "permanent_commune", "permanent_commune_old", "permanent_line", "phone"),
)
_PARENT = ("number", "surname", "middle_name", "given_name", "birth_year", "birth_month", "birth_day", "legacy_number")


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is: name in the official order, birth date as yyyymmdd (month and day 0 when unknown)."""

    name: str
    birth: int
    number: str | None
    legacy: str | None


@dataclass(frozen=True, slots=True)
class Record:
    """One row an agency could write: `of` is the person it is about, the rest what it says.

    `own` holds the columns of the agency's datasets by name, empty where it has none. `old_district` is empty
    unless a mistake left it in the address, which otherwise follows the map since 1/7/2025.
    """

    person_id: int
    of: str
    written: Identity
    parts: tuple[str, str, str]
    sex: int
    father: Identity | None
    mother: Identity | None
    line: str | None
    commune: str | None
    commune_old: str | None
    phone: str | None
    own: Mapping[str, Any]
    old_district: str = ""


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose records: the people with a row in `dataset` (None: living people, of whom `coverage` are drawn), each with
    the first row of the datasets `beside`.
    """

    dataset: str | None
    beside: tuple[str, ...] = ()
    coverage: float = 1.0


def last_person(engine: Engine) -> int:
    """The highest `person_id`. Raises `NotBuilt` or `HalfBuilt` when there is no finished population."""
    read_population(engine)
    try:
        with engine.begin() as connection:
            return int(connection.execute(select(func.max(person.c.person_id))).scalar_one())
    except DRIVER_ERRORS as error:
        raise store_error(error) from None


def read_records(engine: Engine, scope: Scope, *, seed: Sequence[int]) -> Iterator[tuple[int, list[Record]]]:
    """The records, some thousands at a time, each time with the last `person_id` they go to.

    One transaction, so that a registry in use gives one moment's view. `seed` decides who is covered. Raises
    `NothingToExport` before the first when the dataset holds nobody, `StoreUnavailable` when the database fails.
    """
    last = last_person(engine)
    try:
        with engine.begin() as connection:
            if scope.dataset is not None and not _holds_anybody(connection, scope.dataset):
                raise NothingToExport(scope.dataset)
            for first in range(1, last + 1, WINDOW_PEOPLE):
                until = min(first + WINDOW_PEOPLE, last + 1)
                rows = connection.execute(_statement(scope, first, until)).mappings()
                records = [_record(dict(row), scope) for row in rows]
                records.sort(key=lambda record: (record.person_id, *map(str, record.own.values())))
                yield until - 1, _covered(records, scope, first, seed)
    except DRIVER_ERRORS as error:
        raise store_error(error) from None


def _holds_anybody(connection: Connection, dataset: str) -> bool:
    return connection.execute(select(LINKED[dataset].table.c.person_id).limit(1)).first() is not None


def _covered(records: list[Record], scope: Scope, first: int, seed: Sequence[int]) -> list[Record]:
    if scope.coverage >= 1.0:
        return records
    draws = np.random.Generator(np.random.PCG64(np.random.SeedSequence([*seed, first]))).random(WINDOW_PEOPLE)
    return [record for record in records if draws[record.person_id - first] < scope.coverage]


def _statement(scope: Scope, first: int, until: int) -> Select[Any]:
    father, mother = person.alias("father"), person.alias("mother")
    columns: list[Label[Any]] = [person.c[name].label(name) for name in _PERSON]
    columns += [father.c[name].label(f"father_{name}") for name in _PARENT]
    columns += [mother.c[name].label(f"mother_{name}") for name in _PARENT]
    source: FromClause = person.outerjoin(father, father.c.person_id == person.c.father_id)
    source = source.outerjoin(mother, mother.c.person_id == person.c.mother_id)
    for name, table, wanted in _datasets(scope):
        columns += [table.c[column].label(f"{name}.{column}") for column in wanted]
        condition = table.c.person_id == person.c.person_id
        source = source.join(table, condition) if name == scope.dataset else source.outerjoin(table, condition)
    within = and_(person.c.person_id >= first, person.c.person_id < until)
    if scope.dataset is None:
        within = and_(within, person.c.death_date.is_(None))
    return select(*columns).select_from(source).where(within)


def _datasets(scope: Scope) -> Iterator[tuple[str, FromClause, tuple[str, ...]]]:
    for name in (scope.dataset, *scope.beside):
        if name is not None:
            yield name, LINKED[name].table, LINKED[name].columns


def _record(row: Mapping[str, Any], scope: Scope) -> Record:
    own = {column: row[f"{name}.{column}"] for name, _, wanted in _datasets(scope) for column in wanted}
    return Record(
        person_id=row["person_id"],
        of=row["number"],
        written=_identity(row, ""),
        parts=(row["surname"], row["middle_name"], row["given_name"]),
        sex=row["sex"],
        father=_identity(row, "father_") if row["father_number"] else None,
        mother=_identity(row, "mother_") if row["mother_number"] else None,
        line=row["permanent_line"],
        commune=row["permanent_commune"],
        commune_old=row["permanent_commune_old"],
        phone=row["phone"],
        own=own,
    )


def _identity(row: Mapping[str, Any], whose: str) -> Identity:
    year, month, day = (row[f"{whose}birth_{part}"] for part in ("year", "month", "day"))
    names = (row[f"{whose}{part}"] for part in ("surname", "middle_name", "given_name"))
    return Identity(
        name=" ".join(name for name in names if name),
        birth=year * 10_000 + month * 100 + day,
        number=row[f"{whose}number"],
        legacy=row[f"{whose}legacy_number"],
    )


def address(record: Record) -> str:
    """Line, old district if it was left in, commune and province since 1/7/2025."""
    commune, province = new_communes().get(record.commune or "", ("", ""))
    return ", ".join(part for part in (record.line, commune, record.old_district, province) if part)


@cache
def new_communes() -> Mapping[str, tuple[str, str]]:
    """Name and province of each commune since 1/7/2025, by code."""
    provinces = {row["gso_code"]: row["name_vi"] for row in read_rows("provinces_34_from_2025-07-01.csv")}
    communes = read_rows("communes_from_2025-07-01.csv")
    return {row["commune_code"]: (row["name_vi"], provinces[row["province_code"]]) for row in communes}


@cache
def old_districts() -> Mapping[str, str]:
    """Name of the district of each commune until 30/6/2025, by code of the commune."""
    return {row["commune_code"]: row["district_name_vi"] for row in read_rows("communes_until_2025-06-30.csv")}
