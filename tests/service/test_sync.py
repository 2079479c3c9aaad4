"""Pull and Push against a real gateway: what they do, the entries they leave, every refusal."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping

import grpc
import pytest

from gateway.api.v1 import person_pb2, reason_pb2, sync_service_pb2
from gateway.audit.charges import marked_tags_of
from gateway.audit.entry import Decision, Kind
from gateway.chain.translate import reason_number
from gateway.client import Context
from gateway.wire import receipt_from_wire
from tests.caller import PULL, PUSH, Caller, Reply, check_receipt, pull_request, push_request
from tests.gateway import AGENCIES, Gateway
from tests.service.refusals import Case, Refusal, assert_refused, entries_of, run
from tests.world import BASIC, number_of

INSURANCE = AGENCIES["insurance"].context
SOUTH = AGENCIES["province-south"].context
STATUS = ("social_insurance.status",)


def _pulled(reply: Reply) -> sync_service_pb2.PullResponse:
    assert reply.code is grpc.StatusCode.OK, reply
    return sync_service_pb2.PullResponse.FromString(reply.body)


def _pushed(reply: Reply) -> sync_service_pb2.PushResponse:
    assert reply.code is grpc.StatusCode.OK, reply
    return sync_service_pb2.PushResponse.FromString(reply.body)


def _follow(
    caller: Caller, fields: tuple[str, ...], context: Context, cursor: bytes = b"", people_max: int = 0
) -> tuple[list[sync_service_pb2.PulledPerson], bytes]:
    people: list[sync_service_pb2.PulledPerson] = []
    while True:
        page = _pulled(caller.call(PULL, pull_request(fields, context, cursor, people_max)))
        people.extend(page.people)
        cursor = page.next_cursor
        if not page.more:
            return people, cursor


def test_a_snapshot_holds_everybody_once(insurance: Caller) -> None:
    people, _ = _follow(insurance, ("number", "name"), INSURANCE, people_max=300)
    assert [each.person.number for each in people] == [number_of(position) for position in range(1, 1001)]
    assert {each.kind for each in people} == {sync_service_pb2.PULL_KIND_SNAPSHOT}


def test_a_province_follows_its_own_people_only(south: Caller) -> None:
    people, _ = _follow(south, ("number",), SOUTH)
    assert [each.person.number for each in people] == [number_of(position) for position in range(10, 1001, 10)]


def test_a_page_carries_the_receipt_of_its_entry(gateway: Gateway, insurance: Caller) -> None:
    reply = insurance.call(PULL, pull_request(("number", "religion"), INSURANCE, people_max=7))
    page = _pulled(reply)
    assert [(each.path, each.reason) for each in page.withheld] == [
        ("religion", reason_pb2.ERROR_REASON_FIELD_NOT_GRANTED)
    ]
    receipt = receipt_from_wire(page.receipt)
    check_receipt(receipt, gateway.state / "audit")
    entry, detail = gateway.entry(receipt.index)
    assert (entry.kind, entry.agency, entry.method, entry.people) == (Kind.DISCLOSURE, "insurance", "Pull", 7)
    assert len(entry.tags) == 7 * 16
    assert detail is not None
    assert detail.person_ids == tuple(range(1, 8))
    assert detail.fields == ("number",)


def test_a_push_is_followed_and_its_intent_stands_before_its_outcome(gateway: Gateway, insurance: Caller) -> None:
    _, cursor = _follow(insurance, ("number", "social_insurance"), INSURANCE)
    numbers = [number_of(21), "001090999998", number_of(22)]
    reply = insurance.call(PUSH, push_request(numbers, STATUS, INSURANCE, status=2))
    answer = _pushed(reply)
    refused = (sync_service_pb2.PUSH_OUTCOME_REFUSED, reason_pb2.ERROR_REASON_PERSON_UNAVAILABLE, 0)
    applied = (sync_service_pb2.PUSH_OUTCOME_APPLIED, 0, 2)
    assert [(each.outcome, each.reason, each.version) for each in answer.results] == [applied, refused, applied]
    assert [each.reference for each in answer.results] == ["item-0", "item-1", "item-2"]

    changed, cursor = _follow(insurance, ("number", "social_insurance"), INSURANCE, cursor)
    assert [(each.person.number, each.version) for each in changed] == [(number_of(21), 2), (number_of(22), 2)]
    assert {each.kind for each in changed} == {sync_service_pb2.PULL_KIND_CHANGED}
    assert {each.person.social_insurance.status for each in changed} == {2}
    assert _follow(insurance, ("number", "social_insurance"), INSURANCE, cursor)[0] == []

    outcome, detail = gateway.entry(answer.receipt.index)
    assert (outcome.kind, outcome.people, outcome.decision) == (Kind.PUSH_OUTCOME, 2, Decision.ALLOWED)
    assert detail is not None
    word, _, index = detail.note.partition(" ")
    assert word == "intent"
    intent, _ = gateway.entry(int(index))
    assert int(index) < answer.receipt.index
    signature_used = marked_tags_of(intent.tags)
    assert signature_used
    assert (intent.kind, intent.call_id) == (Kind.PUSH_INTENT, outcome.call_id)
    assert intent.tags.removesuffix(signature_used) == outcome.tags
    with sqlite3.connect(f"file:{gateway.state}/registry.db?mode=ro", uri=True) as registry:
        rows = registry.execute("SELECT audit_index FROM change WHERE person_id IN (21, 22)").fetchall()
    registry.close()
    assert rows == [(int(index),), (int(index),)]


def test_pushing_the_same_again_changes_nothing(insurance: Caller) -> None:
    request = push_request([number_of(23)], STATUS, INSURANCE, status=1)
    first, second = (_pushed(insurance.call(PUSH, request)).results[0] for _ in range(2))
    assert (first.outcome, first.version) == (sync_service_pb2.PUSH_OUTCOME_APPLIED, 2)
    assert (second.outcome, second.version) == (sync_service_pb2.PUSH_OUTCOME_UNCHANGED, 2)


def test_two_items_about_one_person_are_applied_in_order(insurance: Caller) -> None:
    request = push_request([number_of(24)] * 2, STATUS, INSURANCE, status=1)
    request.items[1].person.social_insurance.status = person_pb2.INSURANCE_STATUS_PENSION
    answer = _pushed(insurance.call(PUSH, request))
    assert [each.version for each in answer.results] == [2, 3]
    _, cursor = _follow(insurance, ("number",), INSURANCE)
    assert cursor


def test_a_malformed_value_refuses_its_item_alone(insurance: Caller) -> None:
    request = push_request([number_of(25), number_of(26)], STATUS, INSURANCE, status=1)
    request.items[0].person.social_insurance.ClearField("status")
    answer = _pushed(insurance.call(PUSH, request))
    assert [(each.outcome, each.reason) for each in answer.results] == [
        (sync_service_pb2.PUSH_OUTCOME_REFUSED, reason_pb2.ERROR_REASON_ARGUMENT_INVALID),
        (sync_service_pb2.PUSH_OUTCOME_APPLIED, 0),
    ]


def test_people_out_of_scope_are_refused_as_if_they_did_not_exist(caller_of: Callable[[str], Caller]) -> None:
    numbers = [number_of(27), number_of(30), "001090999997"]
    answer = _pushed(caller_of("insurance-south").call(PUSH, push_request(numbers, STATUS, INSURANCE, status=1)))
    elsewhere, applied, absent = answer.results
    assert applied.outcome == sync_service_pb2.PUSH_OUTCOME_APPLIED
    assert (elsewhere.outcome, elsewhere.reason) == (absent.outcome, absent.reason)
    assert elsewhere.reason == reason_pb2.ERROR_REASON_PERSON_UNAVAILABLE
    with_reference = sync_service_pb2.PushResult.FromString(absent.SerializeToString())
    with_reference.reference = elsewhere.reference
    assert with_reference == elsewhere


def _pulls(
    fields: tuple[str, ...] = ("number",), cursor: bytes = b"", people_max: int = 0
) -> Callable[[Caller], Reply]:
    return lambda caller: caller.call(PULL, pull_request(fields, INSURANCE, cursor, people_max))


def _pushes(
    numbers: tuple[str, ...] = ("001090000040",), fields: tuple[str, ...] = STATUS, **values: object
) -> Callable[[Caller], Reply]:
    return lambda caller: caller.call(PUSH, push_request(numbers, fields, INSURANCE, **(values or {"status": 1})))


def _pushes_twice_named(caller: Caller) -> Reply:
    request = push_request([number_of(41), number_of(42)], STATUS, INSURANCE, status=1)
    request.items[1].reference = request.items[0].reference
    return caller.call(PUSH, request)


def _pushes_unnamed(caller: Caller) -> Reply:
    request = push_request([number_of(43)], STATUS, INSURANCE, status=1)
    request.items[0].reference = ""
    return caller.call(PUSH, request)


def _next_cursor(caller: Caller, fields: tuple[str, ...]) -> bytes:
    return _pulled(caller.call(PULL, pull_request(fields, INSURANCE, people_max=1))).next_cursor


PULL_REFUSALS: Mapping[str, Case] = {
    "an empty mask": Case("insurance", _pulls(()), "MASK_EMPTY"),
    "an unknown field": Case("insurance", _pulls(("number", "x")), "FIELD_UNKNOWN", ("field_mask.paths[1]",)),
    "no key of the copy": Case("insurance", _pulls(("name",)), "ARGUMENT_INVALID", ("field_mask",)),
    "nothing granted": Case("insurance", _pulls(("religion",)), "FIELD_NOT_GRANTED"),
    "too many people": Case("insurance", _pulls(people_max=1001), "ARGUMENT_INVALID", ("people_max",)),
    "a short cursor": Case("insurance", _pulls(cursor=b"x"), "CURSOR_MALFORMED"),
    "a random cursor": Case("insurance", _pulls(cursor=bytes(50)), "CURSOR_MALFORMED"),
    "an enormous cursor": Case("insurance", _pulls(cursor=bytes(257)), "ARGUMENT_INVALID", ("cursor",)),
    "a cursor of another mask": Case(
        "insurance",
        lambda caller: _pulls(("number", "name"), _next_cursor(caller, ("number",)))(caller),
        "CURSOR_FOREIGN",
    ),
    "an altered cursor": Case(
        "insurance",
        lambda caller: _pulls(
            cursor=bytes([_next_cursor(caller, ("number",))[0] ^ 1]) + _next_cursor(caller, ("number",))[1:]
        )(caller),
        "CURSOR_MALFORMED",
    ),
    "a method not granted": Case(
        "hospital",
        lambda caller: caller.call(PULL, pull_request(("number",), AGENCIES["hospital"].context)),
        "METHOD_NOT_GRANTED",
    ),
}
PUSH_REFUSALS: Mapping[str, Case] = {
    "an empty mask": Case("insurance", _pushes(fields=()), "MASK_EMPTY"),
    "an unknown field": Case(
        "insurance", _pushes(fields=("social_insurance.x",)), "FIELD_UNKNOWN", ("update_mask.paths[0]",)
    ),
    "a field of another owner": Case("insurance", _pushes(fields=("name",)), "FIELD_NOT_OWNED"),
    "a field of another owner beside its own": Case(
        "insurance", _pushes(fields=(*STATUS, "contact")), "FIELD_NOT_OWNED"
    ),
    "no items": Case("insurance", _pushes(numbers=()), "ARGUMENT_INVALID", ("items",)),
    "too many items": Case("insurance", _pushes(numbers=("001090000040",) * 1001), "ARGUMENT_INVALID", ("items",)),
    "a reference twice": Case("insurance", _pushes_twice_named, "ARGUMENT_INVALID", ("items[1].reference",)),
    "an item without a reference": Case("insurance", _pushes_unnamed, "ARGUMENT_INVALID", ("items[0].reference",)),
    "a malformed number": Case("insurance", _pushes(numbers=("12",)), "ARGUMENT_INVALID", ("items[0].person.number",)),
    "a malformed value": Case(
        "insurance",
        _pushes(fields=("social_insurance.code",), code="12"),
        "ARGUMENT_INVALID",
        ("items[0].person.social_insurance.code",),
    ),
    "a purpose not granted": Case(
        "insurance",
        lambda caller: caller.call(PUSH, push_request([number_of(44)], STATUS, SOUTH, status=1)),
        "PURPOSE_NOT_GRANTED",
    ),
    "a method not granted": Case(
        "province-south",
        lambda caller: caller.call(PUSH, push_request([number_of(50)], STATUS, SOUTH, status=1)),
        "METHOD_NOT_GRANTED",
    ),
}
REFUSALS = {("Pull", name): case for name, case in PULL_REFUSALS.items()} | {
    ("Push", name): case for name, case in PUSH_REFUSALS.items()
}


@pytest.fixture(scope="module")
def refusals(gateway: Gateway, caller_of: Callable[[str], Caller]) -> dict[tuple[str, str], Refusal]:
    """Every case of REFUSALS, made once."""
    found = run(gateway, caller_of, {f"{method}/{name}": case for (method, name), case in REFUSALS.items()})
    return {(key.partition("/")[0], key.partition("/")[2]): refusal for key, refusal in found.items()}


@pytest.mark.parametrize("name", REFUSALS, ids=lambda name: f"{name[0]}-{name[1]}")
def test_a_refusal_has_its_reason_and_its_entry(
    name: tuple[str, str], gateway: Gateway, refusals: dict[tuple[str, str], Refusal]
) -> None:
    case, refusal = REFUSALS[name], refusals[name]
    assert_refused(case, refusal)
    assert refusal.reply.receipt is not None
    check_receipt(refusal.reply.receipt, gateway.state / "audit")
    assert (refusal.entry.kind, refusal.entry.method) == (Kind.REFUSAL, name[0])
    assert refusal.entry.reason == reason_number(case.reason)


def test_a_refused_push_writes_nothing(gateway: Gateway, refusals: dict[tuple[str, str], Refusal]) -> None:
    with sqlite3.connect(f"file:{gateway.state}/registry.db?mode=ro", uri=True) as registry:
        rows = registry.execute("SELECT person_id FROM change WHERE person_id BETWEEN 40 AND 50").fetchall()
    registry.close()
    assert rows == []


def test_a_cursor_of_another_agency_is_foreign(gateway: Gateway, insurance: Caller, south: Caller) -> None:
    cursor = _pulled(south.call(PULL, pull_request(("number",), SOUTH, people_max=1))).next_cursor
    reply = insurance.call(PULL, pull_request(("number",), INSURANCE, cursor))
    assert reply.reason == "CURSOR_FOREIGN"
    entry, _ = entries_of(gateway, [reply.call_id])[reply.call_id]
    assert entry.agency == "insurance"


def test_the_whole_page_of_a_thousand_people_with_every_granted_field_arrives(insurance: Caller) -> None:
    fields = (*BASIC, "social_insurance")
    page = _pulled(insurance.call(PULL, pull_request(fields, INSURANCE)))
    assert len(page.people) == 1000
