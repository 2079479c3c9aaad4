"""StreamLookUpPersons against a real gateway: answers in order, each with its entry; refusals in their place or at
the end; callers that stop half-way, never read or run out of time."""

from __future__ import annotations

import itertools
import os
import queue
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.api.v1 import context_pb2, lookup_service_pb2, reason_pb2
from gateway.audit.entry import Kind
from gateway.chain.places import STREAMS_PER_AGENCY_MAX
from gateway.wire import receipt_from_wire
from tests.caller import BATCH_LOOK_UP, STREAM_LOOK_UP, Caller, Reply, batch_request, check_receipt, refused
from tests.gateway import AGENCIES, Gateway
from tests.service.refusals import entries_of
from tests.world import BASIC, FORMER_NUMBER, FULL, number_of

HOSPITAL = AGENCIES["hospital"].context
ABSENT = "001090999999"
Frame = lookup_service_pb2.StreamLookUpPersonsResponse


def _message(
    numbers: Sequence[str], fields: Sequence[str] = ("number",), call_id: str = "", context: Any = HOSPITAL
) -> bytes:
    batch = batch_request(numbers, fields, context)
    if not fields:
        batch.ClearField("field_mask")
    request = lookup_service_pb2.StreamLookUpPersonsRequest(batch=batch, call_id=call_id)
    return request.SerializeToString()


@dataclass(frozen=True, slots=True)
class Said:
    """What a stream answered, and how it ended."""

    frames: list[Frame]
    end: Reply


def _say(caller: Caller, messages: Sequence[bytes], **options: Any) -> Said:
    """Send all messages, say that there are no more, and take all answers."""
    return _taken(_open(caller, iter(messages), **options))


def _open(caller: Caller, messages: Iterator[bytes], token: str | None = None, timeout: float = 20.0) -> Any:
    call: Any = caller.channel.stream_stream(STREAM_LOOK_UP)
    metadata = [("authorization", f"Bearer {caller.token if token is None else token}")]
    return call(messages, metadata=metadata, timeout=timeout)


def _taken(stream: Any) -> Said:
    frames: list[Frame] = []
    try:
        frames.extend(Frame.FromString(raw) for raw in stream)
    except grpc.RpcError as error:
        return Said(frames, refused(error))
    return Said(frames, Reply(stream.code()))


def _talk(caller: Caller) -> tuple[queue.Queue[bytes | None], Any]:
    """A stream that stays open: put messages in, None to say that there are no more."""
    messages: queue.Queue[bytes | None] = queue.Queue()
    return messages, _open(caller, iter(messages.get, None))


def _reason(frame: Frame) -> tuple[str, list[str]]:
    info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    for detail in frame.refusal.details:
        for each in (info, bad):
            if detail.Is(each.DESCRIPTOR):
                detail.Unpack(each)
    assert not frame.HasField("batch")
    assert info.metadata["call_id"] == frame.call_id
    return info.reason, [violation.field for violation in bad.field_violations]


def test_batches_are_answered_in_order_each_with_its_entry(gateway: Gateway, hospital: Caller) -> None:
    sizes = [1000, 1, 300, 2, 129]
    messages = [_message([number_of(at) for at in range(1, size + 1)], BASIC) for size in sizes]
    said = _say(hospital, messages)
    assert said.end.code is grpc.StatusCode.OK
    assert [frame.sequence for frame in said.frames] == [1, 2, 3, 4, 5]
    assert [frame.batch.people_count for frame in said.frames] == sizes
    for frame in said.frames:
        assert [result.person.number for result in frame.batch.results] == [
            number_of(at + 1) for at in range(len(frame.batch.results))
        ]
        receipt = receipt_from_wire(frame.batch.receipt)
        check_receipt(receipt, gateway.state / "audit")
        entry, detail = gateway.entry(receipt.index)
        assert (entry.kind, entry.method, entry.people) == (
            Kind.DISCLOSURE,
            "StreamLookUpPersons",
            frame.batch.people_count,
        )
        assert (entry.call_id.hex(), entry.stream_sequence) == (frame.call_id, frame.sequence)
        assert detail is not None
        assert len(detail.numbers) == entry.people


def test_context_and_mask_stay_as_last_stated(gateway: Gateway, hospital: Caller) -> None:
    other = type(HOSPITAL)(HOSPITAL.purpose, HOSPITAL.legal_basis, "HS-2026-0002", "officer-18")
    said = _say(
        hospital,
        [
            _message([number_of(1)], ["sex"]),
            _message([number_of(2)], (), context=None),
            _message([number_of(3)], ["number"], context=other),
            _message([number_of(4)], (), context=None),
        ],
    )
    fields = [[field.name for field, _ in frame.batch.results[0].person.ListFields()] for frame in said.frames]
    assert fields == [["sex"], ["sex"], ["number"], ["number"]]
    details = [gateway.entry(frame.batch.receipt.index)[1] for frame in said.frames]
    cases = [detail.case_reference for detail in details if detail is not None]
    assert cases == [*[HOSPITAL.case_reference] * 2, *["HS-2026-0002"] * 2]


def test_a_batch_keeps_the_call_id_that_its_caller_gave_it(gateway: Gateway, hospital: Caller) -> None:
    call_id = os.urandom(16).hex()
    said = _say(hospital, [_message([number_of(1)], call_id=call_id)] * 2)
    assert [frame.call_id for frame in said.frames] == [call_id, call_id]
    indexes = [frame.batch.receipt.index for frame in said.frames]
    assert [gateway.entry(index)[0].call_id.hex() for index in indexes] == [call_id, call_id]


MISTAKES: dict[str, tuple[bytes, str, list[str]]] = {
    "no batch": (b"", "CONTEXT_MISSING", ["context.purpose", "context.legal_basis"]),
    "no items": (_message([]), "ARGUMENT_INVALID", ["items"]),
    "1,001 items": (_message([number_of(1)] * 1001), "ARGUMENT_INVALID", ["items"]),
    "no mask": (_message([number_of(1)], ()), "MASK_EMPTY", []),
    "an unknown field": (_message([number_of(1)], ["x"]), "FIELD_UNKNOWN", ["field_mask.paths[0]"]),
    "no context": (
        _message([number_of(1)], context=None),
        "CONTEXT_MISSING",
        ["context.purpose", "context.legal_basis"],
    ),
    "a call id of zeros": (_message([number_of(1)], call_id="0" * 32), "ARGUMENT_INVALID", ["call_id"]),
    "a short call id": (_message([number_of(1)], call_id="ab"), "ARGUMENT_INVALID", ["call_id"]),
    "more than a mebibyte": (_message(["x" * 1200] * 1000), "MESSAGE_TOO_LARGE", []),
    "no protobuf": (b"\xff\xff\xff", "ARGUMENT_INVALID", [""]),
}


@pytest.fixture(scope="module")
def mistakes(gateway: Gateway, hospital_of_module: Caller) -> dict[str, Said]:
    """Each mistake as the first message of a stream, and a good message after it."""
    good = _message([number_of(1)])
    return {name: _say(hospital_of_module, [raw, good]) for name, (raw, _, _) in MISTAKES.items()}


@pytest.fixture(scope="module")
def hospital_of_module(caller_of: Callable[[str], Caller]) -> Caller:
    """As `hospital`, for a module."""
    return caller_of("hospital")


@pytest.mark.parametrize("name", MISTAKES)
def test_a_batch_that_is_wrong_is_refused_in_its_place_and_the_stream_goes_on(
    name: str, gateway: Gateway, mistakes: dict[str, Said]
) -> None:
    _, reason, fields = MISTAKES[name]
    wrong, good = mistakes[name].frames
    assert mistakes[name].end.code is grpc.StatusCode.OK
    found = _reason(wrong)
    assert (found[0], found[1][: len(fields)]) == (reason, fields)
    assert (good.sequence, good.batch.people_count) == (2, 1)
    entry, _ = entries_of(gateway, [wrong.call_id])[wrong.call_id]
    assert (entry.kind, entry.agency, entry.stream_sequence, entry.people) == (Kind.REFUSAL, "hospital", 1, 0)
    assert entry.reason == reason_pb2.ErrorReason.Value(f"ERROR_REASON_{reason}")


def test_what_the_policy_refuses_ends_the_stream_after_the_answers_before_it(
    gateway: Gateway, hospital: Caller
) -> None:
    elsewhere = type(HOSPITAL)("insurance.mirror", HOSPITAL.legal_basis, "c", "o")
    said = _say(
        hospital, [_message([number_of(1)] * 500), _message([number_of(2)], context=elsewhere), _message([ABSENT])]
    )
    assert [frame.batch.people_count for frame in said.frames] == [500]
    assert said.end.reason == "PURPOSE_NOT_GRANTED"
    assert said.end.receipt is not None
    check_receipt(said.end.receipt, gateway.state / "audit")
    assert gateway.entry(said.end.receipt.index)[0].stream_sequence == 2


@pytest.mark.parametrize(
    ("agency", "token", "reason"),
    [
        ("hospital", "", "CREDENTIAL_MALFORMED"),
        ("hospital", "x", "CREDENTIAL_MALFORMED"),
        ("carrier", None, "METHOD_NOT_GRANTED"),
    ],
)
def test_a_stream_of_somebody_who_may_not_ends_at_once(
    agency: str, token: str | None, reason: str, caller_of: Callable[[str], Caller]
) -> None:
    said = _say(caller_of(agency), [_message([number_of(1)], context=AGENCIES[agency].context)], token=token)
    assert (said.frames, said.end.reason) == ([], reason)


def test_a_stream_without_messages_ends_well(hospital: Caller) -> None:
    assert _say(hospital, []) == Said([], Reply(grpc.StatusCode.OK))


def test_streams_name_the_worker_that_serves_them(gateway: Gateway) -> None:
    seats = set()
    for _ in range(32):
        with Caller(gateway.identity("hospital"), gateway.address).with_token() as caller:
            stream = _open(caller, iter([_message([number_of(1)])]))
            found = {key: value for key, value in stream.initial_metadata() if key.startswith("popgate-worker")}
            assert found["popgate-workers"] == "2"
            seats.add(found["popgate-worker"])
            stream.cancel()
        if len(seats) == 2:
            return
    raise AssertionError(seats)


def test_a_caller_that_leaves_half_way_stops_the_work(gateway: Gateway, hospital: Caller) -> None:
    messages, stream = _talk(hospital)
    messages.put(_message([number_of(1)] * 1000, BASIC))
    assert Frame.FromString(next(stream)).batch.people_count == 1000
    messages.put(_message([number_of(1)] * 1000, BASIC))
    stream.cancel()
    messages.put(None)
    assert _say(hospital, [_message([number_of(1)])]).frames[0].batch.people_count == 1


def test_a_caller_that_never_reads_is_not_worked_for_without_end(gateway: Gateway) -> None:
    with Caller(gateway.identity("hospital"), gateway.address).with_token() as caller:
        sent = itertools.count()

        def messages() -> Iterator[bytes]:
            for _ in sent:
                yield message

        message = _message([number_of(at) for at in range(1, 1001)], [*BASIC, "birth_place"])
        labels = {"agency": "hospital", "method": "StreamLookUpPersons"}
        before = gateway.metric("gateway_calls_total", **labels)
        stream = _open(caller, messages(), timeout=60)
        answered, still = before, 0
        deadline = time.monotonic() + 20
        while still < 5 and time.monotonic() < deadline:
            time.sleep(0.1)
            now = gateway.metric("gateway_calls_total", **labels)
            still, answered = (still + 1, answered) if now == answered > before else (0, now)
        assert still == 5, "the gateway goes on answering somebody who does not read"
        assert answered - before < 64
        stream.cancel()


def test_a_deadline_shorter_than_the_work_ends_the_stream(hospital: Caller) -> None:
    def messages() -> Iterator[bytes]:
        while True:
            yield _message([number_of(1)] * 1000, BASIC)

    said = _taken(_open(hospital, messages(), timeout=0.4))
    assert said.end.code is grpc.StatusCode.DEADLINE_EXCEEDED
    assert [frame.sequence for frame in said.frames] == list(range(1, len(said.frames) + 1))
    assert _say(hospital, [_message([number_of(1)])]).end.code is grpc.StatusCode.OK


def test_one_agency_opens_a_bounded_number_of_streams(gateway: Gateway) -> None:
    with Caller(gateway.identity("hospital"), gateway.address).with_token() as caller:
        talks = []
        for _ in range(STREAMS_PER_AGENCY_MAX):
            messages, stream = _talk(caller)
            assert stream.initial_metadata()
            talks.append((messages, stream))
        assert _say(caller, []).end.reason == "STREAMS_EXHAUSTED"
        for messages, _ in talks:
            messages.put(None)
        for _, stream in talks:
            assert _taken(stream).end.code is grpc.StatusCode.OK
        assert _say(caller, []).end.code is grpc.StatusCode.OK


NUMBERS = st.one_of(
    st.integers(1, 40).map(number_of),
    st.sampled_from([number_of(FULL), FORMER_NUMBER, ABSENT, "", "1", "001090\x00000001", "999999999999"]),
)
MASKS = st.lists(
    st.sampled_from(
        [*BASIC, "birth_place", "relatives", "household", "social_insurance", "birth_date.year", "contact"]
    ),
    min_size=1,
    max_size=6,
    unique=True,
).filter(lambda mask: mask != ["contact"])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(numbers=st.lists(NUMBERS, min_size=1, max_size=31), mask=MASKS)
def test_alone_in_a_batch_and_in_a_stream_people_are_the_same_bytes(
    hospital: Caller, numbers: list[str], mask: list[str]
) -> None:
    batch = lookup_service_pb2.BatchLookUpPersonsResponse.FromString(
        hospital.call(BATCH_LOOK_UP, batch_request(numbers, mask, HOSPITAL)).body
    )
    (frame,) = _say(hospital, [_message(numbers, mask)]).frames
    assert [each.SerializeToString() for each in frame.batch.results] == [
        each.SerializeToString() for each in batch.results
    ]
    assert [_sent(each) for each in frame.batch.withheld] == [_sent(each) for each in batch.withheld]
    for number, result in zip(numbers, batch.results, strict=True):
        reply = hospital.look_up(number, mask, HOSPITAL)
        if result.reason:
            assert reply.reason == reason_pb2.ErrorReason.Name(result.reason).removeprefix("ERROR_REASON_")
            continue
        alone = lookup_service_pb2.LookUpPersonResponse.FromString(reply.body)
        assert alone.person.SerializeToString() == result.person.SerializeToString()
        assert (alone.version, alone.number_superseded) == (result.version, result.number_superseded)
        assert [_sent(each) for each in alone.withheld] == [_sent(each) for each in batch.withheld]
        assert [each.SerializeToString() for each in alone.sources] == [
            each.SerializeToString() for each in batch.sources
        ]


def _sent(withheld: context_pb2.WithheldField) -> bytes:
    return withheld.SerializeToString()


@pytest.mark.slow
def test_a_gateway_that_stops_answers_what_was_begun_and_says_that_the_stream_ended(own_gateway: Gateway) -> None:
    with Caller(own_gateway.identity("hospital"), own_gateway.address).with_token() as caller:
        messages, stream = _talk(caller)
        answered: Counter[str] = Counter()
        for at in range(2):
            messages.put(_message([number_of(1)] * 1000, BASIC, call_id=f"{at + 1:032x}"))
            answered[Frame.FromString(next(stream)).call_id] += 1
        assert own_gateway.process is not None
        own_gateway.process.send_signal(signal.SIGTERM)
        said = _taken(stream)
        messages.put(None)
        assert (said.end.reason, said.end.code) == ("STREAM_ENDED", grpc.StatusCode.UNAVAILABLE)
        assert said.end.retry_seconds is not None
        answered.update(frame.call_id for frame in said.frames)
    assert own_gateway.process.wait(20) == 0
    own_gateway.forget()
    recorded = Counter(entry.call_id.hex() for entry in own_gateway.log() if entry.method == "StreamLookUpPersons")
    assert recorded == answered
