"""Callers with their tokens, one an agency."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.caller import Caller
from tests.gateway import Gateway


@pytest.fixture(scope="session")
def caller_of(gateway: Gateway) -> Iterator[Callable[[str], Caller]]:
    """Gives the caller of an agency of the shared gateway, connected and with a token."""
    callers: dict[str, Caller] = {}

    def caller_of(agency: str) -> Caller:
        if agency not in callers:
            callers[agency] = Caller(gateway.identity(agency), gateway.address).with_token()
        return callers[agency]

    yield caller_of
    for caller in callers.values():
        caller.channel.close()


@pytest.fixture
def hospital(caller_of: Callable[[str], Caller]) -> Caller:
    """May look up; no province bounds it."""
    return caller_of("hospital")


@pytest.fixture
def insurance(caller_of: Callable[[str], Caller]) -> Caller:
    """May look up, pull and push; owns social insurance."""
    return caller_of("insurance")


@pytest.fixture
def south(caller_of: Callable[[str], Caller]) -> Caller:
    """May look up and pull people of one province only."""
    return caller_of("province-south")
