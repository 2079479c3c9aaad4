"""Personal tax registrations: old codes, their state, and the dependants whom a taxpayer has registered."""

import numpy as np

from seed.calendar import dates
from seed.figures import Flags, Ints
from seed.people import ADULT_AGE, BASE_DAY
from seed.plan import Random
from seed.registries.coverage import share
from seed.registries.serials import tax_codes
from seed.registries.subjects import Activity, Subjects, day_after, years_later
from seed.rows import Rows

# The statuses of the contract's TaxStatus.
ACTIVE, AWAITING_UPDATE, CLOSED = 1, 2, 3

# All shares are modelled.
CONTRACTED_SHARE = 0.985
MOTHER_CLAIMS_SHARE = 0.45  # of couples in which both could
CLAIMED_SHARE = 0.55  # of the minor and learning children of somebody with a contract
AWAITING_SHARE, CLOSED_SHARE = 0.05, 0.012
DEAD_SHARE = 0.35  # of the lately dead still stand in the registry, closed
DEPENDANT_AGE_MAX = 24
FIRST_DAY = int(np.datetime64("2007-01-01").astype(np.int64))  # codes for everybody came with the law of 2007
DEPENDANTS_FIRST_DAY = int(np.datetime64("2013-07-01").astype(np.int64))
PERSONAL_PREFIX = 80  # codes of people begin with 8
_PREFIXES, _PREFIXES_LARGE, _BLOCKS_LARGE = 10, 20, 3_000


def tax_registration(random: Random, subjects: Subjects) -> Rows:
    """Taxpayers, and the children registered as their dependants, each with a code of their own."""
    payer = _taxpayers(random, subjects)
    claimed_by = _claims(random, subjects, payer)
    dependant = claimed_by >= 0
    dependants = np.bincount(claimed_by[dependant], minlength=len(subjects))
    at = np.flatnonzero(payer | dependant)
    # A population above 98 million needs more codes than there are behind an 8.
    prefixes = _PREFIXES if subjects.plan.blocks <= _BLOCKS_LARGE else _PREFIXES_LARGE
    prefix = PERSONAL_PREFIX + np.arange(len(at)) % prefixes
    return {
        "person_id": subjects.person_id[at],
        "former_code": tax_codes(subjects, "tax", prefix),
        "status": _status(random, subjects)[at],
        "dependants": dependants[at],
        "registered_date": dates(_registered(random, subjects, dependant & ~payer)[at]),
    }


def _taxpayers(random: Random, subjects: Subjects) -> Flags:
    activity = subjects.activity
    rate = np.select(
        [~subjects.alive, activity == Activity.EMPLOYEE, activity == Activity.PUBLIC, activity == Activity.OWN_ACCOUNT],
        [DEAD_SHARE, CONTRACTED_SHARE, 1.0, share(subjects, "tax_own_account")],
        share(subjects, "tax_others"),
    )
    lived_until = np.where(subjects.alive, BASE_DAY, subjects.death)
    adult = years_later(subjects.birth, ADULT_AGE) + 30 < lived_until
    working = np.isin(activity, (Activity.EMPLOYEE, Activity.PUBLIC))
    return np.asarray((adult | working) & (random.random(len(subjects)) < rate), dtype=np.bool_)


def _claims(random: Random, subjects: Subjects, payer: Flags) -> Ints:
    """The parent each child is a dependant of, -1 for none: one parent only, with a contract and registered."""
    earns = payer & np.isin(subjects.activity, (Activity.EMPLOYEE, Activity.PUBLIC)) & subjects.alive
    earns = np.append(earns, False)  # position -1 is nobody
    mother, father = earns[subjects.mother], earns[subjects.father]
    learns = np.isin(subjects.activity, (Activity.STUDENT, Activity.VOCATIONAL)) & (subjects.age < DEPENDANT_AGE_MAX)
    child = subjects.alive & ((subjects.age < ADULT_AGE) | learns) & ~earns[:-1]
    # Brothers and sisters are claimed by the same parent: the draws are the mother's, or the father's.
    parent = np.where(subjects.mother >= 0, subjects.mother, subjects.father)
    by_mother = random.random(len(subjects))[parent] < MOTHER_CLAIMS_SHARE
    claimed = child & (mother | father) & (random.random(len(subjects))[parent] < CLAIMED_SHARE)
    chosen = np.where(mother & (~father | by_mother), subjects.mother, subjects.father)
    return np.where(claimed, chosen, -1)


def _status(random: Random, subjects: Subjects) -> Ints:
    draw = random.random(len(subjects))
    closed = ~subjects.alive | (draw < CLOSED_SHARE)
    return np.select([closed, draw > 1 - AWAITING_SHARE], [CLOSED, AWAITING_UPDATE], ACTIVE)


def _registered(random: Random, subjects: Subjects, child: Flags) -> Ints:
    """Between coming of age and the base date; children since birth; nobody before the law."""
    earliest = np.where(child, subjects.birth + 30, years_later(subjects.birth, ADULT_AGE))
    earliest = np.maximum(earliest, np.where(child, DEPENDANTS_FIRST_DAY, FIRST_DAY))
    # Somebody who works before coming of age registers at once, at the latest now.
    until = np.where(subjects.alive, BASE_DAY, subjects.death)
    # Who was born on the base date itself is registered no earlier.
    return day_after(random, np.maximum(np.minimum(earliest, until - 1), subjects.birth), until=until)
