"""The Faker provider: Vietnamese order, numbers that decode, and its documented examples."""

import re
from datetime import date
from pathlib import Path

import pytest
from faker import Faker

from registry.numbers import PersonalNumber
from seed.figures import read_rows
from seed.providers import VietnamProvider


@pytest.fixture
def fake() -> Faker:
    faker = Faker()
    faker.add_provider(VietnamProvider)
    faker.seed_instance(7)
    return faker


def test_the_same_seed_gives_the_same_values(fake: Faker) -> None:
    first = [fake.vn_full_name(), fake.vn_address(), fake.vn_phone(), fake.vn_person()]
    fake.seed_instance(7)
    assert [fake.vn_full_name(), fake.vn_address(), fake.vn_phone(), fake.vn_person()] == first


def test_a_full_name_begins_with_the_surname(fake: Faker) -> None:
    people = [fake.vn_full_name(sex=2, birth_year=1960) for _ in range(200)]
    assert sum(name.startswith("Nguyễn ") for name in people) > 50
    assert sum(" Thị " in name for name in people) > 150


def test_the_south_says_huynh_and_the_north_hoang(fake: Faker) -> None:
    south = " ".join(fake.vn_full_name(region="south") for _ in range(400))
    north = " ".join(fake.vn_full_name(region="north") for _ in range(400))
    assert south.count("Huỳnh") > 5 * north.count("Huỳnh")
    assert south.count("Hoàng ") < north.count("Hoàng ")


def test_a_personal_number_decodes_to_what_was_asked(fake: Faker) -> None:
    number = PersonalNumber.from_text(fake.vn_personal_number(sex=2, birth_year=2001, province="79"))
    assert (number.province, number.sex, number.birth_year) == ("079", 2, 2001)


def test_the_facts_of_a_person_agree(fake: Faker) -> None:
    for _ in range(50):
        person = fake.vn_person()
        number = PersonalNumber.from_text(person["number"])
        assert (number.sex, number.birth_year) == (person["sex"], person["birth_date"].year)
        assert person["surname"]
        assert person["given_name"]


def test_a_phone_has_a_prefix_in_use(fake: Faker) -> None:
    prefixes = {row["prefix"] for row in read_rows("mobile_prefixes.csv")}
    for _ in range(50):
        phone = fake.vn_phone()
        assert re.fullmatch(r"\d{10}", phone)
        assert phone[:3] in prefixes


@pytest.mark.parametrize(
    ("method", "argument"),
    [
        ("vn_full_name", {"sex": 3}),
        ("vn_full_name", {"birth_year": 1800}),
        ("vn_full_name", {"region": "east"}),
        ("vn_address", {"region": "west"}),
        ("vn_personal_number", {"province": "03"}),
        ("vn_health_insurance_number", {"group": "XX"}),
        ("vn_plate", {"kind": "boat"}),
        ("vn_plate", {"province": "99"}),
        ("vn_driver_licence", {"year_passed": 1960}),
    ],
)
def test_an_argument_that_names_nothing_is_refused(fake: Faker, method: str, argument: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="must be"):
        getattr(fake, method)(**argument)


def test_a_health_card_has_its_group_level_and_province(fake: Faker) -> None:
    for _ in range(50):
        assert re.fullmatch(r"[A-Z]{2}[1-5]\d{12}", fake.vn_health_insurance_number())
        assert fake.vn_health_insurance_number("TE", "48").startswith("TE148")


def test_plates_have_the_codes_of_their_province(fake: Faker) -> None:
    codes = {row["gso_code"]: row["vehicle_plate_codes"].split(";") for row in read_rows("provinces_63.csv")}
    for _ in range(50):
        assert re.fullmatch(r"\d{2}-[A-Z][1-9] \d{3}\.\d{2}", fake.vn_plate("motorcycle"))
        assert fake.vn_plate(province="01")[:2] in codes["01"]
        for kind in ("car", "truck", "bus"):
            plate = fake.vn_plate(kind, "79")
            assert re.fullmatch(r"\d{2}[A-Z]-\d{3}\.\d{2}", plate)
            assert plate[:2] in codes["79"]


def test_a_driver_licence_tells_province_sex_and_year(fake: Faker) -> None:
    assert fake.vn_driver_licence(sex=2, year_passed=1998, province="01").startswith("01198")
    assert fake.vn_driver_licence(sex=2, year_passed=2012, province="48").startswith("48312")
    assert re.fullmatch(r"\d{2}[0-3]\d{9}", fake.vn_driver_licence())


def test_passports_have_eight_digits_since_july_2022(fake: Faker) -> None:
    assert re.fullmatch(r"[A-Z]\d{7}", fake.vn_passport(date(2022, 6, 30)))
    assert re.fullmatch(r"[A-Z]\d{8}", fake.vn_passport(date(2022, 7, 1)))
    assert {len(fake.vn_passport()) for _ in range(100)} == {8, 9}


def test_the_documented_examples_run_and_look_as_they_say() -> None:
    text = Path(__file__).parents[3].joinpath("docs", "population.md").read_text(encoding="utf-8")
    block = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert block is not None
    space: dict[str, object] = {}
    called = set()
    for line in block[1].splitlines():
        if not line.startswith("fake.vn_"):
            exec(line, space)
            continue
        call, _, said = line.partition("  # ")
        exec(f"made = {call}", space)
        called.add(call.split("(")[0].removeprefix("fake."))
        assert space["made"]
        if said.startswith("as "):
            assert _shape(str(space["made"])) == _shape(said.removeprefix("as "))
        if "vn_personal_number" in call:
            assert str(space["made"]).startswith("079090")
    assert called == {name for name in vars(VietnamProvider) if name.startswith("vn_")}


def _shape(text: str) -> str:
    return re.sub("[A-Z]", "A", re.sub("[0-9]", "9", text))
