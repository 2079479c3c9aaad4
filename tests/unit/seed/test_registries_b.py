"""Civil events, vaccinations, schooling, posts, traffic, businesses and land: coverage, forms, and agreement with
the people.
"""

import re
from collections import Counter

import numpy as np
import pytest

from registry.datasets import MaritalStatus, Relation, Sex
from seed.block import make_block
from seed.calendar import days
from seed.figures import BASE_DATE, Ints, read_rows
from seed.inspection import ages, gather
from seed.places import places
from seed.plan import Plan
from seed.rows import Column, Rows

BASE = int(str(BASE_DATE).replace("-", ""))
BIRTH, MARRIAGE, DIVORCE, DEATH = 1, 2, 3, 4
DATES = {
    "civil_event": ("event_date", "registered_date"),
    "vaccination": ("given_date",),
    "public_post": ("since_date",),
    "driver_licence": ("issued_date",),
    "vehicle": ("registered_date",),
    "business_interest": ("registered_date",),
    "land_certificate": ("issued_date",),
}
FORMS = {
    ("civil_event", "number"): r"[1-9][0-9]{0,3}/[0-9]{4}",
    ("civil_event", "commune_code"): r"[0-9]{5}",
    ("vaccination", "lot"): r"[A-Z0-9-]{1,16}",
    ("vaccination", "facility_code"): r"[0-9]{5}",
    ("enrolment", "sector_code"): r"[0-9]{10}",
    ("enrolment", "school_code"): r"[0-9]{8}",
    ("public_post", "body_code"): r"H[0-9]{2}\.[0-9]{2}\.[0-9]{2}",
    ("public_post", "grade_code"): r"[0-9]{2}\.[0-9]{3}|V\.[0-9]{2}\.[0-9]{2}\.[0-9]{2}",
    ("driver_licence", "number"): r"[0-9]{2}[0-3][0-9]{9}",
    ("driver_licence", "classes"): r"[A-Z0-9]+(,[A-Z0-9]+)*",
    ("vehicle", "plate"): r"[0-9]{2}[A-Z]-[0-9]{3}\.[0-9]{2}|[0-9]{2}-[A-Z][1-9] [0-9]{3}\.[0-9]{2}",
    ("business_interest", "code"): r"[0-9]{10}",
    ("land_certificate", "serial"): r"[A-Z]{2} [0-9]{8}",
    ("land_certificate", "commune_code"): r"[0-9]{5}",
}
UNIQUE = (
    ("enrolment", "sector_code"),
    ("driver_licence", "number"),
    ("vehicle", "plate"),
    ("land_certificate", "serial"),
)


def shown(values: Column) -> list[str]:
    if isinstance(values, np.ma.MaskedArray):
        values = values.compressed()
    return [str(value) for value in (values.astype("U") if values.dtype.kind == "S" else values).tolist()]


def holders(tables: dict[str, Rows], name: str) -> Ints:
    """Position in `person` of the person of each row: ids are dense from 1."""
    return np.asarray(tables[name]["person_id"]) - 1


def share(tables: dict[str, Rows], name: str, among: Column) -> float:
    has = np.zeros(len(among), dtype=bool)
    has[holders(tables, name)] = True
    return float(has[among].mean())


def living(tables: dict[str, Rows]) -> Column:
    return np.asarray(np.ma.getmaskarray(tables["person"]["death_date"]))


@pytest.mark.parametrize(("table", "column"), FORMS)
def test_codes_have_the_form_of_the_contract(population: dict[str, Rows], table: str, column: str) -> None:
    values = shown(population[table][column])
    assert len(values) > 1000
    form = re.compile(FORMS[table, column])
    assert [value for value in values if not form.fullmatch(value)] == []


@pytest.mark.parametrize("table", DATES)
def test_nothing_happens_before_birth_after_death_or_after_the_base_date(
    population: dict[str, Rows], table: str
) -> None:
    person, rows, at = population["person"], population[table], holders(population, table)
    born = (person["birth_year"] * 10_000 + person["birth_month"] * 100 + person["birth_day"])[at]
    died = np.ma.filled(person["death_date"], BASE)[at]
    for column in DATES[table]:
        date = np.asarray(rows[column])
        assert (date >= born).all()
        assert (date <= BASE).all()
        after_death = date > died
        if column == "registered_date" and table == "civil_event":
            after_death &= rows["kind"] != DEATH  # a death is registered after it
        assert not after_death.any()


@pytest.mark.parametrize(("table", "column"), UNIQUE)
def test_codes_are_given_once_in_the_country(population: dict[str, Rows], table: str, column: str) -> None:
    values = shown(population[table][column])
    assert len(set(values)) == len(values)


@pytest.mark.parametrize("table", ["enrolment", "public_post", "driver_licence"])
def test_a_person_has_one_row_at_most(population: dict[str, Rows], table: str) -> None:
    assert len(np.unique(population[table]["person_id"])) == len(population[table]["person_id"])


def test_everybody_born_since_2007_has_one_birth_entry_where_it_was_registered(population: dict[str, Rows]) -> None:
    person, events = population["person"], population["civil_event"]
    birth = events["kind"] == BIRTH
    at = holders(population, "civil_event")[birth]
    assert sorted(at.tolist()) == np.flatnonzero(person["birth_year"] >= 2007).tolist()
    assert (events["commune_code"][birth] == person["birth_registration"][at]).all()
    born = (person["birth_year"] * 10_000 + person["birth_month"] * 100 + person["birth_day"])[at]
    assert (events["event_date"][birth] == born).all()


@pytest.mark.parametrize(("kind", "limit_days", "published"), [(BIRTH, 60, 0.849), (DEATH, 15, 0.693)])
def test_as_many_as_published_are_registered_in_time(
    population: dict[str, Rows], kind: int, limit_days: int, published: float
) -> None:
    own = {
        name: np.asarray(values)[population["civil_event"]["kind"] == kind]
        for name, values in population["civil_event"].items()
        if name != "number"
    }
    delay = days(own["registered_date"]) - days(own["event_date"])
    assert (delay >= 0).all()
    assert abs((delay <= limit_days).mean() - published) < 0.04


def test_both_spouses_have_the_same_entry_of_their_marriage(population: dict[str, Rows]) -> None:
    person, events = population["person"], population["civil_event"]
    own = np.flatnonzero(events["kind"] == MARRIAGE)
    entry = {
        int(events["person_id"][row]): tuple(
            str(events[name][row]) for name in ("number", "commune_code", "event_date", "registered_date")
        )
        for row in own
    }
    assert len(entry) == len(own) > 5000
    for one, values in entry.items():
        assert entry[int(np.ma.getdata(person["spouse_id"])[one - 1])] == values
    assert max(Counter(entry.values()).values()) == 2


def test_people_marry_at_the_legal_age_and_wives_at_some_25(population: dict[str, Rows]) -> None:
    person, events = population["person"], population["civil_event"]
    own = events["kind"] == MARRIAGE
    at = holders(population, "civil_event")[own]
    age = (
        events["event_date"][own]
        - (person["birth_year"] * 10_000 + person["birth_month"] * 100 + person["birth_day"])[at]
    ) // 10_000
    male = person["sex"][at] == Sex.MALE
    assert age[male].min() >= 20
    assert age[~male].min() >= 18
    assert 22.5 <= age[~male].mean() <= 26
    assert 26 <= age[male].mean() <= 30


def test_only_the_divorced_have_a_divorce_and_all_the_dead_a_death(population: dict[str, Rows]) -> None:
    person, events = population["person"], population["civil_event"]
    at = holders(population, "civil_event")
    assert (person["marital_status"][at[events["kind"] == DIVORCE]] == MaritalStatus.DIVORCED).all()
    dead = np.flatnonzero(~living(population))
    assert sorted(at[events["kind"] == DEATH].tolist()) == dead.tolist()


def test_a_number_stands_once_in_a_book_of_a_commune(population: dict[str, Rows]) -> None:
    events = population["civil_event"]
    known = ~np.ma.getmaskarray(events["number"])
    assert known.all()
    single = events["kind"] != MARRIAGE
    entries = list(zip(events["commune_code"][single], events["kind"][single], events["number"][single], strict=True))
    assert len(set(entries)) == len(entries)


def test_doses_of_a_vaccine_follow_each_other_and_come_to_three_to_five_a_person(population: dict[str, Rows]) -> None:
    rows = population["vaccination"]
    assert 3 <= len(rows["dose"]) / len(population["person"]["number"]) <= 5
    name = np.unique(rows["vaccine"].astype(str), return_inverse=True)[1]
    covid = np.char.startswith(rows["vaccine"].astype(str), "COVID-19")
    series = np.where(covid, -1, name)
    order = np.lexsort((rows["dose"], series, rows["person_id"]))
    same = (np.diff(rows["person_id"][order]) == 0) & (np.diff(series[order]) == 0)
    assert (np.diff(rows["dose"][order])[same] == 1).all()
    assert (np.diff(days(rows["given_date"])[order])[same] >= 7).all()
    assert (rows["dose"][order][1:][~same] == 1).all()


def test_nearly_all_young_children_and_most_adults_are_in_the_vaccination_register(
    population: dict[str, Rows],
) -> None:
    age = ages(population["person"])
    alive = living(population)
    assert share(population, "vaccination", alive & (age >= 1) & (age <= 6)) > 0.97
    assert 0.80 < share(population, "vaccination", alive & (age >= 25)) < 0.92


def test_doses_are_given_in_the_own_province(population: dict[str, Rows]) -> None:
    rows = population["vaccination"]
    facility = np.array([code[:2] for code in rows["facility_code"]])
    assert (facility == own_province(population, "vaccination")).all()


def test_schooling_meets_the_gross_enrolment_of_2019_or_what_it_has_risen_to(population: dict[str, Rows]) -> None:
    person, rows = population["person"], population["enrolment"]
    years = 2023 - person["birth_year"][living(population)]
    for level, first, last, published in ((2, 6, 10, 1.01), (3, 11, 14, 0.928), (4, 15, 17, 0.723)):
        enrolled = (rows["level"] == level).sum() / ((years >= first) & (years <= last)).sum()
        assert published - 0.04 < enrolled < published + 0.08


def test_grades_fit_the_level_and_the_year_of_birth(population: dict[str, Rows]) -> None:
    rows = population["enrolment"]
    bounds = {1: (0, 0), 2: (1, 5), 3: (6, 9), 4: (10, 12), 5: (1, 6), 6: (1, 6)}
    for level, (low, high) in bounds.items():
        grade = rows["grade"][rows["level"] == level]
        assert len(grade) > 0
        assert low <= grade.min()
        assert grade.max() <= high
    school = rows["level"] <= 3
    home = np.asarray(population["person"]["permanent_commune_old"])[holders(population, "enrolment")]
    assert all(code.startswith(own) for code, own in zip(shown(rows["school_code"][school]), home[school], strict=True))


def test_one_adult_in_thirty_five_works_for_the_public_and_most_of_them_teach(population: dict[str, Rows]) -> None:
    rows = population["public_post"]
    age = ages(population["person"])
    assert 0.015 < len(rows["kind"]) / living(population).sum() < 0.035
    assert 0.4 < (rows["kind"] == 1).mean() < 0.7
    assert age[holders(population, "public_post")].min() >= 18
    kindergarten = np.array([title.startswith("Giáo viên mầm non") for title in rows["title"]])
    women = population["person"]["sex"][holders(population, "public_post")][kindergarten] == Sex.FEMALE
    assert women.mean() > 0.9


def test_licences_decode_to_sex_and_year_of_passing(population: dict[str, Rows]) -> None:
    rows, person = population["driver_licence"], population["person"]
    number = shown(rows["number"])
    at = holders(population, "driver_licence")
    assert [int(text[2]) % 2 for text in number] == (person["sex"][at] - Sex.MALE).tolist()
    year = np.array([1900 + int(text[2]) // 2 * 100 + int(text[3:5]) for text in number])
    assert (year - person["birth_year"][at] >= 18).all()
    assert (year <= np.asarray(rows["issued_date"]) // 10_000).all()
    assert np.array_equal(np.array([text[:2] for text in number]), own_province(population, "driver_licence"))


def test_only_licences_for_motorcycles_have_no_end(population: dict[str, Rows]) -> None:
    rows = population["driver_licence"]
    endless = np.ma.getmaskarray(rows["expires_date"])
    motorcycle = np.isin(rows["classes"].astype(str), ("A1", "A", "A1,B1"))
    assert (endless == motorcycle).all()
    term = (np.ma.getdata(rows["expires_date"]) - rows["issued_date"])[~endless] // 10_000
    assert set(term.tolist()) <= {5, 10}
    heavy = np.array(["C" in classes or "D" in classes for classes in rows["classes"]])
    since = 18 + 3 * heavy
    assert (ages(population["person"])[holders(population, "driver_licence")] >= since).all()
    assert rows["points"].min() >= 0
    assert rows["points"].max() == 12


def test_men_drive_more_than_women_and_children_never(population: dict[str, Rows]) -> None:
    person, age, alive = population["person"], ages(population["person"]), living(population)
    grown = alive & (age >= 25) & (age < 55)
    men, women = grown & (person["sex"] == Sex.MALE), grown & (person["sex"] == Sex.FEMALE)
    assert 0.8 < share(population, "driver_licence", men) < 0.95
    assert 0.6 < share(population, "driver_licence", women) < 0.85
    assert share(population, "driver_licence", ~alive | (age < 18)) == 0
    assert share(population, "vehicle", ~alive | (age < 18)) == 0


def test_plates_carry_a_code_of_the_owners_province(population: dict[str, Rows]) -> None:
    codes = {row["gso_code"]: set(row["vehicle_plate_codes"].split(";")) for row in read_rows("provinces_63.csv")}
    plates = shown(population["vehicle"]["plate"])
    provinces = own_province(population, "vehicle")
    assert all(plate[:2] in codes[province] for plate, province in zip(plates, provinces, strict=True))
    two_wheels = np.isin(population["vehicle"]["kind"], (2, 5))
    assert [plate[2] == "-" for plate in plates] == two_wheels.tolist()


def test_cars_are_commoner_in_towns(population: dict[str, Rows]) -> None:
    land = places()
    urban_codes = land.commune_code[land.urban == 1]
    urban = np.isin(np.asarray(population["person"]["permanent_commune_old"]).astype(str), urban_codes.astype(str))
    car = population["vehicle"]["kind"] == 1
    owner = holders(population, "vehicle")[car]
    assert urban[owner].mean() > 1.3 * urban.mean()
    assert 0.02 < len(owner) / len(urban) < 0.06


def test_enterprise_codes_have_their_check_digit_and_one_leader(population: dict[str, Rows]) -> None:
    rows = population["business_interest"]
    weights = np.array([31, 29, 23, 19, 17, 13, 7, 5, 3])
    codes = shown(rows["code"])
    digits = np.array([[int(digit) for digit in code] for code in codes])
    assert (10 - (digits[:, :9] @ weights) % 11 == digits[:, 9]).all()
    leads = rows["role"] != 3
    assert max(Counter(np.array(codes)[leads].tolist()).values()) == 1
    assert set(np.array(codes)[~leads].tolist()) <= set(np.array(codes)[rows["role"] == 1].tolist())
    assert not set(codes) & set(shown(population["tax_registration"]["former_code"]))


def test_partners_of_a_company_are_married_to_its_leader(population: dict[str, Rows]) -> None:
    rows, person = population["business_interest"], population["person"]
    leader = dict(zip(shown(rows["code"]), rows["person_id"].tolist(), strict=True))
    leader |= {
        code: one
        for code, one, role in zip(shown(rows["code"]), rows["person_id"].tolist(), rows["role"], strict=True)
        if role == 1
    }
    partners = np.flatnonzero(rows["role"] == 3)
    assert len(partners) > 20
    for row in partners:
        spouse = int(np.ma.getdata(person["spouse_id"])[int(rows["person_id"][row]) - 1])
        assert leader[shown(rows["code"][row : row + 1])[0]] == spouse


def test_land_is_mostly_the_household_heads_and_lies_in_the_own_commune(population: dict[str, Rows]) -> None:
    person, rows = population["person"], population["land_certificate"]
    at = holders(population, "land_certificate")
    assert (np.ma.getdata(person["relation_to_head"])[at] == Relation.HEAD).mean() > 0.75
    assert (rows["commune_code"] == person["permanent_commune_old"][at]).all()
    plots = list(zip(rows["commune_code"], rows["sheet_number"], rows["plot_number"], strict=True))
    assert len(set(plots)) == len(plots)
    assert rows["area_square_metres"].min() >= 25
    assert 100 < np.median(rows["area_square_metres"]) < 600


@pytest.mark.parametrize("table", ["civil_event", "vaccination", "driver_licence", "vehicle", "land_certificate"])
def test_no_province_is_left_out(population: dict[str, Rows], table: str) -> None:
    land = places()
    home = np.asarray(population["person"]["permanent_commune_old"]).astype(str)
    of_commune = dict(zip(land.commune_code, land.commune_province, strict=True))
    province = np.array([of_commune[code] for code in home])
    people = np.bincount(province, minlength=len(land.province_code)).astype(float)
    rows = np.bincount(province[holders(population, table)], minlength=len(people)) / people
    overall = len(holders(population, table)) / len(home)
    assert (rows > 0.5 * overall).all()
    assert (rows < 1.8 * overall).all()


@pytest.mark.parametrize("people", [1, 2, 17])
def test_tiny_populations_have_registries_too(people: int) -> None:
    for seed in range(5):
        tables = make_block(Plan(people, seed), 0).tables
        for name in (*DATES, "enrolment"):
            assert {len(values) for values in tables[name].values()} == {len(tables[name]["person_id"])}


def test_the_same_block_gives_the_same_registries_and_another_seed_others() -> None:
    first, again, other = (gather([make_block(Plan(3000, seed), 0)]) for seed in (1, 1, 2))
    for name in (*DATES, "enrolment"):
        for column, values in first[name].items():
            assert np.array_equal(np.ma.filled(values, 0), np.ma.filled(again[name][column], 0))
    assert not np.array_equal(first["vehicle"]["plate"], other["vehicle"]["plate"])


def own_province(tables: dict[str, Rows], name: str) -> Column:
    land = places()
    of_commune = dict(zip(land.commune_code, land.province_code[land.commune_province], strict=True))
    home = np.asarray(tables["person"]["permanent_commune_old"])[holders(tables, name)]
    return np.array([of_commune[str(code)] for code in home])
