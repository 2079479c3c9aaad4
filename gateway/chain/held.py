"""Counts what is held for each agency: calls, large requests that wait or are at work, large answers not taken yet."""

from __future__ import annotations

from collections import Counter
from typing import Any

from gateway.errors import StreamsExhausted

LARGE_BYTES = 16 << 10
"""Smaller messages are not counted: the bound on calls in flight bounds them."""
HELD_BYTES_MAX = 64 << 20
CALLS_PER_AGENCY_MAX = 1024
"""A quarter of what a worker takes (CALLS_PER_WORKER_MAX), beside streams, which are bounded by themselves."""


class Held:
    """The calls and large messages of one worker, by agency.

    A caller that sends much at once, or takes no answers, fills its own share and is refused; the memory of the
    worker, and its room for calls, stay free for the others.
    """

    def __init__(self) -> None:
        self._bytes: dict[str, int] = {}
        self._calls: Counter[str] = Counter()

    def enter(self, agency: str, request_bytes: int, context: Any) -> None:
        """Count a call until `leave`, and its request as `admit` does. Raises StreamsExhausted and counts nothing."""
        if self._calls[agency] >= CALLS_PER_AGENCY_MAX:
            raise StreamsExhausted
        self.admit(agency, request_bytes, context)
        self._calls[agency] += 1

    def leave(self, agency: str) -> None:
        """A call that entered is over."""
        self._calls[agency] -= 1
        if not self._calls[agency]:
            del self._calls[agency]

    def admit(self, agency: str, message_bytes: int, context: Any) -> None:
        """Count a message until its call is over: gRPC's `context` tells when its answer is sent or given up.

        Raises StreamsExhausted when the agency's share is taken.
        """
        if not self._bytes and message_bytes < LARGE_BYTES:
            return
        if counted := self.take(agency, message_bytes):
            context.add_done_callback(lambda _context: self.release(agency, counted))

    def take(self, agency: str, message_bytes: int) -> int:
        """Count a message until it is released; returns what is to be released, 0 when it is small.

        Raises StreamsExhausted when the agency's share is taken.
        """
        held = self._bytes.get(agency, 0)
        if held + message_bytes > HELD_BYTES_MAX:
            raise StreamsExhausted
        if message_bytes < LARGE_BYTES:
            return 0
        self._bytes[agency] = held + message_bytes
        return message_bytes

    def release(self, agency: str, message_bytes: int) -> None:
        """A message that was counted is sent or given up."""
        if not message_bytes:
            return
        left = self._bytes[agency] - message_bytes
        if left:
            self._bytes[agency] = left
        else:
            del self._bytes[agency]
