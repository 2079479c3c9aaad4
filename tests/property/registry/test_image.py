"""What is encoded as an image of a file is what SQLite reads from it, value by value and type by type."""

import sqlite3
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.errors import Inconsistent
from registry.image import RECORD_BYTES_MAX, Columns, image_of

SCHEMA = (
    'CREATE TABLE person (person_id INTEGER NOT NULL, name TEXT NOT NULL, note VARCHAR(9) COLLATE "BINARY",'
    " born SMALLINT, mother BIGINT, PRIMARY KEY (person_id))",
    "CREATE TABLE event (person_id INTEGER NOT NULL, code TEXT)",
)
WIDTHS = (0, 7, 15, 23, 31, 47, 62)
EDGES = sorted({sign * 2**bits + step for bits in WIDTHS for sign in (1, -1) for step in (-1, 0, 1)})
numbers = st.one_of(st.sampled_from(EDGES), st.integers(-(2**63), 2**63 - 1))
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=90)
people = st.lists(st.tuples(texts, st.none() | texts, st.none() | st.booleans() | numbers, numbers), min_size=1)


def read(image: bytes, table: str) -> list[tuple[Any, ...]]:
    """All rows by row id, each value with its type; the file is sound in SQLite's eyes."""
    connection = sqlite3.connect(":memory:")
    connection.deserialize(image)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    shown = ", ".join(f"{name}, typeof({name})" for name in names)
    rows = connection.execute(f"SELECT {shown} FROM {table} ORDER BY rowid").fetchall()
    connection.close()
    return rows


def inserted(tables: Mapping[str, Columns], table: str) -> list[tuple[Any, ...]]:
    """The same, of a database that was given the rows one by one."""
    connection = sqlite3.connect(":memory:")
    for statement in SCHEMA:
        connection.execute(statement)
    columns = tables[table]
    rows = zip(*(np.ma.asarray(values, dtype=object).tolist() for values in columns.values()), strict=True)
    plain = [tuple(value.decode() if isinstance(value, bytes) else value for value in row) for row in rows]
    connection.executemany(
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})", plain
    )
    connection.commit()
    image = connection.serialize()
    connection.close()
    return read(image, table)


@settings(max_examples=40)
@given(people, st.integers(1, 2**40))
def test_every_value_comes_back(rows: list[tuple[Any, ...]], first: int) -> None:
    columns = dict(zip(("name", "note", "born", "mother"), map(list, zip(*rows, strict=True)), strict=True))
    tables = {"person": {"person_id": list(range(first, first + len(rows))), **columns}}
    assert read(image_of(SCHEMA, tables), "person") == inserted(tables, "person")


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 10**12 - 1), st.booleans()), min_size=1))
def test_masked_digits_are_null_where_they_are_masked(rows: list[tuple[int, bool]]) -> None:
    digits = np.array([str(number).encode() for number, _ in rows])
    code = np.ma.MaskedArray(digits, mask=[masked for _, masked in rows])
    tables: dict[str, Columns] = {"event": {"person_id": np.arange(len(rows)), "code": code}}
    assert read(image_of(SCHEMA, tables), "event") == inserted(tables, "event")


@pytest.mark.parametrize("rows", [1, 60, 62, 20_000])
def test_any_number_of_pages_makes_a_sound_tree(rows: int) -> None:
    ids = np.arange(7_000_000, 7_000_000 + rows)
    tables: dict[str, Columns] = {
        "event": {"person_id": ids % 1000, "code": [f"{number:050d}" for number in ids]},
        "person": {"person_id": ids, "name": [f"{number % 97 * 'ô'}" for number in ids.tolist()]},
    }
    image = image_of(SCHEMA, tables)
    for table in tables:
        assert read(image, table) == inserted(tables, table)


def test_a_key_other_than_the_row_id_is_refused() -> None:
    with pytest.raises(ValueError, match="index"):
        image_of(("CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT)",), {})


def test_tables_without_rows_are_empty() -> None:
    image = image_of(SCHEMA, {"event": {"person_id": [], "code": []}})
    assert read(image, "event") == read(image, "person") == []


@pytest.mark.parametrize(
    ("columns", "error"),
    [
        ({"person_id": [1], "name": [None]}, Inconsistent),
        ({"person_id": [1]}, Inconsistent),
        ({"person_id": [1, 2], "name": np.ma.MaskedArray(np.array([b"a", b"b"]), mask=[False, True])}, Inconsistent),
        ({"person_id": [1], "name": [7]}, ValueError),
        ({"person_id": [1], "name": ["a"], "born": ["1990"]}, ValueError),
        ({"person_id": [1], "name": ["a\0b"]}, ValueError),
        ({"person_id": [1], "name": ["a" * RECORD_BYTES_MAX]}, ValueError),
        ({"person_id": [1, 2], "name": ["a"]}, ValueError),
        ({"person_id": [1], "name": ["a"], "unknown": [1]}, KeyError),
    ],
)
def test_what_a_table_would_not_hold_is_refused(columns: Columns, error: type[Exception]) -> None:
    with pytest.raises(error):
        image_of(SCHEMA, {"person": columns})
