"""The window grows with the load and is nothing for a caller alone."""

from __future__ import annotations

import pytest

from gateway.audit.barrier import AuditBarrier, window_seconds
from gateway.errors import AuditUnavailable


def test_the_window_is_zero_alone_two_ms_at_eight_and_four_from_thirty_two() -> None:
    assert [window_seconds(count) for count in (0, 1, 2)] == [0.0, 0.0, 0.0]
    assert window_seconds(8) == pytest.approx(0.002)
    assert window_seconds(32) == window_seconds(1000) == pytest.approx(0.004)
    assert sorted(map(window_seconds, range(40))) == list(map(window_seconds, range(40)))


def test_without_a_connection_nothing_is_recorded() -> None:
    barrier = AuditBarrier("/nonexistent/audit.sock", lambda: 1)
    assert not barrier.connected
    with pytest.raises(AuditUnavailable):
        barrier.record(b"entry", b"detail")
