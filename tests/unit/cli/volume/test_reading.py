"""Rows of CSV and Parquet files: all of them, from any place on; files that cannot be used are named."""

from __future__ import annotations

import csv
import io
import unicodedata
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.cli.volume.reading import FileUnusable, Row, open_table

CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=8)


def _rows(path: Path, columns: list[str], place: int = 0) -> list[Row]:
    return list(open_table(path).rows(columns, place))


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(st.tuples(CELLS, CELLS), max_size=12),
    delimiter=st.sampled_from(",;\t"),
    end=st.sampled_from(["\n", "\r\n"]),
    mark=st.booleans(),
    data=st.data(),
)
def test_rows_are_read_from_any_place_on(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, str]],
    delimiter: str,
    end: str,
    mark: bool,
    data: st.DataObject,
) -> None:
    path = tmp_path_factory.mktemp("csv") / "people.csv"
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=end).writerows([("number", "name"), *rows])
    path.write_bytes(text.getvalue().encode("utf-8-sig" if mark else "utf-8"))
    table = open_table(path)
    table.check()
    assert table.columns == ("number", "name")
    found = _rows(path, ["name", "number"])
    assert [row.cells for row in found] == [[name, number] for number, name in rows]
    if found:
        at = data.draw(st.integers(0, len(found) - 1))
        assert _rows(path, ["name", "number"], found[at].place) == found[at + 1 :]
        assert found[-1].place == table.end


def test_short_rows_are_filled_up_and_empty_lines_are_none(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("number,name,more\n1\n\n2,x,y,z\n")
    rows = _rows(path, ["number", "more"])
    assert [row.cells for row in rows] == [["1", ""], ["2", "y"]]
    assert [row.whole for row in rows] == [True, False]


@pytest.mark.parametrize("lines_before", [0, 3, 40_000])
def test_a_line_that_is_not_utf_8_is_named_before_anything_is_asked(tmp_path: Path, lines_before: int) -> None:
    path = tmp_path / "people.csv"
    lines = ["number,tên\n".encode(), *["1,Hòa\n".encode()] * lines_before, "2,Hòa\n".encode("latin-1"), b"3,x\n"]
    path.write_bytes(b"".join(lines))
    with pytest.raises(FileUnusable, match=rf"people.csv, line {lines_before + 2}: not text in UTF-8"):
        open_table(path).check()


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfen\x00u\x00"])
def test_a_file_without_names_of_columns_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(content)
    with pytest.raises(FileUnusable, match=r"people\.csv"):
        open_table(path)


def test_a_cell_without_end_is_refused_by_its_place(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text('number\n1\n"' + "x" * (1 << 21))
    with pytest.raises(FileUnusable, match="near byte"):
        _rows(path, ["number"])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('number,name\n1,a\n2,"Hoà\n3,Lan\n4,Nga\n', "line 3: a cell begins with a quote that is never closed"),
        ('number,name\n1,a\n\n2,"Hoà\n3,Lan\n4,"Nga"\n', "line 4: a cell begins with a quote that is not closed at"),
        ('number,"full\nname"\n1,"a\nb"\n2,"Hoà\n', "line 5: a cell begins with a quote that is never closed"),
        ('number,name\n1,a\n2,"' + "x\n" * (1 << 20), "line 3: a cell is longer than 1,048,576 characters"),
        ("number,name\n1,a\r2,b\r3,c\n", "line 2: a line ends in CR alone"),
    ],
)
def test_rows_that_cannot_be_told_apart_are_named_before_anything_is_asked(
    tmp_path: Path, content: str, said: str
) -> None:
    path = tmp_path / "people.csv"
    path.write_text(content, encoding="utf-8", newline="")
    with pytest.raises(FileUnusable, match=said):
        open_table(path).check()
    with pytest.raises(FileUnusable, match=said.partition(": ")[2]):
        _rows(path, ["number"])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("number,tên\r1,Hoà\r", "line 1: a line ends in CR alone"),
        ("number,tên\r" + "1,Hoà\r" * 200_000, "line 1: a line ends in CR alone"),
        ('number,"tên\n1,Hoà\n', "line 1: a cell begins with a quote that is never closed"),
        ('number,"tên" đầy đủ\n1,Hoà\n', "line 1: a cell begins with a quote that is not closed at the cell's end"),
        ("x" * (1 << 21), "line 1: is longer than 1,048,576 bytes"),
    ],
)
def test_a_heading_that_cannot_be_read_is_named(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "people.csv"
    path.write_text(content, encoding="utf-8", newline="")
    with pytest.raises(FileUnusable, match=said):
        open_table(path)


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_heading_with_line_breaks_and_delimiters_in_quotes_is_one_heading(tmp_path: Path, mark: str) -> None:
    path = tmp_path / "people.csv"
    path.write_text(f'{mark}"số, định\ndanh";"họ, tên"\n1;"Hoà\nLan"\n', encoding="utf-8", newline="")
    table = open_table(path)
    table.check()
    assert table.columns == ("số, định\ndanh", "họ, tên")
    assert [row.cells for row in table.rows(["họ, tên", "số, định\ndanh"])] == [["Hoà\nLan", "1"]]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_names_of_columns_are_the_same_however_their_letters_are_composed(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"people.{suffix}"
    apart = unicodedata.normalize("NFD", "số định danh")
    if suffix == "csv":
        path.write_text(f"{apart}\n1\n", encoding="utf-8")
    else:
        duckdb.sql(f"SELECT '1' AS \"{apart}\"").write_parquet(str(path))  # type: ignore[union-attr]
    table = open_table(path)
    assert table.columns == ("số định danh",)
    assert [row.cells for row in table.rows(["số định danh"])] == [["1"]]


def test_a_parquet_file_is_read_from_any_place_on(tmp_path: Path) -> None:
    path = tmp_path / "people.parquet"
    relation = duckdb.sql(
        'SELECT lpad(range::VARCHAR, 12, \'0\') AS number, CASE WHEN range % 3 > 0 THEN range END AS "a ""b" '
        "FROM range(60000)"
    )
    assert relation is not None
    relation.write_parquet(str(path), row_group_size=20_000)
    table = open_table(path)
    assert (table.columns, table.end) == (("number", 'a "b'), 60_000)
    rows = list(table.rows(['a "b', "number"]))
    assert [row.cells for row in rows[:3]] == [["", "000000000000"], ["1", "000000000001"], ["2", "000000000002"]]
    assert [row.place for row in rows] == list(range(1, 60_001))
    assert [row.cells[1] for row in rows] == [f"{at:012}" for at in range(60_000)]
    assert next(iter(table.rows(["number"], 57_777))) == Row(["000000057777"], 57_778)


NAMES = ["people1", "people[1]", "people*", "peo?le1", "a]b[!c]", "a{1,2}", "a'b", "date=2026-11-27"]


@pytest.mark.parametrize("folder", [".", "date=2026-11-27", "d[a]*"])
def test_a_parquet_file_is_read_whatever_it_is_called_and_no_other(tmp_path: Path, folder: str) -> None:
    (tmp_path / folder).mkdir(exist_ok=True)
    for name in NAMES:
        duckdb.sql("SELECT $name AS number", params={"name": name}).write_parquet(  # type: ignore[union-attr]
            str(tmp_path / folder / f"{name}.parquet")
        )
    for name in NAMES:
        table = open_table(tmp_path / folder / f"{name}.parquet")
        assert (table.columns, table.end) == (("number",), 1)
        assert [row.cells for row in table.rows(["number"])] == [[name]]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("TIMESTAMP '1989-02-27 00:00:00'", "1989-02-27"),
        ("TIMESTAMP_NS '1989-02-27 00:00:00'", "1989-02-27"),
        ("TIMESTAMP '1989-02-27 10:30:00'", "1989-02-27 10:30:00"),
        ("DATE '1989-02-27'", "1989-02-27"),
        ("1089868475::DOUBLE", "1089868475"),
        ("123456789012::DOUBLE", "123456789012"),
        ("1.50::DOUBLE", "1.5"),
        ("7::FLOAT", "7"),
        ("1089868475::DECIMAL(18, 2)", "1089868475"),
        ("100::INTEGER", "100"),
        ("'1.0'", "1.0"),
        ("'1989-02-27 00:00:00'", "1989-02-27 00:00:00"),
        ("NULL::DOUBLE", ""),
    ],
)
def test_dates_and_whole_numbers_of_a_parquet_file_are_read_as_people_write_them(
    tmp_path: Path, value: str, text: str
) -> None:
    path = tmp_path / "people.parquet"
    duckdb.sql(f"SELECT 1 AS x, {value} AS told").write_parquet(str(path))  # type: ignore[union-attr]
    assert [row.cells for row in _rows(path, ["told"])] == [[text]]


@pytest.mark.parametrize("name", ["file_row_number", "FILE_ROW_NUMBER"])
def test_a_column_of_a_parquet_file_may_be_called_like_the_row_number(tmp_path: Path, name: str) -> None:
    path = tmp_path / "people.parquet"
    duckdb.sql(f"SELECT 100 - range AS {name}, range AS c0 FROM range(100)").write_parquet(  # type: ignore[union-attr]
        str(path)
    )
    assert [row.cells for row in _rows(path, [name, "c0"], 98)] == [["2", "98"], ["1", "99"]]


def test_a_backslash_in_the_path_of_a_parquet_file(tmp_path: Path) -> None:
    path = tmp_path / "a\\b.parquet"
    duckdb.sql("SELECT '1' AS number").write_parquet(str(path))  # type: ignore[union-attr]
    assert [row.cells for row in _rows(path, ["number"])] == [["1"]]
    path = path.rename(tmp_path / "a\\b[1].parquet")
    with pytest.raises(FileUnusable, match="cannot have both a backslash and one of"):
        open_table(path)


def test_what_is_not_parquet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "people.parquet"
    path.write_text("number\n1\n")
    with pytest.raises(FileUnusable, match="not a Parquet file"):
        open_table(path)
    with pytest.raises(FileNotFoundError):
        open_table(tmp_path / "none.parquet")
