"""The examples of docs/volume.md, as an agency would type them; and a file of everything that a file can hold."""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.cli.program import main
from tests.gateway import AGENCIES, Gateway
from tests.world import number_of

PAGE = (Path(__file__).parents[2] / "docs" / "volume.md").read_text(encoding="utf-8")
TABLES = [f"{text}\n" for text in re.findall(r"```csv\n(.*?)\n```", PAGE, re.DOTALL)]
COMMANDS = re.findall(r"```sh\npopgate (.*?)\n```", PAGE)

Run = Callable[..., tuple[object, str, str]]


@pytest.fixture
def run(gateway: Gateway, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """`run(agency, "verify", ...)` in a folder of its own: exit code, output, errors."""
    monkeypatch.chdir(tmp_path)

    def ran(agency: str, *words: object) -> tuple[object, str, str]:
        why = AGENCIES[agency].context
        stated = {
            "IDENTITY": str(gateway.identity(agency)),
            "SERVER": gateway.address,
            "PURPOSE": why.purpose,
            "LEGAL_BASIS": why.legal_basis,
            "CASE": "HS-1",
            "OFFICER": "officer-17",
        }
        for name, value in stated.items():
            monkeypatch.setenv(f"POPGATE_{name}", value)
        monkeypatch.setattr(sys, "argv", ["popgate", *map(str, words)])
        with pytest.raises(SystemExit) as left:
            main()
        captured = capsys.readouterr()
        return left.value.code, captured.out, captured.err

    return ran


def test_the_examples_of_the_page_give_what_it_shows(run: Run, tmp_path: Path) -> None:
    people, looked_up, verified = TABLES
    look_up, verify = map(shlex.split, COMMANDS)
    (tmp_path / "people.csv").write_text(people, encoding="utf-8")
    code, told, said = run("hospital", *look_up)
    assert (code, said) == (0, ""), said
    assert told.startswith("asked 4: 2 found, 1 unavailable, 1 malformed, 0 quota_exhausted\n")
    assert (tmp_path / "looked-up.csv").read_text(encoding="utf-8") == looked_up
    code, told, said = run("post", *verify)
    assert code == 0, said
    assert "  name: 1 CLOSE, 1 MATCH\n  birth_date: 1 MATCH, 1 MISMATCH\n  alive: 2 YES\n" in told
    assert (tmp_path / "verified.csv").read_text(encoding="utf-8") == verified


def test_a_file_of_everything_is_answered_row_by_row(run: Run, tmp_path: Path) -> None:
    rows = [
        (number_of(1), "NGUYỄN VĂN HÒA", "found MATCH"),
        (number_of(1), "NGUYỄN VĂN HÒA", "found MATCH"),
        (number_of(2), "", "found"),
        (number_of(3), "Nguye\u0302\u0303n Va\u0306n Ho\u0300a", "found MATCH"),
        (number_of(5), "\u202eaòH năV nễyugN", "found MISMATCH"),
        (number_of(5), "👨‍👩‍👧", "found MISMATCH"),
        (number_of(5), "Nguyễn\x00Văn Hòa", "found MISMATCH"),
        (number_of(5), "x" * 10_000, "found UNREADABLE"),
        ("001090999999", "Nguyễn Văn Hòa", "absent"),
        ("00109000000１", "Nguyễn Văn Hòa", "unreadable"),
        ("", "", "unreadable"),
        ("0" * 2_000_00, "Nguyễn Văn Hòa", "unreadable"),
    ]
    lines = ["number\tname", *(f"{number}\t{name}" for number, name, _ in rows), f"{number_of(1)}\tx\ty"]
    (tmp_path / "people.csv").write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode())
    code, told, said = run("bank", "verify", "people.csv", "--out", "results.csv", "--json")
    assert code == 0, said
    report = json.loads(told)
    results = [line.split(",") for line in (tmp_path / "results.csv").read_text("utf-8").splitlines()[1:]]
    assert [f"{each[1]} {each[2]}".strip() for each in results] == [*(row[2] for row in rows), "unreadable"]
    assert (report["asked"], report["found"], report["absent"], report["unreadable"]) == (13, 8, 1, 4)
    assert sum(report["fields"]["name"].values()) == 7
