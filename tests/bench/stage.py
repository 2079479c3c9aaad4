"""Prepares what is measured: a population, a state directory around it, and the agencies that will ask."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

from sqlalchemy import func, select

from gateway.agency.bootstrap import enrol_locally
from gateway.agency.grants import Grant
from gateway.agency.store import AgencyStore
from gateway.api.v1 import options_pb2
from gateway.catalogue import Catalogue
from gateway.config import Settings
from gateway.start import prepare, trust_of
from gateway.supervisor import take_lock
from registry.engine import open_engine
from registry.pack import LOOK_SECONDS, NotAPack, Pack
from registry.population import read_population
from registry.tables import fragment_state, person
from tests.world import BASIC, free_ports

ASKER, OWNER, AUDITOR = "hospital", "insurance", "auditor"
PURPOSE, LEGAL_BASIS = "health.admission", "law:26/2023/QH15:9"
PUSHED = ("social_insurance.status", "social_insurance.employer_unit")
PEOPLE_MAX = 200_000
FRAGMENTS_SECONDS_MAX = 300.0
VERIFIED = ("name", "birth_date", "sex")
METHODS = {
    *("LookUpPerson", "BatchLookUpPersons", "StreamLookUpPersons", "VerifyPerson", "BatchVerifyPersons"),
    *("StreamVerifyPersons", "LookUpHousehold", "LookUpRelatives", "ResolveNumber", "SearchPersons", "Pull"),
}
_SAMPLED = """
SELECT person_id, number || '|' || trim(replace(surname || ' ' || middle_name || ' ' || given_name, '  ', ' ')) || '|'
  || printf('%04d-%02d-%02d', birth_year, birth_month, birth_day) || '|' || iif(sex = 1, 'nam', 'nữ')
FROM person WHERE person_id IN (SELECT value FROM json_each(?))
"""
_GRANT_SECONDS = 86_400


def build_population(state: Path, people: int, seed: int, database: str | None = None) -> tuple[float, float]:
    """Build STATE/registry.db, or the database, with two processes that generate; seconds, and largest memory (MB)."""
    command = [
        *(sys.executable, "-m", "tests.bench.building"),
        *("--people", str(people), "--seed", str(seed), "--state", str(state), "--workers", "2"),
        *(("--database", database) if database else ()),
    ]
    process = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if process.returncode:
        raise RuntimeError("the population could not be built; the reason stands above")
    built = json.loads(process.stdout)
    return built["seconds"], max(built["memory_megabytes_of_stage"].values())


def fresh_state(folder: Path) -> Path:
    """An empty state directory in place of the last run's."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    return folder


def settings_for(state: Path, workers: int, database: str | None = None) -> Settings:
    """A gateway of that many workers on free ports."""
    port, enrolment_port, http_port = free_ports(3)
    return Settings(
        state=state,
        port=port,
        enrolment_port=enrolment_port,
        http_port=http_port,
        workers=workers,
        database=database,
    )


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
        (ASKER, options_pb2.AGENCY_CLASS_HEALTH, METHODS, BASIC),
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
                verify_fields=catalogue.resolve(VERIFIED) if code == ASKER else frozenset(),
            ),
        )
        enrol_locally(settings.state, code, "", settings.state / "agencies" / code, now, trust_of(settings))
    store.close()


def await_fragments(settings: Settings) -> float:
    """Seconds until the writer of a gateway that has just started has made all stored fragments.

    Then waits for the pack that is made of them, and until every worker has seen it.
    """
    begin = time.monotonic()
    engine = open_engine(settings.registry, read_only=True)
    complete = select(fragment_state.c.through_number == select(func.max(person.c.number)).scalar_subquery())

    def is_complete() -> bool:
        with engine.connect() as connection:
            return bool(connection.execute(complete).scalar())

    def is_packed() -> bool:
        try:
            return Pack(settings.pack).header.epoch == read_population(engine).epoch
        except (OSError, NotAPack):
            return False

    _await(is_complete, "the stored fragments are not complete")
    took = time.monotonic() - begin
    _await(is_packed, "there is no pack")
    engine.dispose()
    time.sleep(2 * LOOK_SECONDS)
    return took


def _await(is_there: Callable[[], bool], otherwise: str) -> None:
    begin = time.monotonic()
    while not is_there():
        if time.monotonic() - begin > FRAGMENTS_SECONDS_MAX:
            raise RuntimeError(otherwise)
        time.sleep(0.05)


def sample_people(state: Path, seed: int) -> list[list[str]]:
    """People drawn from the population without repetition, at most 200,000, in random order, as `methods.Sampled`."""
    registry = sqlite3.connect(f"file:{state / 'registry.db'}?mode=ro", uri=True)
    try:
        count = registry.execute("SELECT max(person_id) FROM person").fetchone()[0]
        drawn = Random(seed).sample(range(1, count + 1), min(PEOPLE_MAX, count))
        found = dict(registry.execute(_SAMPLED, (json.dumps(drawn),)))
        return [found[person_id].split("|") for person_id in drawn]
    finally:
        registry.close()
