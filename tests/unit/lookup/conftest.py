"""A registry whose stored fragments are all made."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gateway.catalogue import Catalogue
from gateway.lookup.disclosure import Disclosures
from gateway.lookup.fragments import BasicFragments
from gateway.lookup.people import UnitNames
from registry.engine import open_engine
from registry.units import Units
from registry.writer import Writer


@pytest.fixture(scope="package")
def registry_with_fragments(registry: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("fragments") / "registry.db"
    shutil.copyfile(registry, path)
    engine = open_engine(path)
    writer = Writer(engine, BasicFragments(Disclosures(Catalogue.compile()), UnitNames(Units.from_engine(engine))))
    while writer.fill_fragments(1000):
        pass
    writer.close()
    return path
