"""A plan cuts any number of people into blocks without gap or overlap, and refuses what cannot be built."""

import pytest

from seed.errors import ImpossiblePopulation
from seed.plan import BLOCK_PEOPLE_MAX, PEOPLE_MAX, SEED_MAX, Plan


@pytest.mark.parametrize("people", [1, 17, BLOCK_PEOPLE_MAX, BLOCK_PEOPLE_MAX + 1, 1_000_000, PEOPLE_MAX])
def test_blocks_cover_all_people_once(people: int) -> None:
    plan = Plan(people, 1)
    sizes = [plan.block_people(block) for block in range(plan.blocks)]
    assert sum(sizes) == people
    assert max(sizes) <= BLOCK_PEOPLE_MAX
    assert max(sizes) - min(sizes) <= 1
    assert plan.first_person(0) == 1
    assert plan.first_person(plan.blocks) == people + 1


@pytest.mark.parametrize("people", [0, -5, PEOPLE_MAX + 1])
def test_an_impossible_number_of_people_is_refused(people: int) -> None:
    with pytest.raises(ImpossiblePopulation):
        Plan(people, 1)


@pytest.mark.parametrize("seed", [-1, SEED_MAX + 1])
def test_an_impossible_seed_is_refused(seed: int) -> None:
    with pytest.raises(ImpossiblePopulation, match="seed"):
        Plan(10, seed)


def test_each_block_and_each_seed_has_its_own_stream() -> None:
    plan = Plan(100_000, 1)
    draws = {plan.random(0).random(), plan.random(1).random(), Plan(100_000, 2).random(0).random()}
    assert len(draws) == 3
    assert plan.random(0).random() == plan.random(0).random()
