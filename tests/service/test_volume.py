"""The client's look-ups of any number of people, against a real gateway with two workers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path

import pytest

from gateway.client import BlockingClient, GatewayRefusal, Identity, ReceiptLog, connect
from gateway.client.receipts import read_receipts
from tests.gateway import AGENCIES, Gateway
from tests.service.refusals import entries_of
from tests.world import FORMER_NUMBER, FULL, number_of

HOSPITAL = AGENCIES["hospital"].context
ABSENT = "001090999999"
NUMBERS = [number_of(1 + at % 1000) for at in range(4321)]
ODD = [number_of(1), "1", ABSENT, "001090\x00000001", FORMER_NUMBER]


async def test_everybody_is_answered_in_order_over_both_workers(gateway: Gateway, tmp_path: Path) -> None:
    identity = Identity.from_folder(gateway.identity("hospital"))
    kept = ReceiptLog(tmp_path / "receipts.jsonl")
    async with connect(identity, gateway.address, receipt_log=kept) as client:
        found, connected = [], set[int]()
        async for each in client.look_up_many([*NUMBERS, *ODD], fields=["number"], context=HOSPITAL):
            found.append(each)
            if len(found) % 1000 == 1:
                connected = connected | set(gateway.connected_workers())
    assert [each.number for each in found] == [*NUMBERS, *ODD]
    assert [each.person.number for each in found[:4321] if each.person is not None] == NUMBERS
    assert [each.reason for each in found[4321:]] == [
        "",
        "ARGUMENT_INVALID",
        "PERSON_UNAVAILABLE",
        "ARGUMENT_INVALID",
        "",
    ]
    assert (found[-1].person is not None, found[-1].number_superseded) == (True, True)
    assert connected == set(gateway.serving_workers())
    receipts = [each for each in read_receipts(tmp_path / "receipts.jsonl") if each.method == "StreamLookUpPersons"]
    # In the order in which they arrived, over several streams.
    assert sorted(each.people for each in receipts) == [323, 1000, 1000, 1000, 1000]
    entries = entries_of(gateway, [each.call_id for each in receipts])
    assert len({entry.worker_epoch for entry, _ in entries.values()}) == 2
    assert all(entries[each.call_id][0].people == each.people for each in receipts)


async def test_no_more_is_read_than_there_are_streams_for(gateway: Gateway) -> None:
    read = 0

    def numbers() -> Iterator[str]:
        nonlocal read
        while True:
            read += 1
            yield number_of(1 + read % 40)

    async with connect(Identity.from_folder(gateway.identity("hospital")), gateway.address) as client:
        answers = client.look_up_batches(numbers(), fields=["number", "relatives"], context=HOSPITAL)
        async with aclosing(answers):
            taken = 0
            async for answer in answers:
                assert len(answer.items) == len(answer.message.results) == 31
                taken += 1
                await asyncio.sleep(0)
                assert read <= 31 * (taken + 4)
                if taken == 12:
                    break


async def test_nobody_asked_is_nobody_answered(gateway: Gateway) -> None:
    async with connect(Identity.from_folder(gateway.identity("hospital")), gateway.address) as client:
        assert [each async for each in client.look_up_many([], fields=["number"], context=HOSPITAL)] == []


@pytest.mark.parametrize(
    ("agency", "fields", "reason"),
    [
        ("hospital", ["x"], "FIELD_UNKNOWN"),
        ("hospital", ["contact"], "FIELD_NOT_GRANTED"),
        ("carrier", ["number"], "METHOD_NOT_GRANTED"),
    ],
)
async def test_what_is_refused_is_raised_with_its_receipt(
    gateway: Gateway, agency: str, fields: list[str], reason: str
) -> None:
    async with connect(Identity.from_folder(gateway.identity(agency)), gateway.address) as client:
        answers = client.look_up_many(NUMBERS, fields=fields, context=AGENCIES[agency].context)
        with pytest.raises(GatewayRefusal) as refused:
            await anext(answers)
    assert refused.value.reason == reason
    assert refused.value.receipt is not None


def test_a_program_without_an_event_loop_asks_the_same(gateway: Gateway) -> None:
    with BlockingClient(Identity.from_folder(gateway.identity("hospital")), gateway.address) as client:
        found = list(client.look_up_many([number_of(FULL), "1"], fields=["sex"], context=HOSPITAL))
        first = next(iter(client.look_up_many(NUMBERS, fields=["sex"], context=HOSPITAL)))
    assert [(each.number, each.reason) for each in found] == [(number_of(FULL), ""), ("1", "ARGUMENT_INVALID")]
    assert first.number == number_of(1)
