"""Grants about an agency's own subjects, on every way to a person, over both workers of a real gateway."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import grpc
import pytest

from gateway.api.v1 import finding_pb2, lookup_service_pb2, subject_service_pb2, sync_service_pb2, verification_pb2
from gateway.audit.entry import Kind
from tests.caller import (
    BATCH_LOOK_UP,
    PULL,
    PUSH,
    Caller,
    Reply,
    Talk,
    batch_request,
    pull_request,
    push_request,
)
from tests.gateway import AGENCIES, Gateway
from tests.world import HUSBAND, SHARED_CARD, SON, WIFE, number_of

SUBJECTS = "/gateway.api.v1.SubjectService/"
LOOKUP = "/gateway.api.v1.LookupService/"
FUND = AGENCIES["fund"].context
NOBODY = "001190999998"
FIELDS = ("number", "name")


def state(caller: Caller, method: str, numbers: list[str], context: Any = FUND) -> Reply:
    request = getattr(subject_service_pb2, f"{method}Request")(context=context.message(), numbers=numbers)
    return caller.call(SUBJECTS + method, request)


def enrol(caller: Caller, *numbers: str) -> Reply:
    reply = state(caller, "EnrolSubjects", list(numbers))
    assert reply.code is grpc.StatusCode.OK, reply
    return reply


def withdraw(caller: Caller, *numbers: str) -> Reply:
    reply = state(caller, "WithdrawSubjects", list(numbers))
    assert reply.code is grpc.StatusCode.OK, reply
    return reply


@pytest.fixture
def fund(caller_of: Callable[[str], Caller]) -> Caller:
    """Serves nobody at the beginning, sees nobody else."""
    caller = caller_of("fund")
    withdraw(caller, *(number_of(position) for position in range(1, 1001)))
    return caller


def find(caller: Caller, method: str, **asked: Any) -> Reply:
    request = getattr(finding_pb2, f"{method}Request")(context=FUND.message(), **asked)
    request.field_mask.paths.extend(FIELDS)
    return caller.call(LOOKUP + method, request)


def plain(reply: Reply) -> tuple[object, ...]:
    """What a caller can tell two refusals apart by."""
    return reply.code, reply.reason, reply.sentence, reply.metadata, reply.violations


ASKED: dict[str, Callable[[Caller, str], Reply]] = {
    "look up": lambda caller, number: caller.look_up(number, FIELDS, FUND),
    "household": lambda caller, number: find(caller, "LookUpHousehold", number=number),
    "relatives": lambda caller, number: find(caller, "LookUpRelatives", number=number),
    "resolve": lambda caller, number: find(caller, "ResolveNumber", number=number),
}


@pytest.mark.parametrize("way", ASKED)
def test_who_is_not_enrolled_is_answered_like_nobody_on_every_way(fund: Caller, way: str) -> None:
    ask, number = ASKED[way], number_of(41)
    unknown = ask(fund, NOBODY)
    assert unknown.reason == "PERSON_UNAVAILABLE"
    assert plain(ask(fund, number)) == plain(unknown)
    enrol(fund, number)
    assert ask(fund, number).code is grpc.StatusCode.OK
    withdraw(fund, number)
    assert plain(ask(fund, number)) == plain(unknown)


def test_a_batch_and_a_stream_tell_of_own_subjects_only(fund: Caller) -> None:
    enrol(fund, number_of(51), number_of(53))
    asked = [number_of(position) for position in (51, 52, 53)] + [NOBODY]
    reply = fund.call(BATCH_LOOK_UP, batch_request(asked, FIELDS, FUND))
    answer = lookup_service_pb2.BatchLookUpPersonsResponse.FromString(reply.body)
    assert [each.person.number for each in answer.results] == [asked[0], "", asked[2], ""]
    assert answer.results[1] == answer.results[3]
    assert answer.people_count == 2
    talk = Talk(fund)
    told = lookup_service_pb2.StreamLookUpPersonsResponse.FromString(talk.say(asked, FIELDS, FUND).body).batch
    assert [each.person.number for each in told.results] == [asked[0], "", asked[2], ""]
    withdraw(fund, asked[0])
    told = lookup_service_pb2.StreamLookUpPersonsResponse.FromString(talk.say(asked, FIELDS, FUND).body).batch
    assert [each.person.number for each in told.results] == ["", "", asked[2], ""]
    talk.end()


def test_basic_six_from_stored_fragments_are_those_of_own_subjects(fund: Caller) -> None:
    fields = ("number", "name", "birth_date", "sex", "permanent_residence", "household_number")
    enrol(fund, number_of(61))
    reply = fund.call(BATCH_LOOK_UP, batch_request([number_of(61), number_of(62)], fields, FUND))
    answer = lookup_service_pb2.BatchLookUpPersonsResponse.FromString(reply.body)
    assert [each.person.number for each in answer.results] == [number_of(61), ""]


def test_a_verification_says_absent_of_others_also_of_those_whom_questions_name(fund: Caller) -> None:
    enrol(fund, number_of(WIFE))

    def verify(number: str, other: str) -> verification_pb2.VerifyPersonResponse:
        request = verification_pb2.VerifyPersonRequest(context=FUND.message(), number=number)
        request.questions.add(predicate="same_household", value=other)
        reply = fund.call(LOOKUP + "VerifyPerson", request)
        assert reply.code is grpc.StatusCode.OK, reply
        return verification_pb2.VerifyPersonResponse.FromString(reply.body)

    absent = verify(NOBODY, number_of(WIFE))
    other = verify(number_of(HUSBAND), number_of(WIFE))
    assert (other.outcome, other.answers) == (absent.outcome, absent.answers)
    foreign, nobody = verify(number_of(WIFE), number_of(HUSBAND)), verify(number_of(WIFE), NOBODY)
    assert foreign.answers == nobody.answers
    enrol(fund, number_of(HUSBAND))
    assert verify(number_of(WIFE), number_of(HUSBAND)).answers != nobody.answers


def test_households_relatives_and_shared_numbers_are_cut_to_own_subjects(fund: Caller) -> None:
    wife, husband, son = (number_of(position) for position in (WIFE, HUSBAND, SON))
    enrol(fund, wife, son)
    reply = find(fund, "LookUpHousehold", number=wife)
    household = finding_pb2.LookUpHouseholdResponse.FromString(reply.body)
    assert {each.person.number for each in household.members} == {wife, son}
    by_its_number = find(fund, "LookUpHousehold", household_number=f"HK{WIFE:09d}")
    assert len(finding_pb2.LookUpHouseholdResponse.FromString(by_its_number.body).members) == 2
    foreign = find(fund, "LookUpHousehold", household_number="HK000000200")
    assert plain(foreign) == plain(find(fund, "LookUpHousehold", household_number="HK999999999"))
    relatives = finding_pb2.LookUpRelativesResponse.FromString(find(fund, "LookUpRelatives", number=wife).body)
    assert {each.person.number for each in relatives.relatives} == {son}
    # Two people have the card; of two own subjects nobody is told, of one it is the one.
    resolved = finding_pb2.ResolveNumberResponse.FromString(find(fund, "ResolveNumber", number=SHARED_CARD).body)
    assert resolved.person.number == wife
    enrol(fund, husband)
    assert find(fund, "ResolveNumber", number=SHARED_CARD).reason == "NUMBER_AMBIGUOUS"


def test_a_search_counts_own_subjects_only(fund: Caller) -> None:
    asked = {"name": "Nguyễn Văn Hòa", "first_birth_year": 1990, "last_birth_year": 1990}
    assert find(fund, "SearchPersons", **asked).code is grpc.StatusCode.OK  # hundreds match, and nobody is told of
    enrol(fund, number_of(71))
    found = finding_pb2.SearchPersonsResponse.FromString(find(fund, "SearchPersons", **asked).body)
    assert [each.person.number for each in found.candidates] == [number_of(71)]


def test_a_follower_gets_own_subjects_and_their_changes(fund: Caller, insurance: Caller) -> None:
    own = [number_of(position) for position in (81, 82, 83)]
    enrol(fund, *own)

    def page(cursor: bytes, people_max: int = 2) -> sync_service_pb2.PullResponse:
        reply = fund.call(PULL, pull_request(("number", "social_insurance.status"), FUND, cursor, people_max))
        assert reply.code is grpc.StatusCode.OK, reply
        return sync_service_pb2.PullResponse.FromString(reply.body)

    first = page(b"")
    second = page(first.next_cursor)
    assert [each.person.number for each in (*first.people, *second.people)] == own
    withdraw(fund, own[2])
    context = AGENCIES["insurance"].context
    changed = push_request([own[0], own[2], number_of(84)], ["social_insurance.status"], context, status=2)
    assert insurance.call(PUSH, changed).code is grpc.StatusCode.OK
    told: list[sync_service_pb2.PulledPerson] = []
    cursor, more = second.next_cursor, True
    while more:
        after = page(cursor)
        told, cursor, more = [*told, *after.people], after.next_cursor, after.more
    assert [each.person.number for each in told] == [own[0]]
    assert told[0].kind == sync_service_pb2.PULL_KIND_CHANGED


def test_others_cannot_be_written_either(fund: Caller) -> None:
    enrol(fund, number_of(91))
    request = push_request([number_of(91), number_of(92), NOBODY], ["social_insurance.status"], FUND, status=1)
    results = sync_service_pb2.PushResponse.FromString(fund.call(PUSH, request).body).results
    assert [each.reason for each in results[1:]] == [results[1].reason] * 2
    assert (results[0].reason, bool(results[1].reason)) == (0, True)


def test_both_workers_agree_at_once_and_agencies_share_nothing(gateway: Gateway, fund: Caller) -> None:
    number = number_of(101)
    with ExitStack() as stack:
        callers: list[Caller] = []
        while len(gateway.connected_workers()) < gateway.workers or len(callers) < 4:
            callers.append(stack.enter_context(Caller(gateway.identity("fund"), gateway.address)).with_token())
            assert len(callers) < 64
        for _ in range(3):
            enrol(callers[0], number)
            assert {each.look_up(number, FIELDS, FUND).reason for each in callers} == {""}
            withdraw(callers[-1], number)
            assert {each.look_up(number, FIELDS, FUND).reason for each in callers} == {"PERSON_UNAVAILABLE"}
        enrol(callers[0], number)
        too = stack.enter_context(Caller(gateway.identity("fund-too"), gateway.address)).with_token()
        assert too.look_up(number, FIELDS, FUND).reason == "PERSON_UNAVAILABLE"


def test_enrolling_tells_of_nobody_and_stands_in_the_log(gateway: Gateway, fund: Caller) -> None:
    def answer(reply: Reply) -> subject_service_pb2.EnrolSubjectsResponse:
        read = subject_service_pb2.EnrolSubjectsResponse.FromString(reply.body)
        read.ClearField("receipt")
        return read

    counted = gateway.metric("gateway_people_written_total", agency="fund", method="EnrolSubjects")
    reply = enrol(fund, number_of(111), number_of(111))
    nobody = enrol(fund, NOBODY)
    assert answer(reply) == answer(nobody)
    assert gateway.counted(
        "gateway_people_written_total", counted + 2, agency="fund", method="EnrolSubjects"
    ) == pytest.approx(counted + 2)
    receipts = [subject_service_pb2.EnrolSubjectsResponse.FromString(each.body).receipt for each in (reply, nobody)]
    outcomes = [gateway.entry(receipt.index) for receipt in receipts]
    assert [(entry.kind, entry.people, len(entry.tags)) for entry, _ in outcomes] == [(Kind.PUSH_OUTCOME, 1, 16)] * 2
    assert [detail.numbers for _, detail in outcomes if detail] == [(number_of(111),), (NOBODY,)]
    intents = [entry for entry in gateway.log() if entry.method == "EnrolSubjects" and entry.kind is Kind.PUSH_INTENT]
    assert {entry.call_id.hex() for entry in intents} >= {reply.call_id, nobody.call_id}


def test_with_provinces_both_must_hold(gateway: Gateway, caller_of: Callable[[str], Caller]) -> None:
    south, here, there = caller_of("fund-south"), number_of(121), number_of(120)
    enrol(south, here, there)
    assert south.look_up(there, FIELDS, FUND).code is grpc.StatusCode.OK
    assert south.look_up(here, FIELDS, FUND).reason == "PERSON_UNAVAILABLE"


REFUSED: dict[str, tuple[list[str], Any, str, tuple[str, ...]]] = {
    "nobody": ([], FUND, "ARGUMENT_INVALID", ("numbers",)),
    "too many": ([number_of(1)] * 1001, FUND, "ARGUMENT_INVALID", ("numbers",)),
    "no number": ([number_of(1), "12"], FUND, "ARGUMENT_INVALID", ("numbers[1]",)),
    "a long text": (["1" * 200], FUND, "ARGUMENT_INVALID", ("numbers[0]",)),
    "another purpose": ([number_of(1)], replace(FUND, purpose="credit.scoring"), "PURPOSE_NOT_GRANTED", ()),
}


@pytest.mark.parametrize("method", ["EnrolSubjects", "WithdrawSubjects"])
@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_changes_nothing(fund: Caller, name: str, method: str) -> None:
    numbers, context, reason, violations = REFUSED[name]
    enrol(fund, number_of(1))
    reply = state(fund, method, numbers, context)
    assert (reply.reason, reply.violations) == (reason, violations), reply
    assert fund.look_up(number_of(1), FIELDS, FUND).code is grpc.StatusCode.OK


def test_who_has_no_grant_for_it_enrols_nobody(hospital: Caller) -> None:
    reply = state(hospital, "EnrolSubjects", [number_of(1)], AGENCIES["hospital"].context)
    assert reply.reason == "METHOD_NOT_GRANTED"


@pytest.mark.slow
def test_who_is_enrolled_and_who_is_not_survives_a_kill(own_gateway: Gateway) -> None:
    stays, goes = number_of(1), number_of(2)
    with Caller(own_gateway.identity("fund"), own_gateway.address).with_token() as caller:
        enrol(caller, stays, goes)
        withdraw(caller, goes)
    own_gateway.kill()
    own_gateway.start()
    with Caller(own_gateway.identity("fund"), own_gateway.address).with_token() as caller:
        assert caller.look_up(stays, FIELDS, FUND).code is grpc.StatusCode.OK
        assert caller.look_up(goes, FIELDS, FUND).reason == "PERSON_UNAVAILABLE"
