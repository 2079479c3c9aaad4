"""Building a population into a store: whole or not at all, refusals in sentences, nothing lost."""

import fcntl
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from registry.engine import open_engine, registry_url
from registry.errors import AlreadyBuilt, OtherPopulation
from registry.population import read_population
from seed import build as building
from seed.build import build
from seed.commands import EXIT_INTERRUPTED, EXIT_REFUSED, app
from seed.digest import store_digest
from seed.errors import NoRoom
from seed.plan import Plan
from tests.postgres import running_postgres

COMMAND = [sys.executable, "-c", "from seed.commands import app; app(prog_name='popgate seed')"]
RUNNER = CliRunner()


def make(plan: Plan, state: Path, workers: int = 1, database: str | None = None) -> None:
    build(plan, state, epoch="0" * 16, workers=workers, progress=lambda _stage, _done: None, database=database)


def digest(state: Path, database: str | None = None) -> str:
    engine = open_engine(database or registry_url(state), read_only=True)
    try:
        return store_digest(engine)
    finally:
        engine.dispose()


def left_in(state: Path) -> set[str]:
    return {path.name for path in state.iterdir()} - {building.LOCK_NAME}


def test_a_built_population_is_complete_and_the_same_for_any_number_of_workers(tmp_path: Path) -> None:
    plan = Plan(2_500, 5, block_people_max=900)
    make(plan, tmp_path / "one", workers=1)
    make(plan, tmp_path / "two", workers=2)
    assert digest(tmp_path / "one") == digest(tmp_path / "two")
    assert left_in(tmp_path / "one") == {"registry.db"}
    engine = open_engine(registry_url(tmp_path / "one"), read_only=True)
    found = read_population(engine)
    engine.dispose()
    assert (found.people, found.seed) == (plan.people, plan.seed)


@pytest.mark.slow
def test_one_two_and_three_workers_fill_both_databases_alike(tmp_path: Path) -> None:
    plan = Plan(8_000, 5, block_people_max=2_000)
    digests = set()
    with running_postgres() as postgres:
        for workers in (1, 2, 3):
            database = postgres.create_database(f"workers_{workers}")
            make(plan, tmp_path / str(workers), workers)
            make(plan, tmp_path, workers, database)
            digests |= {digest(tmp_path / str(workers)), digest(tmp_path, database)}
    assert len(digests) == 1


@pytest.mark.parametrize("people", [1, 17])
def test_tiny_populations_work(tmp_path: Path, people: int) -> None:
    result = RUNNER.invoke(app, ["build", "--people", str(people), "--seed", "1", "--state", str(tmp_path)])
    assert result.exit_code == 0, result.output
    connection = sqlite3.connect(tmp_path / "registry.db")
    assert connection.execute("SELECT count(*) FROM person").fetchone() == (people,)
    connection.close()


@pytest.mark.parametrize(
    ("people", "code", "words"),
    [
        ("0", EXIT_REFUSED, "at least 1"),
        ("-3", EXIT_REFUSED, "at least 1"),
        ("many", 2, "valid integer"),
        ("200000000", EXIT_REFUSED, "more than"),
    ],
)
def test_an_impossible_number_is_refused_in_a_sentence(tmp_path: Path, people: str, code: int, words: str) -> None:
    result = RUNNER.invoke(app, ["build", f"--people={people}", "--state", str(tmp_path / "new")])
    assert result.exit_code == code
    assert words in " ".join(result.output.replace("│", " ").split())
    assert not (tmp_path / "new").exists()


def test_the_same_population_again_is_no_error_and_changes_nothing(tmp_path: Path) -> None:
    arguments = ["build", "--people", "50", "--seed", "1", "--state", str(tmp_path)]
    assert RUNNER.invoke(app, arguments).exit_code == 0
    before = (tmp_path / "registry.db").stat()
    result = RUNNER.invoke(app, arguments)
    assert result.exit_code == 0
    assert "already there" in result.output
    assert (tmp_path / "registry.db").stat().st_mtime_ns == before.st_mtime_ns


def test_a_store_with_another_population_is_refused_and_nothing_is_lost(tmp_path: Path) -> None:
    make(Plan(50, 1), tmp_path)
    before = digest(tmp_path)
    for plan in (Plan(50, 2), Plan(51, 1)):
        with pytest.raises(OtherPopulation):
            make(plan, tmp_path)
    with pytest.raises(AlreadyBuilt):
        make(Plan(50, 1), tmp_path)
    assert digest(tmp_path) == before


def test_a_disk_too_small_is_refused_before_anything_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "BYTES_A_PERSON", 10**15)
    with pytest.raises(NoRoom, match="are free"):
        make(Plan(100, 1), tmp_path)
    assert left_in(tmp_path) == set()


def test_a_second_build_at_once_is_refused(tmp_path: Path) -> None:
    with open(tmp_path / building.LOCK_NAME, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        result = RUNNER.invoke(app, ["build", "--people", "10", "--state", str(tmp_path)])
    assert result.exit_code == EXIT_REFUSED
    assert "another build" in result.output
    assert left_in(tmp_path) == set()


def test_what_is_no_half_built_population_is_removed_on_request_only(tmp_path: Path) -> None:
    (tmp_path / "registry.db.partial").write_bytes(b"half a population")
    (tmp_path / "registry.db.partial-wal").write_bytes(b"and its log")
    arguments = ["build", "--people", "20", "--state", str(tmp_path)]
    assert RUNNER.invoke(app, arguments).exit_code == EXIT_REFUSED
    assert left_in(tmp_path) >= {"registry.db.partial"}
    assert RUNNER.invoke(app, [*arguments, "--discard-half-built"]).exit_code == 0
    assert left_in(tmp_path) == {"registry.db"}


def test_ctrl_c_ends_the_command_and_its_workers_cleanly(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*COMMAND, "build", "--people", "3000000", "--workers", "2", "--state", str(tmp_path)],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    partial = tmp_path / "registry.db.partial"
    until = time.monotonic() + 60
    while not (partial.exists() and partial.stat().st_size > 5_000_000):
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    _, message = process.communicate(timeout=30)
    assert process.returncode == EXIT_INTERRUPTED
    assert re.fullmatch(
        r"interrupted after [\d,]+ of 3,000,000 people: the same command goes on from there", message.strip()
    )
    assert "registry.db" not in left_in(tmp_path)
