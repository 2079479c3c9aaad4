"""`popgate agency check`, and a start on a gateway.db that was tampered with: each kind of tampering is named."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

import grpc
import pytest

from gateway.agency.bootstrap import enrol_locally
from gateway.agency.certificates import make_key
from gateway.agency.check import DECIDING, Flaw, check
from gateway.agency.ledger import Target
from gateway.agency.store import AgencyStore
from gateway.api.v1 import agency_service_pb2, lookup_service_pb2, options_pb2
from gateway.audit.paths import AuditPaths
from gateway.client import Identity
from gateway.client.renewal import renew
from gateway.start import trust_of
from tests.caller import AGENCY, Caller
from tests.gateway import AGENCIES, OPERATION, Gateway
from tests.service.refusals import entries_of
from tests.service.test_subjects import enrol
from tests.world import number_of

Run = subprocess.CompletedProcess[str]


def popgate(*words: object) -> Run:
    command = [sys.executable, "-m", "gateway", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def checked(state: Path) -> list[Flaw]:
    paths = AuditPaths(str(state))
    with closing(AgencyStore.open(state / "gateway.db")) as store:
        return check(store, paths.log, Path(paths.log_vkey).read_text().strip(), sleep=lambda _seconds: None).flaws


def alter(state: Path, *statements: str) -> None:
    with closing(sqlite3.connect(state / "gateway.db", isolation_level=None)) as connection:
        for statement in statements:
            assert connection.execute(statement).rowcount, statement


def copy_of(database: Path, place: Path) -> None:
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(place)) as copy:
        source.backup(copy)


def decided(gateway: Gateway, code: str) -> int:
    """Register an agency; the index of the entry."""
    agency = agency_service_pb2.Agency(code=code, name="Trường", agency_class=options_pb2.AGENCY_CLASS_EDUCATION)
    request = agency_service_pb2.RegisterAgencyRequest(context=OPERATION.message(), agency=agency)
    with Caller(gateway.identity("operator"), gateway.address).with_token() as caller:
        reply = caller.call(AGENCY + "RegisterAgency", request)
    assert reply.code is grpc.StatusCode.OK, reply
    return agency_service_pb2.RegisterAgencyResponse.FromString(reply.body).receipt.index


@pytest.fixture(scope="module")
def taken(gateway: Gateway, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the check reads of a gateway that decided and renewed things; `early.db` is a copy from before."""
    place = tmp_path_factory.mktemp("checked")
    copy_of(gateway.state / "gateway.db", place / "early.db")
    for name in ("one", "two"):
        folder = place / name
        enrol_locally(gateway.state, "newcomer", name, folder, time.time(), trust_of(gateway.settings))
        asyncio.run(renew(Identity.from_folder(folder)))
    with Caller(gateway.identity("fund"), gateway.address).with_token() as caller:
        enrol(caller, number_of(1))
    request = agency_service_pb2.CreateEnrolmentCodeRequest(context=OPERATION.message(), agency="hospital")
    with Caller(gateway.identity("operator"), gateway.address).with_token() as caller:
        assert caller.call(AGENCY + "CreateEnrolmentCode", request).code is grpc.StatusCode.OK
    decided(gateway, "academy")
    decided(gateway, "academy-two")
    with Caller(gateway.identity("hospital"), gateway.address).with_token() as caller:
        reply = caller.look_up(number_of(1), ("name",), AGENCIES["hospital"].context)
        gateway.entry(lookup_service_pb2.LookUpPersonResponse.FromString(reply.body).receipt.index)
    copy_of(gateway.state / "gateway.db", place / "gateway.db")
    shutil.copytree(gateway.state / "audit", place / "audit")
    (place / "keys").mkdir()
    shutil.copyfile(gateway.state / "keys" / "policy.key", place / "keys" / "policy.key")
    return place


@pytest.fixture
def state(taken: Path, tmp_path: Path) -> Path:
    """A copy of that, whole."""
    shutil.copytree(taken / "keys", tmp_path / "keys")
    shutil.copyfile(taken / "gateway.db", tmp_path / "gateway.db")
    (tmp_path / "audit").symlink_to(taken / "audit")
    return tmp_path


def test_what_a_gateway_left_is_whole_and_the_command_says_so(state: Path) -> None:
    ran = popgate("agency", "check", "--state", state, "--json")
    told = json.loads(ran.stdout)
    assert (ran.returncode, told["flaws"]) == (0, []), told
    assert told["acts"] > 20
    assert told["entries"] > 5


def test_the_command_names_what_is_wrong(state: Path) -> None:
    alter(state, "DELETE FROM act WHERE number = 7")
    ran = popgate("agency", "check", "--state", state)
    assert (ran.returncode, "act 7 is missing" in ran.stdout) == (4, True), ran


TAMPERED: dict[str, tuple[tuple[str, ...], str, str]] = {
    "an act edited": (
        ("UPDATE act SET record = replace(record, 'academy-two', 'academy-2') WHERE record LIKE '%academy-two%'",),
        "altered",
        "act",
    ),
    "an act cut out": (("DELETE FROM act WHERE number = 7",), "altered", "act 7 is missing"),
    "the newest acts cut off": (
        ("DELETE FROM act WHERE number > (SELECT min(number) FROM act WHERE record LIKE '%RegisterAgency%')",),
        "cut",
        "gateway.db ends at act",
    ),
    "a signing key edited": (("UPDATE signing_key SET until_time = until_time + 1",), "altered", "signing_key"),
    "a signing key cut out": (("DELETE FROM signing_key",), "altered", "signing_key"),
    "a succession edited": (
        ("UPDATE succession SET refused_from = refused_from + 86400 WHERE number = 1",),
        "altered",
        "row 1 of succession",
    ),
    "a succession cut out": (("DELETE FROM succession WHERE number = 1",), "cut", "row 1 of succession"),
    "the newest succession cut off": (
        ("DELETE FROM succession WHERE number = (SELECT max(number) FROM succession)",),
        "cut",
        "was renewed",
    ),
    "a subject put in": (("UPDATE subject SET person_id = person_id + 100000",), "by hand", "subject for fund"),
    "a code for another agency": (("UPDATE enrolment_code SET agency = 'carrier'",), "altered", "code of carrier"),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_each_tampering_is_named(state: Path, name: str) -> None:
    statements, what, words = TAMPERED[name]
    alter(state, *statements)
    flaws = checked(state)
    assert any(flaw.what == what and words in flaw.sentence for flaw in flaws), flaws


def test_an_older_copy_is_named_with_all_that_is_gone(taken: Path, state: Path) -> None:
    shutil.copyfile(taken / "early.db", state / "gateway.db")
    flaws = checked(state)
    (rolled_back,) = [flaw for flaw in flaws if flaw.what == "cut" and flaw.where.startswith("act ")]
    assert "older copy" in rolled_back.sentence
    assert sum("RegisterAgency" in flaw.sentence for flaw in flaws) == 2
    assert sum("was renewed" in flaw.sentence for flaw in flaws) == 2


@pytest.mark.slow
def test_an_older_copy_does_not_start_until_its_lost_acts_are_marked(own_gateway: Gateway) -> None:
    gateway, state = own_gateway, own_gateway.state
    copy_of(state / "gateway.db", state / "early.db")
    decided(gateway, "academy")
    with Caller(gateway.identity("hospital"), gateway.address).with_token() as caller:
        caller.look_up(number_of(1), ("name",), AGENCIES["hospital"].context)
    assert gateway.stop() == 0
    for suffix in ("-wal", "-shm"):
        (state / f"gateway.db{suffix}").unlink(missing_ok=True)
    shutil.copyfile(state / "early.db", state / "gateway.db")
    with pytest.raises(AssertionError, match=r"older copy.*agency restored"):
        gateway.start()
    gateway.stop()
    why = ("--case", "K-1", "--officer", "op-1")
    ran = popgate("agency", "restored", "--state", state, *why)
    assert (ran.returncode, ran.stdout.startswith("Marked 2 ")) == (0, True), ran
    assert popgate("agency", "restored", "--state", state, *why).stdout.startswith("Marked 0 ")
    assert {flaw.what for flaw in checked(state)} == {"lost", "cut"}  # what the log knows stays named
    gateway.start()
    ran = popgate("agency", "restored", "--state", state, *why)
    assert (ran.returncode, "stop it first" in ran.stderr) == (1, True), ran


def test_an_act_of_this_machine_that_came_while_the_log_ran_is_named(state: Path) -> None:
    with closing(AgencyStore.open(state / "gateway.db")) as store:
        store.revoke(Target.AGENCY, "academy", 1_800_000_000)
    assert [flaw.what for flaw in checked(state)] == ["by hand"]


def test_an_act_that_names_anothers_call_is_named(state: Path) -> None:
    with closing(AgencyStore.open(state / "gateway.db")) as store:
        actor = next(act.actor for _, act in store.register.acts(0, 1000) if act.actor.method == "RegisterAgency")
        store.revoke(Target.AGENCY, "academy", 1_800_000_000, actor)
        store.revoke(Target.AGENCY, "academy-two", 1_800_000_000, replace(actor, call_id="00" * 16))
    again, nowhere = checked(state)
    assert (again.what, "names the call of act" in again.sentence) == ("unlogged", True)
    assert (nowhere.what, "no entry" in nowhere.sentence) == ("unlogged", True)


def test_a_call_that_was_repeated_is_no_flaw(gateway: Gateway) -> None:
    parent = [("traceparent", f"00-{'5c' * 16}-{'11' * 8}-01")]
    request = agency_service_pb2.RevokeRequest(context=OPERATION.message(), key_id="A" * 43)
    with Caller(gateway.identity("operator"), gateway.address).with_token() as caller:
        for _ in range(2):
            reply = caller.call(AGENCY + "Revoke", request, metadata=parent)
            assert (reply.code, reply.call_id) == (grpc.StatusCode.OK, "5c" * 16), reply
        gateway.entry(agency_service_pb2.RevokeResponse.FromString(reply.body).receipt.index)
    paths = AuditPaths(str(gateway.state))
    with closing(AgencyStore.open(gateway.state / "gateway.db")) as store:
        assert check(store, paths.log, Path(paths.log_vkey).read_text().strip()).flaws == []
        acts = dict(store.register.acts(0, 10_000))
    assert sum(act.actor.call_id == "5c" * 16 for act in acts.values()) == 2


def test_of_acts_that_exclude_each_other_one_stays_and_none_is_a_flaw(gateway: Gateway) -> None:
    with ExitStack() as stack:
        opened = [Caller(gateway.identity("operator"), gateway.address) for _ in range(4)]
        callers = [stack.enter_context(caller).with_token() for caller in opened]
        for caller in callers[1:]:
            caller.signing_key = callers[0].signing_key = callers[0].signing_key or callers[0].register(make_key())
        agency = agency_service_pb2.Agency(code="raced", name="x", agency_class=options_pb2.AGENCY_CLASS_LAND)
        request = agency_service_pb2.RegisterAgencyRequest(context=OPERATION.message(), agency=agency)
        with ThreadPoolExecutor(4) as threads:
            replies = list(threads.map(lambda caller: caller.call(AGENCY + "RegisterAgency", request), callers))
        assert sorted(reply.reason for reply in replies) == ["", *["RECORD_EXISTS"] * 3]
        entries_of(gateway, [reply.call_id for reply in replies])
    paths = AuditPaths(str(gateway.state))
    with closing(AgencyStore.open(gateway.state / "gateway.db")) as store:
        assert check(store, paths.log, Path(paths.log_vkey).read_text().strip()).flaws == []


def test_every_method_that_decides_is_looked_for() -> None:
    methods = agency_service_pb2.DESCRIPTOR.services_by_name["AgencyService"].methods_by_name
    changing = {name for name in methods if not name.startswith("List")}
    assert changing - {"CreateEnrolmentCode"} == DECIDING.keys()
