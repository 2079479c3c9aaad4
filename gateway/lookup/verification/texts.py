"""Whether two writings are the same number, code, telephone number or e-mail address. Pure."""

from __future__ import annotations

import re
from typing import Final

from gateway.lookup.verification.names import same_text
from gateway.lookup.verification.rules import Verdict, allowed

_SEPARATORS: Final = re.compile(r"[\s.\-/()]+")
_MOBILE: Final = re.compile(r"0[0-9]{9}")
_FORMER_MOBILE: Final = re.compile(r"01[0-9]{9}")

# The change of mobile prefixes from 11 to 10 digits between 15/9 and 14/11/2018 (plan of the Ministry of
# Information and Communications, Decision 798/QĐ-BTTTT).
FORMER_PREFIXES: Final = {
    **{f"016{digit}": f"03{digit}" for digit in range(2, 10)},
    "0120": "070",
    "0121": "079",
    "0122": "077",
    "0126": "076",
    "0128": "078",
    "0123": "083",
    "0124": "084",
    "0125": "085",
    "0127": "081",
    "0129": "082",
    "0186": "056",
    "0188": "058",
    "0199": "059",
}


def compare_identifier(claimed: str, registered: str) -> int:
    """The verdict on a number or code: the same but for separators and the size of letters, or another one."""
    if claimed == registered and claimed:
        return Verdict.MATCH
    one, other = _unseparated(claimed), _unseparated(registered)
    if not one:
        return Verdict.NOT_CLAIMED if not claimed.strip() else Verdict.UNREADABLE
    if not other:
        return Verdict.ABSENT
    return Verdict.MATCH if one == other else Verdict.MISMATCH


def compare_phone(claimed: str, registered: str, leniency: int) -> int:
    """The verdict on a mobile number, with 0, +84 or 0084 before it. UNREADABLE: no Vietnamese mobile number."""
    if not claimed.strip():
        return Verdict.NOT_CLAIMED
    number = national(claimed)
    former = FORMER_PREFIXES.get(number[:4]) if _FORMER_MOBILE.fullmatch(number) else None
    if former is None and not _MOBILE.fullmatch(number):
        return Verdict.UNREADABLE
    wanted = national(registered)
    if not wanted:
        return Verdict.ABSENT
    if number == wanted:
        return Verdict.MATCH
    if former is not None and former + number[4:] == wanted:
        return allowed(Verdict.CLOSE_PHONE_FORMER_PREFIX, leniency)
    return Verdict.MISMATCH


def national(text: str) -> str:
    """A telephone number without separators, in its national form."""
    plain = _unseparated(text)
    for prefix in ("+84", "0084"):
        if plain.startswith(prefix):
            # Some write +84 (0)91...
            return "0" + plain.removeprefix(prefix).removeprefix("0")
    return "0" + plain[2:] if len(plain) in (11, 12) and plain.startswith("84") else plain


def compare_email(claimed: str, registered: str) -> int:
    """The verdict on an e-mail address, capitals and small letters alike."""
    one, other = same_text(claimed), same_text(registered)
    if not one:
        return Verdict.NOT_CLAIMED
    if not other:
        return Verdict.ABSENT
    return Verdict.MATCH if one == other else Verdict.MISMATCH


def _unseparated(text: str) -> str:
    return _SEPARATORS.sub("", same_text(text))
