"""Counts a finished population in SQL, so that what comes back is small whatever the population's size. Read only."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    Select,
    and_,
    case,
    cast,
    func,
    inspect,
    select,
    text,
)

from registry.datasets import Relation, Sex, UnitLevel, UnitVersion
from registry.tables import person, unit
from seed.figures import AGES, BASE_DATE, Floats
from seed.places import places

ROWS_A_FETCH = 10_000
YEAR_DAYS, MONTH_DAYS = 372, 31  # a made-up calendar of equal months: order and differences of dates are what count
HOUSEHOLD_SIZE_MAX = 10  # this and over
BIRTH_ORDER_MAX = 6
SIBLING_MONTHS_MAX = 240
MOTHER_AGE_MAX = 60
_URBAN_KINDS = ("phường", "thị trấn")
_BASE = BASE_DATE.astype(object)
_UNKNOWN_MONTH, _UNKNOWN_DAY = 7, 1  # of people whose birthday is not known, as if born in July

PARENTS = (Relation.FATHER, Relation.MOTHER, Relation.FATHER_IN_LAW, Relation.MOTHER_IN_LAW)
CHILDREN = (Relation.CHILD, Relation.ADOPTED_CHILD, Relation.DAUGHTER_IN_LAW, Relation.SON_IN_LAW)
SPOUSES = (Relation.WIFE, Relation.HUSBAND)
GRANDPARENTS = (Relation.GRANDFATHER, Relation.GRANDMOTHER)
HOUSEHOLD_TYPES = (
    "couple with children",
    "mother with children",
    "father with children",
    "three generations or more",
    "couple only",
    "one generation without a couple",
    "other",
)
LONE = len(HOUSEHOLD_TYPES)  # one member: of no type, since the published table counts families


class Store:
    """A population that is being read, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.tables = frozenset(inspect(connection).get_table_names())
        if connection.dialect.name == "postgresql":
            # Served look-ups always have an index and scans are off; a report reads everything once.
            connection.execute(text("SET LOCAL enable_seqscan = on"))
        else:
            # Everything is read once; mapped pages would only make the process look as large as the file.
            connection.exec_driver_sql("PRAGMA mmap_size = 0")

    def rows(self, statement: Select[Any]) -> Iterator[tuple[Any, ...]]:
        """The result, streamed."""
        result = self._connection.execute(statement, execution_options={"yield_per": ROWS_A_FETCH})
        for part in result.partitions(ROWS_A_FETCH):
            yield from map(tuple, part)

    def number(self, statement: Select[Any]) -> int:
        """A result of one number; none is 0."""
        return int(self._connection.execute(statement).scalar() or 0)

    def counts(self, source: FromClause, *keys: ColumnElement[Any], where: ColumnElement[bool]) -> Iterator[Any]:
        """Rows (*keys, how many) of `source` where a condition holds."""
        return self.rows(select(*keys, func.count()).select_from(source).where(where).group_by(*keys))


@dataclass(slots=True)
class Counts:
    """A population in numbers; people are the living, where nothing else is said.

    `status` [sex, age, marital status], `dead` [sex, age], `religion` [code], `native` and `birth` [present province,
    native province or province of birth registration], `ethnic` [native province, group], `surname` [group, part of
    the country] -> name -> people, `given` [sex, birth year] -> name -> people, `households` [type, head's age in
    tens of years, size], `mothers` [child's birth year, mother's age then], `orders` [which child, mother's age],
    `gaps` [months since the elder sibling], `couples` [husband's age, wife's age], `spouse_months` months by which
    he is older -> couples.
    """

    status: Floats = field(default_factory=lambda: np.zeros((2, AGES, 6)))
    dead: Floats = field(default_factory=lambda: np.zeros((2, AGES)))
    religion: Floats = field(default_factory=lambda: np.zeros(9))
    native: Floats = field(default_factory=lambda: np.zeros((63, 63)))
    birth: Floats = field(default_factory=lambda: np.zeros((63, 63)))
    urban: float = 0.0
    ethnic: Floats = field(default_factory=lambda: np.zeros((63, 54)))
    surname: dict[tuple[int, int], dict[str, float]] = field(default_factory=dict)
    given: dict[tuple[int, int], dict[str, float]] = field(default_factory=dict)
    households: Floats = field(default_factory=lambda: np.zeros((LONE + 1, 11, HOUSEHOLD_SIZE_MAX + 1)))
    mothers: dict[int, Floats] = field(default_factory=dict)
    orders: Floats = field(default_factory=lambda: np.zeros((BIRTH_ORDER_MAX + 1, MOTHER_AGE_MAX + 1)))
    gaps: Floats = field(default_factory=lambda: np.zeros(SIBLING_MONTHS_MAX + 1))
    couples: Floats = field(default_factory=lambda: np.zeros((AGES, AGES)))
    spouse_months: dict[int, float] = field(default_factory=dict)

    @property
    def living(self) -> int:
        """Living people."""
        return int(self.status.sum())


def count(store: Store) -> Counts:
    """Everything the comparisons need, in about ten passes."""
    counts = Counts()
    _count_people(store, counts)
    _count_places(store, counts)
    _count_names(store, counts)
    _count_households(store, counts)
    _count_births(store, counts)
    _count_couples(store, counts)
    return counts


def alive(who: Any = person) -> ColumnElement[bool]:
    """Who lives at the base date."""
    return who.c.death_date.is_(None)  # type: ignore[no-any-return]


def dead(who: Any = person) -> ColumnElement[bool]:
    """Who died before it."""
    return who.c.death_date.is_not(None)  # type: ignore[no-any-return]


def birthday(who: Any = person) -> ColumnElement[int]:
    """The day of birth in made-up days."""
    month = case((who.c.birth_month == 0, _UNKNOWN_MONTH), else_=who.c.birth_month)
    day = case((who.c.birth_day == 0, _UNKNOWN_DAY), else_=who.c.birth_day)
    year = cast(who.c.birth_year, Integer)  # days of a year do not fit what PostgreSQL keeps years in
    return year * YEAR_DAYS + (month - 1) * MONTH_DAYS + (day - 1)


def age(who: Any = person) -> ColumnElement[int]:
    """Full years at the base date."""
    base = _BASE.year * YEAR_DAYS + (_BASE.month - 1) * MONTH_DAYS + (_BASE.day - 1)
    years: ColumnElement[int] = (base - birthday(who)) // YEAR_DAYS
    return years


def province_of(commune: ColumnElement[str], name: str) -> tuple[FromClause, Any, ColumnElement[bool]]:
    """What leads from a commune to its province: the units to join, both of them, and the condition."""
    communes, districts = unit.alias(f"{name}_commune"), unit.alias(f"{name}_district")
    joined = communes.join(
        districts,
        and_(
            districts.c.version == UnitVersion.UNTIL_2025_06_30,
            districts.c.level == UnitLevel.DISTRICT,
            districts.c.code == communes.c.parent_code,
        ),
    )
    condition = and_(
        communes.c.version == UnitVersion.UNTIL_2025_06_30,
        communes.c.level == UnitLevel.COMMUNE,
        communes.c.code == commune,
    )
    return joined, (communes, districts), condition


def _count_people(store: Store, counts: Counts) -> None:
    gone = case((alive(), 0), else_=1)
    every = person.c.person_id > 0
    for sex, years, status, has_died, people in store.counts(
        person, person.c.sex, age(), person.c.marital_status, gone, where=every
    ):
        place = min(max(years, 0), AGES - 1)
        if has_died:
            counts.dead[sex - Sex.MALE, place] += people
        else:
            counts.status[sex - Sex.MALE, place, status or 0] += people
    for religion, people in store.counts(person, person.c.religion, where=alive()):
        counts.religion[religion or 0] += people


def _count_places(store: Store, counts: Counts) -> None:
    land = places()
    row = {code: number for number, code in enumerate(land.province_code)}
    column = {f"{code:03d}": number for number, code in enumerate(land.birth_code.tolist())}
    here, (commune, district), at_home = province_of(person.c.permanent_commune_old, "home")
    there, (_, native), from_there = province_of(person.c.native_place, "native")
    urban = case((commune.c.kind.in_(_URBAN_KINDS), 1), else_=0)
    joined = person.join(here, at_home).join(there, from_there)
    keys = district.c.parent_code, native.c.parent_code, func.substr(person.c.number, 1, 3), urban
    for home, line, registered, town, people in store.counts(joined, *keys, where=alive()):
        counts.native[row[home], row[line]] += people
        if registered in column:
            counts.birth[row[home], column[registered]] += people
        counts.urban += town * people


def _count_names(store: Store, counts: Counts) -> None:
    land = places()
    row = {code: number for number, code in enumerate(land.province_code)}
    there, (_, native), from_there = province_of(person.c.native_place, "native")
    joined = person.join(there, from_there)
    keys = native.c.parent_code, person.c.ethnic_group, person.c.surname
    for province, group, surname, people in store.counts(joined, *keys, where=alive()):
        line, code = row[province], int(group) - 1
        counts.ethnic[line, code] += people
        names = counts.surname.setdefault((code, int(land.part[line])), {})
        names[surname] = names.get(surname, 0.0) + people
    keys = person.c.sex, person.c.birth_year, person.c.given_name
    for sex, year, given, people in store.counts(person, *keys, where=alive()):
        counts.given.setdefault((sex, year), {})[given] = people


def _count_households(store: Store, counts: Counts) -> None:
    relation = person.c.relation_to_head

    def some(relations: tuple[Relation, ...]) -> ColumnElement[int]:
        return func.max(case((relation.in_(relations), 1), else_=0))

    head = relation == Relation.HEAD
    members = (
        select(
            func.count().label("size"),
            func.max(case((head, person.c.sex), else_=0)).label("sex"),
            func.max(case((head, age()), else_=0)).label("years"),
            some(SPOUSES).label("spouse"),
            some(CHILDREN).label("children"),
            some((Relation.GRANDCHILD,)).label("grandchildren"),
            some(GRANDPARENTS).label("grandparents"),
            func.sum(case((relation.in_(PARENTS), 1), else_=0)).label("parents"),
            func.max(case((relation.in_((Relation.MOTHER, Relation.MOTHER_IN_LAW)), 1), else_=0)).label("mother"),
        )
        .where(alive(), person.c.household_id.is_not(None))
        .group_by(person.c.household_id)
        .subquery()
    )
    for *facts, households in store.counts(members, *members.c, where=members.c.size > 0):
        size, sex, years, *kin = facts
        place = _household_type(size, sex, *(int(value) for value in kin))
        counts.households[place, min(years // 10, 10), min(size, HOUSEHOLD_SIZE_MAX)] += households


def _household_type(
    size: int, sex: int, spouse: int, children: int, grandchildren: int, grandparents: int, parents: int, mother: int
) -> int:
    """The family statistics' type of a household, from the relations of its members to the head."""
    generations = 1 + children + grandchildren + grandparents + (parents > 0)
    if size == 1:
        return LONE
    if generations >= 3:
        return 3
    if generations == 1:
        return 4 if spouse else 5
    if children:
        return 0 if spouse else 1 if sex == Sex.FEMALE else 2
    if parents and not spouse:
        return 0 if parents > 1 else 1 if mother else 2
    return 6


def _count_births(store: Store, counts: Counts) -> None:
    child, mother = person.alias("child"), person.alias("mother")
    joined = child.join(mother, mother.c.person_id == child.c.mother_id)
    years = (birthday(child) - birthday(mother)) // YEAR_DAYS
    # One scan in order of the mother's index gives each child its place among those she is linked to.
    siblings = (
        select(
            child.c.birth_year.label("year"),
            years.label("years"),
            func.row_number().over(partition_by=child.c.mother_id, order_by=birthday(child)).label("place"),
            (
                birthday(child)
                - func.lag(birthday(child)).over(partition_by=child.c.mother_id, order_by=birthday(child))
            ).label("gap"),
            case((child.c.birth_month == 0, 1), else_=0).label("vague"),
        )
        .select_from(joined)
        .where(alive(child))
        .subquery()
    )
    months = siblings.c.gap // MONTH_DAYS
    keys = siblings.c.year, siblings.c.years, siblings.c.place, months, siblings.c.vague
    for year, elder, place, gap, vague, births in store.counts(siblings, *keys, where=siblings.c.place > 0):
        years_old = min(max(elder, 0), MOTHER_AGE_MAX)
        counts.mothers.setdefault(year, np.zeros(MOTHER_AGE_MAX + 1))[years_old] += births
        counts.orders[min(place, BIRTH_ORDER_MAX), years_old] += births
        if gap is not None and not vague:
            counts.gaps[min(gap, SIBLING_MONTHS_MAX)] += births


def _count_couples(store: Store, counts: Counts) -> None:
    husband, wife = person.alias("husband"), person.alias("wife")
    joined = husband.join(wife, wife.c.person_id == husband.c.spouse_id)
    # Shifted so that it is positive: databases do not agree where the division of a negative number ends.
    shift = AGES * YEAR_DAYS
    months = (birthday(wife) - birthday(husband) + shift) // MONTH_DAYS
    keys = age(husband), age(wife), months
    for his, hers, gap, couples in store.counts(joined, *keys, where=husband.c.sex == Sex.MALE):
        counts.couples[min(his, AGES - 1), min(hers, AGES - 1)] += couples
        older = gap - shift // MONTH_DAYS
        counts.spouse_months[older] = counts.spouse_months.get(older, 0.0) + couples
