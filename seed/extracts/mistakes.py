"""Single mistakes in a record, as clerks really make them (domain practice). Pure: nothing is drawn here."""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import Enum

from registry.names import fold_final_y, fold_tone_placement
from seed.extracts.records import Identity, Record, old_districts

PARENTS_CARD_BORN_SINCE = 2000  # young enough to have got the telephone on a parent's card (modelled)


class Mistake(Enum):
    """What is wrong with a row. Members stand in the order in which several are applied to one row."""

    PARENTS_CARD = "parents_card"
    SHARED_OLD_NUMBER = "shared_old_number"
    OLD_NUMBER_ONLY = "old_number_only"
    SWAPPED_DAY_MONTH = "swapped_day_month"
    FIRST_OF_JANUARY = "first_of_january"
    FATHER_AS_MOTHER = "father_as_mother"
    OLD_DISTRICT = "old_district"
    WESTERN_ORDER = "western_order"
    TONE_PLACEMENT = "tone_placement"
    FINAL_I_FOR_Y = "final_i_for_y"
    NO_DIACRITICS = "no_diacritics"
    DOUBLE_SPACE = "double_space"
    UPPER_CASE = "upper_case"
    DECOMPOSED = "decomposed"

    @property
    def group(self) -> str:
        """What it is about; a row gets at most one mistake of a group, so that none hides another."""
        return _GROUPS[self]


ANY_NAME = (
    Mistake.WESTERN_ORDER,
    Mistake.TONE_PLACEMENT,
    Mistake.FINAL_I_FOR_Y,
    Mistake.NO_DIACRITICS,
    Mistake.DOUBLE_SPACE,
    Mistake.UPPER_CASE,
    Mistake.DECOMPOSED,
)
ANY_BIRTH = (Mistake.SWAPPED_DAY_MONTH, Mistake.FIRST_OF_JANUARY)

_GROUPS: Mapping[Mistake, str] = {
    Mistake.PARENTS_CARD: "number",
    Mistake.SHARED_OLD_NUMBER: "number",
    Mistake.OLD_NUMBER_ONLY: "number",
    Mistake.SWAPPED_DAY_MONTH: "birth",
    Mistake.FIRST_OF_JANUARY: "birth",
    Mistake.FATHER_AS_MOTHER: "parent",
    Mistake.OLD_DISTRICT: "address",
    Mistake.WESTERN_ORDER: "order",
    Mistake.TONE_PLACEMENT: "spelling",
    Mistake.FINAL_I_FOR_Y: "spelling",
    Mistake.NO_DIACRITICS: "spelling",
    Mistake.DOUBLE_SPACE: "typing",
    Mistake.UPPER_CASE: "typing",
    Mistake.DECOMPOSED: "typing",
}


def mistaken(record: Record, mistake: Mistake, other: Identity | None) -> Record:
    """The record with this mistake; the record itself where it cannot be made.

    `other` is somebody entered shortly before, whose old number a clerk may write once more.
    """
    if mistake is Mistake.SHARED_OLD_NUMBER:
        return _shared_old_number(record, other)
    return _MISTAKES[mistake](record)


def without_diacritics(text: str) -> str:
    """Only the letters of ASCII where there were Vietnamese ones."""
    bare = "".join(mark for mark in unicodedata.normalize("NFD", text) if not unicodedata.combining(mark))
    return bare.replace("đ", "d").replace("Đ", "D")


def _named(record: Record, name: str) -> Record:
    return replace(record, written=replace(record.written, name=name))


def _parents_card(record: Record) -> Record:
    parent = record.mother or record.father
    if parent is None or record.written.birth < PARENTS_CARD_BORN_SINCE * 10_000:
        return record
    return replace(record, written=parent)


def _shared_old_number(record: Record, other: Identity | None) -> Record:
    if other is None or record.written.legacy is None:
        return record
    return replace(record, written=replace(record.written, legacy=other.legacy))


def _old_number_only(record: Record) -> Record:
    return record if record.written.legacy is None else replace(record, written=replace(record.written, number=None))


def _swapped_day_month(record: Record) -> Record:
    year, month, day = record.written.birth // 10_000, record.written.birth // 100 % 100, record.written.birth % 100
    if not 1 <= day <= 12:
        return record
    return replace(record, written=replace(record.written, birth=year * 10_000 + day * 100 + month))


def _first_of_january(record: Record) -> Record:
    return replace(record, written=replace(record.written, birth=record.written.birth // 10_000 * 10_000 + 101))


def _father_as_mother(record: Record) -> Record:
    return record if record.father is None else replace(record, mother=record.father)


def _old_district(record: Record) -> Record:
    return replace(record, old_district=old_districts().get(record.commune_old or "", ""))


def _western_order(record: Record) -> Record:
    surname, middle, given = record.parts
    official = " ".join(part for part in record.parts if part)
    if record.written.name != official:
        return record  # it is a parent's name, whose parts are not known here
    return _named(record, " ".join(part for part in (given, middle, surname) if part))


def _tone_placement(record: Record) -> Record:
    return _named(record, " ".join(map(fold_tone_placement, record.written.name.split(" "))))


def _final_i_for_y(record: Record) -> Record:
    return _named(record, " ".join(map(_i_for_y, record.written.name.split(" "))))


def _i_for_y(syllable: str) -> str:
    folded = fold_final_y(syllable.lower())
    return syllable if folded == syllable.lower() else syllable[0] + folded[1:]


def _no_diacritics(record: Record) -> Record:
    return _named(record, without_diacritics(record.written.name))


def _double_space(record: Record) -> Record:
    return _named(record, record.written.name.replace(" ", "  ", 1))


def _upper_case(record: Record) -> Record:
    return _named(record, record.written.name.upper())


def _decomposed(record: Record) -> Record:
    return _named(record, unicodedata.normalize("NFD", record.written.name))


_MISTAKES: Mapping[Mistake, Callable[[Record], Record]] = {
    Mistake.PARENTS_CARD: _parents_card,
    Mistake.OLD_NUMBER_ONLY: _old_number_only,
    Mistake.SWAPPED_DAY_MONTH: _swapped_day_month,
    Mistake.FIRST_OF_JANUARY: _first_of_january,
    Mistake.FATHER_AS_MOTHER: _father_as_mother,
    Mistake.OLD_DISTRICT: _old_district,
    Mistake.WESTERN_ORDER: _western_order,
    Mistake.TONE_PLACEMENT: _tone_placement,
    Mistake.FINAL_I_FOR_Y: _final_i_for_y,
    Mistake.NO_DIACRITICS: _no_diacritics,
    Mistake.DOUBLE_SPACE: _double_space,
    Mistake.UPPER_CASE: _upper_case,
    Mistake.DECOMPOSED: _decomposed,
}
