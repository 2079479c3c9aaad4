"""Counts the bytes held for each agency: large requests at work, large answers that are not taken yet."""

from __future__ import annotations

from typing import Any

from gateway.errors import StreamsExhausted

LARGE_BYTES = 16 << 10
"""Smaller messages are not counted: the bound on calls in flight bounds them."""
HELD_BYTES_MAX = 64 << 20


class Held:
    """The large messages of one worker, by agency.

    A caller that sends much at once, or takes no answers, fills its own share and is refused; the memory of the
    worker stays free for the others.
    """

    def __init__(self) -> None:
        self._bytes: dict[str, int] = {}

    def admit(self, agency: str, request_bytes: int, context: Any) -> None:
        """Count a request until its call is over. Raises StreamsExhausted when the agency's share is taken."""
        if not self._bytes and request_bytes < LARGE_BYTES:
            return
        if self._bytes.get(agency, 0) + request_bytes > HELD_BYTES_MAX:
            raise StreamsExhausted
        self.add(agency, request_bytes, context)

    def add(self, agency: str, message_bytes: int, context: Any) -> None:
        """Count a message until its call is over: gRPC's `context` tells when an answer is sent or given up."""
        if message_bytes < LARGE_BYTES:
            return
        self._bytes[agency] = self._bytes.get(agency, 0) + message_bytes
        context.add_done_callback(lambda _context: self.release(agency, message_bytes))

    def claim(self, agency: str, message_bytes: int) -> int:
        """Count a message of a stream until it is released; returns what is to be released, 0 when it is small.

        Raises StreamsExhausted when the agency's share is taken.
        """
        if message_bytes < LARGE_BYTES:
            return 0
        held = self._bytes.get(agency, 0)
        if held + message_bytes > HELD_BYTES_MAX:
            raise StreamsExhausted
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
