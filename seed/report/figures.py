"""What the report holds a population against: named targets with source, certainty and bound, and how a distance
from one is judged. Reads seed/data only, never a population.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np

from seed.figures import Floats

FULL_SIZE = 1_000_000  # people; bounds are stated for this many, smaller populations are allowed their noise
JUDGED_PEOPLE_MIN = 500  # living; below, only contradictions count
HOUSEHOLD = 3.6  # people who share one draw where a household shares a value
LINE = 5.0  # people who share one draw where a family line shares a value


@dataclass(frozen=True, slots=True)
class Target:
    """A table that a population is compared with.

    `file` of seed/data holds it, empty where no table was found. `bound` is the largest total variation distance at a
    million people, None where there is nothing to judge by.
    `shared_by` is how many people share one draw. `dependence_min` is how far, at least, a joint figure must be from
    what independent draws with the same marginals would give.
    """

    name: str
    title: str
    file: str
    bound: float | None = None
    shared_by: float = 1.0
    dependence_min: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Counts of a population beside the shares expected of it, cell by cell.

    `expected` is empty where there is no table; `independence` is the distance of the counts from independent draws
    and `independent_distance` that of independent draws from the table, each None where it means nothing.
    """

    target: Target
    labels: tuple[str, ...]
    observed: tuple[float, ...]
    expected: tuple[float, ...]
    people: int
    distance: float | None
    allowed: float | None
    independence: float | None = None
    independent_distance: float | None = None

    @property
    def is_within(self) -> bool | None:
        """Whether every bound holds; None without any."""
        verdicts = []
        if self.allowed is not None and self.distance is not None:
            verdicts.append(self.distance <= self.allowed)
        if self.target.dependence_min is not None and self.independence is not None:
            verdicts.append(self.independence >= self.target.dependence_min)
        return all(verdicts) if verdicts else None


@dataclass(frozen=True, slots=True)
class Rate:
    """One number beside its named target; `bound` is the largest deviation, None where sources differ too much."""

    name: str
    unit: str
    observed: float
    expected: float
    bound: float | None
    source: str

    @property
    def is_within(self) -> bool | None:
        """Whether the deviation is within its bound; None without one."""
        return None if self.bound is None else bool(abs(self.observed - self.expected) <= self.bound)


@dataclass(frozen=True, slots=True)
class Choice:
    """Where sources disagree: the target that was chosen, what else is published, and why."""

    rate: str
    chosen: str
    instead_of: str
    why: str


def compare(
    target: Target,
    labels: Sequence[str],
    counts: Floats,
    weights: Floats | None = None,
    *,
    independence: float | None = None,
    independent_distance: float | None = None,
) -> Comparison:
    """Hold counts against expected weights; an empty population is at no distance from anything."""
    people = int(counts.sum())
    observed = counts / people if people else counts * 0.0
    expected = None if weights is None or not weights.sum() else weights / weights.sum()
    measured = expected is not None and people > 0
    return Comparison(
        target=target,
        labels=tuple(labels),
        observed=tuple(observed.tolist()),
        expected=() if expected is None else tuple(expected.tolist()),
        people=people,
        distance=distance(observed, expected) if measured and expected is not None else None,
        allowed=allowed(target, expected, people) if measured and expected is not None else None,
        independence=independence,
        independent_distance=independent_distance,
    )


def distance(counts: Floats, shares: Floats) -> float:
    """Total variation distance between observed counts and expected shares: 0 is equal, 1 is disjoint."""
    return float(np.abs(counts / counts.sum() - shares / shares.sum()).sum() / 2)


NOISE_ALLOWANCE = 1.5


def noise(shares: Floats, draws: float) -> float:
    """The mean total variation distance of `draws` fair draws from the shares they are drawn from.

    Each cell's mean absolute deviation is sqrt(2p(1-p)/(pi n)), the normal approximation, and never more than 2p.
    """
    deviation = np.minimum(np.sqrt(2 * shares * (1 - shares) / (np.pi * max(draws, 1.0))), 2 * shares)
    return float(deviation.sum() / 2)


def allowed(target: Target, shares: Floats, people: int) -> float | None:
    """bound + 1.5 (noise(people / shared_by) - noise(1,000,000 / shared_by)); never less than the bound.

    The noise is what fair draws give on average; half as much again leaves room for an unlucky one.
    """
    if target.bound is None:
        return None
    extra = noise(shares, people / target.shared_by) - noise(shares, FULL_SIZE / target.shared_by)
    return min(target.bound + NOISE_ALLOWANCE * max(extra, 0.0), 1.0)


@cache
def sources() -> Mapping[str, tuple[str, str]]:
    """Source and certainty of each file of seed/data, as its README lists them."""
    text = resources.files("seed").joinpath("data", "README.md").read_text(encoding="utf-8")
    found = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if len(cells) == 4 and ".csv" in cells[0]:
            for name in cells[0].split(", "):
                found[name] = (cells[2], cells[3].rstrip(" |"))
    return found


TARGETS: Mapping[str, Target] = {
    target.name: target
    for target in (
        Target("age_sex", "Age and sex", "population_2024.csv", bound=0.01),
        Target("deaths", "Deaths of the last year by age and sex", "death_rates_2020_2025.csv", bound=0.02),
        Target("marital", "Marital status by age and sex", "marital_status_by_age.csv", bound=0.01),
        Target("province", "People by province", "provinces_63.csv", bound=0.005, shared_by=HOUSEHOLD),
        Target("household_size", "Household sizes", "household_size_model_2019.csv", bound=0.02),
        Target(
            "household_type",
            "Household types, of two and more members",
            "household_types_2014.csv",
            bound=0.12,
            note="families registered in 2014, ten years before the base date; the population is not drawn from it",
        ),
        Target("surname", "Surnames", "surnames_national_share.csv", bound=0.02, shared_by=LINE),
        Target("given_name", "Given names by sex and birth cohort", "given_names.csv", bound=0.02),
        Target("ethnic_group", "Ethnic groups", "ethnic_groups_census_2019.csv", bound=0.01, shared_by=LINE),
        Target("religion", "Religions", "religions_2019.csv", bound=0.01, shared_by=HOUSEHOLD),
        Target(
            "mother_age",
            "Mother's age at birth, births since 2009",
            "fertility_by_age.csv",
            bound=0.03,
            note="the table counts births; here are the children who live and are linked to their mother",
        ),
        Target("mother_age_by_order", "Mother's age by which linked child it is", "", dependence_min=0.1),
        Target(
            "sibling_gap",
            "Months between siblings",
            "",
            note="twins, then nine months at least; no spacing is published in what was read",
            dependence_min=0.1,
        ),
        Target(
            "spouse_gap",
            "Years by which husbands are older",
            "couple_age_gap.csv",
            bound=0.04,
            dependence_min=0.3,
            note="the table is of registered first marriages, the population of existing ones",
        ),
        Target(
            "household_size_by_type_and_age",
            "Household size by type and the head's age",
            "",
            dependence_min=0.2,
            note="no joint table was found; independent draws would be at distance 0 from the product",
        ),
        Target(
            "native_province",
            "Native province by present province",
            "migration.csv",
            bound=0.03,
            shared_by=LINE,
            dependence_min=0.5,
        ),
        Target(
            "birth_province",
            "Province of birth registration by present province",
            "migration.csv",
            bound=0.06,
            shared_by=HOUSEHOLD,
            dependence_min=0.5,
        ),
        Target(
            "ethnic_by_province",
            "Ethnic group by native province",
            "ethnic_homes.csv",
            bound=0.03,
            shared_by=LINE,
            dependence_min=0.1,
        ),
        Target(
            "surname_by_group",
            "Surname by ethnic group and part of the country",
            "ethnic_surnames.csv",
            bound=0.02,
            shared_by=LINE,
            dependence_min=0.03,
        ),
    )
}
"""Every comparison by its name."""

CHOICES = (
    Choice(
        "people and pyramid",
        "usual residents of the mid-term census 2024: 101,112,656",
        "113.6 million registered, Resolution 202/2025",
        "age and sex are published for residents only",
    ),
    Choice(
        "people by province",
        "census 2019, proportions",
        "registered people in Resolution 202/2025",
        "the same population concept as the pyramid; adds up to the census total",
    ),
    Choice(
        "household size",
        "bands of the census 2019; mean 3.6 of 2024",
        "3.7 of the living standards survey 2018",
        "the census counts everybody",
    ),
    Choice(
        "one-person households",
        "10.9 %, census 2019",
        "3.1 % without a couple in one generation, family statistics 2014",
        "the statistics of 2014 count registered families, so types are compared among two and more members",
    ),
    Choice(
        "surnames",
        "national table (Lê Trung Hoa 2005): Nguyễn 38.4 %",
        "29.6 % in Đắk Lắk, 31 % in Ho Chi Minh City",
        "the only national one; the samples order what it leaves out",
    ),
    Choice(
        "religion",
        "census 2019: 13.7 % are adherents",
        "27.7 million adherents, the Government's figure of 2025",
        "the census asks people; the other counts differently",
    ),
    Choice(
        "age at first marriage",
        "singulate mean of the census 2019: men 27.2, women 23.1",
        "29.4 and 25.2 in 2024; registered first marriages 2021-2023: 29.8 and 27.0",
        "marital status by age is fitted to the survey of 2020, next to it in time",
    ),
    Choice(
        "deaths of a year",
        "death rates of World Population Prospects 2024 on the pyramid",
        "642,391 registered in 2023, 6.4 per 1,000",
        "a third of the deaths is registered late or never",
    ),
    Choice(
        "ages of mothers",
        "World Population Prospects 2024",
        "none by single region was read",
        "one pattern for the country; regional fertility differs and is not modelled",
    ),
    Choice(
        "health insurance",
        "93.3 million insured at the end of 2023",
        "91 million participants matched by 8/2025",
        "nearest to the base date; the other counts who was matched with the registry",
    ),
    Choice(
        "electronic identities",
        "70 million issued by March 2024",
        "2.6 million activated early in 2023",
        "the registry holds what was issued",
    ),
)
"""One named target for each rate that sources disagree on."""
