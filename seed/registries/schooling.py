"""Education and public employment: who learns where, who teaches or holds a post. Who does is `Subjects.activity`;
codes of schools and bodies are modelled, codes of grades are those of the ministries' circulars.
"""

from dataclasses import dataclass
from enum import IntEnum
from functools import cache

import numpy as np

from registry.datasets import Sex
from seed.calendar import dates
from seed.figures import Floats, Ints, Texts, column, cumulative, read_rows, texts
from seed.papers import digits
from seed.people import BASE_DAY, DAYS_A_YEAR
from seed.places import places
from seed.plan import Random
from seed.registries.serials import serials
from seed.registries.subjects import SCHOOL_YEAR, Activity, Subjects
from seed.rows import Column, Rows

POST_AGE_MIN, POST_AGE_MAX = 18, 70
WORK_AGE_MIN = 22.0
SCHOOLS_A_COMMUNE = 3  # of each level, where the commune has any (modelled)
COMMUNES_AN_UPPER_SCHOOL = 6  # communes that share their upper secondary school (modelled)
BODIES = 40  # of each sector in a province (modelled)
# Where students study: the rest in their own province (modelled).
STUDY_PLACES = ("01", "79", "48", "92", "46", "19")
STUDY_SHARES = (0.34, 0.30, 0.06, 0.06, 0.04, 0.04)
_SCHOOL_RANGE = 10  # schools of one level are numbered with one digit after the level's two


class Level(IntEnum):
    """Codes of the contract."""

    PRESCHOOL = 1
    PRIMARY = 2
    LOWER_SECONDARY = 3
    UPPER_SECONDARY = 4
    VOCATIONAL = 5
    HIGHER = 6


@dataclass(frozen=True, slots=True)
class Posts:
    """Kinds of posts; `running` are shares by [sex, age] over them."""

    kind: Ints
    sector: Texts
    title: Texts
    grade: Texts
    age_from: Ints
    running: Floats


def enrolments(random: Random, subjects: Subjects) -> Rows:
    """One row a learner: kindergarten to university in the school year that runs at the base date."""
    learns = (subjects.activity >= Activity.PRESCHOOL) & (subjects.activity <= Activity.STUDENT)
    person = np.flatnonzero(learns)
    grade, activity = subjects.grade[person], subjects.activity[person]
    level = np.select(
        [
            activity == Activity.PRESCHOOL,
            activity == Activity.VOCATIONAL,
            activity == Activity.STUDENT,
            grade <= 5,
            grade <= 9,
        ],
        [Level.PRESCHOOL, Level.VOCATIONAL, Level.HIGHER, Level.PRIMARY, Level.LOWER_SECONDARY],
        Level.UPPER_SECONDARY,
    )
    commune = _school_commune(random, subjects, person, level)
    school = (level * _SCHOOL_RANGE + random.integers(1, SCHOOLS_A_COMMUNE + 1, len(person))) % 1000
    code = serials(subjects, "sector_code", np.zeros_like(person), left=100_000, right=100_000)
    return {
        "person_id": subjects.person_id[person],
        "sector_code": digits(code, 10),
        "school_code": digits(_commune_numbers()[commune] * 1000 + school, 8),
        "level": level,
        "grade": grade,
        "school_year": np.full(len(person), SCHOOL_YEAR),
    }


def _school_commune(random: Random, subjects: Subjects, person: Ints, level: Ints) -> Ints:
    """The own commune; for upper secondary one of some communes; for students mostly a few large towns."""
    land = places()
    commune, province = subjects.commune[person].copy(), subjects.province[person]
    first = np.searchsorted(land.commune_province, province)
    upper = level == Level.UPPER_SECONDARY
    offset = (commune - first) // COMMUNES_AN_UPPER_SCHOOL * COMMUNES_AN_UPPER_SCHOOL
    commune[upper] = (first + offset)[upper]
    known = land.province_code.tolist()
    town = np.array([known.index(code) for code in STUDY_PLACES])
    draw = np.searchsorted(np.cumsum(STUDY_SHARES), random.random(len(person)), side="right")
    away = (level == Level.HIGHER) & (draw < len(town))
    study = np.where(away, town[np.minimum(draw, len(town) - 1)], province)
    tertiary = level >= Level.VOCATIONAL
    commune[tertiary] = np.searchsorted(land.commune_province, study[tertiary])
    return commune


def public_posts(random: Random, subjects: Subjects) -> Rows:
    """One row for everybody in public employment; the post by sex and age."""
    table = posts()
    person = np.flatnonzero(subjects.activity == Activity.PUBLIC)
    age = np.clip(subjects.age[person].astype(np.int64), POST_AGE_MIN, POST_AGE_MAX - 1) - POST_AGE_MIN
    cell = (subjects.sex[person] - int(Sex.MALE)) * (POST_AGE_MAX - POST_AGE_MIN) + age
    flat = (table.running + np.arange(len(table.running))[:, None]).ravel()
    post = np.searchsorted(flat, cell + random.random(len(person)), side="right") - cell * table.running.shape[1]
    youngest = np.minimum(np.maximum(table.age_from[post], WORK_AGE_MIN), subjects.age[person] - 0.1)
    start = subjects.birth[person] + (youngest * DAYS_A_YEAR).astype(np.int64) + 1
    since = start + (random.random(len(person)) ** 0.8 * np.maximum(BASE_DAY - start, 1)).astype(np.int64)
    return {
        "person_id": subjects.person_id[person],
        "kind": table.kind[post],
        "body_code": _bodies(random, subjects.province[person], table.sector[post]),
        "title": table.title[post],
        "grade_code": table.grade[post],
        "since_date": dates(np.minimum(since, BASE_DAY - 1)),
    }


def _bodies(random: Random, province: Ints, sector: Texts) -> Column:
    """The province's agency code, the sector, the body: H26.05.12."""
    body = texts([f"{number:02d}" for number in range(BODIES + 1)])[random.integers(1, BODIES + 1, len(province))]
    code: Column = _agency_codes()[province] + "." + sector + "." + body
    return code


@cache
def posts() -> Posts:
    """Kinds of posts and who holds them, read once a process."""
    rows = read_rows("public_posts.csv")
    age_from, age_to = (column(rows, name).astype(np.int64) for name in ("age_from", "age_to"))
    women = column(rows, "women_pct") / 100
    age = np.arange(POST_AGE_MIN, POST_AGE_MAX)[:, None]
    # A few work before or beyond the usual ages of every post: they hold any, in proportion.
    fits = np.maximum((age >= age_from) & (age <= age_to), 1e-6) / (age_to - age_from + 1)
    weights = column(rows, "people_thousands") * np.array([1 - women, women])[:, None, :] * fits
    return Posts(
        kind=column(rows, "kind").astype(np.int64),
        sector=texts([row["sector"] for row in rows]),
        title=texts([row["title"] for row in rows]),
        grade=texts([row["grade_code"] for row in rows]),
        age_from=age_from,
        running=np.array([cumulative(cell) for cell in weights.reshape(-1, len(rows))]),
    )


@cache
def _agency_codes() -> Texts:
    """The code that each province's agencies begin with, by position of the province."""
    code = {row["province_gso_code"]: row["agency_code"] for row in read_rows("portal_agencies.csv")}
    return texts([code[province] for province in places().province_code])


@cache
def _commune_numbers() -> Ints:
    return np.array([int(code) for code in places().commune_code])
