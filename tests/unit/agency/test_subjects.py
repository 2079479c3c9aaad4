"""Enrolled people: whose they are, that they last, and that nobody puts them in by hand."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event

from gateway.agency.store import AgencyStore

PEOPLE = [1, 5, 2**62, -(2**63), 2**63 - 1]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[AgencyStore]:
    made = AgencyStore.create(tmp_path / "gateway.db")
    yield made
    made.close()


def test_people_are_of_the_agency_that_enrolled_them_and_of_no_other(store: AgencyStore, tmp_path: Path) -> None:
    store.subjects.enrol("bhxh", PEOPLE)
    store.subjects.enrol("bhxh", PEOPLE[:2])  # again
    store.subjects.enrol("carrier", [5])
    with closing(AgencyStore.open(tmp_path / "gateway.db")) as opened:
        assert opened.subjects.own("bhxh", [*PEOPLE, 7]) == set(PEOPLE)
        assert opened.subjects.own("carrier", PEOPLE) == {5}
        assert opened.subjects.own("nobody", PEOPLE) == set()
        assert opened.subjects.own("bhxh", []) == set()


def test_who_is_withdrawn_is_gone_for_everybody_who_reads(store: AgencyStore, tmp_path: Path) -> None:
    with closing(AgencyStore.open(tmp_path / "gateway.db")) as other:
        store.subjects.enrol("bhxh", range(1, 1001))
        assert len(other.subjects.own("bhxh", range(1, 1001))) == 1000
        store.subjects.withdraw("bhxh", [*range(1, 1000), 5000])
        assert other.subjects.own("bhxh", range(1, 1001)) == {1000}


def test_pages_hold_everybody_once_in_order(store: AgencyStore) -> None:
    store.subjects.enrol("bhxh", [3, 9, 4, 1, 7])
    assert store.subjects.after("bhxh", 0, 2) == ([1, 3], 3)
    assert store.subjects.after("bhxh", 3, 2) == ([4, 7], 7)
    assert store.subjects.after("bhxh", 7, 2) == ([9], 0)
    assert store.subjects.after("bhxh", 9, 2) == ([], 0)


@pytest.mark.parametrize(
    "forgery",
    [
        "INSERT INTO subject SELECT agency, 6, seal FROM subject WHERE person_id = 5",
        "INSERT INTO subject SELECT 'carrier', person_id, seal FROM subject WHERE person_id = 5",
        "UPDATE subject SET person_id = 6 WHERE person_id = 5",
        "INSERT INTO subject VALUES ('bhxh', 6, zeroblob(16))",
        "INSERT INTO subject VALUES ('bhxh', 6, x'')",
    ],
)
def test_a_row_that_was_written_by_hand_enrols_nobody_and_is_named(
    store: AgencyStore, tmp_path: Path, forgery: str
) -> None:
    store.subjects.enrol("bhxh", [5])
    with closing(sqlite3.connect(tmp_path / "gateway.db", isolation_level=None)) as connection:
        connection.execute(forgery)
    assert store.subjects.own("bhxh", [6]) == store.subjects.own("carrier", [5]) == set()
    assert 6 not in store.subjects.after("bhxh", 0, 10)[0]
    assert sum(store.subjects.unsealed().values()) == 1


@given(
    steps=st.lists(st.tuples(st.booleans(), st.sampled_from("ab"), st.lists(st.integers(1, 6), max_size=4)), max_size=8)
)
@settings(max_examples=15, deadline=None)
def test_enrolling_and_withdrawing_are_what_sets_do(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[bool, str, list[int]]]
) -> None:
    expected: dict[str, set[int]] = {"a": set(), "b": set()}
    with closing(AgencyStore.create(tmp_path_factory.mktemp("own") / "gateway.db")) as store:
        for enrols, agency, people in steps:
            (store.subjects.enrol if enrols else store.subjects.withdraw)(agency, people)
            expected[agency] = expected[agency] | {*people} if enrols else expected[agency] - {*people}
        for agency, own in expected.items():
            assert store.subjects.own(agency, range(1, 7)) == own
            assert store.subjects.after(agency, 0, 10) == (sorted(own), 0)


def test_whoever_is_asked_about_is_looked_up_by_key(store: AgencyStore, tmp_path: Path) -> None:
    store.subjects.enrol("bhxh", range(100))
    said: list[tuple[str, Any]] = []

    def listen(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        said.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", listen)
    try:
        assert store.subjects.own("bhxh", [5, 500]) == {5}
        assert store.subjects.after("bhxh", 97, 10) == ([98, 99], 0)
    finally:
        event.remove(Engine, "before_cursor_execute", listen)
    with closing(sqlite3.connect(tmp_path / "gateway.db")) as connection:
        plans = [
            [row[-1] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]
            for statement, parameters in said
            if "subject" in statement
        ]
    searched = "SEARCH subject USING PRIMARY KEY (agency=? AND person_id"
    assert [plan[0].startswith(searched) for plan in plans] == [True, True], plans
