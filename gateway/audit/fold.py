"""Folding refusals: an agency that is refused by the thousand fills neither the log nor the disk."""

from __future__ import annotations

from dataclasses import dataclass

WINDOW_US = 10_000_000
SINGLY_PER_WINDOW = 20
KEYS_MAX = 4096


@dataclass(frozen=True, slots=True)
class RefusalKey:
    """What refusals must share to be folded together."""

    agency: str
    method: str
    purpose: str
    reason: int


@dataclass(frozen=True, slots=True)
class FoldedRefusals:
    """`calls` refusals since `since_us`, to be recorded as one entry of kind REFUSALS_FOLDED."""

    key: RefusalKey
    calls: int
    since_us: int


class RefusalFold:
    """Counts refusals by key in windows of 10 s: the first 20 are recorded singly, the rest together.

    The clock is given. Between windows the counted refusals exist only here: call `due` about every second,
    and `flush` before the process ends; a crash loses the count of at most one window, never a disclosure.
    """

    def __init__(self) -> None:
        self._windows: dict[RefusalKey, list[int]] = {}

    def record_singly(self, key: RefusalKey, now_us: int) -> bool:
        """Whether this refusal gets an entry of its own; otherwise it was counted."""
        if key not in self._windows and len(self._windows) >= KEYS_MAX:
            # Purposes are the caller's words; inventing new ones must not buy memory here.
            key = RefusalKey(key.agency, key.method, "", key.reason)
        window = self._windows.setdefault(key, [now_us, 0, 0])
        window[1] += 1
        if window[1] <= SINGLY_PER_WINDOW:
            return True
        window[2] += 1
        return False

    def put_back(self, folded: FoldedRefusals) -> None:
        """Count again what could not be recorded."""
        window = self._windows.setdefault(folded.key, [folded.since_us, 0, 0])
        window[0] = min(window[0], folded.since_us)
        window[2] += folded.calls

    def due(self, now_us: int) -> list[FoldedRefusals]:
        """What the windows that are over have counted; they are forgotten."""
        over = [key for key, window in self._windows.items() if now_us >= window[0] + WINDOW_US]
        return self._taken(over)

    def flush(self) -> list[FoldedRefusals]:
        """Everything counted, whatever the time."""
        return self._taken(list(self._windows))

    def _taken(self, keys: list[RefusalKey]) -> list[FoldedRefusals]:
        folded: list[FoldedRefusals] = []
        for key in keys:
            since_us, _, counted = self._windows.pop(key)
            if counted:
                folded.append(FoldedRefusals(key, counted, since_us))
        return folded
