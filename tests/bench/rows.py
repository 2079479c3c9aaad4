"""The rows that every full run must produce, with their budgets, and how runs become a row. Measures nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

WORKERS = (1, 2)
IN_FLIGHT = (8, 32, 128)


@dataclass(frozen=True, slots=True)
class Expected:
    """A row of the report. `budget` is a lower bound of the median, or an upper one where `at_most`."""

    unit: str
    text: str
    budget: float | None = None
    at_most: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A measured row: the median of `runs` runs and their smallest and largest. `within`: None where there is no
    budget, or where what was measured is smaller than what the budget speaks of."""

    name: str
    value: float
    spread: tuple[float, float]
    runs: int
    unit: str
    budget: float | None
    within: bool | None
    note: str = ""


def _unary() -> dict[str, Expected]:
    rows: dict[str, Expected] = {}
    for workers in WORKERS:
        for in_flight in IN_FLIGHT:
            place = f"{workers}w_{in_flight}"
            budget = {32: 0.6, 128: 0.8}.get(in_flight)
            rows[f"unary_share_{place}"] = Expected("of echo", "look-ups over echoes, both mutual TLS", budget)
            rows[f"unary_share_plain_{place}"] = Expected("of echo", "look-ups over echoes without TLS")
            rows[f"unary_calls_{place}"] = Expected("1/s", "look-ups")
            rows[f"unary_echo_calls_{place}"] = Expected("1/s", "echoes over mutual TLS")
            rows[f"unary_server_cpu_{place}"] = Expected("us", "server CPU of a look-up, sequencer included")
            rows[f"unary_echo_cpu_{place}"] = Expected("us", "server CPU of an echo over mutual TLS")
            rows[f"unary_p50_{place}"] = Expected("ms", "median time of a look-up")
            rows[f"unary_p99_{place}"] = Expected("ms", "99th percentile of a look-up")
        rows[f"unary_p99_half_load_{workers}w"] = Expected("ms", "p99 at half the rate of 32 in flight", 15, True)
    return rows


EXPECTED: dict[str, Expected] = {
    **_unary(),
    "sequencer_cpu_per_entry": Expected("us", "sequencer CPU, 64 look-ups in flight, 2 workers", 40, True),
    "sequencer_cpu_per_person": Expected("us", "sequencer CPU, snapshot pages of 1,000", 0.5, True),
    "snapshot_people": Expected("1/s", "people of a snapshot, six fields, pages of 1,000", 100_000),
    "snapshot_share": Expected("of echo", "the same over an echo of a page"),
    "snapshot_server_cpu": Expected("us", "server CPU of a person of a snapshot, sequencer included"),
    "feed_people": Expected("1/s", "changed people followed, six fields", 100_000),
    "push_writes": Expected("1/s", "people written durably, pushes of 1,000", 20_000),
    "change_visible": Expected("ms", "from sending a push to a follower's having it", 1000, True),
    "query_by_person": Expected("ms", "an auditor's question about one person", 100, True),
    "verify_entries": Expected("1/s", "entries verified offline, whole log", 150_000),
    "generated_people": Expected("1/s", "people generated, one core, not stored", 100_000),
    "build_people": Expected("1/s", "people generated and stored, SQLite, two cores", 10_000),
    "fair_p99_alone": Expected("ms", "p99 of nine agencies' look-ups, 300/s together"),
    "fair_p99_beside": Expected("ms", "the same beside a tenth that floods: 64 streams of full batches"),
    "fair_p99_ratio": Expected("times", "the flood's share in the nine's p99", 2, True),
    "fair_flood_people": Expected("1/s", "people that the flooding agency got meanwhile"),
    "worker_memory": Expected("MB", "resident memory of the largest worker", 300, True),
    "generator_memory": Expected("MB", "largest resident memory of the build", 1000, True),
    "snapshot_client_memory": Expected("MB", "largest resident memory of a client that mirrors everybody", 300, True),
    "warm_start": Expected("s", "from starting the gateway to the first answer", 3, True),
}
"""Every row by name. `build_people`: the design's 100 s for a million people are 10,000/s."""


class Results:
    """Rows so far, in the order of measuring."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}

    def add(self, name: str, runs: Sequence[float], *, note: str = "", comparable: bool = True) -> Row:
        """A row from the values of its runs, at least one. Raises KeyError when it is not expected.

        `comparable`: False when the budget speaks of more than was measured; then only a miss is a finding.
        """
        expected = EXPECTED[name]
        value = median(runs)
        within: bool | None = None
        if expected.budget is not None:
            within = value <= expected.budget if expected.at_most else value >= expected.budget
            if within and not comparable:
                within = None
        row = self.rows[name] = Row(
            name,
            _short(value),
            (_short(min(runs)), _short(max(runs))),
            len(runs),
            expected.unit,
            expected.budget,
            within,
            note,
        )
        return row

    def missing(self) -> list[str]:
        """Names of expected rows that were not measured."""
        return [name for name in EXPECTED if name not in self.rows]

    def as_json(self) -> list[dict[str, Any]]:
        """Rows as var/bench.json holds them."""
        return [asdict(row) for row in self.rows.values()]


def _short(value: float) -> float:
    """Four digits: more would claim a precision that no run has."""
    return float(f"{value:.4g}")
