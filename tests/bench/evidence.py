"""The audit log's own speed, and what a gateway needs to begin: verification, an auditor's question, a start."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from gateway.audit.paths import AuditPaths
from gateway.audit.verify import verify
from tests.bench.methods import Sampled
from tests.bench.processes import Gateway, Program
from tests.bench.rows import Results
from tests.bench.stage import ASKER, AUDITOR, settings_for
from tests.bench.world import World

QUESTIONS = 20
QUERY_ENTRIES = 10_000_000


def measure_query(world: World, results: Results, numbers: int) -> None:
    """An auditor's question, over the entries that the log has by now."""
    mine = numbers // len(world.clients)
    time.sleep(1.5)  # until everything is published
    order = {"do": "query", "target": AUDITOR, "at": [at * mine // QUESTIONS for at in range(QUESTIONS)]}
    reply = world.clients[0].ask(order)
    entries = reply["entries"]
    note = f"over {entries:,} entries; the budget speaks of {QUERY_ENTRIES:,}"
    results.add("query_by_person", reply["milliseconds"], note=note, comparable=entries >= QUERY_ENTRIES)


def measure_start(state: Path, sample: Sequence[Sampled], results: Results, runs: int) -> None:
    """A start over a state directory that has served before, and a client that mirrors everybody."""
    took = []
    with Program("tests.bench.load", {"sample": sample[:100]}) as client:
        for _ in range(runs):
            settings = settings_for(state, 2)
            begin = time.monotonic()
            with Gateway(settings) as gateway:
                order = {
                    "do": "first",
                    "gateway": f"{settings.host}:{settings.port}",
                    "identity": str(state / "agencies" / ASKER),
                    "pids": gateway.workers[:1],
                }
                took.append(client.ask(order)["at"] - begin)
                if len(took) == runs:
                    results.add("snapshot_client_memory", [_mirror(settings.port, state)])
    results.add("warm_start", took, note="2 workers")


def _mirror(port: int, state: Path) -> float:
    """Largest resident memory of a client that pulls everybody, MB."""
    folder = str(state / "agencies" / ASKER)
    output = subprocess.run(
        [sys.executable, "-m", "tests.bench.mirroring", folder, f"127.0.0.1:{port}"], stdout=subprocess.PIPE, check=True
    ).stdout
    return float(output)


def measure_verification(state: Path, results: Results, runs: int) -> None:
    """The whole log, offline, in this process."""
    paths = AuditPaths(str(state))
    vkey = Path(paths.log_vkey).read_text().strip()
    rates = []
    for _ in range(runs):
        begin = time.perf_counter()
        size = verify(paths.log, vkey).size
        rates.append(size / (time.perf_counter() - begin))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    results.add("verify_entries", rates, note=f"{size:,} entries, at most {peak:.0f} MB resident")
