"""`popgate verify FILE` against a scripted gateway: what is stated of each row, results, counts, what goes wrong."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
import typer

from gateway.cli.volume.verifications import Stated, VerifyJob, stated_in
from tests.unit.client.streams import VerifyScript

ROWS = 2345
HEADER = ("so", "name", "ngay_sinh", "tinh", "ghi chú")


def _row(at: int) -> tuple[str, ...]:
    number = "12" if at % 1000 == 7 else f"001 090 {at:06}"
    return number, ("yes", "hoà", "x", "")[at % 4], "yes" if at % 2 else "", "01", f"{at}"


MALFORMED = sum(at % 1000 == 7 for at in range(ROWS))


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """A file of some batches."""
    path = tmp_path / "people.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, lineterminator="\r\n").writerows([HEADER, *map(_row, range(ROWS))])
    return path


def _asking(people: Path, out: Path, *more: object) -> list[object]:
    columns = ["--column", "number=so", "--column", "birth_date=ngay_sinh"]
    return ["verify", people, "--out", out, *columns, "--keep", "ghi chú", *more]


def _results(out: Path) -> list[dict[str, str]]:
    with out.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("results*"))


def _check(out: Path) -> None:
    rows = _results(out)
    assert [row["ghi chú"] for row in rows] == [str(at) for at in range(ROWS)]
    assert [row["asked_number"] for row in rows] == [_row(at)[0] for at in range(ROWS)]
    assert rows[0] | {"ghi chú": ""} == {
        "ghi chú": "",
        "asked_number": "001 090 000000",
        "outcome": "found",
        "name": "MATCH",
        "name.rule": "",
        "birth_date": "",
        "birth_date.rule": "",
    }
    assert [(row["name"], row["name.rule"], row["birth_date"]) for row in rows[1:4]] == [
        ("CLOSE", "TONE_PLACEMENT", "MATCH"),
        ("MISMATCH", "", ""),
        ("", "", "MATCH"),
    ]
    assert (rows[7]["outcome"], rows[7]["name"], rows[7]["birth_date"]) == ("unreadable", "", "")
    assert _left(out.parent) == [out.name]


async def test_every_row_has_its_verdicts_in_order_and_all_are_counted(
    run: Any, gateway: Any, people: Path, tmp_path: Path
) -> None:
    script = VerifyScript(gateway)
    out = tmp_path / "results.csv"
    ran = await run(*_asking(people, out))
    assert (ran.code, ran.err) == (0, "Compared for each number: name, birth_date.\n")
    found = [at for at in range(ROWS) if at % 1000 != 7]
    assert ran.out.splitlines()[:4] == [
        f"asked {ROWS:,}: {ROWS - MALFORMED:,} found, 0 absent, {MALFORMED} unreadable, 0 ambiguous, 0 withheld, "
        "0 quota_exhausted",
        f"  name: {sum(at % 4 == 0 for at in found)} MATCH, {sum(at % 4 == 1 for at in found)} CLOSE, "
        f"{sum(at % 4 == 2 for at in found)} MISMATCH",
        f"  birth_date: {sum(at % 2 for at in found):,} MATCH",
        "withheld: sex (FIELD_NOT_GRANTED)",
    ]
    _check(out)
    assert script.batches[0].numbers[0] == "001090000000"
    assert sorted(len(batch.numbers) for batch in script.batches) == [345, 1000, 1000]


async def test_parquet_questions_and_json(run: Any, gateway: Any, people: Path, tmp_path: Path) -> None:
    script = VerifyScript(gateway)
    source, out = tmp_path / "people.parquet", tmp_path / "results.parquet"
    duckdb.read_csv(str(people), all_varchar=True, header=True).write_parquet(str(source))
    questions = ["--ask", "alive", "--ask", "resident_of_province=79", "--ask", "same_household"]
    ran = await run(*_asking(source, out, *questions, "--column", "same_household=so", "--json"))
    assert ran.code == 0, ran
    said = json.loads(ran.out)
    assert (said["asked"], said["found"], said["unreadable"]) == (ROWS, ROWS - MALFORMED, MALFORMED)
    assert said["asked"] == sum(said[outcome] for outcome in VerifyJob.outcomes)
    assert said["withheld"] == 0
    assert said["withheld_fields"] == [{"path": "sex", "reason": "FIELD_NOT_GRANTED"}]
    assert said["fields"]["alive"] == {"YES": ROWS - MALFORMED}
    assert list(said["fields"]) == ["name", "birth_date", "alive", "resident_of_province", "same_household"]
    assert all(len(batch.numbers) <= 800 for batch in script.batches)
    alive, province, household = script.batches[0].questions
    assert (list(alive.values), set(province.values), household.values[1]) == ([], {"79"}, "001090000001")
    found = duckdb.read_parquet(str(out)).fetchall()
    assert [row[0] for row in found] == [str(at) for at in range(ROWS)]
    assert found[1][2:] == ("found", "CLOSE", "TONE_PLACEMENT", "MATCH", None, "YES", "YES", "YES")


async def test_a_run_that_broke_off_goes_on_under_the_same_call_ids(
    run: Any, gateway: Any, people: Path, tmp_path: Path
) -> None:
    out = tmp_path / "results.csv"
    broken = VerifyScript(gateway, [None, *["break"] * 20])
    ran = await run(*_asking(people, out, "--patience", "0.2"))
    assert (ran.code, out.exists()) == (3, False), ran
    # The same rows, but another question about them.
    ran = await run(*_asking(people, out, "--ask", "alive"))
    assert (ran.code, "an unfinished run with another questions" in ran.err) == (2, True), ran
    script = VerifyScript(gateway)
    ran = await run(*_asking(people, out, "--json"))
    assert ran.code == 0, ran
    said = json.loads(ran.out)
    assert said["fields"]["name"]["MATCH"] == sum(at % 4 == 0 for at in range(ROWS) if at % 1000 != 7)
    assert 1 <= said["repeated_batches"] <= 2
    before, after = {call for call, _ in broken.received}, [call for call, _ in script.received]
    assert len({*before, *after}) == 3
    assert len(after) == len(set(after))
    assert said["repeated_batches"] == len(before & set(after))
    _check(out)


async def test_an_answer_that_does_not_fit_is_not_taken(run: Any, gateway: Any, people: Path, tmp_path: Path) -> None:
    VerifyScript(gateway, ["a verdict less"] * 3)
    ran = await run(*_asking(people, tmp_path / "results.csv"))
    assert (ran.code, "is not the answer to what was asked" in ran.err) == (1, True), ran


async def test_rows_that_are_no_question_are_answered_as_such(run: Any, gateway: Any, tmp_path: Path) -> None:
    script = VerifyScript(gateway)
    people, out = tmp_path / "people.csv", tmp_path / "results.csv"
    long = "Nguyễn " * 40_000
    lines = [
        "number;name;key",
        "001090000001;yes;a",
        "001090000002;Nguyễn; Văn;b",  # a delimiter that nobody quoted
        "001090000003",
        f"001090000004;{long};c",
        f"{long};yes;d",
        '001090000005;"yes\n""x""";e',
        "001090000001;yes;a",
        "001090000006;yes\x00;f",
        ";yes;g",
    ]
    people.write_text("\n".join(lines), encoding="utf-8")
    ran = await run("verify", people, "--out", out, "--keep", "key", "--json")
    assert ran.code == 0, ran
    assert [(row["key"], row["outcome"], row["name"]) for row in _results(out)] == [
        ("a", "found", "MATCH"),
        (" Văn", "unreadable", ""),
        ("", "found", ""),
        ("c", "found", "MISMATCH"),
        ("d", "unreadable", ""),
        ("e", "found", "MISMATCH"),
        ("a", "found", "MATCH"),
        ("f", "found", "MISMATCH"),
        ("g", "unreadable", ""),
    ]
    (asked,) = script.batches
    assert list(asked.numbers)[:2] == ["001090000001", ""]
    assert [len(value) for value in asked.claims[0].values][1:4] == [0, 0, 513]
    said = json.loads(ran.out)
    assert (said["asked"], said["found"], said["unreadable"]) == (9, 6, 3)


async def test_rows_for_which_the_quota_had_no_room_are_named_at_the_end(
    run: Any, gateway: Any, tmp_path: Path
) -> None:
    people, out = tmp_path / "people.csv", tmp_path / "results.csv"
    people.write_text("number,name\n001090000001,yes\n001090000002,yes\n")
    VerifyScript(gateway, ["no quota"])
    ran = await run("verify", people, "--out", out)
    assert ran.code == 0, ran
    assert [row["outcome"] for row in _results(out)] == ["found", "quota_exhausted"]
    assert "because the day's quota of people is used up: 1 of the rows" in ran.err


async def test_long_values_make_smaller_batches(run: Any, gateway: Any, tmp_path: Path) -> None:
    script = VerifyScript(gateway)
    people, out = tmp_path / "people.csv", tmp_path / "results.csv"
    text = "\U0001f468" * 500
    with people.open("w", encoding="utf-8", newline="") as file:
        rows = [(f"{at:012}", text, text) for at in range(600)]
        csv.writer(file).writerows([("number", "name", "permanent_residence"), *rows])
    assert (await run("verify", people, "--out", out)).code == 0
    assert max(batch.ByteSize() for batch in script.batches) < 1 << 20
    assert sum(len(batch.numbers) for batch in script.batches) == len(_results(out)) == 600


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
async def test_a_file_without_rows_is_a_result_without_rows(
    run: Any, gateway: Any, tmp_path: Path, suffix: str
) -> None:
    VerifyScript(gateway)
    people, out = tmp_path / f"people.{suffix}", tmp_path / f"results.{suffix}"
    if suffix == "csv":
        people.write_text("number,name\n")
    else:
        duckdb.sql("SELECT '' AS number, '' AS name WHERE false").write_parquet(str(people))  # type: ignore[union-attr]
    ran = await run("verify", people, "--out", out, "--json")
    assert ran.code == 0, ran
    assert (json.loads(ran.out)["asked"], _left(tmp_path)) == (0, [out.name])
    columns = _results(out) if suffix == "csv" else duckdb.read_parquet(str(out)).fetchall()
    assert columns == []


async def test_files_and_options_that_cannot_be_used_are_named(
    run: Any, gateway: Any, people: Path, tmp_path: Path
) -> None:
    VerifyScript(gateway)
    out, twice, empty = tmp_path / "results.csv", tmp_path / "twice.csv", tmp_path / "empty.csv"
    twice.write_text("number,name,name\n1,2,3\n")
    empty.write_text("")
    wrong: list[tuple[list[object], str]] = [
        (["verify", people, "--number", "1"], "one of FILE"),
        (["verify", people, "--out", out], "one column says who"),
        (_asking(people, out, "--name", "x"), "what its columns say"),
        (_asking(people, out, "--column", "number=x"), "names its NAME twice"),
        (_asking(people, out, "--ask", "resident_of_province"), "no column 'resident_of_province'"),
        (["verify", twice, "--out", out], "several columns 'name'"),
        (["verify", empty, "--out", out], "names no columns"),
    ]
    for words, said in wrong:
        ran = await run(*words)
        assert ran.code == 2, ran
        assert said in " ".join(ran.err.replace("│", " ").split()), ran.err
    assert _left(tmp_path) == []
    assert gateway.paths("IssueToken") == []


def test_columns_called_like_a_field_are_stated_and_others_by_mapping() -> None:
    columns = ("number", "name", "sex", "ns", "note", "household")
    assert stated_in(columns, {"birth_date": "ns", "sex": ""}, {"alive": "", "resident_of_province": "01"}) == Stated(
        False, ("name", "birth_date"), {"alive": None, "resident_of_province": "01"}
    )
    card = stated_in(("number", "card_text", "name", "nationality"), {"number": ""}, {"same_household": ""})
    assert card == Stated(True, ("nationality",), {"same_household": None})
    assert card.columns == ("card_text", "nationality", "same_household")


@pytest.mark.parametrize(
    ("columns", "mapping", "questions", "said"),
    [
        (("x",), {}, {}, "one column says who"),
        (("number", "card_text"), {}, {}, "number= leaves one out"),
        (("number", "x"), {}, {}, "no column is called like a field"),
        (("number", "x"), {"blood_group": "x"}, {}, "is no field that may be verified"),
        (("number", "x"), {"nam": "x"}, {}, "is no field that may be verified; did you mean name?"),
        (("number", "name", "x"), {"same_household": "x"}, {}, "is a question: --ask same_household as well"),
        (("x",), {"x": "number"}, {}, "the field stands first: --column number=x"),
        (("number", "x"), {"x": "name"}, {}, "the field stands first: --column name=x"),
        (("number", "name"), {}, {"same_household": "001090000001"}, "takes its numbers from a column"),
        (("number", "name"), {}, {"alive": "yes"}, "takes no value"),
        (("number", "name"), {}, {"age_at_least": "18"}, "age_at_least has its age behind a colon: age_at_least:18"),
        (("card_text", "name"), {"name": "name"}, {}, "is what the card states"),
    ],
)
def test_what_cannot_be_stated_is_said(
    columns: tuple[str, ...], mapping: dict[str, str], questions: dict[str, str], said: str
) -> None:
    with pytest.raises(typer.BadParameter, match=said):
        stated_in(columns, mapping, questions)
