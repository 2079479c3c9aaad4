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

from tests.bench import batches, bulk, evidence, fairness, identity, peering, population, report, stage, unary
from tests.bench.rows import WORKERS, Results
from tests.bench.world import World
from tests.postgres import running_postgres

GROUPS = ("population", "unary-1", "unary-2", "methods", "peer", "bulk", "fairness", "postgresql", "evidence")

MISSING_NAMED_MAX = 12
FAIRNESS_PEOPLE_MAX = 20_000
POSTGRES = {"shared_buffers": "1GB"}


class Bench:
    """One run of the benchmark: what is measured on which gateway, in order."""

    def __init__(self, options: argparse.Namespace) -> None:
        """Builds the population and the agencies."""
        self.options = options
        self.results = Results()
        self.began = time.monotonic()
        self._state = stage.fresh_state(options.folder / "state")
        self._built = stage.build_population(self._state, options.people, options.seed)
        self._settings = stage.settings_for(self._state, 1)
        stage.enrol_agencies(self._settings)
        fairness.enrol(self._settings)
        self._sample = stage.sample_people(self._state, options.seed)
        self._pace = options.seconds, options.runs

    def measure(self) -> None:
        """Everything asked for, once."""
        options, results, runs, state = self.options, self.results, self.options.runs, self._state
        # The last ones: whom the pushes changed before is in no pack, and takes as long as four others.
        numbers = [number for number, *_ in self._sample[-FAIRNESS_PEOPLE_MAX:]]
        self._attempt(
            "population",
            lambda: population.measure(results, options.people, options.seed, self._built, runs),
        )
        self._attempt_any(("unary-1", "methods", "peer"), self._one_worker)
        self._attempt_any(("unary-2", "methods", "peer", "bulk", "evidence"), self._two_workers)
        settings = stage.settings_for(state, 2)
        self._attempt("fairness", lambda: fairness.measure(settings, numbers, results, runs))
        self._attempt("postgresql", self._postgres)
        self._attempt("evidence", lambda: identity.measure(state, settings, results, runs))
        self._attempt("evidence", lambda: evidence.measure_start(state, self._sample, results, runs))
        self._attempt("evidence", lambda: evidence.measure_verification(state, results, runs))

    def _one_worker(self) -> None:
        with World(self._settings, self._sample) as world:
            made = self.options.people / stage.await_fragments(self._settings)
            self.results.add("fragments_made", [made], note="beside the start of everything else")
            self._attempt("unary-1", lambda: unary.measure(world, self.results, *self._pace))
            self._methods_and_peer(world)

    def _two_workers(self) -> None:
        results = self.results
        settings = stage.settings_for(self._state, 2)
        with World(settings, self._sample) as world:
            stage.await_fragments(settings)
            self._attempt("unary-2", lambda: unary.measure(world, results, *self._pace))
            self._attempt("unary-2", lambda: unary.measure_sequencer(world, results, *self._pace))
            self._methods_and_peer(world)
            self._attempt("bulk", lambda: bulk.measure(world, results, *self._pace))
            self._attempt("evidence", lambda: evidence.measure_query(world, results, len(self._sample)))

    def _methods_and_peer(self, world: World) -> None:
        self._attempt("methods", lambda: batches.measure(world, self.results, "sqlite", *self._pace))
        self._attempt("peer", lambda: peering.measure(world, self.results, *self._pace))

    def _postgres(self) -> None:
        people = self.options.people
        with running_postgres(POSTGRES) as server:
            url = server.create_database("bench")
            state = stage.fresh_state(self.options.folder / "state-postgresql")
            stage.build_population(state, people, self.options.seed, url)
            stage.enrol_agencies(stage.settings_for(state, 1, url))
            for workers in WORKERS:
                settings = stage.settings_for(state, workers, url)
                with World(settings, self._sample) as world:
                    stage.await_fragments(settings)
                    batches.measure(world, self.results, "postgresql", *self._pace)

    def _attempt_any(self, groups: tuple[str, ...], measure: Callable[[], None]) -> None:
        if not self.options.only or set(groups) & set(self.options.only):
            try:
                measure()
            except RuntimeError:
                traceback.print_exc()

    def _attempt(self, group: str, measure: Callable[[], None]) -> None:
        if self.options.only and group not in self.options.only:
            return
        print(f"[{time.monotonic() - self.began:5.0f} s] {group}", file=sys.stderr, flush=True)
        try:
            measure()
        except Exception:
            # The rows stay missing, which is the failure; what else can be measured still is.
            traceback.print_exc()


def main() -> int:
    """Measure what was asked for; the exit status."""
    options = _options()
    bench = Bench(options)
    bench.measure()
    results = bench.results
    machine = report.machine(options.people, options.seed, options.seconds)
    print(report.as_text(results, machine, time.monotonic() - bench.began))
    if options.only:
        return 0
    report.write_json(results, options.folder.parent / "bench.json")
    if options.record:
        report.record(results, machine, Path("docs/benchmarks.md"))
    if missing := results.missing():
        named = ", ".join(missing[:MISSING_NAMED_MAX])
        print(f"not measured: {len(missing)} rows, {named}", file=sys.stderr)
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
