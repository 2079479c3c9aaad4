"""`popgate registry fragments`: checked beside a running gateway, made anew without one, refused in its way."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from pathlib import Path

from typer.testing import CliRunner

from gateway.cli.program import app
from gateway.supervisor import take_lock
from tests.gateway import Gateway
from tests.world import number_of


def _run(command: str, state: Path, *more: str) -> tuple[int, str, str]:
    ran = CliRunner().invoke(app, ["registry", "fragments", command, "--state", str(state), *more])
    return ran.exit_code, ran.stdout, ran.stderr


def test_a_check_runs_beside_a_gateway_and_a_rebuild_does_not(gateway: Gateway) -> None:
    code, told, said = _run("check", gateway.state, "--json")
    report = json.loads(told)
    assert (code, said) == (0, "")
    assert (report["people"], report["right"] + report["to_make"], report["holds"]) == (1000, 1000, True)
    code, told, said = _run("rebuild", gateway.state)
    assert (code, told) == (1, "")
    assert "Nothing was changed: another gateway" in said


def test_what_is_wrong_is_found_and_made_right(registry: Path, tmp_path: Path) -> None:
    shutil.copyfile(registry, tmp_path / "registry.db")
    counts = "1,000 fragments as the columns have it, 0 to be made, 0 wrong, 0 lost, 0 of nobody"
    packed = "1,000 in the pack, 0 of them wrong"
    assert _run("rebuild", tmp_path)[:2] == (0, f"1,000 people: {counts}; {packed}\n")
    with sqlite3.connect(tmp_path / "registry.db") as database:
        database.execute("UPDATE fragment SET body = x'00' WHERE person_id = 7")
    code, told, _ = _run("check", tmp_path)
    assert (code, "1 wrong" in told, number_of(7) in told) == (1, True, False)
    assert "popgate registry fragments rebuild" in told
    code, told, _ = _run("rebuild", tmp_path, "--json")
    assert (code, json.loads(told)["right"]) == (0, 1000)
    lock = take_lock(tmp_path)
    assert _run("rebuild", tmp_path)[0] == 1
    os.close(lock)


def test_where_there_is_no_registry_nothing_is_made(tmp_path: Path) -> None:
    for command in ("check", "rebuild"):
        code, told, said = _run(command, tmp_path / "none")
        assert (code, told, "popgate seed" in said or "registry.db" in said) == (1, "", True), said
    assert not (tmp_path / "none").exists()
    (tmp_path / "registry.db").write_bytes(b"not a database" * 100)
    assert _run("check", tmp_path)[0] == 1
