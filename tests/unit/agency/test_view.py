"""The view of the policy: what it refuses, how it is kept fresh, and that it fails closed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.agency import view as view_module
from gateway.agency.ledger import Target
from gateway.agency.policy import PolicyView
from gateway.agency.store import AgencyStore
from gateway.agency.tokens import Token
from gateway.agency.view import PolicyWatcher
from gateway.errors import CredentialExpired, CredentialRevoked, CredentialSuperseded, PolicyStale
from tests.unit.agency.world import NOW, make_grant, principal

TOKEN = Token(bytes(16), "bhxh", "hq", NOW + 600, {})


class Monotonic:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def store(tmp_path: Path) -> Iterator[AgencyStore]:
    made = AgencyStore.create(tmp_path / "gateway.db")
    made.register_agency("bhxh", "Social insurance", 3, NOW)
    yield made
    made.close()


def test_a_good_certificate_and_token_find_their_agency(store: AgencyStore) -> None:
    store.create_grant("bhxh", make_grant())
    agency = store.load_view().check(principal(), TOKEN, NOW)
    assert (agency.code, agency.grants) == ("bhxh", (make_grant(),))


def test_certificate_and_token_expire_between_calls(store: AgencyStore) -> None:
    view = store.load_view()
    short = principal(lifetime=60)
    view.check(short, TOKEN, NOW + 60)
    with pytest.raises(CredentialExpired):
        view.check(short, TOKEN, NOW + 61)
    with pytest.raises(CredentialExpired):
        view.check(principal(), TOKEN, NOW + 600)
    view.check(principal(), None, NOW + 600)


def test_what_was_revoked_is_refused(store: AgencyStore) -> None:
    good, bad = principal(), principal()
    store.record_credential(bad, NOW)
    store.revoke(Target.THUMBPRINT, bad.thumbprint.hex(), NOW)
    store.revoke(Target.TOKEN, bytes([1] * 16).hex(), NOW)
    view = store.load_view()
    view.check(good, TOKEN, NOW)
    with pytest.raises(CredentialRevoked):
        view.check(bad, None, NOW)
    with pytest.raises(CredentialRevoked):
        view.check(good, replace(TOKEN, token_id=bytes([1] * 16)), NOW)
    store.revoke(Target.AGENCY, "bhxh", NOW)
    with pytest.raises(CredentialRevoked):
        store.load_view().check(good, TOKEN, NOW)


def test_an_agency_that_the_database_does_not_know_is_refused(store: AgencyStore) -> None:
    with pytest.raises(CredentialRevoked):
        store.load_view().check(principal("health"), None, NOW)


async def test_the_view_changes_with_the_version_only(store: AgencyStore) -> None:
    watcher = PolicyWatcher(store, Monotonic())
    await watcher.refresh()
    first = watcher.view()
    await watcher.refresh()
    assert watcher.view() is first
    store.revoke(Target.AGENCY, "bhxh", NOW)
    await watcher.refresh()
    assert watcher.view().version == first.version + 1
    assert "bhxh" not in watcher.view().agencies


async def test_a_view_that_was_not_checked_for_five_seconds_answers_nobody(store: AgencyStore) -> None:
    clock = Monotonic()
    watcher = PolicyWatcher(store, clock)
    with pytest.raises(PolicyStale):
        watcher.view()
    await watcher.refresh()
    clock.seconds += 5
    watcher.view()
    clock.seconds += 0.1
    with pytest.raises(PolicyStale):
        watcher.view()
    await watcher.refresh()
    watcher.view()


async def test_the_view_is_as_old_as_the_beginning_of_its_check(
    store: AgencyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Monotonic()
    watcher = PolicyWatcher(store, clock)
    load = store.load_view

    def load_slowly() -> PolicyView:
        clock.seconds += 7
        return load()

    monkeypatch.setattr(store, "load_view", load_slowly)
    await watcher.refresh()
    assert watcher.age_seconds() == 7
    with pytest.raises(PolicyStale):
        watcher.view()


async def test_a_started_watcher_follows_and_survives_a_failing_database(
    store: AgencyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view_module, "POLICY_POLL_SECONDS", 0.002)
    clock = Monotonic()
    watcher = PolicyWatcher(store, clock)
    await watcher.start()
    version = watcher.view().version
    store.register_agency("health", "Health", 4, NOW)
    await until(lambda: watcher.view().version == version + 1)

    def fail() -> int:
        raise OSError("the disk is gone")

    with monkeypatch.context() as broken, capture_logs() as logged:
        broken.setattr(store, "policy_version", fail)
        await until(lambda: bool(logged))
        await asyncio.sleep(0.02)
        clock.seconds += 6
        with pytest.raises(PolicyStale):
            watcher.view()
    assert [line["event"] for line in logged] == ["policy not loaded"]
    await until(lambda: watcher.age_seconds() == 0)
    watcher.view()
    await watcher.stop()
    await watcher.stop()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - the watcher tells nobody, it is asked
            await asyncio.sleep(0.002)


def test_a_revoked_issuing_key_takes_its_certificates_with_it(store: AgencyStore) -> None:
    name = "ab" * 32
    theirs, others = replace(principal(), issuer=name), replace(principal(), issuer="cd" * 32)
    store.revoke(Target.KEY, name, NOW)
    view = store.load_view()
    view.check(others, None, NOW)
    with pytest.raises(CredentialSuperseded, match="renew"):
        view.check(theirs, None, NOW)
    # What is revoked by itself is no candidate for an exchange.
    store.revoke(Target.THUMBPRINT, theirs.thumbprint.hex(), NOW)
    with pytest.raises(CredentialRevoked):
        store.load_view().check(theirs, None, NOW)
