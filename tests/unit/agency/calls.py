"""Calls of a role's methods without the chain: what the chain would have found out, and what it does with an answer."""

from __future__ import annotations

from typing import Any

from gateway.api.v1 import agency_service_pb2 as agency_pb
from gateway.chain.base import Answer, Call
from gateway.chain.methods import compile_methods
from tests.unit.agency.world import LEGAL_BASIS, PURPOSE, principal


def call_of(name: str, **known: Any) -> Call:
    call = Call(compile_methods()[name], bytes(16), b"")
    for field, value in known.items():
        setattr(call, field, value)
    return call


def body_of(answer: Answer) -> Any:
    return answer.body


async def effect(answer: Answer) -> None:
    assert answer.effect is not None
    await answer.effect()


def by(method: str, operator: str = "operator") -> Call:
    return call_of(method, principal=principal(operator, ""), officer="op-1", case_reference="K-1")


def wanted(**changed: Any) -> agency_pb.Grant:
    message = agency_pb.Grant(
        methods=["LookUpPerson"],
        purposes=[agency_pb.GrantedPurpose(purpose=PURPOSE, legal_bases=[LEGAL_BASIS])],
        fields=["name"],
        provinces=["01"],
    )
    for name, value in changed.items():
        message.ClearField(name)
        if name in ("from_time", "until_time"):
            getattr(message, name).seconds = value
        elif isinstance(value, int | str):
            setattr(message, name, value)
        else:
            getattr(message, name).extend(value)
    return message
