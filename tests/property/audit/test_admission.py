"""Admission against a naive model that reads the whole log for every decision; live and replayed state are the same."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.audit import admission as admission_module
from gateway.audit.admission import ONCE_US, Admission
from gateway.audit.charges import (
    GUESSES_MARK,
    ONCE_MARK,
    SHARED_GUESSES_MARK,
    Charges,
    Counter,
    Ground,
    Guesses,
    marked_tags_of,
    split_marked,
)
from gateway.audit.entry import Entry, Kind, agency_of, checked, with_time
from gateway.audit.tags import day_end_us, month_of
from tests.unit.audit.records import ORIGIN, make_tag

CALLERS = ("carrier", "health", "health/h1", "health/h2")
METHODS = ("LookUpPerson", "BatchLookUpPersons")
PURPOSES = ("admission", "billing")
DAY_US = 86_400_000_000
# Shortly before midnight at a month's end in Viet Nam.
START_US = day_end_us(1_761_900_000_000_000) - 600_000_000

COUNTERS = st.builds(
    Counter,
    st.sampled_from(("carrier", "health", "health/h1")),
    st.frozensets(st.sampled_from(METHODS), min_size=1),
    st.frozensets(st.sampled_from(PURPOSES), min_size=1),
    st.integers(0, 12),
)


@st.composite
def guesses(draw: st.DrawFn) -> Guesses:
    subjects = draw(st.lists(st.integers(0, 4), min_size=1, max_size=6))
    missed = bytes(draw(st.lists(st.booleans(), min_size=len(subjects), max_size=len(subjects))))
    limit, shared = draw(st.integers(1, 3)), draw(st.sampled_from((0, 0, 4)))
    return Guesses(0, limit, shared, b"".join(map(make_tag, subjects)), missed)


@st.composite
def steps(draw: st.DrawFn) -> tuple[int, str, str, str, Kind, int, Charges | None]:
    charges = st.builds(
        Charges,
        st.lists(COUNTERS, max_size=2).map(tuple),
        st.none() | guesses(),
        st.just(b"") | st.integers(10, 12).map(make_tag),
    )
    return (
        draw(st.sampled_from((0, 1, 1, 40_000_000, 400_000_000))),
        draw(st.sampled_from(CALLERS)),
        draw(st.sampled_from(METHODS)),
        draw(st.sampled_from(PURPOSES)),
        draw(st.sampled_from((Kind.DISCLOSURE, Kind.PUSH_INTENT, Kind.PUSH_OUTCOME))),
        draw(st.integers(0, 5)),
        draw(st.none() | charges),
    )


class Naive:
    """Remembers entries; counts by reading all of them again."""

    def __init__(self, subjects_missed_max: int) -> None:
        self.subjects_missed_max = subjects_missed_max
        self.entries: list[tuple[int, Entry]] = []

    def today(self, now_us: int) -> Iterator[Entry]:
        return (entry for time_us, entry in self.entries if day_end_us(time_us) == day_end_us(now_us))

    def people(self, counter: Counter, now_us: int) -> int:
        return sum(
            entry.people
            for entry in self.today(now_us)
            if entry.kind in (Kind.DISCLOSURE, Kind.PUSH_INTENT)
            and counter.caller in (entry.agency, entry.agency.partition("/")[0])
            and entry.method in counter.methods
            and entry.purpose in counter.purposes
        )

    def missed(self, tag: bytes, now_us: int, caller: str) -> list[bytes]:
        """The mark of each wrong answer to a caller, in order."""
        return [
            mark
            for entry in self.today(now_us)
            if entry.agency == caller
            for mark, tags in split_marked(marked_tags_of(entry.tags))
            if mark in (GUESSES_MARK, SHARED_GUESSES_MARK)
            for _ in range(tags.count(tag))
        ]

    def missed_together(self, tag: bytes, now_us: int) -> int:
        """What the shared budget has lost, of each caller the first ones only."""
        callers = {entry.agency for entry in self.today(now_us)}
        return sum(
            self.missed(tag, now_us, caller)[: admission_module.SHARED_OF_ONE_MAX].count(SHARED_GUESSES_MARK)
            for caller in callers
        )

    def subjects_missed(self, now_us: int, agency: str) -> int:
        return len(
            {
                (entry.agency, tag)
                for entry in self.today(now_us)
                if agency_of(entry.agency) == agency
                for mark, tags in split_marked(marked_tags_of(entry.tags))
                if mark in (GUESSES_MARK, SHARED_GUESSES_MARK)
                for tag in tags
            }
        )

    def refuses(self, charges: Charges, entry: Entry, now_us: int) -> tuple[Ground, tuple[int, ...], int] | None:
        for time_us, old in self.entries:
            for mark, tags in split_marked(marked_tags_of(old.tags)):
                if charges.once and mark == ONCE_MARK and charges.once in tags and now_us < time_us + ONCE_US:
                    return Ground.ONCE, (), 0
        if charges.guesses is not None:
            here: dict[bytes, int] = {}
            shared_here: dict[bytes, int] = {}
            left_out = []
            room = self.subjects_missed_max - self.subjects_missed(now_us, agency_of(entry.agency))
            for position, tag in enumerate(charges.guesses.subjects()):
                mine = len(self.missed(tag, now_us, entry.agency)) + here.get(tag, 0)
                shared = max(mine, self.missed_together(tag, now_us) + shared_here.get(tag, 0))
                most = charges.guesses.limit_shared
                if mine >= charges.guesses.limit or (most and shared >= most) or (not mine and room <= 0):
                    left_out.append(position)
                elif charges.guesses.missed[position]:
                    room -= not mine
                    here[tag] = here.get(tag, 0) + 1
                    shared_here[tag] = shared_here.get(tag, 0) + (mine < admission_module.SHARED_OF_ONE_MAX)
            if left_out:
                return Ground.GUESSES, tuple(left_out), 0
        for counter in charges.counters:
            counts = entry.kind in (Kind.DISCLOSURE, Kind.PUSH_INTENT) and entry.people
            left = counter.limit - self.people(counter, now_us)
            if counts and entry.people > left:
                return Ground.PEOPLE, (), max(0, left)
        return None


def entry_of(caller: str, method: str, purpose: str, kind: Kind, people: int, charges: Charges | None) -> Entry:
    return Entry(
        kind,
        bytes(16),
        ORIGIN,
        people=people,
        agency=caller,
        method=method,
        purpose=purpose,
        legal_basis="law",
        tags=make_tag(99) + (charges.marked_tags() if charges else b""),
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(steps(), max_size=25), st.sampled_from((2, 1_000_000)))
def test_decisions_are_those_of_the_naive_model_and_the_log_alone_gives_the_same_state(
    taken: list[tuple[int, str, str, str, Kind, int, Charges | None]], subjects_missed_max: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(admission_module, "SUBJECTS_MISSED_MAX", subjects_missed_max)
        patch.setattr(admission_module, "SHARED_OF_ONE_MAX", 2)
        _compare(taken, Naive(subjects_missed_max))


def _compare(taken: list[tuple[int, str, str, str, Kind, int, Charges | None]], naive: Naive) -> None:
    live, now_us = Admission(), START_US
    raw: list[bytes] = []
    for pause, caller, method, purpose, kind, people, charges in taken:
        now_us += pause
        if charges is not None and charges.guesses is not None:
            month = int(month_of(now_us))
            charges = Charges(charges.counters, _of_month(charges.guesses, month), charges.once)
        entry = entry_of(caller, method, purpose, kind, people, charges)
        encoded = with_time(entry.encode(), now_us.to_bytes(8, "big"))
        names, counted, _ = checked(encoded)
        live.begin(now_us)
        if charges is None:
            live.count(names, counted)
        else:
            expected = naive.refuses(charges, entry, now_us)
            refusal = live.decide(charges, names, counted)
            assert (refusal and (refusal.ground, refusal.subjects, refusal.people_left)) == expected
            if refusal is not None:
                if refusal.ground in (Ground.PEOPLE, Ground.GUESSES):
                    assert refusal.retry_us == day_end_us(now_us) - now_us
                continue
        naive.entries.append((now_us, entry))
        raw.append(encoded)
    replayed = Admission()
    for encoded in raw:
        replayed.replay(encoded)
    for each in (live, replayed):
        each.begin(now_us)
    # A charge that was refused changed nothing, and what was counted stands in the entries.
    assert _values(replayed) == _values(live)
    assert _values(Admission(live.copy())) == _values(live)


def test_tags_of_another_month_are_made_again() -> None:
    now = Admission()
    now.begin(day_end_us(START_US))
    charges = Charges(guesses=Guesses(int(month_of(START_US)), 3, 0, make_tag(1), b"\x01"))
    refusal = now.decide(charges, *_named("carrier"))
    assert refusal is not None
    assert refusal.ground is Ground.MONTH


def test_what_is_remembered_has_a_bound(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(admission_module, "SUBJECTS_MISSED_MAX", 2)
    monkeypatch.setattr(admission_module, "ONCE_MAX", 1)
    now = Admission()
    now.begin(START_US)
    month = int(month_of(START_US))
    three = Guesses(month, 3, 0, b"".join(map(make_tag, range(3))), b"\x01\x01\x01")
    refusal = now.decide(Charges(guesses=three), *_named("carrier"))
    assert refusal is not None
    assert refusal.subjects == (2,)
    assert (
        now.decide(Charges(guesses=Guesses(month, 3, 0, make_tag(5), b"\x00"), once=make_tag(6)), *_named("a")) is None
    )
    full = now.decide(Charges(once=make_tag(7)), *_named("a"))
    assert full is not None
    assert full.ground is Ground.FULL
    now.begin(START_US + ONCE_US)
    assert now.decide(Charges(once=make_tag(7)), *_named("a")) is None


def test_no_caller_uses_up_what_all_share() -> None:
    now, month = Admission(), int(month_of(START_US))
    now.begin(START_US)

    def wrong(caller: str, limit: int, times: int = 1) -> bool:
        guess = Guesses(month, limit, 15, make_tag(1) * times, b"\x01" * times)
        return now.decide(Charges(guesses=guess), *_named(caller)) is None

    assert wrong("carrier/a", 1000, times=12)
    assert [wrong("carrier/b", 5) for _ in range(6)] == [True] * 5 + [False]
    assert [wrong("carrier/c", 5) for _ in range(6)] == [True] * 5 + [False]
    assert not wrong("carrier/d", 5), "three callers have used up the shared fifteen"
    assert not wrong("carrier/a", 1000)


def test_an_agency_that_was_wrong_about_too_many_is_told_of_nobody_new(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission_module, "SUBJECTS_MISSED_MAX", 2)
    now, month = Admission(), int(month_of(START_US))
    now.begin(START_US)

    def refused(admission: Admission, caller: str, subject: int, *, missed: bool) -> bool:
        guess = Guesses(month, 3, 0, make_tag(subject), bytes([missed]))
        return admission.decide(Charges(guesses=guess), *_named(caller)) is not None

    # Units are callers of their own, and share the room of their agency.
    assert not refused(now, "health/h1", 1, missed=True)
    assert not refused(now, "health/h2", 1, missed=True)
    restarted = Admission(now.copy())
    restarted.begin(START_US)
    for each in (now, restarted):
        # Wrong and right answers alike, or the refusal would tell which it was.
        assert refused(each, "health/h3", 2, missed=True)
        assert refused(each, "health/h3", 2, missed=False)
        # Who is remembered goes on being counted, and other agencies have room of their own.
        assert not refused(each, "health/h1", 1, missed=True)
        assert not refused(each, "carrier", 2, missed=True)


def _named(caller: str) -> tuple[bytes, int]:
    names, people, _ = checked(entry_of(caller, METHODS[0], PURPOSES[0], Kind.DISCLOSURE, 0, None).encode())
    return names, people


def _of_month(guesses: Guesses, month: int) -> Guesses:
    return Guesses(month, guesses.limit, guesses.limit_shared, guesses.tags, guesses.missed)


def _values(admission: Admission) -> tuple[object, ...]:
    state = admission.copy()
    missed = {caller: table for caller, table in state.missed.items() if table}
    return state.day_end_us, state.people, missed, state.missed_shared, list(state.once.items())
