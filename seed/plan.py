"""How a population is cut into blocks, each with its own source of randomness. Decides sizes, draws no one."""

from dataclasses import dataclass

import numpy as np

from seed.errors import ImpossiblePopulation

BLOCK_PEOPLE_MAX = 32_768
PEOPLE_MAX = 150_000_000
SEED_MAX = 2**63 - 1

Random = np.random.Generator


@dataclass(frozen=True, slots=True)
class Plan:
    """`people` from `seed`, in blocks of nearly equal size. The same plan always gives the same people."""

    people: int
    seed: int
    block_people_max: int = BLOCK_PEOPLE_MAX

    def __post_init__(self) -> None:
        if self.people < 1:
            raise ImpossiblePopulation(f"a population has at least 1 person, not {self.people}")
        if self.people > PEOPLE_MAX:
            raise ImpossiblePopulation(
                f"{self.people:,} people are more than the {PEOPLE_MAX:,} the personal numbers have room for"
            )
        if not 0 <= self.seed <= SEED_MAX:
            raise ImpossiblePopulation(f"the seed is a whole number from 0 to {SEED_MAX}")

    @property
    def blocks(self) -> int:
        """Number of blocks."""
        return -(-self.people // self.block_people_max)

    def first_person(self, block: int) -> int:
        """`person_id` of the block's first person; `first_person(blocks)` is one past the last person."""
        return self.people * block // self.blocks + 1

    def block_people(self, block: int) -> int:
        """People of the block, living and recently dead."""
        return self.first_person(block + 1) - self.first_person(block)

    def random(self, block: int) -> Random:
        """The block's own stream: independent of other blocks and of who works on them."""
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence([self.seed, block])))
