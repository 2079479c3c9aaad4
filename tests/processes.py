"""What /proc says of a process."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def descriptors(pid: int) -> set[str]:
    """What the process has open; nothing when it has just ended."""
    found: set[str] = set()
    with suppress(FileNotFoundError, ProcessLookupError):
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(FileNotFoundError):
                found.add(str(descriptor.readlink()))
    return found


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that nobody waited for yet does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
