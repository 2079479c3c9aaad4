"""The demonstration's state directory: made here, marked as such, and cleared only when the mark stands in it."""

from __future__ import annotations

import json
import os
import shutil
from fnmatch import fnmatchcase
from pathlib import Path

from gateway.agency.bootstrap import OPERATORS
from gateway.supervisor import take_lock
from seed.build import expected_bytes
from seed.demo.errors import DemoFailed

MARK = "made-by-popgate-demo"
SUMMARY = "summary.json"
NOTES = "README.txt"
GATEWAY_LOG = "gateway.log"
COPIES = "copies"
TAMPERED = "audit-tampered"
LOG_BYTES = 400_000_000
"""Room for two write-ahead segments, the log, its copy and the agencies' copies."""

_MADE = (
    *("registry.db*", "registry.pack*", "gateway.db*", "seed.lock", "lock"),
    *("ca", "tls", "keys", "audit", "index", "wal", "run"),
    *(*OPERATORS, "agencies", COPIES, TAMPERED, f"{SUMMARY}*", NOTES, GATEWAY_LOG, MARK),
)
"""Names, with wildcards, of what a demonstration leaves in its directory. Anything else in there is not ours."""


def claim(state: Path, people: int) -> bool:
    """Make `state` an empty directory with our mark; True when an earlier demonstration was cleared away.

    Raises DemoFailed when something else lives there or the disk is too small, CannotStart when a gateway still
    runs there, OSError.
    """
    if state.exists() and not state.is_dir():
        raise DemoFailed(f"{state} is not a directory; name another with --state")
    marked = (state / MARK).is_file()
    if state.is_dir() and not marked and any(state.iterdir()):
        raise DemoFailed(
            f"{state} holds something that no demonstration made, so it is left alone; name another directory with "
            "--state"
        )
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    if marked:
        _clear(state)
    _require_room(state, people)
    (state / MARK).write_text("`popgate demo` made this directory and may clear what it made here.\n")
    return marked


def require_finished(state: Path) -> None:
    """Raises DemoFailed unless a finished demonstration stands in `state`."""
    if not (state / MARK).is_file() or not (state / SUMMARY).is_file():
        raise DemoFailed(f"there is no finished demonstration in {state}; run `make demo` first")


def write_summary(state: Path, summary: dict[str, object]) -> None:
    """Put the summary in place whole."""
    fresh = state / f"{SUMMARY}.new"
    fresh.write_text(json.dumps(summary, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    fresh.replace(state / SUMMARY)


def _clear(state: Path) -> None:
    """All or nothing: what an old file says beside new ones would be wrong."""
    os.close(take_lock(state))
    found = sorted(state.iterdir())
    foreign = [path.name for path in found if not any(fnmatchcase(path.name, pattern) for pattern in _MADE)]
    if foreign:
        raise DemoFailed(
            f"{state} holds {foreign[0]}, which no demonstration made; move it away, or name another "
            "directory with --state"
        )
    # The mark goes last: an interrupted clearing can be taken up again.
    for path in sorted(found, key=lambda path: path.name == MARK):
        _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _require_room(state: Path, people: int) -> None:
    needed, free = expected_bytes(people) + LOG_BYTES, shutil.disk_usage(state).free
    if needed > free:
        raise DemoFailed(
            f"the demonstration needs about {needed / 1e9:.1f} GB in {state} and {free / 1e9:.1f} GB are free; make "
            "room, or choose another directory with --state"
        )
