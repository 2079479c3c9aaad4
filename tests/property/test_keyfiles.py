"""Names of key files say which key is used when; a rotation is one new file."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.keyfiles import KeyFile, KeyState, Refreshed, active, key_files, next_path, state_of

NOW = 1_764_000_000
times = st.lists(st.integers(1, 4_000_000_000), unique=True, max_size=6).map(sorted)


@settings(max_examples=50)
@given(times, st.integers(0, 4_100_000_000))
def test_exactly_one_key_is_active_and_those_after_it_are_announced(since: list[int], now: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        (directory / "token.key").touch()
        for moment in since:
            next_path(directory, "token", moment).touch()
        files = key_files(directory, "token")
    assert [file.effective_from for file in files] == [0, *since]
    states = [state_of(file, files, now) for file in files]
    announced = sum(moment > now for moment in since)
    assert states == [
        *[KeyState.RETIRED] * (len(since) - announced),
        KeyState.ACTIVE,
        *[KeyState.ANNOUNCED] * announced,
    ]
    assert active(files, now) == files[states.index(KeyState.ACTIVE)]


def test_other_files_are_no_keys_of_the_kind(tmp_path: Path) -> None:
    for name in ("token.pub", "token-.key", "token-20251301T000000.key", "tokens.key", "token.key.1", ".token.key.ab"):
        (tmp_path / name).touch()
    assert key_files(tmp_path, "token") == []
    with pytest.raises(FileNotFoundError):
        active([], NOW)


def test_a_key_takes_over_after_all_that_are_announced(tmp_path: Path) -> None:
    next_path(tmp_path, "token", NOW).touch()
    for moment in (NOW, NOW - 1):
        with pytest.raises(ValueError, match="already"):
            next_path(tmp_path, "token", moment)
    assert next_path(tmp_path, "token", NOW + 1).name == "token-20251124T160001Z.key"


def test_what_changed_is_taken_once_and_a_failure_is_tried_again(tmp_path: Path) -> None:
    clock, taken = [NOW], []

    def take(files: object, chosen: KeyFile) -> None:
        if chosen.path.read_bytes() == b"bad":
            raise ValueError
        taken.append((len(files), chosen.path.name))  # type: ignore[arg-type]

    (tmp_path / "token.key").touch()
    refreshed = Refreshed(tmp_path, "token", take, lambda: clock[0])
    refreshed.refresh()
    path = next_path(tmp_path, "token", NOW + 5)
    path.write_bytes(b"bad")
    refreshed.refresh()
    clock[0] += 5
    for _ in range(2):
        with pytest.raises(ValueError):
            refreshed.refresh()
    path.write_bytes(b"good")
    refreshed.refresh()
    refreshed.refresh()
    assert taken == [(1, "token.key"), (2, "token.key"), (2, path.name)]
