"""The QR text of a card: what it states, and every way in which a text is none."""

from __future__ import annotations

import pytest

from gateway.lookup.verification.card import Card, UnreadableCard

GOOD = ("001090000007", "010203040", "Nguyễn Văn Hòa", "30041990", "Nam", "Số 7, Phúc Xá, Ba Đình, Hà Nội", "01032021")


def _text(**changed: str) -> str:
    names = ("number", "legacy", "name", "born", "sex", "address", "issued")
    return "|".join(changed.get(name, value) for name, value in zip(names, GOOD, strict=True))


def test_a_card_states_number_name_birth_sex_and_address() -> None:
    card = Card.from_text(_text())
    assert card.number == GOOD[0]
    assert card.issue_date == (2021, 3, 1)
    assert card.claims() == {
        "legacy_number": "010203040",
        "name": "Nguyễn Văn Hòa",
        "birth_date": "1990-04-30",
        "sex": "male",
        "permanent_residence": "Số 7, Phúc Xá, Ba Đình, Hà Nội",
    }


def test_a_card_may_lack_the_old_number_and_the_day_of_birth() -> None:
    card = Card.from_text(_text(legacy="", born="00001940", sex="Nữ"))
    assert (card.legacy_number, card.birth_date, card.sex) == ("", (1940, 0, 0), "female")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "7 fields"),
        (_text() + "|", "7 fields"),
        (_text().replace("|Nam", ""), "7 fields"),
        (_text(number="00109000000"), "the number"),
        (_text(number="001 090 000 007"), "the number"),
        (_text(number="003090000007"), "the number"),
        (_text(legacy="0102030405"), "9-digit"),
        (_text(legacy="01020304A"), "9-digit"),
        (_text(name=" "), "a name"),
        (_text(address=""), "an address"),
        (_text(born="1990-04-30"), "birth"),
        (_text(born="31041990"), "birth is no day"),
        (_text(born="30001990"), "birth is no day"),
        (_text(issued="00032021"), "issue is a whole day"),
        (_text(issued="30022021"), "issue is no day"),
        (_text(issued="29041990"), "after its holder's birth"),
        (_text(sex="nam"), "sex"),
        (_text(sex="Male"), "sex"),
        (_text(name="Nguyễn\x00Hòa"), "control"),
        (_text(name="\u202eaòH"), "control"),
        (_text(address="x" * 2000), "1024 bytes"),
    ],
)
def test_a_text_that_is_no_card_is_refused_without_its_values(text: str, what: str) -> None:
    with pytest.raises(UnreadableCard, match=what) as refused:
        Card.from_text(text)
    assert "Hòa" not in str(refused.value)
    assert "1990" not in str(refused.value)


def test_a_card_shown_in_a_traceback_says_nothing() -> None:
    assert "Hòa" not in repr(Card.from_text(_text()))
