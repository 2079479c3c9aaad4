"""The joint tables that independent draws would fail: of each, how far it is from its figures, from independence, and
how far independent draws would be from the figures. Pure.
"""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from seed.belonging import belonging
from seed.figures import AGES, BASE_DATE, Floats, Ints, demography, read_rows
from seed.naming import names
from seed.places import places
from seed.report.counting import HOUSEHOLD_TYPES, MOTHER_AGE_MAX, Counts
from seed.report.figures import TARGETS, Comparison, compare, distance

BIRTHS_SINCE = 2009  # later children live at home with hardly an exception; of elder ones only some are linked
ORDERS = ("first", "second", "third", "fourth", "fifth", "sixth or later")
MOTHER_AGE_EDGES = (0, 15, 20, 25, 30, 35, 40, 45, 50)
GAP_MONTHS = (0, 1, 9, 12, 18, 24, 36, 48, 60, 84, 120, 240)
_PARTS = ("north", "centre", "south")

Numbers: TypeAlias = Floats | Ints


def joints(counts: Counts) -> list[Comparison]:
    """All joint comparisons, in the order they are shown."""
    return [
        mother_age(counts),
        mother_age_by_order(counts),
        sibling_gap(counts),
        spouse_gap(counts),
        household_size_by_type_and_age(counts),
        native_province(counts),
        birth_province(counts),
        ethnic_by_province(counts),
        surname_by_group(counts),
    ]


def dependence(table: Floats) -> float | None:
    """Distance of a joint table from the product of its marginals, over its first axis and all others."""
    if not table.sum():
        return None
    flat = table.reshape(len(table), -1)
    return distance(flat, np.outer(flat.sum(axis=1), flat.sum(axis=0)))


def mother_age(counts: Counts) -> Comparison:
    """Mother's age at each birth; independent draws pair these children with these mothers at random."""
    figures, base_year = demography(), BASE_DATE.astype(object).year
    edges = figures.mother_age[:-1]
    observed, expected = np.zeros(len(edges)), np.zeros(len(edges))
    children, mothers = np.zeros(base_year + 1), np.zeros(base_year + 1)
    for year, by_age in counts.mothers.items():
        if year < BIRTHS_SINCE:
            continue
        np.add.at(observed, _class_of(np.arange(MOTHER_AGE_MAX + 1), edges), by_age)
        position = np.interp(year, figures.fertility_years, np.arange(3))
        below = min(int(position), 1)
        pattern = (1 - position + below) * figures.fertility[below] + (position - below) * figures.fertility[below + 1]
        expected += np.diff(pattern) * by_age.sum()
        children[year] += by_age.sum()
        np.add.at(mothers, year - np.arange(MOTHER_AGE_MAX + 1), by_age)
    impossible = _random_pairs(children, mothers, edges)
    return compare(
        TARGETS["mother_age"],
        [f"{int(start)}-{int(start) + 4}" for start in edges],
        observed,
        expected,
        independent_distance=distance(impossible, np.append(expected, 0.0)) if observed.sum() else None,
    )


def _random_pairs(children: Floats, mothers: Floats, edges: Floats) -> Floats:
    """Mother's age classes if births met mothers at random; the last cell is before 10 or after 55."""
    found = np.zeros(len(edges) + 1)
    years = np.arange(len(children))
    for year in np.flatnonzero(children).tolist():
        gap = year - years
        possible = (gap >= edges[0]) & (gap < edges[-1] + 5)
        places_ = np.where(possible, _class_of(gap, edges), len(edges))
        np.add.at(found, places_, children[year] * mothers)
    return found


def mother_age_by_order(counts: Counts) -> Comparison:
    """Mother's age at her first, second, third linked child."""
    table = np.zeros((len(ORDERS), len(MOTHER_AGE_EDGES)))
    classes = _class_of(np.arange(MOTHER_AGE_MAX + 1), np.array(MOTHER_AGE_EDGES))
    for order in range(len(ORDERS)):
        np.add.at(table[order], classes, counts.orders[order + 1])
    labels = [
        f"{order} child, {_span(MOTHER_AGE_EDGES, at)}" for order in ORDERS for at in range(len(MOTHER_AGE_EDGES))
    ]
    return compare(TARGETS["mother_age_by_order"], labels, table.ravel(), independence=dependence(table))


def sibling_gap(counts: Counts) -> Comparison:
    """Months between neighbouring siblings; independent draws take any two of these children for siblings."""
    edges = np.array(GAP_MONTHS)
    table, apart = np.zeros(len(edges)), np.zeros(len(edges))
    np.add.at(table, _class_of(np.arange(len(counts.gaps)), edges), counts.gaps)
    years = np.zeros(BASE_DATE.astype(object).year + 1)
    for year, by_age in counts.mothers.items():
        years[year] = by_age.sum()
    first = int(np.flatnonzero(years)[0]) if years.any() else 0
    months = np.repeat(years[first:] / 12, 12)
    pairs = np.correlate(months, months, "full")[len(months) - 1 :]
    np.add.at(apart, _class_of(np.arange(len(pairs)), edges), pairs)
    labels = ["twins" if at == 0 else f"{_span(GAP_MONTHS, at)} months" for at in range(len(GAP_MONTHS))]
    return compare(TARGETS["sibling_gap"], labels, table, independence=distance(table, apart) if table.sum() else None)


def spouse_gap(counts: Counts) -> Comparison:
    """Years by which husbands are older, in the published bands; outer bands take what is beyond them."""
    rows = read_rows("couple_age_gap.csv")
    edges = np.array([float(row["husband_older_years_from"]) for row in rows])
    ends = [float(row["husband_older_years_to"]) for row in rows]
    observed = np.zeros(len(rows))
    for months, couples in counts.spouse_months.items():
        # A whole number of months spans up to the next one; its middle says which band it is in.
        observed[_class_of(np.array([(months + 0.5) / 12]), edges)[0]] += couples
    ages = np.arange(AGES)
    random = np.outer(counts.couples.sum(axis=1), counts.couples.sum(axis=0))
    apart = np.zeros(len(rows))
    np.add.at(apart, _class_of((ages[:, None] - ages).ravel().astype(float), edges), random.ravel())
    expected = np.array([float(row["share_pct"]) for row in rows])
    return compare(
        TARGETS["spouse_gap"],
        [f"{start:g} to {end:g} years" for start, end in zip(edges, ends, strict=True)],
        observed,
        expected,
        independence=dependence(counts.couples),
        independent_distance=distance(apart, expected) if apart.sum() else None,
    )


def household_size_by_type_and_age(counts: Counts) -> Comparison:
    """Household size by type and the head's age in tens of years."""
    table = counts.households[:, :, 1:]
    kinds = [*HOUSEHOLD_TYPES, "one person"]
    labels = [
        f"{kind}, head {_decade(decade)}, {size + 1}"
        for kind in kinds
        for decade in range(table.shape[1])
        for size in range(table.shape[2])
    ]
    flat = table.reshape(-1, table.shape[2])
    return compare(TARGETS["household_size_by_type_and_age"], labels, table.ravel(), independence=dependence(flat))


def native_province(counts: Counts) -> Comparison:
    """Where lines come from by where they live: at home, but for the share that settled from elsewhere."""
    land = places()
    share = land.population / land.population.sum()
    moved = land.settled_from_elsewhere[:, None]
    expected = share[:, None] * (np.diag(1 - land.settled_from_elsewhere) + moved * share)
    return _by_province("native_province", counts.native, expected)


def birth_province(counts: Counts) -> Comparison:
    """Where births were registered by where people live: at most as far from home as their lines."""
    land = places()
    share = land.population / land.population.sum()
    moved = land.settled_from_elsewhere[:, None]
    expected = share[:, None] * (np.diag(1 - land.settled_from_elsewhere) + moved * share)
    return _by_province("birth_province", counts.birth, expected)


def _by_province(name: str, table: Floats, expected: Floats) -> Comparison:
    codes = places().province_code
    labels = [f"{home} from {origin}" for home in codes for origin in codes]
    home, origin = expected.sum(axis=1), expected.sum(axis=0)
    return compare(
        TARGETS[name],
        labels,
        table.ravel(),
        expected.ravel(),
        independence=dependence(table),
        independent_distance=distance(np.outer(home, origin), expected),
    )


def ethnic_by_province(counts: Counts) -> Comparison:
    """Ethnic group by the province a line comes from, against homelands fitted to both published margins."""
    land, own = places(), belonging()
    within = np.diff(own.ethnic_running, axis=1, prepend=0.0)
    expected = within * counts.ethnic.sum(axis=1, keepdims=True)
    labels = [f"{province} {group}" for province in land.province_code for group in own.ethnic_code]
    random = np.outer(expected.sum(axis=1), expected.sum(axis=0))
    return compare(
        TARGETS["ethnic_by_province"],
        labels,
        counts.ethnic.ravel(),
        expected.ravel(),
        independence=dependence(counts.ethnic),
        independent_distance=distance(random, expected) if expected.sum() else None,
    )


def surname_by_group(counts: Counts) -> Comparison:
    """Surnames within each ethnic group and part of the country, against the weights they are drawn by."""
    cells = sorted(counts.surname)
    wanted = {cell: _surname_shares(*cell) for cell in cells}
    words = sorted({name for cell in cells for name in counts.surname[cell].keys() | wanted[cell].keys()})
    place = {name: number for number, name in enumerate(words)}
    observed, expected = np.zeros((len(cells), len(words))), np.zeros((len(cells), len(words)))
    for row, cell in enumerate(cells):
        for name, people in counts.surname[cell].items():
            observed[row, place[name]] = people
        for name, share in wanted[cell].items():
            expected[row, place[name]] = share * observed[row].sum()
    used = np.flatnonzero((observed + expected).ravel())
    codes = belonging().ethnic_code
    labels = [f"{codes[group]} {_PARTS[part]} {name}" for group, part in cells for name in words]
    random = np.outer(expected.sum(axis=1), expected.sum(axis=0))
    return compare(
        TARGETS["surname_by_group"],
        [labels[cell] for cell in used],
        observed.ravel()[used],
        expected.ravel()[used],
        independence=dependence(observed),
        independent_distance=distance(random, expected) if expected.sum() else None,
    )


def _surname_shares(group: int, part: int) -> dict[str, float]:
    vocabulary = names()
    usual = (vocabulary.surname_words, vocabulary.surname_running)
    drawn, running = vocabulary.ethnic_surnames.get(group, usual)
    shares: dict[str, float] = {}

    def add(word: int, share: float) -> None:
        name = str(vocabulary.words[word])
        shares[name] = shares.get(name, 0.0) + share

    for word, share in zip(drawn.tolist(), np.diff(running, prepend=0.0).tolist(), strict=True):
        if word in vocabulary.pairs:
            northern, southern, southern_share = vocabulary.pairs[word]
            add(northern, share * (1 - southern_share[part]))
            add(southern, share * southern_share[part])
        else:
            add(word, share)
    return shares


def _class_of(values: Numbers, edges: Numbers) -> Ints:
    """The band each value falls in; what is below the first edge belongs to the first band."""
    return np.clip(np.searchsorted(edges, values, side="right") - 1, 0, len(edges) - 1).astype(np.int64)


def _span(edges: Sequence[int], at: int) -> str:
    return f"{edges[at]}+" if at + 1 == len(edges) else f"{edges[at]}-{edges[at + 1] - 1}"


def _decade(decade: int) -> str:
    return "100+" if decade == 10 else f"{decade * 10}-{decade * 10 + 9}"
