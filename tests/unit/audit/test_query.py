"""Searching finds a person's entries in the interval, newest first, and says how far the log was current."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.audit.files import RealFiles
from gateway.audit.log import create_log, open_log
from gateway.audit.query import find
from tests.unit.audit.records import SEGMENT_BYTES, Clock, make_entry, make_keys, make_tag, vkey

START_US = 1_700_000_000_000_000


@pytest.fixture
def directory(tmp_path: Path) -> str:
    """Entry n has the log time START_US + n + 1 and the tag of person n % 100."""
    audit, wal = str(tmp_path / "audit"), str(tmp_path / "wal")
    create_log(RealFiles(), audit, wal, make_keys(), SEGMENT_BYTES)
    log = open_log(RealFiles(), audit, wal, make_keys(), Clock(START_US), SEGMENT_BYTES)
    for number in range(700):
        log.append([(make_entry(number % 100, people=2).encode(), b"x")])
    log.close()
    return audit


def test_finds_every_entry_of_a_person_newest_first(directory: str) -> None:
    found = find(directory, vkey(), {make_tag(40)}, 0, 1 << 62)
    expected = sorted([*range(40, 700, 100), *range(39, 700, 100)], reverse=True)
    assert [index for index, _ in found.entries] == expected
    assert (found.current_through, found.complete) == (700, True)


def test_several_tags_are_searched_at_once(directory: str) -> None:
    found = find(directory, vkey(), {make_tag(10), make_tag(60)}, 0, 1 << 62)
    assert len(found.entries) == 28


def test_the_interval_is_inclusive(directory: str) -> None:
    found = find(directory, vkey(), {make_tag(40)}, START_US + 141, START_US + 340)
    assert [index for index, _ in found.entries] == [339, 240, 239, 140]
    assert find(directory, vkey(), {make_tag(40)}, 0, START_US).entries == ()


def test_a_limit_is_said(directory: str) -> None:
    found = find(directory, vkey(), {make_tag(40)}, 0, 1 << 62, limit=3)
    assert [index for index, _ in found.entries] == [640, 639, 540]
    assert not found.complete


@pytest.mark.parametrize("before", [0, 1, 240, 300, 590, 640, 641, 700, 9999])
def test_the_next_page_begins_before_an_index(directory: str, before: int) -> None:
    found = find(directory, vkey(), {make_tag(40)}, 0, 1 << 62, before=before)
    expected = sorted([*range(40, 700, 100), *range(39, 700, 100)], reverse=True)
    assert [index for index, _ in found.entries] == [index for index in expected if index < before]


def test_a_tag_that_only_lies_across_two_tags_is_not_found(directory: str) -> None:
    across = make_tag(40)[8:] + make_tag(41)[:8]
    assert find(directory, vkey(), {across}, 0, 1 << 62).entries == ()
