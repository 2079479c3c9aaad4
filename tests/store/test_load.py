"""A population is loaded whole, into an empty store, or not at all."""

import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine, inspect

from registry.engine import is_sqlite, open_engine
from registry.errors import (
    AlreadyBuilt,
    HalfBuilt,
    Inconsistent,
    NotBuilt,
    OtherHalfBuilt,
    OtherPopulation,
    SecondWriter,
    StoreUnavailable,
)
from registry.load import Loader, discard_half_built
from registry.migrations import drop_everything
from registry.people import PeopleStore
from registry.population import Population, read_population
from tests.store.small_population import EPOCH, PEOPLE, SEED, build, number, person_columns

Open = Callable[..., Engine]


def alone(people: int) -> dict[str, list[Any]]:
    """People who refer to nobody and to no household."""
    links = ("father_id", "mother_id", "spouse_id", "household_id")
    return {name: values[:people] for name, values in person_columns().items() if name not in links}


def orphan(people: int) -> dict[str, list[Any]]:
    """A father who is not there."""
    return {"father_id": [99] * people}


def load(
    engine: Engine, columns: dict[str, Any], people: int = 3, *, finished: bool = True, encoded: bool = False
) -> None:
    """Load these people and nothing else, row by row or as an encoded block."""
    with Loader(engine) as loader:
        loader.begin(people=people, seed=SEED)
        if encoded:
            loader.load(loader.encoder.encode({"person": columns}))
        else:
            loader.insert("person", columns)
        if finished:
            loader.finish(epoch=EPOCH)


def test_a_finished_load_names_its_population(url: str, opened: Open) -> None:
    assert read_population(opened(url, read_only=True)) == Population(EPOCH, PEOPLE, SEED)


def test_nothing_is_no_population(empty_url: str, opened: Open) -> None:
    with pytest.raises(NotBuilt):
        read_population(opened(empty_url))


def test_the_same_population_is_not_built_twice(url: str, opened: Open) -> None:
    with pytest.raises(AlreadyBuilt):
        Loader(opened(url)).begin(people=PEOPLE, seed=SEED)


def test_another_population_is_never_overwritten(url: str, opened: Open) -> None:
    engine = opened(url)
    with pytest.raises(OtherPopulation):
        Loader(engine).begin(people=PEOPLE, seed=SEED + 1)
    assert read_population(engine).seed == SEED


def test_an_unfinished_build_is_told_apart_and_can_be_discarded(empty_url: str, opened: Open) -> None:
    engine = opened(empty_url)
    load(engine, alone(3), finished=False)
    with pytest.raises(HalfBuilt):
        read_population(engine)
    with pytest.raises(OtherHalfBuilt):
        Loader(engine).begin(people=4, seed=SEED)
    discard_half_built(engine)
    build(engine)
    assert read_population(engine).people == PEOPLE


def test_a_load_goes_on_after_the_last_block_that_ended(empty_url: str, opened: Open) -> None:
    engine = opened(empty_url)
    columns = alone(3)
    with Loader(engine) as loader:
        assert loader.begin(people=3, seed=SEED) == 0
        loader.insert("person", {name: values[:2] for name, values in columns.items()})
        loader.end_block()
        loader.insert("person", {name: values[2:] for name, values in columns.items()})  # lost: its block never ends
    with Loader(engine) as loader:
        assert loader.begin(people=3, seed=SEED) == 1
        loader.insert("person", {name: values[2:] for name, values in columns.items()})
        loader.end_block()
        loader.finish(epoch=EPOCH)
    assert read_population(engine).people == 3


def test_the_end_of_a_load_can_be_repeated(empty_url: str, opened: Open) -> None:
    engine = opened(empty_url)
    for rows in (3, 0):
        with Loader(engine) as loader:
            loader.begin(people=3, seed=SEED)
            loader.insert("person", {name: values[:rows] for name, values in alone(3).items()} | orphan(rows))
            loader.end_block()
            with pytest.raises(Inconsistent):  # found after the indexes were built
                loader.finish(epoch=EPOCH)


def test_two_loads_at_once_are_refused_on_postgresql(empty_url: str, opened: Open) -> None:
    first, second = opened(empty_url), opened(empty_url)
    if is_sqlite(first):
        pytest.skip("on SQLite the caller keeps others from the file")
    with Loader(first) as loader, Loader(second) as other:
        loader.begin(people=3, seed=SEED)
        with pytest.raises(SecondWriter):
            other.begin(people=3, seed=SEED)


def test_a_finished_build_cannot_be_discarded(url: str, empty_url: str, opened: Open) -> None:
    with pytest.raises(AlreadyBuilt):
        discard_half_built(opened(url))
    with pytest.raises(NotBuilt):
        discard_half_built(opened(empty_url))


@pytest.mark.parametrize("encoded", [False, True])
def test_a_duplicate_number_leaves_the_store_half_built(empty_url: str, opened: Open, encoded: bool) -> None:
    columns = alone(3)
    columns["number"][2] = columns["number"][0]
    engine = opened(empty_url)
    with pytest.raises(Inconsistent) as error:
        load(engine, columns, encoded=encoded)
    assert columns["number"][0] not in str(error.value)
    with pytest.raises(HalfBuilt):
        read_population(engine)


def test_a_reference_to_nobody_is_found(empty_url: str, opened: Open) -> None:
    with pytest.raises(Inconsistent):
        load(opened(empty_url), alone(3) | orphan(3))


@pytest.mark.parametrize("announced", [2, 4])
def test_more_or_fewer_people_than_announced_are_refused(empty_url: str, opened: Open, announced: int) -> None:
    with pytest.raises(Inconsistent):
        load(opened(empty_url), alone(3), people=announced)


@pytest.mark.parametrize("encoded", [False, True])
def test_a_missing_value_is_refused_at_once(empty_url: str, opened: Open, encoded: bool) -> None:
    with pytest.raises(Inconsistent):
        load(opened(empty_url), alone(3) | {"surname": ["Lê", None, "Lê"]}, encoded=encoded)


@pytest.mark.parametrize("encoded", [False, True])
def test_columns_of_different_length_are_refused(empty_url: str, opened: Open, encoded: bool) -> None:
    with pytest.raises(ValueError, match="length"):
        load(opened(empty_url), alone(3) | {"surname": ["Lê"]}, encoded=encoded)


def test_a_person_given_twice_in_blocks_is_refused_at_once(empty_url: str, opened: Open) -> None:
    with Loader(opened(empty_url)) as loader:
        loader.begin(people=3, seed=SEED)
        block = loader.encoder.encode({"person": alone(3)})
        loader.load(block)
        with pytest.raises(Inconsistent):
            loader.load(block)


@pytest.mark.parametrize("column", ["household_id", "father_id", "mother_id", "spouse_id"])
@pytest.mark.parametrize("nobody", [0, 4])
def test_every_reference_is_checked(empty_url: str, opened: Open, column: str, nobody: int) -> None:
    with pytest.raises(Inconsistent):
        load(opened(empty_url), alone(3) | {column: [None, nobody, None]})


@pytest.mark.parametrize("encoded", [False, True])
def test_every_kind_of_column_arrives_as_it_was(empty_url: str, opened: Open, encoded: bool) -> None:
    lines = ["a\tb\\N", 'nhà "số" 1\r\nngõ\\', "\\N"]
    columns: dict[str, Any] = alone(3) | {
        "person_id": np.arange(1, 4, dtype=np.int64),
        "number": np.array([number(1), number(2), number(3)]),
        "scope": np.array([b"01", b"01", b"04"]),
        "death_date": np.ma.MaskedArray([20200101, 0, 0], mask=[False, True, True]),
        "religion": np.array([0, 1, 2], dtype=np.int8),
        "permanent_line": lines,
    }
    engine = opened(empty_url)
    load(engine, columns, encoded=encoded)
    store = PeopleStore(engine)
    rows = store.snapshot(store.plan(("scope", "death_date", "religion", "permanent_line", "email")), 0, 10)
    store.close()
    assert rows == [
        (1, number(1), "01", 20200101, 0, lines[0], None),
        (2, number(2), "01", None, 1, lines[1], None),
        (3, number(3), "04", None, 2, lines[2], None),
    ]


def test_a_finished_load_has_every_index(url: str, opened: Open) -> None:
    names = {index["name"] for index in inspect(opened(url)).get_indexes("person")}
    assert {"person_number_idx", "person_name_key_idx", "person_scope_person_id_idx"} <= names


def test_a_finished_file_is_private_and_in_wal_mode(url: str, opened: Open) -> None:
    engine = opened(url)
    if not is_sqlite(engine):
        pytest.skip("SQLite only")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_a_new_file_is_for_its_owner_only(tmp_path: Path, opened: Open) -> None:
    engine = opened(str(tmp_path / "new.db"))
    with engine.connect():
        assert stat.S_IMODE((tmp_path / "new.db").stat().st_mode) == 0o600


def test_a_missing_file_is_no_population_for_a_reader(tmp_path: Path) -> None:
    with pytest.raises(NotBuilt):
        open_engine(tmp_path / "absent.db", read_only=True)


def test_a_read_only_engine_refuses_writes(url: str, opened: Open) -> None:
    with pytest.raises(StoreUnavailable):
        drop_everything(opened(url, read_only=True))
