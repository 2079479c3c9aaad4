"""`popgate lookup --file` against a scripted gateway: results, counts, interruptions, files that cannot be used."""

from __future__ import annotations

import csv
import errno
import json
import os
import unicodedata
from pathlib import Path
from typing import Any

import duckdb
import pytest

from gateway.cli.volume.journal import Journal
from gateway.cli.volume.reading import one_file
from gateway.cli.volume.writing import Output
from gateway.errors import FieldNotGranted
from tests.unit.client.streams import Script

ROWS = 3456
NUMBERS = ["12" if at % 1000 == 7 else f"001090{at:06}" for at in range(ROWS)]
MALFORMED = sum(len(number) < 12 for number in NUMBERS)
REPORT = f"asked {ROWS:,}: {ROWS - MALFORMED:,} found, 0 unavailable, {MALFORMED} malformed, 0 quota_exhausted\n"


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """A file of some batches."""
    path = tmp_path / "people.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("thứ tự", "so"), *((at, number) for at, number in enumerate(NUMBERS))])
    return path


def _asking(people: Path, out: Path, *more: object) -> list[object]:
    return ["lookup", "--file", people, "--out", out, "--column", "number=so", "--fields", "number", *more]


def _left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("results*"))


def _content(path: Path) -> bytes:
    return path.read_bytes()


def _check(out: Path) -> None:
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["asked_number"] for row in rows] == NUMBERS
    assert [row["outcome"] for row in rows] == ["found" if len(number) == 12 else "malformed" for number in NUMBERS]
    assert [row["number"] for row in rows] == [number if len(number) == 12 else "" for number in NUMBERS]
    assert _left(out.parent) == [out.name]


async def test_every_row_is_answered_in_order_and_counted(run: Any, gateway: Any, people: Path, tmp_path: Path) -> None:
    Script(gateway)
    out = tmp_path / "results.csv"
    ran = await run(*_asking(people, out, "--keep", "thứ tự"))
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(REPORT + f"results in {out}; ")
    _check(out)
    assert out.read_text(encoding="utf-8").splitlines()[:2] == [
        "thứ tự,asked_number,outcome,number_superseded,version,number",
        "0,001090000000,found,,1,001090000000",
    ]


async def test_names_of_columns_may_be_typed_in_another_composition(run: Any, gateway: Any, tmp_path: Path) -> None:
    Script(gateway)
    people, out = tmp_path / "people.csv", tmp_path / "results.csv"
    people.write_text("số,mã\n001090000001,a\n", encoding="utf-8")
    number, key = unicodedata.normalize("NFD", "số"), unicodedata.normalize("NFD", "mã")
    ran = await run(
        "lookup", "--file", people, "--out", out, "--column", f"number={number}", "--keep", key, "--fields", "sex"
    )
    assert ran.code == 0, ran
    assert out.read_text(encoding="utf-8").startswith("mã,asked_number,outcome,")


async def test_parquet_in_and_out(run: Any, gateway: Any, people: Path, tmp_path: Path) -> None:
    Script(gateway)
    source, out = tmp_path / "people.parquet", tmp_path / "results.parquet"
    duckdb.read_csv(str(people), all_varchar=True, header=True).write_parquet(str(source))
    ran = await run(*_asking(source, out, "--json"))
    assert ran.code == 0
    said = json.loads(ran.out)
    assert (said["asked"], said["found"], said["malformed"], said["batches"]) == (ROWS, ROWS - MALFORMED, MALFORMED, 4)
    assert (said["repeated"], said["repeated_batches"]) == (0, 0)
    found = duckdb.read_parquet(str(out)).fetchall()
    assert [row[0] for row in found] == NUMBERS
    assert _left(tmp_path) == ["results.parquet"]


async def test_people_for_whom_the_quota_had_no_room_are_told_apart(run: Any, gateway: Any, tmp_path: Path) -> None:
    people, out = tmp_path / "people.csv", tmp_path / "results.csv"
    people.write_text("so\n001090000001\n001090000002\n12\n001090000004\n")
    Script(gateway, ["no quota"])
    ran = await run(*_asking(people, out))
    assert ran.code == 0, ran
    assert ran.out.startswith("asked 4: 1 found, 0 unavailable, 1 malformed, 2 quota_exhausted\n")
    assert "Not answered, because the day's quota of people is used up: 2 of the rows" in ran.err
    assert "Ask about these again after midnight" in ran.err
    with out.open(encoding="utf-8", newline="") as file:
        rows = [(row["asked_number"], row["outcome"], row["number"]) for row in csv.DictReader(file)]
    assert rows == [
        ("001090000001", "found", "001090000001"),
        ("001090000002", "quota_exhausted", ""),
        ("12", "malformed", ""),
        ("001090000004", "quota_exhausted", ""),
    ]


async def test_parquet_files_are_just_those_that_are_named(run: Any, gateway: Any, tmp_path: Path) -> None:
    Script(gateway)
    folder = tmp_path / "date=2026-11-27"
    folder.mkdir()
    for at, name in enumerate(("people[1]", "people1"), 1):
        duckdb.sql(f"SELECT '00109000000{at}' AS so").write_parquet(  # type: ignore[union-attr]
            str(folder / f"{name}.parquet")
        )
    (folder / "results1.parquet.part").write_text("x\n1\n")
    out = folder / "results[1].parquet"
    ran = await run(*_asking(folder / "people[1].parquet", out))
    assert ran.code == 0, ran
    found = duckdb.sql("SELECT * FROM read_parquet($1, hive_partitioning = false)", params=[one_file(out)])
    assert found is not None
    assert found.columns == ["asked_number", "outcome", "number_superseded", "version", "number"]
    assert [row[0] for row in found.fetchall()] == ["001090000001"]


async def test_a_run_that_broke_off_goes_on_under_the_same_call_ids(
    run: Any, gateway: Any, people: Path, tmp_path: Path
) -> None:
    out = tmp_path / "results.csv"
    broken = Script(gateway, [None, "break", *["break"] * 20])
    ran = await run(*_asking(people, out, "--patience", "0.2"))
    assert ran.code == 3
    assert "the same command goes on there" in ran.err
    assert not out.exists()
    script = Script(gateway)
    ran = await run(*_asking(people, out))
    assert ran.code == 0, ran
    assert ran.out.startswith(REPORT)
    _check(out)
    before, after = {call for call, _ in broken.received}, [call for call, _ in script.received]
    assert len({*before, *after}) == 4
    assert len(after) == len(set(after)) <= 4
    sent_again = len(before & set(after))
    assert 1 <= sent_again <= 2
    assert f"sent again under the same call id: {sent_again} batch" in ran.out


async def test_a_crash_at_any_moment_is_made_good(
    run: Any, gateway: Any, people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a process that dies while it writes leaves behind: half a batch, half a line of the journal."""
    out = tmp_path / "results.csv"
    crashes = [(Output, "write", 3), (Journal, "written", 2), (Output, "write", 1), (Journal, "written", 1)]
    for at, (kind, method, time) in enumerate(crashes):
        Script(gateway)
        with monkeypatch.context() as patched:
            patched.setattr(kind, method, _fails_at(kind, method, time))
            ran = await run(*_asking(people, out))
        assert (ran.code, out.exists()) == (1, False), ran
        torn = tmp_path / ("results.csv.part" if at % 2 else "results.csv.journal")
        with torn.open("ab") as file:
            file.write(b'["w",9')
    Script(gateway)
    ran = await run(*_asking(people, out))
    assert ran.code == 0, ran
    assert ran.out.startswith(REPORT)
    _check(out)


def _fails_at(kind: Any, method: str, time: int) -> Any:
    original, times = getattr(kind, method), 0

    def failing(self: Any, *given: Any) -> Any:
        nonlocal times
        times += 1
        if times == time:
            raise OSError(errno.EIO, "the disk is gone")
        return original(self, *given)

    return failing


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
async def test_a_part_file_that_lost_its_end_is_asked_again_and_not_published(
    run: Any, gateway: Any, people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    """What a power failure may leave of a run that was just complete."""
    out = tmp_path / f"results.{suffix}"
    Script(gateway)
    with monkeypatch.context() as patched:
        patched.setattr(Output, "publish", _fails_at(Output, "publish", 1))
        assert (await run(*_asking(people, out))).code == 1
    part = tmp_path / f"{out.name}.part"
    os.truncate(part, part.stat().st_size * 2 // 3)
    script = Script(gateway)
    ran = await run(*_asking(people, out))
    assert (ran.code, len(script.received)) == (0, 2), ran
    assert ran.out.startswith(REPORT)
    if suffix == "parquet":
        duckdb.read_parquet(str(out)).write_csv(str(tmp_path / "results.csv"))
        out.unlink()
    _check(tmp_path / "results.csv")


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
async def test_each_step_to_the_result_is_on_the_disk_before_the_next(
    run: Any, gateway: Any, people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    out, steps, sync = tmp_path / f"results.{suffix}", [], os.fsync

    def synced(opened: int) -> None:
        steps.append(f"sync {Path(os.readlink(f'/proc/self/fd/{opened}')).name}")
        sync(opened)

    def noted(kind: Any, method: str, said: str) -> None:
        original = getattr(kind, method)

        def noting(first: Any, *given: Any) -> Any:
            steps.append(said)
            return original(first, *given)

        monkeypatch.setattr(kind, method, noting)

    Script(gateway)
    monkeypatch.setattr(os, "fsync", synced)
    noted(os, "replace", "replace")
    noted(Journal, "done", "done")
    noted(Journal, "remove", "remove")
    assert (await run(*_asking(people, out))).code == 0
    fresh = ["sync results.parquet.fresh"] if suffix == "parquet" else []
    complete = [f"sync {out.name}.part", "done", f"sync {out.name}.journal"]
    assert steps == [*complete, *fresh, "replace", f"sync {tmp_path.name}", "remove"]


async def test_a_full_disk_is_named_and_the_run_goes_on_later(
    run: Any, gateway: Any, people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_self: Any, _rows: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    Script(gateway)
    out = tmp_path / "results.csv"
    with monkeypatch.context() as patched:
        patched.setattr(Output, "write", full)
        ran = await run(*_asking(people, out))
    assert (ran.code, "There is no room left" in ran.err) == (1, True)
    assert (await run(*_asking(people, out))).code == 0
    _check(out)


async def test_results_that_cannot_become_parquet_are_kept_and_become_it_later(
    run: Any, gateway: Any, people: Path, tmp_path: Path
) -> None:
    Script(gateway)
    out = tmp_path / "results.parquet"
    (tmp_path / "results.parquet.fresh").mkdir()
    (tmp_path / "results.parquet.fresh" / "x").touch()
    ran = await run(*_asking(people, out))
    assert (ran.code, out.exists()) == (1, False), ran
    assert "results.parquet cannot be written as Parquet" in ran.err
    assert "give the same command again" in ran.err
    (tmp_path / "results.parquet.fresh" / "x").unlink()
    (tmp_path / "results.parquet.fresh").rmdir()
    script = Script(gateway)
    ran = await run(*_asking(people, out))
    assert (ran.code, script.received) == (0, []), ran
    assert len(duckdb.read_parquet(str(out)).fetchall()) == ROWS
    assert _left(tmp_path) == ["results.parquet"]


async def test_what_is_refused_for_good_leaves_nothing_behind(
    run: Any, gateway: Any, people: Path, tmp_path: Path
) -> None:
    Script(gateway, [FieldNotGranted()] * 10)
    ran = await run(*_asking(people, tmp_path / "results.csv"))
    assert (ran.code, "FIELD_NOT_GRANTED" in ran.err) == (1, True)
    assert _left(tmp_path) == []


async def test_another_question_does_not_go_on_with_an_unfinished_run(
    run: Any, gateway: Any, people: Path, tmp_path: Path
) -> None:
    out = tmp_path / "results.csv"
    Script(gateway, [None, *["break"] * 20])
    await run(*_asking(people, out, "--patience", "0.2"))
    ran = await run(*_asking(people, out, "--purpose", "another.purpose"))
    assert (ran.code, "an unfinished run with another purpose" in ran.err) == (2, True)


async def test_no_file_is_written_that_is_read_or_written_otherwise(
    run: Any, gateway: Any, people: Path, tmp_path: Path
) -> None:
    Script(gateway)
    content, out = _content(people), tmp_path / "results.csv"
    for kind in ("part", "journal", "parquet.fresh"):
        (tmp_path / f"to.{kind}").symlink_to(people)
        (tmp_path / f"hard.{kind}").hardlink_to(people)
    cases: list[tuple[list[object], str]] = [
        ([people, tmp_path / "to"], "--out: needs"),
        ([people, tmp_path / "hard"], "--out: needs"),
        ([people, tmp_path / "to.parquet"], "--out: needs"),
        ([tmp_path / "to.part", tmp_path / "hard.part"], "--out: is the file that is read"),
        ([people, out, "--receipts", people], "--receipts: is the file that is read"),
        ([people, out, "--receipts", out], "--receipts: is"),
        ([people, out, "--receipts", f"{out}.part"], "--receipts: is"),
        ([people, out, "--receipts", f"{tmp_path}/./results.csv.journal"], "--receipts: is"),
    ]
    for (source, to, *more), said in cases:
        ran = await run(*_asking(source, to, *more))  # type: ignore[arg-type]
        assert ran.code == 2, ran
        assert said in " ".join(ran.err.replace("│", " ").split()), ran.err
    assert _content(people) == content
    assert _left(tmp_path) == []


async def test_columns_of_the_results_have_names_of_their_own(run: Any, gateway: Any, tmp_path: Path) -> None:
    Script(gateway)
    people = tmp_path / "people.csv"
    people.write_text("so,outcome,Outcome,OUTCOME\n001090000001,a,b,c\n")
    out, parquet = tmp_path / "results.csv", tmp_path / "results.parquet"
    for to, kept, said in (
        (out, ["outcome"], "'outcome' is called like another column of the results"),
        (out, ["so", "so"], "'so' is stated twice"),
        (parquet, ["Outcome"], "'Outcome' is called like another column of the results"),
    ):
        ran = await run(*_asking(people, to, *(word for name in kept for word in ("--keep", name))))
        assert ran.code == 2, ran
        assert said in " ".join(ran.err.replace("│", " ").split()), ran.err
    assert (await run(*_asking(people, out, "--keep", "Outcome", "--keep", "OUTCOME"))).code == 0
    assert _left(tmp_path) == ["results.csv"]


async def test_files_that_cannot_be_used_are_named(run: Any, gateway: Any, people: Path, tmp_path: Path) -> None:
    Script(gateway)
    out, ansi = tmp_path / "results.csv", tmp_path / "ansi.csv"
    ansi.write_bytes("so\n001090000001\nHòa\n".encode("latin-1"))
    quote, there = tmp_path / "quote.csv", tmp_path / "there.csv"
    quote.write_text('so,name\n1,"a\n2,b\n')
    there.write_text("mine")
    wrong: list[tuple[list[object], str]] = [
        (["lookup", "--fields", "number"], "either one number or --file"),
        (["lookup", "1", "--file", people, "--out", out, "--fields", "number"], "either one number or --file"),
        (["lookup", "--file", people, "--fields", "number"], "--out"),
        (["lookup", "1", "--out", out, "--fields", "number"], "--out: is only for everybody in a file"),
        (["lookup", "1", "--keep", "so", "--fields", "number"], "--keep: is only for everybody in a file"),
        (["lookup", "--file", people, "--out", out, "--fields", "number"], "no column 'number'; it has: thứ tự, so"),
        (_asking(people, out, "--keep", "x"), "no column 'x'; it has: thứ tự, so. Say --keep with one of these"),
        (_asking(people, out, "--column", "name=so"), "'name' is not number: say NAME=COLUMN"),
        (_asking(people, people), "the file that is read"),
        (_asking(people, there), "exists already"),
        (_asking(people, tmp_path / "none" / "r.csv"), "no folder"),
        (_asking(quote, out), "quote.csv, line 2: a cell begins with a quote that is never closed"),
        (_asking(ansi, out), "ansi.csv, line 3: not text in UTF-8"),
    ]
    for words, said in wrong:
        ran = await run(*words)
        assert ran.code == 2, ran
        assert said in " ".join(ran.err.replace("│", " ").split()), ran.err
    assert there.read_text() == "mine"
    assert _left(tmp_path) == []
    assert gateway.paths("IssueToken") == []
