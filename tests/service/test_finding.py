"""Households and relatives against a real gateway: who is told, who is tagged, who is left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import grpc
import pytest
from google.rpc import status_pb2

from gateway.api.v1 import finding_pb2, person_pb2
from gateway.audit.entry import Decision, Entry, Kind
from gateway.audit.keys import KeyRing
from gateway.audit.paths import AuditPaths
from gateway.wire import receipt_from_wire
from tests.caller import Caller, Reply, check_receipt
from tests.gateway import AGENCIES, Gateway
from tests.service.refusals import Case, Refusal, assert_refused, run
from tests.world import CHILD, FATHER, FORMER_NUMBER, FULL, GUARDIAN, HUSBAND, MOTHER, SON, WARD, WIFE, number_of

HOUSEHOLD = "/gateway.api.v1.LookupService/LookUpHousehold"
RELATIVES = "/gateway.api.v1.LookupService/LookUpRelatives"
CONTEXT = AGENCIES["family"].context
ABSENT = "001090999999"
TRACE = [("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4737-00f067aa0ba902b7-01")]
F, M, S, C, ACTS, ACTED_FOR = range(1, 7)  # numbers of Kinship


@pytest.fixture
def family(caller_of: Callable[[str], Caller]) -> Caller:
    """May ask for households and relatives of everybody."""
    return caller_of("family")


@pytest.fixture
def family_south(caller_of: Callable[[str], Caller]) -> Caller:
    """May ask for households and relatives, of people of one province only."""
    return caller_of("family-south")


def _request(kind: Any, fields: tuple[str, ...] = ("number",), **asked: Any) -> Any:
    request = kind(context=CONTEXT.message(), **asked)
    request.field_mask.paths.extend(fields)
    return request


def _household(caller: Caller, metadata: Any = (), **asked: Any) -> Reply:
    return caller.call(HOUSEHOLD, _request(finding_pb2.LookUpHouseholdRequest, **asked), metadata=metadata)


def _relatives(caller: Caller, metadata: Any = (), **asked: Any) -> Reply:
    return caller.call(RELATIVES, _request(finding_pb2.LookUpRelativesRequest, **asked), metadata=metadata)


def _members(reply: Reply) -> list[str]:
    assert reply.code is grpc.StatusCode.OK, reply
    return [each.person.number for each in finding_pb2.LookUpHouseholdResponse.FromString(reply.body).members]


def _kin(reply: Reply) -> list[tuple[str, list[int]]]:
    assert reply.code is grpc.StatusCode.OK, reply
    answer = finding_pb2.LookUpRelativesResponse.FromString(reply.body)
    return [(each.person.number, [int(kinship) for kinship in each.kinships]) for each in answer.relatives]


def _numbers(*positions: int) -> list[str]:
    return [number_of(position) for position in positions]


def _tagged(gateway: Gateway, entry: Entry) -> Callable[[int], bool]:
    key = KeyRing(AuditPaths(str(gateway.state)).keys, lambda _count: b"").current_tag(entry.time_us)
    return lambda position: entry.has_tag(key.person(position))


@pytest.mark.parametrize("asked", [WIFE, HUSBAND, SON])
def test_a_household_is_found_by_any_of_its_members(family: Caller, asked: int) -> None:
    assert _members(_household(family, number=number_of(asked))) == _numbers(WIFE, HUSBAND, SON)


def test_a_household_is_found_by_its_number(family: Caller) -> None:
    assert _members(_household(family, household_number=f"HK{WIFE:09}")) == _numbers(WIFE, HUSBAND, SON)


def test_a_superseded_number_finds_the_household_of_who_held_it(family: Caller) -> None:
    assert _members(_household(family, number=FORMER_NUMBER)) == _numbers(FULL, CHILD)


def test_members_are_trimmed_to_mask_and_grant(family: Caller) -> None:
    reply = _household(family, fields=("name", "relation_to_head", "religion"), number=number_of(SON))
    answer = finding_pb2.LookUpHouseholdResponse.FromString(reply.body)
    assert [each.path for each in answer.withheld] == ["religion"]
    assert [each.person.relation_to_head for each in answer.members] == [1, 3, 4]
    for each in answer.members:
        assert {field.name for field, _ in each.person.ListFields()} == {"name", "relation_to_head"}
        assert each.version >= 1  # others may have pushed something


def test_members_out_of_scope_are_left_out_without_a_word(family_south: Caller) -> None:
    reply = _household(family_south, number=number_of(WIFE))
    assert _members(reply) == _numbers(WIFE)
    answer = finding_pb2.LookUpHouseholdResponse.FromString(reply.body)
    assert not answer.more
    assert number_of(HUSBAND).encode() not in reply.body
    assert _members(_household(family_south, household_number=f"HK{WIFE:09}")) == _numbers(WIFE)


def test_everybody_who_is_told_is_in_the_entry_and_nobody_else(
    gateway: Gateway, family: Caller, family_south: Caller
) -> None:
    for caller, told in ((family, [WIFE, HUSBAND, SON]), (family_south, [WIFE])):
        reply = _household(caller, number=number_of(WIFE))
        receipt = receipt_from_wire(finding_pb2.LookUpHouseholdResponse.FromString(reply.body).receipt)
        check_receipt(receipt, gateway.state / "audit")
        entry, detail = gateway.entry(receipt.index)
        assert (entry.kind, entry.decision, entry.people) == (Kind.DISCLOSURE, Decision.ALLOWED, len(told))
        assert len(entry.tags) == 16 * len(told)
        assert all(map(_tagged(gateway, entry), told))
        assert detail is not None
        assert (detail.numbers, detail.person_ids, detail.fields) == ((number_of(WIFE),), tuple(told), ("number",))


def test_relatives_are_told_by_kinship(family: Caller) -> None:
    assert _kin(_relatives(family, number=number_of(FULL))) == [
        (number_of(FATHER), [F]),
        (number_of(MOTHER), [M]),
        (number_of(7), [S]),
        (number_of(CHILD), [C]),
    ]
    assert _kin(_relatives(family, number=number_of(FULL), kinships=[C, S])) == [
        (number_of(7), [S]),
        (number_of(CHILD), [C]),
    ]


def test_parents_act_for_a_minor_and_for_nobody_else(family: Caller) -> None:
    assert _kin(_relatives(family, number=number_of(SON))) == [
        (number_of(HUSBAND), [F, ACTS]),
        (number_of(WIFE), [M, ACTS]),
    ]
    assert _kin(_relatives(family, number=number_of(WIFE), kinships=[ACTED_FOR])) == [(number_of(SON), [ACTED_FOR])]
    assert _kin(_relatives(family, number=number_of(FULL), kinships=[ACTS, ACTED_FOR])) == []


def test_a_registered_guardian_acts_for_an_orphan(family: Caller) -> None:
    assert _kin(_relatives(family, number=number_of(WARD))) == [(number_of(GUARDIAN), [ACTS])]
    assert _kin(_relatives(family, number=number_of(GUARDIAN))) == [(number_of(WARD), [ACTED_FOR])]


def test_relatives_out_of_scope_are_left_out_but_the_person_asked_about_is_in_the_entry(
    gateway: Gateway, family_south: Caller
) -> None:
    reply = _relatives(family_south, number=number_of(WIFE))
    assert _kin(reply) == []
    index = finding_pb2.LookUpRelativesResponse.FromString(reply.body).receipt.index
    entry, _ = gateway.entry(index)
    assert (entry.people, len(entry.tags)) == (0, 16)
    assert _tagged(gateway, entry)(WIFE)


@pytest.mark.parametrize(
    ("ask", "absent", "elsewhere"),
    [
        (_household, {"number": ABSENT}, {"number": number_of(SON)}),
        (_household, {"household_number": "HK999999999"}, {"household_number": f"HK{FULL:09}"}),
        (_relatives, {"number": ABSENT}, {"number": number_of(SON)}),
    ],
)
def test_absent_and_out_of_scope_are_the_same_bytes(
    family_south: Caller, ask: Callable[..., Reply], absent: dict[str, str], elsewhere: dict[str, str]
) -> None:
    first, second = ask(family_south, TRACE, **absent), ask(family_south, TRACE, **elsewhere)
    assert first.reason == "PERSON_UNAVAILABLE"
    assert _without_receipt(first) == _without_receipt(second)
    assert len(first.status) == len(second.status)


def _without_receipt(reply: Reply) -> bytes:
    status = status_pb2.Status.FromString(reply.status)
    kept = [detail for detail in status.details if not detail.type_url.endswith("Receipt")]
    assert len(kept) == len(status.details) - 1
    del status.details[:]
    status.details.extend(kept)
    return bytes(status.SerializeToString(deterministic=True))


def _refused_household(reason: str, *violations: str, **asked: Any) -> Case:
    return Case("family", lambda caller: _household(caller, **asked), reason, violations)


def _refused_relatives(reason: str, *violations: str, **asked: Any) -> Case:
    return Case("family", lambda caller: _relatives(caller, **asked), reason, violations)


SOMEBODY = number_of(1)
REFUSALS: Mapping[str, Case] = {
    "household: nothing stated": _refused_household("ARGUMENT_INVALID", "number"),
    "household: both stated": _refused_household(
        "ARGUMENT_INVALID", "number", number=SOMEBODY, household_number="HK000000001"
    ),
    "household: a short number": _refused_household("ARGUMENT_INVALID", "number", number="00109000000"),
    "household: no province": _refused_household("ARGUMENT_INVALID", "number", number="003090000001"),
    "household: a household number in small letters": _refused_household(
        "ARGUMENT_INVALID", "household_number", household_number="hk1"
    ),
    "household: a household number with NUL": _refused_household(
        "ARGUMENT_INVALID", "household_number", household_number="HK\0"
    ),
    "household: a household number of 10 kB": _refused_household(
        "ARGUMENT_INVALID", "household_number", household_number="9" * 10_000
    ),
    "household: an empty mask": _refused_household("MASK_EMPTY", number=SOMEBODY, fields=()),
    "household: an unknown field": _refused_household(
        "FIELD_UNKNOWN", "field_mask.paths[0]", number=SOMEBODY, fields=("shoe_size",)
    ),
    "household: nothing granted": _refused_household("FIELD_NOT_GRANTED", number=SOMEBODY, fields=("religion",)),
    "household: nobody": _refused_household("PERSON_UNAVAILABLE", number=ABSENT),
    "household: no such household": _refused_household("PERSON_UNAVAILABLE", household_number="HK999999999"),
    "household: not granted": Case(
        "hospital", lambda caller: _household(caller, number=SOMEBODY), "METHOD_NOT_GRANTED"
    ),
    "relatives: no number": _refused_relatives("ARGUMENT_INVALID", "number"),
    "relatives: an unspecified kinship": _refused_relatives(
        "ARGUMENT_INVALID", "kinships[1]", number=SOMEBODY, kinships=[1, 0]
    ),
    "relatives: a kinship to come": _refused_relatives(
        "ARGUMENT_INVALID", "kinships[0]", number=SOMEBODY, kinships=[99]
    ),
    "relatives: seven kinships": _refused_relatives(
        "ARGUMENT_INVALID", "kinships", number=SOMEBODY, kinships=[person_pb2.KINSHIP_CHILD] * 7
    ),
    "relatives: nobody": _refused_relatives("PERSON_UNAVAILABLE", number=ABSENT),
    "relatives: not granted": Case(
        "hospital", lambda caller: _relatives(caller, number=SOMEBODY), "METHOD_NOT_GRANTED"
    ),
}


@pytest.fixture(scope="module")
def refusals(gateway: Gateway, caller_of: Callable[[str], Caller]) -> dict[str, Refusal]:
    """Every case of REFUSALS, made once."""
    return run(gateway, caller_of, REFUSALS)


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_has_its_reason_and_its_entry(name: str, refusals: dict[str, Refusal]) -> None:
    assert_refused(REFUSALS[name], refusals[name])
    assert refusals[name].entry.kind == Kind.REFUSAL


def test_fields_that_name_further_people_are_refused(caller_of: Callable[[str], Caller]) -> None:
    kinds = {"relatives": _relatives, "household": _household}
    for field, ask in kinds.items():
        reply = ask(caller_of("family-wide"), fields=("number", field), number=SOMEBODY)
        assert (reply.reason, reply.violations) == ("ARGUMENT_INVALID", ("field_mask",))
