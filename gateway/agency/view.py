"""Keeps a worker's view of agencies, grants and revocations fresh.

Fails closed: a view that could not be checked for some seconds answers nobody.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import structlog

from gateway.agency.notice import Listener
from gateway.agency.policy import PolicyView
from gateway.agency.store import AgencyStore
from gateway.errors import PolicyStale

POLICY_POLL_SECONDS = 0.2
POLICY_SETTLE_SECONDS = 0.5
"""After this time a change is in force on every worker of this host that still answers in time."""
POLICY_AGE_SECONDS_MAX = 5.0
FORGET_SECONDS = 3600.0


class PolicyWatcher:
    """Holds the newest view and reloads it when the policy's version changes."""

    def __init__(self, store: AgencyStore, monotonic: Callable[[], float], notices: Path | None = None) -> None:
        """`monotonic`: seconds of a clock that is never set. `notices`: where to listen for changes; None: nowhere.

        The store is the watcher's own, so that nobody who changes the policy holds up who reads it.
        """
        self._store = store
        self._monotonic = monotonic
        self._view: PolicyView | None = None
        # Shared by all views: what was superseded grows between versions of the policy.
        self._superseded: dict[bytes, int] = {}
        self._succession = 0
        self._forget_at = float("-inf")
        self._checked_at = float("-inf")
        self._task: asyncio.Task[None] | None = None
        # Its own: in the threads that all share, callers with slow questions could keep the view from being
        # refreshed, and so everybody from being answered.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="policy")
        self._log = structlog.get_logger()
        self._notices = notices
        self._listener: Listener | None = None
        self._noticed = asyncio.Event()

    async def start(self) -> None:
        """Load the first view, then keep it fresh until `stop`. Raises what the store raises."""
        if self._notices is not None:
            self._listener = Listener(self._notices, self._noticed.set)
            await self._listener.start()
        await self.refresh()
        self._task = asyncio.create_task(self._follow(), name="policy watcher")

    async def stop(self) -> None:
        """End the task; the view goes stale by itself."""
        if self._listener is not None:
            self._listener.stop()
            self._listener = None
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        self._thread.shutdown(cancel_futures=True)

    async def refresh(self) -> None:
        """Compare versions once and reload if they differ. Raises what the store raises."""
        started = self._monotonic()
        known = self._view.version if self._view is not None else None
        fresh = await asyncio.get_running_loop().run_in_executor(self._thread, self._load_unless, known)
        if fresh is not None:
            self._view = fresh
        # The view was true when the check began, not when its answer arrived.
        self._checked_at = started

    def view(self) -> PolicyView:
        """The newest view. Raises PolicyStale when it was last found true more than 5 s ago."""
        if self._view is None or self.age_seconds() > POLICY_AGE_SECONDS_MAX:
            raise PolicyStale
        return self._view

    def age_seconds(self) -> float:
        """Seconds since the view was last found true; infinite before the first load."""
        return self._monotonic() - self._checked_at

    def _load_unless(self, known: int | None) -> PolicyView | None:
        self._read_successions()
        if known is not None and self._store.policy_version() == known:
            return None
        return replace(self._store.load_view(), superseded=self._superseded)

    def _read_successions(self) -> None:
        """Rows are numbered, so that a look costs nothing; now and then all are read anew, to forget expired ones."""
        now = self._monotonic()
        if now >= self._forget_at:
            self._forget_at, self._succession = now + FORGET_SECONDS, 0
            self._superseded.clear()
        self._succession, found = self._store.successions.after(self._succession, int(time.time()))
        self._superseded.update(found)

    async def _follow(self) -> None:
        failing = False
        while True:
            # A notice comes at once and may be lost; the poll comes in any case.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLICY_POLL_SECONDS):
                    await self._noticed.wait()
            self._noticed.clear()
            try:
                await self.refresh()
            except Exception:
                # Whatever it was, the view ages and calls are refused; the reason is for the operator, once.
                if not failing:
                    self._log.exception("policy not loaded")
                failing = True
            else:
                failing = False
