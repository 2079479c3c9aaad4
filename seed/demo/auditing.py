"""Chapter: an auditor, with its own identity, asks the gateway who saw one person."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, timezone
from typing import Final

from gateway.client import Access, Accesses, GatewayRefusal
from seed.demo.citizens import Citizen
from seed.demo.errors import DemoFailed
from seed.demo.running import GatewayProcess
from seed.demo.stub import Stub
from seed.demo.telling import Teller
from seed.demo.watching import read_scrape

VIETNAM: Final = timezone(timedelta(hours=7))
PUBLISHED_SECONDS_MAX = 10.0
PUBLISHED_PAUSE_SECONDS = 0.2
ROWS_SHOWN_MAX = 16


async def ask_who_saw(
    patient: Citizen, gateway: GatewayProcess, auditor: Stub, admission: int, teller: Teller
) -> Accesses:
    """The entries about the patient, once all of the story is published. Raises ClientError, DemoFailed.

    `admission`: entry of the first look-up, which must be among them.
    """
    await _published(gateway)
    found = await auditor.accesses(patient.number, auditor.why("KT-2026-03"))
    if isinstance(found, GatewayRefusal):
        raise found
    if admission not in {access.index for access in found.accesses}:
        raise DemoFailed(f"the auditor was not told of entry {admission}, the patient's admission; report it")
    shown = found.accesses[:ROWS_SHOWN_MAX]
    teller.say(
        f"{auditor.plan.name} asks who saw {patient.name}. Newest first, times are +07:00; a push stands there as "
        "intent and as outcome."
    )
    teller.table(
        ("entry", "time", "agency", "method", "purpose", "fields or refusal", "case"),
        (_row(access) for access in shown),
        right=("entry",),
    )
    refused = sum(not access.allowed for access in found.accesses)
    teller.say(
        f"{len(found.accesses)} entries, {refused} of them refusals, of {_day(found)}; current through entry "
        f"{found.current_through_index - 1:,}. This question is entry {found.receipt.index:,} itself."
    )
    return found


async def _published(gateway: GatewayProcess) -> None:
    """Until a checkpoint covers every durable entry; it comes every second."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + PUBLISHED_SECONDS_MAX
    while True:
        scrape = read_scrape(await asyncio.to_thread(gateway.metrics))
        if scrape.audit_up and not scrape.lag_entries:
            return
        if loop.time() > deadline:
            raise DemoFailed(f"the audit log is not published after {PUBLISHED_SECONDS_MAX:.0f} s; see {gateway.log}")
        await asyncio.sleep(PUBLISHED_PAUSE_SECONDS)


def _row(access: Access) -> tuple[str, ...]:
    outcome = f"{len(access.fields)} fields" if access.allowed else access.reason
    return (
        f"{access.index}",
        _clock(access.time),
        access.agency,
        access.method,
        access.purpose,
        outcome,
        access.case_reference,
    )


def _day(found: Accesses) -> str:
    days = sorted({access.time.astimezone(VIETNAM).date() for access in found.accesses})
    return " and ".join(f"{day:%d/%m/%Y}" for day in days)


def _clock(moment: datetime) -> str:
    return moment.astimezone(VIETNAM).strftime("%H:%M:%S")
