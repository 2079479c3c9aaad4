"""Which share of the people a registry holds, by age and kind of commune. Reads seed/data, draws nothing."""

from functools import cache

import numpy as np

from seed.figures import Floats, column, read_rows
from seed.registries.subjects import Subjects

YEARS_MAX = 120


def share(subjects: Subjects, what: str) -> Floats:
    """The share of each person, from 0 to 1: between the ages in registry_coverage.csv it runs straight.

    Raises `KeyError` when the file has no rows of that name.
    """
    by_year = _tables()[what]
    years = np.clip(subjects.age, 0, YEARS_MAX).astype(np.int64)
    return by_year[subjects.urban.astype(np.int64), years]


@cache
def _tables() -> dict[str, Floats]:
    """Shares by [rural or urban, full years of age], by name."""
    rows = read_rows("registry_coverage.csv")
    middles = np.arange(YEARS_MAX + 1) + 0.5
    tables = {}
    for what in dict.fromkeys(row["what"] for row in rows):
        own = [row for row in rows if row["what"] == what]
        ages = column(own, "age")
        tables[what] = (
            np.array([np.interp(middles, ages, column(own, f"{area}_pct")) for area in ("rural", "urban")]) / 100
        )
    return tables
