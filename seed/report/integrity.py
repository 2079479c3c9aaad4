"""Counts the rows of a finished population that contradict each other. Every rule is one statement; a good population
breaks none. Read only, and it names nobody.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Integer, Table, and_, case, cast, func, or_, select

from registry.datasets import MaritalStatus, MembershipKind, Relation, ResidenceKind, Sex
from registry.linked import LINKED, Linked
from registry.tables import (
    household,
    identity_document,
    membership,
    person,
    person_number,
    residence,
    unit_successor,
)
from seed.figures import BASE_DATE
from seed.places import places
from seed.report.counting import MONTH_DAYS, Store, age, alive, birthday, dead, province_of

PARENT_AGE_MIN = 15  # years between the birth years of parent and child; days are not known of everybody
MARRIED_AGE_MIN = 17
CARD_AGE_MIN = 14
BASE_DAY = int(BASE_DATE.astype(object).strftime("%Y%m%d"))
DEATH_EVENT, BIRTH_EVENT = 4, 1  # kinds of civil events in the contract

_PAST = ("event_date", "registered_date", "given_date", "since_date", "issued_date", "activated_date", "from_date")
_ENDS = (("issued_date", "expires_date"), ("from_date", "until_date"), ("event_date", "registered_date"))
_AGE_MIN = {"driver_licence": 16, "public_post": 18, "business_interests": 18}
_LIVING_ONLY = ("enrolment", "public_post")
_UNIQUE = {
    "social_insurance": ("code", "health_card"),
    "enrolment": ("sector_code",),
    "driver_licence": ("number",),
    "vehicles": ("plate",),
    "tax_registration": ("former_code",),
    "land_certificates": ("serial",),
    "passports": ("number",),
    "portal_dossiers": ("code",),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of a consistent population and how many rows break it."""

    name: str
    broken: int


def check(store: Store) -> tuple[Rule, ...]:
    """All rules, with the rows that break them."""
    return (
        *_references(store),
        *_families(store),
        *_households(store),
        *_numbers(store),
        *_residences(store),
        *_linked(store),
    )


def _broken(store: Store, name: str, source: FromClause, where: ColumnElement[bool]) -> Rule:
    return Rule(name, store.number(select(func.count()).select_from(source).where(where)))


def _references(store: Store) -> Iterator[Rule]:
    """No row refers to somebody or something that is not there."""
    other = person.alias("other")
    for name in ("father_id", "mother_id", "spouse_id"):
        own = person.c[name]
        joined = person.outerjoin(other, other.c.person_id == own)
        where = and_(own.is_not(None), other.c.person_id.is_(None))
        yield _broken(store, f"{name.removesuffix('_id')} is nobody", joined, where)
    lost = person.outerjoin(household, household.c.household_id == person.c.household_id)
    yield _broken(store, "living without a household", lost, and_(alive(), household.c.household_id.is_(None)))
    owned = [membership, residence, identity_document, person_number]
    owned += [linked.table for linked in LINKED.values() if linked.table.name in store.tables]
    for table in owned:
        joined = table.outerjoin(person, person.c.person_id == table.c.person_id)
        yield _broken(store, f"{table.name} of nobody", joined, person.c.person_id.is_(None))


def _families(store: Store) -> Iterator[Rule]:
    """Parents are older than their children, which also means that no line of descent runs in a circle."""
    elder = person.alias("elder")
    for name, sex in (("father", Sex.MALE), ("mother", Sex.FEMALE)):
        joined = person.join(elder, elder.c.person_id == person.c[f"{name}_id"])
        young = person.c.birth_year - elder.c.birth_year < PARENT_AGE_MIN
        yield _broken(store, f"child not younger than its {name} (or a cycle)", joined, birthday() <= birthday(elder))
        yield _broken(store, f"{name} less than {PARENT_AGE_MIN} years older", joined, young)
        yield _broken(store, f"{name} of the wrong sex", joined, elder.c.sex != sex)
        if name == "father":
            yield _broken(store, "surname is not the father's", joined, person.c.surname != elder.c.surname)
    married = person.join(elder, elder.c.person_id == person.c.spouse_id)
    unlike = func.coalesce(elder.c.spouse_id, 0) != person.c.person_id
    yield _broken(store, "spouse of somebody else", married, unlike)
    yield _broken(store, "spouses of one sex", married, elder.c.sex == person.c.sex)
    yield _broken(store, "spouse without a marriage", married, person.c.marital_status != MaritalStatus.MARRIED)
    yield _broken(store, "spouse of the dead", married, or_(dead(), dead(elder)))
    minors = and_(age() < MARRIED_AGE_MIN, person.c.marital_status != MaritalStatus.NEVER_MARRIED)
    yield _broken(store, f"married under {MARRIED_AGE_MIN}", person, minors)
    gap = birthday() - func.lag(birthday()).over(partition_by=person.c.mother_id, order_by=birthday())
    siblings = select(gap.label("gap")).where(person.c.mother_id.is_not(None), person.c.birth_month > 0).subquery()
    close = and_(siblings.c.gap > 0, siblings.c.gap < 8 * MONTH_DAYS)
    yield _broken(store, "siblings born within eight months", siblings, close)


def _households(store: Store) -> Iterator[Rule]:
    is_head = case((person.c.relation_to_head == Relation.HEAD, 1), else_=0)
    heads = (
        select(person.c.household_id, func.sum(is_head).label("heads"))
        .where(alive(), person.c.household_id.is_not(None))
        .group_by(person.c.household_id)
        .subquery()
    )
    joined = household.outerjoin(heads, heads.c.household_id == household.c.household_id)
    permanent = household.c.kind == MembershipKind.PERMANENT
    yield _broken(
        store, "household without exactly one head", joined, and_(permanent, func.coalesce(heads.c.heads, 0) != 1)
    )
    led = household.outerjoin(person, person.c.person_id == household.c.head_person_id)
    wrong = or_(
        person.c.person_id.is_(None),
        person.c.household_id != household.c.household_id,
        person.c.relation_to_head != Relation.HEAD,
    )
    yield _broken(store, "head who lives elsewhere", led, and_(permanent, wrong))
    settled = person.join(household, household.c.household_id == person.c.household_id)
    apart = or_(
        person.c.household_number != household.c.number,
        and_(permanent, person.c.permanent_commune_old != household.c.commune_old),
    )
    yield _broken(store, "member whose household says otherwise", settled, apart)
    gone = and_(dead(), person.c.household_id.is_not(None))
    yield _broken(store, "dead member of a household", person, gone)
    open_rows = membership.join(person, person.c.person_id == membership.c.person_id)
    yield _broken(store, "open membership of the dead", open_rows, and_(_open(membership), dead()))
    doubled = _twice(membership, and_(_open(membership), membership.c.kind == MembershipKind.PERMANENT))
    yield _broken(store, "two permanent memberships", doubled, doubled.c.times > 1)


def _numbers(store: Store) -> Iterator[Rule]:
    """The twelve digits say province of registration, sex and century, birth year; nobody else ever held them."""
    land = places()
    digits = dict(zip(land.province_code, (f"{code:03d}" for code in land.birth_code.tolist()), strict=True))
    registered, (_, district), condition = province_of(person.c.birth_registration, "registered")
    expected = case(*((district.c.parent_code == code, number) for code, number in digits.items()), else_="")
    gender = person.c.sex - int(Sex.MALE) + 2 * (person.c.birth_year // 100 - 19)
    number = person.c.number
    wrong = or_(
        func.length(number) != 12,
        func.substr(number, 1, 3) != expected,
        cast(func.substr(number, 4, 1), Integer) != gender,
        cast(func.substr(number, 5, 2), Integer) != person.c.birth_year - 100 * (person.c.birth_year // 100),
    )
    joined = person.outerjoin(registered, condition)
    yield _broken(store, "number that says something else", joined, or_(wrong, district.c.code.is_(None)))
    held = person.outerjoin(
        person_number, and_(person_number.c.number == number, person_number.c.person_id == person.c.person_id)
    )
    yield _broken(store, "number missing among numbers held", held, person_number.c.number.is_(None))
    yield Rule(
        "number held twice",
        store.number(select(func.count() - func.count(person_number.c.number.distinct())).select_from(person_number)),
    )
    cards = identity_document.join(person, person.c.person_id == identity_document.c.person_id)
    yield _broken(store, f"card under {CARD_AGE_MIN}", cards, age() < CARD_AGE_MIN)
    yield _broken(store, "card issued before birth", cards, identity_document.c.issued_on < _born())


def _residences(store: Store) -> Iterator[Rule]:
    for kind in (ResidenceKind.PERMANENT, ResidenceKind.CURRENT):
        doubled = _twice(residence, and_(_open(residence), residence.c.kind == kind))
        name = kind.name.lower()
        yield _broken(store, f"two {name} residences", doubled, doubled.c.times > 1)
        home = person.outerjoin(
            residence,
            and_(residence.c.person_id == person.c.person_id, residence.c.kind == kind, _open(residence)),
        )
        yield _broken(store, f"living without a {name} residence", home, and_(alive(), residence.c.kind.is_(None)))
    joined = residence.join(person, person.c.person_id == residence.c.person_id)
    yield _broken(store, "open residence of the dead", joined, and_(_open(residence), dead()))
    permanent = and_(_open(residence), residence.c.kind == ResidenceKind.PERMANENT)
    differs = and_(permanent, residence.c.commune != person.c.permanent_commune)
    yield _broken(store, "permanent residence said in two ways", joined, differs)
    mapped = person.outerjoin(
        unit_successor,
        and_(
            unit_successor.c.commune_code_old == person.c.permanent_commune_old,
            unit_successor.c.commune_code == person.c.permanent_commune,
        ),
    )
    yield _broken(store, "commune that is not the old one's successor", mapped, unit_successor.c.commune_code.is_(None))
    early = or_(person.c.permanent_since < _born(), person.c.permanent_since > BASE_DAY)
    yield _broken(store, "residence before birth or in the future", person, early)
    late = or_(person.c.death_date < _born(), person.c.death_date > BASE_DAY)
    yield _broken(store, "death before birth or in the future", person, late)


def _linked(store: Store) -> Iterator[Rule]:
    """Rows of other agencies fit the life of the person they belong to."""
    for name, linked in LINKED.items():
        if linked.table.name in store.tables:
            yield from _fits_a_life(store, name, linked)
            for column in _UNIQUE.get(name, ()):
                value = linked.table.c[column]
                twice = select(func.count(value) - func.count(value.distinct())).select_from(linked.table)
                yield Rule(f"{name}: {column} held twice", store.number(twice))
    events = LINKED["civil_events"].table
    if events.name in store.tables:
        joined = events.join(person, person.c.person_id == events.c.person_id)
        unlike = func.coalesce(person.c.death_date, 0) != events.c.event_date
        yield _broken(store, "civil_events: death on another day", joined, and_(events.c.kind == DEATH_EVENT, unlike))
        born = and_(events.c.kind == BIRTH_EVENT, person.c.birth_day > 0, events.c.event_date != _born())
        yield _broken(store, "civil_events: birth on another day", joined, born)


def _fits_a_life(store: Store, name: str, linked: Linked) -> Iterator[Rule]:
    table = linked.table
    joined = table.join(person, person.c.person_id == table.c.person_id)
    past = [table.c[column] for column in _PAST if column in table.c]
    if past:
        yield _broken(store, f"{name}: before birth", joined, or_(*(day < _born() for day in past)))
        yield _broken(store, f"{name}: after the base date", table, or_(*(day > BASE_DAY for day in past)))
        # A death is registered after it.
        during = [day for day in past if (name, day.name) != ("civil_events", "registered_date")]
        yield _broken(store, f"{name}: after death", joined, or_(*(day > person.c.death_date for day in during)))
        if name in _AGE_MIN:
            young = or_(*(day < _born() + _AGE_MIN[name] * 10_000 for day in past))
            yield _broken(store, f"{name}: under {_AGE_MIN[name]}", joined, young)
    for first, last in _ENDS:
        if first in table.c and last in table.c:
            yield _broken(store, f"{name}: ends before it begins", table, table.c[last] < table.c[first])
    if name in _LIVING_ONLY:
        yield _broken(store, f"{name}: of the dead", joined, dead())


def _born() -> ColumnElement[int]:
    """Birth date as yyyymmdd; unknown parts are 0, so that nothing counts as earlier by mistake."""
    # PostgreSQL keeps years in two bytes, and so it would the date.
    year = cast(person.c.birth_year, Integer) * 10_000
    return cast(year + person.c.birth_month * 100 + person.c.birth_day, Integer)


def _open(table: Table) -> ColumnElement[bool]:
    return table.c.valid_to.is_(None)


def _twice(table: Table, where: ColumnElement[bool]) -> Any:
    return select(table.c.person_id, func.count().label("times")).where(where).group_by(table.c.person_id).subquery()
