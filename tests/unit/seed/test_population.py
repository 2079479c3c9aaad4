"""What a Vietnamese civil servant would check first in the synthetic population."""

from collections import Counter

import numpy as np

from registry.datasets import AbsenceStatus, MaritalStatus, Relation, ResidenceKind, Sex
from registry.names import text_key
from registry.numbers import PersonalNumber
from seed.inspection import ages
from seed.places import places
from seed.rows import Column, Rows


def known(values: Column) -> Column:
    return np.asarray(~np.ma.getmaskarray(values))


def test_husbands_are_three_years_older_in_the_middle_and_seldom_younger(population: dict[str, Rows]) -> None:
    person = population["person"]
    husband = np.flatnonzero(known(person["spouse_id"]) & (person["sex"] == Sex.MALE))
    gap = person["birth_year"][np.ma.getdata(person["spouse_id"])[husband] - 1] - person["birth_year"][husband]
    assert 1 <= np.median(gap) <= 4
    assert 0.10 < (gap < 0).mean() < 0.25
    assert np.quantile(np.abs(gap), 0.99) <= 14


def test_mothers_bear_children_at_credible_ages(population: dict[str, Rows]) -> None:
    person = population["person"]
    child = np.flatnonzero(known(person["mother_id"]))
    gap = person["birth_year"][child] - person["birth_year"][np.ma.getdata(person["mother_id"])[child] - 1]
    assert gap.min() >= 15
    assert gap.max() <= 51
    assert 25 <= np.median(gap) <= 29


def test_siblings_are_twins_or_nine_months_apart(population: dict[str, Rows]) -> None:
    person = population["person"]
    child = np.flatnonzero(known(person["mother_id"]) & (person["birth_day"] > 0))
    born = (
        (person["birth_year"][child] - 1970).astype("datetime64[Y]").astype("datetime64[M]")
        + (person["birth_month"][child] - 1)
    ).astype("datetime64[D]") + (person["birth_day"][child] - 1)
    order = np.lexsort((born, np.ma.getdata(person["mother_id"])[child]))
    mother = np.ma.getdata(person["mother_id"])[child][order]
    days = np.diff(born[order].astype(np.int64))[mother[1:] == mother[:-1]]
    assert ((days == 0) | (days >= 270)).all()
    assert (days == 0).mean() < 0.03


def test_a_fifth_of_the_households_has_three_generations(population: dict[str, Rows]) -> None:
    person = population["person"]
    relation = np.ma.getdata(person["relation_to_head"])
    households = np.ma.getdata(person["household_id"])
    old = np.isin(relation, (Relation.FATHER, Relation.MOTHER, Relation.FATHER_IN_LAW, Relation.MOTHER_IN_LAW))
    children = relation == Relation.CHILD
    three = set(households[relation == Relation.GRANDCHILD]) | (set(households[old]) & set(households[children]))
    assert 0.15 < len(three) / len(population["household"]["household_id"]) < 0.28


def test_names_stand_in_the_official_order_and_have_their_key(population: dict[str, Rows]) -> None:
    person = population["person"]
    for row in range(0, 100_000, 97):
        parts = [str(person[name][row]) for name in ("surname", "middle_name", "given_name")]
        assert person["name_key"][row] == text_key(" ".join(parts))
        assert all(part == " ".join(part.split()) for part in parts)
        assert parts[0]
        assert parts[2]


def test_markers_belong_to_older_cohorts(population: dict[str, Rows]) -> None:
    person = population["person"]
    first = np.array([str(name).split(" ")[0] for name in person["middle_name"]])
    old, young = person["birth_year"] < 1975, person["birth_year"] >= 2007
    women, men = person["sex"] == Sex.FEMALE, person["sex"] == Sex.MALE
    assert (first[old & women] == "Thị").mean() > 0.8
    assert (first[young & women] == "Thị").mean() < 0.35
    assert (first[old & men] == "Văn").mean() > 0.5
    assert (first[young & men] == "Văn").mean() < 0.08
    assert not (first[men] == "Thị").any()


def test_regional_pairs_of_surnames_follow_the_region(population: dict[str, Rows]) -> None:
    person = population["person"]
    surname, province = person["surname"], person["native_place"].astype("U5")
    land = places()
    part = dict(zip(land.commune_code, land.part[land.commune_province], strict=True))
    counts = Counter(
        (name, part[code]) for name, code in zip(surname, province, strict=True) if name in ("Hoàng", "Huỳnh")
    )
    assert counts["Hoàng", 0] > 10 * counts["Huỳnh", 0]
    assert counts["Huỳnh", 2] > 3 * counts["Hoàng", 2]


def test_numbers_are_accepted_by_the_registry(population: dict[str, Rows]) -> None:
    for text in population["person_number"]["number"][::53].tolist():
        PersonalNumber.from_text(text.decode())


def test_a_few_people_held_another_number_before(population: dict[str, Rows]) -> None:
    rows = population["person_number"]
    former = np.flatnonzero(known(rows["valid_to"]))
    assert 5 <= len(former) <= 100
    current = set(population["person"]["number"].tolist())
    assert not current & set(rows["number"][former].tolist())
    assert (rows["valid_from"][former] <= np.ma.getdata(rows["valid_to"])[former]).all()


def test_everybody_has_a_permanent_residence_and_the_living_a_current_one(population: dict[str, Rows]) -> None:
    rows, person = population["residence"], population["person"]
    alive = ~known(person["death_date"])
    kind = np.asarray(rows["kind"])
    assert np.array_equal(np.sort(rows["person_id"][kind == ResidenceKind.PERMANENT]), np.arange(1, 100_001))
    assert np.array_equal(
        np.sort(rows["person_id"][kind == ResidenceKind.CURRENT]), np.sort(person["person_id"][alive])
    )
    away = rows["person_id"][kind == ResidenceKind.TEMPORARY]
    assert 0.03 < len(away) / 100_000 < 0.09
    home = dict(zip(person["person_id"].tolist(), person["permanent_commune_old"], strict=True))
    land = places()
    province = dict(zip(land.commune_code, land.commune_province, strict=True))
    for who, code in zip(away, rows["commune_old"][kind == ResidenceKind.TEMPORARY], strict=True):
        assert province[code] != province[home[int(who)]]
    declared = person["person_id"][person["absence_status"] == AbsenceStatus.DECLARED]
    assert set(declared.tolist()) < set(away.tolist())


def test_the_dead_left_their_household_and_their_residence(population: dict[str, Rows]) -> None:
    person = population["person"]
    dead = known(person["death_date"])
    assert 0.005 < dead.mean() < 0.01
    assert not known(person["household_id"])[dead].any()
    for table in ("membership", "residence"):
        rows = population[table]
        open_rows = rows["person_id"][~known(rows["valid_to"])]
        assert not np.isin(open_rows, person["person_id"][dead]).any()
    death = np.ma.getdata(person["death_date"])[dead]
    assert death.min() >= 20230401
    assert death.max() < 20240401


def test_dates_of_a_life_stand_in_order(population: dict[str, Rows]) -> None:
    person, base = population["person"], 20240401
    born = person["birth_year"] * 10_000 + person["birth_month"] * 100 + person["birth_day"]
    assert (person["permanent_since"] >= born).all()
    assert (person["permanent_since"] <= base).all()
    rows = population["identity_document"]
    assert (rows["issued_on"] <= base).all()
    assert (rows["issued_on"] > born[rows["person_id"] - 1]).all()
    ends = rows["expires_on"]
    assert (np.ma.getdata(ends)[known(ends)] > base).all()
    for table in ("membership", "residence", "person_number"):
        ended = known(population[table]["valid_to"])
        start = population[table]["valid_from"][ended]
        assert (start <= np.ma.getdata(population[table]["valid_to"])[ended]).all()


def test_only_some_old_people_lack_their_birthday(population: dict[str, Rows]) -> None:
    person = population["person"]
    unknown = person["birth_day"] == 0
    assert 0.08 < unknown[ages(person) >= 71].mean() < 0.16
    assert not unknown[person["birth_year"] > 1954].any()
    assert np.array_equal(unknown, person["birth_month"] == 0)


def test_nobody_under_age_is_married(population: dict[str, Rows]) -> None:
    person = population["person"]
    assert (person["marital_status"][ages(person) < 17] == MaritalStatus.NEVER_MARRIED).all()


def test_addresses_exist_in_both_maps(population: dict[str, Rows]) -> None:
    person, land = population["person"], places()
    index = {code: number for number, code in enumerate(land.commune_code)}
    for row in range(0, 100_000, 101):
        commune = index[person["permanent_commune_old"][row]]
        assert person["permanent_commune"][row] == land.commune_new[commune]
        assert person["scope"][row] == land.commune_scope[commune]
    urban = land.urban[[index[code] for code in person["permanent_commune_old"][::10]]].mean()
    assert 0.33 < urban < 0.44
