"""Verifying people who are named by numbers of older kinds: who is meant, who is told, and that nobody is guessed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc
import pytest

from gateway.api.v1 import verification_pb2
from gateway.audit.keys import KeyRing
from gateway.audit.paths import AuditPaths
from gateway.client import BlockingClient, Identity
from tests.caller import Caller
from tests.gateway import AGENCIES, Gateway
from tests.service.test_verify import BATCH_VERIFY, CARD, ask, batch
from tests.world import FORMER_NUMBER, FULL, GUARDIAN, HUSBAND, SHARED_CARD, SHARED_CODE, WIFE, number_of

CARD_OF_FULL, CODE_OF_FULL, NOBODYS = "010203040", "0123456789", "010203041"
INSURANCE, TAX = 3, 4  # numbers of NumberKind
NAMES = {FULL: "Nguyễn Thị Hòa", WIFE: "Trần Thị Hằng", HUSBAND: "Lê Đức Thủy", GUARDIAN: "Lê Đức Thụy"}
FOUND, ABSENT, UNREADABLE, AMBIGUOUS, WITHHELD = 1, 2, 3, 5, 6
Answer = verification_pb2.VerifyPersonResponse
Table = verification_pb2.BatchVerifyPersonsResponse


def _one(caller_of: Callable[[str], Caller], agency: str, number: str, name: str, kind: int = 0) -> tuple[Any, Any]:
    reply = ask(caller_of(agency), agency, {"name": name}, number=number, kind=kind)
    assert reply.code is grpc.StatusCode.OK, reply
    answer = Answer.FromString(reply.body)
    return answer, (int(answer.outcome), int(answer.verdicts[0].verdict))


@pytest.mark.parametrize(
    ("number", "kind", "person"),
    [
        (CARD_OF_FULL, 0, FULL),
        (CODE_OF_FULL, 0, FULL),
        (CODE_OF_FULL, INSURANCE, FULL),
        (SHARED_CODE, INSURANCE, GUARDIAN),
        (SHARED_CODE, TAX, HUSBAND),
    ],
)
def test_who_alone_has_the_number_is_compared(
    gateway: Gateway, caller_of: Callable[[str], Caller], number: str, kind: int, person: int
) -> None:
    answer, told = _one(caller_of, "bank", number, NAMES[person], kind)
    assert told == (FOUND, verification_pb2.VERDICT_MATCH)
    entry, detail = gateway.entry(answer.receipt.index)
    key = KeyRing(AuditPaths(str(gateway.state)).keys, lambda _count: b"").current_tag(entry.time_us)
    assert (entry.people, entry.has_tag(key.person(person))) == (1, True)
    assert detail is not None
    assert (detail.numbers, detail.person_ids) == ((number,), (person,))


@pytest.mark.parametrize(("number", "holders"), [(SHARED_CARD, (WIFE, HUSBAND)), (SHARED_CODE, (HUSBAND, GUARDIAN))])
def test_of_several_nobody_is_guessed_and_all_are_tagged(
    gateway: Gateway, caller_of: Callable[[str], Caller], number: str, holders: tuple[int, ...]
) -> None:
    answer, told = _one(caller_of, "bank", number, NAMES[holders[0]])
    assert told == (AMBIGUOUS, 0)
    entry, detail = gateway.entry(answer.receipt.index)
    key = KeyRing(AuditPaths(str(gateway.state)).keys, lambda _count: b"").current_tag(entry.time_us)
    assert entry.people == 0
    assert all(entry.has_tag(key.person(person)) for person in holders)
    assert entry.has_tag(key.number(number))
    assert detail is not None
    assert (detail.numbers, detail.person_ids) == ((number,), (0,))


def test_holders_out_of_scope_are_as_if_they_were_not(caller_of: Callable[[str], Caller]) -> None:
    assert _one(caller_of, "bank-south", SHARED_CARD, NAMES[WIFE])[1] == (FOUND, verification_pb2.VERDICT_MATCH)
    hidden, told = _one(caller_of, "bank-south", CARD_OF_FULL, NAMES[FULL])
    nobody, nobody_told = _one(caller_of, "bank-south", NOBODYS, NAMES[FULL])
    assert told == nobody_told == (ABSENT, 0)
    for answer in (hidden, nobody):
        answer.ClearField("receipt")
        answer.ClearField("read_time")
    assert hidden == nobody


def test_who_may_not_compare_the_field_may_not_name_people_by_it(
    gateway: Gateway, caller_of: Callable[[str], Caller]
) -> None:
    for number, paths in ((CARD_OF_FULL, ["legacy_number"]), (CODE_OF_FULL, ["social_insurance.code"])):
        answer, told = _one(caller_of, "lender", number, NAMES[FULL])
        assert told == (WITHHELD, 0)
        assert [each.path for each in answer.withheld] == paths
        entry, _ = gateway.entry(answer.receipt.index)
        key = KeyRing(AuditPaths(str(gateway.state)).keys, lambda _count: b"").current_tag(entry.time_us)
        assert (entry.people, entry.has_tag(key.person(FULL))) == (0, False)
    # Nobody was looked for, so nothing was guessed at: the budget of two is whole.
    for _ in range(3):
        assert _one(caller_of, "lender", NOBODYS, "x")[1] == (WITHHELD, 0)


def test_in_one_batch_and_in_a_stream_each_row_is_answered_as_alone(
    gateway: Gateway, caller_of: Callable[[str], Caller]
) -> None:
    numbers = [
        *(number_of(FULL), CARD_OF_FULL, SHARED_CARD, "12", CODE_OF_FULL, SHARED_CODE, NOBODYS, FORMER_NUMBER),
        *("0102030405", "01020304O", "０１０２０３０４０", "", CARD_OF_FULL, "001090999999"),
    ]
    names = [NAMES[FULL]] * len(numbers)
    reply = caller_of("bank").call(BATCH_VERIFY, batch("bank", numbers, {"name": names}))
    table = Table.FromString(reply.body)
    assert table.outcomes == bytes([1, 1, 5, 3, 1, 5, 2, 1, 2, 3, 3, 3, 1, 2])
    assert (table.verdicts, table.people_count) == (bytes(outcome == 1 for outcome in table.outcomes), 5)
    entry, detail = gateway.entry(table.receipt.index)
    assert detail is not None
    assert (entry.people, detail.numbers) == (
        5,
        tuple(number for row, number in enumerate(numbers) if table.outcomes[row] != 3),
    )
    for row, number in enumerate(numbers):
        if table.outcomes[row] != UNREADABLE:
            assert _one(caller_of, "bank", number, names[row])[1] == (table.outcomes[row], table.verdicts[row])
    with BlockingClient(Identity.from_folder(gateway.identity("bank")), gateway.address) as client:
        rows = list(zip(numbers, names, strict=True))
        context = AGENCIES["bank"].context
        streamed = list(client.verify_many(rows, ["name"], context=context))
        as_tax = list(client.verify_many(rows, ["name"], kind="tax", context=context))
        one = client.verify(SHARED_CODE, claims={"name": NAMES[HUSBAND]}, kind="tax", context=context)
    outcomes = [verification_pb2.PersonOutcome.Value(f"PERSON_OUTCOME_{each.outcome}") for each in streamed]
    assert bytes(outcomes) == table.outcomes
    assert [each.matches for each in streamed] == [verdict == 1 for verdict in table.verdicts]
    assert one.verified.matches
    by_kind = {number: each.outcome for number, each in zip(numbers, as_tax, strict=True)}
    assert (by_kind[CARD_OF_FULL], by_kind[number_of(FULL)], by_kind[SHARED_CODE]) == ("UNREADABLE", "FOUND", "FOUND")


def test_a_batch_of_numbers_that_all_are_ambiguous_fits_an_entry(
    gateway: Gateway, caller_of: Callable[[str], Caller]
) -> None:
    reply = caller_of("bank").call(BATCH_VERIFY, batch("bank", [SHARED_CARD] * 1000, {"name": ["x"] * 1000}))
    table = Table.FromString(reply.body)
    assert (table.outcomes, table.people_count) == (bytes([AMBIGUOUS]) * 1000, 0)
    assert gateway.entry(table.receipt.index)[0].people == 0


@pytest.mark.parametrize(
    ("fields", "violation"),
    [
        ({"number": CARD_OF_FULL, "kind": TAX}, "number"),
        ({"number": CARD_OF_FULL, "kind": 99}, "kind"),
        ({"number": number_of(7), "kind": TAX}, "kind"),
        ({"number": "", "card_text": CARD, "kind": TAX}, "kind"),
        ({"number": "0102030"}, "number"),
        ({"number": "01020304050"}, "number"),
    ],
)
def test_a_kind_that_the_number_cannot_be_is_refused(
    caller_of: Callable[[str], Caller], fields: dict[str, Any], violation: str
) -> None:
    claims = {"nationality": "VN"}
    reply = ask(caller_of("bank"), "bank", claims, **fields)
    assert (reply.reason, reply.violations) == ("ARGUMENT_INVALID", (violation,))


def test_a_refused_call_is_found_by_the_older_number_in_it(
    gateway: Gateway, caller_of: Callable[[str], Caller]
) -> None:
    reply = ask(caller_of("bank"), "bank", {"shoe_size": "41"}, number=CARD_OF_FULL)
    assert (reply.reason, reply.receipt is not None) == ("FIELD_UNKNOWN", True)
    assert reply.receipt is not None
    entry, _ = gateway.entry(reply.receipt.index)
    key = KeyRing(AuditPaths(str(gateway.state)).keys, lambda _count: b"").current_tag(entry.time_us)
    assert entry.tags == key.number(CARD_OF_FULL)
