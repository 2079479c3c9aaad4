"""One population of 100,000 people, made once a session; making it takes half a second."""

import pytest

from seed.block import make_block
from seed.inspection import gather
from seed.plan import Plan
from seed.rows import Rows


@pytest.fixture(scope="session")
def population() -> dict[str, Rows]:
    plan = Plan(people=100_000, seed=1)
    return gather(make_block(plan, block) for block in range(plan.blocks))
