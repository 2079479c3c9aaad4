"""Which of our names a caller may have meant by one that we do not have. A refusal then tells a name of ours, never the
caller's text. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from rapidfuzz.distance import OSA
from rapidfuzz.process import extractOne

TEXT_LENGTH_MAX: Final = 128
SIMILARITY_MIN: Final = 0.7


def did_you_mean(text: str, known: Iterable[str]) -> str:
    """`; did you mean ...?` with the nearest of the `known` names; empty when none is near, or the text is too long."""
    if len(text) > TEXT_LENGTH_MAX:
        return ""
    # One call for all names: a batch may have a thousand items, each with a name of its own that is unknown.
    nearest = extractOne(
        text, list(known), scorer=OSA.normalized_similarity, processor=str.lower, score_cutoff=SIMILARITY_MIN
    )
    return f"; did you mean {nearest[0]}?" if nearest is not None else ""
