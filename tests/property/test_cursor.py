"""Cursors round trip, and no changed byte, binding or key opens one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import CursorForeign, CursorMalformed
from gateway.sync.cursor import CURSOR_BYTES, Cursor, CursorKey, Phase

KEY = CursorKey(bytes(range(32)), "audit.example/1", "0011")
CURSORS = st.builds(Cursor, st.sampled_from(Phase), st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
BINDINGS = st.binary(min_size=16, max_size=16)
CODES = st.lists(st.sampled_from(["name", "number", "n", "name.number"]), max_size=3)


@settings(max_examples=100, deadline=None)
@given(CURSORS, BINDINGS)
def test_a_cursor_opens_as_it_was_sealed(cursor: Cursor, binding: bytes) -> None:
    raw = KEY.seal(cursor, binding)
    assert len(raw) == CURSOR_BYTES
    assert KEY.open(raw, binding) == cursor


@settings(max_examples=300, deadline=None)
@given(CURSORS, BINDINGS, st.integers(0, CURSOR_BYTES - 1), st.integers(1, 255))
def test_a_changed_byte_makes_it_malformed(cursor: Cursor, binding: bytes, at: int, flip: int) -> None:
    raw = bytearray(KEY.seal(cursor, binding))
    raw[at] ^= flip
    with pytest.raises(CursorMalformed):
        KEY.open(bytes(raw), binding)


@settings(max_examples=100, deadline=None)
@given(CURSORS, BINDINGS, st.integers(0, 15), st.integers(1, 255))
def test_another_binding_is_foreign(cursor: Cursor, binding: bytes, at: int, flip: int) -> None:
    other = bytearray(binding)
    other[at] ^= flip
    with pytest.raises(CursorForeign):
        KEY.open(KEY.seal(cursor, binding), bytes(other))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=80), BINDINGS)
def test_any_bytes_are_refused(raw: bytes, binding: bytes) -> None:
    with pytest.raises(CursorMalformed):
        KEY.open(raw, binding)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=6), CODES, CODES, st.text(max_size=6), CODES, CODES)
def test_bindings_are_equal_for_the_same_follower_alone(
    agency: str, paths: list[str], provinces: list[str], other: str, other_paths: list[str], other_provinces: list[str]
) -> None:
    same = (agency, sorted(paths), sorted(provinces)) == (other, sorted(other_paths), sorted(other_provinces))
    assert same is (KEY.binding(agency, paths, provinces) == KEY.binding(other, other_paths, other_provinces))
