"""The small file beside an output that says how far it got, so that an interrupted run goes on exactly there.

JSON lines. The first describes the run; `["s", n]` says that batch n is about to be sent for the first time;
`["w", n, place, rows, bytes, counts]` that batches before n are in the output, which they fill to `bytes`, and
where in the input and with what counts they end, and that later batches said before are not in it any more;
`["d"]` that the output is complete and on the disk.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

VERSION: Final = 1


class JournalForeign(ValueError):
    """The journal belongs to another run, or another process holds it; the text says what to do."""


@dataclass(slots=True)
class State:
    """How far a run got."""

    batches: int = 0
    """In the output."""
    sent: int = 0
    """Batches that were about to be sent at least once: those from `batches` on may have been answered."""
    place: int = 0
    rows: int = 0
    output_bytes: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    done: bool = False


class Journal:
    """One run's journal, held by one process. Lines survive the process; a power failure only what `done` wrote."""

    def __init__(self, path: Path, about: dict[str, Any]) -> None:
        """Opens the journal, or begins it. `about` describes the run; the same run goes on, any other is refused.

        Raises JournalForeign, OSError.
        """
        self.path = path
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._file)
            raise JournalForeign(f"another process works on {path}; wait for it, or choose another --out") from None
        try:
            self.run, self._states = self._begun(about)
        except BaseException:
            os.close(self._file)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _k: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None) -> None:
        os.close(self._file)

    def state(self, output_bytes: int, *, is_published: bool = False) -> State:
        """The furthest state that a part file of so many bytes holds; all of it when the journal says that the output
        is complete and it stands under its name.
        """
        last = self._states[-1]
        if last.done and is_published:
            return last
        state = next((state for state in reversed(self._states) if state.output_bytes <= output_bytes), State())
        state.sent = max(last.sent, state.batches)
        return state

    def go_on_from(self, state: State) -> None:
        """Forget what was written behind `state`, which the part file does not hold any more."""
        if state is not self._states[-1]:
            self.written(state)

    @property
    def goes_on(self) -> bool:
        """Whether an earlier process wrote in it."""
        return len(self._states) > 1

    def call_id(self, batch: int) -> str:
        """The id of a batch, 32 hex digits: the same whenever this run asks it."""
        return hashlib.blake2b(batch.to_bytes(8, "big"), key=self.run, digest_size=16).hexdigest()

    def sending(self, batch: int) -> None:
        """Batch number `batch` is about to be sent."""
        self._write(["s", batch])

    def written(self, state: State) -> None:
        """The output holds what `state` says."""
        self._write(["w", state.batches, state.place, state.rows, state.output_bytes, state.counts])

    def done(self) -> None:
        """The output is complete, and on the disk. So is this line afterwards: a result that stands under its name
        beside a journal without it would be taken for another's.
        """
        self._write(["d"])
        os.fsync(self._file)

    def remove(self) -> None:
        """The output stands under its name; nothing is to be resumed."""
        self.path.unlink(missing_ok=True)

    def _write(self, line: Any) -> None:
        os.write(self._file, json.dumps(line, separators=(",", ":")).encode() + b"\n")

    def _begun(self, about: dict[str, Any]) -> tuple[bytes, list[State]]:
        lines = self.path.read_bytes().split(b"\n")
        torn = lines.pop()  # what a crash left without its end
        if torn:
            os.ftruncate(self._file, os.fstat(self._file).st_size - len(torn))
        if not lines:
            run = secrets.token_bytes(32)
            self._write({"popgate": VERSION, "run": run.hex(), "about": about})
            return run, [State()]
        try:
            first, *rest = [json.loads(line) for line in lines]
            if first["popgate"] != VERSION:
                raise JournalForeign(f"{self.path} is of another version; delete it to begin anew")
            different = sorted(name for name in about if about[name] != first["about"].get(name))
            if different:
                raise JournalForeign(
                    f"{self.path} is of an unfinished run with another {', '.join(different)}; ask as then to go on "
                    "with it, or delete it and the .part file beside it to begin anew"
                )
            return bytes.fromhex(first["run"]), _states(rest)
        except (ValueError, KeyError, TypeError, IndexError) as error:
            if isinstance(error, JournalForeign):
                raise
            raise JournalForeign(f"{self.path} is not a journal; delete it to begin anew") from None


def _states(lines: list[Any]) -> list[State]:
    states = [State()]
    sent = 0
    for line in lines:
        if line[0] == "s":
            sent = max(sent, line[1] + 1)
        elif line[0] == "w":
            _, batches, place, rows, output_bytes, counts = line
            while states and states[-1].batches >= batches:  # gone back, because the part file had become shorter
                states.pop()
            states.append(State(batches, sent, place, rows, output_bytes, dict(counts)))
        elif line[0] == "d":
            states[-1].done = True
    states[-1].sent = sent
    return states
