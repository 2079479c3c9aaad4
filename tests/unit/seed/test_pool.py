"""Blocks come in order and are the same however many processes make them."""

import hashlib
import multiprocessing
from collections.abc import Iterable
from contextlib import closing

import numpy as np
import pytest

from seed.block import Batch
from seed.errors import WorkerLost
from seed.plan import Plan
from seed.pool import batches
from seed.rows import Column

PLAN = Plan(2_100, 3, block_people_max=800)


def digest_of(made: Iterable[Batch]) -> str:
    """Hex digest over blocks as they are made."""
    digest = hashlib.blake2b(digest_size=16)
    for batch in made:
        for table, columns in batch.tables.items():
            for column, values in columns.items():
                digest.update(f"{table}.{column}\n".encode())
                digest.update(np.ma.getmaskarray(values).tobytes())
                digest.update(_bytes(np.ma.filled(values, 0)))
    return digest.hexdigest()


def _bytes(values: Column) -> bytes:
    return "\n".join(map(str, values.tolist())).encode() if values.dtype == object else values.tobytes()


def test_one_and_three_workers_make_the_same_population_as_this_process() -> None:
    digests = {digest_of(batches(PLAN, workers)) for workers in (0, 1, 3)}
    assert len(digests) == 1


def test_blocks_after_the_first_are_the_same_without_it() -> None:
    plan = Plan(1200, 3, block_people_max=300)
    expected = digest_of(list(batches(plan, 0))[1:])
    assert {digest_of(batches(plan, workers, first=1)) for workers in (0, 2)} == {expected}
    assert list(batches(plan, 2, first=4)) == []


def test_another_seed_or_number_is_another_population() -> None:
    plans = (Plan(300, 1), Plan(300, 2), Plan(301, 1))
    assert len({digest_of(batches(plan, 0)) for plan in plans}) == 3


def test_a_worker_that_dies_is_reported() -> None:
    with closing(batches(PLAN, 2)) as made:
        assert next(made).block == 0
        for child in multiprocessing.active_children():
            child.kill()
        with pytest.raises(WorkerLost):
            list(made)
