"""Refusals by the thousand: counted one by one, folded in the log."""

from __future__ import annotations

from typing import Any

import grpc
import pytest

from gateway.audit.entry import Kind
from gateway.audit.fold import SINGLY_PER_WINDOW, WINDOW_US
from gateway.audit.verify import verify
from gateway.chain.translate import reason_number
from tests.caller import LOOK_UP, Caller, look_up_request
from tests.gateway import AGENCIES, Gateway
from tests.world import number_of


@pytest.mark.parametrize("count", [500, pytest.param(5_000, marks=pytest.mark.slow)])
def test_refusals_in_a_row_leave_a_bounded_number_of_entries(own_gateway: Gateway, count: int) -> None:
    context = AGENCIES["hospital"].context
    with Caller(own_gateway.identity("hospital"), own_gateway.address).with_token() as caller:
        raw = look_up_request(number_of(1), ["contact"], context).SerializeToString()
        call: Any = caller.channel.unary_unary(LOOK_UP)
        metadata = (("authorization", f"Bearer {caller.token}"),)
        for _ in range(count // 100):
            for future in [call.future(raw, metadata=metadata, timeout=30) for _ in range(100)]:
                assert future.code() is grpc.StatusCode.PERMISSION_DENIED
    labels = {"agency": "hospital", "reason": "FIELD_NOT_GRANTED"}
    assert own_gateway.counted("gateway_refusals_total", count, **labels) == count
    assert own_gateway.stop() == 0

    reason = reason_number("FIELD_NOT_GRANTED")
    refusals = [entry for entry in own_gateway.log() if entry.reason == reason]
    assert sum(entry.calls for entry in refusals) == count
    seconds = (refusals[-1].time_us - refusals[0].time_us) / 1_000_000
    windows = 1 + int(seconds / (WINDOW_US / 1_000_000)) + 1
    assert len(refusals) <= own_gateway.workers * windows * (SINGLY_PER_WINDOW + 1)
    folded = [entry for entry in refusals if entry.kind == Kind.REFUSALS_FOLDED]
    assert folded
    for entry in folded:
        assert (entry.agency, entry.method, entry.purpose) == ("hospital", "LookUpPerson", context.purpose)
        assert 0 < entry.since_us <= entry.time_us
    report = verify(str(own_gateway.state / "audit"), (own_gateway.state / "audit" / "log.vkey").read_text().strip())
    assert report.refused["hospital", "LookUpPerson"] == count
