"""What is compiled from the contract: whatever is verifiable is compared, whatever is stated has a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agency.grants import Leniency, Right
from gateway.catalogue import Catalogue
from gateway.errors import ArgumentInvalid, FieldNotGranted, FieldUnknown
from gateway.lookup.disclosure import PREFIX
from gateway.lookup.fill import Places, Related
from gateway.lookup.people import People, UnitNames
from gateway.lookup.verification.comparators import compile_comparators
from gateway.lookup.verification.plan import Plans
from gateway.lookup.verification.questions import YesNo, is_aged
from gateway.lookup.verification.rules import Verdict
from gateway.lookup.verification.table import Graded, Grader, Table
from registry.engine import open_engine
from registry.people import PeopleStore
from registry.related import RELATED
from registry.tables import person
from registry.units import Units
from tests.world import COMMUNE, COMMUNE_OLD, COMMUNE_OLD_SOUTH, COMMUNE_SOUTH, FULL, number_of

CATALOGUE = Catalogue.compile()
COMPARED = compile_comparators(CATALOGUE)
PLANS = Plans(CATALOGUE)
PARTS = [f"{leaf.path}.{part}" for leaf in CATALOGUE.leaves.values() for part in sorted(leaf.parts)]
TOPS = sorted({path.partition(".")[0] for path in CATALOGUE.leaves})
PATHS = st.lists(st.sampled_from(sorted({*CATALOGUE.leaves, *PARTS, *TOPS})), min_size=1, max_size=8, unique=True)
COLUMNS = sorted({column for compared in COMPARED.values() for column in compared.columns})
NULLABLE = {column.name: column.nullable for column in person.columns}
STATED = (
    *("Lê An", "1931", "1931-07-29", "1990-04-30", "nữ", "nam", "married", "single", "1", "2", "VN", "0987654321"),
    *("a@example.vn", "Phường Phúc Xá", COMMUNE_OLD, COMMUNE, COMMUNE_OLD_SOUTH, COMMUNE_SOUTH, "01", "79", "7"),
)
HOSTILE = ("a" + "\u0301" * 255 + "\u0323" * 255, "\u0f73" * 31, "p.1 " * 65, "x" * 513)
"""Of no form in which anything is registered."""
GRANTED = st.frozensets(st.sampled_from(sorted(COMPARED)), max_size=8)
VALUES = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        [
            *("", "Nguyễn Thị Hòa", "1990-04-30", "30/02/1990", "nữ", "01", "00004", "0912345678", "VN", "\x00", "😀"),
            *("\u202e", "ễ" * 600, "married", "010203040", number_of(FULL), "HK000000004", "a" * 10_000),
        ]
    ),
)


def _right(fields: frozenset[str], leniency: int = Leniency.LENIENT) -> Right:
    return Right(1, frozenset(), frozenset(), fields, frozenset(), leniency)


def test_every_verifiable_leaf_is_compared_and_no_other() -> None:
    leaves = {CATALOGUE.leaf_of(path) for path in COMPARED}
    assert leaves == {path for path, leaf in CATALOGUE.leaves.items() if leaf.verifiable}
    for sensitive in ("ethnic_group", "religion", "blood_group"):
        assert not any(path.startswith(sensitive) for path in COMPARED)


@settings(max_examples=100, deadline=None)
@given(PATHS, GRANTED)
def test_what_is_claimed_is_compared_under_the_grant_or_withheld(paths: list[str], granted: frozenset[str]) -> None:
    try:
        plan = PLANS.of(_right(granted), paths, ())
    except FieldNotGranted:
        assert not any(path in granted or CATALOGUE.leaf_of(path) in granted for path in paths if path in COMPARED)
        return
    except ArgumentInvalid:
        assert any(path not in COMPARED for path in paths)
        return
    compared = {field.path for field in plan.fields if field.compare is not None}
    assert all(path in granted or CATALOGUE.leaf_of(path) in granted for path in compared)
    assert compared.isdisjoint(each.path for each in plan.withheld)
    assert compared | {each.path for each in plan.withheld} == set(paths)
    assert [field.path for field in plan.fields] == paths
    assert plan.disclosure.fills == ()


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=30))
def test_a_path_that_the_contract_lacks_is_unknown(path: str) -> None:
    if path in {*CATALOGUE.leaves, *PARTS, *TOPS}:
        return
    with pytest.raises(FieldUnknown):
        PLANS.of(_right(frozenset({"name"})), ["name", path], ())


def test_a_misspelt_path_is_refused_with_the_one_that_was_meant() -> None:
    with pytest.raises(FieldUnknown) as refused:
        PLANS.of(_right(frozenset({"name"})), ["name", "brith_date"], ())
    told = [(each.field, each.description) for each in refused.value.violations]
    assert told == [("claims[1].path", "no such field of Person; did you mean birth_date?")]


@pytest.fixture(scope="module")
def everything(registry: Path) -> tuple[People, UnitNames]:
    """Reads the people of the small registry."""
    engine = open_engine(registry, read_only=True)
    return People(PeopleStore(engine)), UnitNames(Units.from_engine(engine))


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(st.sampled_from(sorted(COMPARED)), VALUES, min_size=1, max_size=8),
    st.sampled_from(Leniency),
    st.sampled_from([FULL, 7]),
)
def test_any_value_of_any_field_has_a_verdict_and_more_leniency_only_adds(
    everything: tuple[People, UnitNames], claims: dict[str, str], leniency: Leniency, position: int
) -> None:
    people, places = everything
    table = Table([number_of(position)], {path: [value] for path, value in claims.items()}, {})
    found = []
    for each in (Leniency.EXACT, leniency):
        plan = PLANS.of(_right(frozenset(COMPARED), each), tuple(claims), ())
        graded = Graded(bytearray([1]), bytearray(len(claims)), bytearray())
        read = people.by_number(plan.disclosure, table.numbers)
        for _ in Grader(plan, places, date(2026, 1, 1)).slices(table, read, {}, graded):
            pass
        found.append([Verdict(number) for number in graded.verdicts])
    exact, laxer = found
    for value, one, other in zip(claims.values(), exact, laxer, strict=True):
        assert one is other or (one is Verdict.MISMATCH and other.is_close)
        assert (one is Verdict.NOT_CLAIMED) == (not value.strip())
        assert not one.is_close


def _told(path: str, row: Sequence[Any], related: Related, places: Places, leniency: Leniency) -> set[int]:
    """What the readable ones of many values are told, right ones among them where the row has any."""
    compared = COMPARED[path]
    if compared.related:
        column = RELATED[compared.related].columns.index(path.partition(".")[2])
        registered = [each[column] for each in related[compared.related]]
        place: Sequence[int] = ()
    else:
        place = [COLUMNS.index(column) for column in compared.columns]
        registered = [row[at] for at in place]
    values = {*STATED, *map(str, registered), " ".join(filter(None, map(str, registered)))}
    told = {compared.compare(value, row, place, related, places, leniency) for value in values}
    return told - {Verdict.UNREADABLE, Verdict.NOT_CLAIMED}


@pytest.mark.parametrize("leniency", Leniency)
@settings(max_examples=100, deadline=None)
@given(st.frozensets(st.sampled_from(COLUMNS)), st.booleans())
def test_what_is_stated_does_not_decide_whether_it_is_told_to_be_absent(
    everything: tuple[People, UnitNames], leniency: Leniency, missing: frozenset[str], unrelated: bool
) -> None:
    people, places = everything
    plan = PLANS.of(_right(frozenset(COMPARED)), tuple(COMPARED), ())
    (found,) = people.by_number(plan.disclosure, [number_of(FULL)])
    assert found is not None
    values = dict(zip((*PREFIX[:2], *plan.disclosure.columns), found.row, strict=True))
    row = [(None if NULLABLE[column] else "") if column in missing else values[column] for column in COLUMNS]
    related = {name: [] if unrelated else rows for name, rows in found.related.items()}
    for path in COMPARED:
        told = _told(path, row, related, places, leniency)
        assert told == {Verdict.ABSENT} or Verdict.ABSENT not in told, path


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from([*HOSTILE, "Lê An"]), min_size=2, max_size=2), st.sampled_from(Leniency))
def test_a_text_of_no_form_is_unreadable_whoever_it_is_stated_of(
    everything: tuple[People, UnitNames], stated: list[str], leniency: Leniency
) -> None:
    people, places = everything
    plan = PLANS.of(_right(frozenset(COMPARED), leniency), tuple(COMPARED), ())
    numbers = [number_of(FULL), number_of(7)]
    graded = Graded(bytearray(2), bytearray(2 * len(COMPARED)), bytearray())
    table = Table(numbers, dict.fromkeys(COMPARED, stated), {})
    for _ in Grader(plan, places, date(2026, 1, 1)).slices(
        table, people.by_number(plan.disclosure, numbers), {}, graded
    ):
        pass
    told = set(graded.verdicts[: len(COMPARED)]), set(graded.verdicts[len(COMPARED) :])
    for value, verdicts in zip(stated, told, strict=True):
        assert (verdicts == {Verdict.UNREADABLE}) == (value in HOSTILE)
    assert graded.missed == {row for row, value in enumerate(stated) if value not in HOSTILE}


@settings(max_examples=200, deadline=None)
@given(
    st.dates(date(1900, 1, 1), date(2030, 1, 1)), st.integers(0, 150), st.dates(date(1900, 1, 1), date(2030, 12, 31))
)
def test_an_age_is_reached_on_a_day_once_and_a_partial_date_agrees(born: date, years: int, today: date) -> None:
    at = (0, 1, 2)
    full = is_aged((born.year, born.month, born.day), at, years, today)
    reached = (today.year - born.year) - ((today.month, today.day) < (born.month, born.day)) >= years
    assert full is (YesNo.YES if reached else YesNo.NO)
    for partial in ((born.year, born.month, 0), (born.year, 0, 0)):
        assert is_aged(partial, at, years, today) in (full, YesNo.UNKNOWN)
    assert is_aged((0, 0, 0), at, years, today) is YesNo.UNKNOWN
