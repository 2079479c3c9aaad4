"""Results as CSV and Parquet: every cell comes back as it was, whatever it holds."""

from __future__ import annotations

import csv
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.cli.volume.reading import CELL_LENGTH_MAX, open_table
from gateway.cli.volume.writing import NotConverted, Output

COLUMNS = ("key", "asked_number")
CELLS = st.text(st.sampled_from("ab\r\n\",;'\\ #\t\x00à") | st.characters(exclude_categories=["Cs"]), max_size=8)


def _published(path: Path, rows: list[tuple[str, str]]) -> None:
    with Output(path, COLUMNS) as output:
        output.go_on(0)
        output.write(rows)
        output.publish()
        output.part.unlink(missing_ok=True)


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.tuples(CELLS, CELLS), max_size=6), suffix=st.sampled_from(["csv", "parquet"]))
def test_every_cell_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], suffix: str
) -> None:
    path = tmp_path_factory.mktemp("results") / f"results.{suffix}"
    _published(path, rows)
    table = open_table(path)
    table.check()
    assert [tuple(row.cells) for row in table.rows(COLUMNS)] == rows


def test_a_lone_cr_is_quoted(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    _published(path, [("a\rb", "1"), ("c", "2")])
    assert path.read_bytes() == b'key,asked_number\n"a\rb","1"\nc,2\n'
    with path.open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file))[1:] == [["a\rb", "1"], ["c", "2"]]


def test_the_longest_cells_become_parquet(tmp_path: Path) -> None:
    path, long = tmp_path / "results.parquet", "\U0001f468" * CELL_LENGTH_MAX
    _published(path, [(long, long)])
    assert duckdb.read_parquet(str(path)).fetchall() == [(long, long)]


def test_what_stops_parquet_is_said_without_values_and_keeps_the_results(tmp_path: Path) -> None:
    path = tmp_path / "results.parquet"
    with Output(path, COLUMNS) as output:
        output.go_on(0)
        output.write([("mine", "1")])
        with output.part.open("ab") as file:
            file.write(b"mine,1,2,3\n")
        with pytest.raises(NotConverted, match="give the same command again") as failed:
            output.publish()
        assert "mine," not in str(failed.value)
        assert output.part.read_bytes().startswith(b"key,asked_number\nmine,1\n")
    assert not path.exists()
