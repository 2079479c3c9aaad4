"""Finding people from the command line, against a scripted gateway."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.api.v1 import finding_pb2
from gateway.client.finding import LOOK_UP_HOUSEHOLD, LOOK_UP_RELATIVES
from gateway.client.searching import RESOLVE_NUMBER, SEARCH_PERSONS

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


async def test_an_old_number_is_resolved_by_its_kind(run: Any, gateway: Any) -> None:
    answer = finding_pb2.ResolveNumberResponse(version=1, kinds=["NUMBER_KIND_LEGACY_CARD"])
    answer.person.number = NUMBER
    asked: list[finding_pb2.ResolveNumberRequest] = []

    def answered(request: bytes) -> finding_pb2.ResolveNumberResponse:
        asked.append(finding_pb2.ResolveNumberRequest.FromString(request))
        return answer

    gateway.on(RESOLVE_NUMBER, answered)
    ran = await run("resolve", "010 203 040", "--kind", "legacy_card", "-f", "number")
    assert (asked[0].number, asked[0].kind) == ("010203040", 2)
    assert NUMBER in ran.out
    assert "by legacy card" in ran.out
    assert (await run("resolve", "010203040", "--kind", "passport", "-f", "number")).code == 2


@pytest.mark.parametrize(
    ("born", "birth", "years"),
    [
        ("30/4/1990", (1990, 4, 30), (0, 0)),
        ("04/1990", (1990, 4, 0), (0, 0)),
        ("1990", (1990, 0, 0), (0, 0)),
        ("1988-1990", None, (1988, 1990)),
    ],
)
async def test_a_search_states_what_is_known(
    run: Any, gateway: Any, born: str, birth: tuple[int, int, int] | None, years: tuple[int, int]
) -> None:
    answer = finding_pb2.SearchPersonsResponse()
    answer.candidates.add(version=1, score=97, reasons=["MATCH_REASON_NAME_UNMARKED"]).person.number = NUMBER
    asked: list[finding_pb2.SearchPersonsRequest] = []

    def answered(request: bytes) -> finding_pb2.SearchPersonsResponse:
        asked.append(finding_pb2.SearchPersonsRequest.FromString(request))
        return answer

    gateway.on(SEARCH_PERSONS, answered)
    ran = await run("search", "Le Thuy", "--born", born, "--sex", "male", "--commune", "00004", "-f", "number")
    assert "97 of 100: name unmarked" in ran.out
    (request,) = asked
    date = request.birth_date
    assert ((date.year, date.month, date.day) if request.HasField("birth_date") else None) == birth
    assert (request.first_birth_year, request.last_birth_year) == years
    assert (request.name, request.sex, request.commune_code) == ("Le Thuy", 1, "00004")


@pytest.mark.parametrize(
    "words", [("--born", "yesterday"), ("--born", "4/1988-1990"), ("--born", "1990", "--sex", "x")]
)
async def test_a_search_that_cannot_be_read_is_wrong_usage(run: Any, gateway: Any, words: tuple[str, ...]) -> None:
    assert (await run("search", "Le Thuy", *words, "-f", "number")).code == 2
