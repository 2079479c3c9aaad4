"""The register of acts: whoever touches the database without its key is found out."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from gateway.agency.acts import FIRST_SEAL, Act, ActKind, Actor, ActsAltered, seal
from gateway.agency.ledger import Target
from gateway.agency.store import AgencyStore
from gateway.errors import EnrolmentRefused
from tests.unit.agency.world import NOW, make_grant

CODE = "ABCDE-FGHIJ-KLMNO-PQRST"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "gateway.db"
    store = AgencyStore.create(path)
    store.register_agency("bhxh", "Social insurance", 3, NOW)
    store.register_agency("health", "Health", 4, NOW)
    store.create_grant("bhxh", make_grant())
    store.revoke(Target.AGENCY, "bhxh", NOW)
    store.create_code(CODE, "health", "", NOW + 10)
    store.close()
    return path


def alter(path: Path, statement: str, *values: object) -> None:
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(statement, values)
    connection.close()


def forged(number: int, act: Act) -> tuple[int, str, bytes]:
    text = act.to_text()
    return number, text, seal(bytes(32), FIRST_SEAL, number, text)


@pytest.mark.parametrize(
    ("statement", "values"),
    [
        ("UPDATE act SET record = replace(record, 'health', 'wealth') WHERE number = 2", ()),
        ("UPDATE act SET record = '{}' WHERE number = 2", ()),
        ("DELETE FROM act WHERE number = 2", ()),
        ("DELETE FROM act WHERE number = 1", ()),
        ("UPDATE act SET number = number + 10 WHERE number >= 2", ()),
        (
            "UPDATE act SET record = (SELECT record FROM act WHERE number = 1), "
            "seal = (SELECT seal FROM act WHERE number = 1) WHERE number = 2",
            (),
        ),
        ("INSERT INTO act VALUES (?, ?, ?)", forged(5, Act(ActKind.LIFTING, {"target": "agency", "value": "bhxh"}, 1))),
    ],
)
def test_an_altered_register_answers_nobody(database: Path, statement: str, values: tuple[object, ...]) -> None:
    alter(database, statement, *values)
    store = AgencyStore.open(database)
    with pytest.raises(ActsAltered, match=r"gateway\.db"):
        store.load_view()
    with pytest.raises(ActsAltered):
        store.register_agency("another", "Another", 4, NOW)
    store.close()


def test_a_register_cut_off_while_it_is_read_answers_nobody(database: Path) -> None:
    store = AgencyStore.open(database)
    assert "bhxh" not in store.load_view().agencies
    alter(database, "DELETE FROM act WHERE number = 4")
    with pytest.raises(ActsAltered):
        store.load_view()
    store.close()


def test_another_key_reads_nothing(database: Path) -> None:
    (database.parent / "keys" / "policy.key").write_bytes(bytes(32))
    store = AgencyStore.open(database)
    with pytest.raises(ActsAltered):
        store.load_view()
    store.close()


@pytest.mark.parametrize("change", ["agency = 'bhxh'", "unit = '01'", "system = 'x'", "expires_at = expires_at + 1"])
def test_a_code_cannot_be_given_to_another_agency(database: Path, change: str) -> None:
    alter(database, f"UPDATE enrolment_code SET {change}")
    store = AgencyStore.open(database)
    with pytest.raises(EnrolmentRefused):
        store.redeem_code(CODE, NOW)
    store.close()


def test_two_processes_see_each_others_acts_and_one_of_two_that_exclude_each_other_fails(database: Path) -> None:
    one, other = AgencyStore.open(database), AgencyStore.open(database)
    assert one.load_view() == other.load_view()
    one.register_agency("school", "School", 6, NOW)
    with pytest.raises(Exception, match="exists"):
        other.register_agency("school", "School", 6, NOW)
    assert "school" in other.load_view().agencies
    other.register_agency("bank", "Bank", 7, NOW)
    assert one.load_view() == other.load_view()
    one.close()
    other.close()


def test_acts_read_back_with_who_and_why(database: Path) -> None:
    store = AgencyStore.open(database)
    actor = Actor("operator", "", "desk", "op-1", "K-1", "00ff", "RegisterAgency")
    store.register_agency("school", "Trường", 6, NOW, actor=actor)
    (number, act), *_ = store.register.acts(4, 10)
    assert (number, act.actor, act.at, act.body["name"]) == (5, actor, NOW, "Trường")
    assert Act.from_text(act.to_text()) == act
    assert len(store.register.acts(0, 3)) == 3
    store.close()
