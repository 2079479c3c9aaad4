"""Whatever is written: positions are dense, versions count changes, and the rows hold the last values."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry.datasets import Dataset
from registry.engine import open_engine
from registry.people import PeopleStore
from registry.writer import OutcomeStatus, Update, Writer
from tests.store.small_population import COMMUNE_CAO_BANG, COMMUNE_HANOI, FATHER, PEOPLE, build

people = st.integers(FATHER + 1, FATHER + 4) | st.just(PEOPLE + 1)
insurances = st.fixed_dictionaries(
    {"status": st.integers(1, 3), "updated_on": st.just(20250101)}, optional={"code": st.sampled_from(["1", "2"])}
)
moves = st.fixed_dictionaries(
    {
        "permanent_commune": st.sampled_from([COMMUNE_HANOI, COMMUNE_CAO_BANG, "99999"]),
        "permanent_since": st.sampled_from([20250101, 20250102]),
    }
)


def update(person_id: int, dataset: Dataset, values: dict[str, Any]) -> Update:
    return Update(dataset, values, kinds=1, made_at=1, person_id=person_id)


updates = st.builds(update, people, st.just(Dataset.SOCIAL_INSURANCE), insurances) | st.builds(
    update, people, st.just(Dataset.RESIDENCE), moves
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("registry") / "registry.db"
    engine = open_engine(path)
    build(engine)
    engine.dispose()
    return path


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(updates, max_size=6), max_size=4))
def test_the_feed_accounts_for_every_applied_update(path: Path, batches: list[list[Update]]) -> None:
    engine = open_engine(path)
    writer, store = Writer(engine), PeopleStore(engine)
    plan = store.plan(("version", "scope"))
    everybody = range(1, PEOPLE + 1)
    before = {row[0]: row for row in store.read_ids(plan, everybody) if row is not None}
    start = store.last_position()
    applied = [
        (item, outcome)
        for batch in batches
        for item, outcome in zip(batch, writer.apply(batch), strict=True)
        if outcome.status is OutcomeStatus.APPLIED
    ]
    changes = store.changes(start, 1000)
    assert [outcome.position for _, outcome in applied] == list(range(start + 1, start + 1 + len(applied)))
    assert [row[:4] for row in changes.rows] == [
        (outcome.position, item.person_id, outcome.version, item.dataset) for item, outcome in applied
    ]
    after = {row[0]: row for row in store.read_ids(plan, everybody) if row is not None}
    scopes = {person_id: row[3] for person_id, row in before.items()}
    for row in changes.rows:
        assert row[5] == scopes[row[1]]
        scopes[row[1]] = row[6]
    for person_id, row in after.items():
        mine = [item for item, _ in applied if item.person_id == person_id]
        assert row[2] == before[person_id][2] + len(mine)
        assert row[3] == scopes[person_id]
        open_homes = [home for home in store.related("residences", [person_id]).get(person_id, []) if home[6] is None]
        assert len(open_homes) <= 1
    store.close()
    writer.close()
    engine.dispose()
