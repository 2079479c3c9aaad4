"""`popgate verify` against a scripted gateway."""

from __future__ import annotations

import json
from typing import Any

from gateway.api.v1 import verification_pb2
from gateway.client.verification import VERIFY_PERSON

NUMBER = "001090000001"
CARD = f"{NUMBER}||Nguyễn Văn Hòa|30041990|Nam|Số 7, Hà Nội|01032021"


def _answer() -> verification_pb2.VerifyPersonResponse:
    answer = verification_pb2.VerifyPersonResponse(outcome="PERSON_OUTCOME_FOUND", rules_version=1)
    answer.verdicts.add(path="name", verdict="VERDICT_CLOSE_TONE_PLACEMENT")
    answer.verdicts.add(path="birth_date", verdict="VERDICT_MATCH")
    answer.answers.add(predicate="alive", answer="YES_NO_YES")
    answer.withheld.add(path="sex", reason="ERROR_REASON_FIELD_NOT_GRANTED")
    return answer


async def test_verdicts_and_answers_are_shown_and_values_sent_as_stated(run: Any, gateway: Any) -> None:
    asked: list[verification_pb2.VerifyPersonRequest] = []

    def answered(request: bytes) -> verification_pb2.VerifyPersonResponse:
        asked.append(verification_pb2.VerifyPersonRequest.FromString(request))
        return _answer()

    gateway.on(VERIFY_PERSON, answered)
    stated = ("--name", "Nguyễn Văn Hoà", "--birth-date", "30/04/1990", "--claim", "social_insurance.code=0123456789")
    ran = await run("verify", "--number", "001 090 000 001", *stated, "--ask", "alive", "--ask", "same_household=12")
    assert ran.code == 0
    assert "CLOSE(TONE_PLACEMENT)" in ran.out
    assert "alive       YES" in ran.out
    assert "withheld: sex (FIELD_NOT_GRANTED)" in ran.out
    (request,) = asked
    assert request.number == NUMBER
    assert {claim.path: claim.value for claim in request.claims} == {
        "name": "Nguyễn Văn Hoà",
        "birth_date": "30/04/1990",
        "social_insurance.code": "0123456789",
    }
    assert [(each.predicate, each.value) for each in request.questions] == [("alive", ""), ("same_household", "12")]


async def test_programs_get_grades_and_rules(run: Any, gateway: Any) -> None:
    gateway.on(VERIFY_PERSON, _answer())
    value = json.loads((await run("verify", "--qr", CARD, "--json")).out)
    assert value["verdicts"]["name"] == {"grade": "CLOSE", "rule": "TONE_PLACEMENT"}
    assert value["verdicts"]["birth_date"] == {"grade": "MATCH"}
    assert (value["outcome"], value["matches"], value["answers"]) == ("FOUND", False, {"alive": "YES"})


async def test_an_absent_person_is_an_answer(run: Any, gateway: Any) -> None:
    gateway.on(VERIFY_PERSON, verification_pb2.VerifyPersonResponse(outcome="PERSON_OUTCOME_ABSENT"))
    ran = await run("verify", "--number", NUMBER, "--name", "x")
    assert (ran.code, "Nobody whom the agency may see" in ran.out) == (0, True)


async def test_what_is_stated_wrongly_is_said_before_anything_is_sent(run: Any, gateway: Any) -> None:
    for words in (
        (),
        ("--number", NUMBER, "--qr", CARD),
        ("--number", NUMBER, "--claim", "name"),
        ("--number", NUMBER, "--claim", "name=a", "--claim", "name=b"),
        ("--number", NUMBER, "--ask", "=1"),
        ("--number", NUMBER, "--name", "x", "--out", "results.csv"),
        ("--number", NUMBER, "--name", "x", "--column", "name=ho_ten"),
    ):
        assert (await run("verify", *words)).code == 2
