"""Builds a population as `popgate seed build` does, and measures it: seconds and memory of each stage, CPU, disk.

Memory is the resident memory of all processes of the build together, sampled; pages of files and of libraries, which
processes share, count for each. Prints JSON; with --samples also writes each sample to a file.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import threading
import time
from collections import defaultdict
from pathlib import Path

from registry.engine import registry_url
from seed.build import build
from seed.plan import Plan
from tests.bench.processes import memory_megabytes

SAMPLE_SECONDS = 0.2


class Watch:
    """Samples memory until it is stopped; `seconds` and `memory` (megabytes, largest) are by stage."""

    def __init__(self, samples: Path | None) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self.memory: dict[str, float] = defaultdict(float)
        self._stage = "people"
        self._samples = samples
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def tell(self, stage: str, _people: int) -> None:
        """The build has come to a stage."""
        self._stage = stage

    def stop(self) -> None:
        """Take no more samples."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        lines = []
        begin = last = time.monotonic()
        while not self._stopped.wait(SAMPLE_SECONDS):
            now, stage = time.monotonic(), self._stage
            together = sum(map(_memory, _family(os.getpid())))
            self.seconds[stage] += now - last
            self.memory[stage] = max(self.memory[stage], together)
            lines.append(f"{now - begin:.1f}\t{stage}\t{together:.0f}\n")
            last = now
        if self._samples is not None:
            self._samples.write_text("".join(("seconds\tstage\tmegabytes\n", *lines)))


def _family(process: int) -> list[int]:
    """A process and the children of all its threads, theirs too."""
    found = [process]
    for each in found:
        with contextlib.suppress(OSError):  # one that has just ended
            for children in Path(f"/proc/{each}/task").glob("*/children"):
                found += map(int, children.read_text().split())
    return found


def _memory(process: int) -> float:
    try:
        return sum(memory_megabytes(process))
    except (OSError, KeyError):
        return 0.0  # it has just ended


def main() -> None:
    """Builds into a new state directory, or a database."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--database")
    parser.add_argument("--samples", type=Path, help="a file for the memory over time")
    options = parser.parse_args()
    begin = time.monotonic()
    watch = Watch(options.samples)
    try:
        build(
            Plan(options.people, options.seed),
            options.state,
            epoch=os.urandom(8).hex(),
            workers=options.workers,
            progress=watch.tell,
            database=options.database,
        )
    finally:
        watch.stop()
    path = Path(registry_url(options.state))
    json.dump(
        {
            "people": options.people,
            "seconds": round(time.monotonic() - begin, 1),
            "cpu_seconds": round(sum(os.times()[:4]), 1),
            "disk_megabytes": round(path.stat().st_size / 1e6) if path.exists() else None,
            "seconds_of_stage": {stage: round(value, 1) for stage, value in watch.seconds.items()},
            "memory_megabytes_of_stage": {stage: round(value) for stage, value in watch.memory.items()},
        },
        sys.stdout,
    )
    print()


if __name__ == "__main__":
    main()
