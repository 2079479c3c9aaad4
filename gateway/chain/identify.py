"""First step: give the call its id and look at the caller's deadline."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from gateway.errors import DeadlineTooShort

REMAINING_SECONDS_MIN = 0.005

# W3C Trace Context, version 00: the trace id becomes the call id.
_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")


def call_id_of(metadata: Iterable[tuple[str, Any]] | None, random: Callable[[int], bytes]) -> bytes:
    """16 bytes: the trace id of a valid `traceparent`, otherwise made here."""
    for key, value in metadata or ():
        if key == "traceparent" and isinstance(value, str):
            match = _TRACEPARENT.fullmatch(value)
            if match and match[1] != "0" * 32:
                return bytes.fromhex(match[1])
    return random(16)


def check_deadline(remaining: float | None) -> None:
    """Raises DeadlineTooShort when an answer could not arrive any more; None is no deadline."""
    if remaining is not None and remaining < REMAINING_SECONDS_MIN:
        raise DeadlineTooShort(metadata={"needed_ms": str(round(REMAINING_SECONDS_MIN * 1000))})
