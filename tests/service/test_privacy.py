"""Nothing personal leaves by a side door: refusals, counters, process output, plain entries."""

from __future__ import annotations

import re
from collections.abc import Callable

from gateway.api.v1 import audit_service_pb2
from gateway.chain.translate import TABLE
from tests.caller import LOOK_UP, PULL, PUSH, QUERY, Caller, look_up_request, pull_request, push_request
from tests.gateway import AGENCIES, Gateway
from tests.world import BASIC, FORMER_NUMBER, FULL, number_of

HOSPITAL = AGENCIES["hospital"].context
INSURANCE = AGENCIES["insurance"].context
NUMBER = re.compile(rb"(?<![0-9a-f])0[0-9]{11}(?![0-9a-f])")
PERSONAL = [
    text.encode()
    for text in (
        *("Nguyễn", "Hòa", "Lành", "Hàng Than", "Lê Lợi", "hoa@example.vn", "0912345678"),
        *(HOSPITAL.case_reference, HOSPITAL.officer, "0123456789", "GD4790123456789"),
    )
]
SECRET_WORD = "Nguyễn-Thị-Lành"


def _assert_nothing_personal(text: bytes, where: str) -> None:
    assert NUMBER.search(text) is None, f"a personal number stands in {where}"
    for word in (*PERSONAL, SECRET_WORD.encode()):
        assert word not in text, f"{word.decode()} stands in {where}"


def _make_every_kind_of_call(hospital: Caller, insurance: Caller) -> list[bytes]:
    """Answers, refusals and a push about known people. Returns the refusals' status bytes."""
    for position in (FULL, 91, 92):
        hospital.look_up(number_of(position), BASIC, HOSPITAL)
    insurance.call(PUSH, push_request([number_of(FULL)], ["social_insurance.status"], INSURANCE, status=2))
    insurance.call(PULL, pull_request([*BASIC, "social_insurance"], INSURANCE, people_max=10))
    refused = [
        hospital.look_up(FORMER_NUMBER, ["contact"], HOSPITAL),
        hospital.look_up("001090999999", ["name"], HOSPITAL),
        hospital.look_up(number_of(93) + "1", ["name"], HOSPITAL),
        hospital.look_up(SECRET_WORD, ["name"], HOSPITAL),
        hospital.look_up(number_of(93), [SECRET_WORD], HOSPITAL),
        hospital.look_up(number_of(93), [number_of(93)], HOSPITAL),
        hospital.call(LOOK_UP, look_up_request(number_of(93), ["name"], None)),
        hospital.call(LOOK_UP, b"\xff" + number_of(93).encode()),
        hospital.call(QUERY, b""),
        insurance.call(PUSH, push_request([number_of(94)] * 2, ["name"], INSURANCE, status=2)),
        insurance.call(PUSH, push_request([number_of(94)], ["social_insurance.code"], INSURANCE, code=SECRET_WORD)),
        hospital.look_up(number_of(93), ["name"], HOSPITAL, token=number_of(93)),
    ]
    assert all(reply.reason in TABLE for reply in refused), refused
    assert "INTERNAL" not in {reply.reason for reply in refused}
    return [reply.status for reply in refused]


def test_nothing_personal_leaves_by_a_side_door(gateway: Gateway, hospital: Caller, insurance: Caller) -> None:
    refusals = _make_every_kind_of_call(hospital, insurance)
    for status in refusals:
        _assert_nothing_personal(status, "a refusal")
    gateway.publish()
    _assert_nothing_personal(gateway.exposition().encode(), "/metrics")
    _assert_nothing_personal(gateway.output(), "the output of the processes")
    for entry in gateway.log_bytes():
        _assert_nothing_personal(entry, "a plain entry")


def test_details_are_not_readable_without_their_key(gateway: Gateway, hospital: Caller) -> None:
    hospital.look_up(number_of(95), BASIC, HOSPITAL)
    gateway.publish()
    for path in (gateway.state / "audit").rglob("*"):
        if path.is_file():
            _assert_nothing_personal(path.read_bytes(), path.name)


def test_labels_hold_no_word_that_a_caller_made_up(gateway: Gateway, hospital: Caller) -> None:
    made_up = type(HOSPITAL)("made.up.purpose", "made/up", "case", "officer")
    assert hospital.look_up(number_of(96), ["name"], made_up).reason == "PURPOSE_NOT_GRANTED"
    assert "made" not in gateway.exposition()


def test_no_word_that_a_caller_made_up_stands_in_clear_in_the_log(
    gateway: Gateway, hospital: Caller, caller_of: Callable[[str], Caller]
) -> None:
    number = f"p{number_of(97)}"
    made_up = type(HOSPITAL)(number, "made/up", "case", "officer")
    reply = hospital.look_up(number_of(97), ["name"], made_up)
    assert (reply.reason, reply.receipt is not None) == ("PURPOSE_NOT_GRANTED", True)
    assert reply.receipt is not None
    entry, detail = gateway.entry(reply.receipt.index)
    assert (entry.purpose, entry.legal_basis) == ("", "")
    assert detail is not None
    assert detail.note == f"stated {number} made/up"
    query = audit_service_pb2.QueryAccessesRequest(
        context=AGENCIES["auditor"].context.message(), number=number_of(97), entries_max=1
    )
    answer = audit_service_pb2.QueryAccessesResponse.FromString(caller_of("auditor").call(QUERY, query).body)
    assert [(access.purpose, access.legal_basis) for access in answer.accesses] == [(number, "made/up")]


def test_only_the_owner_can_read_private_files(gateway: Gateway) -> None:
    for folder in ("ca", "keys", "tls", "operator", "wal", "agencies"):
        paths = list((gateway.state / folder).rglob("*"))
        assert paths, folder
        for path in paths:
            assert path.stat().st_mode & 0o077 == 0, path.name
