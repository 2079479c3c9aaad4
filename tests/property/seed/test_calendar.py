"""Days and dates by table are those of the calendar."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seed.calendar import END_YEAR, FIRST_YEAR, birthday, dates, days, days_of, months

EPOCH = date(1970, 1, 1)
any_date = st.dates(date(FIRST_YEAR, 1, 1), date(END_YEAR - 1, 12, 31))


def day(of: date) -> int:
    return (of - EPOCH).days


@given(any_date)
def test_a_day_and_its_date_are_one(of: date) -> None:
    number = np.array([day(of)])
    assert dates(number).tolist() == [of.year * 10_000 + of.month * 100 + of.day]
    assert days(dates(number)).tolist() == number.tolist()
    assert days_of(np.array([of.year]), of.month, of.day).tolist() == number.tolist()
    assert months(number).tolist() == [(of.year - 1970) * 12 + of.month - 1]


@given(any_date, st.integers(-120, 120))
def test_a_birthday_is_the_same_day_of_another_year(born: date, years: int) -> None:
    year = born.year + years
    if not FIRST_YEAR <= year < END_YEAR:
        return
    leap_day = (born.month, born.day) == (2, 29)
    expected = date(year, 2, 28) + timedelta(1) if leap_day else born.replace(year=year)
    assert birthday(np.array([day(born)]), np.array([years])).tolist() == [day(expected)]


def test_a_day_outside_the_tables_is_no_day() -> None:
    for outside in (day(date(FIRST_YEAR, 1, 1)) - 1, day(date(END_YEAR, 1, 1))):
        with pytest.raises(IndexError):
            dates(np.array([outside]))
