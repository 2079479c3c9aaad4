"""A gateway that is struck under load, and what must hold afterwards."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass

from gateway.audit.verify import reconcile, verify
from tests.e2e.load import Ledger, look_ups, pushes, running
from tests.gateway import Gateway

WARM_SECONDS = 0.3
AFTER_SECONDS = 0.3
RECOVERY_SECONDS_MAX = 15.0


@dataclass(frozen=True, slots=True)
class Scene:
    """One gateway for the module, and all that its callers know since it was made."""

    gateway: Gateway
    hospital: Ledger
    insurance: Ledger


async def under_load(scene: Scene, strike: Callable[[], object], after: Callable[[], object] | None = None) -> None:
    """Strike while calls are in flight, then go on until calls are answered again."""
    loads = look_ups(scene.gateway, scene.hospital), pushes(scene.gateway, scene.insurance)
    async with running(*loads):
        await _until_answered_more(scene, 20)
        await asyncio.sleep(WARM_SECONDS)
        strike()
        if after is not None:
            await asyncio.to_thread(after)
        await _until_answered_more(scene, 20)
        await asyncio.sleep(AFTER_SECONDS)


async def _until_answered_more(scene: Scene, count: int) -> None:
    targets = [(ledger, len(ledger.receipts) + count) for ledger in (scene.hospital, scene.insurance)]
    deadline = time.monotonic() + RECOVERY_SECONDS_MAX
    while any(len(ledger.receipts) < target for ledger, target in targets):
        assert time.monotonic() < deadline, [ledger.failures() for ledger, _ in targets]
        await asyncio.sleep(0.05)


async def both_workers(scene: Scene) -> list[int]:
    """The workers, once none is missing."""
    deadline = time.monotonic() + RECOVERY_SECONDS_MAX
    while len(workers := scene.gateway.serving_workers()) < scene.gateway.workers:
        assert time.monotonic() < deadline, "a worker was not replaced"
        await asyncio.sleep(0.05)
    return workers


def check_everything(scene: Scene) -> None:
    """The promises, the log, the counters and the registry, against what the callers know."""
    gateway = scene.gateway
    _await_publication(gateway, scene)
    directory, vkey = str(gateway.state / "audit"), (gateway.state / "audit" / "log.vkey").read_text().strip()
    receipt_vkey = (gateway.state / "audit" / "receipt.vkey").read_text().strip()
    report = verify(directory, vkey)
    for ledger in (scene.hospital, scene.insurance):
        found = reconcile(directory, vkey, ledger.agency, ledger.receipts.values(), receipt_vkey)
        assert (found.broken, found.honoured) == ((), len(ledger.receipts))
        # An entry without a receipt belongs to a call whose caller was told that it failed.
        assert {surplus.call_id.hex() for surplus in found.surplus} <= ledger.failed.keys()
        assert all(surplus.worker_epoch for surplus in found.surplus)
        if ledger is scene.hospital:
            disclosed = report.disclosed["hospital", "LookUpPerson"]
            assert disclosed.entries == len(ledger.receipts) + len(found.surplus)
            counted = gateway.metric("gateway_people_served_total", agency="hospital", method="LookUpPerson")
            assert ledger.people <= counted <= disclosed.people
    _check_registry(scene)


def _await_publication(gateway: Gateway, scene: Scene) -> None:
    newest = max(receipt.index for ledger in (scene.hospital, scene.insurance) for receipt in ledger.receipts.values())
    deadline = time.monotonic() + 10
    while gateway.published() <= newest:
        assert time.monotonic() < deadline, "the log was not published"
        time.sleep(0.05)


def _check_registry(scene: Scene) -> None:
    """No acknowledged push is lost; the change feed is dense."""
    registry = sqlite3.connect(f"file:{scene.gateway.state}/registry.db?mode=ro", uri=True)
    versions = dict(registry.execute("SELECT number, version FROM person").fetchall())
    positions, newest, intents = registry.execute(
        "SELECT count(*), coalesce(max(position), 0), count(audit_index) FROM change"
    ).fetchone()
    registry.close()
    assert {number for number, version in scene.insurance.acknowledged.items() if versions[number] < version} == set()
    assert positions == newest == intents
