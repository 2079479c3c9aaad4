"""The rows that every full run must produce, with their budgets, and how runs become a row. Measures nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from tests.bench.methods import METHODS

WORKERS = (1, 2)
IN_FLIGHT = (8, 32, 128)
LOADS = (50, 90)
PEER_IN_FLIGHT = (32, 128)
DATABASES = ("sqlite", "postgresql")
BATCHED = ("BatchLookUpPersons", "StreamLookUpPersons", "BatchVerifyPersons", "StreamVerifyPersons")
SINGLE = tuple(name for name in METHODS if name not in BATCHED and name != "LookUpPerson")
METHOD_FIGURES = ("share", "rate", "echo", "server_cpu", "client_cpu", "p50", "p99")
BATCH_RATES = {"sqlite": 150_000, "postgresql": 80_000}
BATCH_SHARE = 0.3
BUDGET_PEOPLE = 1_000_000
"""The population that the budgets of batches speak of."""


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


def method_row(name: str, database: str, workers: int) -> str:
    """The end of the names of a method's rows."""
    return f"{name}_{database}_{workers}w"


def method_places() -> list[tuple[str, str, int]]:
    """Method, database and workers of everything that is measured besides single look-ups."""
    return [
        (name, database, workers)
        for database in DATABASES
        for workers in WORKERS
        for name in (*BATCHED, *(SINGLE if database == "sqlite" else ()))
    ]


def _methods() -> dict[str, Expected]:
    rows: dict[str, Expected] = {}
    for name, database, workers in method_places():
        place = method_row(name, database, workers)
        budgeted = name in BATCHED and workers == max(WORKERS)
        share = BATCH_SHARE if budgeted and database == "sqlite" else None
        rows[f"share_{place}"] = Expected("of echo", "people asked about over those of the echo of the same messages")
        if name in BATCHED:
            rows[f"batch_share_{place}"] = Expected("of echo", "the same over the echo of batches of look-ups", share)
        rate = BATCH_RATES[database] if budgeted else None
        rows[f"rate_{place}"] = Expected("1/s", "people asked about", rate)
        rows[f"echo_{place}"] = Expected("1/s", "people asked about, of the echo")
        rows[f"server_cpu_{place}"] = Expected("us", "server CPU of a person, sequencer included, database not")
        rows[f"client_cpu_{place}"] = Expected("us", "client CPU of a person")
        rows[f"p50_{place}"] = Expected("ms", "median time of a message")
        rows[f"p99_{place}"] = Expected("ms", "99th percentile of a message")
    return rows


def _peer() -> dict[str, Expected]:
    rows: dict[str, Expected] = {}
    for workers in WORKERS:
        for in_flight in PEER_IN_FLIGHT:
            place = f"{in_flight}_{workers}w"
            for begin, commits in (("peer", "commits shared"), ("peer_each", "a commit each")):
                what = f"{commits}, {in_flight} in flight"
                rows[f"{begin}_calls_{place}"] = Expected("1/s", f"look-ups of the peer, {what}")
                rows[f"{begin}_ratio_{place}"] = Expected("times", f"our look-ups over the peer's, {what}", 3)
                rows[f"{begin}_cpu_{place}"] = Expected("us", f"server CPU of a look-up of the peer, {what}")
                rows[f"{begin}_p99_{place}"] = Expected("ms", f"99th percentile of a look-up of the peer, {what}")
        rows[f"peer_batch_people_{workers}w"] = Expected("1/s", "people of the peer's batch route, 1,000 a request")
        rows[f"peer_batch_ratio_{workers}w"] = Expected("times", "people of our batches over the peer's")
    return rows


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
        for load in LOADS:
            for percent in (50, 95, 99):
                budget = 15 if (load, percent) == (50, 99) else None
                text = f"p{percent} at {load} % of the rate of 32 in flight"
                rows[f"unary_p{percent}_load_{load}_{workers}w"] = Expected("ms", text, budget, budget is not None)
            text = "mean time of a group commit meanwhile, with its sync"
            rows[f"commit_load_{load}_{workers}w"] = Expected("ms", text)
            rows[f"unary_echo_p99_load_{load}_{workers}w"] = Expected("ms", "p99 of the echo at the same arrivals")
    return rows


EXPECTED: dict[str, Expected] = {
    **_unary(),
    **_methods(),
    **_peer(),
    "identity_check": Expected("us", "certificate, token, expiry and revocation of a call", 15, True),
    "share_lost_to_checks": Expected("points", "what these checks take from the share at 32 in flight", 5, True),
    "fragments_made": Expected("1/s", "stored fragments made by the writer after the first start"),
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
    "generated_people": Expected("1/s", "people generated in a second of one core's time, not stored", 100_000),
    "build_people": Expected("1/s", "people generated and stored, SQLite, two cores", 10_000),
    "fair_p99_alone": Expected("ms", "p99 of nine agencies' look-ups, 300/s together"),
    "fair_p99_beside": Expected("ms", "the same beside a tenth that floods: 64 streams of full batches"),
    "fair_p99_ratio": Expected("times", "the flood's share in the nine's p99", 2, True),
    "fair_flood_people": Expected("1/s", "people that the flooding agency got meanwhile"),
    "worker_memory": Expected("MB", "resident memory of the largest worker, without pages of files", 300, True),
    "generator_memory": Expected("MB", "largest resident memory of the build, all processes together", 1000, True),
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
