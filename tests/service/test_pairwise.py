"""An agency that sees tokens: never a number; its tokens taken wherever a number is; nothing to join by."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import grpc
import pytest

from gateway.api.v1 import finding_pb2, lookup_service_pb2, reason_pb2, sync_service_pb2, verification_pb2
from gateway.client import BlockingClient, Identity
from gateway.lookup.pairwise import PairwiseKey
from gateway.sync.writer import open_writer
from registry.datasets import ChangeKind, Dataset
from registry.engine import open_engine
from registry.writer import Update
from tests.caller import LOOK_UP, PULL, PUSH, Caller, Reply, pull_request, push_request
from tests.gateway import AGENCIES, Gateway
from tests.world import BASIC, CHILD, COMMUNE, COMMUNE_SOUTH, FULL, HUSBAND, SHARED_CARD, SON, WIFE, number_of

SERVICE = "/gateway.api.v1.LookupService/"
CONTEXT = AGENCIES["tokened"].context
MALFORMED = reason_pb2.ERROR_REASON_ARGUMENT_INVALID
CHANGED, REMOVED = sync_service_pb2.PULL_KIND_CHANGED, sync_service_pb2.PULL_KIND_REMOVED
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
    assert person.social_insurance.status  # which one others may have pushed


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


def test_who_leaves_the_scope_is_removed_from_a_copy_by_token(
    gateway: Gateway, caller_of: Callable[[str], Caller]
) -> None:
    south, cursor, copy = caller_of("tokened-south"), b"", dict[str, int]()
    while True:
        page = _page(south, cursor)
        copy |= {each.person.number: each.kind for each in page.people}
        cursor = page.next_cursor
        if not page.more:
            break
    moved = 990
    writer = open_writer(open_engine(gateway.state / "registry.db"))
    try:
        for commune, kind in (
            (COMMUNE, sync_service_pb2.PULL_KIND_REMOVED),
            (COMMUNE_SOUTH, sync_service_pb2.PULL_KIND_CHANGED),
        ):
            values = {"permanent_commune": commune, "permanent_line": "Số 1", "permanent_since": 20260101}
            writer.apply([Update(Dataset.RESIDENCE, values, ChangeKind.RESIDENCE, 0, person_id=moved)])
            page = _page(south, cursor)
            (change,) = page.people
            assert (change.kind, change.person.number in copy, change.person.HasField("name")) == (
                kind,
                True,
                kind == 2,
            )
            assert not NUMBER.search(change.SerializeToString())
            cursor = page.next_cursor
    finally:
        writer.close()
    assert change.person.number == _look_up(south, number_of(moved)).person.number


def _page(caller: Caller, cursor: bytes) -> sync_service_pb2.PullResponse:
    reply = caller.call(PULL, pull_request(("number", "name"), CONTEXT, cursor=cursor))
    assert reply.code is grpc.StatusCode.OK, reply
    return sync_service_pb2.PullResponse.FromString(reply.body)


def test_tokens_are_compared_and_name_people_in_verifications(gateway: Gateway, tokened: Caller) -> None:
    son, wife = (_look_up(tokened, number_of(position)).person for position in (SON, WIFE))
    claims = {"name": "Lê Minh Quý", "number": son.number, "household_number": wife.household_number}
    asked = verification_pb2.VerifyPersonRequest(context=CONTEXT.message(), number=son.number)
    many = verification_pb2.BatchVerifyPersonsRequest(context=CONTEXT.message(), numbers=[son.number, wife.number])
    for path, value in claims.items():
        asked.claims.add(path=path, value=value)
        many.claims.add(path=path, values=[value] * 2)
    asked.questions.add(predicate="same_household", value=wife.number)
    many.questions.add(predicate="same_household", values=[wife.number, "p1." + "A" * 32])
    one = verification_pb2.VerifyPersonResponse.FromString(tokened.call(SERVICE + "VerifyPerson", asked).body)
    assert [each.verdict for each in one.verdicts] == [verification_pb2.VERDICT_MATCH] * 3
    assert [each.answer for each in one.answers] == [verification_pb2.YES_NO_YES]
    table = verification_pb2.BatchVerifyPersonsResponse.FromString(
        tokened.call(SERVICE + "BatchVerifyPersons", many).body
    )
    unreadable = verification_pb2.YES_NO_UNREADABLE
    assert (table.outcomes, table.verdicts, table.answers) == (
        bytes([1, 1]),
        bytes([1, 1, 1, 2, 2, 1]),
        bytes([1, unreadable]),
    )
    items = list(
        zip(many.numbers, *(column.values for column in many.claims), *(many.questions[0].values,), strict=True)
    )
    with BlockingClient(Identity.from_folder(gateway.identity("tokened")), gateway.address) as client:
        streamed = client.verify_many(items, list(claims), predicates=["same_household"], context=CONTEXT)
        assert [each.matches for each in streamed] == [True, False]
        looked = list(client.look_up_many([son.number, wife.number], fields=BASIC, context=CONTEXT))
        assert [each.person and each.person.number for each in looked] == [son.number, wife.number]


def _forged(kind: str, token: str, theirs: str) -> list[str]:
    """Texts that look like a token and are none of this agency."""
    other_key = PairwiseKey(bytes(32)).tokens("tokened")
    made = {"p1.": other_key.person, "h1.": other_key.household}[kind](SON)
    swapped = token[:-1] + ("A" if token[-1] != "A" else "B")
    return [theirs, made, token[:-1], token[:10], swapped, kind + "A" * 32, kind, token + "A", token.swapcase()]


def test_a_token_that_is_none_of_the_agencys_is_refused_like_any_other_text(tokened: Caller, too: Caller) -> None:
    son, theirs = _look_up(tokened, number_of(SON)).person, _look_up(too, number_of(SON)).person
    forged = _forged("p1.", son.number, theirs.number)
    of_one: dict[str, Callable[[str], Any]] = {
        "LookUpPerson": lambda text: lookup_service_pb2.LookUpPersonRequest(number=text),
        "LookUpRelatives": lambda text: finding_pb2.LookUpRelativesRequest(number=text),
        "LookUpHousehold": lambda text: finding_pb2.LookUpHouseholdRequest(number=text),
    }
    for method, request in of_one.items():
        replies = [_ask(tokened, method, request(text)) for text in [*forged, "nobody"]]
        assert {(each.reason, each.violations, each.metadata) for each in replies} == {
            ("ARGUMENT_INVALID", ("number",), ())
        }, method
    homes = _forged("h1.", son.household_number, theirs.household_number)
    for text in [*homes, "HK999999999", son.number]:
        reply = _ask(tokened, "LookUpHousehold", finding_pb2.LookUpHouseholdRequest(household_number=text))
        assert reply.reason in ("PERSON_UNAVAILABLE", "ARGUMENT_INVALID"), text
    batch = lookup_service_pb2.BatchLookUpPersonsRequest()
    for text in forged:
        batch.items.add(number=text)
    answer = lookup_service_pb2.BatchLookUpPersonsResponse.FromString(_ask(tokened, "BatchLookUpPersons", batch).body)
    assert {lookup_service_pb2.LookUpResult(reason=each.reason) == each for each in answer.results} == {True}
    assert ({each.reason for each in answer.results}, answer.people_count) == ({MALFORMED}, 0)
    table = verification_pb2.BatchVerifyPersonsRequest(context=CONTEXT.message(), numbers=forged)
    table.claims.add(path="name", values=["x"] * len(forged))
    verified = verification_pb2.BatchVerifyPersonsResponse.FromString(
        tokened.call(SERVICE + "BatchVerifyPersons", table).body
    )
    assert (verified.outcomes, verified.people_count) == (bytes([3]) * len(forged), 0)
    for text in forged:
        push = push_request([text], ("social_insurance.employer_unit",), CONTEXT, employer_unit="TA0001B")
        reply = tokened.call(PUSH, push)
        assert (reply.reason, reply.violations[0].partition(".")[0]) == ("ARGUMENT_INVALID", "items[0]")


def test_other_agencies_tokens_are_no_numbers(caller_of: Callable[[str], Caller]) -> None:
    reply = caller_of("hospital").look_up("p1." + "A" * 32, BASIC, AGENCIES["hospital"].context)
    assert (reply.reason, reply.violations) == ("ARGUMENT_INVALID", ("number",))
    assert LOOK_UP.endswith("LookUpPerson")


def test_a_mask_of_identifiers_alone_is_refused_with_their_reason(tokened: Caller) -> None:
    assert tokened.look_up(number_of(1), ["legacy_number"], CONTEXT).reason == "IDENTIFIER_WITHHELD"
