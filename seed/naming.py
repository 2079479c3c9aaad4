"""Vietnamese names by sex, birth year, ethnic group and region, in the official order: họ, đệm, tên."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

from registry.datasets import Sex
from registry.names import search_key, text_key
from seed.belonging import belonging
from seed.drawing import pick, shuffled
from seed.figures import SEXES, Floats, Ints, Texts, column, cumulative, read_rows, texts
from seed.plan import Random

MOTHER_SURNAME_SHARE = 0.08  # of four-syllable names since 1991 whose first middle is the mother's surname (modelled)
MOTHER_SURNAME_SINCE = 1991
NATIONAL_SURNAME_SHARE = 0.25  # of the people of other groups than Kinh (modelled)
_LAST_YEAR = 2100
_NATIONAL_OTHER = "other"


@dataclass(frozen=True, slots=True)
class Cohort:
    """Names of one sex born from `since` to `until`; the marker is the middle name of the sex, Văn or Thị."""

    sex: int
    since: int
    until: int
    given: Ints
    given_running: Floats
    middle: Ints
    middle_running: Floats
    syllables_running: Floats
    marker_in_three: float
    marker_in_four: float


@dataclass(frozen=True, slots=True)
class Names:
    """Vocabularies and their weights. Surnames, middle parts and given names are indices into `words`.

    `keys` are the words' comparison keys; `spaced_` variants begin with a space unless empty, for joining. A surname's
    `first_bare` and a given name's `spaced_last_bare` make the search key of a full name.
    """

    words: Texts
    keys: Texts
    surname_words: Ints
    surname_running: Floats
    pairs: dict[int, tuple[int, int, Floats]]
    ethnic_surnames: dict[int, tuple[Ints, Floats]]
    cohorts: tuple[Cohort, ...]
    markers: tuple[int, int]
    spaced_words: Texts
    spaced_keys: Texts
    first_bare: Texts
    spaced_last_bare: Texts

    def draw_surnames(self, random: Random, ethnic: Ints, part: Ints) -> Ints:
        """One surname a family line, by ethnic group; north, centre and south prefer their form of a pair."""
        surname = np.empty(len(ethnic), dtype=np.int64)
        for group in np.unique(ethnic).tolist():
            own = np.flatnonzero(ethnic == group)
            words, running = self.ethnic_surnames.get(group, (self.surname_words, self.surname_running))
            surname[own] = words[shuffled(random, running, len(own))]
        draw = random.random(len(surname))
        for label, (northern, southern, southern_share) in self.pairs.items():
            own = np.flatnonzero(surname == label)
            surname[own] = np.where(draw[own] < southern_share[part[own]], southern, northern)
        return surname

    def draw_given(self, random: Random, sex: Ints, birth_year: Ints, mother_surname: Ints) -> tuple[Ints, Ints, Ints]:
        """First and second middle part (0 is none) and given name; `mother_surname` is 0 where unknown."""
        first, second, given = (np.zeros(len(sex), dtype=np.int64) for _ in range(3))
        for cohort in self.cohorts:
            own = np.flatnonzero((sex == cohort.sex) & (birth_year >= cohort.since) & (birth_year <= cohort.until))
            if len(own):
                first[own], second[own], given[own] = self._draw_cohort(random, cohort, mother_surname[own])
        return first, second, given

    def _draw_cohort(self, random: Random, cohort: Cohort, mother_surname: Ints) -> tuple[Ints, Ints, Ints]:
        count = len(mother_surname)
        given = cohort.given[pick(random, cohort.given_running, count)]
        syllables = 2 + pick(random, cohort.syllables_running, count)
        marker = self.markers[cohort.sex - 1]
        draw = random.random(count)
        three, four = syllables == 3, syllables == 4
        middle = self._other_than(random, cohort, given)
        last = self._other_than(random, cohort, given)
        first = np.where(three & (draw < cohort.marker_in_three), marker, middle)
        first = np.where(four & (draw < cohort.marker_in_four), marker, first)
        takes = (mother_surname > 0) & (random.random(count) < MOTHER_SURNAME_SHARE)
        takes &= four & (first != marker) & (cohort.since >= MOTHER_SURNAME_SINCE)
        first = np.where(takes, mother_surname, first)
        second = np.where(four & (last != first), last, 0)
        return np.where(syllables == 2, 0, first), second, given

    def _other_than(self, random: Random, cohort: Cohort, given: Ints) -> Ints:
        """Middle names; one that equals the given name is drawn once more."""
        drawn = cohort.middle[pick(random, cohort.middle_running, len(given))]
        again = np.flatnonzero(drawn == given)
        drawn[again] = cohort.middle[pick(random, cohort.middle_running, len(again))]
        return drawn


def national_surnames() -> tuple[list[str], Floats]:
    """Labels and shares of the national table, pairs together; the last label is everything else."""
    rows = read_rows("surnames_national_share.csv")
    share = column(rows, "share_pct") / 100
    return [row["surname"] for row in rows] + [_NATIONAL_OTHER], np.append(share, 1 - share.sum())


@cache
def names() -> Names:
    """The vocabularies, read once a process."""
    words: dict[str, int] = {"": 0}

    def word(text: str) -> int:
        return words.setdefault(text, len(words))

    markers = (word("Văn"), word("Thị"))
    target = _surname_targets()
    ethnic = _ethnic_surnames(target)
    kinh = _kinh_shares(target, ethnic)
    pairs = {}
    for row in read_rows("surname_pairs.csv"):
        share = np.array([float(row[f"southern_share_{part}_pct"]) for part in ("north", "centre", "south")])
        forms = word(row["northern"]), word(row["southern"])
        pairs[word(row["national_label"])] = (*forms, share / 100)
    cohorts = tuple(_cohorts(word))
    surname_words = np.array([word(name) for name in kinh])
    ethnic_words = {
        group: (np.array([word(name) for name in own]), cumulative(np.array(list(own.values()))))
        for group, own in ethnic.items()
    }
    keys = [text_key(text) for text in words]
    ends = [search_key(text).split() or ("", "") for text in words]
    return Names(
        words=texts(list(words)),
        keys=texts(keys),
        surname_words=surname_words,
        surname_running=cumulative(np.array(list(kinh.values()))),
        pairs=pairs,
        ethnic_surnames=ethnic_words,
        cohorts=cohorts,
        markers=markers,
        spaced_words=texts([f" {text}" if text else "" for text in words]),
        spaced_keys=texts([f" {key}" if key else "" for key in keys]),
        first_bare=texts([first for first, _ in ends]),
        spaced_last_bare=texts([f" {last}" for _, last in ends]),
    )


def _surname_targets() -> dict[str, float]:
    """National shares; the unlisted tenth follows the measured sample of Đắk Lắk."""
    labels, share = national_surnames()
    target = dict(zip(labels[:-1], share[:-1].tolist(), strict=True))
    listed = {form for label in target for form in label.split("/")}
    others = {
        row["surname"]: float(row["share_pct"])
        for row in read_rows("surnames_dak_lak_sample.csv")
        if row["surname"] not in listed
    }
    scale = float(share[-1]) / sum(others.values())
    return target | {name: value * scale for name, value in others.items()}


def _ethnic_surnames(target: dict[str, float]) -> dict[int, dict[str, float]]:
    """Shares of surnames by group other than Kinh: its own names, and a quarter the national ones."""
    codes = belonging().ethnic_code.tolist()
    weights: dict[int, dict[str, float]] = {}
    for row in read_rows("ethnic_surnames.csv"):
        for code in row["official_codes"].split(";"):
            weights.setdefault(codes.index(code), {})[row["surname"]] = float(row["weight"])
    label_of = {form: label for label in target for form in label.split("/")}
    result = {}
    for group, own in weights.items():
        shares = {name: NATIONAL_SURNAME_SHARE * value for name, value in target.items()}
        for name, weight in own.items():
            label = label_of.get(name, name)
            shares[label] = shares.get(label, 0.0) + (1 - NATIONAL_SURNAME_SHARE) * weight / sum(own.values())
        result[group] = shares
    return result


def _kinh_shares(target: dict[str, float], ethnic: dict[int, dict[str, float]]) -> dict[str, float]:
    """What everybody else must bear so that all groups together meet the national shares, as far as possible."""
    share = belonging().ethnic_share
    borne: dict[str, float] = {}
    for group, own in ethnic.items():
        for name, value in own.items():
            borne[name] = borne.get(name, 0.0) + float(share[group]) * value
    left = {name: max(value - borne.get(name, 0.0), 0.0) for name, value in target.items()}
    # Names of other groups that no table lists count towards the unlisted tenth.
    listed = set(national_surnames()[0])
    outside = sum(value for name, value in borne.items() if name not in target)
    rest = sum(value for name, value in left.items() if name not in listed)
    shrink = max(1 - outside / rest, 0.0)
    return {name: value if name in listed else value * shrink for name, value in left.items()}


def _cohorts(word: Callable[[str], int]) -> Iterator[Cohort]:
    tables = [
        (read_rows("given_names.csv"), "given_name"),
        (read_rows("middle_names.csv"), "middle_name"),
        (read_rows("name_structure_modelled.csv"), ""),
    ]
    for code, sex in enumerate(SEXES):
        own = [[row for row in rows if row["sex"] == sex] for rows, _ in tables]
        edges = {int(row["birth_year_from"]) for rows in own for row in rows}
        starts = sorted(edges)
        for since, following in zip(starts, [*starts[1:], _LAST_YEAR + 1], strict=True):
            given, middle, structure = (
                [row for row in rows if int(row["birth_year_from"]) <= since <= int(row["birth_year_to"])]
                for rows in own
            )
            shape = structure[0]
            syllables = [float(shape[f"{number}_syllables_pct"]) for number in ("two", "three", "four")]
            yield Cohort(
                sex=code + int(Sex.MALE),
                since=since,
                until=following - 1,
                given=np.array([word(row["given_name"]) for row in given]),
                given_running=cumulative(column(given, "weight")),
                middle=np.array([word(row["middle_name"]) for row in middle]),
                middle_running=cumulative(column(middle, "weight")),
                syllables_running=cumulative(np.array(syllables)),
                marker_in_three=float(shape["marker_in_three_pct"]) / 100,
                marker_in_four=float(shape["marker_in_four_pct"]) / 100,
            )
