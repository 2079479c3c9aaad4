"""What is granted and was not used, read back from a log of many agencies, months and refusals."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from gateway.agency import questions
from gateway.agency.grants import Grant
from gateway.agency.policy import Agency, PolicyView
from gateway.agency.questions import PolicyMethods
from gateway.api.v1 import policy_service_pb2 as policy_pb
from gateway.audit import activity
from gateway.audit.detail import NONCE_BYTES, SALT_BYTES, Detail, seal
from gateway.audit.entry import Decision, Entry, Kind
from gateway.audit.files import RealFiles
from gateway.audit.keys import KeyRing
from gateway.audit.log import create_log, open_log
from gateway.audit.paths import AuditPaths
from gateway.catalogue import Catalogue
from gateway.chain.turns import Threads
from tests.unit.agency.calls import body_of, by
from tests.unit.audit.records import ORIGIN, Clock, make_keys, vkey

CATALOGUE = Catalogue.compile()
NOW = 1_780_000_000
DAY = 86_400
DAYS = 120
AGENCIES, GRANTS, ENTRIES = 40, 3, 4_000
PURPOSES = ("a.first", "a.second", "a.third")
METHODS = ("LookUpPerson", "BatchLookUpPersons", "Pull", "VerifyPerson")
FIELDS = ("number", "name", "birth_date", "sex", "permanent_residence", "household_number")
SEGMENT_BYTES = 1 << 20
STOPPED = (0, 0, 45)


@dataclass(frozen=True, slots=True)
class Told:
    """One entry: what was answered or refused, so many days ago. `kind`: of the entry."""

    day: int
    kind: Kind
    agency: str
    method: str
    purpose: str
    fields: tuple[str, ...]


def traffic() -> list[Told]:
    """Oldest first: each agency uses little of what it has, some of it long ago, and is refused the rest."""
    chance = random.Random(6)
    habits = {
        f"agency-{number:02}": [
            (
                chance.choice(METHODS),
                chance.choice(PURPOSES),
                tuple(chance.sample(FIELDS, 3)),
                chance.choice((0, 0, 45)),
            )
            for _ in range(3)
        ]
        for number in range(AGENCIES)
    }
    told = []
    for _ in range(ENTRIES):
        agency = chance.choice(list(habits))
        method, purpose, fields, not_since = chance.choice(habits[agency])
        day = chance.randrange(not_since, DAYS)
        kind = Kind.PUSH_OUTCOME if method == "Pull" and chance.random() < 0.3 else Kind.DISCLOSURE
        if chance.random() < 0.3:
            # Refused, alone or hundreds folded into one entry: that uses nothing, whatever was asked for.
            kind = chance.choice((Kind.REFUSAL, Kind.REFUSALS_FOLDED))
            method, purpose, fields = chance.choice(METHODS), chance.choice(PURPOSES), FIELDS
        told.append(Told(day, kind, agency, method, purpose, fields))
    return sorted(told, key=lambda each: -each.day)


def grants_of(agency: int) -> tuple[Grant, ...]:
    """Newest first; the third is too new to be judged, and of every fourth agency the first has ended."""
    return tuple(
        Grant(
            grant_id=agency * GRANTS + number + 1,
            methods=frozenset(METHODS[number : number + 3]),
            purposes={purpose: frozenset({"law"}) for purpose in PURPOSES[number % 2 : number % 2 + 2]},
            fields=CATALOGUE.resolve(FIELDS[: 4 + number]),
            provinces=frozenset(),
            from_time=NOW - (DAYS + 5) * DAY if number < 2 else NOW - 5 * DAY,
            until_time=NOW - DAY if number == 0 and agency % 4 == 0 else NOW + DAY,
            contract_digest=CATALOGUE.digest,
            verify_fields=CATALOGUE.resolve(["name"]),
        )
        for number in reversed(range(GRANTS))
    )


@dataclass(frozen=True, slots=True)
class Published:
    """A log of that traffic."""

    state: Path
    told: list[Told]
    keys: KeyRing
    view: PolicyView

    def methods(self, keys: KeyRing | None = None) -> PolicyMethods:
        return PolicyMethods(
            lambda: self.view,
            CATALOGUE,
            frozenset(METHODS),
            keys or self.keys,
            str(self.state),
            lambda: float(NOW),
            Threads(),
        )


def record(told: Told, number: int, keys: KeyRing) -> tuple[bytes, bytes]:
    refused = told.kind in (Kind.REFUSAL, Kind.REFUSALS_FOLDED)
    call_id = number.to_bytes(16, "big")
    blob, commitment = b"", bytes(32)
    if told.kind is not Kind.REFUSALS_FOLDED:
        key = keys.current_detail((NOW - told.day * DAY) * 1_000_000)
        detail = Detail(fields=told.fields)
        commitment, blob = seal(detail, key, call_id, os.urandom(SALT_BYTES), os.urandom(NONCE_BYTES))
    entry = Entry(
        kind=told.kind,
        call_id=call_id,
        origin=ORIGIN,
        people=0 if refused else 1,
        decision=Decision.REFUSED if refused else Decision.ALLOWED,
        reason=44 if refused else 0,
        commitment=commitment,
        calls=500 if told.kind is Kind.REFUSALS_FOLDED else 1,
        since_us=1 if told.kind is Kind.REFUSALS_FOLDED else 0,
        agency=told.agency + ("/unit-1" if number % 5 == 0 else ""),
        method=told.method,
        purpose=told.purpose,
    )
    return entry.encode(), blob


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Published:
    state = tmp_path_factory.mktemp("unused")
    paths, files, told = AuditPaths(str(state)), RealFiles(), traffic()
    keys = KeyRing(paths.keys, os.urandom)
    create_log(files, paths.log, paths.wal, make_keys(), SEGMENT_BYTES)
    Path(paths.log_vkey).write_text(vkey())
    clock = Clock(0)
    log = open_log(files, paths.log, paths.wal, make_keys(), clock, SEGMENT_BYTES)
    numbers = iter(range(ENTRIES))
    for day, of_day in groupby(told, key=lambda each: each.day):
        clock.now_us = (NOW - day * DAY) * 1_000_000
        log.append([record(each, next(numbers), keys) for each in of_day])
    log.close()
    agencies = {
        code: Agency(code, code, 4, grants_of(number))
        for number, code in enumerate(f"agency-{number:02}" for number in range(AGENCIES))
    }
    return Published(state, told, keys, PolicyView(1, agencies, frozenset(), frozenset()))


def expected(published: Published, days: int) -> dict[int, tuple[set[str], set[str], set[str]]]:
    """By grant: purposes, methods and fields that nobody used, told from the traffic itself."""
    found = {}
    for code, agency in published.view.agencies.items():
        for grant in agency.grants:
            if grant.from_time > NOW - days * DAY or grant.until_time <= NOW:
                continue
            uses = [
                each
                for each in published.told
                if each.agency == code
                and each.day <= days
                and each.kind in (Kind.DISCLOSURE, Kind.PUSH_OUTCOME)
                and each.purpose in grant.purposes
            ]
            within = [each for each in uses if each.method in grant.methods]
            purposes = grant.purposes.keys() - {each.purpose for each in within}
            methods = grant.methods - {each.method for each in within}
            fields = (grant.fields | grant.verify_fields) - {path for each in uses for path in each.fields}
            if purposes or methods or fields:
                found[grant.grant_id] = (set(purposes), set(methods), set(fields))
    return found


async def ask(methods: PolicyMethods, **asked: Any) -> policy_pb.ListUnusedRightsResponse:
    answer = await methods.ListUnusedRights(by("ListUnusedRights"), policy_pb.ListUnusedRightsRequest(**asked))
    body: policy_pb.ListUnusedRightsResponse = body_of(answer)
    return body


def told_of(body: policy_pb.ListUnusedRightsResponse) -> dict[int, tuple[set[str], set[str], set[str]]]:
    return {each.grant_id: (set(each.purposes), set(each.methods), set(each.fields)) for each in body.rights}


@pytest.fixture(autouse=True)
def no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(activity, "PAUSE_SHARE", 0.0)


@pytest.mark.parametrize("days", [30, 60, 110])
async def test_each_window_names_what_nobody_used_in_it(published: Published, days: int) -> None:
    body = await ask(published.methods(), days=days)
    assert told_of(body) == expected(published, days)
    assert body.complete
    assert body.from_time.seconds == NOW - days * DAY
    assert len(body.rights) > 20
    # Read back from the newest entry, no more than the window and the bundle in which it begins.
    in_window = sum(each.day <= days for each in published.told)
    assert in_window <= body.entries_count <= in_window + 2 * 256


async def test_one_agency_is_asked_about_alone(published: Published) -> None:
    body = await ask(published.methods(), days=60, agency="agency-07")
    everybody = expected(published, 60)
    own = {grant.grant_id for grant in published.view.agencies["agency-07"].grants}
    assert told_of(body) == {number: each for number, each in everybody.items() if number in own}


async def test_refusals_use_nothing_however_many_are_folded(published: Published) -> None:
    refused = {
        (each.agency, each.purpose)
        for each in published.told
        if each.kind in (Kind.REFUSAL, Kind.REFUSALS_FOLDED) and each.day <= 110
    }
    used = {(each.agency, each.purpose) for each in published.told if each.kind is Kind.DISCLOSURE and each.day <= 110}
    only_refused = refused - used
    assert len(only_refused) > 5
    body = await ask(published.methods(), days=110)
    unused = {(right.agency, purpose) for right in body.rights for purpose in right.purposes}
    held = {
        (code, purpose)
        for code, agency in published.view.agencies.items()
        for grant in agency.grants
        for purpose in grant.purposes
        if grant.from_time <= NOW - 110 * DAY and grant.until_time > NOW
    }
    assert only_refused & held <= unused


async def test_what_was_not_read_is_said(published: Published, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(questions, "ENTRIES_READ_MAX", 1_000)
    body = await ask(published.methods(), days=110)
    assert not body.complete
    assert 1_000 <= body.entries_count <= 1_000 + 256
    assert NOW - 110 * DAY < body.from_time.seconds <= NOW
    whole = expected(published, 110)
    for number, (purposes, methods, fields) in told_of(body).items():
        if number in whole:  # less was seen, so that more seems unused, never less
            assert whole[number][0] <= purposes
            assert whole[number][1] <= methods
            assert whole[number][2] <= fields


async def test_details_that_nobody_can_open_any_more_make_it_incomplete(published: Published, tmp_path: Path) -> None:
    body = await ask(published.methods(KeyRing(str(tmp_path), os.urandom)), days=60)
    assert not body.complete
    whole = expected(published, 60)
    assert {number: each[:2] for number, each in told_of(body).items() if number in whole} == {
        number: each[:2] for number, each in whole.items()
    }
