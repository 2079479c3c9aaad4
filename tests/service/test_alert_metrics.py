"""What the alert rules look at is what a gateway exposes."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

from gateway.agency.certificates import make_key
from tests.caller import Caller
from tests.gateway import AGENCIES, Gateway

RULES = Path(__file__).parents[2] / "gateway" / "ops" / "alerts.yml"
NEVER = {"gateway_failures_total"}
"""Counts what never happens; a series begins with its first count."""


def test_every_metric_of_the_rules_is_exposed(gateway: Gateway, caller_of: Callable[[str], Caller]) -> None:
    hospital, insurance = caller_of("hospital"), caller_of("insurance")
    hospital.look_up("001090000001", [], AGENCIES["hospital"].context)
    insurance.register(make_key())
    named = set(re.findall(r"\bgateway_[a-z_]+", RULES.read_text(encoding="utf-8")))
    assert len(named) >= 10
    deadline = time.monotonic() + 40  # what ends next is looked up every few seconds
    while missing := named - set(gateway.metrics()) - NEVER:
        assert time.monotonic() < deadline, missing
        time.sleep(0.5)


def test_ends_and_pulses_are_those_of_this_gateway(gateway: Gateway) -> None:
    now = time.time()
    assert gateway.metric("gateway_workers_serving") == gateway.metric("gateway_workers_configured") == 2
    assert abs(now - gateway.metric("gateway_policy_checked_timestamp_seconds")) < 60
    for agency in ("hospital", "insurance"):
        assert 0 < gateway.metric("gateway_credential_expiry_timestamp_seconds", agency=agency) - now <= 86_400 + 60
        assert 0 < gateway.metric("gateway_grant_expiry_timestamp_seconds", agency=agency) - now <= 86_400 + 60
    assert gateway.metric("gateway_server_certificate_expiry_timestamp_seconds") > now + 7 * 86_400
