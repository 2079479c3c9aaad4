"""Two minutes of strikes in a random order: what holds after one must hold after many."""

from __future__ import annotations

import os
import random
import resource
import signal
import time
from collections.abc import Callable

import pytest

from tests.e2e.scene import Scene, both_workers, check_everything, under_load

SOAK_SECONDS = 120.0
SEED = 1


@pytest.mark.slow
@pytest.mark.timeout(400)
async def test_strike_after_strike_nothing_promised_is_lost(scene: Scene) -> None:
    chance, end = random.Random(SEED), time.monotonic() + SOAK_SECONDS
    while time.monotonic() < end:
        worker = chance.choice(await both_workers(scene))
        strike, after = chance.choice(_strikes(scene, worker, scene.gateway.sequencer()))
        await under_load(scene, strike, after)
        check_everything(scene)


def _strikes(
    scene: Scene, worker: int, sequencer: int
) -> list[tuple[Callable[[], object], Callable[[], object] | None]]:
    """What can happen, and what mends it where the gateway does not do so by itself."""
    return [
        (lambda: os.kill(worker, signal.SIGKILL), None),
        (lambda: os.kill(sequencer, signal.SIGKILL), None),
        (lambda: resource.prlimit(sequencer, resource.RLIMIT_FSIZE, (0, 0)), None),
        (scene.gateway.kill, scene.gateway.start),
        (scene.gateway.stop, scene.gateway.start),
    ]
