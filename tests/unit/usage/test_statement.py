"""A statement counts what was told in its month, and its parts add up to the whole."""

from __future__ import annotations

import os
from collections import Counter
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from gateway.audit.detail import NONCE_BYTES, SALT_BYTES, Detail, seal
from gateway.audit.entry import Decision, Entry, Kind
from gateway.audit.files import RealFiles
from gateway.audit.keys import KeyRing
from gateway.audit.log import create_log, open_log
from gateway.errors import ArgumentInvalid
from gateway.usage.service import month_us
from gateway.usage.statement import Usage, read_usage
from gateway.usage.tariff import Tariff
from tests.unit.audit.records import ORIGIN, SEGMENT_BYTES, Clock, make_keys, vkey

VIETNAM = timezone(timedelta(hours=7))
MONTH = "2026-03"
BEGIN_US, END_US = month_us(MONTH)
ENTRIES = 700
FIELDS = ("number", "name", "birth_date.year")


class Log:
    """700 entries around a month's beginning and end, by an agency, its unit, and one with a similar name."""

    def __init__(self, folder: Path) -> None:
        self.directory = str(folder / "audit")
        self.keys = KeyRing(str(folder / "keys"), os.urandom)
        files = RealFiles()
        create_log(files, self.directory, str(folder / "wal"), make_keys(), SEGMENT_BYTES)
        clock = Clock(BEGIN_US - 101)
        log = open_log(files, self.directory, str(folder / "wal"), make_keys(), clock, SEGMENT_BYTES)
        for number in range(ENTRIES):
            if number == 600:
                clock.now_us = END_US - 51
            log.append([self.record(number)])
        log.close()

    def record(self, number: int) -> tuple[bytes, bytes]:
        """The entry at `number`: of six, three are the agency's, one its unit's, one refused, one another's."""
        refused = number % 6 == 4
        detail = Detail(fields=FIELDS[: 1 + number % 3])
        call_id = number.to_bytes(16, "big")
        key = self.keys.current_detail(BEGIN_US)
        commitment, blob = seal(detail, key, call_id, os.urandom(SALT_BYTES), os.urandom(NONCE_BYTES))
        entry = Entry(
            kind=Kind.REFUSAL if refused else Kind.DISCLOSURE,
            call_id=call_id,
            origin=ORIGIN,
            people=0 if refused else number % 4,
            decision=Decision.REFUSED if refused else Decision.ALLOWED,
            reason=44 if refused else 0,
            commitment=commitment,
            agency={3: "carrier/north", 5: "carrier-two"}.get(number % 6, "carrier"),
            method="LookUpPerson" if number % 2 else "BatchLookUpPersons",
        )
        return entry.encode(), blob

    def read(self, from_index: int = 0, bundles_max: int = 100) -> Usage:
        return read_usage(
            self.directory,
            vkey(),
            self.keys,
            "carrier",
            BEGIN_US,
            END_US,
            from_index,
            bundles_max,
            lambda _seconds: None,
        )


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Log:
    return Log(tmp_path_factory.mktemp("usage"))


def test_only_what_was_told_in_the_month_counts(log: Log) -> None:
    calls: Counter[tuple[str, str]] = Counter()
    people: Counter[tuple[str, str]] = Counter()
    fields: Counter[tuple[str, str, str]] = Counter()
    # Entry 100 is the first of the month, entry 650 the first of the next.
    for number in range(100, 650):
        if number % 6 in (4, 5):
            continue
        place = "north" if number % 6 == 3 else "", "LookUpPerson" if number % 2 else "BatchLookUpPersons"
        calls[place] += 1
        people[place] += number % 4
        for path in FIELDS[: 1 + number % 3]:
            fields[*place, path] += number % 4
    usage = log.read()
    assert usage.calls == calls
    assert usage.people == people
    assert +usage.fields == +fields
    assert (usage.more, usage.unreadable) == (False, 0)


@pytest.mark.parametrize("bundles", [1, 2])
def test_parts_add_up_to_the_whole(log: Log, bundles: int) -> None:
    whole, parts = log.read(), [log.read(bundles_max=bundles)]
    while parts[-1].more:
        parts.append(log.read(parts[-1].next_index, bundles))
    assert len(parts) > 1
    assert sum((part.calls for part in parts), Counter()) == whole.calls
    assert sum((part.people for part in parts), Counter()) == +whole.people
    assert sum((part.fields for part in parts), Counter()) == +whole.fields
    assert parts[-1].next_index == whole.next_index


def test_what_nobody_can_read_any_more_is_said(log: Log, tmp_path: Path) -> None:
    usage = read_usage(
        log.directory, vkey(), KeyRing(str(tmp_path), os.urandom), "carrier", BEGIN_US, END_US, 0, 100, lambda _: None
    )
    assert usage.fields == Counter()
    assert usage.unreadable > 0
    assert usage.people == log.read().people


def test_months_are_viet_nams() -> None:
    begin, end = (datetime.fromtimestamp(moment / 1e6, VIETNAM) for moment in month_us("2026-12"))
    assert (begin, end) == (datetime(2026, 12, 1, tzinfo=VIETNAM), datetime(2027, 1, 1, tzinfo=VIETNAM))
    for wrong in ("2026-13", "2026-1", "26-01", ""):
        with pytest.raises(ArgumentInvalid):
            month_us(wrong)


def test_state_bodies_pay_nothing_and_others_by_field() -> None:
    tariff = Tariff.shipped()
    assert (tariff.price("HEALTH"), tariff.price("CARRIER")) == (0, 1000)
    assert tariff.source == "Circular 48/2022/TT-BTC"
    for wrong in ("", "source = 'x'\ndong_per_field = -1\nfree = []", "source = 1\ndong_per_field = 1\nfree = []"):
        with pytest.raises(ValueError, match="tariff"):
            Tariff.from_text(wrong)


def test_every_free_class_is_one_of_the_contract() -> None:
    from gateway.api.v1 import options_pb2

    assert Tariff.shipped().free <= {
        name.removeprefix("AGENCY_CLASS_")
        for name in options_pb2.AgencyClass.keys()  # noqa: SIM118
    }
