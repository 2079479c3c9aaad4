"""What a start says when it cannot be, and what the identity folders that it makes point to."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gateway.config import Settings
from gateway.start import CannotStart, prepare, trust_of

NOW = 1_795_000_000.0


@pytest.fixture
def state(tmp_path: Path, registry: Path) -> Path:
    """A state directory with a population and nothing else."""
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    shutil.copy(registry, state / "registry.db")
    return state


def test_without_a_population_the_start_says_how_to_build_one(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match=r"`popgate seed build --people N --state .*` builds one"):
        prepare(Settings(state=tmp_path), NOW)


def test_a_registry_that_cannot_be_reached_is_not_to_be_built() -> None:
    settings = Settings(database="postgresql://nobody:secret@127.0.0.1:1/registry")
    with pytest.raises(CannotStart) as refused:
        prepare(settings, NOW)
    assert "see that it runs" in str(refused.value)
    assert "build" not in str(refused.value)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("host", "names", "server"),
    [
        ("127.0.0.1", ("localhost", "127.0.0.1"), "127.0.0.1:8443"),
        ("0.0.0.0", ("gateway.example", "10.0.0.5"), "gateway.example:8443"),
    ],
)
def test_identity_folders_point_to_a_name_that_the_server_can_prove(
    state: Path, host: str, names: tuple[str, ...], server: str
) -> None:
    settings = Settings(state=state, host=host, names=names)
    prepare(settings, NOW)
    assert trust_of(settings)["server"] == server


def test_a_state_directory_too_deep_for_a_socket_is_refused_before_anything_is_made(state: Path) -> None:
    deep = state / ("x" * 60) / ("y" * 60)
    deep.mkdir(parents=True)
    shutil.move(state / "registry.db", deep)
    with pytest.raises(CannotStart, match="too long for the sockets"):
        prepare(Settings(state=deep), NOW)
    assert [path.name for path in deep.iterdir()] == ["registry.db"]


def test_a_damaged_database_of_agencies_is_named(state: Path) -> None:
    (state / "gateway.db").write_bytes(b"not a database" * 1000)
    with pytest.raises(CannotStart, match=r"gateway\.db cannot be read"):
        prepare(Settings(state=state), NOW)
