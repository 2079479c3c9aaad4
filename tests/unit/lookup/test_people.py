"""Reading people for answers: nothing is read about those out of scope, and plans do not pile up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from gateway.agency.grants import Right
from gateway.catalogue import Catalogue
from gateway.lookup import people
from gateway.lookup.disclosure import Disclosures
from gateway.lookup.people import People
from registry.engine import open_engine
from registry.people import PeopleStore
from tests.world import BASIC, number_of

CATALOGUE = Catalogue.compile()
HERE, ELSEWHERE = number_of(10), number_of(11)
ABSENT, ABSENT_TOO = "001090900001", "001090900003"


class Watched(PeopleStore):
    """A store that notes whom related rows were asked about, and how many plans were made."""

    def __init__(self, path: Path) -> None:
        super().__init__(open_engine(path, read_only=True))
        self.asked: list[list[int]] = []
        self.plans = 0

    def related(self, name: str, ids: Sequence[int]) -> dict[int, list[tuple[Any, ...]]]:
        self.asked.append(list(ids))
        return super().related(name, ids)

    def plan(self, columns: Sequence[str]) -> Any:
        self.plans += 1
        return super().plan(columns)


class Own:
    """The subjects of every agency."""

    def __init__(self, person_ids: list[int]) -> None:
        self.person_ids = frozenset(person_ids)
        self.asked = 0

    def own(self, _agency: str, person_ids: Sequence[int]) -> frozenset[int]:
        self.asked += len(person_ids)
        return self.person_ids.intersection(person_ids)

    def after(self, _agency: str, _person_id: int, _count: int) -> tuple[list[int], int]:
        return [], 0


def test_the_rows_of_people_out_of_scope_are_not_read(registry: Path) -> None:
    store = Watched(registry)
    right = Right(1, frozenset(CATALOGUE.leaves), frozenset({"79"}))
    disclosure = Disclosures(CATALOGUE).of(right, ["number", "relatives"])
    here, elsewhere = People(store).by_number(disclosure, [HERE, ELSEWHERE])
    assert here is not None
    assert elsewhere is not None
    assert store.asked == [[10]]
    People(store).by_number(disclosure, [ELSEWHERE])
    assert store.asked == [[10], []]
    store.close()


def test_a_number_asked_a_thousand_times_is_looked_for_once(registry: Path) -> None:
    read: list[int] = []

    class Counting(Watched):
        def read(self, plan: Any, numbers: Sequence[str], *seen: Any) -> Any:
            read.append(len(numbers))
            return super().read(plan, numbers, *seen)

    store = Counting(registry)
    disclosure = Disclosures(CATALOGUE).of(Right(1, frozenset({"name"}), frozenset({"79"})), ["name"])
    found = People(store).by_number(disclosure, [HERE, ABSENT, ELSEWHERE] * 40)
    assert [person and person.row[1] for person in found] == [HERE, None, ELSEWHERE] * 40
    assert read == [3]
    store.close()


@pytest.mark.parametrize("company", [[], [HERE], [HERE, ABSENT]])
@pytest.mark.parametrize("mask", [["name"], list(BASIC)])
@pytest.mark.parametrize("own", [False, True])
def test_who_is_out_of_scope_is_asked_about_as_often_as_who_is_absent(
    registry_with_fragments: Path, company: list[str], mask: list[str], own: bool
) -> None:
    right = Right(1, frozenset(BASIC), frozenset() if own else frozenset({"79"}), agency="fund", own_subjects=own)
    store = Watched(registry_with_fragments)
    enrolled, disclosure = Own([10]), Disclosures(CATALOGUE).of(right, mask)
    reading = People(store, enrolled)
    asked: list[tuple[str, int]] = []
    rows = store.reader.rows

    def watched(text: str, parameters: Mapping[str, Any]) -> list[Any]:
        asked.append((text, len(parameters.get("numbers", ""))))
        return rows(text, parameters)

    reading.by_number(disclosure, [HERE])  # makes the plan
    store.reader.rows = watched  # type: ignore[method-assign]
    enrolled.asked = 0
    assert reading.by_number(disclosure, [*company, ABSENT_TOO])[-1] is None
    absent, asked[:] = list(asked), []
    questions, enrolled.asked = enrolled.asked, 0
    hidden = reading.by_number(disclosure, [*company, ELSEWHERE])[-1]
    assert hidden is not None
    assert not disclosure.in_scope(hidden.row)
    assert (asked, enrolled.asked) == (absent, questions)
    store.close()


@pytest.mark.parametrize("mask", [["name"], list(BASIC)])
def test_whose_subject_somebody_is_is_asked_once_a_reading(registry_with_fragments: Path, mask: list[str]) -> None:
    store, own = Watched(registry_with_fragments), Own([10])
    disclosure = Disclosures(CATALOGUE).of(
        Right(1, frozenset(BASIC), frozenset(), agency="fund", own_subjects=True), mask
    )
    People(store, own).by_number(disclosure, [HERE, ELSEWHERE, ABSENT])
    assert own.asked == 3  # of nobody too, as long as somebody is absent
    store.close()


def test_masks_of_callers_do_not_fill_the_memory_with_plans(registry: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "MASKS_REMEMBERED_MAX", 2)
    store = Watched(registry)
    reading, disclosures = People(store), Disclosures(CATALOGUE)
    right = Right(1, frozenset(CATALOGUE.leaves), frozenset())
    for field in ("name", "sex", "nationality", "religion", "name", "name"):
        (found,) = reading.by_number(disclosures.of(right, [field]), [HERE])
        assert found is not None
    assert store.plans == 5
    assert len(reading._plans) <= 2
    store.close()
