"""How well a person matches what a search states: a score from 1 to 100 and its reasons. Pure.

Each criterion that is stated has a grade from 0 to 100; the score is their mean by weight. A name that is neither the
same nor similar is no match, whatever else agrees.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from gateway.api.v1 import finding_pb2
from registry.names import bare_key, text_key
from registry.searching import Candidate

SCORE_MIN = 75
"""Who scores less is not told, and not counted."""
PART_SIMILARITY_MIN = 0.5
"""Surname, middle name and given name are each at least so similar: a slip of the pen in a short syllable, not another
name that happens to share the rest."""

_NAME_WEIGHT, _BIRTH_WEIGHT, _PLACE_WEIGHT, _PARENT_WEIGHT = 50, 25, 10, 10
# Surname, middle names, given name: a third of the country shares a surname.
_PART_WEIGHTS = (0.25, 0.25, 0.5)

Grade = tuple[int, int]
"""A grade and the number of its `MatchReason`."""
_NONE: Grade = (0, finding_pb2.MATCH_REASON_UNSPECIFIED)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is known of the person. `birth`: year, month, day, the last two 0 where not known; None: only `years`.

    `years`: first and last. `place` grades a candidate's residence; None: not stated. `communes`: where people of that
    place live, by the map since 1/7/2025; empty: no commune is stated. Parents' names: empty, not known.
    """

    name: str
    years: tuple[int, int]
    birth: tuple[int, int, int] | None = None
    place: Callable[[Candidate], Grade] | None = None
    communes: tuple[str, ...] = ()
    father: str = ""
    mother: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """A candidate that matches: score 1 to 100, numbers of `MatchReason`."""

    person_id: int
    score: int
    reasons: tuple[int, ...]
    parents: tuple[int, ...] = ()
    """Those whose names were compared with what was stated: the score tells of them, too."""


def rank(wanted: Wanted, candidates: Mapping[int, Candidate], names: Mapping[int, str]) -> list[Match]:
    """Those who match, best first. `names`: of the candidates' parents, by person_id."""
    found = [match(wanted, candidate, names) for candidate in candidates.values()]
    kept = [each for each in found if each is not None]
    return sorted(kept, key=lambda each: (-each.score, each.person_id))


def match(wanted: Wanted, candidate: Candidate, names: Mapping[int, str]) -> Match | None:
    """How well one person matches; None: not well enough."""
    name = name_grade(wanted.name, candidate.name)
    if not name[0]:
        return None
    graded = [(_NAME_WEIGHT, name), (_BIRTH_WEIGHT, birth_grade(wanted, candidate))]
    if wanted.place is not None:
        graded.append((_PLACE_WEIGHT, wanted.place(candidate)))
    parents = (
        (wanted.father, candidate.father_id, finding_pb2.MATCH_REASON_FATHER),
        (wanted.mother, candidate.mother_id, finding_pb2.MATCH_REASON_MOTHER),
    )
    compared = []
    for stated, parent_id, reason in parents:
        known = names.get(parent_id) if parent_id is not None else None
        if stated and known and parent_id is not None:  # who is not linked says nothing for or against
            graded.append((_PARENT_WEIGHT, (name_grade(stated, known)[0], reason)))
            compared.append(parent_id)
    score = round(sum(weight * grade for weight, (grade, _) in graded) / sum(weight for weight, _ in graded))
    if score < SCORE_MIN:
        return None
    reasons = tuple(reason for _, (grade, reason) in graded if grade)
    return Match(candidate.person_id, score, reasons, tuple(compared))


def name_grade(stated: str, known: str) -> Grade:
    """How near two full names are; 0 for different names."""
    if text_key(stated) == text_key(known):
        return 100, finding_pb2.MATCH_REASON_NAME
    bare_stated, bare_known = bare_key(stated), bare_key(known)
    if bare_stated == bare_known:
        unmarked = text_key(stated).isascii()
        return (97, finding_pb2.MATCH_REASON_NAME_UNMARKED) if unmarked else (90, finding_pb2.MATCH_REASON_NAME_MARKS)
    one, other = bare_stated.split(), bare_known.split()
    if sorted(one) == sorted(other):
        return 92, finding_pb2.MATCH_REASON_NAME_ORDER
    if not one or not other:
        return _NONE
    if (one[0], one[-1]) == (other[0], other[-1]) and _abbreviates(one[1:-1], other[1:-1]):
        return 88, finding_pb2.MATCH_REASON_NAME_MIDDLE
    return _similar(one, other)


def birth_grade(wanted: Wanted, candidate: Candidate) -> Grade:
    """How near the stated birth is to the registered one."""
    if wanted.birth is None:
        first, last = wanted.years
        return (100, finding_pb2.MATCH_REASON_BIRTH) if first <= candidate.birth_year <= last else _NONE
    year, month, day = wanted.birth
    known = candidate.birth_year, candidate.birth_month, candidate.birth_day
    if known == wanted.birth:
        return 100, finding_pb2.MATCH_REASON_BIRTH
    if known[0] != year:
        return _NONE
    same_month, same_day = _agree(month, known[1]), _agree(day, known[2])
    if same_month and same_day:
        return 90, finding_pb2.MATCH_REASON_BIRTH_PARTIAL
    if (month, day) == (known[2], known[1]):
        return 85, finding_pb2.MATCH_REASON_BIRTH_EXCHANGED
    if (month and month == known[1]) or (day and day == known[2]):
        return 75, finding_pb2.MATCH_REASON_BIRTH_NEAR
    return 50, finding_pb2.MATCH_REASON_BIRTH_YEAR


def _agree(stated: int, known: int) -> bool:
    return not stated or not known or stated == known


def _abbreviates(one: list[str], other: list[str]) -> bool:
    """Whether one middle name is missing, or stands for the other by its first letters."""
    if not one or not other:
        return True
    short, long = sorted((one, other), key=lambda syllables: sum(map(len, syllables)))
    return len(short) == len(long) and all(
        syllable.rstrip(".") == full or (len(syllable.rstrip(".")) == 1 and full.startswith(syllable[0]))
        for syllable, full in zip(short, long, strict=True)
    )


def _similar(one: list[str], other: list[str]) -> Grade:
    parts = ((one[0], other[0]), (" ".join(one[1:-1]), " ".join(other[1:-1])), (one[-1], other[-1]))
    similarities = [OSA.normalized_similarity(stated, known) for stated, known in parts]
    if min(similarities) < PART_SIMILARITY_MIN:
        return _NONE
    mean = sum(weight * each for weight, each in zip(_PART_WEIGHTS, similarities, strict=True))
    return round(100 * mean), finding_pb2.MATCH_REASON_NAME_SIMILAR
