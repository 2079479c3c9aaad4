"""How many streams of an agency one worker keeps open: the one place where limits on open streams are held to."""

from __future__ import annotations

from collections import Counter

from gateway.chain.base import Call
from gateway.errors import StreamsExhausted

STREAMS_PER_AGENCY_MAX = 64
"""On one worker. A stream holds two batches and their answers at most, whatever its caller does."""


class StreamPlaces:
    """Counts open streams by agency. Use within one event loop.

    `enter` sees a stream before its first message: who calls and which method. `admit` sees each message once its
    grant is known (`call.right.grant_id`), so a limit that a grant sets belongs there. Both refuse by raising.
    """

    def __init__(self, streams_max: int = STREAMS_PER_AGENCY_MAX) -> None:
        self._streams_max = streams_max
        self._open: Counter[str] = Counter()

    def enter(self, call: Call) -> None:
        """A stream opens. Raises StreamsExhausted when the agency has too many."""
        agency = _agency(call)
        if self._open[agency] >= self._streams_max:
            raise StreamsExhausted
        self._open[agency] += 1

    def admit(self, call: Call) -> None:
        """A message of an open stream was authorised."""

    def leave(self, call: Call) -> None:
        """The stream that entered with this call is over."""
        agency = _agency(call)
        self._open[agency] -= 1
        if not self._open[agency]:
            del self._open[agency]


def _agency(call: Call) -> str:
    return call.principal.agency if call.principal is not None else ""
