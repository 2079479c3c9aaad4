"""Whether two writings are the same address or place. Pure; codes are compared before words wherever both are known."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from gateway.agency.grants import Leniency
from gateway.lookup.verification.names import bare, folded_words, same_text
from gateway.lookup.verification.rules import Verdict, allowed

# How the kinds of units are written short on forms and cards.
_SHORT: Final = {
    "p": "phường",
    "f": "phường",
    "q": "quận",
    "h": "huyện",
    "x": "xã",
    "t": "tỉnh",
    "tp": "thành phố",
    "tx": "thị xã",
    "tt": "thị trấn",
    "kp": "khu phố",
    "đ": "đường",
    "ng": "ngõ",
    "hcm": "hồ chí minh",
    "hn": "hà nội",
    "tphcm": "thành phố hồ chí minh",
    "sg": "sài gòn",
}
_UNIT_WORDS: Final = (
    *("thành phố", "thị xã", "thị trấn", "đặc khu", "khu phố"),
    *("phường", "quận", "huyện", "xã", "tỉnh", "đường", "phố", "ngõ", "số"),
)
_WITHOUT: Final = re.compile(rf"(?<!\S)(?:{'|'.join(_UNIT_WORDS)})(?!\S)")
_GLUED: Final = re.compile(r"(?<!\w)(p|f|q|h|x|t|tp|tx|tt)\.(?=\w)")
_COUNTED: Final = re.compile(r"(?<!\w)(p|f|q)(?=[0-9]{1,2}(?!\w))")


def compare_address(claimed: str, registered: Sequence[str], leniency: int) -> int:
    """The verdict on an address in one line. `registered`: the same address as each map of units has it."""
    one = same_text(claimed)
    known = [same for text in registered if (same := same_text(text))]
    if not one:
        return Verdict.NOT_CLAIMED
    if not known:
        return Verdict.ABSENT
    if one in known:
        return Verdict.MATCH
    if leniency < Leniency.SPELLING:
        return Verdict.MISMATCH
    written = write_out(one)
    whole = [write_out(text) for text in known]
    if written in whole:
        return allowed(Verdict.CLOSE_ADDRESS_WRITING, leniency)
    if leniency < Leniency.LENIENT:
        return Verdict.MISMATCH
    if _plain(written) and _plain(written) in map(_plain, whole):
        return Verdict.CLOSE_ADDRESS_UNIT_WORDS
    return _without_diacritics(written, whole)


def _without_diacritics(written: str, whole: Iterable[str]) -> int:
    plain = bare(written)
    for text in whole:
        if plain == bare(text) and plain in (written, text):
            return Verdict.CLOSE_DIACRITICS_MISSING
    return Verdict.MISMATCH


@lru_cache(maxsize=4_096)
def write_out(text: str) -> str:
    """An address with its abbreviations written out, one spelling of each word and no punctuation."""
    spaced = _COUNTED.sub(r"\1 ", _GLUED.sub(r"\1 ", same_text(text)))
    return " ".join(_SHORT.get(word, word) for word in folded_words(spaced))


def _plain(written: str) -> str:
    return " ".join(_WITHOUT.sub(" ", written).split())


def compare_unit(claimed: str, registered: str, elsewhere: Sequence[str] | None, leniency: int) -> int:
    """The verdict on a unit's code.

    `elsewhere`: the codes stated that the place has by the other map of units; None where it is not registered by that.
    """
    code = claimed.strip()
    if not code:
        return Verdict.NOT_CLAIMED
    if not (code.isascii() and code.isdigit()):
        return Verdict.UNREADABLE
    if code == registered:
        return Verdict.MATCH
    if elsewhere is not None and code in elsewhere:
        return allowed(Verdict.CLOSE_UNIT_SUCCEEDED, leniency)
    # ABSENT is no guess: told of wrong codes only, it would let all be tried.
    return Verdict.MISMATCH if registered or elsewhere is not None else Verdict.ABSENT
