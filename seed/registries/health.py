"""The health ministry's vaccination register: the childhood schedule since it is electronic, and doses against
COVID-19. Coverage by age is modelled on published national totals; names and codes of lots are invented.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from seed.calendar import dates, months
from seed.drawing import pick
from seed.figures import Flags, Ints, Texts, column, cumulative, read_rows, texts
from seed.people import BASE_DAY, DAYS_A_YEAR
from seed.places import places
from seed.plan import Random
from seed.registries.facilities import stations
from seed.registries.subjects import Subjects
from seed.rows import Rows

LAST_DAY = BASE_DAY - 1
COVID_AGE_DAY = int(np.datetime64("2021-12-31").astype(np.int64))  # the age that decides about doses
RECORDED_SHARE = 0.88  # of the doses given, 234 of some 266 millions, stood in the register in 2023
OTHER_COMMUNE_SHARE = 0.12  # of doses is given elsewhere in the province (modelled)
LOTS_A_MONTH = 4  # of each vaccine (modelled)
_LOT_MONTH_FIRST = np.datetime64("2016-01", "M")
_LOT_MONTHS = 120


@dataclass(frozen=True, slots=True)
class Doses:
    """Doses given, one element each: position of the person, position of the vaccine, number of the dose, day."""

    person: Ints
    vaccine: Ints
    dose: Ints
    day: Ints


@dataclass(frozen=True, slots=True)
class Vaccines:
    """Names of vaccines, and the codes of lots by [vaccine, month, serial], flat."""

    names: Texts
    lots: Texts

    def position(self, name: str) -> int:
        """Where a name stands."""
        return [*self.names].index(name)


def vaccinations(random: Random, subjects: Subjects) -> Rows:
    """One row a dose: three to five a person on average, most of them against COVID-19."""
    known = vaccines()
    parts = [*_schedule(random, subjects, known), *_covid(random, subjects, known)]
    person, vaccine, dose, day = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("person", "vaccine", "dose", "day")
    )
    month = months(day) - int(_LOT_MONTH_FIRST.astype(np.int64))
    lot = (vaccine * _LOT_MONTHS + month) * LOTS_A_MONTH + random.integers(0, LOTS_A_MONTH, len(day))
    commune = subjects.commune[person]
    moved = np.flatnonzero(random.random(len(person)) < OTHER_COMMUNE_SHARE)
    commune[moved] = places().draw_commune(random, subjects.province[person[moved]])
    return {
        "person_id": subjects.person_id[person],
        "vaccine": known.names[vaccine],
        "dose": dose,
        "lot": known.lots[lot],
        "given_date": dates(day),
        "facility_code": stations()[commune],
    }


def _schedule(random: Random, subjects: Subjects, known: Vaccines) -> list[Doses]:
    """Doses of the national schedule, each after the one before and not before the vaccine was introduced."""
    rows = read_rows("vaccination_schedule.csv")
    child = np.flatnonzero(subjects.birth >= min(_day(row["since"]) for row in rows))
    birth, end = subjects.birth[child], _end(subjects)[child]
    doses = []
    before: dict[str, tuple[Flags, Ints, float]] = {}
    for row in rows:
        name, share = row["vaccine"], float(row["coverage_pct"]) / 100
        had, last, previous = before.get(name, (np.ones(len(child), dtype=bool), birth, 1.0))
        due = birth + int(row["due_days"])
        day = due + random.exponential(float(row["spread_days"]), len(child)).astype(np.int64)
        day = np.maximum(day, last + int(row["gap_days_min"]))
        has = had & (random.random(len(child)) < share / previous) & (due >= _day(row["since"]))
        before[name] = (has, day, share)
        given = np.flatnonzero(has & (day <= end))
        vaccine = np.full(len(given), known.position(name))
        doses.append(Doses(child[given], vaccine, np.full(len(given), int(row["dose"])), day[given]))
    return doses


def _covid(random: Random, subjects: Subjects, known: Vaccines) -> list[Doses]:
    """First two doses of one vaccine, later ones of another draw, by the age at the end of 2021."""
    rows = read_rows("covid_doses.csv")
    age = np.floor((COVID_AGE_DAY - subjects.birth) / DAYS_A_YEAR)
    recorded = random.random(len(subjects)) < RECORDED_SHARE
    end = _end(subjects)
    doses = []
    for band in dict.fromkeys((row["age_from"], row["age_to"]) for row in rows):
        person = np.flatnonzero(recorded & (age >= int(band[0])) & (age <= int(band[1])))
        last, previous = np.zeros(len(person), dtype=np.int64), 1.0
        vaccine = last
        for row in (row for row in rows if (row["age_from"], row["age_to"]) == band):
            share, dose = float(row["coverage_pct"]) / 100, int(row["dose"])
            kept = random.random(len(person)) < share / previous
            person, last, vaccine, previous = person[kept], last[kept], vaccine[kept], share
            if dose != 2:
                vaccine = _covid_vaccines(random, known, band, booster=dose > 2, count=len(person))
            span = _day(row["last_date"]) - _day(row["first_date"])
            day = _day(row["first_date"]) + (random.beta(2.5, 2.5, len(person)) * span).astype(np.int64)
            last = np.maximum(day, last + int(row["gap_days_min"]))
            given = np.flatnonzero(last <= end[person])
            doses.append(Doses(person[given], vaccine[given], np.full(len(given), dose), last[given]))
    return doses


def _covid_vaccines(random: Random, known: Vaccines, band: tuple[str, str], *, booster: bool, count: int) -> Ints:
    rows = [
        row
        for row in read_rows("covid_vaccines.csv")
        if (row["age_from"], row["age_to"]) == band and row["booster"] == str(int(booster))
    ]
    position = np.array([known.position(row["vaccine"]) for row in rows])
    return np.asarray(position[pick(random, cumulative(column(rows, "weight")), count)])


@cache
def vaccines() -> Vaccines:
    """All vaccines and their lots, read once a process."""
    letters = {
        row["vaccine"]: row["lot_letters"]
        for file in ("vaccination_schedule.csv", "covid_vaccines.csv")
        for row in read_rows(file)
    }
    stamps = [str(_LOT_MONTH_FIRST + month).replace("-", "")[2:] for month in range(_LOT_MONTHS)]
    lots = [
        f"{code}{month}-{serial + 1:02d}"
        for code in letters.values()
        for month in stamps
        for serial in range(LOTS_A_MONTH)
    ]
    return Vaccines(texts(list(letters)), texts(lots))


def _end(subjects: Subjects) -> Ints:
    """The last day on which something can happen to each."""
    return np.where(subjects.alive, LAST_DAY, subjects.death)


def _day(date: str) -> int:
    return int(np.datetime64(date).astype(np.int64))
