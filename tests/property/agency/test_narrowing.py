"""Narrowing never widens: in every dimension of a grant, for every narrowing, in every order."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agency.grants import Grant, Leniency, Quota
from gateway.agency.narrowing import narrowed, wider
from gateway.agency.terms import grant_of, terms_of

METHODS = ["LookUpPerson", "Pull", "VerifyPerson"]
PROVINCES = ["01", "48", "79"]
EVERYWHERE = frozenset([*PROVINCES, "96"])
PARTS = [f"birth_date.{part}" for part in ("day", "month", "year")]
LIMITS = ("calls_per_second", "calls_burst", "people_per_day", "calls_at_once", "streams_at_once")
LIMIT = st.sampled_from([0, 1, 5, 100])


def subsets(values: list[str]) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(values))


# As resolved: a leaf as a whole or in parts, never both.
paths = st.builds(
    lambda plain, birth: plain | birth,
    subsets(["name", "number", "religion"]),
    st.one_of(st.just(frozenset({"birth_date"})), subsets(PARTS[:2])),
)
quotas = st.lists(
    st.builds(Quota, st.sampled_from(["", *METHODS]), LIMIT, LIMIT, LIMIT, LIMIT, LIMIT),
    max_size=2,
    unique_by=lambda quota: quota.method,
).map(tuple)
grants = st.builds(
    Grant,
    grant_id=st.integers(1, 9),
    methods=subsets(METHODS),
    purposes=st.dictionaries(st.sampled_from(["health", "tax"]), subsets(["law:1", "law:2"]), max_size=2),
    fields=paths,
    provinces=subsets(PROVINCES),
    from_time=st.sampled_from([0, 10]),
    until_time=st.sampled_from([5, 20, 30]),
    contract_digest=st.just(bytes(32)),
    verify_fields=paths,
    predicates=subsets(["alive", "age_at_least:18"]),
    leniency=st.sampled_from(Leniency),
    own_subjects=st.booleans(),
    quotas=quotas,
    guesses_per_day=LIMIT,
    signed=st.booleans(),
)


def spelled(fields: frozenset[str]) -> frozenset[str]:
    """With a leaf as all of its parts."""
    return fields - {"birth_date"} | (frozenset(PARTS) if "birth_date" in fields else frozenset())


def bases(grant: Grant) -> set[tuple[str, str]]:
    return {(purpose, basis) for purpose, held in grant.purposes.items() for basis in held}


def bound(grant: Grant, method: str, limit: str) -> float:
    """What a grant's own quota for a method says; no limit is the loosest."""
    found = [getattr(quota, limit) for quota in grant.quotas if quota.method == method]
    return found[0] if found and found[0] else float("inf")


def exceeding(small: Grant, large: Grant) -> set[str]:
    """The dimensions in which one grant allows what another one does not, told without the code under test."""
    within = {
        "methods": small.methods <= large.methods,
        "purposes": bases(small) <= bases(large),
        "fields": spelled(small.fields) <= spelled(large.fields),
        "verify_fields": spelled(small.verify_fields) <= spelled(large.verify_fields),
        "predicates": small.predicates <= large.predicates,
        # Who may call nothing sees nobody, whatever the provinces say.
        "provinces": not small.methods or (small.provinces or EVERYWHERE) <= (large.provinces or EVERYWHERE),
        "from_time": small.from_time >= large.from_time,
        "until_time": small.until_time <= large.until_time,
        "leniency": small.leniency <= large.leniency,
        "own_subjects": small.own_subjects or not large.own_subjects,
        "signed": small.signed or not large.signed,
        "guesses_per_day": (small.guesses_per_day or 1001) <= (large.guesses_per_day or 1001),
        "quotas": all(
            bound(small, quota.method, limit) <= bound(large, quota.method, limit)
            for quota in large.quotas
            for limit in LIMITS
        ),
    }
    return {name for name, holds in within.items() if not holds}


def plain(grant: Grant) -> Grant:
    """Without the numbers of what was applied; the provinces of who may call nothing mean nothing."""
    scope = grant.provinces if grant.methods else frozenset()
    return replace(grant, narrowed_by=(), provinces=scope)


@settings(max_examples=25)
@given(grants, st.lists(grants, max_size=3))
def test_what_is_left_is_within_the_grant_and_each_narrowing(parent: Grant, narrowings: list[Grant]) -> None:
    left = narrowed(parent, narrowings)
    assert left.grant_id == parent.grant_id
    assert left.narrowed_by == tuple(each.grant_id for each in narrowings)
    for each in (parent, *narrowings):
        assert exceeding(left, each) == set()


@settings(max_examples=25)
@given(grants, grants, grants)
def test_order_and_repetition_change_nothing(parent: Grant, one: Grant, other: Grant) -> None:
    assert plain(narrowed(parent, [one, other])) == plain(narrowed(parent, [other, one]))
    assert plain(narrowed(narrowed(parent, [one]), [other])) == plain(narrowed(parent, [one, other]))
    assert plain(narrowed(parent, [one, one])) == plain(narrowed(parent, [one]))


@settings(max_examples=25)
@given(grants, grants, grants)
def test_a_smaller_grant_never_leaves_more(parent: Grant, smaller: Grant, narrowing: Grant) -> None:
    assert exceeding(narrowed(narrowed(parent, [smaller]), [narrowing]), narrowed(parent, [narrowing])) == set()


@settings(max_examples=40)
@given(grants, grants)
def test_what_exceeds_is_named_and_what_does_not_is_left_whole(parent: Grant, narrowing: Grant) -> None:
    named = set(wider(narrowing, parent))
    # A quota or a guess budget that is not stated is inherited, and exceeds nothing.
    inherited = {"quotas"} | ({"guesses_per_day"} if not narrowing.guesses_per_day else set())
    exceeds = exceeding(narrowing, parent) - inherited
    if narrowing.methods:
        assert named - {"quotas"} == exceeds
    if not named:
        left = narrowed(parent, [narrowing])
        same = ("methods", "provinces", "predicates", "leniency", "own_subjects", "signed", "from_time", "until_time")
        for part in same:
            assert getattr(left, part) == getattr(narrowing, part)
        assert (spelled(left.fields), bases(left)) == (spelled(narrowing.fields), bases(narrowing))
    inner = narrowed(parent, [narrowing])
    if inner.methods:  # what is left is itself a narrowing that exceeds nothing and loses nothing
        assert wider(inner, parent) == ()
        assert plain(narrowed(parent, [inner])) == plain(inner)


@settings(max_examples=25)
@given(grants)
def test_an_act_keeps_all_of_a_grant(grant: Grant) -> None:
    assert grant_of(terms_of(grant)) == grant
