"""What must hold for every pair of texts: symmetry, one meaning for all normal forms, leniency that only adds."""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Callable
from datetime import date
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agency.grants import Leniency, Right
from gateway.catalogue import Catalogue
from gateway.lookup.disclosure import Disclosures
from gateway.lookup.fragments import BasicFragments
from gateway.lookup.people import UnitNames
from gateway.lookup.verification.addresses import compare_address, compare_unit
from gateway.lookup.verification.card import Card, UnreadableCard
from gateway.lookup.verification.comparators import compile_comparators
from gateway.lookup.verification.dates import UnreadableDate, compare_date, parse_date
from gateway.lookup.verification.names import compare_name, compare_words, same_text
from gateway.lookup.verification.rules import Verdict, allowed
from gateway.lookup.verification.sight import Sight
from gateway.lookup.verification.texts import compare_email, compare_identifier, compare_phone

Form = Literal["NFC", "NFD"]
FORMS: list[Form] = ["NFC", "NFD"]
Compare = Callable[[str, str, int], int]
TEXTS: dict[str, Compare] = {
    "name": compare_name,
    "words": compare_words,
    "address": lambda one, other, leniency: compare_address(one, [other], leniency),
    "identifier": lambda one, other, _leniency: compare_identifier(one, other),
    "email": lambda one, other, _leniency: compare_email(one, other),
    "phone": compare_phone,
    "unit": lambda one, other, leniency: compare_unit(one, other, [], leniency),
}
SYMMETRIC = ("name", "words", "address", "email")

WORDS = st.sampled_from(
    [
        *("Nguyễn", "NGUYỄN", "nguyen", "Văn", "V.", "V", "Thị", "Th.", "Hòa", "Hoà", "Hoa", "Hóa", "Lý", "Lí", "Quý"),
        *("Qúy", "Quí", "Đức", "Ðức", "Duc", "An", "Ân", "Y-Bhiăm", "H'Hen", "H’Hen", "Hoàng", "Hòang", "ThuHà", "Thu"),
    ]
)
NAMES = st.lists(WORDS, min_size=1, max_size=5).map(" ".join)
ODD = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            *(
                "\x00",
                "\u202e Nguyễn",
                "👨‍👩‍👧",
                "\u0301",
                "đ\u0301\u0300",
                "ﬁ",
                "İ",
                "ẞ",
                "\ud83d",
                "A" * 10_000,
                "ễ" * 10_000,
            ),
            *(" ".join(["Hà"] * 3000), "-" * 500, "e\u0302\u0303" * 50, "\u200f\u200e", "a\u0315\u0300", "|" * 10),
        ]
    ),
)
ANY = st.one_of(NAMES, ODD)
COMPARATORS = compile_comparators(Catalogue.compile())
LENIENCIES = st.sampled_from(Leniency)


@pytest.mark.parametrize("kind", sorted(TEXTS))
@settings(max_examples=50, deadline=None)
@given(one=ANY, other=ANY, leniency=LENIENCIES)
def test_any_two_texts_have_a_verdict(kind: str, one: str, other: str, leniency: Leniency) -> None:
    verdict = Verdict(TEXTS[kind](one, other, leniency))
    assert verdict is not Verdict.WITHHELD
    assert not verdict.is_close or leniency > Leniency.EXACT


@pytest.mark.parametrize("kind", SYMMETRIC)
@settings(max_examples=120, deadline=None)
@given(one=NAMES, other=NAMES, leniency=LENIENCIES)
def test_who_states_which_of_two_texts_does_not_matter(kind: str, one: str, other: str, leniency: Leniency) -> None:
    assert TEXTS[kind](one, other, leniency) == TEXTS[kind](other, one, leniency)


@pytest.mark.parametrize("kind", sorted(TEXTS))
@settings(max_examples=50, deadline=None)
@given(one=ANY, other=ANY)
def test_more_leniency_only_makes_mismatches_close(kind: str, one: str, other: str) -> None:
    verdicts = [Verdict(TEXTS[kind](one, other, leniency)) for leniency in Leniency]
    for stricter, laxer in itertools.pairwise(verdicts):
        assert stricter is laxer or (stricter is Verdict.MISMATCH and laxer.is_close)
    close = verdicts[-1]
    if close.is_close:
        assert verdicts == [allowed(close, leniency) for leniency in Leniency]


@pytest.mark.parametrize("kind", sorted(TEXTS))
@settings(max_examples=50, deadline=None)
@given(one=ANY, other=ANY, leniency=LENIENCIES, forms=st.tuples(*[st.sampled_from(FORMS)] * 2))
def test_normal_forms_do_not_matter(
    kind: str, one: str, other: str, leniency: Leniency, forms: tuple[Form, Form]
) -> None:
    there, here = (unicodedata.normalize(form, text) for form, text in zip(forms, (one, other), strict=True))
    assert TEXTS[kind](there, here, leniency) == TEXTS[kind](one, other, leniency)


@settings(max_examples=80, deadline=None)
@given(NAMES, LENIENCIES)
def test_capitals_and_white_space_are_the_same_text(name: str, leniency: Leniency) -> None:
    spread = f"\t{unicodedata.normalize('NFD', name).upper()} \n".replace(" ", "\u00a0 ")
    assert compare_name(spread, name, leniency) is Verdict.MATCH
    assert same_text(spread) == same_text(name)


@settings(max_examples=80, deadline=None)
@given(NAMES, NAMES)
def test_under_exact_only_the_same_text_matches(one: str, other: str) -> None:
    assert (compare_name(one, other, Leniency.EXACT) is Verdict.MATCH) == (same_text(one) == same_text(other))


DAYS = st.one_of(
    st.dates().map(lambda day: (day.year, day.month, day.day)),
    st.tuples(st.integers(1900, 2030), st.integers(0, 12), st.just(0)),
    st.tuples(st.just(1940), st.integers(1, 12), st.integers(1, 28)),
)


@settings(max_examples=120, deadline=None)
@given(DAYS, DAYS)
def test_dates_are_symmetric_and_lenience_only_adds(one: tuple[int, int, int], other: tuple[int, int, int]) -> None:
    verdicts = [Verdict(compare_date(one, other, leniency)) for leniency in Leniency]
    assert verdicts == [compare_date(other, one, leniency) for leniency in Leniency]
    assert (verdicts[0] is Verdict.MATCH) == (one == other)
    for stricter, laxer in itertools.pairwise(verdicts):
        assert stricter is laxer or (stricter is Verdict.MISMATCH and laxer.is_close)
    if one[0] != other[0]:
        assert verdicts[-1] is Verdict.MISMATCH


@settings(max_examples=80, deadline=None)
@given(DAYS)
def test_a_date_reads_back_from_each_way_of_writing_it(day: tuple[int, int, int]) -> None:
    year, month, number = day
    for text in (
        f"{year:04}-{month:02}-{number:02}",
        f"{number:02}/{month:02}/{year:04}",
        f"{number}.{month}.{year:04}",
    ):
        assert parse_date(text) == day


@settings(max_examples=120, deadline=None)
@given(st.one_of(st.text(max_size=12), st.from_regex(r"[0-9/.-]{1,10}", fullmatch=True)))
def test_any_text_is_a_date_or_unreadable(text: str) -> None:
    try:
        year, month, day = parse_date(text)
    except UnreadableDate:
        return
    assert 1 <= year <= 9999
    assert 0 <= month <= 12
    assert 0 <= day <= 31


CARD = "001090000007|010203040|Nguyễn Văn Hòa|30041990|Nam|Số 7, Phường Ba Đình, Hà Nội|01032021"


@settings(max_examples=120, deadline=None)
@given(
    st.one_of(
        st.text(max_size=60), st.lists(st.sampled_from([*CARD.split("|"), "", "\x00", "😀"]), max_size=9).map("|".join)
    )
)
def test_any_text_is_a_card_or_unreadable(text: str) -> None:
    try:
        card = Card.from_text(text)
    except UnreadableCard:
        return
    assert text.split("|")[0] == card.number
    assert set(card.claims()) == {"legacy_number", "name", "birth_date", "sex", "permanent_residence"}


PARTS = st.tuples(WORDS, st.just("") | WORDS, WORDS)
DAYS = st.dates(date(1900, 1, 1), date(2030, 1, 1)).map(lambda day: (day.year, day.month, day.day)) | st.tuples(
    st.integers(1900, 2030), st.integers(0, 12), st.just(0)
)


def _iso(year: int, month: int, day: int) -> str:
    return f"{year}-{month:02}-{day:02}"


STATED = ANY | NAMES | DAYS.map(lambda day: _iso(*day)) | st.sampled_from(["nam", "Nữ", "nữ", ""])
SENDABLE = STATED.filter(lambda text: "\ud83d" not in text)
ENCODER = BasicFragments(Disclosures(Catalogue.compile()), UnitNames(None))  # type: ignore[arg-type]


@settings(max_examples=300, deadline=None)
@given(st.data(), st.tuples(WORDS, st.just("") | WORDS, WORDS), DAYS, st.sampled_from([None, 1, 2]))
def test_what_is_a_match_at_first_sight_is_one(
    data: st.DataObject, names: tuple[str, str, str], day: tuple[int, int, int], sex: int | None
) -> None:
    columns = dict(zip(("surname", "middle_name", "given_name"), names, strict=True)) | {"sex": sex}
    columns |= dict(zip(("birth_year", "birth_month", "birth_day"), day, strict=True))
    (encoded,) = ENCODER.encode([(1, "001090000001", *(columns.get(column) for column in ENCODER.columns))])
    written = {"name": " ".join(filter(None, names)), "birth_date": _iso(*day), "sex": "nam"}
    claims = {path: data.draw(st.just(text) | SENDABLE) for path, text in written.items()}
    paths = data.draw(st.permutations(list(claims)))[: data.draw(st.integers(1, 3))]
    sight = Sight.of(Right(1, frozenset(), frozenset()), paths)
    assert sight is not None
    ready = [7, 0], [encoded[0], b""]
    (matched, nobody) = sight.matched({path: [claims[path]] * 2 for path in paths}, ready)
    assert matched in (0, 7)
    assert not nobody
    verdicts = []
    for path in paths:
        comparator = COMPARATORS[path]
        row, at = [columns[column] for column in comparator.columns], range(len(comparator.columns))
        verdicts.append(comparator.compare(claims[path], row, at, {}, None, Leniency.EXACT))  # type: ignore[arg-type]
    assert not matched or set(verdicts) == {Verdict.MATCH}
    assert matched or {path: claims[path] for path in paths}.items() - written.items() or 0 in day or sex != 1


def test_other_paths_are_not_seen_at_first_sight() -> None:
    right = Right(1, frozenset(), frozenset())
    assert Sight.of(right, ["name", "number"]) is None
    assert Sight.of(right, []) is None
