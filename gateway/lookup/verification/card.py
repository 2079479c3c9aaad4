"""The text in the QR code of an identity card: seven fields between bars, parsed strictly. Pure.

number | 9-digit number | name | birth date ddmmyyyy | sex | address | date of issue ddmmyyyy
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from gateway.lookup.verification.dates import Day, UnreadableDate, checked
from registry.errors import MalformedNumber
from registry.numbers import PersonalNumber

FIELDS: Final = 7
CARD_BYTES_MAX: Final = 1024
SEXES: Final = {"Nam": "male", "Nữ": "female"}

_DATE: Final = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{4})")
_LEGACY: Final = re.compile(r"[0-9]{9}")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


class UnreadableCard(ValueError):
    """The text is not that of a card. Says which field is wrong, never its value."""


@dataclass(frozen=True, slots=True, repr=False)
class Card:
    """What a card says of its holder. `legacy_number` may be empty."""

    number: str
    legacy_number: str
    name: str
    birth_date: Day
    sex: str
    address: str
    issue_date: Day

    @classmethod
    def from_text(cls, text: str) -> Card:
        """Parse. Raises UnreadableCard."""
        if len(text.encode(errors="surrogatepass")) > CARD_BYTES_MAX:
            raise UnreadableCard(f"a card's text has at most {CARD_BYTES_MAX} bytes")
        if _CONTROL.search(text):
            raise UnreadableCard("a card's text has no control characters")
        fields = text.split("|")
        if len(fields) != FIELDS:
            raise UnreadableCard(f"a card's text has {FIELDS} fields between bars")
        number, legacy, name, born, sex, address, issued = fields
        try:
            PersonalNumber.from_text(number)
        except MalformedNumber as error:
            raise UnreadableCard(f"the number: {error}") from None
        if legacy and not _LEGACY.fullmatch(legacy):
            raise UnreadableCard("the 9-digit number is empty or has nine digits")
        if sex not in SEXES:
            raise UnreadableCard("the sex is Nam or Nữ")
        if not name.strip() or not address.strip():
            raise UnreadableCard("a card has a name and an address")
        birth_date, issue_date = _date(born, "birth"), _date(issued, "issue")
        if issue_date <= birth_date:
            raise UnreadableCard("a card is issued after its holder's birth")
        return cls(number, legacy, name, birth_date, SEXES[sex], address, issue_date)

    def claims(self) -> dict[str, str]:
        """What the card states, by path of `Person`; empty where the field is."""
        year, month, day = self.birth_date
        return {
            "legacy_number": self.legacy_number,
            "name": self.name,
            "birth_date": f"{year:04}-{month:02}-{day:02}",
            "sex": self.sex,
            "permanent_residence": self.address,
        }


def _date(text: str, what: str) -> Day:
    match = _DATE.fullmatch(text)
    if match is None:
        raise UnreadableCard(f"the date of {what} is ddmmyyyy")
    day, month, year = map(int, match.groups())
    try:
        found = checked(year, month, day)
    except UnreadableDate:
        raise UnreadableCard(f"the date of {what} is no day") from None
    if what == "issue" and not found[2]:
        raise UnreadableCard("the date of issue is a whole day")
    return found
