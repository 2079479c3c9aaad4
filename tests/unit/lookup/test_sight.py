"""How verification at first sight reads: what is spared, and that nobody's time tells what is not answered."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gateway.agency.grants import Right
from gateway.catalogue import Catalogue
from gateway.lookup.disclosure import Disclosure, Disclosures
from gateway.lookup.fragments import BasicFragments
from gateway.lookup.people import Found, People, UnitNames
from gateway.lookup.verification.plan import Plans
from gateway.lookup.verification.rules import Verdict
from gateway.lookup.verification.table import Table
from gateway.lookup.verifying import VerificationMethods
from registry.engine import open_engine
from registry.pack import Ready
from registry.people import PeopleStore
from registry.ready import ReadyPeople
from registry.units import Units
from tests.world import number_of

CATALOGUE = Catalogue.compile()
RIGHT = Right(1, frozenset(), frozenset(), verify_fields=CATALOGUE.resolve(["name", "birth_date", "sex"]))
NAME, WRONG = "Nguyễn Văn Hòa", "Nguyễn Văn Hóa"
MATCH, MISMATCH = Verdict.MATCH, Verdict.MISMATCH
VERDICTS = {NAME: MATCH, WRONG: MISMATCH, "": 0}
"""Nobody is asked about where there is no name."""


class Reading:
    """A barrier that notes what it reads: how many people, and whether their whole rows."""

    def __init__(self, people: People) -> None:
        self._people = people
        self.reads: list[tuple[int, bool]] = []

    async def read(self, _agency: str, disclosure: Disclosure, numbers: Sequence[str]) -> list[Found | None]:
        self.reads.append((len(numbers), True))
        return self._people.by_number(disclosure, numbers)

    async def ready(self, _agency: str, disclosure: Disclosure, numbers: Sequence[str]) -> Ready:
        self.reads.append((len(numbers), False))
        return self._people.ready(disclosure, numbers)


async def _verified(
    registry: Path, names: Sequence[str], exhausted: Sequence[int] = ()
) -> tuple[list[tuple[int, bool]], bytes]:
    engine = open_engine(registry, read_only=True)
    store = PeopleStore(engine)
    unused: Any = None
    places = UnitNames(Units.from_engine(engine))
    encoder = BasicFragments(Disclosures(CATALOGUE), places)
    ready = ReadyPeople(store.reader, engine, encoder, registry.with_suffix(".pack"))
    reading: Any = Reading(People(store, ready=ready))
    methods = VerificationMethods(reading, Plans(CATALOGUE), places, unused, unused, time.time)
    principal = SimpleNamespace(agency="bank", entry_name="bank")
    call: Any = SimpleNamespace(
        principal=principal, agency="bank", right=RIGHT, grant=SimpleNamespace(guesses_per_day=1)
    )
    methods._exhausted.add(call, [41 + 2 * row for row in exhausted])
    numbers = [number_of(41 + 2 * at) if name else "" for at, name in enumerate(names)]
    verified = await methods._verify(call, Table(numbers, {"name": names}, {}))
    store.close()
    assert verified.exhausted == frozenset(exhausted)
    return [read for read in reading.reads if read[0]], bytes(verified.graded.verdicts)


@pytest.mark.parametrize(
    ("names", "in_full"),
    [
        ([NAME, NAME, WRONG], 1),
        ([NAME, NAME, NAME], 1),  # one all the same
        ([WRONG, NAME, WRONG], 2),
        ([WRONG, WRONG], 2),
        (["", NAME, "", WRONG, NAME, ""], 1),
        (["", NAME], 1),
    ],
)
async def test_who_is_all_right_is_not_read_in_full_but_somebody_always_is(
    registry_with_fragments: Path, names: list[str], in_full: int
) -> None:
    reads, verdicts = await _verified(registry_with_fragments, names)
    asked = sum(map(bool, names))
    assert reads == ([(asked, False)] if asked > 1 else []) + [(in_full, True)]
    assert list(verdicts) == [VERDICTS[name] for name in names]


async def test_without_stored_fragments_everybody_is_read_in_full(registry: Path) -> None:
    reads, verdicts = await _verified(registry, [NAME, WRONG])
    assert reads == [(2, False), (2, True)]
    assert list(verdicts) == [MATCH, MISMATCH]


@pytest.mark.parametrize(
    "names", [[NAME, NAME, WRONG], [WRONG, NAME, WRONG], [NAME, NAME, NAME], [WRONG, WRONG, WRONG]]
)
async def test_who_is_answered_about_no_more_is_read_and_not_compared_right_or_wrong(
    registry_with_fragments: Path, names: list[str]
) -> None:
    for exhausted in ([0], [0, 1, 2]):
        reads, verdicts = await _verified(registry_with_fragments, names, exhausted)
        assert all(read[1] for read in reads[1:])
        assert reads[-1][0] >= len(exhausted)
        assert list(verdicts) == [0 if row in exhausted else VERDICTS[name] for row, name in enumerate(names)]


async def test_one_alone_is_not_compared_either(registry_with_fragments: Path) -> None:
    for name in (NAME, WRONG):
        assert await _verified(registry_with_fragments, [name], [0]) == ([(1, True)], bytes(1))
