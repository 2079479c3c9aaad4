"""Business registration and land: enterprises with those who lead and share them, certificates with their plots.

Who owns what is modelled; names of businesses are put together from words and are nobody's.
"""

from functools import cache

import numpy as np

from registry.datasets import Sex
from seed.calendar import birthday, dates
from seed.figures import Flags, Ints, Texts, read_rows, texts
from seed.papers import Digits, digits
from seed.people import BASE_DAY
from seed.places import places
from seed.plan import Random
from seed.registries.choices import choices
from seed.registries.serials import constant, joined, serials, tax_codes
from seed.registries.subjects import Activity, Subjects
from seed.rows import Rows

LAST_DAY = BASE_DAY - 1
REPRESENTATIVE, OWNER, MEMBER = 1, 2, 3  # codes of the contract
ADULT_AGE = 18
FIRST_BUSINESS_DAY = int(np.datetime64("2000-01-01").astype(np.int64))  # first law on enterprises
FIRST_LAND_DAY = int(np.datetime64("1994-01-01").astype(np.int64))  # land law of 1993
# Modelled from here on.
HOUSEHOLD_BUSINESS_SHARE_URBAN, HOUSEHOLD_BUSINESS_SHARE_RURAL = 0.19, 0.09  # of people on their own account
COMPANY_SHARE_URBAN, COMPANY_SHARE_RURAL = 0.030, 0.009  # of those and of employees
COMPANY_WOMEN_FACTOR = 0.35
SPOUSE_MEMBER_SHARE = 0.35  # of companies whose head is married
HEAD_SHARE_URBAN, HEAD_SHARE_RURAL = 0.58, 0.78
SPOUSE_SHARE, OTHER_SHARE, OTHER_AGE_MIN = 0.11, 0.03, 30.0
SECOND_PLOT_SHARE_URBAN, SECOND_PLOT_SHARE_RURAL = 0.06, 0.34
PLOTS_A_SHEET = 1000
SHEETS = 120
AREA_MIN, AREA_MAX = 25, 30_000
LETTERS_DAYS = 108  # serials take the next pair of letters after so many days: AA in 1994, about DZ in 2024
_LETTERS = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", dtype="S1")


def business_interests(random: Random, subjects: Subjects) -> Rows:
    """One row a person and business: household businesses with their owner, companies with who leads and who shares."""
    household, company = _founders(random, subjects)
    person = np.append(household, company)
    is_company = np.arange(len(person)) >= len(household)
    founded = _since(random, subjects.birth[person], FIRST_BUSINESS_DAY)
    # Prefixes are positions of the 63 provinces; personal tax codes begin with 8.
    code = tax_codes(subjects, "business", subjects.province[person] + 1)
    name = np.append(_names(random, "household", len(household)), _names(random, "company", len(company)))
    spouse = subjects.spouse[person]
    grown = birthday(subjects.birth[spouse], np.full(len(spouse), ADULT_AGE)) <= founded
    shared = np.flatnonzero(is_company & (spouse >= 0) & grown & (random.random(len(person)) < SPOUSE_MEMBER_SHARE))
    row = np.append(np.arange(len(person)), shared)
    return {
        "person_id": subjects.person_id[np.append(person, spouse[shared])],
        "code": code[row],
        "name": name[row],
        "role": np.append(np.where(is_company, REPRESENTATIVE, OWNER), np.full(len(shared), MEMBER)),
        "registered_date": dates(founded)[row],
    }


def land_certificates(random: Random, subjects: Subjects) -> Rows:
    """One row a certificate, in the commune of residence, mostly in the name of the head of the household."""
    owner = np.flatnonzero(_owns_land(random, subjects))
    second_share = np.where(subjects.urban[owner], SECOND_PLOT_SHARE_URBAN, SECOND_PLOT_SHARE_RURAL)
    second = owner[random.random(len(owner)) < second_share]
    person = np.append(owner, second)
    commune = subjects.commune[person]
    issued = _since(random, subjects.birth[person], FIRST_LAND_DAY)
    plot = serials(subjects, "plot", commune, left=SHEETS, right=PLOTS_A_SHEET)
    return {
        "person_id": subjects.person_id[person],
        "serial": _land_serials(subjects, issued),
        "commune_code": places().commune_code[commune],
        "sheet_number": plot // PLOTS_A_SHEET + 1,
        "plot_number": plot % PLOTS_A_SHEET + 1,
        "area_square_metres": _areas(random, subjects.urban[person]),
        "issued_date": dates(issued),
    }


def _founders(random: Random, subjects: Subjects) -> tuple[Ints, Ints]:
    """Who runs a household business, and who leads a company."""
    own_account = subjects.activity == Activity.OWN_ACCOUNT
    grown = subjects.alive & (birthday(subjects.birth, np.full(len(subjects), ADULT_AGE)) < LAST_DAY)
    household_share = np.where(subjects.urban, HOUSEHOLD_BUSINESS_SHARE_URBAN, HOUSEHOLD_BUSINESS_SHARE_RURAL)
    company_share = np.where(subjects.urban, COMPANY_SHARE_URBAN, COMPANY_SHARE_RURAL)
    company_share = np.where(subjects.sex == Sex.FEMALE, company_share * COMPANY_WOMEN_FACTOR, company_share)
    household = grown & own_account & (random.random(len(subjects)) < household_share)
    leads = grown & (own_account | (subjects.activity == Activity.EMPLOYEE))
    company = leads & (random.random(len(subjects)) < company_share)
    return np.flatnonzero(household), np.flatnonzero(company)


def _owns_land(random: Random, subjects: Subjects) -> Flags:
    grown = subjects.alive & (birthday(subjects.birth, np.full(len(subjects), ADULT_AGE)) < LAST_DAY)
    position = np.arange(len(subjects))
    is_head = subjects.head == position
    head_spouse = (subjects.spouse >= 0) & (subjects.spouse == subjects.head)
    head_share = np.where(subjects.urban, HEAD_SHARE_URBAN, HEAD_SHARE_RURAL)
    other_share = np.where(subjects.age >= OTHER_AGE_MIN, OTHER_SHARE, 0.0)
    share = np.select([is_head, head_spouse], [head_share, SPOUSE_SHARE], other_share)
    return np.asarray(grown & (random.random(len(subjects)) < share))


def _since(random: Random, birth: Ints, first: int) -> Ints:
    """A day since people came of age and the law is in force, later days more often."""
    start = np.maximum(birthday(birth, np.full(len(birth), ADULT_AGE)), first)
    return np.asarray(LAST_DAY - (random.random(len(birth)) ** 1.4 * (LAST_DAY - start)).astype(np.int64))


def _land_serials(subjects: Subjects, issued: Ints) -> Digits:
    pair = (issued - FIRST_LAND_DAY) // LETTERS_DAYS
    number = serials(subjects, "land", pair, left=10_000, right=10_000)
    first, second = np.divmod(pair, len(_LETTERS))
    return joined(_LETTERS[first], _LETTERS[second], constant(b" ", len(pair)), digits(number, 8))


def _areas(random: Random, urban: Flags) -> Ints:
    """Square metres, log-normal around the median of the use of land."""
    median, spread = np.empty(len(urban)), np.empty(len(urban))
    for kind, own in (("urban", np.flatnonzero(urban)), ("rural", np.flatnonzero(~urban))):
        known = choices("land_plots.csv", "square_metres_median", "area", kind)
        drawn = known.draw_positions(random, len(own))
        median[own] = known.values[drawn].astype(np.float64)
        spread[own] = choices("land_plots.csv", "spread", "area", kind).values[drawn].astype(np.float64)
    area = median * np.exp(spread * random.standard_normal(len(urban)))
    return np.asarray(np.clip(area, AREA_MIN, AREA_MAX), dtype=np.int64)


def _names(random: Random, kind: str, count: int) -> Texts:
    first, second = business_words()
    name: Texts = choices("business_activities.csv", "text", "kind", kind).draw(random, count)
    name = name + " " + first[random.integers(0, len(first), count)]
    name = name + " " + second[random.integers(0, len(second), count)]
    return name


@cache
def business_words() -> tuple[Texts, Texts]:
    """First and second words of names, read once a process."""
    rows = read_rows("business_words.csv")
    first, second = ([row["word"] for row in rows if row["place"] == place] for place in ("1", "2"))
    return texts(first), texts(second)
