"""Measures one finished population: opens nothing, reads through the engine it is given, and returns one value."""

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Engine

from registry.engine import DRIVER_ERRORS, store_error
from registry.population import Population, read_population
from seed.report.counting import Counts, Store, count
from seed.report.coverage import Coverage, coverage_rates, coverages
from seed.report.figures import CHOICES, JUDGED_PEOPLE_MIN, Comparison, Rate, sources
from seed.report.integrity import Rule, check
from seed.report.joints import joints
from seed.report.marginals import marginals, rates


@dataclass(frozen=True, slots=True)
class Report:
    """What was measured of one population. `counts` is what the pictures are made from."""

    population: Population
    counts: Counts
    marginals: tuple[Comparison, ...]
    joints: tuple[Comparison, ...]
    rates: tuple[Rate, ...]
    coverages: tuple[Coverage, ...]
    rules: tuple[Rule, ...]

    @property
    def households(self) -> int:
        """Households with living members."""
        return int(self.counts.households.sum())

    @property
    def exceeded(self) -> tuple[str, ...]:
        """Names of the comparisons and rates that are outside their bounds; a handful of people is not judged."""
        if self.counts.living < JUDGED_PEOPLE_MIN:
            return ()
        tables = [each.target.title for each in (*self.marginals, *self.joints) if each.is_within is False]
        return (*tables, *(rate.name for rate in self.rates if rate.is_within is False))

    @property
    def violations(self) -> int:
        """Rows that break a rule, over all rules."""
        return sum(rule.broken for rule in self.rules)

    @property
    def is_good(self) -> bool:
        """Whether every bound holds and no row contradicts another."""
        return not self.exceeded and not self.violations

    def as_json(self) -> dict[str, Any]:
        """Everything but the raw counts, ready for `json.dumps`."""
        return {
            "population": {"people": self.population.people, "seed": self.population.seed},
            "living": self.counts.living,
            "households": self.households,
            "good": self.is_good,
            "exceeded": list(self.exceeded),
            "violations": self.violations,
            "marginals": [_comparison(each) for each in self.marginals],
            "joints": [_comparison(each) for each in self.joints],
            "rates": [asdict(rate) | {"within": rate.is_within} for rate in self.rates],
            "coverage": [asdict(each) for each in self.coverages],
            "rules": [asdict(rule) for rule in self.rules],
            "choices": [asdict(choice) for choice in CHOICES],
        }


def measure(engine: Engine) -> Report:
    """Count, compare and check a store. Raises `NotBuilt`, `HalfBuilt` or the store's error."""
    population = read_population(engine)
    try:
        with engine.begin() as connection:  # one state of the store, and PostgreSQL streams inside it only
            store = Store(connection)
            counts = count(store)
            covered = coverages(store, counts)
            rules = check(store)
    except DRIVER_ERRORS as error:
        raise store_error(error) from None
    return Report(
        population=population,
        counts=counts,
        marginals=tuple(marginals(counts)),
        joints=tuple(joints(counts)),
        rates=(*rates(counts), *coverage_rates(covered, counts)),
        coverages=covered,
        rules=rules,
    )


def _comparison(comparison: Comparison) -> dict[str, Any]:
    target = comparison.target
    source, certainty = sources().get(target.file, ("", ""))
    cells = []
    for at, label in enumerate(comparison.labels):
        cell: dict[str, Any] = {"label": label, "share": comparison.observed[at]}
        if comparison.expected:
            cell |= {
                "expected": comparison.expected[at],
                "deviation": comparison.observed[at] - comparison.expected[at],
            }
        cells.append(cell)
    return {
        "name": target.name,
        "title": target.title,
        "source": source,
        "certainty": certainty,
        "note": target.note,
        "counted": comparison.people,
        "distance": comparison.distance,
        "bound_at_a_million": target.bound,
        "allowed": comparison.allowed,
        "from_independence": comparison.independence,
        "from_independence_min": target.dependence_min,
        "independent_draws_distance": comparison.independent_distance,
        "within": comparison.is_within,
        "cells": cells,
    }
