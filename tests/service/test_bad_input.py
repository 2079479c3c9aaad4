"""Requests malformed in every field that their descriptors have, to look-ups and verifications one by one, in batches
and in streams: answered or refused as the caller's mistake, never as ours, and no text comes back.

Batches of none and of 1,001, duplicate references, columns of another length, contradictory dates and fields that may
not be verified have their cases in test_batch.py, test_stream.py and test_verify.py.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import grpc
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gateway.api.v1 import lookup_service_pb2, verification_pb2
from gateway.chain.translate import TABLE
from tests.caller import Caller, Reply, refused
from tests.gateway import AGENCIES, Gateway
from tests.world import FULL, GUARDIAN, number_of

SERVICE = "/gateway.api.v1.LookupService/"
OURS = {"INTERNAL", "REGISTRY_UNAVAILABLE", "AUDIT_UNAVAILABLE", "POLICY_STALE", "STREAMS_EXHAUSTED"}
"""Reasons that would mean that the gateway is at fault."""
NAME = "Nguyễn Văn Hòa"
ODD = (
    "\x00",
    f"{NAME}\x00",
    "\x1b[31mHòa\x07",
    "\u202eaòH năV nễyugN\u2066",
    "👨‍👩‍👧‍👦",
    unicodedata.normalize("NFD", "Nguyễn") + " Văn Hòa",
    "ễ" * 10_240,
    "\ufeff\u200f",
    "'; DROP TABLE person; --",
    "%s%n{0}../../etc",
    "\ud7ff\ue000\uffff",
    "01/13/2026",
)
TEXT = st.sampled_from(ODD) | st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
SETTINGS = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@dataclass(frozen=True, slots=True)
class Kind:
    """A method, who asks, and a request of it that is answered."""

    method: str
    agency: str
    good: Callable[[], Any]
    streamed: bool = False


def _look_up() -> Any:
    request = lookup_service_pb2.LookUpPersonRequest(number=number_of(1))
    request.field_mask.paths.append("name")
    return request


def _batch_look_up() -> Any:
    request = lookup_service_pb2.BatchLookUpPersonsRequest()
    request.field_mask.paths.append("name")
    for position in (1, 2):
        request.items.add(number=number_of(position), reference=f"r{position}")
    return request


def _verify() -> Any:
    request = verification_pb2.VerifyPersonRequest(number=number_of(1))
    request.claims.add(path="name", value=NAME)
    request.questions.add(predicate="resident_of_province", value="01")
    return request


def _batch_verify() -> Any:
    request = verification_pb2.BatchVerifyPersonsRequest(numbers=[number_of(1), number_of(2)])
    request.claims.add(path="name", values=[NAME, ""])
    request.questions.add(predicate="resident_of_province", values=["01", ""])
    return request


def _stated(make: Callable[[], Any], agency: str) -> Callable[[], Any]:
    def stated() -> Any:
        request = make()
        request.context.CopyFrom(AGENCIES[agency].context.message())
        return request

    return stated


KINDS = {
    "look up one": Kind("LookUpPerson", "hospital", _stated(_look_up, "hospital")),
    "look up many": Kind("BatchLookUpPersons", "hospital", _stated(_batch_look_up, "hospital")),
    "look up in a stream": Kind("StreamLookUpPersons", "hospital", _stated(_batch_look_up, "hospital"), True),
    "verify one": Kind("VerifyPerson", "bank", _stated(_verify, "bank")),
    "verify many": Kind("BatchVerifyPersons", "bank", _stated(_batch_verify, "bank")),
    "verify in a stream": Kind("StreamVerifyPersons", "bank", _stated(_batch_verify, "bank"), True),
}
FRAMES = {
    "StreamLookUpPersons": (
        lookup_service_pb2.StreamLookUpPersonsRequest,
        lookup_service_pb2.StreamLookUpPersonsResponse,
    ),
    "StreamVerifyPersons": (
        verification_pb2.StreamVerifyPersonsRequest,
        verification_pb2.StreamVerifyPersonsResponse,
    ),
}


def _places(message: Any) -> Iterator[tuple[Any, Any]]:
    """Every field of a request and of the messages in it, with the message that holds it."""
    for field in message.DESCRIPTOR.fields:
        yield message, field
        if field.message_type is not None:
            held = getattr(message, field.name)
            for each in held if field.is_repeated else [held]:
                yield from _places(each)


def _spoil(message: Any, field: Any, data: st.DataObject) -> None:
    """Put something odd into one field."""
    if field.message_type is not None:
        if field.is_repeated and data.draw(st.booleans()):
            getattr(message, field.name).add()
        else:
            message.ClearField(field.name)
        return
    if field.cpp_type == field.CPPTYPE_STRING:
        value: Any = data.draw(TEXT)
    else:
        value = data.draw(st.sampled_from([0, 1, 5, 99, 2**31 - 1]))
    if not field.is_repeated:
        setattr(message, field.name, value)
        return
    held = getattr(message, field.name)
    action = data.draw(st.sampled_from(["set", "twice", "none", "many"]))
    if action == "none":
        del held[:]
    elif action == "many":
        held.extend([value[:8]] * 1001)
    else:
        held.extend([value] * (1 + (action == "twice")))
        del held[:1]


def _sent(caller: Caller, kind: Kind, request: Any) -> tuple[Reply, bytes]:
    """The request alone, or in a stream before a good one; and all that came back, without receipts' hashes."""
    if not kind.streamed:
        reply = caller.call(SERVICE + kind.method, request)
        return reply, reply.status
    request_frame, response_frame = FRAMES[kind.method]
    messages = [request_frame(batch=batch).SerializeToString() for batch in (request, kind.good())]
    call: Any = caller.channel.stream_stream(SERVICE + kind.method)
    stream = call(iter(messages), metadata=[("authorization", f"Bearer {caller.token}")], timeout=10.0)
    frames: list[Any] = []
    try:
        frames.extend(response_frame.FromString(raw) for raw in stream)
    except grpc.RpcError as error:
        reply = refused(error)
        return reply, b"".join([reply.status, *(frame.refusal.SerializeToString() for frame in frames)])
    assert [frame.sequence for frame in frames] == [1, 2]
    assert frames[1].HasField("batch"), "a stream that goes on answers what is right"
    return Reply(stream.code()), frames[0].refusal.SerializeToString()


@pytest.mark.parametrize("name", KINDS)
@SETTINGS
@given(data=st.data())
def test_any_field_may_hold_anything(
    caller_of: Callable[[str], Caller], gateway: Gateway, name: str, data: st.DataObject
) -> None:
    kind = KINDS[name]
    request = kind.good()
    for _ in range(data.draw(st.integers(1, 3))):
        message, field = data.draw(st.sampled_from(list(_places(request))))
        _spoil(message, field, data)
    reply, told = _sent(caller_of(kind.agency), kind, request)
    if reply.code is not grpc.StatusCode.OK:
        assert reply.reason in TABLE.keys() - OURS, reply
    for text in (NAME, *ODD):
        if len(text) > 3:
            assert text.encode() not in told


def test_nothing_of_all_that_was_a_failure(gateway: Gateway) -> None:
    assert gateway.metric("gateway_failures_total") == 0


ROW = st.tuples(
    st.sampled_from([number_of(FULL), number_of(1), number_of(GUARDIAN), "010203040", "8012345677", "0010900000001"]),
    TEXT | st.sampled_from([NAME, NAME.upper(), "Nguyễn Thị Hoà"]),
    TEXT | st.sampled_from(["1990", "30/04/1990", "30.02.1990", "1990-13-01", "31/12/9999", "0000-00-00"]),
    TEXT | st.sampled_from(["01", "79", "1", "999"]),
)
ABSENT_FIELDS = ("social_insurance.code", "driver_licence.number")


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(ROW, min_size=1, max_size=6))
@example(rows=[(number_of(1), text, "1990", "01") for text in ODD])
def test_odd_rows_are_answered_alike_alone_in_a_batch_and_in_a_stream(
    caller_of: Callable[[str], Caller], rows: list[tuple[str, str, str, str]]
) -> None:
    """Values over fields that the person lacks among them, and predicates over what is not registered."""
    bank, context = caller_of("bank"), AGENCIES["bank"].context.message()
    table = verification_pb2.BatchVerifyPersonsRequest(context=context, numbers=[row[0] for row in rows])
    stated = {"name": 1, "birth_date": 2, **dict.fromkeys(ABSENT_FIELDS, 1)}
    for path, at in stated.items():
        table.claims.add(path=path, values=[row[at] for row in rows])
    table.questions.add(predicate="resident_of_province", values=[row[3] for row in rows])
    table.questions.add(predicate="same_household", values=[row[1] for row in rows])
    table.questions.add(predicate="age_at_least:18")
    batch = verification_pb2.BatchVerifyPersonsResponse.FromString(
        bank.call(SERVICE + "BatchVerifyPersons", table).body
    )
    assert len(batch.outcomes) == len(rows)
    frame = verification_pb2.StreamVerifyPersonsRequest(batch=table).SerializeToString()
    call: Any = bank.channel.stream_stream(SERVICE + "StreamVerifyPersons")
    (raw,) = call(iter([frame]), metadata=[("authorization", f"Bearer {bank.token}")], timeout=10.0)
    streamed = verification_pb2.StreamVerifyPersonsResponse.FromString(raw).batch
    assert (streamed.outcomes, streamed.verdicts, streamed.answers) == (batch.outcomes, batch.verdicts, batch.answers)
    for at, row in enumerate(rows):
        request = verification_pb2.VerifyPersonRequest(context=context, number=row[0])
        for path, place in stated.items():
            request.claims.add(path=path, value=row[place])
        for predicate, value in (("resident_of_province", row[3]), ("same_household", row[1]), ("age_at_least:18", "")):
            request.questions.add(predicate=predicate, value=value)
        reply = bank.call(SERVICE + "VerifyPerson", request)
        if batch.outcomes[at] == verification_pb2.PERSON_OUTCOME_UNREADABLE:
            assert (reply.reason, reply.violations) == ("ARGUMENT_INVALID", ("number",))
            continue
        alone = verification_pb2.VerifyPersonResponse.FromString(reply.body)
        assert alone.outcome == batch.outcomes[at]
        assert bytes(each.verdict for each in alone.verdicts) == batch.verdicts[at * 4 : at * 4 + 4]
        assert bytes(each.answer for each in alone.answers) == batch.answers[at * 3 : at * 3 + 3]


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.streamed])
def test_a_stream_closed_half_way_or_out_of_time_leaves_the_next_one_whole(
    caller_of: Callable[[str], Caller], name: str
) -> None:
    kind = KINDS[name]
    caller, (request_frame, response_frame) = caller_of(kind.agency), FRAMES[kind.method]
    good = request_frame(batch=kind.good()).SerializeToString()
    call: Any = caller.channel.stream_stream(SERVICE + kind.method)
    metadata = [("authorization", f"Bearer {caller.token}")]

    def without_end() -> Iterator[bytes]:
        while True:
            yield good

    left = call(without_end(), metadata=metadata, timeout=10.0)
    assert response_frame.FromString(next(left)).HasField("batch")
    left.cancel()
    late = call(without_end(), metadata=metadata, timeout=0.2)
    with pytest.raises(grpc.RpcError) as ended:
        list(late)
    assert refused(ended.value).code is grpc.StatusCode.DEADLINE_EXCEEDED
    assert _sent(caller, kind, kind.good())[0].code is grpc.StatusCode.OK
