"""BatchLookUpPersons against a real gateway: results in order, one entry for all, bad items beside good ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import grpc
import pytest

from gateway.api.v1 import lookup_service_pb2, options_pb2, reason_pb2
from gateway.audit.entry import Kind
from gateway.audit.keys import KeyRing
from gateway.audit.paths import AuditPaths
from gateway.client import Context
from gateway.wire import receipt_from_wire
from tests.caller import BATCH_LOOK_UP, Caller, Reply, batch_request, check_receipt
from tests.gateway import AGENCIES, Gateway
from tests.service.refusals import Case, Refusal, assert_refused, run
from tests.world import BASIC, FORMER_NUMBER, FULL, number_of

HOSPITAL = AGENCIES["hospital"].context
SOUTH = AGENCIES["province-south"].context
ABSENT = "001090999999"
UNAVAILABLE = reason_pb2.ERROR_REASON_PERSON_UNAVAILABLE
MALFORMED = reason_pb2.ERROR_REASON_ARGUMENT_INVALID
BAD_NUMBERS = [
    "",
    "1",
    "00109000000a",
    "999999999999",
    "001090000001 ",
    "001090\x00000001",
    "x" * 10_000,
    "\u202e1",
    "😀",
]


def _answer(reply: Reply) -> lookup_service_pb2.BatchLookUpPersonsResponse:
    assert reply.code is grpc.StatusCode.OK, reply
    return lookup_service_pb2.BatchLookUpPersonsResponse.FromString(reply.body)


def _ask(
    caller: Caller, numbers: list[str], fields: tuple[str, ...] = ("number",), context: Context = HOSPITAL
) -> Reply:
    return caller.call(BATCH_LOOK_UP, batch_request(numbers, fields, context))


def test_a_thousand_people_are_answered_in_order_with_one_entry(gateway: Gateway, hospital: Caller) -> None:
    numbers = [number_of(position) for position in range(1000, 0, -1)]
    reply = _ask(hospital, numbers, BASIC)
    answer = _answer(reply)
    assert [result.person.number for result in answer.results] == numbers
    assert {(result.reason, result.number_superseded) for result in answer.results} == {(0, False)}
    assert min(result.version for result in answer.results) == 1  # other tests push, too
    assert answer.people_count == 1000
    receipt = receipt_from_wire(answer.receipt)
    check_receipt(receipt, gateway.state / "audit")
    entry, detail = gateway.entry(receipt.index)
    assert (entry.kind, entry.method, entry.people) == (Kind.DISCLOSURE, "BatchLookUpPersons", 1000)
    assert (entry.call_id.hex(), entry.stream_sequence) == (reply.call_id, 0)
    key = KeyRing(AuditPaths(str(gateway.state)).keys, lambda _count: b"").current_tag(entry.time_us)
    assert entry.tags == key.people(range(1000, 0, -1))
    assert detail is not None
    assert (detail.numbers, detail.person_ids) == (tuple(numbers), tuple(range(1000, 0, -1)))


def test_a_bad_item_is_answered_as_such_and_the_good_ones_are_served(gateway: Gateway, hospital: Caller) -> None:
    numbers = [number_of(1), *BAD_NUMBERS, ABSENT, FORMER_NUMBER, number_of(2), number_of(2)]
    answer = _answer(_ask(hospital, numbers))
    bad = len(BAD_NUMBERS)
    assert [result.reason for result in answer.results] == [0, *[MALFORMED] * bad, UNAVAILABLE, 0, 0, 0]
    assert [result.HasField("person") for result in answer.results] == [True, *[False] * (bad + 1), True, True, True]
    assert [result.number_superseded for result in answer.results[-3:]] == [True, False, False]
    assert answer.people_count == 4
    entry, detail = gateway.entry(answer.receipt.index)
    assert entry.people == 4
    key = KeyRing(AuditPaths(str(gateway.state)).keys, lambda _count: b"").current_tag(entry.time_us)
    assert entry.tags == key.people([1, FULL, 2]) + key.number(ABSENT)
    assert detail is not None
    assert detail.numbers == (number_of(1), ABSENT, FORMER_NUMBER, number_of(2), number_of(2))
    assert detail.person_ids == (1, 0, FULL, 2, 2)


def test_absent_and_out_of_scope_are_answered_alike_and_tagged(gateway: Gateway, south: Caller) -> None:
    answer = _answer(_ask(south, [ABSENT, number_of(1), number_of(10)], ("name",), SOUTH))
    absent, elsewhere, there = answer.results
    assert absent.SerializeToString() == elsewhere.SerializeToString()
    assert (absent.reason, there.person.name.given_name, answer.people_count) == (UNAVAILABLE, "Hòa", 1)
    entry, _ = gateway.entry(answer.receipt.index)
    key = KeyRing(AuditPaths(str(gateway.state)).keys, lambda _count: b"").current_tag(entry.time_us)
    assert entry.tags == key.person(10) + key.numbers([ABSENT, number_of(1)]) + key.person(1)


def test_a_reference_stands_in_its_result(hospital: Caller) -> None:
    request = batch_request([number_of(1), "1", number_of(2)], ["sex"], HOSPITAL, ["a", "x" * 64])
    answer = _answer(hospital.call(BATCH_LOOK_UP, request))
    assert [result.reference for result in answer.results] == ["a", "x" * 64, ""]


def test_numbers_alone_are_answered_as_items_are(gateway: Gateway, hospital: Caller) -> None:
    numbers = [number_of(1), ABSENT, FORMER_NUMBER, number_of(2), number_of(2), *BAD_NUMBERS]
    items, alone = batch_request(numbers, BASIC, HOSPITAL), batch_request([], BASIC, HOSPITAL)
    alone.numbers.extend(numbers)
    answers = [_answer(hospital.call(BATCH_LOOK_UP, request)) for request in (items, alone)]
    assert answers[0].results == answers[1].results
    assert answers[0].people_count == answers[1].people_count == 4
    entries, details = zip(*(gateway.entry(answer.receipt.index) for answer in answers), strict=True)
    assert entries[0].tags == entries[1].tags
    assert [detail.person_ids for detail in details if detail] == [(1, 0, FULL, 2, 2)] * 2


def test_withheld_and_sources_stand_once(hospital: Caller) -> None:
    answer = _answer(_ask(hospital, [number_of(FULL), number_of(1)], ("name", "contact", "social_insurance", "sex")))
    assert [each.path for each in answer.withheld] == ["contact"]
    assert [(each.dataset, each.owner, each.HasField("read_time")) for each in answer.sources] == [
        (options_pb2.DATASET_IDENTITY, options_pb2.AGENCY_CLASS_POLICE, False),
        (options_pb2.DATASET_SOCIAL_INSURANCE, options_pb2.AGENCY_CLASS_SOCIAL_INSURANCE, False),
    ]


def test_everybody_named_in_a_record_is_tagged_and_who_was_asked_about_is_counted(
    gateway: Gateway, hospital: Caller
) -> None:
    answer = _answer(_ask(hospital, [number_of(FULL)] * 31, ("relatives", "household")))
    assert answer.people_count == 31
    entry, _ = gateway.entry(answer.receipt.index)
    key = KeyRing(AuditPaths(str(gateway.state)).keys, lambda _count: b"").current_tag(entry.time_us)
    assert all(entry.has_tag(key.person(person_id)) for person_id in (FULL, 5, 6, 7, 8))
    assert entry.people == 31


def _sends(numbers: list[str], fields: tuple[str, ...] = ("name",), **options: list[str]) -> Callable[[Caller], Reply]:
    return lambda caller: caller.call(BATCH_LOOK_UP, batch_request(numbers, fields, HOSPITAL, **options))


def _sends_numbers(numbers: list[str], items: Sequence[str] = ()) -> Callable[[Caller], Reply]:
    request = batch_request(items, ["name"], HOSPITAL)
    request.numbers.extend(numbers)
    return lambda caller: caller.call(BATCH_LOOK_UP, request)


REFUSALS = {
    "no items": Case("hospital", _sends([]), "ARGUMENT_INVALID", ("items",)),
    "1,001 items": Case("hospital", _sends([number_of(1)] * 1001), "ARGUMENT_INVALID", ("items",)),
    "1,001 numbers": Case("hospital", _sends_numbers([number_of(1)] * 1001), "ARGUMENT_INVALID", ("numbers",)),
    "items beside numbers": Case(
        "hospital", _sends_numbers([number_of(1)], [number_of(1)]), "ARGUMENT_INVALID", ("numbers",)
    ),
    "a reference twice": Case(
        "hospital", _sends([number_of(1)] * 3, references=["a", "", "a"]), "ARGUMENT_INVALID", ("items[2].reference",)
    ),
    "a long reference": Case(
        "hospital", _sends([number_of(1)], references=["ệ" * 22]), "ARGUMENT_INVALID", ("items[0].reference",)
    ),
    "a reference with a NUL": Case(
        "hospital", _sends([number_of(1)], references=["a\x00"]), "ARGUMENT_INVALID", ("items[0].reference",)
    ),
    "32 people who name others": Case(
        "hospital", _sends([number_of(1)] * 32, ("relatives",)), "ARGUMENT_INVALID", ("items",)
    ),
    "no mask": Case("hospital", _sends([number_of(1)], ()), "MASK_EMPTY"),
    "no field granted": Case("hospital", _sends([number_of(1)], ("contact",)), "FIELD_NOT_GRANTED"),
    "no context": Case(
        "hospital",
        lambda caller: caller.call(BATCH_LOOK_UP, batch_request([number_of(1)], ["name"], None)),
        "CONTEXT_MISSING",
        ("context.purpose", "context.legal_basis", "context.case_reference", "context.officer"),
    ),
    "a method not granted": Case(
        "carrier",
        lambda caller: _ask(caller, [number_of(1)], ("number",), AGENCIES["carrier"].context),
        "METHOD_NOT_GRANTED",
    ),
    "more than a mebibyte": Case("hospital", _sends(["x" * 1200] * 1000), "MESSAGE_TOO_LARGE"),
    "text that is not UTF-8": Case(
        "hospital", lambda caller: caller.call(BATCH_LOOK_UP, b"\x1a\x04\x0a\x02\xff\xfe"), "ARGUMENT_INVALID", ("",)
    ),
}


@pytest.fixture(scope="module")
def refusals(gateway: Gateway, caller_of: Callable[[str], Caller]) -> dict[str, Refusal]:
    """Every case of REFUSALS, made once."""
    return run(gateway, caller_of, REFUSALS)


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refused_batch_has_its_reason_and_its_entry(name: str, refusals: dict[str, Refusal]) -> None:
    assert_refused(REFUSALS[name], refusals[name])
    assert (refusals[name].entry.kind, refusals[name].entry.method) == (Kind.REFUSAL, "BatchLookUpPersons")


def test_a_refused_batch_is_found_by_each_number_in_it(gateway: Gateway, refusals: dict[str, Refusal]) -> None:
    entry = refusals["a method not granted"].entry
    key = KeyRing(AuditPaths(str(gateway.state)).keys, lambda _count: b"").current_tag(entry.time_us)
    assert entry.tags == key.number(number_of(1))
