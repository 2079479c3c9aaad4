"""Prepares what is measured: a population, a state directory around it, and the agencies that will ask."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from random import Random
from typing import Any

from gateway.agency.bootstrap import enrol_locally
from gateway.agency.grants import Grant
from gateway.agency.store import AgencyStore
from gateway.api.v1 import options_pb2
from gateway.catalogue import Catalogue
from gateway.config import Settings
from gateway.start import prepare, trust_of
from gateway.supervisor import take_lock
from tests.world import BASIC, free_ports

ASKER, OWNER, AUDITOR = "hospital", "insurance", "auditor"
PURPOSE, LEGAL_BASIS = "health.admission", "law:26/2023/QH15:9"
PUSHED = ("social_insurance.status", "social_insurance.employer_unit")
NUMBERS_MAX = 200_000
_GRANT_SECONDS = 86_400


def build_population(state: Path, people: int, seed: int) -> tuple[float, float]:
    """Build STATE/registry.db with two processes; seconds and the largest resident memory (MB) of one of them."""
    begin = time.monotonic()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "gateway", "seed", "build"),
            *("--people", str(people), "--seed", str(seed), "--state", str(state), "--workers", "2"),
        ],
        stdout=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError("the population could not be built; the reason stands above")
    return time.monotonic() - begin, usage.ru_maxrss / 1000


def fresh_state(folder: Path) -> Path:
    """An empty state directory in place of the last run's."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    return folder


def settings_for(state: Path, workers: int) -> Settings:
    """A gateway of that many workers on free ports."""
    port, enrolment_port, http_port = free_ports(3)
    return Settings(state=state, port=port, enrolment_port=enrolment_port, http_port=http_port, workers=workers)


def enrol_agencies(settings: Settings) -> None:
    """Prepare the state directory; register the three agencies with a grant each, in STATE/agencies/<code>."""
    now = time.time()
    lock = take_lock(settings.state)
    try:
        prepare(settings, now)
    finally:
        os.close(lock)
    catalogue = Catalogue.compile()
    store = AgencyStore.open(settings.state / "gateway.db")
    for code, agency_class, methods, fields in (
        (
            ASKER,
            options_pb2.AGENCY_CLASS_HEALTH,
            {"LookUpPerson", "BatchLookUpPersons", "StreamLookUpPersons", "Pull"},
            BASIC,
        ),
        (OWNER, options_pb2.AGENCY_CLASS_SOCIAL_INSURANCE, {"Pull", "Push"}, (*BASIC, *PUSHED)),
        (AUDITOR, options_pb2.AGENCY_CLASS_AUDITOR, {"QueryAccesses"}, ()),
    ):
        store.register_agency(code, code, agency_class, int(now))
        store.create_grant(
            code,
            Grant(
                grant_id=store.reserve_grant_id(),
                methods=frozenset(methods),
                purposes={PURPOSE: frozenset({LEGAL_BASIS})},
                fields=catalogue.resolve(fields) if fields else frozenset(),
                provinces=frozenset(),
                from_time=int(now),
                until_time=int(now) + _GRANT_SECONDS,
                contract_digest=catalogue.digest,
            ),
        )
        enrol_locally(settings.state, code, "", settings.state / "agencies" / code, now, trust_of(settings))
    store.close()


def sample_numbers(state: Path, seed: int) -> list[str]:
    """Numbers of people drawn from the population without repetition, at most 20,000, in random order."""
    registry = sqlite3.connect(f"file:{state / 'registry.db'}?mode=ro", uri=True)
    try:
        numbers: list[Any] = [row[0] for row in registry.execute("SELECT number FROM person ORDER BY person_id")]
    finally:
        registry.close()
    return Random(seed).sample(numbers, min(NUMBERS_MAX, len(numbers)))
