"""The spacing of messages grows with the load and is nothing for a caller alone."""

from __future__ import annotations

import pytest

from gateway.audit.barrier import AuditBarrier, spacing_seconds
from gateway.errors import AuditUnavailable


def test_nothing_waits_alone_and_messages_are_spaced_by_two_ms_at_eight_and_four_from_sixteen() -> None:
    assert [spacing_seconds(count) for count in (0, 1, 2)] == [0.0, 0.0, 0.0]
    assert spacing_seconds(8) == pytest.approx(0.002)
    assert spacing_seconds(16) == spacing_seconds(1000) == pytest.approx(0.004)
    assert sorted(map(spacing_seconds, range(40))) == list(map(spacing_seconds, range(40)))


def test_where_calls_take_long_the_spacing_is_half_of_that() -> None:
    assert spacing_seconds(4, 10.0) == spacing_seconds(4)  # few in flight: whatever they take, nobody waits longer
    assert spacing_seconds(16, 10_000.0) == spacing_seconds(16)
    assert spacing_seconds(16, 1000.0) == pytest.approx(16 / 1000 * 0.5)
    assert spacing_seconds(1000, 1.0) == pytest.approx(0.016)


def test_without_a_connection_nothing_is_recorded() -> None:
    barrier = AuditBarrier("/nonexistent/audit.sock", lambda: 1)
    assert not barrier.connected
    with pytest.raises(AuditUnavailable):
        barrier.record(b"entry", b"detail")
