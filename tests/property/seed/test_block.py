"""Whatever the size and seed, a population contradicts itself nowhere."""

from hypothesis import given, settings
from hypothesis import strategies as st

from seed.block import make_block
from seed.inspection import faults, gather
from seed.plan import Plan


@settings(max_examples=40, deadline=None)
@given(people=st.integers(1, 400), seed=st.integers(0, 2**63 - 1))
def test_a_population_of_any_size_has_no_faults(people: int, seed: int) -> None:
    plan = Plan(people, seed)
    tables = gather(make_block(plan, block) for block in range(plan.blocks))
    assert len(tables["person"]["person_id"]) == people
    assert {rule: count for rule, count in faults(tables).items() if count} == {}
