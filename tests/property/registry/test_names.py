"""What must hold for every Vietnamese name, not only those we thought of."""

import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from registry.names import bare_key, search_key, text_key

TONES = ["", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323"]
ONSETS = [
    "",
    *[
        "b",
        "c",
        "ch",
        "d",
        "đ",
        "g",
        "gh",
        "gi",
        "h",
        "k",
        "kh",
        "l",
        "m",
        "n",
        "ng",
        "ngh",
        "nh",
        "p",
        "ph",
        "qu",
        "r",
        "s",
        "t",
        "th",
        "tr",
        "v",
        "x",
    ],
]
RHYMES = [
    "a",
    "ă",
    "â",
    "e",
    "ê",
    "i",
    "o",
    "ô",
    "ơ",
    "u",
    "ư",
    "y",
    "ai",
    "ao",
    "oa",
    "oe",
    "uy",
    "ia",
    "ua",
    "ưa",
    "iê",
    "uô",
    "ươ",
    "oai",
    "uya",
]
CODAS = ["", *["c", "ch", "m", "n", "ng", "nh", "p", "t"]]
OPEN_PAIRS = ("oa", "oe", "uy")


@st.composite
def syllables(draw: st.DrawFn) -> str:
    """Onset, rhyme with a tone on any of its letters, coda; not all are Vietnamese words."""
    rhyme = draw(st.sampled_from(RHYMES))
    at = draw(st.integers(1, len(rhyme)))
    text = draw(st.sampled_from(ONSETS)) + rhyme[:at] + draw(st.sampled_from(TONES)) + rhyme[at:]
    word = unicodedata.normalize("NFC", text + draw(st.sampled_from(CODAS)))
    return draw(st.sampled_from([word, word.upper(), word.capitalize()]))


names = st.lists(syllables(), min_size=1, max_size=4).map(" ".join)


@settings(max_examples=300)
@given(names)
def test_the_key_of_a_key_is_itself(name: str) -> None:
    assert text_key(text_key(name)) == text_key(name)


@settings(max_examples=200)
@given(names)
def test_composition_case_and_spaces_do_not_matter(name: str) -> None:
    spread = "  " + unicodedata.normalize("NFD", name).upper().replace(" ", " \t ") + "\n"
    assert text_key(spread) == text_key(name)


@settings(max_examples=100)
@given(
    st.sampled_from([onset for onset in ONSETS if onset != "qu"]),
    st.sampled_from(OPEN_PAIRS),
    st.sampled_from(TONES[1:]),
)
def test_both_placements_of_a_tone_are_one_name(onset: str, pair: str, tone: str) -> None:
    assert text_key(onset + pair[0] + tone + pair[1]) == text_key(onset + pair + tone)


@settings(max_examples=200)
@given(st.sampled_from(ONSETS), st.sampled_from(RHYMES), st.sampled_from(CODAS), st.data())
def test_different_tones_are_different_names(onset: str, rhyme: str, coda: str, data: st.DataObject) -> None:
    one, other = data.draw(st.lists(st.sampled_from(TONES), min_size=2, max_size=2, unique=True))
    assert text_key(onset + rhyme + one + coda) != text_key(onset + rhyme + other + coda)


@settings(max_examples=100)
@given(names)
def test_đ_is_never_d(name: str) -> None:
    assert text_key("đ" + name) != text_key("d" + name)


@settings(max_examples=200)
@given(st.text(max_size=12))
def test_any_text_has_a_key(text: str) -> None:
    assert isinstance(text_key(text), str)


@given(st.text(max_size=40))
def test_the_bare_key_of_a_bare_key_is_itself_and_of_a_key_the_same(text: str) -> None:
    assert bare_key(bare_key(text)) == bare_key(text) == bare_key(text_key(text))


@given(st.lists(st.sampled_from(["Nguyễn", "Thị", "Văn", "Hòa", "Đỗ", "Quý", "Thủy"]), min_size=1, max_size=5))
def test_a_name_without_its_marks_has_the_search_key_of_the_name(syllables: list[str]) -> None:
    name = " ".join(syllables)
    assert search_key(bare_key(name)) == search_key(name.upper()) == search_key(name)
    assert search_key(name).split() == [bare_key(syllables[0]), bare_key(syllables[-1])]
