"""Picks the people of the story from the made country: whom agencies ask about, and numbers that nobody holds.

Agencies know numbers from cards and forms; here the registry itself is asked, read only, before the gateway runs.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, func, select

from registry.engine import open_engine
from registry.tables import household, person, person_number, social_insurance, unit
from seed.demo.errors import DemoFailed

ADULT_BORN_UNTIL = 2000
ELDER_BORN_FROM = 1960


@dataclass(frozen=True, slots=True)
class Citizen:
    """A person as the story names them."""

    number: str
    name: str
    birth_year: int
    province: str


@dataclass(frozen=True, slots=True)
class Country:
    """`everywhere` and `own` are numbers of people all over the country and of one province's people; `absent`
    are well-formed numbers that nobody ever held."""

    people: int
    households: int
    province_name: str
    patient: Citizen
    everywhere: tuple[str, ...]
    own: tuple[str, ...]
    absent: tuple[str, ...]


def read_country(registry: Path, province: str, count: int, seed: int) -> Country:
    """Up to `count` numbers of each kind, the same for the same country and seed. Raises DemoFailed."""
    engine = open_engine(registry, read_only=True)
    rng = random.Random(seed)  # noqa: S311
    try:
        with engine.connect() as connection:
            people = connection.execute(select(func.count()).select_from(person)).scalar_one()
            households = connection.execute(select(func.count()).select_from(household)).scalar_one()
            name = connection.execute(
                select(unit.c.name).where(unit.c.version == 34, unit.c.level == 1, unit.c.code == province)
            ).scalar_one()
            ids = rng.sample(range(1, people + 1), min(count, people))
            everywhere = connection.execute(select(person.c.number).where(person.c.person_id.in_(ids))).scalars().all()
            own = connection.execute(select(person.c.number).where(person.c.scope == province).limit(count))
            return Country(
                people=people,
                households=households,
                province_name=name,
                patient=_patient(connection, province),
                everywhere=tuple(rng.sample(everywhere, len(everywhere))),
                own=tuple(own.scalars()),
                absent=_absent(connection, rng, count // 20),
            )
    finally:
        engine.dispose()


def _patient(connection: Connection, province: str) -> Citizen:
    """The first adult of the province in the registry who has no health card yet."""
    row = connection.execute(
        select(
            person.c.number,
            person.c.surname,
            person.c.middle_name,
            person.c.given_name,
            person.c.birth_year,
            person.c.scope,
        )
        .outerjoin(social_insurance, social_insurance.c.person_id == person.c.person_id)
        .where(
            person.c.scope == province,
            person.c.death_date.is_(None),
            social_insurance.c.health_card.is_(None),
            person.c.birth_year.between(ELDER_BORN_FROM, ADULT_BORN_UNTIL),
        )
        .order_by(person.c.person_id)
        .limit(1)
    ).first()
    if row is None:
        raise DemoFailed(
            f"nobody of working age in province {province} is without a health card; make more people with --people"
        )
    name = " ".join(part for part in row[1:4] if part)
    return Citizen(row.number, name, row.birth_year, row.scope)


def _absent(connection: Connection, rng: random.Random, count: int) -> tuple[str, ...]:
    drawn = {f"0010{rng.randrange(100):02}{rng.randrange(1_000_000):06}" for _ in range(2 * count)}
    held = connection.execute(select(person_number.c.number).where(person_number.c.number.in_(drawn))).scalars()
    return tuple(sorted(drawn.difference(held)))[:count]
