"""Entries round trip, and no changed, missing or added byte passes unnoticed as something else."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.audit.entry import Decision, Entry, Kind, decode, outline
from gateway.audit.errors import Malformed

U32 = st.integers(0, 2**32 - 1)
U64 = st.integers(0, 2**64 - 1)
NAME = st.text(max_size=60).filter(lambda name: len(name.encode("utf-8", "surrogatepass")) <= 255 and _plain(name))


def _plain(name: str) -> bool:
    return not any(0xD800 <= ord(character) < 0xE000 for character in name)


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    kind = draw(st.sampled_from(Kind))
    refused = kind in (Kind.REFUSAL, Kind.REFUSALS_FOLDED) or (kind != Kind.DISCLOSURE and draw(st.booleans()))
    folded = kind == Kind.REFUSALS_FOLDED
    return Entry(
        kind=kind,
        call_id=draw(st.binary(min_size=16, max_size=16)),
        origin=draw(NAME),
        time_us=draw(U64),
        worker_epoch=draw(U32),
        stream_sequence=draw(U32),
        policy_version=draw(U32),
        people=draw(U32),
        calls=draw(st.integers(1, 2**32 - 1)) if folded else 1,
        since_us=draw(U64) if folded else 0,
        decision=Decision.REFUSED if refused else Decision.ALLOWED,
        reason=draw(st.integers(1, 2**16 - 1)) if refused else 0,
        certificate=draw(st.binary(min_size=32, max_size=32)),
        token=draw(st.binary(min_size=16, max_size=16)),
        commitment=draw(st.binary(min_size=32, max_size=32)),
        agency=draw(NAME),
        method=draw(NAME),
        purpose=draw(NAME),
        legal_basis=draw(NAME),
        tags=b"".join(draw(st.lists(st.binary(min_size=16, max_size=16), max_size=5))),
    )


@settings(max_examples=80, deadline=None)
@given(entries())
def test_every_entry_round_trips(entry: Entry) -> None:
    raw = entry.encode()
    assert decode(raw) == entry
    found = outline(raw)
    assert (found.time_us, found.people, found.calls) == (entry.time_us, entry.people, entry.calls)


@settings(max_examples=60, deadline=None)
@given(entries(), st.data())
def test_a_changed_byte_is_refused_or_reads_as_exactly_that_change(entry: Entry, data: st.DataObject) -> None:
    raw = bytearray(entry.encode())
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    try:
        changed = decode(bytes(raw))
    except Malformed:
        return
    assert changed != entry
    assert changed.encode() == bytes(raw)


@settings(max_examples=60, deadline=None)
@given(entries(), st.integers(1, 40), st.binary(min_size=1, max_size=20))
def test_missing_or_added_bytes_are_refused(entry: Entry, cut: int, more: bytes) -> None:
    raw = entry.encode()
    for wrong in (raw[:-cut], raw + more):
        try:
            decode(wrong)
        except Malformed:
            continue
        raise AssertionError("accepted")


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_an_entry_or_malformed(raw: bytes) -> None:
    try:
        entry = decode(raw)
    except Malformed:
        return
    assert entry.encode() == raw
