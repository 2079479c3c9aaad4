"""Old numbers and searches against a real gateway: who is told, and that nobody is guessed or told out of scope."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import grpc
import pytest
from google.rpc import status_pb2

from gateway.api.v1 import finding_pb2
from gateway.audit.entry import Kind
from gateway.audit.keys import KeyRing
from gateway.audit.paths import AuditPaths
from tests.caller import Caller, Reply
from tests.gateway import AGENCIES, Gateway
from tests.service.refusals import Case, Refusal, assert_refused, run
from tests.world import (
    COMMUNE,
    COMMUNE_OLD,
    COMMUNE_SOUTH,
    FORMER_NUMBER,
    FULL,
    GUARDIAN,
    HUSBAND,
    SHARED_CARD,
    SHARED_CODE,
    SON,
    WIFE,
    number_of,
)

RESOLVE = "/gateway.api.v1.LookupService/ResolveNumber"
SEARCH = "/gateway.api.v1.LookupService/SearchPersons"
CONTEXT = AGENCIES["family"].context
TRACE = [("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4737-00f067aa0ba902b7-01")]
PERSONAL, CARD, INSURANCE, TAX = range(1, 5)  # numbers of NumberKind
Reason = finding_pb2.MatchReason


@pytest.fixture
def family(caller_of: Callable[[str], Caller]) -> Caller:
    """May resolve and search among everybody."""
    return caller_of("family")


@pytest.fixture
def family_south(caller_of: Callable[[str], Caller]) -> Caller:
    """May resolve and search among people of one province only."""
    return caller_of("family-south")


def _ask(caller: Caller, method: str, kind: Any, asked: dict[str, Any]) -> Reply:
    fields, metadata = asked.pop("fields", ("number",)), asked.pop("metadata", ())
    request = kind(context=CONTEXT.message(), **asked)
    request.field_mask.paths.extend(fields)
    return caller.call(method, request, metadata=metadata)


def _resolve(caller: Caller, **asked: Any) -> Reply:
    return _ask(caller, RESOLVE, finding_pb2.ResolveNumberRequest, asked)


def _search(caller: Caller, **asked: Any) -> Reply:
    if "first_birth_year" not in asked:
        asked.setdefault("birth_date", {"year": 1990, "month": 4, "day": 30})
    return _ask(caller, SEARCH, finding_pb2.SearchPersonsRequest, asked)


def _resolved(reply: Reply) -> tuple[str, list[int]]:
    assert reply.code is grpc.StatusCode.OK, reply
    answer = finding_pb2.ResolveNumberResponse.FromString(reply.body)
    return answer.person.number, [int(kind) for kind in answer.kinds]


def _candidates(reply: Reply) -> list[tuple[str, list[str]]]:
    assert reply.code is grpc.StatusCode.OK, reply
    answer = finding_pb2.SearchPersonsResponse.FromString(reply.body)
    assert [each.score for each in answer.candidates] == sorted(
        (each.score for each in answer.candidates), reverse=True
    )
    return [
        (each.person.number, [Reason.Name(reason).removeprefix("MATCH_REASON_") for reason in each.reasons])
        for each in answer.candidates
    ]


@pytest.mark.parametrize(
    ("number", "kind", "position", "kinds"),
    [
        ("010203040", 0, FULL, [CARD]),
        ("010203040", CARD, FULL, [CARD]),
        ("0123456789", 0, FULL, [INSURANCE]),
        (FORMER_NUMBER, 0, FULL, [PERSONAL]),
        (number_of(FULL), PERSONAL, FULL, [PERSONAL]),
        (SHARED_CODE, TAX, HUSBAND, [TAX]),
        (SHARED_CODE, INSURANCE, GUARDIAN, [INSURANCE]),
    ],
)
def test_an_old_number_finds_the_person_and_the_current_number(
    family: Caller, number: str, kind: int, position: int, kinds: list[int]
) -> None:
    assert _resolved(_resolve(family, number=number, kind=kind)) == (number_of(position), kinds)


@pytest.mark.parametrize("number", [SHARED_CARD, SHARED_CODE])
def test_of_several_holders_nobody_is_told_and_all_are_in_the_entry(
    gateway: Gateway, family: Caller, number: str
) -> None:
    reply = _resolve(family, number=number)
    assert (reply.reason, dict(reply.metadata)) == ("NUMBER_AMBIGUOUS", {"candidates": "2"})
    assert reply.receipt is not None
    entry, _ = gateway.entry(reply.receipt.index)
    key = KeyRing(AuditPaths(str(gateway.state)).keys, lambda _count: b"").current_tag(entry.time_us)
    holders = (WIFE, HUSBAND) if number == SHARED_CARD else (HUSBAND, GUARDIAN)
    assert (entry.kind, entry.people) == (Kind.REFUSAL, 0)
    assert entry.has_tag(key.number(number))
    assert all(entry.has_tag(key.person(holder)) for holder in holders)


def test_holders_out_of_scope_are_not_counted(family_south: Caller) -> None:
    assert _resolved(_resolve(family_south, number=SHARED_CARD)) == (number_of(WIFE), [CARD])


def test_a_number_that_nobody_has_and_one_of_somebody_out_of_scope_are_the_same_bytes(family_south: Caller) -> None:
    absent, elsewhere = (_resolve(family_south, number=n, metadata=TRACE) for n in ("099999999", "010203040"))
    assert absent.reason == "PERSON_UNAVAILABLE"
    assert _without_receipt(absent) == _without_receipt(elsewhere)
    assert len(absent.status) == len(elsewhere.status)


def _without_receipt(reply: Reply) -> bytes:
    status = status_pb2.Status.FromString(reply.status)
    kept = [detail for detail in status.details if not detail.type_url.endswith("Receipt")]
    assert len(kept) == len(status.details) - 1
    del status.details[:]
    status.details.extend(kept)
    return bytes(status.SerializeToString(deterministic=True))


def test_a_search_ranks_who_matches_and_says_why(family: Caller) -> None:
    assert _candidates(_search(family, name="Lê Đức Thuỷ")) == [
        (number_of(HUSBAND), ["NAME", "BIRTH"]),
        (number_of(GUARDIAN), ["NAME_MARKS", "BIRTH"]),
    ]
    assert _candidates(_search(family, name="LE DUC THUY")) == [
        (number_of(HUSBAND), ["NAME_UNMARKED", "BIRTH"]),
        (number_of(GUARDIAN), ["NAME_UNMARKED", "BIRTH"]),
    ]


@pytest.mark.parametrize(
    ("asked", "reasons"),
    [
        ({"name": "Quý Lê Minh"}, ["NAME_ORDER", "BIRTH"]),
        ({"name": "Minh Quý Lê"}, ["NAME_ORDER", "BIRTH"]),
        ({"name": "Lê Quý"}, ["NAME_MIDDLE", "BIRTH"]),
        ({"name": "Lê M. Quý"}, ["NAME_MIDDLE", "BIRTH"]),
        ({"name": "Lê Minh Quí", "sex": 2}, ["NAME", "BIRTH"]),
        ({"name": "Lê Minh Quý", "birth_date": {"year": 2015}}, ["NAME", "BIRTH_PARTIAL"]),
        ({"name": "Lê Minh Quý", "birth_date": {"year": 2015, "month": 4, "day": 3}}, ["NAME", "BIRTH_NEAR"]),
        ({"name": "Lê Minh Quý", "commune_code": COMMUNE}, ["NAME", "BIRTH", "PLACE"]),
        ({"name": "Lê Mih Quý", "former_commune_code": COMMUNE_OLD}, ["NAME_SIMILAR", "BIRTH", "PLACE"]),
        ({"name": "Lê Minh Quyd", "commune_code": COMMUNE}, ["NAME_SIMILAR", "BIRTH", "PLACE"]),
        ({"name": "Lê Minh Quý", "former_province_code": "01"}, ["NAME", "BIRTH", "PLACE"]),
        ({"name": "Lê Minh Quý", "province_code": "79"}, ["NAME", "BIRTH"]),
    ],
)
def test_one_person_is_found_by_less_than_the_whole(family: Caller, asked: dict[str, Any], reasons: list[str]) -> None:
    asked = {"birth_date": {"year": 2015, "month": 4, "day": 30}, **asked}
    assert _candidates(_search(family, **asked)) == [(number_of(SON), reasons)]


def test_years_and_parents_are_criteria_too(caller_of: Callable[[str], Caller]) -> None:
    wide = caller_of("family-wide")
    years = {"first_birth_year": 2012, "last_birth_year": 2016}
    parents = {"father_name": "Le Duc Thuy", "mother_name": "Trần Thị Hằng"}
    found = _candidates(_search(wide, name="Lê Minh Quý", **years, **parents))
    assert found == [(number_of(SON), ["NAME", "BIRTH", "FATHER", "MOTHER"])]
    other = {"father_name": "Phạm Văn Bách", "mother_name": "Đỗ Thị Nga"}
    assert _candidates(_search(wide, name="Lê Minh Quý", **years, **other)) == [(number_of(SON), ["NAME", "BIRTH"])]


def test_parents_whose_names_were_compared_are_in_the_entry(
    gateway: Gateway, caller_of: Callable[[str], Caller]
) -> None:
    wide, years = caller_of("family-wide"), {"first_birth_year": 2012, "last_birth_year": 2016}
    for stated, parents in (
        ({}, ()),
        ({"mother_name": "Trần Thị Hằng"}, (WIFE,)),
        ({"mother_name": "Đỗ Thị Nga"}, (WIFE,)),  # the score says that it was wrong
        ({"mother_name": "Trần Thị Hằng", "father_name": "Lê Đức Thủy"}, (HUSBAND, WIFE)),
    ):
        reply = _search(wide, name="Lê Minh Quý", **years, **stated)
        answer = finding_pb2.SearchPersonsResponse.FromString(reply.body)
        entry, detail = gateway.entry(answer.receipt.index)
        key = KeyRing(AuditPaths(str(gateway.state)).keys, lambda _count: b"").current_tag(entry.time_us)
        assert (entry.people, len(entry.tags)) == (1, 16 * (1 + len(parents)))
        assert all(entry.has_tag(key.person(position)) for position in (SON, *parents))
        assert detail is not None
        assert detail.person_ids == (*parents, SON)
        assert ("relatives" in detail.fields) == bool(parents)


def test_too_many_are_counted_and_nobody_is_told(family: Caller, family_south: Caller) -> None:
    everywhere = _search(family, name="Nguyễn Thị Hòa")
    south = _search(family_south, name="Nguyễn Thị Hòa")
    assert everywhere.reason == south.reason == "TOO_MANY_FOUND"
    assert int(dict(south.metadata)["found"]) == 99  # every tenth of a thousand, but for WIFE
    assert int(dict(everywhere.metadata)["found"]) > 400


def test_nobody_out_of_scope_is_found_and_nobody_at_all_is_no_refusal(family_south: Caller) -> None:
    assert _candidates(_search(family_south, name="Lê Đức Thủy")) == []
    assert _candidates(_search(family_south, name="Trần Thị Hằng", commune_code=COMMUNE_SOUTH)) == [
        (number_of(WIFE), ["NAME", "BIRTH", "PLACE"])
    ]


def test_every_candidate_is_in_the_entry(gateway: Gateway, family: Caller) -> None:
    answer = finding_pb2.SearchPersonsResponse.FromString(_search(family, name="Lê Đức Thủy").body)
    entry, detail = gateway.entry(answer.receipt.index)
    key = KeyRing(AuditPaths(str(gateway.state)).keys, lambda _count: b"").current_tag(entry.time_us)
    assert (entry.kind, entry.people, len(entry.tags)) == (Kind.DISCLOSURE, 2, 32)
    assert all(entry.has_tag(key.person(position)) for position in (HUSBAND, GUARDIAN))
    assert detail is not None
    assert detail.person_ids == (HUSBAND, GUARDIAN)


def _refused(ask: Callable[..., Reply], reason: str, *violations: str, **asked: Any) -> Case:
    return Case("family", lambda caller: ask(caller, **asked), reason, violations)


SOMEBODY = {"name": "Lê Đức Thủy"}
REFUSALS: Mapping[str, Case] = {
    "resolve: nothing": _refused(_resolve, "ARGUMENT_INVALID", "number"),
    "resolve: 11 digits": _refused(_resolve, "ARGUMENT_INVALID", "number", number="01234567890"),
    "resolve: letters": _refused(_resolve, "ARGUMENT_INVALID", "number", number="01020304A"),
    "resolve: spaces": _refused(_resolve, "ARGUMENT_INVALID", "number", number="010 203 040"),
    "resolve: no province": _refused(_resolve, "ARGUMENT_INVALID", "number", number="003090000001"),
    "resolve: digits of another kind": _refused(_resolve, "ARGUMENT_INVALID", "number", number="010203040", kind=TAX),
    "resolve: a kind to come": _refused(_resolve, "ARGUMENT_INVALID", "kind", number="010203040", kind=9),
    "resolve: nobody": _refused(_resolve, "PERSON_UNAVAILABLE", number="099999999"),
    "resolve: an empty mask": _refused(_resolve, "MASK_EMPTY", number="010203040", fields=()),
    "resolve: not granted": Case("hospital", lambda caller: _resolve(caller, number="010203040"), "METHOD_NOT_GRANTED"),
    "search: no name": _refused(_search, "ARGUMENT_INVALID", "name"),
    "search: one syllable": _refused(_search, "ARGUMENT_INVALID", "name", name="Hòa"),
    "search: spaces for a name": _refused(_search, "ARGUMENT_INVALID", "name", name=" " * 9),
    "search: NUL in the name": _refused(_search, "ARGUMENT_INVALID", "name", name="Lê\0 Thủy"),
    "search: a right-to-left mark": _refused(_search, "ARGUMENT_INVALID", "name", name="Lê \u200fThủy"),
    "search: a name of 10 kB": _refused(_search, "ARGUMENT_INVALID", "name", name="Lê " * 3000),
    "search: no birth": _refused(_search, "ARGUMENT_INVALID", "birth_date", **SOMEBODY, first_birth_year=0),
    "search: both births": _refused(
        _search, "ARGUMENT_INVALID", "birth_date", **SOMEBODY, birth_date={"year": 1990}, first_birth_year=1990
    ),
    "search: 30 February": _refused(
        _search, "ARGUMENT_INVALID", "birth_date", **SOMEBODY, birth_date={"year": 1990, "month": 2, "day": 30}
    ),
    "search: a day without a month": _refused(
        _search, "ARGUMENT_INVALID", "birth_date", **SOMEBODY, birth_date={"year": 1990, "day": 3}
    ),
    "search: no year": _refused(
        _search, "ARGUMENT_INVALID", "birth_date", **SOMEBODY, birth_date={"month": 2, "day": 3}
    ),
    "search: a year to come": _refused(
        _search, "ARGUMENT_INVALID", "birth_date", **SOMEBODY, birth_date={"year": 2999}
    ),
    "search: years backwards": _refused(
        _search, "ARGUMENT_INVALID", "first_birth_year", **SOMEBODY, first_birth_year=1991, last_birth_year=1990
    ),
    "search: six years": _refused(
        _search, "ARGUMENT_INVALID", "last_birth_year", **SOMEBODY, first_birth_year=1990, last_birth_year=1995
    ),
    "search: a sex to come": _refused(_search, "ARGUMENT_INVALID", "sex", **SOMEBODY, sex=3),
    "search: no such commune": _refused(_search, "ARGUMENT_INVALID", "commune_code", **SOMEBODY, commune_code="99999"),
    "search: an old commune as a new one": _refused(
        _search, "ARGUMENT_INVALID", "commune_code", **SOMEBODY, commune_code=COMMUNE_OLD
    ),
    "search: two units": _refused(
        _search, "ARGUMENT_INVALID", "province_code", **SOMEBODY, commune_code=COMMUNE, province_code="01"
    ),
    "search: half a father": _refused(_search, "ARGUMENT_INVALID", "father_name", **SOMEBODY, father_name="Bách"),
    "search: parents not granted": _refused(_search, "FIELD_NOT_GRANTED", **SOMEBODY, father_name="Lê Bách"),
    "search: too many": _refused(_search, "TOO_MANY_FOUND", name="Nguyễn Thị Hòa"),
    "search: not granted": Case("hospital", lambda caller: _search(caller, **SOMEBODY), "METHOD_NOT_GRANTED"),
}


@pytest.fixture(scope="module")
def refusals(gateway: Gateway, caller_of: Callable[[str], Caller]) -> dict[str, Refusal]:
    """Every case of REFUSALS, made once."""
    return run(gateway, caller_of, REFUSALS)


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_has_its_reason_and_its_entry(name: str, refusals: dict[str, Refusal]) -> None:
    assert_refused(REFUSALS[name], refusals[name])
    assert refusals[name].entry.kind == Kind.REFUSAL
