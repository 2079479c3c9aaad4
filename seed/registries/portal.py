"""Dossiers of the last year on the national public service portal, of people whose electronic identity is in use."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from seed.calendar import dates
from seed.drawing import pick
from seed.figures import Floats, Ints, Texts, column, cumulative, read_rows, texts
from seed.papers import Digits, digits
from seed.people import ADULT_AGE, BASE_DAY
from seed.places import places
from seed.plan import Random
from seed.registries.identity import identity_holders
from seed.registries.serials import constant, joined, serials
from seed.registries.subjects import Subjects
from seed.rows import Rows

# The numbers of the contract's DossierStatus.
SUBMITTED, ACCEPTED, NOT_ACCEPTED, IN_PROGRESS, MORE_NEEDED, PAYMENT_NEEDED = range(1, 7)
WITHDRAWN, STOPPED, FINISHED, HANDED_OVER = range(7, 11)

DAYS_BACK = 365
# Dossiers a year of those who use the portal at all: 35.4 million were submitted in 2023 (shares modelled).
USERS_SHARE = 0.42
MEAN_DOSSIERS = 1.65
DOSSIERS_MAX = 12
ENDED = (HANDED_OVER, FINISHED, NOT_ACCEPTED, WITHDRAWN, STOPPED)
ENDED_SHARES = (0.74, 0.17, 0.05, 0.025, 0.015)
RUNNING = (ACCEPTED, IN_PROGRESS, MORE_NEEDED, PAYMENT_NEEDED)
RUNNING_SHARES = (0.15, 0.7, 0.09, 0.06)


@dataclass(frozen=True, slots=True)
class Procedures:
    """Names, the office that decides (two digits), how many days it takes, running shares."""

    name: Texts
    office: Ints
    days: Ints
    running: Floats


@cache
def procedures() -> Procedures:
    """What people ask the state for, read once a process."""
    rows = read_rows("portal_procedures.csv")
    return Procedures(
        name=texts([row["procedure"] for row in rows]),
        office=column(rows, "office").astype(np.int64),
        days=column(rows, "days").astype(np.int64),
        running=cumulative(column(rows, "weight")),
    )


@cache
def _agencies() -> Digits:
    """Code of each province's agencies by position of the province."""
    code = {row["province_gso_code"]: row["agency_code"] for row in read_rows("portal_agencies.csv")}
    return np.array([code[province] for province in places().province_code], dtype="S3")


def portal_dossiers(random: Random, subjects: Subjects) -> Rows:
    """Any number for each user; older ones are decided, those of the last days still run."""
    _, active = identity_holders(subjects.random("electronic_identity"), subjects)
    user = np.flatnonzero(active & (subjects.age >= ADULT_AGE) & (random.random(len(subjects)) < USERS_SHARE))
    at = np.repeat(user, np.minimum(random.geometric(1 / MEAN_DOSSIERS, len(user)), DOSSIERS_MAX))
    known = procedures()
    which = pick(random, known.running, len(at))
    back = 1 + (random.random(len(at)) ** 1.2 * DAYS_BACK).astype(np.int64)
    submitted = BASE_DAY - back
    day = dates(submitted) % 1_000_000
    province, office = subjects.province[at], known.office[which]
    cell = (province * 100 + office) * 1_000_000 + day
    code = joined(
        _agencies()[province],
        constant(b".", len(at)),
        digits(office, 2),
        constant(b"-", len(at)),
        digits(day, 6),
        constant(b"-", len(at)),
        digits(serials(subjects, "portal", cell, left=1000, right=1000), 6),
    )
    return {
        "person_id": subjects.person_id[at],
        "code": code,
        "procedure": known.name[which],
        "status": _status(random, back - known.days[which], back),
        "submitted_date": dates(submitted),
    }


def _status(random: Random, days_over: Ints, days_old: Ints) -> Ints:
    """Decided once the time the procedure takes is over, with a few stragglers; new in the first two days."""
    ended = np.array(ENDED)[pick(random, cumulative(np.array(ENDED_SHARES)), len(days_over))]
    running = np.array(RUNNING)[pick(random, cumulative(np.array(RUNNING_SHARES)), len(days_over))]
    runs = (days_over < 0) | ((days_over < 20) & (random.random(len(days_over)) < 0.2))
    return np.select([runs & (days_old <= 2), runs], [SUBMITTED, running], ended)
