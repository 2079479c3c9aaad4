"""Whether two dates are the same day, one of them perhaps less complete. Pure."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import Final, TypeAlias

from gateway.lookup.verification.rules import Verdict, allowed

Day: TypeAlias = tuple[int, int, int]
"""Year, month, day; month and day 0 where not known."""

_ISO: Final = re.compile(r"([0-9]{4})(?:-([0-9]{1,2})(?:-([0-9]{1,2}))?)?")
_SPOKEN: Final = re.compile(r"(?:(?:([0-9]{1,2})[/.])?([0-9]{1,2})[/.])?([0-9]{4})")
_JANUARY_1: Final = (1, 1)


class UnreadableDate(ValueError):
    """The text is no date. Holds no part of it."""


def parse_date(text: str) -> Day:
    """A date as `yyyy-mm-dd` or as `dd/mm/yyyy` (or with dots), the day or day and month left out or 0.

    Raises UnreadableDate for everything else, 30 February and two-digit years too.
    """
    return _parsed(text.strip())


@lru_cache(maxsize=65_536)
def _parsed(text: str) -> Day:
    # Remembered without the space around it, ten characters at most: what is no date is not remembered.
    if match := _ISO.fullmatch(text):
        year, month, day = (int(part or 0) for part in match.groups())
    elif match := _SPOKEN.fullmatch(text):
        day, month, year = (int(part or 0) for part in match.groups())
    else:
        raise UnreadableDate("no date")
    return checked(year, month, day)


def checked(year: int, month: int, day: int) -> Day:
    """The three numbers as a date. Raises UnreadableDate when there is no such day, or a day without a month."""
    if day and not month:
        raise UnreadableDate("a day without a month")
    try:
        date(year, month or 1, day or 1)
    except ValueError:
        raise UnreadableDate("no such day") from None
    return year, month, day


def compare_date(claimed: Day, registered: Day, leniency: int) -> int:
    """The verdict on two dates. ABSENT: nothing is registered (year 0)."""
    if claimed == registered:
        return Verdict.MATCH
    if not registered[0]:
        return Verdict.ABSENT
    if claimed[0] != registered[0]:
        return Verdict.MISMATCH
    shorter, longer = sorted((_known(claimed), _known(registered)), key=len)
    if len(shorter) < len(longer):
        if longer[: len(shorter)] == shorter:
            return allowed(Verdict.CLOSE_DATE_PARTIAL, leniency)
        return Verdict.MISMATCH
    if _JANUARY_1 in (claimed[1:], registered[1:]):
        return allowed(Verdict.CLOSE_DATE_PLACEHOLDER, leniency)
    if claimed[1:] == (registered[2], registered[1]):
        return allowed(Verdict.CLOSE_DATE_SWAPPED, leniency)
    return Verdict.MISMATCH


def _known(day: Day) -> tuple[int, ...]:
    return day if day[2] else day[:2] if day[1] else day[:1]
