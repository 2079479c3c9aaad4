"""Spellings of one name compare equal, different names do not, and lists stand in Vietnamese order."""

import unicodedata

import pytest

from registry.names import RULES, comparison_key, sort_key, text_key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Nguyễn Thị Hoà", "NGUYỄN  THỊ HÒA "),
        ("Hoà", unicodedata.normalize("NFD", "Hòa")),
        ("Thủy", "Thuỷ"),
        ("khỏe", "khoẻ"),
        ("Hóa", "Hoá"),
        ("Tụy", "Tuỵ"),
        ("Lí", "Lý"),
        ("Kỳ", "Kì"),
        ("Mỹ", "Mĩ"),
        ("Hy", "Hi"),
        ("Sỹ", "Sĩ"),
        ("Tỵ", "Tị"),
        ("Vy", "Vi"),
        ("Quý", "Quí"),
        ("H'Hen Niê", "H’Hen Niê"),
    ],
)
def test_spellings_of_one_name_have_one_key(one: str, other: str) -> None:
    assert text_key(one) == text_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ma", "Má"),
        ("Hòa", "Hóa"),
        ("Hoa", "Hòa"),
        ("Đỗ", "Dỗ"),
        ("Đa", "Da"),
        ("Thy", "Thi"),
        ("Nhy", "Nhi"),
        ("Thúy", "Thúi"),
        ("Thuý", "Thúi"),
        ("Tay", "Tai"),
        ("Y", "I"),
        ("Ân", "An"),
        ("Ăn", "Ân"),
        ("Tu", "Tư"),
        ("Hoang", "Hoàng"),
        ("Qúy", "Quý"),
        ("Múa", "Muá"),
    ],
)
def test_different_names_have_different_keys(one: str, other: str) -> None:
    assert text_key(one) != text_key(other)


@pytest.mark.parametrize("word", ["Hoàn", "Hoạt", "Thuyền", "Quỳnh", "Nghĩa", "Của", "Khuya", "Hoài"])
def test_syllables_with_one_usage_are_only_folded_in_case(word: str) -> None:
    assert text_key(word) == word.lower()


def test_the_key_does_not_depend_on_how_a_name_is_divided() -> None:
    assert comparison_key("Nguyễn", "Thị Thu", "Hà") == comparison_key("Nguyễn Thị", "Thu", "Hà")
    assert comparison_key("Nguyễn", "", "Hà") == text_key("Nguyễn Hà")


def test_every_rule_is_named_and_says_what_it_folds() -> None:
    assert [rule.__name__ for rule in RULES] == [
        "fold_composition",
        "fold_case",
        "fold_apostrophe",
        "fold_tone_placement",
        "fold_final_y",
    ]
    assert all(rule.__doc__ for rule in RULES)


def test_given_names_stand_in_the_order_of_letters_then_tones() -> None:
    names = ["An", "Ăn", "Ân", "Ba", "Dung", "Đào", "Hoa", "Hòa", "Hỏa", "Hõa", "Hóa", "Họa", "Ong", "Ông", "Uy", "Ư"]
    assert sorted(set(names), key=lambda name: sort_key("", "", name)) == names


def test_people_stand_by_given_name_then_surname_then_middle_name() -> None:
    people = [
        ("Nguyễn", "Văn", "An"),
        ("Trần", "Bá", "An"),
        ("Trần", "Văn", "An"),
        ("Bùi", "Văn", "Bình"),
    ]
    assert sorted(set(people), key=lambda person: sort_key(*person)) == people


def test_letters_outside_the_alphabet_stand_last() -> None:
    assert sort_key("", "", "Yên") < sort_key("", "", "Øre")
