"""Traffic police: driver licences and vehicles. Who holds what is modelled by age and sex; numbers and plates have the
forms of the law and are given once in the country.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from registry.datasets import Sex
from seed.calendar import birthday, dates
from seed.figures import AGES, SEXES, Flags, Floats, Ints, column, read_rows
from seed.papers import Digits, digits, number_cells
from seed.people import BASE_DAY, DAYS_A_YEAR
from seed.places import places
from seed.plan import Random
from seed.registries.choices import choices
from seed.registries.serials import constant, joined, serials
from seed.registries.subjects import Subjects
from seed.rows import Column, Rows, date_or_null

LAST_DAY = BASE_DAY - 1
ADULT_AGE, HEAVY_AGE = 18, 21  # for A1 and B, for C: law on traffic order and safety 36/2024, article 59
POINTS_MAX = 12
FIRST_NUMBERED_DAY = int(np.datetime64("1996-01-01").astype(np.int64))
CAR, MOTORCYCLE, TRUCK, BUS, ELECTRIC_MOTORCYCLE = range(1, 6)  # codes of the contract
PLATES_A_SERIES = 100_000
MOTORCYCLE_LETTERS = b"ABCDEFGHKLMNPSTUVXYZ"  # circular 79/2024/TT-BCA
SERIES_DIGITS = 9
TWO_WHEEL_SERIES = len(MOTORCYCLE_LETTERS) * SERIES_DIGITS
LICENCE_SERIALS = 10_000_000
SERIES_LETTERS = {CAR: b"AEFGHKLM", TRUCK: b"CD", BUS: b"B"}  # which kind uses which is modelled
# Modelled from here on.
FIRST_LICENCE_YEARS_MEAN = 6.0
URBAN_CAR_FACTOR, RURAL_CAR_FACTOR = 1.55, 0.66
LOST_POINTS_SHARE, LOST_POINTS_MEAN = 0.07, 2.0
NOT_RENEWED_SHARE = 0.03
SECOND_MOTORCYCLE_SHARE = 0.12
ELECTRIC_SHARE = 0.035  # of motorcycles
BUS_SHARE = 0.12  # of trucks and buses
VEHICLE_YEARS_MAX = 22.0
_BANDS = ("motorcycle", "car", "heavy")


@dataclass(frozen=True, slots=True)
class Shares:
    """Shares by [sex, full years of age] of people who hold each band of licence, and who own each kind of vehicle."""

    licence: tuple[Floats, Floats, Floats]
    motorcycle: Floats
    car: Floats
    truck: Floats


def licences(random: Random, subjects: Subjects) -> Rows:
    """One licence for each living holder, with all classes; motorcycles have no end, the rest 5 or 10 years."""
    band = _bands(random, subjects)
    person = np.flatnonzero(band >= 0)
    band, birth = band[person], subjects.birth[person]
    classes = np.empty(len(person), dtype=object)
    term = np.zeros(len(person), dtype=np.int64)
    for number, name in enumerate(_BANDS):
        own = np.flatnonzero(band == number)
        known = choices("licence_classes.csv", "classes", "band", name)
        drawn = known.draw_positions(random, len(own))
        classes[own] = known.values[drawn]
        term[own] = choices("licence_classes.csv", "years_valid", "band", name).values[drawn].astype(np.int64)
    passed = _passed(random, birth)
    limited_since = np.maximum(passed, birthday(birth, np.where(band == _BANDS.index("heavy"), HEAVY_AGE, ADULT_AGE)))
    limited_since += (random.random(len(person)) * (LAST_DAY - limited_since)).astype(np.int64)
    renewals = ((LAST_DAY - limited_since) / (np.maximum(term, 1) * DAYS_A_YEAR)).astype(np.int64)
    late = (renewals > 0) & (random.random(len(person)) < NOT_RENEWED_SHARE)
    renewed = np.minimum(birthday(limited_since, (renewals - late) * term), LAST_DAY)
    issued = np.where(term > 0, renewed, passed)
    lost = 1 + random.exponential(LOST_POINTS_MEAN, len(person)).astype(np.int64)
    lost[random.random(len(person)) >= LOST_POINTS_SHARE] = 0
    return {
        "person_id": subjects.person_id[person],
        "number": _licence_numbers(subjects, person, passed),
        "classes": classes,
        "issued_date": dates(issued),
        "expires_date": date_or_null(np.where(term > 0, birthday(issued, term), 0)),
        "points": np.maximum(POINTS_MAX - lost, 0),
    }


def vehicles(random: Random, subjects: Subjects) -> Rows:
    """One row a vehicle of a living adult, plated in the province of residence."""
    shares, at = traffic_shares(), _cell(subjects)
    adult = _reached(subjects, ADULT_AGE)
    car_factor = np.where(subjects.urban, URBAN_CAR_FACTOR, RURAL_CAR_FACTOR)
    first = _drawn(random, adult, shares.motorcycle[at])
    second = first[random.random(len(first)) < SECOND_MOTORCYCLE_SHARE]
    motorcycle = np.append(first, second)
    electric = random.random(len(motorcycle)) < ELECTRIC_SHARE
    truck = _drawn(random, adult, shares.truck[at])
    bus = random.random(len(truck)) < BUS_SHARE
    car = _drawn(random, adult, shares.car[at] * car_factor)
    person = np.concatenate([motorcycle, car, truck])
    kind = np.concatenate(
        [np.where(electric, ELECTRIC_MOTORCYCLE, MOTORCYCLE), np.full(len(car), CAR), np.where(bus, BUS, TRUCK)]
    )
    make, colour = np.empty(len(person), dtype=object), np.empty(len(person), dtype=object)
    for code in range(CAR, ELECTRIC_MOTORCYCLE + 1):
        own = np.flatnonzero(kind == code)
        make[own] = choices("vehicle_makes.csv", "make", "kind", str(code)).draw(random, len(own))
        colour[own] = choices("vehicle_colours.csv", "colour", "kind", str(code)).draw(random, len(own))
    grown = birthday(subjects.birth[person], np.full(len(person), ADULT_AGE))
    years = np.minimum(LAST_DAY - grown, int(VEHICLE_YEARS_MAX * DAYS_A_YEAR))
    return {
        "person_id": subjects.person_id[person],
        "plate": _plates(random, subjects, subjects.province[person], kind),
        "kind": kind,
        "make": make,
        "colour": colour,
        "registered_date": dates(LAST_DAY - (random.random(len(person)) ** 1.5 * years).astype(np.int64)),
    }


def two_wheel_plates(code: Ints, series: Ints, number: Ints) -> Digits:
    """`29-B1 123.45`: the series, below `TWO_WHEEL_SERIES`, says letter and digit."""
    letter, digit = np.divmod(series, SERIES_DIGITS)
    dash, space = constant(b"-", len(code)), constant(b" ", len(code))
    letters = _letters(MOTORCYCLE_LETTERS)[letter]
    return joined(digits(code, 2), dash, letters, digits(digit + 1, 1), space, _dotted(number))


def four_wheel_plates(kind: int, code: Ints, series: Ints, number: Ints) -> Digits:
    """`30A-123.45`: the series is a place in the kind's letters."""
    letters = _letters(SERIES_LETTERS[kind])[series]
    return joined(digits(code, 2), letters, constant(b"-", len(code)), _dotted(number))


def plate_codes(random: Random, province: Ints) -> Ints:
    """One of the codes of each province (position in `places()`), all equally likely."""
    codes, first, count = _codes_of_provinces()
    drawn = first[province] + (random.random(len(province)) * count[province]).astype(np.int64)
    return np.asarray(codes[drawn])


def _bands(random: Random, subjects: Subjects) -> Ints:
    """The highest band of licence of each, -1 without one: who drives trucks drives cars, and motorcycles too."""
    shares, at = traffic_shares().licence, _cell(subjects)
    heavy = shares[2][at] * _reached(subjects, HEAVY_AGE)
    car = heavy + shares[1][at] * np.where(subjects.urban, URBAN_CAR_FACTOR, RURAL_CAR_FACTOR)
    draw = random.random(len(subjects))
    band = (draw < np.maximum(shares[0][at], car)).astype(np.int64) + (draw < car) + (draw < heavy) - 1
    return np.where(_reached(subjects, ADULT_AGE), band, -1)


def _passed(random: Random, birth: Ints) -> Ints:
    """The day of the first test: most in their twenties, older people since licences are numbered."""
    start = np.maximum(birthday(birth, np.full(len(birth), ADULT_AGE)), FIRST_NUMBERED_DAY)
    span = LAST_DAY - start
    lag = random.exponential(FIRST_LICENCE_YEARS_MEAN * DAYS_A_YEAR, len(birth)).astype(np.int64)
    return start + np.where(lag <= span, lag, (random.random(len(birth)) * span).astype(np.int64))


def _licence_numbers(subjects: Subjects, person: Ints, passed: Ints) -> Digits:
    """Province, sex and century, year of passing, seven digits; the century is that of the year beside it."""
    province = places().province_code[subjects.province[person]].astype(np.int64)
    cell = number_cells(province, subjects.sex[person], dates(passed) // 10_000)
    serial = serials(subjects, "driver_licence", cell, left=2500, right=4000)
    return digits(cell * LICENCE_SERIALS + serial, 12)


def _plates(random: Random, subjects: Subjects, province: Ints, kind: Ints) -> Column:
    """`29-B1 123.45` for two wheels, `30A-123.45` for others, with one of the province's codes."""
    code = plate_codes(random, province)
    plate = np.zeros(len(kind), dtype="S12")
    two_wheels = np.flatnonzero((kind == MOTORCYCLE) | (kind == ELECTRIC_MOTORCYCLE))
    own = code[two_wheels]
    series, number = np.divmod(
        serials(subjects, "plate", own, left=TWO_WHEEL_SERIES, right=PLATES_A_SERIES), PLATES_A_SERIES
    )
    plate[two_wheels] = two_wheel_plates(own, series, number)
    for which, series_letters in SERIES_LETTERS.items():
        four_wheels = np.flatnonzero(kind == which)
        own = code[four_wheels]
        # Halves of at least two, though buses have one letter only.
        left, right = 2 * len(series_letters), PLATES_A_SERIES // 2
        series, number = np.divmod(serials(subjects, f"plate {which}", own, left=left, right=right), PLATES_A_SERIES)
        plate[four_wheels] = four_wheel_plates(which, own, series, number)
    return plate


def _dotted(number: Ints) -> Digits:
    return joined(digits(number // 100, 3), constant(b".", len(number)), digits(number % 100, 2))


def _letters(letters: bytes) -> Digits:
    return np.frombuffer(letters, dtype="S1")


def _cell(subjects: Subjects) -> tuple[Ints, Ints]:
    return subjects.sex - int(Sex.MALE), np.clip(subjects.age.astype(np.int64), 0, AGES - 1)


def _reached(subjects: Subjects, years: int) -> Flags:
    """Who is alive and of an age."""
    return subjects.alive & (birthday(subjects.birth, np.full(len(subjects), years)) < LAST_DAY)


def _drawn(random: Random, among: Flags, share: Floats) -> Ints:
    return np.flatnonzero(among & (random.random(len(among)) < share))


@cache
def _codes_of_provinces() -> tuple[Ints, Ints, Ints]:
    """All plate codes by province; where each province's begin, and how many it has."""
    own = [row["vehicle_plate_codes"].split(";") for row in read_rows("provinces_63.csv")]
    count = np.array([len(codes) for codes in own])
    return np.array([int(code) for codes in own for code in codes]), np.cumsum(count) - count, count


@cache
def traffic_shares() -> Shares:
    """The shares, read once a process, between the ages of the file in a straight line."""
    rows = read_rows("traffic_by_age.csv")

    def table(name: str) -> Floats:
        lines = []
        for sex in SEXES:
            own = [row for row in rows if row["sex"] == sex]
            lines.append(np.interp(np.arange(AGES), column(own, "age"), column(own, name)) / 100)
        return np.array(lines)

    return Shares(
        licence=(table("motorcycle_licence_pct"), table("car_licence_pct"), table("heavy_licence_pct")),
        motorcycle=table("motorcycle_owner_pct"),
        car=table("car_owner_pct"),
        truck=table("truck_owner_pct"),
    )
