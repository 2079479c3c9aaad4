"""What is read of several people before they are told of."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from gateway.lookup.telling import Telling

OWN = 7


class Reading:
    """People who note what is asked of them."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []

    def own(self, _disclosure: Any, person_ids: Sequence[int]) -> frozenset[int]:
        self.asked.append(("own", len(person_ids)))
        return frozenset((OWN,)).intersection(person_ids)

    def by_id(self, _disclosure: Any, person_ids: Sequence[int]) -> list[Any]:
        self.asked.append(("read", len(person_ids)))
        return [SimpleNamespace(row=(person_id,)) for person_id in person_ids]


@pytest.mark.parametrize(
    ("owner", "person_ids", "asked"),
    [
        ("fund", [], [("own", 1)]),
        ("fund", [8], [("own", 1)]),
        ("fund", [8, OWN], [("own", 2), ("read", 1)]),
        ("", [], []),
        ("", [8], [("read", 1)]),
    ],
)
def test_of_others_than_the_agencys_own_subjects_as_much_is_read_as_of_nobody(
    owner: str, person_ids: list[int], asked: list[tuple[str, int]]
) -> None:
    unused: Any = None
    people: Any = Reading()
    disclosure: Any = SimpleNamespace(owner=owner, in_scope=lambda _row: True)
    found = Telling(people, unused, unused, unused, lambda: 0.0).in_scope(disclosure, person_ids)
    assert people.asked == asked
    assert len(found) == sum(count for what, count in asked if what == "read")
