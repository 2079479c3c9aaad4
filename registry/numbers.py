"""The twelve digits of a personal number: what they say, and whether they can be one. Pure; asks no registry.

Digits 1-3 province of birth registration, 4 century and sex, 5-6 birth year, 7-12 random; there is no check digit.
Source: Decree 137/2015/ND-CP article 13, Circulars 07/2016 and 59/2021/TT-BCA.
"""

import re
from dataclasses import dataclass

from registry.datasets import Sex
from registry.errors import MalformedNumber

LENGTH = 12

# "0" and the statistical code of the 63 provinces until 30/6/2025: Circular 07/2016/TT-BCA, annex 1. Codes of
# countries, for births registered abroad (annex 2), are not known here and not accepted.
PROVINCES = frozenset(
    f"0{code}"
    for code in (
        *("01", "02", "04", "06", "08", "10", "11", "12", "14", "15", "17", "19", "20", "22", "24", "25"),
        *("26", "27", "30", "31", "33", "34", "35", "36", "37", "38", "40", "42", "44", "45", "46", "48"),
        *("49", "51", "52", "54", "56", "58", "60", "62", "64", "66", "67", "68", "70", "72", "74", "75"),
        *("77", "79", "80", "82", "83", "84", "86", "87", "89", "91", "92", "93", "94", "95", "96"),
    )
)
# The decree numbers centuries to the 24th; nobody is born later than the 21st yet, so the fourth digit is 0 to 3.
_VALID = re.compile(f"(?:{'|'.join(sorted(PROVINCES))})[0-3][0-9]{{8}}")


def breaks_no_rule(text: str) -> bool:
    """Whether `PersonalNumber.from_text` would take it, without building one."""
    return _VALID.fullmatch(text) is not None


@dataclass(frozen=True, slots=True, repr=False)
class PersonalNumber:
    """A number that breaks no rule of its digits; whether anybody holds it, only the registry knows."""

    text: str

    @classmethod
    def from_text(cls, text: str) -> "PersonalNumber":
        """Exactly twelve ASCII digits, no spaces. Raises `MalformedNumber`, which names the rule only."""
        if _VALID.fullmatch(text) is None:
            raise MalformedNumber(_broken_rule(text))
        return cls(text)

    def __repr__(self) -> str:
        return "PersonalNumber(...)"  # a number in a log or a traceback would be personal data

    @property
    def province(self) -> str:
        """Three digits: the province that registered the birth, as the map until 30/6/2025 has it."""
        return self.text[:3]

    @property
    def sex(self) -> Sex:
        """Sex registered when the number was given."""
        return Sex.MALE if int(self.text[3]) % 2 == 0 else Sex.FEMALE

    @property
    def birth_year(self) -> int:
        """Four-digit birth year."""
        return 1900 + 100 * (int(self.text[3]) // 2) + int(self.text[4:6])


def _broken_rule(text: str) -> str:
    if len(text) != LENGTH:
        return "a personal number has exactly 12 digits"
    if not (text.isascii() and text.isdigit()):
        return "a personal number has only the digits 0 to 9"
    if text[:3] not in PROVINCES:
        return "digits 1 to 3 are no province code"
    return "digit 4 must be 0 to 3: sex, and birth in the 20th or 21st century"
