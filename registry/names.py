"""When two spellings of a Vietnamese name are the same name. Pure.

A key is for comparing only: what is stored and shown is always the spelling as registered. Each rule is a function
of its own; a change of any of them changes stored keys, so it needs a new `RULES_VERSION` and a migration.
"""

import re
import unicodedata
from functools import lru_cache

RULES_VERSION = 1

# Combining marks of the tones: huyền, hỏi, ngã, sắc, nặng.
_TONES = "\u0300\u0309\u0303\u0301\u0323"
_APOSTROPHES = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'", "`": "'"})
_OPEN_PAIR = re.compile(f"(?:(o)([{_TONES}])([ae])|(?<!q)(u)([{_TONES}])(y))$")
_FINAL_Y = re.compile(f"(h|k|l|m|s|t|v|qu)y([{_TONES}]?)$")

_BARE = str.maketrans({"đ": "d", "y": "i"})


def text_key(text: str) -> str:
    """Key of a name given as one text. The key of a key is itself."""
    return " ".join(map(_syllable_key, text.split()))


def bare_key(text: str) -> str:
    """Key without tones and marks, y as i: equal for a name and for what is left of it on a foreign keyboard.

    Different names share one, so it only finds whom to compare. The bare key of a bare key is itself.
    """
    return " ".join(map(_bare_syllable, text.split()))


def search_key(text: str) -> str:
    """By which a full name is searched for: its first and its last syllable, bare; empty for no name at all.

    A change of this rule changes `person.search_key` and needs a migration.
    """
    syllables = text.split()
    return f"{_bare_syllable(syllables[0])} {_bare_syllable(syllables[-1])}" if syllables else ""


@lru_cache(maxsize=65_536)
def _bare_syllable(syllable: str) -> str:
    open_form = unicodedata.normalize("NFD", _syllable_key(syllable))
    return "".join(letter for letter in open_form if not unicodedata.combining(letter)).translate(_BARE)


@lru_cache(maxsize=65_536)
def _syllable_key(syllable: str) -> str:
    for rule in RULES:
        syllable = rule(syllable)
    return syllable


def fold_composition(syllable: str) -> str:
    """One letter with its marks is one character (NFC), however it was typed."""
    return unicodedata.normalize("NFC", syllable)


def fold_case(syllable: str) -> str:
    """Cards print capitals, people write small letters. đ and d remain two letters."""
    return unicodedata.normalize("NFC", syllable.casefold())


def fold_apostrophe(syllable: str) -> str:
    """H'Hen and H’Hen."""
    return syllable.translate(_APOSTROPHES)


def fold_tone_placement(syllable: str) -> str:
    """Hòa and Hoà, khỏe and khoẻ, Thủy and Thuỷ: in a final oa, oe or uy the tone goes to the second letter.

    Not after q, where u belongs to the consonant, and nowhere else: in ua, ia and the rest there is one usage.
    """
    open_form = unicodedata.normalize("NFD", syllable)
    return unicodedata.normalize("NFC", _OPEN_PAIR.sub(_tone_last, open_form))


def fold_final_y(syllable: str) -> str:
    """Lí and Lý, Mĩ and Mỹ, Quí and Quý: i and y are one where they are the whole rhyme.

    Only after h, k, l, m, s, t, v and qu, where both are written; so Thy and Thi, Thúy and Thúi, Y and I differ.
    """
    open_form = unicodedata.normalize("NFD", syllable)
    match = _FINAL_Y.fullmatch(open_form)
    return syllable if match is None else unicodedata.normalize("NFC", f"{match[1]}i{match[2]}")


RULES = (fold_composition, fold_case, fold_apostrophe, fold_tone_placement, fold_final_y)


def _tone_last(match: re.Match[str]) -> str:
    first, tone, second = (group for group in match.groups() if group is not None)
    return first + second + tone
