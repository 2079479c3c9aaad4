"""The one table of retries."""

import pytest

from gateway.api.v1 import reason_pb2
from gateway.chain.translate import TABLE
from gateway.chain.translate import Retry as ServerRetry
from gateway.client.retry import (
    ATTEMPTS_MAX,
    PAUSE_SECONDS_MAX,
    RETRIES,
    Retry,
    pause_seconds,
    retry_for,
)


def test_table_names_every_reason_of_the_contract() -> None:
    reasons = {name.removeprefix("ERROR_REASON_") for name in reason_pb2.ErrorReason.keys()}  # noqa: SIM118
    assert set(RETRIES) == reasons - {"UNSPECIFIED"}


def test_what_the_gateway_calls_later_is_retried_and_nothing_else_but_tokens() -> None:
    for reason, (_, retry) in TABLE.items():
        ours = retry_for(reason)
        assert (ours in (Retry.LATER, Retry.LATER_IF_REPEATABLE)) == (retry is ServerRetry.LATER), reason


def test_reason_of_a_later_contract_is_not_retried() -> None:
    assert retry_for("SOMETHING_NEW") is Retry.NEVER


@pytest.mark.parametrize("attempt", range(1, ATTEMPTS_MAX + 1))
def test_pause_grows_with_jitter_and_stays_bounded(attempt: int) -> None:
    shortest = pause_seconds(attempt, None, lambda: 0.0)
    longest = pause_seconds(attempt, None, lambda: 0.999)
    assert 0 < shortest < longest <= PAUSE_SECONDS_MAX


def test_pause_is_never_shorter_than_the_gateway_asks() -> None:
    assert pause_seconds(1, 7.5, lambda: 0.0) > 7.5
