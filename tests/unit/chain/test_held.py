"""Large messages count for the agency they belong to until their call is over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gateway.chain.held import CALLS_PER_AGENCY_MAX, HELD_BYTES_MAX, LARGE_BYTES, Held
from gateway.errors import StreamsExhausted


class Rpc:
    """A call that can be over."""

    def __init__(self) -> None:
        self.callbacks: list[Callable[[Any], None]] = []

    def add_done_callback(self, callback: Callable[[Any], None]) -> None:
        self.callbacks.append(callback)

    def over(self) -> None:
        for callback in self.callbacks:
            callback(self)


def test_who_holds_too_much_is_refused_until_something_is_over() -> None:
    held, rpcs = Held(), [Rpc() for _ in range(HELD_BYTES_MAX >> 20)]
    for rpc in rpcs[::2]:
        held.admit("greedy", 1 << 20, rpc)
    for rpc in rpcs[1::2]:
        held.admit("greedy", 1 << 20, rpc)
    with pytest.raises(StreamsExhausted):
        held.admit("greedy", 1, Rpc())
    held.admit("modest", 1 << 20, Rpc())
    rpcs[0].over()
    held.admit("greedy", 1, Rpc())
    for rpc in rpcs[1:]:
        rpc.over()
    held.admit("greedy", HELD_BYTES_MAX, Rpc())


def test_small_messages_are_not_counted() -> None:
    held, rpc = Held(), Rpc()
    held.admit("agency", LARGE_BYTES - 1, rpc)
    held.admit("agency", LARGE_BYTES - 1, rpc)
    assert rpc.callbacks == []


def test_the_calls_of_one_agency_do_not_take_the_room_of_the_others() -> None:
    held = Held()
    for _ in range(CALLS_PER_AGENCY_MAX):
        held.enter("greedy", 1, Rpc())
    with pytest.raises(StreamsExhausted):
        held.enter("greedy", 1, Rpc())
    held.enter("modest", 1, Rpc())
    held.leave("greedy")
    with pytest.raises(StreamsExhausted):
        held.enter("greedy", HELD_BYTES_MAX + 1, Rpc())
    held.enter("greedy", 1, Rpc())
