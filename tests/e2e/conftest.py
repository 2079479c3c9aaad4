"""A gateway of a module's own, to be killed and killed again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.load import Ledger
from tests.e2e.scene import Scene
from tests.gateway import running


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory, registry: Path) -> Iterator[Scene]:
    """The gateway, and all that its callers know since it was made."""
    with running(tmp_path_factory.mktemp("killed") / "state", registry) as gateway:
        yield Scene(gateway, Ledger("hospital"), Ledger("insurance"))
