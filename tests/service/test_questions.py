"""What operators and auditors may ask about the policy, against a real gateway."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc
import pytest

from gateway.api.v1 import policy_service_pb2, reason_pb2
from tests.caller import Caller, Reply
from tests.gateway import AGENCIES, OPERATION, SOUTH, Gateway
from tests.world import number_of

POLICY = "/gateway.api.v1.PolicyService/"
BASIS = "law26/2023:art10"


def try_(caller: Caller, method: str, /, **asked: Any) -> Reply:
    request = getattr(policy_service_pb2, f"{method}Request")(context=OPERATION.message(), **asked)
    return caller.call(POLICY + method, request)


def ask(caller: Caller, method: str, /, **asked: Any) -> Any:
    reply = try_(caller, method, **asked)
    assert reply.code is grpc.StatusCode.OK, reply
    return getattr(policy_service_pb2, f"{method}Response").FromString(reply.body)


@pytest.fixture
def operator(caller_of: Callable[[str], Caller]) -> Caller:
    return caller_of("operator")


def test_who_could_see_a_field_is_told_with_what_is_left_of_it(operator: Caller) -> None:
    holders = {holder.agency: holder for holder in ask(operator, "ListFieldHolders", field="birth_date").holders}
    assert list(holders["hospital"].seen) == ["birth_date"]
    assert list(holders["carrier"].seen) == ["birth_date.year"]
    assert list(holders["province-south"].provinces) == [SOUTH]
    assert "auditor" not in holders
    assert try_(operator, "ListFieldHolders", field="shoe_size").reason == "FIELD_UNKNOWN"


PREVIEWS: dict[str, tuple[dict[str, Any], str, list[str], list[str]]] = {
    "answered": ({"fields": ["name", "religion"]}, "", ["name"], ["religion"]),
    "another method": ({"method": "Push"}, "METHOD_NOT_GRANTED", [], []),
    "another purpose": ({"purpose": "credit.scoring"}, "PURPOSE_NOT_GRANTED", [], []),
    "no field of it": ({"fields": ["religion"]}, "FIELD_NOT_GRANTED", [], ["religion"]),
    "an agency that is none": ({"agency": "nobody"}, "CREDENTIAL_REVOKED", [], []),
    "a unit that is none": ({"unit": "99"}, "CREDENTIAL_REVOKED", [], []),
    "its own province": ({"agency": "province-south", "province": SOUTH}, "", ["name"], []),
    "another province": ({"agency": "province-south", "province": "01"}, "PERSON_UNAVAILABLE", ["name"], []),
}


@pytest.mark.parametrize("name", PREVIEWS)
def test_a_preview_says_what_the_call_would_be_answered(name: str, operator: Caller) -> None:
    changed, reason, disclosed, withheld = PREVIEWS[name]
    agency = changed.get("agency", "hospital")
    purpose = AGENCIES[agency].purpose if agency in AGENCIES else "x"
    asked = {"agency": agency, "method": "LookUpPerson", "purpose": purpose, "legal_basis": BASIS, "fields": ["name"]}
    told = ask(operator, "PreviewCall", **(asked | changed))
    assert reason_pb2.ErrorReason.Name(told.reason) == f"ERROR_REASON_{reason or 'UNSPECIFIED'}"
    assert (told.allowed, list(told.disclosed), list(told.withheld)) == (not reason, disclosed, withheld)
    assert bool(told.grant_id) == bool(disclosed or withheld)


@pytest.mark.parametrize("fields", [["name"], ["name", "religion"], ["religion"], ["birth_date", "sex"]], ids=str)
def test_a_preview_and_the_call_agree(fields: list[str], operator: Caller, hospital: Caller) -> None:
    context = AGENCIES["hospital"].context
    told = ask(
        operator,
        "PreviewCall",
        agency="hospital",
        method="LookUpPerson",
        purpose=context.purpose,
        legal_basis=context.legal_basis,
        fields=fields,
    )
    made = hospital.look_up(number_of(76), fields, context)
    reason = reason_pb2.ErrorReason.Name(told.reason).removeprefix("ERROR_REASON_")
    assert made.reason == ("" if told.allowed else reason)


def test_what_ends_soon_is_told_first_to_last(operator: Caller) -> None:
    grants = ask(operator, "ListExpiringGrants", days=2).grants
    ends = [each.grant.until_time.seconds for each in grants]
    assert "hospital" in {each.agency for each in grants}
    assert ends == sorted(ends)
    assert not {each.agency for each in grants} & {"operator", "operator-second"}
    assert try_(operator, "ListExpiringGrants", days=401).reason == "ARGUMENT_INVALID"


def test_what_was_never_used_is_named_once_the_grant_is_old_enough(gateway: Gateway, operator: Caller) -> None:
    found = ask(operator, "ListUnusedRights", days=1)
    assert (found.complete, list(found.rights)) == (True, [])  # no grant of this gateway is a day old
    assert try_(operator, "ListUnusedRights", agency="nobody").reason == "RECORD_UNKNOWN"
    assert try_(operator, "ListUnusedRights", days=401).reason == "ARGUMENT_INVALID"


def test_who_may_look_people_up_may_not_ask_about_the_policy(hospital: Caller) -> None:
    assert try_(hospital, "ListFieldHolders", field="name").reason in ("METHOD_NOT_GRANTED", "PURPOSE_NOT_GRANTED")
