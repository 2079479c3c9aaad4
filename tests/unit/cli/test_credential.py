"""`popgate credential`: what it shows, renews, recovers, lists and replaces."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from gateway.agency.bootstrap import initialise
from gateway.audit.files import RealFiles
from gateway.audit.log import create_audit
from gateway.client import Identity
from tests.unit.agency.world import TRUST, TRUST_DOMAIN
from tests.unit.client.scripted import Refusal, ScriptedGateway
from tests.unit.client.test_renewal import Office


@pytest.fixture
def office(gateway: ScriptedGateway) -> Office:
    return Office(gateway, Refusal)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The state directory of a gateway that does not run."""
    made = tmp_path / "state"
    made.mkdir()
    create_audit(str(made), "audit.popgate.example/2026", lambda count: bytes(range(count)), RealFiles())
    trust = TRUST | {"server": "127.0.0.1:1", "receipt_verifier": (made / "audit" / "receipt.vkey").read_text().strip()}
    initialise(made, ["localhost"], TRUST_DOMAIN, time.time(), trust, bytes(32))
    return made


async def test_what_is_held_is_shown(run: Any, gateway: ScriptedGateway) -> None:
    shown = await run("credential", "show")
    assert "spiffe://test.example/agency/hospital" in shown.out
    as_json = json.loads((await run("credential", "show", "--json")).out)
    assert as_json["valid_from"] < as_json["renewed_from"] < as_json["valid_until"] < as_json["recoverable_until"]
    assert as_json["receipt_keys"] == [f"{gateway.signer.verifier.key_id:08x}"]


async def test_renewing_by_hand(run: Any, gateway: ScriptedGateway, office: Office) -> None:
    before = Identity.from_folder(gateway.folder)
    ran = await run("credential", "renew")
    assert ran.code == 0
    assert "The one before is refused ten minutes from now" in ran.out
    assert Identity.from_folder(gateway.folder).certificate != before.certificate


async def test_only_what_lapsed_is_recovered(run: Any, gateway: ScriptedGateway, office: Office) -> None:
    ran = await run("credential", "recover")
    assert (ran.code, "nothing to recover" in ran.out) == (1, True)
    gateway.write_folder(gateway.folder, lifetime_seconds=60, now=time.time() - 3600)
    assert (await run("credential", "recover")).code == 0
    assert Identity.from_folder(gateway.folder).certificate.not_valid_after_utc.timestamp() > time.time()


async def test_a_call_recovers_what_lapsed(run: Any, gateway: ScriptedGateway, office: Office) -> None:
    gateway.write_folder(gateway.folder, lifetime_seconds=60, now=time.time() - 3600)
    assert (await run("token")).out == "token-1\n"


async def test_keys_are_listed_and_replaced_where_no_gateway_runs(run: Any, state: Path) -> None:
    ran = await run("credential", "rotate", "token", "--state", state, "--in", "3")
    assert ran.code == 0, ran
    assert "no gateway runs on this state directory" in ran.out
    ran = await run("credential", "keys", "--state", state, "--json")
    listed = [json.loads(line) for line in ran.out.splitlines()]
    tokens = [key["state"] for key in listed if key["kind"] == "token"]
    assert tokens[0] in ("active", "retired")
    assert len(tokens) == 2
    assert {key["kind"] for key in listed} == {"token", "cursor", "receipt", "issuing", "root", "server"}
    assert "retired" in (await run("credential", "keys", "--state", state)).out or tokens[0] == "active"


async def test_what_cannot_be_rotated_is_wrong_usage(run: Any, state: Path) -> None:
    for words in (("log",), ("token", "--in", "1")):
        ran = await run("credential", "rotate", *words, "--state", state)
        assert ran.code == 2
