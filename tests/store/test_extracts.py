"""The same population exports the same files from every engine."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from registry.engine import open_engine, registry_url
from seed.build import build
from seed.extracts.agencies import EXTRACTS
from seed.extracts.export import export
from seed.extracts.truth import truth_path
from seed.plan import Plan
from tests.store.conftest import OpenEngine

PLAN = Plan(people=1_500, seed=4)


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("reference")
    build(PLAN, directory, epoch="00", workers=1, progress=lambda stage, done: None)
    _export_all(open_engine(registry_url(directory), read_only=True), directory)
    return directory


def test_every_engine_exports_the_same_files(
    empty_url: str, opened: OpenEngine, reference: Path, tmp_path: Path
) -> None:
    build(PLAN, tmp_path, epoch="00", workers=1, progress=lambda stage, done: None, database=empty_url)
    _export_all(opened(empty_url, read_only=True), tmp_path)
    for extract in EXTRACTS:
        out = Path(f"{extract.code}.csv")
        for name in (out, truth_path(out)):
            made = (tmp_path / name).read_bytes()
            assert made == (reference / name).read_bytes()
            assert made.count(b"\n") > 100


def _export_all(engine: Engine, directory: Path) -> None:
    for extract in EXTRACTS:
        out = directory / f"{extract.code}.csv"
        export(engine, extract, out, dirt=0.2, seed=1, progress=lambda done, people: None)
