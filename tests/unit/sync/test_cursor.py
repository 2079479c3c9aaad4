"""Cursors: opaque, sealed, bound to who follows what."""

from __future__ import annotations

import pytest

from gateway.errors import CursorForeign, CursorMalformed
from gateway.sync.cursor import CURSOR_BYTES, Cursor, CursorKey, Phase

KEY = CursorKey(bytes(range(32)), "audit.example/1", "0011")
CURSOR = Cursor(Phase.CHANGES, 0, 7)
BINDING = KEY.binding("hospital", ["name", "number"], ["79"])


def test_a_cursor_of_another_follower_is_foreign() -> None:
    raw = KEY.seal(CURSOR, BINDING)
    for other in (
        KEY.binding("clinic", ["name", "number"], ["79"]),
        KEY.binding("hospital", ["number"], ["79"]),
        KEY.binding("hospital", ["name", "number"], []),
        CursorKey(bytes(range(32)), "audit.example/2", "0011").binding("hospital", ["name", "number"], ["79"]),
        CursorKey(bytes(range(32)), "audit.example/1", "0012").binding("hospital", ["name", "number"], ["79"]),
    ):
        with pytest.raises(CursorForeign):
            KEY.open(raw, other)


def test_the_order_of_mask_and_scope_does_not_matter() -> None:
    assert KEY.binding("a", ["x", "y"], ["1", "2"]) == KEY.binding("a", ["y", "x"], ["2", "1"])


def test_parts_of_a_binding_do_not_run_into_each_other() -> None:
    assert KEY.binding("a", ["b"], []) != KEY.binding("ab", [], [])
    assert KEY.binding("a", ["1"], []) != KEY.binding("a", [], ["1"])


def test_cursors_outlive_the_rotation_of_their_key() -> None:
    key = CursorKey(bytes(32), "audit.example/1", "0011")
    old = key.seal(CURSOR, BINDING)
    key.use(bytes(range(32)), [bytes(32)])
    assert key.open(old, BINDING) == key.open(key.seal(CURSOR, BINDING), BINDING) == CURSOR
    assert KEY.open(key.seal(CURSOR, BINDING), BINDING) == CURSOR
    key.use(bytes(range(32)), [])
    with pytest.raises(CursorMalformed):
        key.open(old, BINDING)
    with pytest.raises(ValueError, match="32 bytes"):
        key.use(bytes(range(32)), [b"short"])


def test_a_cursor_of_another_key_is_malformed() -> None:
    other = CursorKey(bytes(32), "audit.example/1", "0011")
    with pytest.raises(CursorMalformed):
        KEY.open(other.seal(CURSOR, BINDING), BINDING)


@pytest.mark.parametrize("raw", [b"", b"x", bytes(CURSOR_BYTES), bytes(CURSOR_BYTES + 1)])
def test_bytes_that_are_no_cursor_are_malformed(raw: bytes) -> None:
    with pytest.raises(CursorMalformed):
        KEY.open(raw, BINDING)


def test_a_key_has_32_bytes() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        CursorKey(bytes(16), "o", "e")
