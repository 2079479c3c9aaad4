"""Under which grant a call is answered."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.agency.grants import Quota
from gateway.agency.policy import Agency, PolicyView
from gateway.agency.tokens import Token
from gateway.chain.authorise import authorise
from gateway.chain.base import Call
from gateway.chain.methods import compile_methods
from tests.unit.agency.world import LEGAL_BASIS, NOW, PURPOSE, make_grant, principal


@pytest.mark.parametrize("pairwise", [False, True])
def test_a_call_learns_its_grant_and_whether_numbers_are_shown(pairwise: bool) -> None:
    older, newer = make_grant(1), replace(make_grant(2), quotas=(Quota(calls_at_once=3),))
    agency = Agency("bhxh", "Social insurance", 3, (newer, older), pairwise)
    view = PolicyView(1, {"bhxh": agency}, frozenset(), frozenset())
    call = Call(compile_methods()["LookUpPerson"], bytes(16), b"", principal=principal())
    call.purpose, call.legal_basis = PURPOSE, LEGAL_BASIS
    authorise(call, view, Token(bytes(16), "bhxh", "hq", NOW + 600, {1: older, 2: newer}), NOW)
    assert call.grant is newer
    assert call.right is not None
    assert (call.right.grant_id, call.right.pairwise) == (2, pairwise)


def test_who_may_see_only_people_it_enrolled_is_named_in_its_right() -> None:
    grant = replace(make_grant(1), own_subjects=True)
    agency = Agency("bhxh", "Social insurance", 3, (grant,))
    view = PolicyView(1, {"bhxh": agency}, frozenset(), frozenset())
    call = Call(compile_methods()["LookUpPerson"], bytes(16), b"", principal=principal())
    call.purpose, call.legal_basis = PURPOSE, LEGAL_BASIS
    authorise(call, view, Token(bytes(16), "bhxh", "hq", NOW + 600, {1: grant}), NOW)
    assert call.right is not None
    assert (call.right.owner, call.right.provinces) == ("bhxh", frozenset())
