"""LookUpPerson against a real gateway: the answer and its entry, then every refusal."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping

import grpc
import pytest
from google.rpc import status_pb2

from gateway.api.v1 import lookup_service_pb2, person_pb2, reason_pb2
from gateway.audit.entry import Decision, Kind
from gateway.audit.keys import KeyRing
from gateway.audit.paths import AuditPaths
from gateway.chain.translate import reason_number
from gateway.client import Context
from gateway.config import STREAMS_PER_CONNECTION_MAX
from gateway.wire import receipt_from_wire
from tests.caller import LOOK_UP, Caller, Reply, check_receipt, look_up_request
from tests.e2e.load import Ledger, look_ups
from tests.gateway import AGENCIES, Gateway
from tests.service.refusals import Case, Refusal, assert_refused, run
from tests.world import BASIC, COMMUNE, FORMER_NUMBER, FULL, number_of

HOSPITAL = AGENCIES["hospital"].context
ABSENT = "001090999999"
OUT_OF_SCOPE = number_of(1)
CALLS_EACH = 4


def _answer(reply: Reply) -> lookup_service_pb2.LookUpPersonResponse:
    assert reply.code is grpc.StatusCode.OK, reply
    return lookup_service_pb2.LookUpPersonResponse.FromString(reply.body)


def test_an_answer_holds_the_six_basic_fields(hospital: Caller) -> None:
    answer = _answer(hospital.look_up(number_of(7), BASIC, HOSPITAL))
    person = answer.person
    assert person.number == number_of(7)
    assert (person.name.surname, person.name.middle_name, person.name.given_name) == ("Nguyễn", "Văn", "Hòa")
    assert (person.birth_date.year, person.birth_date.month, person.birth_date.day) == (1990, 4, 30)
    assert person.sex == person_pb2.SEX_MALE
    assert person.permanent_residence.commune_code == COMMUNE
    assert person.permanent_residence.text == "Số 7 phố Hàng Than, Phường Ba Đình, Thành phố Hà Nội"
    assert person.household_number == "HK000000007"
    assert (answer.version, answer.number_superseded, list(answer.withheld)) == (1, False, [])


async def test_a_connection_takes_as_many_calls_at_once_as_it_says(gateway: Gateway) -> None:
    ledger = Ledger("hospital")
    load = look_ups(gateway, ledger)

    async def caller(channel: grpc.aio.Channel) -> None:
        for _ in range(CALLS_EACH):
            await load.call(channel, deadline_seconds=30)

    async with load.channel() as channel:
        await load.get_ready(channel)
        await asyncio.gather(*(caller(channel) for _ in range(STREAMS_PER_CONNECTION_MAX)))
    assert ledger.failures() == Counter()
    assert len(ledger.receipts) == CALLS_EACH * STREAMS_PER_CONNECTION_MAX


def test_an_answer_carries_the_receipt_of_its_entry(gateway: Gateway, hospital: Caller) -> None:
    reply = hospital.look_up(number_of(FULL), ["name"], HOSPITAL)
    answer = _answer(reply)
    receipt = receipt_from_wire(answer.receipt)
    check_receipt(receipt, gateway.state / "audit")
    entry, detail = gateway.entry(receipt.index)
    assert entry.call_id.hex() == reply.call_id
    assert (entry.kind, entry.decision, entry.people, entry.reason) == (Kind.DISCLOSURE, Decision.ALLOWED, 1, 0)
    assert (entry.agency, entry.method) == ("hospital", "LookUpPerson")
    assert (entry.purpose, entry.legal_basis) == (HOSPITAL.purpose, HOSPITAL.legal_basis)
    tag = KeyRing(AuditPaths(str(gateway.state)).keys, lambda _count: b"").current_tag(entry.time_us).person(FULL)
    assert entry.tags == tag
    assert detail is not None
    assert (detail.case_reference, detail.officer) == (HOSPITAL.case_reference, HOSPITAL.officer)
    assert (detail.fields, detail.numbers, detail.person_ids) == (("name",), (number_of(FULL),), (FULL,))


def test_the_trace_id_of_the_caller_is_the_call_id_of_answer_and_entry(gateway: Gateway, hospital: Caller) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    reply = hospital.look_up(
        number_of(9), ["sex"], HOSPITAL, metadata=[("traceparent", f"00-{trace}-00f067aa0ba902b7-01")]
    )
    assert reply.call_id == trace
    assert gateway.entry(_answer(reply).receipt.index)[0].call_id.hex() == trace


def test_fields_beyond_the_grant_are_withheld_and_named(hospital: Caller) -> None:
    answer = _answer(hospital.look_up(number_of(9), ["name", "contact", "religion"], HOSPITAL))
    assert [(each.path, each.reason) for each in answer.withheld] == [
        ("contact", reason_pb2.ERROR_REASON_FIELD_NOT_GRANTED),
        ("religion", reason_pb2.ERROR_REASON_FIELD_NOT_GRANTED),
    ]
    assert [field.name for field, _ in answer.person.ListFields()] == ["name"]


def test_a_part_that_alone_is_granted_is_all_that_is_answered(caller_of: Callable[[str], Caller]) -> None:
    answer = _answer(caller_of("carrier").look_up(number_of(9), ["birth_date"], AGENCIES["carrier"].context))
    assert (answer.person.birth_date.year, answer.person.birth_date.month, answer.person.birth_date.day) == (1990, 0, 0)
    assert [each.path for each in answer.withheld] == ["birth_date"]


def test_a_superseded_number_finds_its_person(hospital: Caller) -> None:
    answer = _answer(hospital.look_up(FORMER_NUMBER, ["number"], HOSPITAL))
    assert (answer.person.number, answer.number_superseded) == (number_of(FULL), True)


def test_a_province_sees_its_own_people(south: Caller) -> None:
    answer = _answer(south.look_up(number_of(10), ["name"], AGENCIES["province-south"].context))
    assert answer.person.name.given_name == "Hòa"


def _asks(**changed: object) -> Callable[[Caller], Reply]:
    """A look-up by the hospital that is right but for what is `changed`."""
    context = {name: changed.pop(name, getattr(HOSPITAL, name)) for name in Context.__slots__}
    asked = {"number": number_of(1), "fields": ("name",), "context": Context(**context), **changed}  # type: ignore[arg-type]
    return lambda caller: caller.look_up(**asked)  # type: ignore[arg-type]


def _sends(request: bytes) -> Callable[[Caller], Reply]:
    return lambda caller: caller.call(LOOK_UP, request)


_PADDED = (
    look_up_request(number_of(1), ["name"], HOSPITAL).SerializeToString()
    + b"\x7a"
    + b"\x80\x80\x80\x01"
    + bytes(2 << 20)
)

REFUSALS: Mapping[str, Case] = {
    "no number": Case("hospital", _asks(number=""), "ARGUMENT_INVALID", ("number",)),
    "a short number": Case("hospital", _asks(number="00109000000"), "ARGUMENT_INVALID", ("number",)),
    "a long number": Case("hospital", _asks(number="0010900000011"), "ARGUMENT_INVALID", ("number",)),
    "letters": Case("hospital", _asks(number="00109000000A"), "ARGUMENT_INVALID", ("number",)),
    "digits of another script": Case("hospital", _asks(number="00109000٠٠٠"), "ARGUMENT_INVALID", ("number",)),
    "a line feed at the end": Case("hospital", _asks(number="00109000001\n"), "ARGUMENT_INVALID", ("number",)),
    "a province that never existed": Case("hospital", _asks(number="003090000001"), "ARGUMENT_INVALID", ("number",)),
    "a century to come": Case("hospital", _asks(number="001990000001"), "ARGUMENT_INVALID", ("number",)),
    "an empty mask": Case("hospital", _asks(fields=()), "MASK_EMPTY"),
    "an unknown field": Case(
        "hospital", _asks(fields=("name", "shoe_size")), "FIELD_UNKNOWN", ("field_mask.paths[1]",)
    ),
    "an unknown part": Case("hospital", _asks(fields=("name.nickname",)), "FIELD_UNKNOWN", ("field_mask.paths[0]",)),
    "a part of a list": Case("hospital", _asks(fields=("relatives.name",)), "FIELD_UNKNOWN", ("field_mask.paths[0]",)),
    "a field by its number": Case("hospital", _asks(fields=("1",)), "FIELD_UNKNOWN", ("field_mask.paths[0]",)),
    "an empty path": Case("hospital", _asks(fields=("",)), "FIELD_UNKNOWN", ("field_mask.paths[0]",)),
    "no context": Case(
        "hospital",
        lambda caller: caller.call(LOOK_UP, look_up_request(number_of(1), ["name"], None)),
        "CONTEXT_MISSING",
        ("context.purpose", "context.legal_basis", "context.case_reference", "context.officer"),
    ),
    "no purpose": Case("hospital", _asks(purpose=""), "CONTEXT_MISSING", ("context.purpose",)),
    "no legal basis": Case("hospital", _asks(legal_basis=""), "CONTEXT_MISSING", ("context.legal_basis",)),
    "no case": Case("hospital", _asks(case_reference=""), "CONTEXT_MISSING", ("context.case_reference",)),
    "no officer": Case("hospital", _asks(officer=""), "CONTEXT_MISSING", ("context.officer",)),
    "a purpose with a space": Case("hospital", _asks(purpose="a b"), "ARGUMENT_INVALID", ("context.purpose",)),
    "a long case": Case("hospital", _asks(case_reference="x" * 129), "ARGUMENT_INVALID", ("context.case_reference",)),
    "a case with a line feed": Case(
        "hospital", _asks(case_reference="a\nb"), "ARGUMENT_INVALID", ("context.case_reference",)
    ),
    "a purpose not granted": Case("hospital", _asks(purpose="insurance.mirror"), "PURPOSE_NOT_GRANTED"),
    "a legal basis not granted": Case("hospital", _asks(legal_basis="law1/1999"), "PURPOSE_NOT_GRANTED"),
    "a method not granted": Case(
        "auditor",
        lambda caller: caller.look_up(number_of(1), ["name"], AGENCIES["auditor"].context),
        "METHOD_NOT_GRANTED",
    ),
    "no field granted": Case("hospital", _asks(fields=("contact",)), "FIELD_NOT_GRANTED"),
    "a person who does not exist": Case("hospital", _asks(number=ABSENT), "PERSON_UNAVAILABLE"),
    "a person of another province": Case(
        "province-south",
        lambda caller: caller.look_up(OUT_OF_SCOPE, ["name"], AGENCIES["province-south"].context),
        "PERSON_UNAVAILABLE",
    ),
    "two mebibytes": Case("hospital", _sends(_PADDED), "MESSAGE_TOO_LARGE"),
    "no protobuf": Case("hospital", _sends(b"\xff\xff\xff\xff"), "ARGUMENT_INVALID", ("",)),
    "text that is not UTF-8": Case("hospital", _sends(b"\x12\x02\xff\xfe"), "ARGUMENT_INVALID", ("",)),
    "nothing at all": Case(
        "hospital",
        _sends(b""),
        "CONTEXT_MISSING",
        ("context.purpose", "context.legal_basis", "context.case_reference", "context.officer"),
    ),
}


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
    assert refusal.entry.kind == Kind.REFUSAL
    assert refusal.entry.reason == reason_number(case.reason)
    assert refusal.entry.method == "LookUpPerson"


@pytest.mark.parametrize("name", ["a person who does not exist", "a purpose not granted"])
def test_a_refusal_is_found_by_the_number_it_was_about(
    name: str, gateway: Gateway, refusals: dict[str, Refusal]
) -> None:
    entry = refusals[name].entry
    number = ABSENT if name == "a person who does not exist" else number_of(1)
    key = KeyRing(AuditPaths(str(gateway.state)).keys, lambda _count: b"").current_tag(entry.time_us)
    assert entry.has_tag(key.number(number))


def test_absent_and_out_of_scope_get_the_same_status_bytes(south: Caller) -> None:
    context = AGENCIES["province-south"].context
    trace = [("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4737-00f067aa0ba902b7-01")]
    absent, elsewhere = (south.look_up(number, ["name"], context, metadata=trace) for number in (ABSENT, OUT_OF_SCOPE))
    assert _without_receipt(absent) == _without_receipt(elsewhere)
    assert (absent.code, absent.sentence) == (elsewhere.code, elsewhere.sentence)
    assert len(absent.status) == len(elsewhere.status)


def _without_receipt(reply: Reply) -> bytes:
    status = status_pb2.Status.FromString(reply.status)
    kept = [detail for detail in status.details if not detail.type_url.endswith("Receipt")]
    assert len(kept) == len(status.details) - 1
    del status.details[:]
    status.details.extend(kept)
    return bytes(status.SerializeToString(deterministic=True))


def test_a_message_beyond_the_bound_of_grpc_is_refused_by_grpc(hospital: Caller) -> None:
    reply = hospital.call(LOOK_UP, bytes(5 << 20))
    assert (reply.code, reply.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "")


def test_of_many_unknown_fields_a_refusal_names_a_few(hospital: Caller) -> None:
    reply = hospital.look_up(number_of(1), [f"field_{at}" for at in range(128)], HOSPITAL)
    assert (reply.reason, len(reply.violations)) == ("FIELD_UNKNOWN", 16)


def test_a_mask_of_thousands_of_paths_is_refused(hospital: Caller) -> None:
    reply = hospital.look_up(number_of(1), ["name"] * 5000, HOSPITAL)
    assert (reply.reason, reply.violations) == ("ARGUMENT_INVALID", ("field_mask.paths",))


def test_a_deadline_that_leaves_no_time_ends_the_call(hospital: Caller) -> None:
    reply = hospital.look_up(number_of(1), ["name"], HOSPITAL, timeout=0.001)
    assert reply.code is grpc.StatusCode.DEADLINE_EXCEEDED
    assert hospital.look_up(number_of(1), ["name"], HOSPITAL).code is grpc.StatusCode.OK


@pytest.mark.parametrize(
    "method",
    [
        "/gateway.api.v1.LookupService/LookUpEverybody",
        "/gateway.api.v2.LookupService/LookUpPerson",
        "/gateway.api.v1.EnrolmentService/Enrol",
        "/nothing",
    ],
)
def test_a_method_that_is_not_served_here_is_unimplemented(hospital: Caller, method: str) -> None:
    assert hospital.call(method, b"").code is grpc.StatusCode.UNIMPLEMENTED
