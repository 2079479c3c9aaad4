"""People are read in the order asked, by any number they ever held, alike on both engines."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, text

from registry.datasets import Link
from registry.engine import is_sqlite
from registry.errors import HalfBuilt, StoreUnavailable
from registry.people import PeopleStore
from registry.related import MEMBER_COLUMNS, RELATIVE_COLUMNS, RESIDENCE_COLUMNS
from tests.store.small_population import (
    CAO_BANG,
    CHILD,
    EPOCH,
    FATHER,
    FORMER_NUMBER_OF_CHILD,
    HANOI,
    HOUSEHOLD,
    HOUSEHOLD_OF_WIDOW,
    MOTHER,
    PEOPLE,
    WIDOW,
    number,
)

Open = Callable[..., Engine]
NOBODY = "096099123456"


@pytest.fixture
def store(url: str, opened: Open) -> Iterator[PeopleStore]:
    people = PeopleStore(opened(url, read_only=True))
    yield people
    people.close()


def ids(rows: list[tuple[object, ...] | None]) -> list[object]:
    return [row and row[0] for row in rows]


def test_answers_stand_in_the_order_asked(store: PeopleStore) -> None:
    plan = store.plan(("given_name",))
    wanted = [9, 2, 41, 1, 17]
    rows = store.read(plan, [number(i) for i in wanted])
    assert rows == [(i, number(i), f"Hòa {i}") for i in wanted]


def test_absent_and_repeated_numbers_keep_their_places(store: PeopleStore) -> None:
    numbers = [number(5), NOBODY, number(5), "", number(6)]
    assert ids(store.read(store.plan(()), numbers)) == [5, None, 5, None, 6]


def test_one_number_and_none_are_answered(store: PeopleStore) -> None:
    plan = store.plan(())
    assert store.read(plan, [number(8)]) == [(8, number(8))]
    assert store.read(plan, [NOBODY]) == [None]
    assert store.read(plan, []) == []


@pytest.mark.parametrize("others", [[], [9], [9, 9]])
def test_a_replaced_number_finds_its_person_and_shows_the_current_one(store: PeopleStore, others: list[int]) -> None:
    rows = store.read(store.plan(()), [FORMER_NUMBER_OF_CHILD, *(number(i) for i in others)])
    assert rows == [(CHILD, number(CHILD)), *((i, number(i)) for i in others)]


def test_a_tuple_of_numbers_is_as_good_as_a_list(store: PeopleStore) -> None:
    assert ids(store.read(store.plan(()), (number(2), number(1)))) == [2, 1]


def test_people_are_read_by_id_in_the_order_asked(store: PeopleStore) -> None:
    plan = store.plan(("scope",))
    rows = store.read_ids(plan, [3, 99, 1, 3])
    assert rows == [(3, number(3), CAO_BANG), None, (1, number(1), HANOI), (3, number(3), CAO_BANG)]
    assert store.read_ids(plan, (2,)) == [(2, number(2), HANOI)]


def test_an_unknown_column_is_refused_when_planning(store: PeopleStore) -> None:
    with pytest.raises(KeyError):
        store.plan(("number; DROP TABLE person",))


def test_lists_of_any_length_are_one_statement(store: PeopleStore) -> None:
    numbers = [number(i % PEOPLE + 1) for i in range(70_000)]
    rows = store.read(store.plan(()), numbers)
    assert [row and row[1] for row in rows] == numbers


def test_a_snapshot_pages_through_everybody_once(store: PeopleStore) -> None:
    plan = store.plan(())
    seen: list[object] = []
    after = 0
    while rows := store.snapshot(plan, after, 7):
        seen += ids(list(rows))
        after = rows[-1][0]
    assert seen == list(range(1, PEOPLE + 1))


@pytest.mark.parametrize("scopes", [[CAO_BANG], [HANOI, CAO_BANG], [CAO_BANG, "99"], []])
def test_a_snapshot_keeps_to_its_scopes(store: PeopleStore, scopes: list[str]) -> None:
    plan = store.plan(("scope",))
    everybody = store.snapshot(plan, 0, 1000)
    found = store.snapshot(plan, 3, 1000, scopes)
    assert found == [row for row in everybody if row[0] > 3 and row[2] in scopes]


def test_residences_keep_their_history(store: PeopleStore) -> None:
    found = store.related("residences", [WIDOW, FATHER, CHILD, WIDOW])
    begun = RESIDENCE_COLUMNS.index("valid_from")
    assert [row[begun] for row in found[WIDOW]] == [20100101, 20150101]
    assert len(found[FATHER]) == 1
    assert CHILD not in found


def test_documents_and_names_and_numbers_are_read_for_many(store: PeopleStore) -> None:
    people = [FATHER, MOTHER, CHILD]
    assert [row[1] for row in store.related("documents", people)[FATHER]] == [3, 1]
    assert [row[2:5] for row in store.related("other_names", people)[MOTHER]] == [("Trần", "", "Hương")]
    assert [row[1] for row in store.numbers(people)[CHILD]] == [FORMER_NUMBER_OF_CHILD, number(CHILD)]
    assert store.related("social_insurance", people) == {FATHER: [(FATHER, "0123456789", 1, None, None, 20240101)]}


def test_only_present_members_belong_to_a_household_and_the_head_is_first(store: PeopleStore) -> None:
    found = store.related("household_members", [HOUSEHOLD, HOUSEHOLD_OF_WIDOW, HOUSEHOLD])
    person = MEMBER_COLUMNS.index("person_id")
    assert [row[person] for row in found[HOUSEHOLD]] == [FATHER, MOTHER, CHILD]
    assert [row[person] for row in found[HOUSEHOLD_OF_WIDOW]] == [WIDOW]
    assert found[HOUSEHOLD][0][MEMBER_COLUMNS.index("legacy_number")] == "012345678"


def test_relatives_are_linked_in_both_directions(store: PeopleStore) -> None:
    found = store.related("relatives", [FATHER, CHILD, WIDOW])
    number_at = RELATIVE_COLUMNS.index("number")
    assert [row[1:3] for row in found[FATHER]] == [(Link.SPOUSE, MOTHER), (Link.CHILD, CHILD)]
    assert [row[1:3] for row in found[CHILD]] == [(Link.FATHER, FATHER), (Link.MOTHER, MOTHER)]
    assert [row[number_at] for row in found[CHILD]] == [number(FATHER), number(MOTHER)]
    assert WIDOW not in found


def test_related_rows_of_nobody_are_no_rows(store: PeopleStore) -> None:
    assert store.related("residences", []) == {}
    assert store.related("relatives", [12345]) == {}


def test_threads_read_side_by_side(store: PeopleStore) -> None:
    plan = store.plan(("given_name",))
    with ThreadPoolExecutor(4) as pool:
        rows = pool.map(lambda i: store.read(plan, [number(i)])[0], range(1, PEOPLE + 1))
    assert ids(list(rows)) == list(range(1, PEOPLE + 1))


def test_a_reader_sees_what_another_process_has_just_committed(store: PeopleStore, url: str) -> None:
    plan = store.plan(("email",))
    assert store.read(plan, [number(1)]) == [(1, number(1), None)]
    program = (
        "import sys; from registry.engine import open_engine; from sqlalchemy import text\n"
        "with open_engine(sys.argv[1]).begin() as c: c.execute(text(\"UPDATE person SET email = 'x@y.vn'\"))"
    )
    subprocess.run([sys.executable, "-c", program, url], check=True)
    assert store.read(plan, [number(1)]) == [(1, number(1), "x@y.vn")]


def test_meta_tells_the_epoch(store: PeopleStore) -> None:
    assert store.meta().epoch == EPOCH


def test_meta_refuses_a_store_that_was_never_finished(url: str, opened: Open, store: PeopleStore) -> None:
    with opened(url).begin() as connection:
        connection.execute(text("UPDATE registry_meta SET value = '0' WHERE key = 'complete'"))
    with pytest.raises(HalfBuilt):
        store.meta()


def test_a_broken_connection_fails_one_read_and_heals(url: str, opened: Open, store: PeopleStore) -> None:
    engine = opened(url)
    if is_sqlite(engine):
        pytest.skip("PostgreSQL only: SQLite has no connection to lose")
    plan = store.plan(())
    store.read(plan, [number(1)])
    with engine.begin() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    with pytest.raises(StoreUnavailable) as error:
        store.read(plan, [number(1)])
    assert number(1) not in str(error.value)
    assert ids(store.read(plan, [number(1)])) == [1]
