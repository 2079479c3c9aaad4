"""Without the sequencer nothing is recorded; with it: tests/e2e/test_log_crash.py."""

from __future__ import annotations

import pytest

from gateway.audit.barrier import AuditBarrier
from gateway.errors import AuditUnavailable


def test_without_a_connection_nothing_is_recorded() -> None:
    barrier = AuditBarrier("/nonexistent/audit.sock")
    assert not barrier.connected
    with pytest.raises(AuditUnavailable):
        barrier.record(b"entry", b"detail")
