"""Verifying through the client: one, many over streams, cards; and the guess budget that bounds trying."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from gateway.api.v1 import verification_pb2
from gateway.audit.tags import TAG_BYTES
from gateway.client import BlockingClient, FieldVerdict, GatewayRefusal, Identity, ReceiptLog, Verified, connect
from gateway.client.receipts import read_receipts
from tests.caller import Caller
from tests.gateway import AGENCIES, Gateway
from tests.service.refusals import entries_of
from tests.service.test_verify import ABSENT, BATCH_VERIFY, CARD, FORMER_ADDRESS, ask, batch
from tests.world import FORMER_NUMBER, number_of

BANK = AGENCIES["bank"].context
LENDER = AGENCIES["lender"].context
MATCH, MISMATCH = FieldVerdict("MATCH"), FieldVerdict("MISMATCH")


def _item(position: int) -> tuple[str, str, str]:
    return number_of(position), "NGUYỄN VĂN HÒA", "30/04/1990"


async def test_many_are_verified_in_order_over_streams(gateway: Gateway, tmp_path: Path) -> None:
    items = [_item(1 + at % 1000) for at in range(2500)]
    items[3:6] = [("12", "x", "y"), ("001090999999", "x", "y"), (number_of(4), "", "1990")]
    kept = ReceiptLog(tmp_path / "receipts.jsonl")
    identity = Identity.from_folder(gateway.identity("bank"))
    async with connect(identity, gateway.address, receipt_log=kept) as client:
        found = [each async for each in client.verify_many(items, ["name", "birth_date"], context=BANK)]
    assert [each.number for each in found] == [item[0] for item in items]
    assert [each.outcome for each in found[2:7]] == ["FOUND", "UNREADABLE", "ABSENT", "FOUND", "FOUND"]
    assert found[2] == Verified(number_of(3), "FOUND", {"name": MATCH, "birth_date": MATCH}, {})
    assert found[5].verdicts == {"name": FieldVerdict(""), "birth_date": MISMATCH}
    assert [each.matches for each in found[:4]] == [True, False, True, False]
    receipts = [each for each in read_receipts(tmp_path / "receipts.jsonl") if each.method == "StreamVerifyPersons"]
    assert sorted(each.people for each in receipts) == [500, 998, 1000]
    entries = entries_of(gateway, [each.call_id for each in receipts])
    assert all(entries[each.call_id][0].people == each.people for each in receipts)
    assert all(entries[each.call_id][0].method == "StreamVerifyPersons" for each in receipts)


def test_a_program_without_an_event_loop_verifies_the_same(gateway: Gateway) -> None:
    with BlockingClient(Identity.from_folder(gateway.identity("bank")), gateway.address) as client:
        one = client.verify(card_text=CARD, claims={"nationality": "VN"}, questions=["alive"], context=BANK)
        cards = [(CARD, "VN", number_of(8)), ("no card", "VN", "")]
        asked = ("alive", "same_household")
        many = list(client.verify_many(cards, ["nationality"], predicates=asked, cards=True, context=BANK))
    assert (one.verified.matches, one.verified.answers) == (True, {"alive": "YES"})
    assert many[0].verdicts == one.verified.verdicts
    assert many[0].answers == {"alive": "YES", "same_household": "NO"}
    assert (many[0].number, many[1].outcome, many[1].matches) == (number_of(7), "UNREADABLE", False)


@pytest.mark.parametrize("paths", [("sex", "name", "birth_date"), ("birth_date",), ("name", "sex")])
def test_who_is_all_right_at_first_sight_spares_nobody_else_a_look(
    gateway: Gateway, caller_of: Callable[[str], Caller], paths: Sequence[str]
) -> None:
    bank = caller_of("bank")
    right = {"name": "Nguyễn Văn Hòa", "birth_date": "1990-04-30", "sex": "nam"}
    rows = [
        (number_of(41), right),
        (number_of(43), right | {"name": "NGUYEN VAN HOA", "birth_date": "30/04/1990", "sex": "male"}),
        (ABSENT, right),
        (number_of(41), right | {"birth_date": "1990-04-29", "sex": "nữ"}),
        (FORMER_NUMBER, right),
        (number_of(41), right | {"name": "", "sex": "", "birth_date": "1990"}),
        (number_of(45), right),
        (number_of(41), right),
    ]
    claims = {path: [stated[path] for _, stated in rows] for path in paths}
    answer = verification_pb2.BatchVerifyPersonsResponse.FromString(
        bank.call(BATCH_VERIFY, batch("bank", [number for number, _ in rows], claims)).body
    )
    width = len(paths)
    for row, (number, stated) in enumerate(rows):
        reply = ask(bank, "bank", {path: stated[path] for path in paths}, number=number)
        alone = verification_pb2.VerifyPersonResponse.FromString(reply.body)
        assert answer.outcomes[row] == alone.outcome
        assert list(answer.verdicts[row * width : (row + 1) * width]) == [each.verdict for each in alone.verdicts]
    assert answer.people_count == 7
    _, detail = gateway.entry(answer.receipt.index)
    assert detail is not None
    assert detail.person_ids == (41, 43, 0, 41, 4, 41, 45, 41)


async def test_an_item_of_another_width_is_the_callers_mistake(gateway: Gateway) -> None:
    async with connect(Identity.from_folder(gateway.identity("bank")), gateway.address) as client:
        for items in ([("1", "2", "3")], [("1",)], [("1", "2"), ("1",)]):
            with pytest.raises(ValueError, match="than the 2 that"):
                await anext(client.verify_many(items, ["name"], context=BANK))


def test_who_was_wrong_too_often_is_not_answered_even_when_right(
    gateway: Gateway, caller_of: Callable[[str], Caller]
) -> None:
    lender, number = caller_of("lender"), number_of(501)
    for guess in ("Nguyễn Văn Hóa", "Nguyễn Văn Hoà"):
        answer = verification_pb2.VerifyPersonResponse.FromString(
            ask(lender, "lender", {"name": guess}, number=number).body
        )
        entry, _ = gateway.entry(answer.receipt.index)
        assert len(entry.tags) == 3 * TAG_BYTES  # the person, a mark, the guess
    refused = ask(lender, "lender", {"name": "Nguyễn Văn Hòa"}, number=number)
    assert (refused.reason, refused.retry_seconds is not None) == ("QUOTA_EXHAUSTED", True)
    numbers = [number_of(502), number, number_of(503)]
    reply = lender.call(BATCH_VERIFY, batch("lender", numbers, {"name": ["NGUYỄN VĂN HÒA"] * 3}))
    table = verification_pb2.BatchVerifyPersonsResponse.FromString(reply.body)
    assert (table.outcomes, table.verdicts, table.people_count) == (bytes([1, 4, 1]), bytes([2, 0, 1]), 2)
    entry, _ = gateway.entry(table.receipt.index)
    assert entry.people == 2
    # A question without a value cannot be guessed at, and is answered as before.
    reply = ask(lender, "lender", {}, {"alive": ""}, number=number)
    assert verification_pb2.VerifyPersonResponse.FromString(reply.body).answers[0].answer == verification_pb2.YES_NO_YES


def test_trying_households_is_guessing_too(caller_of: Callable[[str], Caller]) -> None:
    lender, number = caller_of("lender"), number_of(601)
    for other in (602, 603):
        assert not ask(lender, "lender", {}, {"same_household": number_of(other)}, number=number).reason
    refused = ask(lender, "lender", {}, {"same_household": number}, number=number)
    assert refused.reason == "QUOTA_EXHAUSTED"


def test_who_lives_with_somebody_cannot_be_tried_with_everybody_else(caller_of: Callable[[str], Caller]) -> None:
    lender, victim = caller_of("lender"), number_of(611)
    numbers = [number_of(position) for position in range(620, 625)]
    reply = lender.call(BATCH_VERIFY, batch("lender", numbers, {}, {"same_household": [victim] * 5}))
    table = verification_pb2.BatchVerifyPersonsResponse.FromString(reply.body)
    no = verification_pb2.YES_NO_NO
    assert (table.outcomes, table.answers) == (bytes([1, 1, 4, 4, 4]), bytes([no, no, 0, 0, 0]))
    assert ask(lender, "lender", {"name": "x y"}, number=victim).reason == "QUOTA_EXHAUSTED"


def test_what_matches_costs_no_guess(caller_of: Callable[[str], Caller]) -> None:
    lender = caller_of("lender")
    for _ in range(4):
        right = {"name": "Nguyễn Văn Hòa", "birth_date": "1990-04-30"}
        assert not ask(lender, "lender", right, number=number_of(701)).reason


async def test_a_refusal_is_raised_with_its_receipt(gateway: Gateway) -> None:
    async with connect(Identity.from_folder(gateway.identity("lender")), gateway.address) as client:
        with pytest.raises(GatewayRefusal, match="None of the fields") as refused:
            await client.verify(number_of(1), claims={"sex": "nam"}, context=LENDER)
    assert refused.value.receipt is not None


def test_more_than_fits_an_entry_is_refused(caller_of: Callable[[str], Caller]) -> None:
    numbers = [number_of(1)] * 801
    reply = caller_of("bank").call(BATCH_VERIFY, batch("bank", numbers, {}, {"same_household": numbers}))
    assert (reply.reason, reply.violations) == ("ARGUMENT_INVALID", ("numbers",))
    assert dict(reply.metadata) == {"items_max": "800"}


def test_the_fullest_table_fits_an_entry(gateway: Gateway, caller_of: Callable[[str], Caller]) -> None:
    south = caller_of("bank-south")
    hidden = [number_of(position) for position in range(1, 1000) if position % 10]
    numbers, others = hidden[:800], [*hidden[800:], *hidden[:701]]
    claims = {"name": ["x"] * 800}
    reply = south.call(BATCH_VERIFY, batch("bank-south", numbers, claims, {"same_household": others[:800]}))
    table = verification_pb2.BatchVerifyPersonsResponse.FromString(reply.body)
    assert table.outcomes == bytes([2]) * 800
    assert gateway.entry(table.receipt.index)[0].people == 0


def test_both_maps_of_a_card_are_the_address(caller_of: Callable[[str], Caller]) -> None:
    card = CARD.split("|")
    card[5] = FORMER_ADDRESS
    reply = ask(caller_of("bank"), "bank", {}, number="", card_text="|".join(card))
    verdicts = verification_pb2.VerifyPersonResponse.FromString(reply.body).verdicts
    assert verdicts[-1].verdict == verification_pb2.VERDICT_MATCH
