"""How values are shown to people."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.api.v1 import person_pb2
from gateway.cli.output import (
    date_text,
    message_json,
    moment,
    person_pairs,
    plain,
    print_pairs,
    print_person,
    print_table,
)
from gateway.client import Withheld

EVENING = datetime(2026, 11, 21, 18, 30, 5, tzinfo=UTC)


def test_times_are_vietnams() -> None:
    assert moment(EVENING) == "22/11/2026 01:30:05 +07:00"
    assert moment(EVENING, zone=False) == "22/11/2026 01:30:05"


@pytest.mark.parametrize(
    ("parts", "text"), [((1990, 4, 3), "03/04/1990"), ((1990, 4, 0), "04/1990"), ((1954, 0, 0), "1954")]
)
def test_dates_keep_what_is_known(parts: tuple[int, int, int], text: str) -> None:
    assert date_text(*parts) == text


def test_what_a_terminal_would_obey_is_made_visible() -> None:
    assert plain("a\x1b[31mb\nc\u202e") == "a\ufffd[31mb\ufffdc\ufffd"
    assert plain("Nguyễn Thị Hòa") == "Nguyễn Thị Hòa"


def person() -> person_pb2.Person:
    made = person_pb2.Person(number="001090000001", sex="SEX_FEMALE", marital_status="MARITAL_STATUS_NEVER_MARRIED")
    made.name.surname, made.name.given_name = "Nguyễn", "Hòa"
    made.birth_date.year = 1954
    made.permanent_residence.line = "Số 1"
    made.other_names.add(kind="NAME_KIND_FORMER").name.given_name = "Lan"
    made.social_insurance.status = person_pb2.INSURANCE_STATUS_PENSION
    return made


def test_person_is_shown_by_the_names_of_the_contract() -> None:
    assert list(person_pairs(person())) == [
        ("name", "Nguyễn Hòa"),
        ("other_names 1", ""),
        ("  kind", "former"),
        ("  name", "Lan"),
        ("number", "001090000001"),
        ("birth_date", "1954"),
        ("sex", "female"),
        ("permanent_residence", ""),
        ("  line", "Số 1"),
        ("marital_status", "never married"),
        ("social_insurance", ""),
        ("  status", "pension"),
    ]


def test_a_part_of_what_is_withheld_is_said_to_be_one(capsys: pytest.CaptureFixture[str]) -> None:
    made = person_pb2.Person(number="001090000001")
    made.birth_date.year, made.permanent_residence.province_code = 1954, "01"
    print_person(made, [Withheld(path, "FIELD_NOT_GRANTED") for path in ("birth_date", "permanent_residence", "sex")])
    shown = dict(line.split("  ", 1) for line in capsys.readouterr().out.splitlines() if line[0] != " ")
    assert {name: value.strip() for name, value in shown.items()} == {
        "number": "001090000001",
        "birth_date": "1954 (in part)",
        "permanent_residence": "(in part)",
    }


def test_person_as_json_is_the_contracts() -> None:
    assert message_json(person())["social_insurance"] == {"status": "INSURANCE_STATUS_PENSION"}


def test_pairs_are_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    print_pairs([("a", "1"), ("long", "2"), ("empty", "")])
    assert capsys.readouterr().out == "a      1\nlong   2\nempty\n"


def test_table_takes_no_mark_up_and_cuts_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [("[red]x[/red]", ("first", "second")), ("y" * 300, 7)]
    print_table(("text", "number"), rows, numbers=frozenset({"number"}))
    out = capsys.readouterr().out
    assert "[red]x[/red]" in out
    assert "first" in out
    assert out.count("y") == 300
