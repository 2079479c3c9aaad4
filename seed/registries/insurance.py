"""Social and health insurance: who is insured as what, participation, cards, employers. Decides no occupation."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from seed.belonging import KINH
from seed.calendar import dates, days_of
from seed.figures import BASE_DATE, Flags, Ints, Texts, read_rows
from seed.papers import Digits, digits
from seed.people import BASE_DAY
from seed.places import places
from seed.plan import Random
from seed.registries.coverage import share
from seed.registries.facilities import STATION_FIRST, stations
from seed.registries.serials import joined, serials
from seed.registries.subjects import SCHOOL_YEAR, Activity, Subjects
from seed.rows import Rows, or_null

# The statuses of the contract's InsuranceStatus.
NOT_REGISTERED, PARTICIPATING, SUSPENDED, PENSION, ENDED = range(5)
UNINSURED = -1
TE, HS, SV, DN, HC, HT, CC, BT, HN, CN, DT, GD = range(12)  # the rows of health_insurance_groups.csv, in order

# All shares below are modelled unless a source is named.
VOLUNTARY_SHARE = 0.055  # of people who work on their own account; 1.9 million at the end of 2023
SUSPENDED_SHARE, ENDED_SHARE = 0.09, 0.11  # of those who worked with a contract before; many took a lump sum
WORKING_AGE_MIN, WORKING_AGE_MAX = 22, 60
POOR_SHARE, NEAR_POOR_SHARE = np.array([0.045, 0.006]), np.array([0.042, 0.008])  # rural, urban
MINORITY_SUPPORT_SHARE = np.array([0.62, 0.05])
MERIT_AGE_MIN, MERIT_SHARE = 65, 0.07
ALLOWANCE_AGE = 80  # monthly allowance for those without a pension (decree 20/2021/ND-CP)
LEARNERS_INSURED = 0.975
CODE_WITHOUT_CARD_SHARE = 0.6
PEOPLE_PER_HOSPITAL = 70_000  # about 1,400 hospitals in all
OWN_STATION_SHARE = 0.7  # registered at the health station of their own commune
CARD_YEARS_MAX = 4  # of pensioners, of merit and of monthly allowances
EMPLOYERS = 10_000  # numbers of units in one office; small ones are rare among people
_SERIES = 10_000
INSURANCE_SERIALS = _SERIES * _SERIES
_YEAR = 365
_BASE_YEAR = int(BASE_DATE.astype("datetime64[Y]").astype(np.int64)) + 1970


@dataclass(frozen=True, slots=True)
class Cover:
    """By person: row of health_insurance_groups.csv or `UNINSURED`, the benefit level, the 10-digit code."""

    group: Ints
    level: Ints
    code: Digits


@cache
def groups() -> tuple[Digits, Ints]:
    """Codes and benefit levels of the groups of insured."""
    rows = read_rows("health_insurance_groups.csv")
    codes = np.array([row["object_code"] for row in rows], dtype="S2")
    return codes, np.array([int(row["benefit_level"]) for row in rows])


def social_insurance(random: Random, subjects: Subjects) -> Rows:
    """Everybody with a card, an account or a past in the system; the dead keep theirs as ended."""
    cover = cover_of(subjects)
    status = _status(random, subjects)
    insured = cover.group != UNINSURED
    listed = insured | (status != NOT_REGISTERED) | (random.random(len(subjects)) < CODE_WITHOUT_CARD_SHARE)
    at = np.flatnonzero(listed & (subjects.alive | (status != NOT_REGISTERED)))
    card = card_numbers(cover.group[at], cover.level[at], subjects.province_number[at], cover.code[at])
    unit = _employer_units(random, subjects)
    contracted = np.isin(subjects.activity, (Activity.EMPLOYEE, Activity.PUBLIC))
    return {
        "person_id": subjects.person_id[at],
        "code": cover.code[at],
        "status": status[at],
        "health_card": or_null(card, insured[at]),
        "employer_unit": or_null(unit[at], contracted[at]),
    }


def health_insurance(random: Random, subjects: Subjects) -> Rows:
    """One row for each card; most begin with the year or the school year, those of households whenever paid."""
    cover = cover_of(subjects)
    at = np.flatnonzero(cover.group != UNINSURED)
    group = cover.group[at]
    start, end = _validity(random, subjects, at, group)
    codes, levels = groups()
    return {
        "person_id": subjects.person_id[at],
        "object_code": codes[group],
        "benefit_level": levels[group],
        "facility_code": _facilities(random, subjects, at),
        "from_date": dates(start),
        "until_date": dates(end),
    }


def card_numbers(group: Ints, level: Ints, province: Ints, code: Digits) -> Digits:
    """Fifteen characters: group and level of benefit, the province's number, the ten digits of social insurance."""
    return joined(groups()[0][group], digits(level, 1), digits(province, 2), code)


def insurance_codes(office: Ints, serial: Ints) -> Digits:
    """Ten digits: the number of the office's province, and a serial below `INSURANCE_SERIALS`."""
    return digits(office * INSURANCE_SERIALS + serial, 10)


def cover_of(subjects: Subjects) -> Cover:
    """Who is insured as what: the same whenever it is asked, so that both tables agree."""
    random = subjects.random("cover")
    group = _groups(random, subjects)
    office = subjects.province_number
    serial = serials(subjects, "social insurance", office, left=_SERIES, right=_SERIES)
    return Cover(group, groups()[1][group], insurance_codes(office, serial))


def _groups(random: Random, subjects: Subjects) -> Ints:
    """The first group in the order of the law that fits; households that did not pay are not insured."""
    activity, age, area = subjects.activity, subjects.age, subjects.urban.astype(np.int64)
    draw = random.random(len(subjects))
    # Poverty is a household's: its members share the draw.
    household = random.random(len(subjects))[subjects.head]
    minority = (subjects.ethnic != KINH) & (household < MINORITY_SUPPORT_SHARE[area])
    poor = household > 1 - POOR_SHARE[area]
    near_poor = household > 1 - POOR_SHARE[area] - NEAR_POOR_SHARE[area]
    learner = draw < LEARNERS_INSURED
    under_school_age = SCHOOL_YEAR - subjects.birth_year <= 5
    cases: list[tuple[Flags, int]] = [
        (~subjects.alive, UNINSURED),
        (under_school_age, TE),
        (activity == Activity.PUBLIC, HC),
        (activity == Activity.EMPLOYEE, DN),
        (activity == Activity.PENSIONER, HT),
        ((age >= MERIT_AGE_MIN) & (draw < MERIT_SHARE), CC),
        (poor, HN),
        (minority, DT),
        (near_poor, CN),
        (age >= ALLOWANCE_AGE, BT),
        ((activity == Activity.PUPIL) & learner, HS),
        (np.isin(activity, (Activity.STUDENT, Activity.VOCATIONAL)) & learner, SV),
        (draw < share(subjects, "household_insurance"), GD),
    ]
    return np.select([case for case, _ in cases], [group for _, group in cases], UNINSURED)


def _status(random: Random, subjects: Subjects) -> Ints:
    activity, age = subjects.activity, subjects.age
    draw = random.random(len(subjects))
    worked = (age >= WORKING_AGE_MIN) & (age < WORKING_AGE_MAX)
    worked &= np.isin(activity, (Activity.OWN_ACCOUNT, Activity.NONE))
    voluntary = (activity == Activity.OWN_ACCOUNT) & (age >= 18) & (age < WORKING_AGE_MAX)
    pensioner_before = ~subjects.alive & (age >= WORKING_AGE_MAX)
    cases: list[tuple[Flags, int]] = [
        (pensioner_before & (draw < 0.3), ENDED),
        (~subjects.alive, NOT_REGISTERED),
        (np.isin(activity, (Activity.EMPLOYEE, Activity.PUBLIC)), PARTICIPATING),
        (activity == Activity.PENSIONER, PENSION),
        (voluntary & (draw < VOLUNTARY_SHARE), PARTICIPATING),
        (worked & (draw > 1 - SUSPENDED_SHARE), SUSPENDED),
        (worked & (draw > 1 - SUSPENDED_SHARE - ENDED_SHARE), ENDED),
    ]
    return np.select([case for case, _ in cases], [status for _, status in cases], NOT_REGISTERED)


def _employer_units(random: Random, subjects: Subjects) -> Digits:
    """Seven characters: kind of unit, serial in the office, letter of the office; large units hold most people."""
    public = subjects.activity == Activity.PUBLIC
    kind = np.where(public, np.bytes_(b"HA"), np.bytes_(b"TA")).astype("S2")
    serial = (random.random(len(subjects)) ** 3 * EMPLOYERS).astype(np.int64)
    office = (subjects.commune * 7 % 26 + ord("A")).astype(np.uint8).view("S1")
    return joined(kind, digits(serial, 4), office)


def _facilities(random: Random, subjects: Subjects, at: Ints) -> Texts:
    """The health station of the own commune, or a hospital of the own province: its number and a serial below 100."""
    hospitals = np.clip(places().population / PEOPLE_PER_HOSPITAL, 1, STATION_FIRST - 1)[subjects.province[at]]
    serial = 1 + (random.random(len(at)) * np.floor(hospitals)).astype(np.int64)
    hospital = joined(digits(subjects.province_number[at], 2), digits(serial, 3))
    facility: Texts = stations()[subjects.commune[at]]
    elsewhere = random.random(len(at)) >= OWN_STATION_SHARE
    facility[elsewhere] = hospital[elsewhere].astype("U5")
    return facility


def _validity(random: Random, subjects: Subjects, at: Ints, group: Ints) -> tuple[Ints, Ints]:
    """First and last day. A child's card lasts to the 30 September of its sixth year (law 46/2014/QH13, art. 12)."""
    paid = BASE_DAY - 1 - (random.random(len(at)) * (_YEAR + 5)).astype(np.int64)
    autumn = days_of(subjects.birth_year[at] + 6, 9, 30)
    school = np.isin(group, (HS, SV))
    lasting = np.isin(group, (HT, CC, BT))
    renewed = _BASE_YEAR - random.integers(0, CARD_YEARS_MAX, len(at))
    kinds = [group == TE, school, lasting, group == GD]
    starts = [subjects.birth[at], days_of(SCHOOL_YEAR + 0 * at, 10, 1), days_of(renewed, 1, 1), paid]
    ends = [autumn, days_of(_BASE_YEAR + 0 * at, 9, 30), days_of(renewed + CARD_YEARS_MAX, 12, 31), paid + _YEAR - 1]
    start = np.select(kinds, starts, days_of(_BASE_YEAR + 0 * at, 1, 1))
    end = np.select(kinds, ends, days_of(_BASE_YEAR + 0 * at, 12, 31))
    return start, end
