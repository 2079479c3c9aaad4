"""Both engines for every test of the store: an SQLite file, and a PostgreSQL that runs for the whole session."""

import itertools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, make_url

from registry.engine import open_engine
from tests.postgres import Postgres, running_postgres
from tests.store.small_population import build

OpenEngine = Callable[..., Engine]
ENGINES = ("sqlite", "postgresql")
_numbers = itertools.count(1)  # of the process: the fixture below may begin anew while its server goes on


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with running_postgres() as server:
        yield server


class Databases:
    """Makes databases of one engine: empty ones, and copies of the small population."""

    def __init__(self, kind: str, request: pytest.FixtureRequest, directory: Path) -> None:
        self.kind = kind
        self._postgres: Postgres | None = request.getfixturevalue("postgres") if kind == "postgresql" else None
        self._directory = directory
        self._built: str | None = None

    def empty(self) -> str:
        """Address of a database with nothing in it."""
        return self._make(None)

    def built(self) -> str:
        """Address of a database of its own that holds the small population."""
        if self._built is None:
            self._built = self.empty()
            engine = open_engine(self._built)
            build(engine)
            engine.dispose()
        return self._make(self._built)

    def _make(self, origin: str | None) -> str:
        name = f"store_{next(_numbers)}"
        if self._postgres is not None:
            template = "template0" if origin is None else str(make_url(origin).database)
            return self._postgres.create_database(name, template)
        path = self._directory / f"{name}.db"
        if origin is not None:
            shutil.copyfile(origin, path)
        return str(path)


@pytest.fixture(scope="session", params=ENGINES)
def databases(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Databases:
    return Databases(request.param, request, tmp_path_factory.mktemp(request.param))


@pytest.fixture
def empty_url(databases: Databases) -> str:
    return databases.empty()


@pytest.fixture
def url(databases: Databases) -> str:
    return databases.built()


@pytest.fixture
def opened() -> Iterator[OpenEngine]:
    """`open_engine`, closed again after the test."""
    engines: list[Engine] = []

    def open_(url: str, *, read_only: bool = False) -> Engine:
        engines.append(open_engine(url, read_only=read_only))
        return engines[-1]

    yield open_
    for engine in engines:
        engine.dispose()
