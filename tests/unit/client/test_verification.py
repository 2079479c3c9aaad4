"""Verdicts through a client: names, counts for receipts, packed tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.api.v1 import verification_pb2
from gateway.audit.receipt import Receipt
from gateway.client import Context, FieldVerdict, ReceiptLog, VerifyQuestion
from gateway.client.bulk import BatchAnswer
from gateway.client.receipts import read_receipts
from gateway.client.verification import VERIFY_PERSON, verdict_of, verified_of

NUMBER = "001200000001"


def _batch(**fields: Any) -> BatchAnswer[Any]:
    message = verification_pb2.BatchVerifyPersonsResponse(**fields)
    receipt = Receipt("log", 0, bytes(32), 0, 1, (), bytes(64), 1)
    return BatchAnswer(0, [(f"{row}", "x", "y") for row in range(len(message.outcomes))], message, receipt, "", 0)


async def test_a_person_found_is_counted_and_an_absent_one_is_not(
    gateway: Any, context: Context, tmp_path: Path
) -> None:
    path = tmp_path / "receipts.jsonl"
    async with gateway.client(receipt_log=ReceiptLog(path)) as client:
        for outcome in ("FOUND", "ABSENT"):
            gateway.on(VERIFY_PERSON, verification_pb2.VerifyPersonResponse(outcome=f"PERSON_OUTCOME_{outcome}"))
            result = await client.verify(NUMBER, claims={"name": "x"}, context=context)
            assert (result.verified.outcome, result.verified.matches) == (outcome, False)
    assert [each.people for each in read_receipts(path)][1:] == [1, 0]


def test_a_table_is_unpacked_row_by_row(context: Context) -> None:
    question = VerifyQuestion(["name", "sex"], context, predicates=["alive"])
    answer = _batch(outcomes=b"\1\2", verdicts=b"\1\x13\0\0", answers=b"\2\0", paths=["name", "sex"])
    one, other = verified_of(answer, question)
    assert one.verdicts == {"name": FieldVerdict("MATCH"), "sex": FieldVerdict("CLOSE", "TONE_PLACEMENT")}
    assert (one.outcome, one.answers, str(one.verdicts["sex"])) == ("FOUND", {"alive": "NO"}, "CLOSE(TONE_PLACEMENT)")
    assert (other.outcome, other.verdicts["name"].grade, other.answers) == ("ABSENT", "", {"alive": ""})


def test_a_verdict_of_a_later_contract_has_its_number() -> None:
    assert verdict_of(200) == FieldVerdict("NUMBER_200")


def test_a_request_states_columns_and_its_context_once(context: Context) -> None:
    question = VerifyQuestion(["name"], context, predicates=["alive", "same_household"])
    frame = verification_pb2.StreamVerifyPersonsRequest.FromString(
        question.request([("1", "a", "9"), ("2", "b", "")], "c" * 32, False)
    )
    assert list(frame.batch.numbers) == ["1", "2"]
    assert [(each.path, list(each.values)) for each in frame.batch.claims] == [("name", ["a", "b"])]
    assert [(each.predicate, list(each.values)) for each in frame.batch.questions] == [
        ("alive", []),
        ("same_household", ["9", ""]),
    ]
    assert question.items_max == 800
    assert frame.batch.HasField("context")
    again = verification_pb2.StreamVerifyPersonsRequest.FromString(question.request([("1", "a", "")], "c" * 32, True))
    assert not again.batch.HasField("context")
    for items in ([("1", "a")], [("1", "a", "9", "10")], [("1", "a", "9"), ("2",)]):
        with pytest.raises(ValueError, match="than the 3 that"):
            question.request(items, "", True)


def test_a_request_about_nobody_is_left_to_the_gateway_to_refuse(context: Context) -> None:
    question = VerifyQuestion(["name"], context, predicates=["same_household"])
    frame = verification_pb2.StreamVerifyPersonsRequest.FromString(question.request([], "c" * 32, True))
    assert ([each.path for each in frame.batch.claims], len(frame.batch.numbers)) == (["name"], 0)
