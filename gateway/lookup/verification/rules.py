"""The verdicts of a comparison, and the rules by which two writings of a value are close. Pure.

Each rule is a named way in which the same value is written differently; it has a number that is never reused, and
the least leniency of a grant under which it counts. A change to what a rule does needs a new `RULES_VERSION`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from gateway.agency.grants import Leniency

RULES_VERSION: Final = 1
"""Stands in every answer, so that a verdict can be understood later."""

VALUE_LENGTH_MAX: Final = 512
"""Characters. A longer value is not compared: nothing that is registered is as long."""


class Verdict(IntEnum):
    """What comparing one value came to: numbers of the contract's `Verdict`. From 16 on: close, by that rule."""

    NOT_CLAIMED = 0
    MATCH = 1
    MISMATCH = 2
    ABSENT = 3
    WITHHELD = 4
    UNREADABLE = 5
    CLOSE_PUNCTUATION = 16
    CLOSE_APOSTROPHE = 17
    CLOSE_STROKE = 18
    CLOSE_TONE_PLACEMENT = 19
    CLOSE_I_OR_Y = 20
    CLOSE_TONE_MISPLACED = 21
    CLOSE_WORD_ORDER = 22
    CLOSE_DIACRITICS_MISSING = 23
    CLOSE_MIDDLE_NAME_MISSING = 24
    CLOSE_MIDDLE_NAME_ABBREVIATED = 25
    CLOSE_WORDS_JOINED = 26
    CLOSE_DATE_PARTIAL = 32
    CLOSE_DATE_PLACEHOLDER = 33
    CLOSE_DATE_SWAPPED = 34
    CLOSE_NUMBER_SUPERSEDED = 40
    CLOSE_PHONE_FORMER_PREFIX = 41
    CLOSE_ADDRESS_WRITING = 48
    CLOSE_ADDRESS_UNIT_WORDS = 49
    CLOSE_UNIT_SUCCEEDED = 50

    @property
    def is_close(self) -> bool:
        """Whether a rule made it close."""
        return self >= CLOSE_MIN


CLOSE_MIN: Final = 16


@dataclass(frozen=True, slots=True)
class Rule:
    """A way in which one value is written differently: its verdict, when it counts, an example and a sentence."""

    verdict: Verdict
    leniency: Leniency
    example: str
    meaning: str

    @property
    def name(self) -> str:
        """The rule's name: that of its verdict without the prefix."""
        return self.verdict.name.removeprefix("CLOSE_")


_SPELLING, _LENIENT = Leniency.SPELLING, Leniency.LENIENT

RULES: Final = (
    Rule(Verdict.CLOSE_PUNCTUATION, _SPELLING, "Lê-Văn An, Lê Văn An", "hyphens, commas or dots between words"),
    Rule(Verdict.CLOSE_APOSTROPHE, _SPELLING, "H’Hen, H'Hen", "the same apostrophe, typed as another character"),
    Rule(Verdict.CLOSE_STROKE, _SPELLING, "Ðức, Đức", "đ typed as a character that looks like it; never as d"),
    Rule(Verdict.CLOSE_TONE_PLACEMENT, _SPELLING, "Hòa, Hoà", "in a final oa, oe, uy the tone on the other letter"),
    Rule(Verdict.CLOSE_I_OR_Y, _SPELLING, "Lí, Lý", "i or y as the whole rhyme after h, k, l, m, s, t, v, qu"),
    Rule(Verdict.CLOSE_TONE_MISPLACED, _LENIENT, "Hòang, Hoàng", "the same letters and tone, on another letter"),
    Rule(
        Verdict.CLOSE_WORD_ORDER, _LENIENT, "Văn An Lê, Lê Văn An", "surname last, given name first, or the two swapped"
    ),
    Rule(Verdict.CLOSE_DIACRITICS_MISSING, _LENIENT, "Le Van An, Lê Văn Ân", "one of the two has no diacritics at all"),
    Rule(Verdict.CLOSE_MIDDLE_NAME_MISSING, _LENIENT, "Lê An, Lê Văn An", "middle names left out; the others in order"),
    Rule(Verdict.CLOSE_MIDDLE_NAME_ABBREVIATED, _LENIENT, "Lê V. An, Lê Văn An", "middle names as initials"),
    Rule(Verdict.CLOSE_WORDS_JOINED, _LENIENT, "Lê Thuỳlinh, Lê Thuỳ Linh", "words joined or split"),
    Rule(Verdict.CLOSE_DATE_PARTIAL, _SPELLING, "1940, 02/05/1940", "one is less complete; the known parts are equal"),
    Rule(Verdict.CLOSE_DATE_PLACEHOLDER, _LENIENT, "01/01/1940, 02/05/1940", "1 January, written for a year alone"),
    Rule(Verdict.CLOSE_DATE_SWAPPED, _LENIENT, "05/02/1940, 02/05/1940", "day and month exchanged"),
    Rule(Verdict.CLOSE_NUMBER_SUPERSEDED, _SPELLING, "", "a number that the person held before the current one"),
    Rule(Verdict.CLOSE_PHONE_FORMER_PREFIX, _SPELLING, "0169 123 4567, 039 123 4567", "11 digits, from before 9/2018"),
    Rule(
        Verdict.CLOSE_ADDRESS_WRITING, _SPELLING, "P. Ba Đình; Phường Ba Đình", "abbreviations, punctuation, spelling"
    ),
    Rule(
        Verdict.CLOSE_ADDRESS_UNIT_WORDS, _LENIENT, "Ba Đình; Phường Ba Đình", "words such as phường, quận, số left out"
    ),
    Rule(Verdict.CLOSE_UNIT_SUCCEEDED, _SPELLING, "", "a unit of the other map that the registered place belongs to"),
)
"""Every rule, in the order of their numbers."""

LENIENCY_OF: Final = {int(rule.verdict): int(rule.leniency) for rule in RULES}


def allowed(close: int, leniency: int) -> int:
    """The verdict when the rule of `close` makes two values one: that, or MISMATCH when a grant is not so lenient."""
    return close if leniency >= LENIENCY_OF[close] else Verdict.MISMATCH
