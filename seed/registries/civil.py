"""Civil events of the justice sector: births, marriages, divorces and deaths as far back as the shared database goes.

Shares of late registration are published (shares of 2024); how late the late ones are is modelled.
"""

from dataclasses import dataclass
from enum import IntEnum
from functools import cache

import numpy as np

from registry.datasets import MaritalStatus, Sex
from seed.calendar import birthday, dates, days
from seed.figures import Ints, Texts, texts
from seed.people import BASE_DAY, DAYS_A_YEAR
from seed.permutation import ranks
from seed.places import places
from seed.plan import Random
from seed.registries.subjects import Subjects
from seed.rows import Column, Rows, or_null

LAST_DAY = BASE_DAY - 1
BIRTH_LIMIT_DAYS, BIRTH_ON_TIME = 60, 0.849
DEATH_LIMIT_DAYS, DEATH_ON_TIME = 15, 0.693
# The database held 23 M births, 4.5 M marriages and 3.2 M deaths in 3/2022: as many as the years since these.
BIRTHS_SINCE, MARRIAGES_SINCE, DIVORCES_SINCE = 2007_01_01, 2015_01_01, 2016_01_01
WIFE_AGE_MIN, HUSBAND_AGE_MIN = 18, 20  # law on marriage and family 52/2014, article 8
# Modelled from here on.
LATE_BIRTH_DAYS, LATE_DEATH_DAYS, DIVORCE_NOTED_DAYS = 400.0, 40.0, 45.0
WIFE_YEARS_SHAPE, WIFE_YEARS_SCALE = 2.6, 2.8  # years after 18 at the wedding, gamma: 25 on average
WEDDING_BEFORE_CHILD_DAYS_MIN, WEDDING_BEFORE_CHILD_DAYS = 60, 360.0  # least and mean beyond it
CHILDLESS_DAYS = 900.0  # since the wedding of young couples without a child
FIRST_CHILD_AGE_MAX = 34.0
AT_WIFE_FAMILY = 0.45  # of marriages are registered where the wife was registered at birth
DIVORCE_AGE_MIN = 22
SEQUENCE_MAX = 9999
_NEVER = 2**40
_YEARS = 200


class Event(IntEnum):
    """Codes of the contract."""

    BIRTH = 1
    MARRIAGE = 2
    DIVORCE = 3
    DEATH = 4


@dataclass(frozen=True, slots=True)
class Acts:
    """Entries of one book, one element each: positions of the person and of the other one (-1: none), days."""

    kind: Event
    person: Ints
    other: Ints
    commune: Ints
    event: Ints
    registered: Ints


def civil_events(random: Random, subjects: Subjects) -> Rows:
    """One row a person and event; both spouses have the row of their marriage, under the same number."""
    books = [
        _births(random, subjects),
        _marriages(random, subjects),
        _divorces(random, subjects),
        _deaths(random, subjects),
    ]
    kind = np.concatenate([np.full(len(acts.person), int(acts.kind)) for acts in books])
    person, other, commune, event, registered = (
        np.concatenate([getattr(acts, name) for acts in books])
        for name in ("person", "other", "commune", "event", "registered")
    )
    number = _numbers(subjects, kind, commune, registered)
    row = np.append(np.arange(len(person)), np.flatnonzero(other >= 0))
    position = np.append(person, other[other >= 0])
    return {
        "person_id": subjects.person_id[position],
        "kind": kind[row],
        "number": number[row],
        "commune_code": places().commune_code[commune[row]],
        "event_date": dates(event)[row],
        "registered_date": dates(registered)[row],
    }


def _births(random: Random, subjects: Subjects) -> Acts:
    person = np.flatnonzero(subjects.birth >= _day(BIRTHS_SINCE))
    birth = subjects.birth[person]
    delay = _delays(random, len(person), BIRTH_LIMIT_DAYS, BIRTH_ON_TIME, LATE_BIRTH_DAYS)
    registered = np.maximum(np.minimum(birth + delay, _end(subjects)[person]), birth)
    return Acts(Event.BIRTH, person, _nobody(person), subjects.registered[person], birth, registered)


def _marriages(random: Random, subjects: Subjects) -> Acts:
    """Living couples: of legal age, as a rule before the first child; some wait with the office until they may."""
    husband = np.flatnonzero((subjects.sex == Sex.MALE) & (subjects.spouse >= 0))
    wife = subjects.spouse[husband]
    first_child = np.full(len(subjects), _NEVER)
    child = np.flatnonzero(subjects.mother >= 0)
    np.minimum.at(first_child, subjects.mother[child], subjects.birth[child])
    legal = np.maximum(
        birthday(subjects.birth[wife], np.full(len(wife), WIFE_AGE_MIN)),
        birthday(subjects.birth[husband], np.full(len(wife), HUSBAND_AGE_MIN)),
    )
    wedding = np.clip(_weddings(random, subjects.birth[wife], first_child[wife]), legal, None)
    kept = (wedding >= _day(MARRIAGES_SINCE)) & (wedding <= LAST_DAY)
    husband, wife, wedding = husband[kept], wife[kept], wedding[kept]
    at_wife = random.random(len(wife)) < AT_WIFE_FAMILY
    commune = np.where(at_wife, subjects.registered[wife], subjects.commune[husband])
    # A marriage begins with its registration.
    return Acts(Event.MARRIAGE, husband, wife, commune, wedding, wedding)


def _weddings(random: Random, wife_birth: Ints, first_child: Ints) -> Ints:
    """The day each couple would marry: before the first child, lately if there is none yet, at the usual age if the
    first child at home need not have been the first.
    """
    count = len(wife_birth)
    before_child = first_child - WEDDING_BEFORE_CHILD_DAYS_MIN - _exponential(random, WEDDING_BEFORE_CHILD_DAYS, count)
    lately = LAST_DAY - _exponential(random, CHILDLESS_DAYS, count)
    years = WIFE_AGE_MIN + random.gamma(WIFE_YEARS_SHAPE, WIFE_YEARS_SCALE, count)
    usual = wife_birth + (years * DAYS_A_YEAR).astype(np.int64)
    known = np.minimum(first_child, BASE_DAY) - wife_birth < FIRST_CHILD_AGE_MAX * DAYS_A_YEAR
    return np.where(known, np.where(first_child < _NEVER, before_child, lately), np.minimum(usual, before_child))


def _divorces(random: Random, subjects: Subjects) -> Acts:
    """Noted in the book of the commune where people live, after the judgment; the former spouse is not told."""
    person = np.flatnonzero(subjects.marital == MaritalStatus.DIVORCED)
    start = subjects.birth[person] + int(DIVORCE_AGE_MIN * DAYS_A_YEAR)
    end = _end(subjects)[person]
    event = start + (random.random(len(person)) * (end - start)).astype(np.int64)
    kept = (event >= _day(DIVORCES_SINCE)) & (start < end)
    person, event, end = person[kept], event[kept], end[kept]
    noted = event + _exponential(random, DIVORCE_NOTED_DAYS, len(person))
    return Acts(Event.DIVORCE, person, _nobody(person), subjects.commune[person], event, np.minimum(noted, end))


def _deaths(random: Random, subjects: Subjects) -> Acts:
    person = np.flatnonzero(~subjects.alive)
    death = subjects.death[person]
    delay = _delays(random, len(person), DEATH_LIMIT_DAYS, DEATH_ON_TIME, LATE_DEATH_DAYS)
    registered = np.minimum(death + delay, LAST_DAY)
    return Acts(Event.DEATH, person, _nobody(person), subjects.commune[person], death, registered)


def _delays(random: Random, count: int, limit: int, on_time: float, late_days: float) -> Ints:
    """Days from the event to its registration: within the limit, or later with an exponential tail."""
    within = (random.random(count) ** 1.5 * limit).astype(np.int64)
    late = limit + 1 + _exponential(random, late_days, count)
    return np.where(random.random(count) < on_time, within, late)


def _exponential(random: Random, mean: float, count: int) -> Ints:
    return np.asarray(random.exponential(mean, count).astype(np.int64))


def _numbers(subjects: Subjects, kind: Ints, commune: Ints, registered: Ints) -> Column:
    """`sequence/year`, unique in the commune's book of the year, in order of registration within a block.

    A block owns every `blocks`-th number of a book. Where that is not enough, the act has no number: with 98
    million people about one act in 40,000.
    """
    order = np.argsort(registered, kind="stable")
    year = dates(registered) // 10_000
    cell = ((commune * (max(Event) + 1) + kind) * _YEARS + year - 1900)[order]
    blocks = subjects.plan.blocks
    sequence = np.empty(len(order), dtype=np.int64)
    sequence[order] = ranks(cell) * blocks + (subjects.block + cell) % blocks + 1
    known = sequence <= SEQUENCE_MAX
    return or_null(_sequence_texts()[np.minimum(sequence, SEQUENCE_MAX)] + _year_texts()[year - 1900], known)


@cache
def _sequence_texts() -> Texts:
    return texts([str(number) for number in range(SEQUENCE_MAX + 1)])


@cache
def _year_texts() -> Texts:
    return texts([f"/{1900 + year}" for year in range(_YEARS)])


def _end(subjects: Subjects) -> Ints:
    """The last day on which something can happen to each."""
    return np.where(subjects.alive, LAST_DAY, subjects.death)


def _nobody(person: Ints) -> Ints:
    return np.full(len(person), -1)


def _day(date: int) -> int:
    return int(days(np.array([date]))[0])
