"""The twelve digits of a personal number: what they say, and whether they can be one. Pure; asks no registry.

Digits 1-3 province of birth registration, 4 century and sex, 5-6 birth year, 7-12 random; there is no check digit.
Source: Decree 137/2015/ND-CP article 13, Circulars 07/2016 and 59/2021/TT-BCA.
"""

import re
from collections.abc import Sequence
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
_BY_TWO_DIGITS = {
    code[:2]: "".join(sorted(each[2] for each in PROVINCES if each[:2] == code[:2])) for code in PROVINCES
}
# By the first two digits, of which there are ten: tried one after the other, 63 codes take thrice the time.
_ANY_PROVINCE = "|".join(f"{two}[{third}]" for two, third in sorted(_BY_TWO_DIGITS.items()))
_NUMBER = f"(?:{_ANY_PROVINCE})[0-3][0-9]{{8}}"
_VALID = re.compile(_NUMBER)
_VALID_LINES = re.compile(f"(?:{_NUMBER}\n)*")


def breaks_no_rule(text: str) -> bool:
    """Whether `PersonalNumber.from_text` would take it, without building one."""
    return _VALID.fullmatch(text) is not None


def all_break_no_rule(texts: Sequence[str]) -> bool:
    """Whether `breaks_no_rule` holds for each: a thousand at once take a tenth of the time."""
    lines = "\n".join(texts) + "\n" if texts else ""
    # The length rules out that one text is two numbers with a line's end between them.
    return len(lines) == (LENGTH + 1) * len(texts) and _VALID_LINES.fullmatch(lines) is not None


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
