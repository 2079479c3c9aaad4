"""Whom a caller is answered about no more today."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from gateway.errors import QuotaExhausted
from gateway.lookup import exhausted as exhausted_module
from gateway.lookup.exhausted import Exhausted

NOON = 1_795_000_000 // 86_400 * 86_400 + 5 * 3600
"""12:00 in Viet Nam."""


def _call(caller: str, guesses: int = 0) -> Any:
    return SimpleNamespace(principal=SimpleNamespace(entry_name=caller), grant=SimpleNamespace(guesses_per_day=guesses))


def test_it_holds_for_the_caller_and_the_limit_that_it_was_told_to() -> None:
    exhausted = Exhausted(lambda: NOON)
    exhausted.add(_call("bank"), [7, "001090999999"])
    assert exhausted.among(_call("bank"), [0, 7, 8, "001090999999"]) == {7, "001090999999"}
    assert exhausted.among(_call("bank/unit"), [7]) == frozenset()
    assert exhausted.among(_call("bank", guesses=50), [7]) == frozenset()


def test_it_is_over_at_midnight_in_viet_nam_and_says_when_that_is() -> None:
    now = [NOON]
    exhausted = Exhausted(lambda: now[0])
    exhausted.add(_call("bank"), [7])
    refusal = exhausted.refusal(_call("bank"))
    assert isinstance(refusal, QuotaExhausted)
    assert refusal.retry_seconds == 12 * 3600
    now[0] += 12 * 3600 - 1
    assert exhausted.among(_call("bank"), [7]) == {7}
    now[0] += 1
    assert exhausted.among(_call("bank"), [7]) == frozenset()


def test_so_many_are_remembered_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exhausted_module, "REMEMBERED_MAX", 3)
    exhausted = Exhausted(lambda: NOON)
    exhausted.add(_call("bank"), range(1, 6))
    assert exhausted.among(_call("bank"), range(1, 6)) == {3, 4, 5}
