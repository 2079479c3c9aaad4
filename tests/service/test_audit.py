"""QueryAccesses against a real gateway: who looked at a person, refusals included, and its own refusals."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import grpc
import pytest

from gateway.agency.bootstrap import enrol_locally
from gateway.api.v1 import audit_service_pb2
from gateway.audit.entry import Kind
from gateway.chain.translate import reason_number
from gateway.start import trust_of
from gateway.wire import receipt_from_wire
from tests.caller import PUSH, QUERY, Caller, Reply, check_receipt, push_request
from tests.gateway import AGENCIES, Gateway
from tests.service.refusals import Case, Refusal, assert_refused, run
from tests.world import CHILD, FATHER, FORMER_NUMBER, FULL, number_of

AUDIT = AGENCIES["auditor"].context
HOSPITAL = AGENCIES["hospital"].context
SOUTH = AGENCIES["province-south"].context
NOBODY = "001090999990"


def _request(number: str, **options: Any) -> audit_service_pb2.QueryAccessesRequest:
    return audit_service_pb2.QueryAccessesRequest(context=AUDIT.message(), number=number, **options)


def _answer(reply: Reply) -> audit_service_pb2.QueryAccessesResponse:
    assert reply.code is grpc.StatusCode.OK, reply
    return audit_service_pb2.QueryAccessesResponse.FromString(reply.body)


@pytest.fixture
def auditor(caller_of: Callable[[str], Caller]) -> Caller:
    """May query accesses, and nothing else."""
    return caller_of("auditor")


def _accesses(auditor: Caller, number: str, call_ids: set[str]) -> audit_service_pb2.QueryAccessesResponse:
    """The answer once it knows these calls."""
    deadline = time.monotonic() + 10
    while True:
        answer = _answer(auditor.call(QUERY, _request(number)))
        if call_ids <= {access.call_id for access in answer.accesses}:
            return answer
        assert time.monotonic() < deadline, "the accesses were not found"
        time.sleep(0.1)


@pytest.mark.parametrize(("other", "field"), [(FATHER, "relatives"), (CHILD, "household")])
def test_who_is_named_in_anothers_answer_is_found_too(
    other: int, field: str, auditor: Caller, hospital: Caller
) -> None:
    seen = hospital.look_up(number_of(FULL), [field], HOSPITAL)
    reply = _accesses(auditor, number_of(other), {seen.call_id})
    (access,) = (each for each in reply.accesses if each.call_id == seen.call_id)
    assert list(access.fields) == [field]


def test_the_unit_that_asked_is_named(gateway: Gateway, auditor: Caller, tmp_path: Path) -> None:
    unit = tmp_path / "unit"
    enrol_locally(gateway.state, "hospital", "", unit, time.time(), trust_of(gateway.settings), "cho-ray")
    with Caller(unit, gateway.address).with_token() as caller:
        seen = caller.look_up(number_of(204), ["name"], HOSPITAL)
    reply = _accesses(auditor, number_of(204), {seen.call_id})
    (access,) = (each for each in reply.accesses if each.call_id == seen.call_id)
    assert (access.agency, access.unit) == ("hospital", "cho-ray")


def test_an_auditor_finds_disclosures_and_refusals_newest_first(
    gateway: Gateway, auditor: Caller, hospital: Caller, south: Caller
) -> None:
    number = number_of(61)
    seen = hospital.look_up(number, ["name", "sex"], HOSPITAL)
    refused = hospital.look_up(number, ["contact"], HOSPITAL)
    elsewhere = south.look_up(number, ["name"], SOUTH)
    call_ids = {seen.call_id, refused.call_id, elsewhere.call_id}
    reply = _accesses(auditor, number, call_ids)
    # The auditor's own queries are accesses too, and so are other callers' snapshots.
    others = [each for each in reply.accesses if each.call_id in call_ids]
    found = [(each.call_id, each.agency, each.allowed, each.reason, list(each.fields)) for each in others]
    assert found == [
        (elsewhere.call_id, "province-south", False, reason_number("PERSON_UNAVAILABLE"), []),
        (refused.call_id, "hospital", False, reason_number("FIELD_NOT_GRANTED"), []),
        (seen.call_id, "hospital", True, 0, ["name", "sex"]),
    ]
    newest = others[0]
    assert (newest.method, newest.purpose, newest.legal_basis) == ("LookUpPerson", SOUTH.purpose, SOUTH.legal_basis)
    assert newest.case_reference == SOUTH.case_reference
    assert reply.current_through_index > newest.index


def test_an_auditor_finds_a_push_that_was_refused(auditor: Caller, insurance: Caller) -> None:
    request = push_request([number_of(63), number_of(64)], ["name"], AGENCIES["insurance"].context, status=1)
    refused = insurance.call(PUSH, request)
    assert refused.reason == "FIELD_NOT_OWNED"
    for number in (number_of(63), number_of(64)):
        reply = _accesses(auditor, number, {refused.call_id})
        (access,) = (each for each in reply.accesses if each.call_id == refused.call_id)
        assert (access.allowed, access.reason) == (False, reason_number("FIELD_NOT_OWNED"))


def test_a_query_is_an_entry_itself(gateway: Gateway, auditor: Caller) -> None:
    reply = auditor.call(QUERY, _request(number_of(62)))
    receipt = receipt_from_wire(_answer(reply).receipt)
    check_receipt(receipt, gateway.state / "audit")
    entry, detail = gateway.entry(receipt.index)
    assert (entry.kind, entry.agency, entry.method) == (Kind.DISCLOSURE, "auditor", "QueryAccesses")
    assert detail is not None
    assert detail.numbers == (number_of(62),)
    again = _accesses(auditor, number_of(62), {reply.call_id})
    assert again.accesses[0].agency == "auditor"


def test_a_page_ends_at_its_bound_and_the_next_goes_on(auditor: Caller, hospital: Caller) -> None:
    number = number_of(63)
    calls = [hospital.look_up(number, ["name"], HOSPITAL).call_id for _ in range(3)]
    _accesses(auditor, number, set(calls))
    newest = _answer(auditor.call(QUERY, _request(number, entries_max=1)))
    assert newest.more
    pages, before, more = [], newest.accesses[0].index + 1, True
    while more:
        page = _answer(auditor.call(QUERY, _request(number, entries_max=1, before_index=before)))
        assert len(page.accesses) == 1
        pages += [access.call_id for access in page.accesses]
        before, more = page.accesses[-1].index, page.more
    assert [call_id for call_id in pages if call_id in calls] == list(reversed(calls))


def test_a_number_held_before_finds_the_same_accesses(auditor: Caller, hospital: Caller) -> None:
    old = hospital.look_up(FORMER_NUMBER, ["name"], HOSPITAL).call_id
    new = hospital.look_up(number_of(FULL), ["name"], HOSPITAL).call_id
    for number in (FORMER_NUMBER, number_of(FULL)):
        _accesses(auditor, number, {old, new})


def test_asking_for_nobody_is_found_by_the_number(auditor: Caller, hospital: Caller) -> None:
    call_id = hospital.look_up(NOBODY, ["name"], HOSPITAL).call_id
    deadline = time.monotonic() + 10
    while auditor.call(QUERY, _request(NOBODY)).reason == "PERSON_UNAVAILABLE":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert call_id in {access.call_id for access in _accesses(auditor, NOBODY, {call_id}).accesses}


def _queries(number: str = number_of(1), **options: int) -> Callable[[Caller], Reply]:
    return lambda caller: caller.call(QUERY, _request(number, **options))


REFUSALS: Mapping[str, Case] = {
    "a malformed number": Case("auditor", _queries("12"), "ARGUMENT_INVALID", ("number",)),
    "too many entries": Case("auditor", _queries(entries_max=1001), "ARGUMENT_INVALID", ("entries_max",)),
    "a number that nobody has or asked for": Case("auditor", _queries("001090999991"), "PERSON_UNAVAILABLE"),
    "a method not granted": Case(
        "hospital",
        lambda caller: caller.call(
            QUERY, audit_service_pb2.QueryAccessesRequest(context=HOSPITAL.message(), number=number_of(1))
        ),
        "METHOD_NOT_GRANTED",
    ),
    "a purpose not granted": Case(
        "auditor",
        lambda caller: caller.call(
            QUERY, audit_service_pb2.QueryAccessesRequest(context=HOSPITAL.message(), number=number_of(1))
        ),
        "PURPOSE_NOT_GRANTED",
    ),
    "a time before 1970": Case(
        "auditor",
        lambda caller: caller.call(QUERY, _before_1970()),
        "ARGUMENT_INVALID",
        ("from_time",),
    ),
    "a time that is none": Case(
        "auditor",
        lambda caller: caller.call(QUERY, _no_time()),
        "ARGUMENT_INVALID",
        ("to_time",),
    ),
}


def _before_1970() -> audit_service_pb2.QueryAccessesRequest:
    request = _request(number_of(1))
    request.from_time.seconds = -1
    return request


def _no_time() -> audit_service_pb2.QueryAccessesRequest:
    request = _request(number_of(1))
    request.to_time.seconds = 1 << 62
    return request


@pytest.fixture(scope="module")
def refusals(gateway: Gateway, caller_of: Callable[[str], Caller]) -> dict[str, Refusal]:
    """Every case of REFUSALS, made once."""
    return run(gateway, caller_of, REFUSALS)


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_has_its_reason_and_its_entry(name: str, gateway: Gateway, refusals: dict[str, Refusal]) -> None:
    case, refusal = REFUSALS[name], refusals[name]
    assert_refused(case, refusal)
    assert refusal.reply.receipt is not None
    check_receipt(refusal.reply.receipt, gateway.state / "audit")
    assert (refusal.entry.kind, refusal.entry.method) == (Kind.REFUSAL, "QueryAccesses")
    assert refusal.entry.reason == reason_number(case.reason)
