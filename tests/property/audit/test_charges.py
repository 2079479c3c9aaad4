"""Charges, demands and the sequencer's answers to them: round trips, and nothing but declared errors."""

from __future__ import annotations

from collections import Counter as Count
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.audit import limits
from gateway.audit.charges import (
    ChargeRefusal,
    Charges,
    Counter,
    Ground,
    Guesses,
    marked_tags_of,
    pack_refusal,
    split_marked,
    unpack_refusals,
)
from gateway.audit.errors import Malformed
from gateway.audit.limits import Demand, Denied, Limit, Limiter, Permit, Rate
from tests.unit.audit.records import make_tag

NAME = st.text("abcxyz/*. 0123456789", min_size=1, max_size=12)
NAMES = st.frozensets(st.text("abcXYZ.", min_size=1, max_size=6), min_size=1, max_size=3)
TAGS = st.lists(st.integers(0, 50).map(make_tag), max_size=6)
U16, U32 = st.integers(0, 0xFFFF), st.integers(0, 0xFFFF_FFFF)


@st.composite
def charges(draw: st.DrawFn) -> Charges:
    counters = draw(st.lists(st.builds(Counter, NAME, NAMES, NAMES, st.integers(0, 1 << 63)), max_size=3))
    tags = draw(TAGS)
    guesses = None
    if tags:
        missed = bytes(draw(st.lists(st.booleans(), min_size=len(tags), max_size=len(tags))))
        guesses = Guesses(draw(U32), draw(U16), draw(U16), b"".join(tags), missed)
    return Charges(tuple(counters), guesses, draw(st.just(b"") | st.just(make_tag(7))))


@settings(max_examples=80, deadline=None)
@given(charges(), st.data())
def test_charges_round_trip_and_lose_no_byte(charged: Charges, data: st.DataObject) -> None:
    raw = charged.encode()
    assert Charges.from_bytes(raw) == charged
    for wrong in (raw[:-1], raw + b"\x00"):
        with pytest.raises(Malformed):
            Charges.from_bytes(wrong)
    at = data.draw(st.integers(0, len(raw) - 1))
    try:
        changed = Charges.from_bytes(raw[:at] + bytes((raw[at] ^ data.draw(st.integers(1, 255)),)) + raw[at + 1 :])
    except Malformed:
        return
    assert changed != charged


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=80))
def test_any_bytes_are_charges_demands_or_refused(raw: bytes) -> None:
    for read in (
        Charges.from_bytes,
        Demand.from_bytes,
        unpack_refusals,
        limits.unpack_admits,
        limits.unpack_admitted,
        limits.unpack_holdings,
    ):
        with suppress(Malformed):
            read(raw)


@settings(max_examples=50, deadline=None)
@given(TAGS, charges())
def test_what_charges_count_is_read_from_the_end_of_an_entrys_tags(subjects: list[bytes], charged: Charges) -> None:
    marked = charged.marked_tags()
    assert marked_tags_of(b"".join(subjects) + marked) == marked
    missed = charged.guesses.missed_subjects() if charged.guesses is not None else []
    found = [tag for _, tags in split_marked(marked) for tag in tags]
    assert found == ([charged.once] if charged.once else []) + missed


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 1 << 63),
            st.builds(
                ChargeRefusal, st.sampled_from(Ground), st.integers(0, 1 << 40), U16, U32, st.lists(U16).map(tuple)
            ),
        ),
        max_size=4,
    )
)
def test_refusals_round_trip(refusals: list[tuple[int, ChargeRefusal]]) -> None:
    assert unpack_refusals(b"".join(pack_refusal(*each) for each in refusals)) == refusals


RATES = st.builds(Rate, NAME, st.integers(1, 1000), st.integers(1, 1000))
DEMANDS = st.builds(
    Demand,
    st.lists(RATES, max_size=3).map(tuple),
    st.lists(st.builds(Permit, NAME, U32), max_size=3).map(tuple),
)


@settings(max_examples=50, deadline=None)
@given(st.lists(DEMANDS, min_size=1, max_size=3), st.integers(0, 1 << 40))
def test_demands_and_answers_round_trip(demands: list[Demand], wait: int) -> None:
    body = b"".join(limits.pack_admit(number, demand.encode()) for number, demand in enumerate(demands))
    assert limits.unpack_admits(body) == list(enumerate(demands))
    answers = [(1, None), (2, Denied(Limit.RATE, 3, wait)), (3, Denied(Limit.PERMIT, 0, wait))]
    assert limits.unpack_admitted(b"".join(limits.pack_admitted(*each) for each in answers)) == answers
    holdings = [("calls health 7 *", 3), ("ä", 0xFFFF_FFFF)]
    assert limits.unpack_holdings(b"".join(limits.pack_holding(*each) for each in holdings)) == holdings


@settings(max_examples=80, deadline=None)
@given(
    st.integers(1, 50),
    st.integers(1, 20),
    st.booleans(),
    st.lists(st.integers(0, 500_000_000), min_size=1, max_size=60),
)
def test_in_any_interval_no_more_calls_than_burst_and_rate_allow(
    per_second: int, burst: int, orderly: bool, pauses: list[int]
) -> None:
    demand = Demand((Rate("rate", per_second, burst),))
    limiter, now = Limiter(0, {} if orderly else None), 0
    let_in: list[int] = [] if orderly else [0] * burst  # after a crash nobody knows: as if all had just been used
    for pause in pauses:
        now += pause
        denied = limiter.admit("worker", demand, now)
        if denied is None:
            let_in.append(now)
        else:
            assert limiter.admit("worker", demand, now + 1000 * denied.retry_us - 1000) is not None
            now += 1000 * denied.retry_us
            assert limiter.admit("worker", demand, now) is None
            let_in.append(now)
    for first in range(len(let_in)):
        for last in range(first, len(let_in)):
            assert (last - first + 1 - burst) * 10**9 <= (let_in[last] - let_in[first]) * per_second


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(("take", "give", "leave"))), max_size=40))
def test_permits_are_never_more_than_the_limit_and_come_back_with_whoever_leaves(taken: list[tuple[str, str]]) -> None:
    limiter, held = Limiter(0, {}), Count[str]()
    demand = Demand((), (Permit("calls", 3),))
    for worker, what in taken:
        if what == "take":
            denied = limiter.admit(worker, demand, 0)
            assert (denied is None) == (held.total() < 3)
            held[worker] += denied is None
        elif what == "leave":
            limiter.leave(worker)
            held[worker] = 0
        elif held[worker]:
            limiter.release(worker, "calls", 1)
            held[worker] -= 1
        else:
            with pytest.raises(Malformed):
                limiter.release(worker, "calls", 1)
        assert limiter.held == held.total()


def test_a_successor_after_a_crash_gives_no_permit_before_the_holders_have_spoken() -> None:
    limiter = Limiter(0, None)
    demand = Demand((), (Permit("calls", 2),))
    early = limiter.admit("b", demand, 1_000_000_000)
    assert early is not None
    limiter.hold("a", "calls", 2)
    assert limiter.admit("b", demand, 1000 * early.retry_us + 1_000_000_000) is not None
    limiter.release("a", "calls", 1)
    assert limiter.admit("b", demand, 1000 * early.retry_us + 1_000_000_000) is None


def test_an_orderly_end_hands_the_levels_on_and_what_is_full_again_is_forgotten(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    limiter = Limiter(0, {})
    demand = Demand((Rate("slow", 1, 3),))
    assert [limiter.admit("a", demand, 0) for _ in range(2)] == [None, None]
    successor = Limiter(5, limiter.levels())
    assert successor.admit("a", demand, 5) is None
    assert successor.admit("a", demand, 5) is not None
    monkeypatch.setattr(limits, "BUCKETS_KEPT", 2)
    many = Limiter(0, {})
    for number in range(3):
        assert many.admit("a", Demand((Rate(f"rate {number}", 1, 1),)), number * 2_000_000_000) is None
    assert many.buckets == 1
