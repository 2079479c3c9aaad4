"""The rules of comparison against a table of pairs with the verdict that each leniency gives."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.agency.grants import Leniency
from gateway.lookup.verification import dates, names
from gateway.lookup.verification.addresses import compare_address, compare_unit
from gateway.lookup.verification.dates import UnreadableDate, compare_date, parse_date
from gateway.lookup.verification.names import compare_name, compare_words
from gateway.lookup.verification.rules import RULES, RULES_VERSION, Verdict
from gateway.lookup.verification.texts import compare_email, compare_identifier, compare_phone

TABLE = Path(__file__).parents[2] / "golden" / "verdicts.csv"


def _date(claimed: str, registered: str, leniency: int) -> int:
    if not claimed:
        return Verdict.NOT_CLAIMED
    try:
        day = parse_date(claimed)
    except UnreadableDate:
        return Verdict.UNREADABLE
    return compare_date(day, parse_date(registered) if registered else (0, 0, 0), leniency)


COMPARE: dict[str, Callable[[str, str, int], int]] = {
    "name": compare_name,
    "words": compare_words,
    "date": _date,
    "phone": compare_phone,
    "identifier": lambda claimed, registered, _leniency: compare_identifier(claimed, registered),
    "email": lambda claimed, registered, _leniency: compare_email(claimed, registered),
    "address": lambda claimed, registered, leniency: compare_address(claimed, [registered], leniency),
}


def _rows() -> list[dict[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("leniency", Leniency)
@pytest.mark.parametrize("kind", sorted(COMPARE))
def test_pairs_get_the_verdicts_of_the_table(kind: str, leniency: Leniency) -> None:
    wrong = []
    for row in _rows():
        if row["kind"] == kind:
            verdict = Verdict(COMPARE[kind](row["claimed"], row["registered"], leniency)).name
            if verdict != row[leniency.name.lower()]:
                wrong.append((row["claimed"], row["registered"], verdict, row[leniency.name.lower()]))
    assert wrong == []


def test_the_table_is_large_and_knows_every_rule_of_texts() -> None:
    rows = _rows()
    assert len(rows) >= 300
    assert {row["kind"] for row in rows} == set(COMPARE)
    used = Counter(row["lenient"] for row in rows)
    of_records = {Verdict.CLOSE_NUMBER_SUPERSEDED, Verdict.CLOSE_UNIT_SUCCEEDED}
    assert {rule.verdict.name for rule in RULES if rule.verdict not in of_records} <= used.keys()
    assert all(used[rule.verdict.name] >= 2 for rule in RULES if rule.verdict not in of_records)


def test_each_rule_has_its_number_once_and_counts_from_a_leniency_on() -> None:
    assert [rule.verdict for rule in RULES] == sorted({rule.verdict for rule in RULES})
    assert {rule.verdict for rule in RULES} == {verdict for verdict in Verdict if verdict.is_close}
    assert all(rule.leniency > Leniency.EXACT and rule.meaning for rule in RULES)


@pytest.mark.parametrize(
    ("claimed", "elsewhere", "expected"),
    [
        ("00004", [], Verdict.MATCH),
        (" 00004 ", [], Verdict.MATCH),
        ("00001", ["00001"], Verdict.CLOSE_UNIT_SUCCEEDED),
        ("00001", [], Verdict.MISMATCH),
        ("Ba Đình", [], Verdict.UNREADABLE),
        ("", [], Verdict.NOT_CLAIMED),
    ],
)
def test_units_are_compared_by_code(claimed: str, elsewhere: list[str], expected: Verdict) -> None:
    assert compare_unit(claimed, "00004", elsewhere, Leniency.SPELLING) == expected
    exact = Verdict.MISMATCH if expected.is_close else expected
    assert compare_unit(claimed, "00004", elsewhere, Leniency.EXACT) == exact


@pytest.mark.parametrize("leniency", Leniency)
def test_a_unit_registered_by_the_other_map_only_is_not_absent(leniency: Leniency) -> None:
    """Only wrong codes would be told to be absent, which is no guess."""
    assert compare_unit("00001", "", [], leniency) == Verdict.MISMATCH
    assert compare_unit("00001", "", ["00001"], leniency) in (Verdict.MISMATCH, Verdict.CLOSE_UNIT_SUCCEEDED)
    assert compare_unit("00001", "", None, leniency) == Verdict.ABSENT


def test_the_page_on_verification_lists_the_rules_of_the_code() -> None:
    page = (Path(__file__).parents[3] / "docs" / "verification.md").read_text(encoding="utf-8")
    rows = [[cell.strip(" `") for cell in line.split("|")[1:-1]] for line in page.splitlines() if line.startswith("| ")]
    listed = [row for row in rows if row[0].isdigit()]
    assert listed == [
        [str(int(rule.verdict)), rule.name, rule.leniency.name, rule.example, rule.meaning] for rule in RULES
    ]
    assert f"Version {RULES_VERSION} of the rules" in page


def test_callers_do_not_fill_the_memory_with_words_and_dates() -> None:
    remembered = [
        (cached, cached.cache_info().currsize) for cached in (names._same_word, names._folded_word, dates._parsed)
    ]
    for at in range(50):
        assert compare_name("\U0001d400" * 500 + str(at), "Lê Văn An", Leniency.LENIENT) == Verdict.MISMATCH
        parse_date(" " * at + "1931-07-29" + " " * 400)
    grown = {cached.__name__: cached.cache_info().currsize - before for cached, before in remembered}
    assert all(each <= 3 for each in grown.values()), grown
