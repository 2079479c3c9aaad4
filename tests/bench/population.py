"""What the synthetic population costs to make."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.bench.rows import Results

_MODULE = "tests.bench.generating"
ONE_CORE = 0


def measure(results: Results, people: int, seed: int, built: tuple[float, float], runs: int) -> None:
    """Rows of generation; `built`: seconds and memory of the build that the other rows use."""
    seconds, memory = built
    results.add("build_people", [people / seconds], note="with all registries", comparable=False)
    results.add("generator_memory", [memory], note=f"{people:,} people")
    rates = []
    for _ in range(runs):
        process = subprocess.run(
            [sys.executable, "-m", _MODULE, str(people), str(seed)],
            stdout=subprocess.PIPE,
            check=True,
            preexec_fn=lambda: os.sched_setaffinity(0, {ONE_CORE}),
        )
        rates.append(people / float(process.stdout))
    results.add("generated_people", rates)
