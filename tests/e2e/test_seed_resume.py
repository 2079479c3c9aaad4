"""A build that was stopped anywhere is never visible, goes on where it was, and ends with the same people."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from registry.engine import open_engine, registry_url
from registry.errors import AlreadyBuilt, HalfBuilt, NotBuilt, OtherHalfBuilt
from registry.population import read_population
from seed.build import build
from seed.commands import EXIT_INTERRUPTED, EXIT_REFUSED
from seed.digest import store_digest
from seed.plan import Plan
from tests.postgres import Postgres, running_postgres

PLAN = Plan(600, 3, block_people_max=150)

# `popgate seed` with small blocks, made in the same process, which gets a signal at the given call of the loader's
# method after the given number of blocks, and cannot write files longer than the given number of bytes.
COMMAND = """
import os, resource, sys
from registry.load import Loader
from seed import build, commands, plan

bytes_max, number, blocks, method, calls = (int(word) if word.isdigit() else word for word in sys.argv.pop(1).split())
if bytes_max:
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_max, resource.RLIM_INFINITY))
seen = {"end_block": 0, "calls": 0}

def watched(name):
    plain = getattr(Loader, name)
    def call(self, *arguments, **options):
        if name == method and seen["end_block"] >= blocks:
            if seen["calls"] == calls:
                os.kill(os.getpid(), number)
            seen["calls"] += 1
        result = plain(self, *arguments, **options)
        seen["end_block"] += name == "end_block"
        return result
    setattr(Loader, name, call)

for name in {"end_block", method}:
    watched(name)
commands.Plan = lambda people, seed: plan.Plan(people, seed, block_people_max=150)
commands.build = lambda *arguments, **options: build.build(*arguments, **options | {"workers": 0})
commands.app(prog_name="popgate seed")
"""
# When to send it: after so many blocks, at which call, from 0, of which method.
MOMENTS = {
    "laying out the tables": "0 _ddl 3",
    "at the first block": "0 load 0",
    "before the second block counts": "1 end_block 0",
    "at the last block": "3 load 0",
    "in the indexes": "4 _ddl 9",
}
QUICK = {
    ("sqlite", "before the second block counts"),
    ("sqlite", "in the indexes"),
    ("postgresql", "before the second block counts"),
}
"""The others are as much worth, and are tried with the slow tests."""


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    state = tmp_path_factory.mktemp("undisturbed")
    finish(state, None)
    return state


@pytest.fixture(scope="module")
def people(undisturbed: Path) -> str:
    """Digest of the people that every build has to end with."""
    return digest(undisturbed, None)


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with running_postgres() as server:
        yield server


SQLITE, POSTGRESQL = "sqlite", pytest.param("postgresql", marks=pytest.mark.slow)


@pytest.fixture(params=[SQLITE, POSTGRESQL])
def database(request: pytest.FixtureRequest) -> str | None:
    """Address of an empty PostgreSQL database; None is SQLite in the state directory."""
    if request.param == "sqlite":
        return None
    server: Postgres = request.getfixturevalue("postgres")
    return server.create_database(f"resume_{abs(hash(request.node.name))}")


def run(state: Path, database: str | None, stop: str, bytes_max: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", COMMAND, f"{bytes_max} {stop}", "build", "--state", str(state)]
    command += ["--people", str(PLAN.people), "--seed", str(PLAN.seed)]
    command += ["--database", database] if database else []
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def finish(state: Path, database: str | None, plan: Plan = PLAN, *, discard: bool = False) -> list[int]:
    """Build, or go on building, in this process; returns how many people were there at each report."""
    shown: list[int] = []
    build(
        plan,
        state,
        epoch="0" * 16,
        workers=0,
        progress=lambda _stage, done: shown.append(done),
        database=database,
        discard=discard,
    )
    return shown


def digest(state: Path, database: str | None) -> str:
    engine = open_engine(database or registry_url(state), read_only=True)
    try:
        return store_digest(engine)
    finally:
        engine.dispose()


def require_nothing_visible(state: Path, database: str | None, why: type[Exception] = HalfBuilt) -> None:
    if database is None:
        assert not (state / "registry.db").exists()
        return
    engine = open_engine(database, read_only=True)
    with pytest.raises(why):
        read_population(engine)
    engine.dispose()


@pytest.mark.parametrize(
    ("database", "moment"),
    [
        pytest.param(database, moment, marks=() if (database, moment) in QUICK else pytest.mark.slow)
        for database in ("sqlite", "postgresql")
        for moment in MOMENTS
    ],
    indirect=["database"],
)
def test_a_killed_build_goes_on_and_ends_with_the_same_people(
    tmp_path: Path, people: str, database: str | None, moment: str
) -> None:
    killed = run(tmp_path, database, f"{int(signal.SIGKILL)} {MOMENTS[moment]}")
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    require_nothing_visible(tmp_path, database, NotBuilt if "tables" in moment else HalfBuilt)
    blocks = int(MOMENTS[moment].split()[0])
    assert finish(tmp_path, database)[0] == PLAN.first_person(blocks) - 1
    assert digest(tmp_path, database) == people
    if database is None:
        assert {path.name for path in tmp_path.iterdir()} == {"registry.db", "seed.lock"}


@pytest.mark.slow
def test_a_build_killed_when_all_was_done_needs_its_name_only(
    tmp_path: Path, people: str, database: str | None
) -> None:
    run(tmp_path, database, f"{int(signal.SIGKILL)} 4 close 0")
    if database is None:
        require_nothing_visible(tmp_path, database)
        assert finish(tmp_path, database) == []
    with pytest.raises(AlreadyBuilt):
        finish(tmp_path, database)
    assert digest(tmp_path, database) == people


@pytest.mark.slow
def test_ctrl_c_says_how_far_it_got(tmp_path: Path, people: str, database: str | None) -> None:
    stopped = run(tmp_path, database, f"{int(signal.SIGINT)} 2 load 0")
    assert stopped.returncode == EXIT_INTERRUPTED
    assert stopped.stderr.strip() == "interrupted after 300 of 600 people: the same command goes on from there"
    require_nothing_visible(tmp_path, database)
    assert finish(tmp_path, database)[0] == 300
    assert digest(tmp_path, database) == people


@pytest.mark.slow
def test_other_people_are_refused_until_the_half_built_are_discarded(tmp_path: Path, database: str | None) -> None:
    run(tmp_path, database, f"{int(signal.SIGINT)} 2 load 0")
    for plan in (Plan(601, 3), Plan(600, 4)):
        with pytest.raises(OtherHalfBuilt, match="--discard-half-built"):
            finish(tmp_path, database, plan)
    assert finish(tmp_path, database, Plan(20, 3), discard=True)[0] == 0
    engine = open_engine(database or registry_url(tmp_path), read_only=True)
    assert read_population(engine).people == 20
    engine.dispose()


@pytest.mark.parametrize(
    "share", [pytest.param(0.3, marks=pytest.mark.slow), 0.6, pytest.param(0.9, marks=pytest.mark.slow)]
)
def test_a_full_disk_is_said_and_the_build_goes_on_once_there_is_room(
    tmp_path: Path, undisturbed: Path, people: str, share: float
) -> None:
    size = (undisturbed / "registry.db").stat().st_size
    full = run(tmp_path, None, "0 9 load 0", bytes_max=int(size * share))
    assert full.returncode == EXIT_REFUSED
    assert "see that it runs and has room" in full.stderr
    require_nothing_visible(tmp_path, None)
    finish(tmp_path, None)
    assert digest(tmp_path, None) == people
