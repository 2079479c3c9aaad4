"""Days and dates by table: a look-up, since NumPy's calendar was a third of the time that a person takes.

Days count from 1970-01-01; the tables hold the years 1850 to 2199. Raises `IndexError` outside of them.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from seed.figures import Ints

FIRST_YEAR, END_YEAR = 1850, 2200
_MONTHS_A_YEAR = 12


@dataclass(frozen=True, slots=True)
class _Tables:
    """By day since `first`: the date, the month since `FIRST_YEAR`, the day in it from 0. By month: its first day."""

    first: int
    date: Ints
    month: Ints
    day: Ints
    month_start: Ints

    def at(self, days: Ints) -> Ints:
        """Where the tables hold these days."""
        place = days - self.first
        if place.size and place.min() < 0:
            raise IndexError(f"a day before the year {FIRST_YEAR}")
        return place


def dates(days: Ints) -> Ints:
    """Days as yyyymmdd."""
    tables = _tables()
    return np.asarray(tables.date[tables.at(days)])


def birthday(birth: Ints, years: Ints) -> Ints:
    """The day somebody born on day `birth` turns `years`, which may be negative; 29 February counts as 1 March."""
    tables = _tables()
    place = tables.at(birth)
    return np.asarray(tables.month_start[tables.month[place] + years * _MONTHS_A_YEAR] + tables.day[place])


def months(days: Ints) -> Ints:
    """The months in which these days are, since January 1970."""
    tables = _tables()
    return np.asarray(tables.month[tables.at(days)] - (1970 - FIRST_YEAR) * _MONTHS_A_YEAR)


def days_of(year: Ints, month: Ints | int, day: Ints | int) -> Ints:
    """Days of dates, months and days from 1."""
    return np.asarray(_tables().month_start[(year - FIRST_YEAR) * _MONTHS_A_YEAR + month - 1] + day - 1)


def days(dates: Ints) -> Ints:
    """Days of dates yyyymmdd."""
    year, rest = np.divmod(dates, 10_000)
    return days_of(year, *np.divmod(rest, 100))


@cache
def _tables() -> _Tables:
    first, end = (np.datetime64(str(year), "D") for year in (FIRST_YEAR, END_YEAR))
    every = np.arange(first, end)
    month = every.astype("datetime64[M]")
    month_start = np.unique(month).astype("datetime64[D]").astype(np.int64)
    number = (month - first.astype("datetime64[M]")).astype(np.int64)
    day = every.astype(np.int64) - month_start[number]
    year, month_of_year = np.divmod(number, _MONTHS_A_YEAR)
    date = ((year + FIRST_YEAR) * 100 + month_of_year + 1) * 100 + day + 1
    return _Tables(int(every[0].astype(np.int64)), date, number, day, month_start)
