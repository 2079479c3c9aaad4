"""Yes/no questions about a person: what each reads, and how it is answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum

from gateway.agency.predicates import AGE_AT_LEAST, ALIVE, RESIDENT_OF_PROVINCE, SAME_HOUSEHOLD, Predicate
from gateway.lookup.fill import Places, Row


class YesNo(IntEnum):
    """The answer to a question: numbers of the contract's `YesNo`."""

    NOT_ASKED = 0
    YES = 1
    NO = 2
    UNKNOWN = 3
    WITHHELD = 4
    UNREADABLE = 5


COLUMNS = {
    ALIVE: ("death_date",),
    RESIDENT_OF_PROVINCE: ("permanent_commune",),
    SAME_HOUSEHOLD: (),
    AGE_AT_LEAST: ("birth_year", "birth_month", "birth_day"),
}
"""Columns of the wide row that each question reads."""

WITH_VALUE = frozenset({RESIDENT_OF_PROVINCE, SAME_HOUSEHOLD})
"""Questions that need a value for each person; a NO to one of them may have been a guess."""

PROVINCE_DIGITS = 2


@dataclass(frozen=True, slots=True)
class Question:
    """A question as compiled: the predicate, where its columns stand in the row, and whether it is granted."""

    predicate: Predicate
    at: tuple[int, ...]
    granted: bool


def is_alive(row: Row, at: Sequence[int]) -> YesNo:
    """As far as is registered: yes unless a death, or a court's declaration of it, is."""
    return YesNo.YES if row[at[0]] is None else YesNo.NO


def is_resident(row: Row, at: Sequence[int], places: Places, province: str) -> YesNo:
    """Whether the permanent residence lies in a province of the map since 1/7/2025, by its two digits."""
    code = province.strip()
    if not code:
        return YesNo.NOT_ASKED
    if len(code) != PROVINCE_DIGITS or not (code.isascii() and code.isdigit()):
        return YesNo.UNREADABLE
    commune = row[at[0]]
    if commune is None:
        return YesNo.UNKNOWN
    return YesNo.YES if places.current(commune)[0] == code else YesNo.NO


def is_aged(row: Row, at: Sequence[int], years: int, today: date) -> YesNo:
    """Whether the person is of age `years`, or would be; unknown while an incomplete birth date allows both."""
    year, month, day = row[at[0]], row[at[1]], row[at[2]]
    if not year:
        return YesNo.UNKNOWN
    now = today.year - years, today.month, today.day
    earliest, latest = (year, month or 1, day or 1), (year, month or 12, day or 31)
    if latest <= now:
        return YesNo.YES
    return YesNo.NO if earliest > now else YesNo.UNKNOWN


def is_same_household(one: object, other: object) -> YesNo:
    """Whether two people belong to one household for good, by the households' ids; unknown when either has none."""
    if one is None or other is None:
        return YesNo.UNKNOWN
    return YesNo.YES if one == other else YesNo.NO
