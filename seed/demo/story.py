"""The demonstration from beginning to end: makes the country, plays the chapters, compares the three counts."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Iterable
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from gateway.audit.paths import AuditPaths
from gateway.config import Settings
from gateway.supervisor import require_free_ports
from seed.agencies import AUDITOR, CARRIER, HOSPITAL, PROVINCE, PROVINCE_OFFICE, SOCIAL_INSURANCE, AgencyPlan
from seed.build import build
from seed.demo import asking, auditing, enrolling, following, notes, proving, watching
from seed.demo.citizens import Country, read_country
from seed.demo.errors import DemoFailed
from seed.demo.ground import claim, write_summary
from seed.demo.running import GatewayProcess
from seed.demo.stub import Stub, Tally
from seed.demo.telling import Teller
from seed.plan import Plan

NUMBERS_OF_EACH_KIND = 2_000
CONNECTIONS = 2
SEEDING_WORKERS = 2


@dataclass(frozen=True, slots=True)
class Played:
    """What the online part left behind: tallies of all clients, the last scrape, and what to prove afterwards."""

    tallies: tuple[Tally, ...]
    scrape: watching.Scrape
    checkpoint: bytes
    admission_index: int


def play(settings: Settings, people: int, seed: int, console: Console) -> None:
    """Make and tell the whole story in `settings.state`, and write its summary there.

    Raises DemoFailed, CannotStart, SeedError, RegistryError, ClientError, OSError; nothing runs afterwards.
    """
    started = time.monotonic()
    plan = Plan(people, seed)
    require_free_ports(settings)
    state = settings.state
    teller = Teller(console)
    teller.title("popgate: agencies, a population registry, and the gateway between them")
    if claim(state, people):
        teller.say(f"{state} held an earlier demonstration; it was cleared away and everything is made anew.")
    country = _make_country(plan, state, teller)
    with ExitStack() as running:
        with teller.chapter("A gateway"):
            gateway = running.enter_context(GatewayProcess(settings))
            teller.say(
                "It made its certificate authority, its keys, an empty audit log and two operators' identities, and "
                f"serves agencies at {gateway.server}, enrolment at {gateway.enrolment_server}."
            )
        played = asyncio.run(_play_online(state, country, gateway, teller))
    with teller.chapter("Proof, without the gateway"):
        proof = proving.prove(state, played.checkpoint, teller)
        proving.tamper(state, played.admission_index, teller)
    notes.write_notes(settings, country)
    _conclude(state, country, played, proof, time.monotonic() - started, teller)


def _make_country(plan: Plan, state: Path, teller: Teller) -> Country:
    with teller.chapter("A country"):
        with teller.progress(plan.people) as progress:
            build(
                plan,
                state,
                epoch=secrets.token_hex(8),
                workers=SEEDING_WORKERS,
                progress=lambda stage, done: progress.update(progress.task_ids[0], description=stage, completed=done),
            )
        country = read_country(state / "registry.db", PROVINCE, NUMBERS_OF_EACH_KIND, plan.seed)
        teller.say(
            f"{country.people:,} people in {country.households:,} households, all invented, from seed {plan.seed}: the "
            "same seed gives the same people."
        )
    return country


async def _play_online(state: Path, country: Country, gateway: GatewayProcess, teller: Teller) -> Played:
    with teller.chapter("Five agencies and their rights"):
        await enrolling.enrol_agencies(state, gateway, teller)
    async with AsyncExitStack() as opened:

        async def enter(plan: AgencyPlan, connections: int = 1) -> Stub:
            folder = enrolling.identity_folder(state, plan)
            return await opened.enter_async_context(Stub(plan, folder, gateway.server, connections))

        hospital, carrier = await enter(HOSPITAL, CONNECTIONS), await enter(CARRIER, CONNECTIONS)
        province, insurance = await enter(PROVINCE_OFFICE, CONNECTIONS), await enter(SOCIAL_INSURANCE)
        auditor = await enter(AUDITOR)
        with teller.chapter("Look-ups"):
            admitted = await asking.admit_patient(country.patient, hospital, carrier, province, teller)
            await asking.ask_all_day(country, hospital, carrier, province, teller)
            await asking.check_subscribers(country, carrier, teller)
        with teller.chapter("Copies in step"):
            await following.keep_in_step(state, country, insurance, province, hospital, teller)
        with teller.chapter("What the operator sees: /metrics"):
            watching.show(watching.read_scrape(await asyncio.to_thread(gateway.metrics)), teller)
        with teller.chapter("Who saw one person"):
            await auditing.ask_who_saw(country.patient, gateway, auditor, admitted.receipt.index, teller)
            checkpoint = await asyncio.to_thread(Path(AuditPaths(str(state)).log, "checkpoint").read_bytes)
        scrape = watching.read_scrape(await asyncio.to_thread(gateway.metrics))
        stubs = (hospital, carrier, province, insurance, auditor)
        return Played(tuple(stub.tally for stub in stubs), scrape, checkpoint, admitted.receipt.index)


def _conclude(
    state: Path, country: Country, played: Played, proof: proving.Proof, seconds: float, teller: Teller
) -> None:
    received = _sum(tally.people for tally in played.tallies)
    audited, counted = proof.report.people, played.scrape.people_served
    agree = received == audited == counted > 0
    write_summary(
        state,
        {
            "people": country.people,
            "households": country.households,
            "calls": _sum(tally.calls for tally in played.tallies),
            "people_received": received,
            "people_audited": audited,
            "people_counted": counted,
            "withheld": _sum(tally.withheld for tally in played.tallies),
            "refused": _sum(tally.refused.total() for tally in played.tallies),
            "refused_audited": _sum(proof.report.refused.values()),
            "refused_counted": played.scrape.refused.total(),
            "entries": proof.report.size,
            "receipts": proof.honoured,
            "surplus": proof.surplus,
            "verified": agree and not proof.surplus,
            "seconds": round(seconds, 1),
            "chapters": {title: round(took, 1) for title, took in teller.seconds.items()},
        },
    )
    if not agree or proof.surplus:
        raise DemoFailed(
            f"the counts do not agree: {received:,} people received by agencies, {audited:,} audited in the log, "
            f"{counted:,} counted by /metrics, {proof.surplus:,} entries without a receipt; keep {state} and report it"
        )
    teller.title(f"\nReceived {received:,} = audited {audited:,} = counted {counted:,} people. {seconds:.0f} s in all.")
    teller.say(f"Everything is stopped. {state}/{notes.NOTES} says what to try; `make serve` serves this country.")


def _sum(figures: Iterable[int]) -> int:
    return sum(figures)
