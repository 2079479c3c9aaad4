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
ABSENT = "001090999999"


def _start(scene: Scene, agency: str, *asking: object) -> subprocess.Popen[str]:
    gateway, why = scene.gateway, AGENCIES[agency].context
    stated = ["--purpose", why.purpose, "--legal-basis", why.legal_basis, "--case", "HS", "--officer", "o"]
    where = ["--identity", gateway.identity(agency), "--server", gateway.address]
    words = [sys.executable, "-m", "gateway", *map(str, [*asking, *stated, *where, "--json"])]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _look_up(scene: Scene, people: Path, out: Path, receipts: Path) -> subprocess.Popen[str]:
    asking = ["--file", people, "--out", out, "--receipts", receipts, "--fields", "number,name,sex"]
    return _start(scene, "hospital", "lookup", *asking)


def _until(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.mark.slow
def test_killed_worker_and_killed_command_leave_exact_results_and_counts(scene: Scene, tmp_path: Path) -> None:
    people, out, receipts = tmp_path / "people.csv", tmp_path / "results.csv", tmp_path / "receipts.jsonl"
    numbers = [number_of(1 + at % 1000) if at % 100 else ABSENT for at in range(ROWS)]
    people.write_text("\n".join(["number", *numbers]) + "\n")
    part, absent = out.with_name(out.name + ".part"), ROWS // 100

    first = _look_up(scene, people, out, receipts)
    _until(lambda: part.exists() and part.stat().st_size > 150_000, first)
    first.kill()
    first.communicate()
    kept = part.stat().st_size

    second = _look_up(scene, people, out, receipts)
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
    _check_accounting(scene, receipts, ("hospital", "StreamLookUpPersons"), ROWS - absent)


@pytest.mark.slow
def test_interrupted_verifications_go_on_and_no_second_command_writes_the_same_results(
    scene: Scene, tmp_path: Path
) -> None:
    people, out, receipts = tmp_path / "people.csv", tmp_path / "results.csv", tmp_path / "receipts.jsonl"
    numbers = [number_of(1 + at % 1000) if at % 100 else ABSENT for at in range(ROWS)]
    names = [f"Nguyễn {'Thị' if at % 2 else 'Văn'} {'Hòa' if at % 3 else 'Hoá'}" for at in range(ROWS)]
    lines = [f"{at},{number},{name}" for at, (number, name) in enumerate(zip(numbers, names, strict=True))]
    people.write_text("\ufeff" + "\r\n".join(["key,number,name", *lines]), encoding="utf-8")
    part, absent = out.with_name(out.name + ".part"), ROWS // 100
    asking = ["verify", people, "--out", out, "--receipts", receipts, "--keep", "key", "--ask", "alive"]

    first = _start(scene, "bank", *asking)
    _until(lambda: part.exists() and part.stat().st_size > 150_000, first)
    first.send_signal(signal.SIGSTOP)
    beside = _start(scene, "bank", *asking)
    assert "another process works on" in beside.communicate(timeout=60)[1]
    assert beside.returncode == 2
    first.send_signal(signal.SIGINT)
    first.send_signal(signal.SIGCONT)
    assert "the same command goes on there" in first.communicate(timeout=60)[1]
    assert first.returncode == 130

    second = _start(scene, "bank", *asking)
    told, said = second.communicate(timeout=90)
    assert second.returncode == 0, said
    report = json.loads(told)
    assert (report["asked"], report["found"], report["absent"]) == (ROWS, ROWS - absent, absent)
    assert (report["batches"], 0 <= report["repeated_batches"] <= LANES) == (ROWS // 1000, True)
    found = duckdb.read_csv(str(out), all_varchar=True).fetchall()
    assert [row[:2] for row in found] == [(str(at), number) for at, number in enumerate(numbers)]
    assert all((row[2] == "absent") == (row[1] == ABSENT) for row in found)
    assert report["fields"]["name"] == Counter(row[3] for row in found if row[3])
    assert report["fields"]["name"]["MATCH"] > report["fields"]["name"]["MISMATCH"] > ROWS // 4
    _check_accounting(scene, receipts, ("bank", "StreamVerifyPersons"), ROWS - absent)


def _check_accounting(scene: Scene, receipts: Path, key: tuple[str, str], people: int) -> None:
    gateway, method = scene.gateway, key[1]
    held = {each.receipt.index: each for each in read_receipts(receipts) if each.method == method}
    gateway.entry(max(held))
    entries = [entry for entry in gateway.log() if entry.method == method and entry.kind == Kind.DISCLOSURE]
    by_call = Counter(entry.call_id for entry in entries)
    once = {entry.call_id: entry.people for entry in entries}
    assert sum(once.values()) == people
    assert len(once) == ROWS // 1000
    assert {bytes.fromhex(each.call_id) for each in held.values()} == once.keys()
    directory = gateway.state / "audit"
    report = verify(str(directory), (directory / "log.vkey").read_text().strip())
    repeated = report.repeated.get(key)
    surplus = sum(count - 1 for count in by_call.values())
    assert (repeated.entries if repeated is not None else 0) == surplus <= 2 * LANES
    assert report.disclosed[key].people - (repeated.people if repeated is not None else 0) == people
