"""Grants only narrow: whatever policy and token say, a right is within both."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agency.grants import Grant, Right, decide, for_purposes
from gateway.errors import MethodNotGranted, PurposeNotGranted, Refused

NOW = 1000
METHODS = ["LookUpPerson", "PullChanges"]
PURPOSES = ["health.admission", "tax.audit"]
BASES = ["law:1", "law:2"]
PROVINCES = ["01", "48", "79"]


def subsets(values: list[str]) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(values))


def grants(ids: st.SearchStrategy[int] = st.integers(1, 4)) -> st.SearchStrategy[Grant]:  # noqa: B008
    return st.builds(
        Grant,
        grant_id=ids,
        methods=subsets(METHODS),
        purposes=st.dictionaries(st.sampled_from(PURPOSES), subsets(BASES)),
        fields=subsets(["name", "number", "religion"]),
        provinces=subsets(PROVINCES),
        from_time=st.sampled_from([0, NOW, NOW + 1]),
        until_time=st.sampled_from([NOW, NOW + 1, NOW + 100]),
        contract_digest=st.just(b""),
    )


sides = st.lists(grants(), max_size=4, unique_by=lambda grant: grant.grant_id)
calls = st.tuples(st.sampled_from(METHODS), st.sampled_from(PURPOSES), st.sampled_from(BASES))
Call = tuple[str, str, str]


def scope(provinces: frozenset[str]) -> frozenset[str]:
    return provinces or frozenset(PROVINCES)


def decided(policy: list[Grant], token: list[Grant], call: Call) -> Right | type[Refused]:
    try:
        return decide(policy, {grant.grant_id: grant for grant in token}, *call, NOW)
    except (MethodNotGranted, PurposeNotGranted) as refusal:
        return type(refusal)


@settings(max_examples=80)
@given(sides, sides, calls)
def test_a_right_never_exceeds_either_side(policy: list[Grant], token: list[Grant], call: Call) -> None:
    right = decided(policy, token, call)
    if not isinstance(right, Right):
        return
    for side in (policy, token):
        (grant,) = [grant for grant in side if grant.grant_id == right.grant_id]
        assert right.fields <= grant.fields
        assert scope(right.provinces) <= scope(grant.provinces)
        assert call[0] in grant.methods
        assert call[2] in grant.purposes[call[1]]
    (held,) = [grant for grant in policy if grant.grant_id == right.grant_id]
    assert held.from_time <= NOW < held.until_time


@settings(max_examples=80)
@given(sides, sides, calls, grants(st.integers(5, 9)), grants())
def test_another_grant_never_changes_what_a_grant_allows(
    policy: list[Grant], token: list[Grant], call: Call, newer: Grant, as_token: Grant
) -> None:
    before = decided(policy, token, call)
    ceiling = Grant(
        newer.grant_id,
        as_token.methods,
        as_token.purposes,
        as_token.fields,
        as_token.provinces,
        as_token.from_time,
        as_token.until_time,
        b"",
    )
    after = decided([*policy, newer], [*token, ceiling], call)
    if isinstance(after, Right):
        assert after == before or after.grant_id == newer.grant_id
    else:
        assert not isinstance(before, Right)
    assert decided([*policy, newer], token, call) == before
    assert decided(policy, [*token, ceiling], call) == before


@settings(max_examples=80)
@given(sides, sides, calls, st.randoms(use_true_random=False))
def test_the_order_of_grants_does_not_matter(
    policy: list[Grant], token: list[Grant], call: Call, random: object
) -> None:
    assert decided(policy, token, call) == decided(policy[::-1], token[::-1], call)


@settings(max_examples=100)
@given(sides, subsets(PURPOSES), calls)
def test_a_token_restricted_in_purposes_grants_no_more(
    policy: list[Grant], purposes: frozenset[str], call: Call
) -> None:
    try:
        restricted = list(for_purposes(policy, purposes))
    except PurposeNotGranted:
        assert purposes - {purpose for grant in policy for purpose in grant.purposes}
        return
    right = decided(policy, restricted, call)
    if isinstance(right, Right):
        assert call[1] in purposes
        assert right == decided(policy, policy, call)
