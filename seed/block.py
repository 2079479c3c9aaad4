"""One block of the population: composes the steps that decide about people and numbers everybody. Decides no figure."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from seed import registries
from seed.departed import place_departed
from seed.families import form_families
from seed.figures import demography
from seed.households import join_units
from seed.people import draw_people
from seed.places import places
from seed.plan import Plan
from seed.relations import relate
from seed.rows import Facts, Rows, tables_of
from seed.settlement import settle


@dataclass(frozen=True, slots=True)
class Batch:
    """The rows of one block by table and column, in the order in which tables are to be filled."""

    block: int
    tables: Mapping[str, Rows]


def make_block(plan: Plan, block: int) -> Batch:
    """All rows of one block. The same plan and block always give the same rows."""
    random = plan.random(block)
    figures = demography()
    people = draw_people(random, plan.block_people(block), figures)
    families = form_families(random, people, figures)
    joins = join_units(random, people, families, figures)
    homes = relate(random, people, families, joins)
    place_departed(random, people, families, homes, figures)
    settlement = settle(random, people, families, homes, places())
    # Members of a household stand together, its head first; households stand in random order.
    rank = random.permutation(len(homes.head))[homes.household]
    is_head = homes.head[homes.household] == np.arange(len(people))
    order = np.lexsort((people.birth, ~is_head, ~people.alive, rank))
    person_id = np.empty(len(people), dtype=np.int64)
    person_id[order] = plan.first_person(block) + np.arange(len(people))
    facts = Facts(plan, block, people, families, homes, settlement, order, person_id)
    tables = tables_of(random, facts)
    return Batch(block, tables | registries.tables_of(registries.subjects_of(facts, tables)))
