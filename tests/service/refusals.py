"""Runs a table of refused calls once and finds the entry that each of them left in the log."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import grpc

from gateway.audit.detail import Detail
from gateway.audit.entry import Entry
from gateway.chain.translate import TABLE
from tests.caller import Caller, Reply
from tests.gateway import Gateway


@dataclass(frozen=True, slots=True)
class Case:
    """A call that must be refused: who asks what, why it is refused and which fields are named."""

    agency: str
    ask: Callable[[Caller], Reply]
    reason: str
    violations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refused call as its caller and as the log saw it."""

    reply: Reply
    entry: Entry
    detail: Detail | None
    asked: int
    """How often it was made."""


def run(gateway: Gateway, caller_of: Callable[[str], Caller], table: Mapping[str, Case]) -> dict[str, Refusal]:
    """Make every call of the table, then read the log once it is published.

    Refusals of one kind beyond 20 in ten seconds have no entry of their own; tests before this one may have made some
    of those. Such calls are made again until they have theirs.
    """
    found: dict[str, Refusal] = {}
    missing, rounds, deadline = list(table), 0, time.monotonic() + 40
    while missing:
        assert time.monotonic() < deadline, f"without an entry: {missing}"
        rounds += 1
        replies = {name: table[name].ask(caller_of(table[name].agency)) for name in missing}
        gateway.publish()
        logged = _logged(gateway)
        for name, reply in replies.items():
            if reply.call_id in logged:
                found[name] = Refusal(reply, *gateway.entry(logged[reply.call_id]), rounds)
        missing = [name for name in table if name not in found]
    return found


def _logged(gateway: Gateway) -> dict[str, int]:
    return {entry.call_id.hex(): index for index, entry in enumerate(gateway.log())}


def entries_of(gateway: Gateway, call_ids: Sequence[str]) -> dict[str, tuple[Entry, Detail | None]]:
    """By call id, the newest entry of each call, once all of them are published."""
    deadline = time.monotonic() + 20
    while True:
        found = _logged(gateway)
        if set(call_ids) <= found.keys():
            return {call_id: gateway.entry(found[call_id]) for call_id in call_ids}
        assert time.monotonic() < deadline, "a call left no entry"
        time.sleep(0.1)


def assert_refused(case: Case, refusal: Refusal) -> None:
    """What holds for every refusal of a known agency."""
    reply, entry = refusal.reply, refusal.entry
    code, _ = TABLE[case.reason]
    assert (reply.reason, reply.code) == (case.reason, code), reply
    assert reply.violations == case.violations
    assert reply.code is not grpc.StatusCode.INTERNAL
    assert reply.receipt is not None
    assert (entry.agency, entry.people, entry.decision) == (case.agency, 0, 2)
