"""`popgate household` and `popgate relatives` against a scripted gateway."""

from __future__ import annotations

import json
from typing import Any

from gateway.api.v1 import finding_pb2
from gateway.client.finding import LOOK_UP_HOUSEHOLD, LOOK_UP_RELATIVES

NUMBER = "001090000001"


async def test_a_household_is_shown_member_by_member(run: Any, gateway: Any) -> None:
    answer = finding_pb2.LookUpHouseholdResponse()
    for given in ("Hòa", "Lành"):
        answer.members.add(version=1).person.name.given_name = given
    gateway.on(LOOK_UP_HOUSEHOLD, answer)
    ran = await run("household", NUMBER, "-f", "name")
    assert ran.code == 0
    assert ran.out.index("Hòa") < ran.out.index("Lành")
    value = json.loads((await run("household", "--household-number", "HK1", "-f", "name", "--json")).out)
    assert [each["person"]["name"]["given_name"] for each in value["members"]] == ["Hòa", "Lành"]


async def test_a_household_is_asked_for_by_one_number(run: Any, gateway: Any) -> None:
    for words in ((), (NUMBER, "--household-number", "HK1")):
        assert (await run("household", *words, "-f", "name")).code == 2


async def test_relatives_are_shown_with_their_kinships(run: Any, gateway: Any) -> None:
    answer = finding_pb2.LookUpRelativesResponse()
    answer.relatives.add(kinships=["KINSHIP_FATHER", "KINSHIP_REPRESENTATIVE"], version=1).person.number = NUMBER
    gateway.on(LOOK_UP_RELATIVES, answer)
    ran = await run("relatives", NUMBER, "-f", "number", "--kinship", "father")
    assert "father, representative" in ran.out
    value = json.loads((await run("relatives", NUMBER, "-f", "number", "--json")).out)
    assert value["relatives"][0]["kinships"] == ["FATHER", "REPRESENTATIVE"]
    assert (await run("relatives", NUMBER, "-f", "number", "--kinship", "uncle")).code == 2
