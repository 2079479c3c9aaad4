"""Spellings of one name compare equal, different names do not."""

import unicodedata

import pytest

from registry.names import RULES, text_key


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


def test_every_rule_is_named_and_says_what_it_folds() -> None:
    assert [rule.__name__ for rule in RULES] == [
        "fold_composition",
        "fold_case",
        "fold_apostrophe",
        "fold_tone_placement",
        "fold_final_y",
    ]
    assert all(rule.__doc__ for rule in RULES)
