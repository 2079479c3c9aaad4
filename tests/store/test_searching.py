"""People are found by old numbers and by keys of their names, alike on both engines."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine, inspect, text

from registry.engine import is_sqlite
from registry.migrations import migrate
from registry.names import search_key
from registry.people import PeopleStore
from registry.searching import NumberKind, SearchStore
from tests.store.small_population import (
    CAO_BANG,
    CHILD,
    COMMUNE_CAO_BANG,
    COMMUNE_HANOI,
    FATHER,
    FORMER_NUMBER_OF_CHILD,
    HANOI,
    MOTHER,
    PEOPLE,
    number,
)

Open = Callable[..., Engine]
KEY_OF_FATHER = search_key("Nguyễn Văn Hòa 1")


@pytest.fixture
def store(url: str, opened: Open) -> Iterator[SearchStore]:
    people = PeopleStore(opened(url, read_only=True))
    yield SearchStore(people.reader)
    people.close()


@pytest.mark.parametrize(
    ("kind", "digits", "holders"),
    [
        (NumberKind.LEGACY_CARD, "012345678", {FATHER: HANOI}),
        (NumberKind.SOCIAL_INSURANCE, "0123456789", {FATHER: HANOI}),
        (NumberKind.TAX, "0123456789", {}),
        (NumberKind.PERSONAL, FORMER_NUMBER_OF_CHILD, {CHILD: CAO_BANG}),
        (NumberKind.PERSONAL, number(MOTHER), {MOTHER: HANOI}),
        (NumberKind.LEGACY_CARD, "", {}),
    ],
)
def test_holders_of_a_number_are_found(
    store: SearchStore, kind: NumberKind, digits: str, holders: dict[int, str]
) -> None:
    assert store.holders(kind, digits) == holders
    assert store.holders_of(kind, [digits, "0", digits]) == ({digits: holders} if holders else {})


def test_holders_of_many_numbers_are_those_of_each(store: SearchStore, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = [*(number(position) for position in range(1, PEOPLE + 1)), FORMER_NUMBER_OF_CHILD, "x", ""]
    each = {text: found for text in numbers if (found := store.holders(NumberKind.PERSONAL, text))}
    assert len(each) == PEOPLE + 1
    assert store.holders_of(NumberKind.PERSONAL, numbers) == each
    monkeypatch.setattr("registry.searching.HOLDERS_AT_ONCE_MAX", 3)
    assert {text: found for text, found in store.holders_of(NumberKind.PERSONAL, numbers).items() if found} == each
    assert store.holders_of(NumberKind.PERSONAL, []) == {}


def test_people_are_found_by_key_and_year(store: SearchStore) -> None:
    (found,) = store.by_keys([KEY_OF_FATHER, "nobody x"], (1990, 1990), 0, (), 10)
    assert (found.person_id, found.name, found.commune, found.scope) == (
        FATHER,
        "Nguyễn Văn Hòa 1",
        COMMUNE_HANOI,
        HANOI,
    )
    assert store.by_keys([KEY_OF_FATHER], (1991, 1995), 0, (), 10) == []
    assert store.by_keys([], (1990, 1990), 0, (), 10) == []


def test_people_are_found_by_commune_and_year_of_one_sex_and_in_a_scope(store: SearchStore) -> None:
    everybody = {each.person_id for each in store.by_communes([COMMUNE_HANOI], (1990, 1990), 0, (), 100)}
    assert everybody == {i for i in range(1, PEOPLE + 1) if i % 3} - {CHILD}
    women = {each.person_id for each in store.by_communes([COMMUNE_HANOI], (1990, 1990), 2, (HANOI,), 100)}
    assert women == {person_id for person_id in everybody if person_id % 2 == 0}
    assert store.by_communes([COMMUNE_HANOI], (1990, 1990), 0, (CAO_BANG,), 100) == []
    both = store.by_communes([COMMUNE_HANOI, COMMUNE_CAO_BANG], (1990, 2010), 0, (HANOI, CAO_BANG), 100)
    assert len(both) == PEOPLE


def test_no_more_are_read_than_asked_for(store: SearchStore) -> None:
    assert len(store.by_communes([COMMUNE_HANOI], (1990, 1990), 0, (), 7)) == 7


def test_names_are_read_for_many(store: SearchStore) -> None:
    assert store.names([FATHER, CHILD, 999]) == {FATHER: "Nguyễn Văn Hòa 1", CHILD: "Nguyễn Văn Hòa 3"}
    assert store.names([]) == {}


@pytest.mark.parametrize("table", ["person", "social_insurance", "tax_registration"])
def test_every_search_has_its_index_after_a_load(url: str, opened: Open, table: str) -> None:
    wanted = {
        "person": {
            "person_search_key_birth_year_idx",
            "person_permanent_commune_birth_year_idx",
            "person_legacy_number_idx",
        },
        "social_insurance": {"social_insurance_code_idx"},
        "tax_registration": {"tax_registration_former_code_idx"},
    }
    assert wanted[table] <= {each["name"] for each in inspect(opened(url)).get_indexes(table)}


def test_people_of_an_earlier_release_get_their_keys(url: str, opened: Open) -> None:
    engine = opened(url)
    with engine.begin() as connection:
        names = [each["name"] for each in inspect(connection).get_indexes("person")]
        for name in names:
            if name in (
                "person_search_key_birth_year_idx",
                "person_permanent_commune_birth_year_idx",
                "person_legacy_number_idx",
            ):
                connection.execute(text(f"DROP INDEX {name}"))
        connection.execute(text("DROP INDEX social_insurance_code_idx"))
        connection.execute(text("DROP INDEX tax_registration_former_code_idx"))
        connection.execute(text("ALTER TABLE person DROP COLUMN search_key"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0030'"))
    migrate(engine)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT surname, middle_name, given_name, search_key FROM person")).all()
    assert len(rows) == PEOPLE
    assert all(row[3] == search_key(" ".join(row[:3])) for row in rows)


def test_searches_use_their_indexes(url: str, opened: Open) -> None:
    engine = opened(url)
    if not is_sqlite(engine):
        pytest.skip("PostgreSQL is kept from sequential scans by its settings")
    people = PeopleStore(engine)
    store = SearchStore(people.reader)
    parameters = {"asked": "[]", "first_year": 0, "last_year": 0, "sex": 0, "count": 1, "scopes": "[]", "number": ""}
    for texts, index in ((store._by_key, "person_search_key"), (store._by_commune, "person_permanent_commune")):
        for statement in texts.values():
            plan = str(people.reader.rows(f"EXPLAIN QUERY PLAN {statement}", parameters))
            assert f"{index}_birth_year_idx" in plan
            assert "SCAN person" not in plan
    for statement in store._holders.values():
        assert "SCAN" not in str(people.reader.rows(f"EXPLAIN QUERY PLAN {statement}", parameters))
    people.close()
