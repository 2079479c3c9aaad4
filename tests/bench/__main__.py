"""`make bench`: measures the gateway against the bare echo and its budgets, prints it, writes var/bench.json.

Exit status 1 when an expected row is missing; a missed budget is printed, never a failure.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from tests.bench import bulk, evidence, fairness, population, report, stage, unary
from tests.bench.rows import Results
from tests.bench.world import World

GROUPS = ("population", "unary-1", "unary-2", "bulk", "fairness", "evidence")


def main() -> int:
    """Measure what was asked for; the exit status."""
    options = _options()
    began = time.monotonic()
    results = Results()
    state = stage.fresh_state(options.folder / "state")
    built = stage.build_population(state, options.people, options.seed)
    settings = stage.settings_for(state, 1)
    stage.enrol_agencies(settings)
    fairness.enrol(settings)
    numbers = stage.sample_numbers(state, options.seed)
    seconds, runs = options.seconds, options.runs

    def with_one_worker() -> None:
        with World(settings, numbers) as world:
            unary.measure(world, results, seconds, runs)

    def with_two_workers() -> None:
        with World(stage.settings_for(state, 2), numbers) as world:
            attempt("unary-2", lambda: unary.measure(world, results, seconds, runs))
            attempt("unary-2", lambda: unary.measure_sequencer(world, results, seconds, runs))
            attempt("bulk", lambda: bulk.measure(world, results, seconds, runs))
            attempt("evidence", lambda: evidence.measure_query(world, results, len(numbers)))

    def attempt(group: str, measure: Callable[[], None]) -> None:
        if options.only and group not in options.only:
            return
        print(f"[{time.monotonic() - began:5.0f} s] {group}", file=sys.stderr, flush=True)
        try:
            measure()
        except Exception:
            # The rows stay missing, which is the failure; what else can be measured still is.
            traceback.print_exc()

    attempt("population", lambda: population.measure(results, options.people, options.seed, built, runs))
    attempt("unary-1", with_one_worker)
    if not options.only or {"unary-2", "bulk", "evidence"} & set(options.only):
        try:
            with_two_workers()
        except RuntimeError:
            traceback.print_exc()
    attempt("fairness", lambda: fairness.measure(stage.settings_for(state, 2), numbers, results, runs))
    attempt("evidence", lambda: evidence.measure_start(state, numbers, results, runs))
    attempt("evidence", lambda: evidence.measure_verification(state, results, runs))

    machine = report.machine(options.people, options.seed, seconds)
    print(report.as_text(results, machine, time.monotonic() - began))
    if options.only:
        return 0
    report.write_json(results, options.folder.parent / "bench.json")
    if options.record:
        report.record(results, machine, Path("docs/benchmarks.md"))
    if missing := results.missing():
        print(f"not measured: {', '.join(missing)}", file=sys.stderr)
    return 1 if missing else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--people", type=int, default=100_000, help="size of the population (default: 100,000)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the population and of the sample (default: 1)")
    parser.add_argument("--runs", type=int, default=3, help="runs of each measurement (default: 3)")
    parser.add_argument("--seconds", type=float, default=1.5, help="length of a run (default: 1.5)")
    parser.add_argument("--folder", type=Path, default=Path("var/bench"), help="working folder (default: var/bench)")
    parser.add_argument("--only", action="append", choices=GROUPS, help="measure this group only; writes no report")
    parser.add_argument("--record", action="store_true", help="put the table into docs/benchmarks.md")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
