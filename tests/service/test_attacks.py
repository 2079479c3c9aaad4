"""Agencies that do not mean well: what they try against a real gateway, and what they must not get."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import grpc
import pytest

from gateway.api.v1 import audit_service_pb2, finding_pb2, options_pb2, sync_service_pb2
from gateway.catalogue import Catalogue
from gateway.sync.service import PULLS_AT_ONCE, PULLS_WAITING_MAX
from tests.caller import PULL, PUSH, QUERY, Caller, Reply, pull_request, push_request
from tests.gateway import AGENCIES, SOUTH, Gateway, Member
from tests.world import BASIC, number_of

SEARCH = "/gateway.api.v1.LookupService/SearchPersons"
EVERYTHING = tuple(sorted(Catalogue.compile().leaves))
ABSENT, HERE, ELSEWHERE = "001090900001", number_of(10), number_of(11)
ATTACKERS = {
    "south-auditor": Member(
        options_pb2.AGENCY_CLASS_AUDITOR, ("QueryAccesses",), "audit.inspection", provinces=(SOUTH,)
    ),
    "police": Member(options_pb2.AGENCY_CLASS_POLICE, ("LookUpPerson", "Pull", "Push"), "police.work", EVERYTHING),
    "finder": Member(
        options_pb2.AGENCY_CLASS_JUSTICE,
        ("SearchPersons",),
        "justice.family",
        ("number", "name"),
        verify_fields=("birth_date",),
    ),
    "year-only": Member(
        options_pb2.AGENCY_CLASS_CARRIER,
        ("LookUpPerson", "Pull"),
        "subscriber.check",
        ("number", "birth_date.year", "permanent_residence.province_code"),
    ),
}


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory, registry: Path) -> Iterator[Gateway]:
    """A gateway of one worker that knows the attackers."""
    gateway = Gateway(tmp_path_factory.mktemp("attacked") / "state", workers=1)
    gateway.prepare(registry)
    gateway.admit(ATTACKERS)
    try:
        gateway.start()
        yield gateway
    finally:
        gateway.stop()


@pytest.fixture(scope="module")
def attacker(attacked: Gateway) -> Iterator[Callable[[str], Caller]]:
    """Gives the caller of an agency."""
    callers: dict[str, Caller] = {}

    def attacker(agency: str) -> Caller:
        if agency not in callers:
            callers[agency] = Caller(attacked.identity(agency), attacked.address).with_token()
        return callers[agency]

    yield attacker
    for caller in callers.values():
        caller.channel.close()


def test_an_auditor_of_a_province_learns_nothing_of_people_elsewhere(
    attacked: Gateway, attacker: Callable[[str], Caller]
) -> None:
    hospital, context = attacker("hospital"), ATTACKERS["south-auditor"].context
    asked = [
        hospital.look_up(number, ["name"], AGENCIES["hospital"].context).call_id for number in (HERE, ELSEWHERE, ABSENT)
    ]
    attacked.publish()

    def query(number: str) -> Reply:
        request = audit_service_pb2.QueryAccessesRequest(context=context.message(), number=number)
        return attacker("south-auditor").call(QUERY, request)

    here = query(HERE)
    accesses = audit_service_pb2.QueryAccessesResponse.FromString(here.body).accesses
    assert asked[0] in {access.call_id for access in accesses}
    elsewhere, absent = query(ELSEWHERE), query(ABSENT)
    assert elsewhere.reason == absent.reason == "PERSON_UNAVAILABLE"
    assert elsewhere.sentence == absent.sentence
    assert elsewhere.receipt is not None
    assert absent.receipt is not None


@pytest.mark.parametrize("field", ["permanent_residence", "blood_group", "name"])
def test_an_owner_cannot_break_the_writer_with_fields_that_nothing_writes(
    attacked: Gateway, attacker: Callable[[str], Caller], field: str
) -> None:
    entries = attacked.published()
    reply = attacker("police").call(PUSH, push_request([HERE], [field], ATTACKERS["police"].context))
    assert (reply.reason, reply.violations) == ("ARGUMENT_INVALID", ("update_mask",))
    assert reply.receipt is not None
    assert reply.receipt.index >= entries
    assert attacked.entry(reply.receipt.index)[0].people == 0


def test_a_year_that_is_granted_brings_no_day_by_any_way(attacker: Callable[[str], Caller]) -> None:
    caller, context = attacker("year-only"), ATTACKERS["year-only"].context
    asked = ["number", "birth_date", "permanent_residence", "name"]
    reply = caller.call(PULL, pull_request(asked, context, people_max=50))
    page = sync_service_pb2.PullResponse.FromString(reply.body)
    assert len(page.people) == 50
    for pulled in page.people:
        person = pulled.person
        assert person.birth_date.year in (1990, 2015)
        assert (person.birth_date.month, person.birth_date.day) == (0, 0)
        assert [field.name for field, _ in person.permanent_residence.ListFields()] == ["province_code"]
        assert {field.name for field, _ in person.ListFields()} == {"number", "birth_date", "permanent_residence"}
    assert [each.path for each in page.withheld] == ["birth_date", "name", "permanent_residence"]
    for field in ("birth_date.day", "permanent_residence.line", "birth_date.month"):
        assert caller.look_up(HERE, [field], context).reason == "FIELD_NOT_GRANTED"


def test_a_birth_date_that_may_be_compared_only_cannot_be_tried_out_by_searching(
    attacker: Callable[[str], Caller],
) -> None:
    request = finding_pb2.SearchPersonsRequest(context=ATTACKERS["finder"].context.message(), name="Nguyễn Văn Hòa")
    request.field_mask.paths.append("number")
    request.first_birth_year = request.last_birth_year = 1990
    by_years = attacker("finder").call(SEARCH, request)
    request.first_birth_year = request.last_birth_year = 0
    request.birth_date.year, request.birth_date.month = 1990, 4
    by_date = attacker("finder").call(SEARCH, request)
    assert [(reply.reason, dict(reply.metadata)) for reply in (by_years, by_date)] == [
        ("FIELD_NOT_GRANTED", {"fields": "birth_date.year"}),
        ("FIELD_NOT_GRANTED", {"fields": "birth_date"}),
    ]


def test_a_cursor_shows_neither_people_nor_positions(attacker: Callable[[str], Caller]) -> None:
    context = ATTACKERS["police"].context
    cursors = []
    for people in (7, 8):
        reply = attacker("police").call(PULL, pull_request(["number"], context, people_max=people))
        cursors.append(sync_service_pb2.PullResponse.FromString(reply.body).next_cursor)
    assert all((7).to_bytes(8, "big") not in cursor for cursor in cursors)
    differing = sum(a != b for a, b in zip(*cursors, strict=True))
    assert differing > len(cursors[0]) * 3 // 4


def test_a_flood_of_pulls_is_refused_and_others_are_answered(
    attacked: Gateway, attacker: Callable[[str], Caller]
) -> None:
    police, hospital = attacker("police"), attacker("hospital")
    request = pull_request(EVERYTHING, ATTACKERS["police"].context).SerializeToString()
    with ThreadPoolExecutor(100) as pool:
        flood = [pool.submit(police.call, PULL, request, timeout=30.0) for _ in range(100)]
        for position in range(20):
            reply = hospital.look_up(number_of(position + 20), BASIC, AGENCIES["hospital"].context)
            assert reply.code is grpc.StatusCode.OK, reply
        replies = [each.result() for each in flood]
    reasons = {reply.reason for reply in replies}
    assert reasons <= {"", "STREAMS_EXHAUSTED"}, reasons
    assert sum(not reply.reason for reply in replies) >= PULLS_AT_ONCE + PULLS_WAITING_MAX
    assert police.call(PULL, request).code is grpc.StatusCode.OK


@pytest.mark.parametrize("officer", ["\x9b31m", "a\u2028b", "\u061c", "\x85"])
def test_nobody_writes_to_an_auditors_terminal(attacker: Callable[[str], Caller], officer: str) -> None:
    context = replace(AGENCIES["hospital"].context, officer=officer)
    assert attacker("hospital").look_up(HERE, ["name"], context).violations == ("context.officer",)
