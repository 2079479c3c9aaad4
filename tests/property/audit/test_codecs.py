"""Bundles, notes, checkpoints, framing and details: round trips, and nothing but declared errors."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.audit import checkpoint, framing, note, tiles
from gateway.audit.detail import Detail, seal
from gateway.audit.errors import AuditError, Malformed
from gateway.audit.keys import DetailKey
from tests.unit.audit.records import make_keys

LINE = st.text(st.characters(min_codepoint=0x20, exclude_categories=["Cs"]), min_size=1, max_size=20)
BLOBS = st.lists(st.binary(max_size=30), max_size=20)


@settings(max_examples=50, deadline=None)
@given(BLOBS)
def test_bundles_round_trip_and_lose_no_byte(blobs: list[bytes]) -> None:
    for pack, unpack in (
        (tiles.pack_entries, tiles.unpack_entries),
        (tiles.pack_details, tiles.unpack_details),
    ):
        raw = pack(blobs)
        assert unpack(raw) == blobs
        for wrong in (raw[:-1], raw + b"\x07"):
            if wrong:
                with pytest.raises(Malformed):
                    unpack(wrong)


@settings(max_examples=50, deadline=None)
@given(st.lists(LINE, min_size=1, max_size=5), st.integers(0, 400), st.integers(1, 255))
def test_notes_round_trip_and_no_changed_byte_opens_with_another_text(lines: list[str], at: int, flip: int) -> None:
    signer = make_keys().log
    text = "\n".join(lines) + "\n"
    raw = signer.sign_note(text)
    assert signer.verifier.open_note(raw) == text
    wrong = bytearray(raw)
    wrong[at % len(raw)] ^= flip
    try:
        signer.verifier.open_note(bytes(wrong))
    except AuditError:
        return
    raise AssertionError("a changed note opened")


@settings(max_examples=40, deadline=None)
@given(LINE, st.integers(0, 2**63), st.binary(min_size=32, max_size=32))
def test_checkpoints_round_trip(origin: str, size: int, root: bytes) -> None:
    value = checkpoint.Checkpoint(origin, size, root)
    assert checkpoint.from_text(value.text()) == value


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_give_a_value_or_a_declared_error(raw: bytes) -> None:
    for read in (
        tiles.unpack_entries,
        tiles.unpack_details,
        note.parse,
        framing.unpack_items,
        framing.Splitter().feed,
        lambda data: framing.unpack_receipts(data, "origin"),
        lambda data: checkpoint.from_text(data.decode("latin-1")),
        lambda data: note.Verifier.from_text(data.decode("latin-1")),
    ):
        try:
            read(raw)
        except AuditError:
            continue


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=12), max_size=5),
    st.lists(st.integers(0, 2**63 - 1), max_size=5),
)
def test_sealing_hides_nothing_from_the_commitment(fields: list[str], people: list[int]) -> None:
    key = DetailKey("202407", bytes(32))
    detail = Detail(fields=tuple(fields), person_ids=tuple(people))
    other = Detail(fields=(*fields, "x"), person_ids=tuple(people))
    first = seal(detail, key, bytes(16), bytes(32), bytes(12))
    assert first == seal(detail, key, bytes(16), bytes(32), bytes(12))
    assert first[0] != seal(other, key, bytes(16), bytes(32), bytes(12))[0]
