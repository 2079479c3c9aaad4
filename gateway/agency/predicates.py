"""The closed list of yes/no questions about a person that a grant may hold. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

ALIVE = "alive"
RESIDENT_OF_PROVINCE = "resident_of_province"
SAME_HOUSEHOLD = "same_household"
AGE_AT_LEAST = "age_at_least"

AGE_YEARS_MAX = 150
_PLAIN = frozenset({ALIVE, RESIDENT_OF_PROVINCE, SAME_HOUSEHOLD})
_AGE = re.compile(rf"{AGE_AT_LEAST}:(0|[1-9][0-9]{{0,2}})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Predicate:
    """A question. `threshold`: whole years, 0 to 150, of `age_at_least`; None for the others."""

    name: str
    threshold: int | None = None

    def __str__(self) -> str:
        """As grants and tokens write it."""
        return self.name if self.threshold is None else f"{self.name}:{self.threshold}"


def parse_predicate(text: str) -> Predicate:
    """One spelling each: `alive`, `resident_of_province`, `same_household`, `age_at_least:N`. Raises ValueError."""
    if text in _PLAIN:
        return Predicate(text)
    match = _AGE.fullmatch(text)
    if match is None or int(match[1]) > AGE_YEARS_MAX:
        raise ValueError(f"is not one of {', '.join(sorted(_PLAIN))}, {AGE_AT_LEAST}:0 to {AGE_YEARS_MAX}")
    return Predicate(AGE_AT_LEAST, int(match[1]))
