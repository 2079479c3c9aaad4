"""What tests of several tiers share: a small registry, built once, and a gateway that serves it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# A loaded machine makes no example wrong.
settings.register_profile("popgate", deadline=None)
settings.load_profile("popgate")

# What these check for tests is to be explained as if it stood there.
pytest.register_assert_rewrite(
    "tests.caller", "tests.gateway", "tests.service.refusals", "tests.e2e.load", "tests.e2e.scene"
)

from tests.gateway import Gateway, running  # noqa: E402
from tests.world import build_registry  # noqa: E402


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones begin first, so that no core idles at the end; otherwise the order is random."""
    items.sort(key=lambda item: "e2e" not in item.path.parts)


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished SQLite registry of 1,000 people; copy it, do not write to it."""
    path = tmp_path_factory.mktemp("registry") / "registry.db"
    build_registry(path)
    return path


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory, registry: Path) -> Iterator[Gateway]:
    """The gateway of all tests that leave it as it was."""
    with running(tmp_path_factory.mktemp("gateway") / "state", registry) as gateway:
        yield gateway


@pytest.fixture
def own_gateway(tmp_path: Path, registry: Path) -> Iterator[Gateway]:
    """A gateway of the test's own, to kill, stop and start."""
    with running(tmp_path / "state", registry) as gateway:
        yield gateway
