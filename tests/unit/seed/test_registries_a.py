"""What the registries of other agencies hold: by the rules of the contract, and in agreement with the people."""

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from gateway.api.v1 import options_pb2, person_pb2
from registry.linked import LINKED, Linked
from seed.block import make_block
from seed.calendar import days
from seed.inspection import ages
from seed.plan import Plan
from seed.registries import REGISTRIES, UPDATED_ON, insurance, tax
from seed.rows import Column, Rows

BASE = 20240401
SERIAL_COLUMNS = (
    ("social_insurance", "code"),
    ("tax_registration", "former_code"),
    ("passport", "number"),
    ("mobile_subscription", "number"),
    ("portal_dossier", "code"),
    ("driver_licence", "number"),
    ("vehicle", "plate"),
    ("enrolment", "sector_code"),
    ("land_certificate", "serial"),
)
LAST_DAYS = {"expires_date", "until_date"}


def known(values: Column) -> Column:
    return np.asarray(~np.ma.getmaskarray(values))


def given(values: Column) -> Column:
    """The values that are there."""
    return np.asarray(np.ma.getdata(values)[known(values)])


def position(rows: Rows) -> Column:
    """Of each row's person among the people."""
    return np.asarray(rows["person_id"] - 1)


def fields(linked: Linked) -> Iterator[tuple[str, Any, Any]]:
    """Column, field of the contract and its rule."""
    person: Any = person_pb2.Person.DESCRIPTOR
    for field in person.fields_by_name[linked.name].message_type.fields:
        options = field.GetOptions()
        yield (
            field.name,
            field,
            options.Extensions[options_pb2.rule] if options.HasExtension(options_pb2.rule) else None,
        )


def test_every_linked_dataset_has_a_registry() -> None:
    assert set(REGISTRIES) == {linked.table.name for linked in LINKED.values()}


@pytest.mark.parametrize("name", LINKED)
def test_every_value_is_by_the_rule_of_its_field(population: dict[str, Rows], name: str) -> None:
    linked = LINKED[name]
    rows = population[linked.table.name]
    assert set(rows) <= {"person_id", "updated_on", *linked.columns}
    for column, field, rule in fields(linked):
        values = np.unique(given(rows[column])) if column in rows else np.array([])
        assert len(values), f"{name}.{column} is empty"
        if rule is not None:
            words = [value.decode() if isinstance(value, bytes) else str(value) for value in values.tolist()]
            assert all(len(word.encode()) <= rule.bytes_max for word in words if rule.bytes_max), column
            assert all(word for word in words), column
            wrong = [word for word in words if rule.pattern and not re.fullmatch(rule.pattern, word)]
            assert not wrong, (column, wrong[:3])
        elif field.enum_type is not None:
            assert set(values.tolist()) <= set(field.enum_type.values_by_number), column
        elif field.message_type is not None:
            assert (days(values).astype("datetime64[D]") <= np.datetime64("2080-01-01")).all()
            assert not (values % 100 == 0).any()
            assert column in LAST_DAYS or values.max() <= BASE, column


@pytest.mark.parametrize("name", LINKED)
def test_rows_belong_to_people_and_say_when_they_were_written(population: dict[str, Rows], name: str) -> None:
    linked = LINKED[name]
    rows = population[linked.table.name]
    assert rows["person_id"].min() >= 1
    assert rows["person_id"].max() <= 100_000
    assert set(rows["updated_on"].tolist()) == {UPDATED_ON}
    assert linked.many or len(np.unique(rows["person_id"])) == len(rows["person_id"])


@pytest.mark.parametrize(("table", "column"), SERIAL_COLUMNS)
def test_no_number_is_given_twice(population: dict[str, Rows], table: str, column: str) -> None:
    values = given(population[table][column])
    assert len(np.unique(values)) == len(values)


@pytest.mark.parametrize(
    ("table", "low", "high"),
    [
        ("social_insurance", 0.93, 0.99),
        ("health_insurance", 0.92, 0.94),
        ("tax_registration", 0.57, 0.66),
        ("electronic_identity", 0.66, 0.71),
        ("passport", 0.10, 0.16),
        ("mobile_subscription", 0.85, 1.2),
        ("portal_dossier", 0.28, 0.40),
    ],
)
def test_a_registry_holds_about_as_many_as_the_real_one(
    population: dict[str, Rows], table: str, low: float, high: float
) -> None:
    living = (~known(population["person"]["death_date"])).sum()
    assert low < len(population[table]["person_id"]) / living < high


def test_another_registry_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = Plan(300, 5)
    before = make_block(plan, 0).tables
    monkeypatch.setattr("seed.registries.REGISTRIES", {"passport": REGISTRIES["passport"]})
    alone = make_block(plan, 0).tables
    for column, values in alone["passport"].items():
        assert np.array_equal(values, before["passport"][column])


def test_a_health_card_says_group_level_province_and_code(population: dict[str, Rows]) -> None:
    social, health = population["social_insurance"], population["health_insurance"]
    carded = known(social["health_card"])
    assert np.array_equal(social["person_id"][carded], health["person_id"])
    codes, levels = insurance.groups()
    level_of = dict(zip(codes.tolist(), levels.tolist(), strict=True))
    cards = np.ma.getdata(social["health_card"])[carded].tolist()
    for card, code, group, level, facility in zip(
        cards,
        social["code"][carded].tolist(),
        health["object_code"].tolist(),
        health["benefit_level"].tolist(),
        health["facility_code"].tolist(),
        strict=True,
    ):
        assert card == group + str(level).encode() + facility[:2].encode() + code
        assert level == level_of[group]


def test_children_under_six_are_insured_as_such_and_workers_by_their_employer(population: dict[str, Rows]) -> None:
    person, health, social = (population[name] for name in ("person", "health_insurance", "social_insurance"))
    alive = ~known(person["death_date"])
    age, group = ages(person)[position(health)], health["object_code"]
    assert (group[age < 6] == b"TE").all()
    assert age[group == b"TE"].max() == 6
    assert (ages(person)[alive] < 6).sum() == (age < 6).sum()
    assert age[group == b"HS"].max() < 25
    employed = social["person_id"][known(social["employer_unit"])]
    assert set(employed.tolist()) == set(health["person_id"][np.isin(group, [b"DN", b"HC"])].tolist())
    pension = social["status"] == insurance.PENSION
    assert ages(person)[position(social)][pension].min() >= 50
    participating = (social["status"] == insurance.PARTICIPATING).sum() / alive.sum()
    assert 0.155 < participating < 0.20  # 18.3 million at the end of 2023


def test_most_cards_are_valid_at_the_base_date(population: dict[str, Rows]) -> None:
    health = population["health_insurance"]
    assert (health["from_date"] < health["until_date"]).all()
    valid = (health["from_date"] < BASE) & (health["until_date"] >= BASE)
    assert 0.985 < valid.mean() < 1


def test_old_tax_codes_end_in_their_check_digit(population: dict[str, Rows]) -> None:
    code = population["tax_registration"]["former_code"]
    digit = code.view(np.uint8).reshape(len(code), 10).astype(int) - ord("0")
    total = digit[:, :9] @ np.array([31, 29, 23, 19, 17, 13, 7, 5, 3])
    assert np.array_equal(10 - total % 11, digit[:, 9])
    assert (digit[:, 0] == 8).all()


def test_dependants_are_own_children_with_a_code_of_their_own(population: dict[str, Rows]) -> None:
    person, rows = population["person"], population["tax_registration"]
    registered = dict(zip(rows["person_id"].tolist(), rows["dependants"].tolist(), strict=True))
    children = np.zeros(100_001, dtype=np.int64)
    child = position(rows)[(ages(person)[position(rows)] < 24)]
    for parent in ("father_id", "mother_id"):
        parents = person[parent][child]
        children += np.bincount(given(parents), minlength=100_001)
    claimed = {who: count for who, count in registered.items() if count}
    assert all(count <= children[who] for who, count in claimed.items())
    minors = (ages(person)[position(rows)] < 17) & (rows["status"] != tax.CLOSED)
    assert 0.5 * sum(claimed.values()) < minors.sum() <= sum(claimed.values()) + 200
    shares = np.bincount(rows["status"], minlength=4)[1:] / len(rows["status"])
    assert shares[0] > 0.9
    assert 0.03 < shares[1] < 0.07


def test_electronic_identities_follow_the_card(population: dict[str, Rows]) -> None:
    person, rows, cards = (population[name] for name in ("person", "electronic_identity", "identity_document"))
    issued = np.zeros(100_000, dtype=np.int64)
    issued[cards["person_id"] - 1] = cards["issued_on"]
    card = issued[position(rows)]
    assert (rows["issued_date"] >= card).all()
    assert (card[rows["level"] == 2] > 0).all()
    assert 0.88 < (rows["level"] == 2).mean() < 0.95
    assert (ages(person)[position(rows)] >= 6).all()
    assert not known(person["death_date"])[position(rows)].any()


def test_passports_have_the_form_of_their_day_and_run_ten_years_or_five(population: dict[str, Rows]) -> None:
    person, rows = population["person"], population["passport"]
    long = np.char.str_len(rows["number"]) == 9
    assert np.array_equal(long, rows["issued_date"] >= 20220701)
    years = (rows["expires_date"] - rows["issued_date"]) // 10_000
    age = rows["issued_date"] // 10_000 - person["birth_year"][position(rows)]
    assert set(years[age > 15].tolist()) == {10}
    assert set(years[age < 13].tolist()) == {5}
    assert (rows["expires_date"] >= BASE).mean() > 0.8


def test_everybodys_telephone_is_a_subscription_of_theirs_or_of_an_elder(population: dict[str, Rows]) -> None:
    person, rows = population["person"], population["mobile_subscription"]
    holder = dict(zip(rows["number"].tolist(), rows["person_id"].tolist(), strict=True))
    age = ages(person)
    telephoned = np.flatnonzero(known(person["phone"]))
    for at in telephoned.tolist():
        subscriber = holder[person["phone"][at]]
        if age[at] >= 14:
            assert subscriber == at + 1
        else:
            assert age[subscriber - 1] >= 18
    assert (age[position(rows)] >= 14).all()
    young = [holder[person["phone"][at]] for at in telephoned.tolist() if age[at] < 14]
    assert young
    carriers = dict(zip(rows["carrier"].tolist(), (number[:3] for number in rows["number"].tolist()), strict=True))
    assert carriers["Viettel"] in {
        b"032",
        b"033",
        b"034",
        b"035",
        b"036",
        b"037",
        b"038",
        b"039",
        b"086",
        b"096",
        b"097",
        b"098",
    }


def test_dossiers_are_of_people_with_an_active_identity_and_older_ones_are_decided(population: dict[str, Rows]) -> None:
    rows, identity = population["portal_dossier"], population["electronic_identity"]
    active = set(identity["person_id"][identity["status"] != 1].tolist())
    assert set(rows["person_id"].tolist()) <= active
    for code, day in zip(rows["code"][::50].tolist(), rows["submitted_date"][::50].tolist(), strict=True):
        assert code.decode().split("-")[1] == str(day)[2:]
    assert rows["submitted_date"].min() >= 20230401
    assert (rows["status"][rows["submitted_date"] < 20240215] >= 3).all()
    assert not np.isin(rows["status"][rows["submitted_date"] < 20240215], (4, 5, 6)).any()
    assert (rows["status"][rows["submitted_date"] >= 20240330] == 1).mean() > 0.3
