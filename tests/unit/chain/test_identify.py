"""The call's id and the caller's deadline."""

from __future__ import annotations

import pytest

from gateway.chain.identify import REMAINING_SECONDS_MIN, call_id_of, check_deadline
from gateway.errors import DeadlineTooShort

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
MADE = bytes([7]) * 16


def _call_id(*metadata: tuple[str, str | bytes]) -> bytes:
    return call_id_of(metadata, lambda count: bytes([7]) * count)


def test_the_trace_id_of_a_valid_traceparent_is_the_call_id() -> None:
    assert _call_id(("other", "x"), ("traceparent", f"00-{TRACE}-00f067aa0ba902b7-01")) == bytes.fromhex(TRACE)


@pytest.mark.parametrize(
    "value",
    [
        "",
        TRACE,
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"01-{TRACE}-00f067aa0ba902b7-01",
        f"00-{TRACE.upper()}-00f067aa0ba902b7-01",
        f"00-{TRACE}-00f067aa0ba902b7-01\n",
        f"00-{TRACE}-00f067aa0ba902b7-01-more",
        b"00-" + TRACE.encode() + b"-00f067aa0ba902b7-01",
    ],
)
def test_anything_else_gets_a_call_id_of_our_own(value: str | bytes) -> None:
    assert _call_id(("traceparent", value)) == MADE


def test_without_metadata_the_call_id_is_our_own() -> None:
    assert call_id_of(None, lambda count: bytes([7]) * count) == MADE


def test_no_deadline_and_a_far_one_are_accepted() -> None:
    check_deadline(None)
    check_deadline(REMAINING_SECONDS_MIN)


def test_a_deadline_that_is_almost_over_is_refused_with_the_time_needed() -> None:
    with pytest.raises(DeadlineTooShort) as refused:
        check_deadline(REMAINING_SECONDS_MIN / 2)
    assert refused.value.metadata == {"needed_ms": "5"}
