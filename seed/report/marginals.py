"""The marginal tables: one property of a person or a household at a time, against the figures. Pure."""

from math import sqrt

import numpy as np

from registry.datasets import MaritalStatus
from seed.belonging import belonging
from seed.figures import AGES, SEXES, Floats, demography, read_rows
from seed.naming import names, national_surnames
from seed.places import places
from seed.report.counting import HOUSEHOLD_TYPES, LONE, Counts
from seed.report.figures import FULL_SIZE, HOUSEHOLD, TARGETS, Comparison, Rate, compare

GROUP_YEARS = 5
GROUPS = 21  # of five years; the last is 100 and over
MARITAL_AGE_FROM, MARITAL_AGE_LAST = 15, 80
_TYPE_ROWS = (
    "two_generations_couple_with_children",
    "two_generations_mother_with_children",
    "two_generations_father_with_children",
    "three_or_more_generations",
    "one_generation_couple_only",
    "one_generation_no_spouse",
    "other",
)


def marginals(counts: Counts) -> list[Comparison]:
    """All marginal comparisons, in the order they are shown."""
    return [
        age_sex(counts),
        deaths(counts),
        marital(counts),
        province(counts),
        household_size(counts),
        household_type(counts),
        surname(counts),
        given_name(counts),
        ethnic_group(counts),
        religion(counts),
    ]


def group_label(group: int, last: int = GROUPS - 1) -> str:
    """Name of a five-year group: 0-4, ..., 100+."""
    start = group * GROUP_YEARS
    return f"{start}+" if group == last else f"{start}-{start + GROUP_YEARS - 1}"


def grouped(single_years: Floats) -> Floats:
    """Single years of age, along the last axis, summed to five-year groups; the last group is open."""
    edges = np.minimum(np.arange(single_years.shape[-1]) // GROUP_YEARS, GROUPS - 1)
    out = np.zeros((*single_years.shape[:-1], GROUPS))
    for place, group in enumerate(edges.tolist()):
        out[..., group] += single_years[..., place]
    return out


def age_sex(counts: Counts) -> Comparison:
    """The pyramid by sex and five-year group."""
    labels = [f"{sex} {group_label(group)}" for sex in SEXES for group in range(GROUPS)]
    observed = grouped(counts.status.sum(axis=2)).ravel()
    return compare(TARGETS["age_sex"], labels, observed, grouped(demography().living).ravel())


def deaths(counts: Counts) -> Comparison:
    """Age and sex of those who died in the year before the base date."""
    labels = [f"{sex} {group_label(group)}" for sex in SEXES for group in range(GROUPS)]
    return compare(TARGETS["deaths"], labels, grouped(counts.dead).ravel(), grouped(demography().dead).ravel())


def marital(counts: Counts) -> Comparison:
    """Marital status within each sex and age group; groups weigh as many people as they have."""
    labels, observed, expected = [], [], []
    for row in read_rows("marital_status_by_age.csv"):
        start = int(row["age_from"])
        end = AGES if start == MARITAL_AGE_LAST else start + GROUP_YEARS
        share = [float(row[name]) for name in row if name.endswith("_pct")]
        share.append(max(100 - sum(share), 0.0))
        own = counts.status[SEXES.index(row["sex"]), start:end, 1:].sum(axis=0)
        group = f"{start}+" if start == MARITAL_AGE_LAST else f"{start}-{end - 1}"
        labels += [f"{row['sex']} {group} {status.name.lower().replace('_', ' ')}" for status in MaritalStatus]
        observed.append(own)
        expected.append(np.array(share) / sum(share) * own.sum())
    return compare(TARGETS["marital"], labels, np.concatenate(observed), np.concatenate(expected))


def province(counts: Counts) -> Comparison:
    """Permanent residence by the 63 provinces in force at the base date."""
    labels = [row["name_vi"] for row in sorted(read_rows("provinces_63.csv"), key=lambda row: row["gso_code"])]
    return compare(TARGETS["province"], labels, counts.native.sum(axis=1), places().population)


def household_size(counts: Counts) -> Comparison:
    """Households by living members."""
    sizes = demography().household_sizes
    labels = [*(str(size) for size in range(1, len(sizes))), f"{len(sizes)}+"]
    return compare(TARGETS["household_size"], labels, counts.households.sum(axis=(0, 1))[1:], sizes)


def household_type(counts: Counts) -> Comparison:
    """Households of two and more members by the relations of their members."""
    share = {row["type"]: float(row["share_pct"]) for row in read_rows("household_types_2014.csv")}
    expected = np.array([share[name] for name in _TYPE_ROWS])
    return compare(
        TARGETS["household_type"], HOUSEHOLD_TYPES, counts.households.sum(axis=(1, 2))[:LONE].astype(float), expected
    )


def surname(counts: Counts) -> Comparison:
    """The published surnames, pairs together, and everything else."""
    labels, shares = national_surnames()
    place = {form: index for index, label in enumerate(labels) for form in label.split("/")}
    observed = np.zeros(len(labels))
    for people_of in counts.surname.values():
        for name, people in people_of.items():
            observed[place.get(name, len(labels) - 1)] += people
    return compare(TARGETS["surname"], labels, observed, shares)


def given_name(counts: Counts) -> Comparison:
    """Given names within each sex and cohort; cohorts weigh as many people as they have."""
    labels: list[str] = []
    observed: list[Floats] = []
    expected: list[Floats] = []
    vocabulary = names()
    spans: dict[tuple[int, tuple[float, ...]], list[int]] = {}
    for number, cohort in enumerate(vocabulary.cohorts):
        spans.setdefault((cohort.sex, tuple(cohort.given_running.tolist())), []).append(number)
    for (sex, _), numbers in spans.items():
        own = [vocabulary.cohorts[number] for number in numbers]
        words = [str(vocabulary.words[word]) for word in own[0].given]
        since, until = own[0].since, own[-1].until
        found = dict.fromkeys(words, 0.0)
        for (of, year), people_of in counts.given.items():
            if of == sex and since <= year <= until:
                for name, people in people_of.items():
                    found[name] = found.get(name, 0.0) + people
        total = sum(found.values())
        share = np.zeros(len(found))
        place = {name: index for index, name in enumerate(found)}
        np.add.at(share, [place[word] for word in words], np.diff(own[0].given_running, prepend=0.0))
        span = f"{SEXES[sex - 1]} {since}-{until}"
        labels += [f"{span} {name}" for name in found]
        observed.append(np.array(list(found.values())))
        expected.append(share * total)
    return compare(TARGETS["given_name"], labels, np.concatenate(observed), np.concatenate(expected))


def ethnic_group(counts: Counts) -> Comparison:
    """The 54 groups."""
    rows = [row for row in read_rows("ethnic_groups_census_2019.csv") if row["official_code"] <= "54"]
    labels = [row["name_vi"] for row in rows]
    return compare(TARGETS["ethnic_group"], labels, counts.ethnic.sum(axis=0), belonging().ethnic_share)


def religion(counts: Counts) -> Comparison:
    """Religions, none among them."""
    labels = [row["name_vi"] for row in read_rows("religions_2019.csv")]
    return compare(TARGETS["religion"], labels, counts.religion[1:], belonging().religion_share)


def rates(counts: Counts) -> list[Rate]:
    """Single numbers beside their named targets."""
    living = max(counts.living, 1)
    men, women = counts.status.sum(axis=(1, 2))
    homes = max(counts.households.sum(), 1.0)
    figures, mid_term = demography(), "mid-term census 2024"
    dying = 1000 * float(figures.dead.sum() / figures.living.sum())
    died = 1000 * counts.dead.sum() / living
    noise = 3e3 * max((dying / 1000 / living) ** 0.5 - (dying / 1000 / FULL_SIZE) ** 0.5, 0.0)
    years = _percent(0.5, living)
    return [
        Rate("Members of a household", "people", living / homes, 3.592, 0.15, f"{mid_term}: 101.11 M in 28.15 M"),
        Rate("Men to 100 women", "men", 100 * men / max(women, 1.0), 99.17, _percent(0.3, living), mid_term),
        Rate("Living in towns", "%", 100 * counts.urban / living, 38.2, _percent(1.5, living / HOUSEHOLD), mid_term),
        Rate("Aged 65 and over", "%", 100 * _from_65(counts) / living, 9.3, _percent(0.3, living), mid_term),
        Rate(
            "Mean age at first marriage, men",
            "years",
            _smam(counts.status[0]),
            27.2,
            years,
            "census 2019",
        ),
        Rate(
            "Mean age at first marriage, women",
            "years",
            _smam(counts.status[1]),
            23.1,
            years,
            "census 2019",
        ),
        Rate("Deaths a year to 1,000", "people", float(died), dying, 0.3 + noise, "World Population Prospects 2024"),
    ]


def _percent(bound: float, draws: float) -> float:
    """A bound in percent stated for a million draws; for fewer, and three standard errors of a half more."""
    return bound + max(3 * 50 * (1 / sqrt(max(draws, 1.0)) - 1 / sqrt(FULL_SIZE)), 0.0)


def _from_65(counts: Counts) -> float:
    return float(counts.status[:, 65:].sum())


def _smam(status: Floats) -> float:
    """Singulate mean age at marriage (Hajnal): years lived single until 50 by those who marry by then."""
    total, single = status.sum(axis=1), status[:, MaritalStatus.NEVER_MARRIED]
    shares = [float(single[a : a + 5].sum() / max(total[a : a + 5].sum(), 1.0)) for a in range(15, 55, 5)]
    at_50 = (shares[6] + shares[7]) / 2
    mean: float = (15 + 5 * sum(shares[:7]) - 50 * at_50) / max(1 - at_50, 1e-9)
    return mean
