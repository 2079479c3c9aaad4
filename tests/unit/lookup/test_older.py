"""Whom an older number means to an agency that sees its own subjects only: holders whom it did not enrol are nobody."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from gateway.agency.grants import Right
from gateway.chain.turns import Threads
from gateway.lookup.older import Meant, OlderNumbers
from gateway.lookup.people import People
from registry.engine import open_engine
from registry.finding import FindingStore
from registry.people import PeopleStore
from registry.searching import SearchStore
from tests.world import HUSBAND, SHARED_CARD, WIFE, number_of


class Enrolled:
    """Enrolled these people for every agency."""

    def __init__(self, *person_ids: int) -> None:
        self._person_ids = frozenset(person_ids)

    def own(self, _agency: str, person_ids: Sequence[int]) -> frozenset[int]:
        return self._person_ids & frozenset(person_ids)

    def after(self, _agency: str, _person_id: int, _count: int) -> tuple[list[int], int]:
        return sorted(self._person_ids), 0


@pytest.mark.parametrize(
    ("enrolled", "expected"),
    [
        ((HUSBAND,), Meant(number_of(HUSBAND), 1)),
        ((WIFE,), Meant(number_of(WIFE), 1)),
        ((), Meant("", 0, (WIFE, HUSBAND))),
        ((WIFE, HUSBAND), Meant("", 2, (WIFE, HUSBAND))),
    ],
)
async def test_of_those_who_have_a_number_own_subjects_alone_count(
    registry: Path, enrolled: tuple[int, ...], expected: Meant
) -> None:
    store = PeopleStore(open_engine(registry, read_only=True))
    people, threads = People(store, Enrolled(*enrolled)), Threads()
    older = OlderNumbers(SearchStore(store.reader), FindingStore(store.reader), people, threads)
    card = frozenset({"legacy_number"})
    right = Right(1, frozenset(), frozenset(), verify_fields=card, agency="fund", own_subjects=True)
    assert (await older.meant("fund", right, [SHARED_CARD], 0)) == {
        SHARED_CARD: Meant(expected.number, expected.candidates, expected.others, [])
    }
    threads.close()
    store.close()
