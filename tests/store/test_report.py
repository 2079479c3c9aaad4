"""Both databases are measured alike."""

from pathlib import Path

import pytest

from registry.engine import open_engine, registry_url
from seed.build import build
from seed.plan import Plan
from seed.report.measure import Report, measure
from tests.postgres import Postgres


def built_and_measured(state: Path, database: str | None) -> Report:
    build(Plan(2_000, 4), state, epoch="0" * 16, workers=1, progress=lambda _stage, _done: None, database=database)
    engine = open_engine(database or registry_url(state), read_only=True)
    try:
        return measure(engine)
    finally:
        engine.dispose()


def test_postgresql_is_measured_as_sqlite_is(postgres: Postgres, tmp_path: Path) -> None:
    file = built_and_measured(tmp_path / "file", None)
    server = built_and_measured(tmp_path / "server", postgres.create_database("measured"))
    assert server.rules == file.rules
    assert server.rates == file.rates
    for one, other in zip((*server.marginals, *server.joints), (*file.marginals, *file.joints), strict=True):
        assert one.distance == pytest.approx(other.distance)
        assert one.people == other.people
