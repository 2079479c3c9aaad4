"""Tells a batch that was sent again from a new one: who repeats a batch of a stream repeats its call id.

The call id is the caller's choice, so that it alone proves nothing: a repetition is about the same people, too.
"""

from __future__ import annotations

from collections import OrderedDict
from hashlib import blake2b
from typing import Final

CALLS_REMEMBERED_MAX: Final = 262_144
"""About 50 MB; each stands for up to 1,000 people."""


class Repeats:
    """Looks at the disclosure entries of a log in their order: those of streams, `stream_sequence` from 1.

    The newest 262,144 are remembered: a repetition further away than that counts as new, which errs towards more
    people disclosed.
    """

    def __init__(self, calls_max: int = CALLS_REMEMBERED_MAX) -> None:
        self._calls_max = calls_max
        self._calls: OrderedDict[tuple[str, str, bytes], None] = OrderedDict()

    def is_repeat(self, agency: str, method: str, call_id: bytes, tags: bytes) -> bool:
        """Whether an entry of the same call about the same people stood before this one. `tags`: of its subjects.

        One that was repeated in another month has other tags, and counts as new.
        """
        call = agency, method, blake2b(call_id + tags, digest_size=16).digest()
        if call in self._calls:
            self._calls.move_to_end(call)
            return True
        self._calls[call] = None
        if len(self._calls) > self._calls_max:
            self._calls.popitem(last=False)
        return False
