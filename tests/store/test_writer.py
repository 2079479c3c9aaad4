"""People change through one door: values, version and feed together, or nothing of them."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, text

from registry.datasets import ChangeKind, Dataset
from registry.engine import is_sqlite
from registry.errors import HalfBuilt, Inconsistent, NotBuilt, SecondWriter, StoreUnavailable
from registry.people import PeopleStore
from registry.related import RESIDENCE_COLUMNS
from registry.writer import Outcome, OutcomeStatus, Update, Writer
from tests.store.small_population import (
    CAO_BANG,
    CHILD,
    COMMUNE_CAO_BANG,
    COMMUNE_HANOI,
    FATHER,
    FORMER_NUMBER_OF_CHILD,
    HANOI,
    MOTHER,
    WIDOW,
    number,
)

Open = Callable[..., Engine]
NOW = 1_760_000_000_000_000
INSURED = {"code": "9876543210", "status": 2, "health_card": None, "employer_unit": "TA0001A", "updated_on": 20250901}
MOVE = {"permanent_commune": COMMUNE_CAO_BANG, "permanent_line": "Tổ 2", "permanent_since": 20251001}


@pytest.fixture
def writer(url: str, opened: Open) -> Iterator[Writer]:
    one = Writer(opened(url))
    yield one
    one.close()


@pytest.fixture
def store(url: str, opened: Open) -> Iterator[PeopleStore]:
    people = PeopleStore(opened(url, read_only=True))
    yield people
    people.close()


def insured(person_id: int, **values: Any) -> Update:
    return Update(
        Dataset.SOCIAL_INSURANCE,
        {**INSURED, **values},
        kinds=ChangeKind.VALUES,
        made_at=NOW,
        person_id=person_id,
        audit_index=40 + person_id,
    )


def moved(person_id: int, **values: Any) -> Update:
    return Update(Dataset.RESIDENCE, {**MOVE, **values}, kinds=ChangeKind.RESIDENCE, made_at=NOW, person_id=person_id)


def versions(store: PeopleStore, *person_ids: int) -> list[int]:
    rows = store.read_ids(store.plan(("version",)), person_ids)
    return [row[2] for row in rows if row is not None]


def test_a_first_row_and_a_later_one_are_applied_and_numbered(writer: Writer, store: PeopleStore) -> None:
    assert writer.apply([insured(MOTHER), insured(FATHER, status=3)]) == [
        Outcome(OutcomeStatus.APPLIED, MOTHER, version=2, position=1),
        Outcome(OutcomeStatus.APPLIED, FATHER, version=2, position=2),
    ]
    assert store.related("social_insurance", [FATHER, MOTHER]) == {
        FATHER: [(FATHER, "9876543210", 3, None, "TA0001A", 20250901)],
        MOTHER: [(MOTHER, "9876543210", 2, None, "TA0001A", 20250901)],
    }
    assert versions(store, FATHER, MOTHER, CHILD) == [2, 2, 1]
    dataset, kinds = Dataset.SOCIAL_INSURANCE, ChangeKind.VALUES
    assert store.changes(0, 10).rows == [
        (1, MOTHER, 2, dataset, kinds, HANOI, HANOI, 42, NOW),
        (2, FATHER, 2, dataset, kinds, HANOI, HANOI, 41, NOW),
    ]


def test_columns_left_out_keep_their_values(writer: Writer, store: PeopleStore) -> None:
    later = Update(Dataset.SOCIAL_INSURANCE, {"status": 5}, kinds=1, made_at=NOW, person_id=FATHER)
    assert writer.apply([later])[0].status is OutcomeStatus.APPLIED
    assert store.related("social_insurance", [FATHER])[FATHER] == [(FATHER, "0123456789", 5, None, None, 20240101)]


def test_the_same_values_again_are_no_change(writer: Writer, store: PeopleStore) -> None:
    writer.apply([insured(MOTHER)])
    assert writer.apply([insured(MOTHER), insured(MOTHER, updated_on=20251101)]) == [
        Outcome(OutcomeStatus.UNCHANGED, MOTHER, version=2),
        Outcome(OutcomeStatus.UNCHANGED, MOTHER, version=2),
    ]
    assert store.last_position() == 1
    assert versions(store, MOTHER) == [2]


def test_one_person_twice_in_a_batch_is_two_changes(writer: Writer, store: PeopleStore) -> None:
    outcomes = writer.apply([insured(WIDOW, status=1), insured(WIDOW, status=2), insured(WIDOW, status=2)])
    assert [(item.status, item.version, item.position) for item in outcomes] == [
        (OutcomeStatus.APPLIED, 2, 1),
        (OutcomeStatus.APPLIED, 3, 2),
        (OutcomeStatus.UNCHANGED, 3, None),
    ]
    assert store.related("social_insurance", [WIDOW])[WIDOW][0][2] == 2
    assert versions(store, WIDOW) == [3]


def test_people_are_found_by_current_and_former_number(writer: Writer, store: PeopleStore) -> None:
    updates = [
        Update(Dataset.SOCIAL_INSURANCE, INSURED | {"status": status}, kinds=1, made_at=NOW, number=asked)
        for status, asked in enumerate((number(CHILD), FORMER_NUMBER_OF_CHILD, "096099123456", number(WIDOW)))
    ]
    outcomes = writer.apply(updates)
    assert [item.person_id for item in outcomes] == [CHILD, CHILD, None, WIDOW]
    assert outcomes[2] == Outcome(OutcomeStatus.NOT_FOUND)
    assert store.related("social_insurance", [CHILD])[CHILD][0][2] == 1
    assert [row[0] for row in store.changes(0, 10).rows] == [1, 2, 3]


def test_an_unknown_person_leaves_no_trace(writer: Writer, store: PeopleStore) -> None:
    assert writer.apply([insured(4711)]) == [Outcome(OutcomeStatus.NOT_FOUND)]
    assert store.last_position() == 0


def test_an_empty_batch_is_answered(writer: Writer) -> None:
    assert writer.apply([]) == []


def test_a_move_changes_scope_row_and_history(writer: Writer, store: PeopleStore) -> None:
    assert writer.apply([moved(WIDOW)]) == [Outcome(OutcomeStatus.APPLIED, WIDOW, version=2, position=1)]
    columns = ("permanent_commune_old", "permanent_commune", "permanent_line", "permanent_since", "scope")
    row = store.read_ids(store.plan(columns), [WIDOW])[0]
    assert row is not None
    assert row[2:] == (None, COMMUNE_CAO_BANG, "Tổ 2", 20251001, CAO_BANG)
    assert [row[5:7] for row in store.changes(0, 9).rows] == [(HANOI, CAO_BANG)]
    begun, ended = RESIDENCE_COLUMNS.index("valid_from"), RESIDENCE_COLUMNS.index("valid_to")
    history = [(row[begun], row[ended]) for row in store.related("residences", [WIDOW])[WIDOW]]
    assert history == [(20100101, 20150101), (20150101, 20251001), (20251001, None)]


def test_two_moves_in_one_batch_follow_each_other(writer: Writer, store: PeopleStore) -> None:
    back = moved(FATHER, permanent_commune=COMMUNE_HANOI, permanent_since=20251101)
    outcomes = writer.apply([moved(FATHER), back, back])
    assert [item.status.name for item in outcomes] == ["APPLIED", "APPLIED", "UNCHANGED"]
    ended = RESIDENCE_COLUMNS.index("valid_to")
    assert [row[ended] for row in store.related("residences", [FATHER])[FATHER]] == [20251001, 20251101, None]
    assert [row[5:7] for row in store.changes(0, 9).rows] == [(HANOI, CAO_BANG), (CAO_BANG, HANOI)]


def test_different_datasets_mix_in_one_batch(writer: Writer, store: PeopleStore) -> None:
    outcomes = writer.apply([insured(WIDOW), moved(WIDOW), insured(WIDOW, status=9)])
    assert [item.version for item in outcomes] == [2, 3, 4]
    assert [row[5:7] for row in store.changes(0, 9).rows] == [(HANOI, HANOI), (HANOI, CAO_BANG), (CAO_BANG,) * 2]


@pytest.mark.parametrize(
    ("update", "rule"),
    [
        (insured(MOTHER, code="12345678901"), "code has more than 10 characters"),
        (insured(MOTHER, code=1234567890), "code must be a text"),
        (insured(MOTHER, health_card="a\x00b"), "health_card has characters that cannot be printed"),
        (insured(MOTHER, status=None), "status must have a value"),
        (insured(MOTHER, status=40_000), "status must be a whole number of its range"),
        (insured(MOTHER, status=True), "status must be a whole number of its range"),
        (insured(MOTHER, surname="Lê"), "a column is not one that this dataset lets be written"),
        (
            Update(Dataset.SOCIAL_INSURANCE, {"status": 1}, kinds=1, made_at=NOW, person_id=MOTHER),
            "a first social insurance row needs status and updated_on",
        ),
        (Update(Dataset.IDENTITY, {}, kinds=1, made_at=NOW, person_id=MOTHER), "this dataset cannot be written"),
        (moved(MOTHER, scope=HANOI), "a column is not one that this dataset lets be written"),
        (moved(MOTHER, permanent_since=None), "a move needs permanent_commune and permanent_since"),
        (moved(MOTHER, permanent_since=20010101), "permanent_since is before the present residence began"),
        (moved(MOTHER, permanent_commune="99999"), "permanent_commune is no commune of the map since 1/7/2025"),
    ],
)
def test_a_malformed_update_gets_its_rule_and_holds_up_nobody(
    writer: Writer, store: PeopleStore, update: Update, rule: str
) -> None:
    outcomes = writer.apply([insured(WIDOW), update, insured(CHILD)])
    assert outcomes[1] == Outcome(OutcomeStatus.MALFORMED, rule=rule)
    assert [outcomes[0].position, outcomes[2].position] == [1, 2]
    assert MOTHER not in store.related("social_insurance", [MOTHER])
    assert versions(store, MOTHER) == [1]


def test_a_batch_the_database_refuses_leaves_nothing_behind(writer: Writer, store: PeopleStore) -> None:
    broken = Update(Dataset.RESIDENCE, MOVE, kinds=1, made_at=None, person_id=WIDOW)  # type: ignore[arg-type]
    with pytest.raises(Inconsistent):
        writer.apply([insured(MOTHER), broken])
    assert store.last_position() == 0
    assert store.related("social_insurance", [MOTHER]) == {}
    assert versions(store, MOTHER, WIDOW) == [1, 1]
    assert writer.apply([insured(MOTHER)])[0].position == 1


def test_positions_go_on_after_a_restart(url: str, opened: Open, writer: Writer) -> None:
    writer.apply([insured(MOTHER)])
    writer.close()
    second = Writer(opened(url))
    assert second.apply([insured(WIDOW)])[0].position == 2
    second.close()


def test_a_second_writer_is_refused_or_takes_turns(url: str, opened: Open, writer: Writer) -> None:
    engine = opened(url)
    if is_sqlite(engine):
        second = Writer(engine)
        positions = [one.apply([insured(i)])[0].position for i, one in ((2, writer), (4, second), (5, writer))]
        assert positions == [1, 2, 3]
        second.close()
        return
    with pytest.raises(SecondWriter):
        Writer(engine)
    writer.close()
    Writer(engine).close()


def test_a_writer_that_lost_its_connection_takes_the_lock_again(url: str, opened: Open, writer: Writer) -> None:
    engine = opened(url)
    if is_sqlite(engine):
        pytest.skip("PostgreSQL only: SQLite has no connection to lose")
    with engine.begin() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    with pytest.raises(StoreUnavailable):
        writer.apply([insured(MOTHER)])
    assert writer.apply([insured(MOTHER)])[0].position == 1
    with pytest.raises(SecondWriter):
        Writer(engine)


def test_only_a_finished_population_is_written(url: str, empty_url: str, opened: Open) -> None:
    with pytest.raises(NotBuilt):
        Writer(opened(empty_url))
    engine = opened(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE registry_meta SET value = '0' WHERE key = 'complete'"))
    with pytest.raises(HalfBuilt):
        Writer(engine)
