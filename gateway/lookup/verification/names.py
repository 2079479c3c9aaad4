"""Whether two writings are the same Vietnamese name, and by which rule. Pure.

The same text is a MATCH: in NFC or NFD, in capitals or small letters, with any white space between its words. How
the words are divided among surname, middle name and given name is not compared, since cards print one line.
Spelling rules are applied one after the other, and the last that was needed is named. Lenient rules come after
them, and only one may be needed: two departures from a name are another name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import filterfalse
from typing import Final

from gateway.agency.grants import Leniency
from gateway.lookup.verification.rules import Verdict, allowed
from registry.names import fold_apostrophe, fold_case, fold_composition, fold_final_y, fold_tone_placement

WORDS_MAX: Final = 16
"""The lenient rules look at names of at most as many words."""
REMEMBERED_MAX: Final = 24
"""Characters. Longer words, of which no name is made, are not remembered: callers would fill the memory with them."""

_PUNCTUATION = re.compile(r"[-\u2010-\u2015\u2212,.;_]+")
_TONES = "\u0300\u0309\u0303\u0301\u0323"
_TONE = re.compile(f"[{_TONES}]")
_STROKES = str.maketrans({"\u00f0": "đ", "\u0256": "đ"})  # eth and d with tail, in small letters
_OVERLAID = re.compile("d[\u0335\u0336]")
_ONSETS = frozenset(
    (
        *("b", "c", "ch", "d", "đ", "g", "gh", "gi", "h", "k", "kh", "l", "m", "n"),
        *("ng", "ngh", "nh", "p", "ph", "qu", "r", "s", "t", "th", "tr", "v", "x"),
    )
)


def compare_name(claimed: str, registered: str, leniency: int) -> int:
    """The verdict on a full name in one line. ABSENT: none is registered."""
    if claimed == registered and claimed:
        return Verdict.MATCH
    one, other = same_text(claimed), same_text(registered)
    if not one:
        return Verdict.NOT_CLAIMED
    if not other:
        return Verdict.ABSENT
    if one == other:
        return Verdict.MATCH
    if leniency < Leniency.SPELLING:
        return Verdict.MISMATCH
    words, others = _folded(one), _folded(other)
    if words == others:
        return allowed(_last_needed(one, other), leniency)
    if leniency < Leniency.LENIENT or len(words) > WORDS_MAX or len(others) > WORDS_MAX:
        return Verdict.MISMATCH
    for close, is_so in _LENIENT_RULES:
        if is_so(words, others):
            return allowed(close, leniency)
    return Verdict.MISMATCH


def compare_words(claimed: str, registered: str, leniency: int) -> int:
    """The verdict on words that are no person's name: spelling rules, joined words and missing diacritics only."""
    one, other = same_text(claimed), same_text(registered)
    if not one:
        return Verdict.NOT_CLAIMED
    if not other:
        return Verdict.ABSENT
    if one == other:
        return Verdict.MATCH
    words, others = _folded(one), _folded(other)
    if words == others:
        return allowed(_last_needed(one, other), leniency)
    for close, is_so in ((Verdict.CLOSE_DIACRITICS_MISSING, _lacks_diacritics), (Verdict.CLOSE_WORDS_JOINED, _joined)):
        if is_so(words, others):
            return allowed(close, leniency)
    return Verdict.MISMATCH


def same_text(text: str) -> str:
    """What is the same text: composed, in small letters, one space between words."""
    return " ".join([_same_word(word) if len(word) <= REMEMBERED_MAX else _same(word) for word in text.split()])


def _same(word: str) -> str:
    return fold_case(fold_composition(word))


_same_word = lru_cache(maxsize=65_536)(_same)


def fold_stroke(word: str) -> str:
    """Ð (Icelandic eth), Ɖ (African d) and d with an overlaid stroke are đ: fonts show them alike."""
    return _OVERLAID.sub("đ", word.translate(_STROKES))


_SPELLING: Final[tuple[tuple[int, Callable[[str], str]], ...]] = (
    (Verdict.CLOSE_APOSTROPHE, fold_apostrophe),
    (Verdict.CLOSE_STROKE, fold_stroke),
    (Verdict.CLOSE_TONE_PLACEMENT, fold_tone_placement),
    (Verdict.CLOSE_I_OR_Y, fold_final_y),
)


def folded_words(text: str) -> list[str]:
    """The words of a text with every spelling rule applied; what two spellings of one text share."""
    return _folded(same_text(text))


def _folded(same: str) -> list[str]:
    return [_folded_word(word) if len(word) <= REMEMBERED_MAX else _fold(word) for word in _unpunctuated(same)]


def _fold(word: str) -> str:
    for _, fold in _SPELLING:
        word = fold(word)
    return word


_folded_word = lru_cache(maxsize=65_536)(_fold)


def _unpunctuated(same: str) -> list[str]:
    return _PUNCTUATION.sub(" ", same).split()


def _last_needed(one: str, other: str) -> int:
    """The rule with which two texts, equal when all are applied, become equal."""
    words, others = _unpunctuated(one), _unpunctuated(other)
    needed: int = Verdict.CLOSE_PUNCTUATION
    for close, fold in _SPELLING:
        if words == others:
            break
        words, others = list(map(fold, words)), list(map(fold, others))
        needed = close
    return needed


def bare(word: str) -> str:
    """A word as typed without Vietnamese: no marks, d for đ."""
    open_form = unicodedata.normalize("NFD", word.replace("đ", "d"))
    return "".join(filterfalse(unicodedata.combining, open_form))


def _lacks_diacritics(words: Sequence[str], others: Sequence[str]) -> bool:
    # Of the whole name: who could type one mark could type the others, and An is not Ân.
    one, other = list(map(bare, words)), list(map(bare, others))
    return one == other and (one == words or other == others)


def _misplaced_tone(words: Sequence[str], others: Sequence[str]) -> bool:
    return list(map(_tone_last, words)) == list(map(_tone_last, others))


def _tone_last(word: str) -> str:
    open_form = unicodedata.normalize("NFD", word)
    tones = _TONE.findall(open_form)
    if len(tones) != 1:
        return word
    tone: str = tones[0]
    return fold_final_y(unicodedata.normalize("NFC", _TONE.sub("", open_form))) + tone


def _reordered(words: Sequence[str], others: Sequence[str]) -> bool:
    count = len(words)
    if count != len(others) or sorted(words) != sorted(others):
        return False
    wanted, there = list(others), list(words)
    turned = any(there[at:] + there[:at] == wanted for at in range(1, count))
    return turned or (count > 2 and [there[-1], *there[1:-1], there[0]] == wanted)


def _lacks_middle_names(words: Sequence[str], others: Sequence[str]) -> bool:
    short, long = sorted((words, others), key=len)
    if not 2 <= len(short) < len(long) or short[0] != long[0] or short[-1] != long[-1]:
        return False
    rest = iter(long[1:-1])
    return all(word in rest for word in short[1:-1])


def _abbreviates_middle_names(words: Sequence[str], others: Sequence[str]) -> bool:
    if len(words) != len(others) or len(words) < 3 or (words[0], words[-1]) != (others[0], others[-1]):
        return False
    return all(
        one == other or _is_initial(one, other) or _is_initial(other, one)
        for one, other in zip(words[1:-1], others[1:-1], strict=True)
    )


def _is_initial(short: str, word: str) -> bool:
    """T or Th for Thị, A for Ánh: one letter, or consonants that are no word by themselves."""
    if len(short) >= len(word) or not (len(short) == 1 or short in _ONSETS):
        return False
    return _unmarked(word).startswith(_unmarked(short))


def _unmarked(word: str) -> str:
    open_form = unicodedata.normalize("NFD", word)
    return "".join(filterfalse(unicodedata.combining, open_form))


def _joined(words: Sequence[str], others: Sequence[str]) -> bool:
    return "".join(words) == "".join(others)


_LENIENT_RULES: Final[tuple[tuple[int, Callable[[Sequence[str], Sequence[str]], bool]], ...]] = (
    (Verdict.CLOSE_TONE_MISPLACED, _misplaced_tone),
    (Verdict.CLOSE_WORD_ORDER, _reordered),
    (Verdict.CLOSE_DIACRITICS_MISSING, _lacks_diacritics),
    (Verdict.CLOSE_MIDDLE_NAME_MISSING, _lacks_middle_names),
    (Verdict.CLOSE_MIDDLE_NAME_ABBREVIATED, _abbreviates_middle_names),
    (Verdict.CLOSE_WORDS_JOINED, _joined),
)
