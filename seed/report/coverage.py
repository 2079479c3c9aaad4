"""Who stands in the registries of other agencies, by age, beside what is published of each. Read only."""

from dataclasses import dataclass

import numpy as np
from sqlalchemy import Table, func, select

from registry.linked import LINKED
from registry.tables import identity_document, person
from seed.figures import AGES, Floats
from seed.report.counting import Counts, Store, age, alive
from seed.report.figures import Rate


@dataclass(frozen=True, slots=True)
class Coverage:
    """One registry: its rows, the living people in it, and their share by single year of age."""

    name: str
    rows: int
    people: int
    share: float
    by_age: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Published:
    """A published coverage, in percent of the people aged `age_from` to `age_to`; `bound` in points, if judged."""

    registry: str
    name: str
    age_from: int
    age_to: int
    percent: float
    bound: float | None
    source: str


PUBLISHED = (
    Published("identity_document", "Cards from 14", 14, AGES, 100, 5, "everybody eligible, review of 3/2024"),
    Published("health_insurance", "Health insurance", 0, AGES, 93.0, 5, "93.3 M insured of 100.3 M, end of 2023"),
    Published("electronic_identity", "Electronic identities", 0, AGES, 69.2, 5, "70 M issued by 3/2024"),
    Published("vaccinations", "Vaccinated people", 0, AGES, 79.2, None, "78 M people matched of 98.5 M, 3/2022"),
    Published(
        "tax_registration", "Tax codes", 0, AGES, 74.2, None, "75 M codes, recalled; ended ones may be among them"
    ),
    Published("enrolment", "At school, 6 to 10", 6, 11, 98, 5, "census 2019, gross 101: nearly all"),
    Published("enrolment", "At school, 11 to 14", 11, 15, 92.8, 5, "census 2019, gross, lower secondary"),
    Published("enrolment", "At school, 15 to 17", 15, 18, 72.3, None, "census 2019, gross, upper secondary"),
    Published(
        "public_post",
        "Teachers and officials",
        18,
        62,
        2.7,
        None,
        "1.4 M teachers, 4/2022; others not read",
    ),
    Published("portal_dossiers", "People with a portal dossier", 0, AGES, 11.1, None, "11.2 M accounts in 2023"),
    Published("passports", "Passports", 0, AGES, 2.1, None, "2.15 M applications in 2023 alone: at least"),
    Published("driver_licence", "Driver licences", 0, AGES, 10.1, None, "10.2 M integrated by 3/2024: at least"),
    Published("mobile_subscriptions", "People with a subscription", 0, AGES, 49.5, None, "50 M verified: at least"),
)
"""Published coverages; where a source counts something else, the deviation is shown without a verdict."""


def coverages(store: Store, counts: Counts) -> tuple[Coverage, ...]:
    """Every registry that the store has a table for, also an empty one."""
    tables: dict[str, Table] = {"identity_document": identity_document}
    tables |= {name: linked.table for name, linked in LINKED.items() if linked.table.name in store.tables}
    living = counts.status.sum(axis=(0, 2))
    return tuple(_coverage(store, name, table, living) for name, table in tables.items())


def coverage_rates(found: tuple[Coverage, ...], counts: Counts) -> list[Rate]:
    """The coverages beside what is published; of registries with no rows nothing can be said."""
    living = counts.status.sum(axis=(0, 2))
    by_name = {coverage.name: coverage for coverage in found if coverage.rows}
    rates = []
    for published in PUBLISHED:
        if published.registry in by_name:
            own = slice(published.age_from, published.age_to)
            share = np.array(by_name[published.registry].by_age)[own] @ living[own] / max(living[own].sum(), 1.0)
            noise = 150 * float(max(living[own].sum(), 1.0) ** -0.5)  # three standard errors of a half
            bound = None if published.bound is None else published.bound + noise
            rates.append(Rate(published.name, "%", 100 * float(share), published.percent, bound, published.source))
    return rates


def _coverage(store: Store, name: str, table: Table, living: Floats) -> Coverage:
    holders = select(table.c.person_id).distinct().subquery()
    joined = holders.join(person, person.c.person_id == holders.c.person_id)
    by_age = np.zeros(AGES)
    for years, people in store.counts(joined, age(), where=alive()):
        by_age[min(max(years, 0), AGES - 1)] += people
    return Coverage(
        name=name,
        rows=store.number(select(func.count()).select_from(table)),
        people=int(by_age.sum()),
        share=float(by_age.sum() / max(living.sum(), 1.0)),
        by_age=tuple((by_age / np.maximum(living, 1.0)).tolist()),
    )
