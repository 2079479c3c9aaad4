"""An agency that sees tokens: never a number; its tokens taken wherever a number is; nothing to join by."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import grpc
import pytest

from gateway.api.v1 import finding_pb2, lookup_service_pb2, sync_service_pb2
from tests.caller import LOOK_UP, PULL, PUSH, Caller, Reply, pull_request, push_request
from tests.gateway import AGENCIES
from tests.world import BASIC, CHILD, FULL, HUSBAND, SHARED_CARD, SON, WIFE, number_of

SERVICE = "/gateway.api.v1.LookupService/"
CONTEXT = AGENCIES["tokened"].context
NUMBER = re.compile(rb"0[0-9]{11}|HK[0-9]{9}|010203040|0123456789|GD4790123456789")
EVERYTHING = (*BASIC, "social_insurance", "legacy_number", "identity_documents", "relatives", "household", "contact")


@pytest.fixture
def tokened(caller_of: Callable[[str], Caller]) -> Caller:
    """Sees tokens in place of numbers."""
    return caller_of("tokened")


@pytest.fixture
def too(caller_of: Callable[[str], Caller]) -> Caller:
    """Another agency that sees tokens, with the same grant."""
    return caller_of("tokened-too")


def _look_up(caller: Caller, number: str, fields: Sequence[str] = BASIC) -> lookup_service_pb2.LookUpPersonResponse:
    reply = caller.look_up(number, fields, CONTEXT)
    assert reply.code is grpc.StatusCode.OK, reply
    assert not NUMBER.search(_told(reply))
    return lookup_service_pb2.LookUpPersonResponse.FromString(reply.body)


def _told(reply: Reply) -> bytes:
    """The answer without its receipt, in whose hashes any digits may stand."""
    answer = lookup_service_pb2.LookUpPersonResponse.FromString(reply.body)
    answer.ClearField("receipt")
    return bytes(answer.SerializeToString())


def _ask(caller: Caller, method: str, request: Any, fields: Sequence[str] = ("number",)) -> Reply:
    request.context.CopyFrom(CONTEXT.message())
    request.field_mask.paths.extend(fields)
    return caller.call(SERVICE + method, request)


def test_every_identifier_of_an_answer_is_a_token_or_withheld(tokened: Caller) -> None:
    answer = _look_up(tokened, number_of(FULL), EVERYTHING)
    person = answer.person
    assert person.number.startswith("p1.")
    assert person.household_number.startswith("h1.")
    assert [each.number[:3] for each in person.relatives] == ["p1."] * 4
    assert person.household.head_number == person.number
    assert [each.number[:3] for each in person.household.members] == ["p1."] * 2
    withheld = {each.path for each in answer.withheld}
    assert withheld >= {"legacy_number", "identity_documents", "contact", "social_insurance.code"}
    assert person.name.given_name
    assert person.social_insurance.status == 1


def test_a_token_is_taken_back_wherever_a_number_is(tokened: Caller) -> None:
    token = _look_up(tokened, number_of(SON)).person.number
    again = _look_up(tokened, token)
    assert (again.person.number, again.number_superseded) == (token, False)
    batch = lookup_service_pb2.BatchLookUpPersonsRequest()
    for number in (token, number_of(SON), "p1." + "A" * 32):
        batch.items.add(number=number)
    results = lookup_service_pb2.BatchLookUpPersonsResponse.FromString(
        _ask(tokened, "BatchLookUpPersons", batch).body
    ).results
    assert [each.person.number for each in results] == [token, token, ""]
    household = finding_pb2.LookUpHouseholdResponse.FromString(
        _ask(tokened, "LookUpHousehold", finding_pb2.LookUpHouseholdRequest(number=token)).body
    )
    assert token in [each.person.number for each in household.members]
    relatives = finding_pb2.LookUpRelativesResponse.FromString(
        _ask(tokened, "LookUpRelatives", finding_pb2.LookUpRelativesRequest(number=token)).body
    )
    assert {each.person.number for each in relatives.relatives} == {
        _look_up(tokened, number_of(parent)).person.number for parent in (HUSBAND, WIFE)
    }


def test_the_token_of_a_household_leads_to_its_members(tokened: Caller) -> None:
    home = _look_up(tokened, number_of(SON)).person.household_number
    reply = _ask(tokened, "LookUpHousehold", finding_pb2.LookUpHouseholdRequest(household_number=home))
    assert len(finding_pb2.LookUpHouseholdResponse.FromString(reply.body).members) == 3


def test_an_old_number_and_a_search_lead_to_a_token(tokened: Caller) -> None:
    request = finding_pb2.ResolveNumberRequest(number="010203040")
    resolved = finding_pb2.ResolveNumberResponse.FromString(_ask(tokened, "ResolveNumber", request).body)
    assert resolved.person.number == _look_up(tokened, number_of(FULL)).person.number
    assert _ask(tokened, "ResolveNumber", finding_pb2.ResolveNumberRequest(number=SHARED_CARD)).reason == (
        "NUMBER_AMBIGUOUS"
    )
    search = finding_pb2.SearchPersonsRequest(name="Lê Minh Quý", first_birth_year=2015, last_birth_year=2015)
    found = finding_pb2.SearchPersonsResponse.FromString(_ask(tokened, "SearchPersons", search).body)
    assert [each.person.number for each in found.candidates] == [_look_up(tokened, number_of(SON)).person.number]


def test_two_agencies_have_nothing_to_join_by(tokened: Caller, too: Caller) -> None:
    for position in (FULL, CHILD, SON):
        mine, theirs = (_look_up(each, number_of(position), EVERYTHING).person for each in (tokened, too))
        assert mine.number != theirs.number
        assert mine.household_number != theirs.household_number
        assert mine.name == theirs.name  # which still joins
    reply = too.look_up(_look_up(tokened, number_of(SON)).person.number, BASIC, CONTEXT)
    assert (reply.reason, reply.violations) == ("ARGUMENT_INVALID", ("number",))


def test_a_copy_is_kept_by_tokens_and_pushed_by_them(tokened: Caller) -> None:
    reply = tokened.call(PULL, pull_request(("number", "name"), CONTEXT, people_max=40))
    assert reply.code is grpc.StatusCode.OK, reply
    page = sync_service_pb2.PullResponse.FromString(reply.body)
    assert [each.person.number[:3] for each in page.people] == ["p1."] * 40
    token = page.people[60 % 40].person.number
    push = push_request([token], ("social_insurance.employer_unit",), CONTEXT, employer_unit="TA0001B")
    refused = tokened.call(PUSH, push)
    assert refused.code is grpc.StatusCode.OK, refused
    (result,) = sync_service_pb2.PushResponse.FromString(refused.body).results
    # A first row needs its status: the person was found by the token, and the value refused.
    assert result.reason != 44


def test_other_agencies_tokens_are_no_numbers(caller_of: Callable[[str], Caller]) -> None:
    reply = caller_of("hospital").look_up("p1." + "A" * 32, BASIC, AGENCIES["hospital"].context)
    assert (reply.reason, reply.violations) == ("ARGUMENT_INVALID", ("number",))
    assert LOOK_UP.endswith("LookUpPerson")


def test_a_mask_of_identifiers_alone_is_refused_with_their_reason(tokened: Caller) -> None:
    assert tokened.look_up(number_of(1), ["legacy_number"], CONTEXT).reason == "IDENTIFIER_WITHHELD"
