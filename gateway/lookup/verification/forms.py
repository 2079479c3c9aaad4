"""Whether a text that is stated has a form in which anything can be registered. Pure, and linear in its length.

What is refused here is never compared: normal forms take time that grows with the square of a run of marks, and the
rules of names and addresses look at each word several times.
"""

from __future__ import annotations

import re
from typing import Final

from gateway.lookup.verification.rules import VALUE_LENGTH_MAX

MARKS_IN_A_ROW_MAX: Final = 30
"""As in the stream-safe text format of Unicode (UAX #15). Vietnamese needs two."""
WORDS_MAX: Final = 64
"""Words, or parts of words between signs."""

# Every combining mark is neither a letter nor a digit; other signs are not worth telling apart from marks here.
_MARK: Final = r"[^\w\s\x00-\x7f]"
# Looked for from the beginning of a run only, which is what makes it linear.
_MARKS: Final = re.compile(rf"(?<!{_MARK}){_MARK}{{{MARKS_IN_A_ROW_MAX + 1}}}")
_WORDS: Final = re.compile(rf"(?:[^\w\u0300-\u036f]*+[\w\u0300-\u036f]++){{{WORDS_MAX + 1}}}")


def is_comparable(text: str) -> bool:
    """Whether a text is compared at all. It depends on nothing registered, so that a refusal tells nothing."""
    length = len(text)
    if length <= MARKS_IN_A_ROW_MAX:
        return True
    if length > VALUE_LENGTH_MAX or _MARKS.search(text):
        return False
    return length <= 2 * WORDS_MAX or not _WORDS.match(text)
