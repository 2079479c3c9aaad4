"""Which grant a call is answered under."""

from __future__ import annotations

import pytest

from gateway.agency.grants import Grant, Right, decide, for_purposes, in_force
from gateway.errors import MethodNotGranted, PurposeNotGranted
from tests.unit.agency.world import LEGAL_BASIS, NOW, PURPOSE, make_grant


def right(policy: list[Grant], token: list[Grant], method: str = "LookUpPerson", now: float = NOW) -> Right:
    return decide(policy, {grant.grant_id: grant for grant in token}, method, PURPOSE, LEGAL_BASIS, now)


def test_a_call_covered_by_policy_and_token_has_its_grants_right() -> None:
    grant = make_grant(7, provinces=["01"])
    assert right([grant], [grant]) == Right(7, grant.fields, frozenset({"01"}))


def test_a_grant_that_the_token_lacks_does_not_count() -> None:
    with pytest.raises(MethodNotGranted):
        right([make_grant(1)], [make_grant(2)])


def test_a_grant_that_the_policy_lacks_does_not_count() -> None:
    with pytest.raises(MethodNotGranted):
        right([], [make_grant(1)])


def test_the_newest_covering_grant_answers() -> None:
    grants = [make_grant(3, fields=["number"]), make_grant(2), make_grant(9, methods=["PullChanges"])]
    assert right(grants, grants) == Right(3, frozenset({"number"}), frozenset())
    assert right(grants[::-1], grants) == right(grants, grants)


def test_rights_of_two_grants_are_not_added_up() -> None:
    narrow = make_grant(2, fields=["number"])
    local = make_grant(1, fields=["number", "religion"], provinces=["01"])
    assert right([narrow, local], [narrow, local]) == Right(2, frozenset({"number"}), frozenset())


@pytest.mark.parametrize(("at", "held"), [(NOW - 11, False), (NOW - 10, True), (NOW + 99, True), (NOW + 100, False)])
def test_a_grant_holds_from_its_beginning_until_before_its_end(at: int, held: bool) -> None:
    grant = make_grant(from_time=NOW - 10, until_time=NOW + 100)
    assert in_force([grant], at) == ((grant,) if held else ())
    if held:
        assert right([grant], [grant], now=at).grant_id == 1
    else:
        with pytest.raises(MethodNotGranted):
            right([grant], [grant], now=at)


def test_fields_and_provinces_are_those_that_both_sides_have() -> None:
    policy = make_grant(fields=["a", "b"], provinces=["01", "79"])
    token = make_grant(fields=["b", "c"], provinces=["79", "48"])
    assert right([policy], [token]) == Right(1, frozenset({"b"}), frozenset({"79"}))


@pytest.mark.parametrize(("policy", "token"), [([], ["01"]), (["01"], [])])
def test_everyone_on_one_side_leaves_the_other_sides_provinces(policy: list[str], token: list[str]) -> None:
    assert right([make_grant(provinces=policy)], [make_grant(provinces=token)]).provinces == {"01"}


def test_scopes_without_a_common_province_do_not_become_everyone() -> None:
    with pytest.raises(PurposeNotGranted):
        right([make_grant(provinces=["01"])], [make_grant(provinces=["79"])])


def test_method_and_purpose_are_refused_apart() -> None:
    grant = make_grant(purposes={PURPOSE: ["another-basis"]})
    with pytest.raises(PurposeNotGranted):
        right([grant], [grant])
    with pytest.raises(MethodNotGranted):
        right([grant], [grant], method="PushRecords")


def test_a_token_restricted_in_purposes_is_a_ceiling() -> None:
    grant = make_grant(purposes={PURPOSE: [LEGAL_BASIS], "health.admission": [LEGAL_BASIS]})
    (cut,) = for_purposes([grant], frozenset({"health.admission"}))
    assert cut.purposes == {"health.admission": {LEGAL_BASIS}}
    with pytest.raises(PurposeNotGranted):
        right([grant], [cut])


def test_grants_without_a_wanted_purpose_are_dropped() -> None:
    other = make_grant(2, purposes={"health.admission": [LEGAL_BASIS]})
    assert [grant.grant_id for grant in for_purposes([other, make_grant(1)], frozenset({PURPOSE}))] == [1]


def test_a_restriction_to_a_purpose_that_is_not_granted_is_refused() -> None:
    with pytest.raises(PurposeNotGranted):
        for_purposes([make_grant()], frozenset({PURPOSE, "tax.audit"}))


def test_a_right_is_hashable() -> None:
    grant = make_grant()
    assert len({right([grant], [grant]), right([grant], [grant])}) == 1
