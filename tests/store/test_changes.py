"""The change feed shows every change once, in commit order, and says how far it has looked."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine, insert

from registry import changes
from registry.changes import ChangePage
from registry.datasets import ChangeKind, Dataset
from registry.people import PeopleStore
from registry.tables import change
from tests.store.small_population import CAO_BANG, HANOI

Open = Callable[..., Engine]
LENGTH = 30


def row(position: int) -> dict[str, object]:
    """Every third is a residence change; every tenth moves from Hanoi to Cao Bằng; else all is in Hanoi."""
    return {
        "position": position,
        "person_id": position,
        "version": 2,
        "dataset": Dataset.SOCIAL_INSURANCE if position % 3 else Dataset.RESIDENCE,
        "kinds": ChangeKind.VALUES,
        "scope_before": HANOI,
        "scope_after": HANOI if position % 10 else CAO_BANG,
        "audit_index": None,
        "made_at": 1_760_000_000_000_000 + position,
    }


@pytest.fixture
def store(url: str, opened: Open) -> Iterator[PeopleStore]:
    with opened(url).begin() as connection:
        connection.execute(insert(change), [row(position) for position in range(1, LENGTH + 1)])
    people = PeopleStore(opened(url, read_only=True))
    yield people
    people.close()


def positions(page: ChangePage) -> list[int]:
    return [found[0] for found in page.rows]


def test_pages_join_without_gap_or_repeat(store: PeopleStore) -> None:
    seen: list[int] = []
    through = 0
    while rows := (page := store.changes(through, 7)).rows:
        assert rows[-1][0] == page.through
        seen += positions(page)
        through = page.through
    assert seen == list(range(1, LENGTH + 1))
    assert through == store.last_position() == LENGTH


def test_a_filter_still_says_how_far_it_looked(store: PeopleStore) -> None:
    page = store.changes(0, 100, scopes=[CAO_BANG])
    assert (positions(page), page.through) == ([10, 20, 30], LENGTH)
    page = store.changes(0, 2, scopes=[CAO_BANG])
    assert (positions(page), page.through) == ([10, 20], 20)


def test_a_person_who_left_is_still_seen_by_the_old_scope(store: PeopleStore) -> None:
    assert positions(store.changes(8, 100, scopes=[HANOI]))[:3] == [9, 10, 11]


def test_filters_narrow_together(store: PeopleStore) -> None:
    page = store.changes(0, 100, datasets=[Dataset.RESIDENCE], scopes=[CAO_BANG, "99"])
    assert positions(page) == [30]
    assert positions(store.changes(0, 100, datasets=[Dataset.RESIDENCE])) == list(range(3, 31, 3))
    assert positions(store.changes(0, 100, datasets=[], scopes=[HANOI])) == []


def test_a_follower_at_the_end_stays_there(store: PeopleStore) -> None:
    assert store.changes(LENGTH, 10) == ChangePage([], LENGTH)
    assert store.changes(LENGTH + 5, 10) == ChangePage([], LENGTH + 5)


def test_one_call_looks_at_a_bounded_number_of_changes(store: PeopleStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "SCANNED_CHANGES_MAX", 5)
    assert store.changes(0, 100, scopes=[CAO_BANG]) == ChangePage([], 5)
    assert positions(store.changes(5, 100, scopes=[CAO_BANG])) == [10]
