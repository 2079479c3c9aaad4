"""Keys that are replaced while the gateway runs: files whose names say from when on each is used.

`token.key` is the first key of its kind; `token-20261125T190000Z.key` takes over at that moment. Which key is
announced, active or retired follows from the names and the clock alone, so that all processes agree without telling
each other, and whoever puts a file in place has rotated the key.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path

REFRESH_SECONDS = 0.5
"""How often processes look for new files and for keys whose time has come."""
ANNOUNCED_SECONDS_MIN = 3
"""A key may not be used before every process of the gateway knows it."""
_STAMP = "%Y%m%dT%H%M%SZ"


class KeyState(Enum):
    """What a key is for at a moment."""

    ANNOUNCED = "announced"
    """Published, not used yet: what it will sign can be checked already."""
    ACTIVE = "active"
    RETIRED = "retired"
    """Used no more; what it signed can be checked still."""


@dataclass(frozen=True, slots=True)
class KeyFile:
    """One key of a kind. `effective_from`: unix seconds, 0 for the first."""

    path: Path
    effective_from: int


def key_files(directory: Path, kind: str, suffix: str = ".key") -> list[KeyFile]:
    """All files of a kind, oldest first; empty when there are none."""
    name = re.compile(rf"{re.escape(kind)}(?:-([0-9]{{8}}T[0-9]{{6}}Z))?{re.escape(suffix)}")
    found = []
    for path in directory.glob(f"{kind}*{suffix}"):
        match = name.fullmatch(path.name)
        if match is not None:
            found.append(KeyFile(path, _seconds(match[1]) if match[1] else 0))
    return sorted(found, key=lambda file: file.effective_from)


def active(files: Sequence[KeyFile], now: float) -> KeyFile:
    """The newest file whose time has come. Raises FileNotFoundError when there is none."""
    due = [file for file in files if file.effective_from <= now]
    if not due:
        raise FileNotFoundError("no key of this kind is in force; restore the state directory's keys")
    return due[-1]


def state_of(file: KeyFile, files: Sequence[KeyFile], now: float) -> KeyState:
    """What one of `files` is for at `now`."""
    if file.effective_from > now:
        return KeyState.ANNOUNCED
    return KeyState.ACTIVE if file == active(files, now) else KeyState.RETIRED


def next_path(directory: Path, kind: str, effective_from: int, suffix: str = ".key") -> Path:
    """Where the key belongs that takes over at a time. Raises ValueError unless that is after all there are."""
    path = directory / f"{kind}-{datetime.fromtimestamp(effective_from, UTC).strftime(_STAMP)}{suffix}"
    files = key_files(directory, kind, suffix)
    if files and files[-1].effective_from >= effective_from:
        raise ValueError(f"{files[-1].path.name} takes over at that time or later already")
    return path


class Refreshed:
    """Reads files of a kind again when there are others, or when another one has become active."""

    def __init__(
        self,
        directory: Path,
        kind: str,
        take: Callable[[Sequence[KeyFile], KeyFile], None],
        now: Callable[[], float],
        suffix: str = ".key",
    ) -> None:
        """`take` gets all files and the active one, at once and whenever that changes. Raises what it raises."""
        self._directory = directory
        self._kind = kind
        self._take = take
        self._now = now
        self._suffix = suffix
        self._known: tuple[list[KeyFile], KeyFile] | None = None
        self.refresh()

    def refresh(self) -> None:
        """Look once. Raises FileNotFoundError, and what `take` raises."""
        files = key_files(self._directory, self._kind, self._suffix)
        found = files, active(files, self._now())
        if found != self._known:
            self._take(*found)
            self._known = found


def _seconds(stamp: str) -> int:
    return int(datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC).timestamp())
