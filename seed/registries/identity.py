"""Electronic identities (VNeID) and passports. Both follow the identity card, which they read and never change."""

import numpy as np

from seed.calendar import birthday, dates
from seed.drawing import pick
from seed.figures import Flags, Ints, cumulative
from seed.papers import Digits, digits
from seed.people import BASE_DAY, DAYS_A_YEAR
from seed.plan import Random
from seed.registries.coverage import share
from seed.registries.serials import joined, serials
from seed.registries.subjects import Subjects, day_after, years_later
from seed.rows import Rows

# The states of the contract's ElectronicIdentityStatus.
ISSUED, ACTIVE, LOCKED = 1, 2, 3

# Decree 59/2022 began to apply; the first identities of level 2 were given in July of that year.
FIRST_IDENTITY_DAY = int(np.datetime64("2022-07-18").astype(np.int64))
CHILD_IDENTITY_AGE_MIN = 6  # below 14 on request
IDENTITY_CARD_AGE = 14
# The shares are modelled; 70 million had been issued by March 2024.
SECOND_LEVEL_SHARE = 0.93
LOCKED_SHARE = 0.004

PASSPORT_SERIALS = 10_000_000  # of a series
PASSPORT_YEARS, CHILD_PASSPORT_YEARS, CHILD_PASSPORT_AGE = 10, 5, 14
# Letters and lengths by day of issue: seven digits until 6/2022, eight since, chips since 1/3/2023.
_SERIES_FROM = np.array([np.datetime64(day).astype(np.int64) for day in ("2016-01-01", "2022-07-01", "2023-03-01")])
_SERIES_LETTERS = np.array([b"B", b"C", b"P", b"E"])
_EIGHT_DIGITS_FROM = 2  # the index of the first series of eight
# Years back from the base date: few travelled in 2020 and 2021, many applied since (2.15 million in 2023).
_ISSUED_WEIGHTS = np.array([2.15, 1.7, 0.35, 0.4, 1.3, 1.25, 1.1, 1.0, 0.9, 0.8, 0.5, 0.4, 0.3])


def electronic_identity(random: Random, subjects: Subjects) -> Rows:
    """Everybody with a card, at a share by age, and a few children; at most one a person."""
    holder, active = identity_holders(random, subjects)
    at = np.flatnonzero(holder)
    child = subjects.card_issued[at] == 0
    second = ~child & (random.random(len(at)) < SECOND_LEVEL_SHARE)
    begin = np.where(child, birthday(subjects.birth[at], np.full(len(at), CHILD_IDENTITY_AGE_MIN)), 0)
    begin = np.maximum(np.maximum(begin, subjects.card_issued[at]), FIRST_IDENTITY_DAY)
    locked = random.random(len(at)) < LOCKED_SHARE
    return {
        "person_id": subjects.person_id[at],
        "level": np.where(second, 2, 1),
        "status": np.select([locked, active[at]], [LOCKED, ACTIVE], ISSUED),
        "issued_date": dates(day_after(random, begin)),
    }


def identity_holders(random: Random, subjects: Subjects) -> tuple[Flags, Flags]:
    """Who holds an electronic identity, and who of them has activated it; the first draws of its stream."""
    held = np.where(subjects.card_issued > 0, share(subjects, "electronic_identity"), 0)
    young = (subjects.age >= CHILD_IDENTITY_AGE_MIN + 0.01) & (subjects.age < IDENTITY_CARD_AGE)
    held = np.where(young, share(subjects, "child_identity"), held)
    holder = subjects.alive & (random.random(len(subjects)) < held)
    active = holder & (random.random(len(subjects)) < share(subjects, "activated_identity"))
    return holder, active


def passports(random: Random, subjects: Subjects) -> Rows:
    """The last passport of each traveller, valid or expired a while ago."""
    wanted = subjects.alive & (random.random(len(subjects)) < share(subjects, "passport") * 1.12)
    at = np.flatnonzero(wanted)
    back = pick(random, cumulative(_ISSUED_WEIGHTS), len(at)) + random.random(len(at))
    issued = BASE_DAY - 1 - (back * DAYS_A_YEAR).astype(np.int64)
    kept = issued > subjects.birth[at] + 60
    at, issued = at[kept], issued[kept]
    young = issued < years_later(subjects.birth[at], CHILD_PASSPORT_AGE)
    expires = birthday(issued, np.where(young, CHILD_PASSPORT_YEARS, PASSPORT_YEARS))
    series = passport_series(issued)
    serial = serials(subjects, "passport", series, left=2500, right=4000)
    number = passport_numbers(series, serial)
    return {
        "person_id": subjects.person_id[at],
        "number": number,
        "issued_date": dates(issued),
        "expires_date": dates(expires),
    }


def passport_series(issued: Ints) -> Ints:
    """Which series was in use on each day."""
    return np.searchsorted(_SERIES_FROM, issued, side="right")


def passport_numbers(series: Ints, serial: Ints) -> Digits:
    """A letter and seven digits, eight in the newer series; serials are below `PASSPORT_SERIALS`."""
    long = series >= _EIGHT_DIGITS_FROM
    number = np.empty(len(series), dtype="S9")
    number[~long] = joined(_SERIES_LETTERS[series[~long]], digits(serial[~long], 7))
    number[long] = joined(_SERIES_LETTERS[series[long]], digits(serial[long], 8))
    return number
