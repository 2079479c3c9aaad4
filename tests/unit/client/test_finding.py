"""Asking for households and relatives through a client."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway import errors
from gateway.api.v1 import finding_pb2
from gateway.client import Context, GatewayRefusal, ReceiptLog
from gateway.client.finding import LOOK_UP_HOUSEHOLD, LOOK_UP_RELATIVES
from gateway.client.receipts import read_receipts

NUMBER = "001200000001"


async def test_a_household_is_asked_for_as_stated_and_its_members_are_counted(
    gateway: Any, context: Context, tmp_path: Path
) -> None:
    answer = finding_pb2.LookUpHouseholdResponse(more=True)
    for at in range(3):
        answer.members.add(version=at + 1).person.number = f"{at:012}"
    asked: list[finding_pb2.LookUpHouseholdRequest] = []

    def answered(request: bytes) -> finding_pb2.LookUpHouseholdResponse:
        asked.append(finding_pb2.LookUpHouseholdRequest.FromString(request))
        return answer

    gateway.on(LOOK_UP_HOUSEHOLD, answered)
    path = tmp_path / "receipts.jsonl"
    async with gateway.client(receipt_log=ReceiptLog(path)) as client:
        found = await client.household(household_number="HK1", fields=["number"], context=context)
    assert (asked[0].number, asked[0].household_number, list(asked[0].field_mask.paths)) == ("", "HK1", ["number"])
    assert ([each.version for each in found.members], found.more) == ([1, 2, 3], True)
    assert [each.people for each in read_receipts(path)] == [0, 3]


async def test_relatives_are_told_by_the_names_of_kinships(gateway: Any, context: Context) -> None:
    answer = finding_pb2.LookUpRelativesResponse()
    answer.relatives.add(kinships=["KINSHIP_MOTHER", "KINSHIP_REPRESENTATIVE"], version=1)
    gateway.on(LOOK_UP_RELATIVES, answer)
    async with gateway.client() as client:
        found = await client.relatives(NUMBER, kinships=["mother"], fields=["number"], context=context)
        assert found.relatives[0].kinships == ("MOTHER", "REPRESENTATIVE")
        with pytest.raises(ValueError):
            await client.relatives(NUMBER, kinships=["uncle"], fields=["number"], context=context)


async def test_an_absent_person_is_an_answer_with_a_receipt(gateway: Any, context: Context, refusal: Any) -> None:
    gateway.on(LOOK_UP_RELATIVES, refusal(errors.PersonUnavailable(), receipt=True))
    async with gateway.client() as client:
        with pytest.raises(GatewayRefusal) as refused:
            await client.relatives(NUMBER, fields=["number"], context=context)
    assert refused.value.receipt is not None
