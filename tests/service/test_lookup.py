"""LookUpPerson against a real gateway: the answer and its entry, then every refusal."""

from __future__ import annotations

import grpc

from gateway.api.v1 import lookup_service_pb2
from gateway.audit.entry import Decision, Kind
from gateway.wire import receipt_from_wire
from tests.caller import Caller, check_receipt
from tests.gateway import AGENCIES, Gateway
from tests.world import BASIC, FORMER_NUMBER, FULL, number_of

HOSPITAL = AGENCIES["hospital"].context


def test_an_answer_holds_what_was_asked_and_its_entry_is_in_the_log(gateway: Gateway, hospital: Caller) -> None:
    reply = hospital.look_up(number_of(7), BASIC, HOSPITAL)
    answer = lookup_service_pb2.LookUpPersonResponse.FromString(reply.body)
    assert reply.code is grpc.StatusCode.OK
    assert answer.person.number == number_of(7)
