"""A file of people through a gateway whose worker is killed, by a command that is killed: exact all the same."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from gateway.audit.entry import Kind
from gateway.audit.verify import verify
from gateway.client.receipts import read_receipts
from tests.e2e.scene import Scene
from tests.gateway import AGENCIES
from tests.world import number_of

ROWS = 30_000
LANES = 4
HOSPITAL = AGENCIES["hospital"].context
METHOD = "StreamLookUpPersons"


def _start(scene: Scene, people: Path, out: Path, receipts: Path) -> subprocess.Popen[str]:
    gateway = scene.gateway
    asking = ["--file", people, "--out", out, "--receipts", receipts, "--fields", "number,name,sex", "--json"]
    why = ["--purpose", HOSPITAL.purpose, "--legal-basis", HOSPITAL.legal_basis, "--case", "HS", "--officer", "o"]
    where = ["--identity", gateway.identity("hospital"), "--server", gateway.address]
    words = [sys.executable, "-m", "gateway", "lookup", *map(str, [*asking, *why, *where])]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _until(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.mark.slow
def test_killed_worker_and_killed_command_leave_exact_results_and_counts(scene: Scene, tmp_path: Path) -> None:
    people, out, receipts = tmp_path / "people.csv", tmp_path / "results.csv", tmp_path / "receipts.jsonl"
    numbers = [number_of(1 + at % 1000) if at % 100 else "001090999999" for at in range(ROWS)]
    people.write_text("\n".join(["number", *numbers]) + "\n")
    part, absent = out.with_name(out.name + ".part"), ROWS // 100

    first = _start(scene, people, out, receipts)
    _until(lambda: part.exists() and part.stat().st_size > 150_000, first)
    first.kill()
    first.communicate()
    kept = part.stat().st_size

    second = _start(scene, people, out, receipts)
    _until(lambda: part.stat().st_size > kept + 150_000, second)
    os.kill(scene.gateway.serving_workers()[0], signal.SIGKILL)
    told, said = second.communicate(timeout=90)
    assert second.returncode == 0, said
    report = json.loads(told)
    assert (report["asked"], report["found"], report["unavailable"]) == (ROWS, ROWS - absent, absent)
    assert report["batches"] == ROWS // 1000
    # At most one batch a stream after the kill of the command, and one after that of a worker.
    assert 0 < report["repeated_batches"] <= 2 * LANES
    assert report["repeated"] == report["repeated_batches"] * 1000

    found = duckdb.read_csv(str(out), all_varchar=True).fetchall()
    assert [row[0] for row in found] == numbers
    assert all(row[4] == row[0] for row in found if row[1] == "found")
    _check_accounting(scene, receipts, ROWS - absent)


def _check_accounting(scene: Scene, receipts: Path, people: int) -> None:
    gateway = scene.gateway
    held = {each.receipt.index: each for each in read_receipts(receipts) if each.method == METHOD}
    gateway.entry(max(held))
    entries = [entry for entry in gateway.log() if entry.method == METHOD and entry.kind == Kind.DISCLOSURE]
    by_call = Counter(entry.call_id for entry in entries)
    once = {entry.call_id: entry.people for entry in entries}
    assert sum(once.values()) == people
    assert len(once) == ROWS // 1000
    assert {bytes.fromhex(each.call_id) for each in held.values()} == once.keys()
    directory = gateway.state / "audit"
    report = verify(str(directory), (directory / "log.vkey").read_text().strip())
    key = "hospital", METHOD
    repeated = report.repeated.get(key)
    surplus = sum(count - 1 for count in by_call.values())
    assert (repeated.entries if repeated is not None else 0) == surplus <= 2 * LANES
    assert report.disclosed[key].people - (repeated.people if repeated is not None else 0) == people
