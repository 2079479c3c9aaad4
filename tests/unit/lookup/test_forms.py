"""Which texts are compared: all in which something can be registered, however they are typed."""

from __future__ import annotations

import csv
import sys
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gateway.config import PEOPLE_PER_SLICE_MAX
from gateway.lookup.verification.forms import MARKS_IN_A_ROW_MAX, WORDS_MAX, is_comparable
from gateway.lookup.verification.plan import Field
from gateway.lookup.verification.rules import Verdict
from gateway.lookup.verification.table import Graded, Grader, Table
from registry.datasets import UnitVersion
from registry.units import Units
from seed.block import make_block
from seed.plan import Plan
from seed.units import units_of_both_maps

TABLE = Path(__file__).parents[2] / "golden" / "verdicts.csv"
MARKS = MARKS_IN_A_ROW_MAX


def _refused(texts: Iterable[str]) -> set[str]:
    """Of the texts, in each way of typing them, those that are not compared."""
    typed = {form(text) for text in set(texts) for form in (str, str.upper, str.casefold)}
    return {text for text in typed for form in ("NFC", "NFD") if not is_comparable(unicodedata.normalize(form, text))}


def test_every_name_and_address_of_a_population_is_compared() -> None:
    tables = make_block(Plan(3_000, 1), 0).tables
    people = tables["person"]
    names = set(map(" ".join, zip(people["surname"], people["middle_name"], people["given_name"], strict=True)))
    units = Units(*units_of_both_maps())
    addresses = {
        f"{line}, {units.line(version, code)}"
        for version, column in (
            (UnitVersion.UNTIL_2025_06_30, "commune_old"),
            (UnitVersion.SINCE_2025_07_01, "commune"),
        )
        for code, line in zip(people[f"permanent_{column}"], people["permanent_line"], strict=True)
        if code and line
    }
    assert len(names) > 1_000
    assert len(addresses) > 1_000
    assert _refused(names) == set()
    assert _refused(addresses) == set()


def test_every_text_of_the_table_of_pairs_is_compared() -> None:
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert _refused(text for row in rows for text in (row["claimed"], row["registered"])) == set()


@pytest.mark.parametrize(
    "text",
    [
        "a" + "\u0301" * 255 + "\u0323" * 255,
        "a" + "\u0301\u0323" * 255,
        "Lê Văn a" + "\u0301" * (MARKS + 1),
        "\u0f73" * (MARKS + 1),
        "p.1 " * 127,
        "p.1." * 127,
        "p1/" * 127,
        "a " * WORDS_MAX + "a",
        "x" * 513,
    ],
)
def test_what_nothing_is_registered_as_is_not_compared(text: str) -> None:
    assert not is_comparable(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a" + "\u0301" * MARKS,
        ("a" + "\u0301" * MARKS) * 10,
        " ".join(["a\u0302\u0301"] * WORDS_MAX),
        " " * 500 + "Lê An",
        "." * 500,
        "x" * 512,
        "e\u0302\u0303" * 170,
    ],
)
def test_what_is_merely_odd_is_compared(text: str) -> None:
    assert is_comparable(text)


@pytest.mark.parametrize(("value", "pauses"), [("Nguyễn Thị Thu Hòa", 3), ("ễ" * 500, 9)])
def test_long_texts_are_compared_in_smaller_slices(value: str, pauses: int) -> None:
    paths = ("name", "legacy_number", "permanent_residence.line")
    plan: Any = SimpleNamespace(
        fields=[Field(path, lambda *_: Verdict.MISMATCH, ()) for path in paths], questions=(), leniency=1
    )
    people: Any = [SimpleNamespace(row=(), related={})] * (3 * PEOPLE_PER_SLICE_MAX)
    table = Table(["1"] * len(people), dict.fromkeys(paths, [value] * len(people)), {})
    graded = Graded(bytearray(len(people)), bytearray(3 * len(people)), bytearray())
    unused: Any = None
    assert sum(1 for _ in Grader(plan, unused, unused).slices(table, people, {}, graded)) == pauses
    assert set(graded.verdicts) == {Verdict.MISMATCH}


def test_every_mark_that_normal_forms_put_in_order_is_counted() -> None:
    marks = [mark for mark in map(chr, range(0x300, sys.maxunicode + 1)) if _is_put_in_order(mark)]
    assert len(marks) > 900
    assert [mark for mark in marks if is_comparable(mark * (MARKS + 1))] == []


def _is_put_in_order(character: str) -> bool:
    return unicodedata.combining(unicodedata.normalize("NFD", character)[0]) > 0
