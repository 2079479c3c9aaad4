"""Builds a population into a store: checks first, builds out of sight, makes it visible whole or not at all.

A build that was interrupted goes on after its last finished block when it is started again.
"""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from sqlalchemy import Engine

from registry.engine import open_engine, registry_url
from registry.errors import AlreadyBuilt, NotBuilt, OtherPopulation
from registry.load import Loader, discard_half_built
from registry.population import read_meta, read_population
from seed.errors import BuildRunning, NoRoom
from seed.plan import Plan
from seed.pool import encoded
from seed.units import units_of_both_maps

BYTES_A_PERSON = 1_800  # 1,265 measured on SQLite with all indexes; the rest is room for sorting them
BYTES_A_STORE = 20_000_000  # administrative units and an empty file
LOCK_NAME = "seed.lock"
PARTIAL_SUFFIX = ".partial"
_SQLITE_SUFFIXES = ("", "-wal", "-shm", "-journal")

Progress = Callable[[str, int], None]  # "people" or one of registry.load.STAGES, people done so far


def build(
    plan: Plan,
    state_dir: Path,
    *,
    epoch: str,
    workers: int,
    progress: Progress,
    database: str | None = None,
    discard: bool = False,
) -> None:
    """Build `plan` into STATE/registry.db, or into the PostgreSQL database at `database`; go on where a build stopped.

    `discard`: remove what an unfinished build left, of whatever population, and start anew. `progress` is told of
    people that an interruption keeps. Raises `AlreadyBuilt` when exactly this population is there, other
    `RegistryError`s and `SeedError`s when the build is refused or fails; then whatever was there before is still
    there, and nothing half built is visible.
    """
    state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _lock(state_dir):
        if database is None:
            _build_file(plan, Path(registry_url(state_dir)), epoch, workers, progress, discard)
        else:
            _build_database(plan, database, epoch, workers, progress, discard)


def expected_bytes(people: int) -> int:
    """Disk space a population takes in SQLite; generous."""
    return BYTES_A_STORE + people * BYTES_A_PERSON


def _build_file(plan: Plan, path: Path, epoch: str, workers: int, progress: Progress, discard: bool) -> None:
    if path.exists():
        _refuse_existing(plan, path)
    partial = path.with_name(path.name + PARTIAL_SUFFIX)
    if discard:
        _remove(partial)  # the lock says that nobody works on it
    _require_room(plan, partial)
    with suppress(AlreadyBuilt):  # stopped between its last statement and its name
        _fill(open_engine(partial), plan, epoch, workers, progress)
    os.rename(partial, path)
    _sync_directory(path.parent)


def _build_database(plan: Plan, database: str, epoch: str, workers: int, progress: Progress, discard: bool) -> None:
    engine = open_engine(database)
    if discard and read_meta(engine).get("complete") == "0":
        discard_half_built(engine)
    _fill(engine, plan, epoch, workers, progress)


def _fill(engine: Engine, plan: Plan, epoch: str, workers: int, progress: Progress) -> None:
    loader = Loader(engine)
    try:
        first = loader.begin(people=plan.people, seed=plan.seed)
        progress("people", plan.first_person(first) - 1)
        if first == 0:
            loader.insert_units(*units_of_both_maps())
        with closing(encoded(plan, workers, first, loader.encoder)) as made:
            for block in range(first, plan.blocks):
                loader.load(next(made))
                loader.end_block()
                progress("people", plan.first_person(block + 1) - 1)
        loader.finish(epoch=epoch, told=lambda stage: progress(stage, plan.people))
    finally:
        loader.close()
        engine.dispose()  # the last connection to an SQLite file takes its log in


def _refuse_existing(plan: Plan, path: Path) -> None:
    engine = open_engine(path, read_only=True)
    try:
        found = read_population(engine)
    except NotBuilt:
        raise OtherPopulation from None
    finally:
        engine.dispose()
    raise AlreadyBuilt if (found.people, found.seed) == (plan.people, plan.seed) else OtherPopulation


def _require_room(plan: Plan, partial: Path) -> None:
    there = partial.stat().st_size if partial.exists() else 0
    needed, free = expected_bytes(plan.people) - there, shutil.disk_usage(partial.parent).free
    if needed > free:
        raise NoRoom(
            f"{plan.people:,} people need about {needed / 1e9:.1f} GB and {free / 1e9:.1f} GB are free: "
            "build fewer people, or give a state directory on a larger disk"
        )


@contextmanager
def _lock(state_dir: Path) -> Iterator[None]:
    with open(state_dir / LOCK_NAME, "w", opener=_private) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BuildRunning("another build works in this state directory: wait for it, or stop it") from None
        yield


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _remove(path: Path) -> None:
    for suffix in _SQLITE_SUFFIXES:
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
