"""An issuing key leaked: what it signed is refused at once, everywhere; whom the gateway knows gets on by itself."""

from __future__ import annotations

import asyncio
import shutil
import time
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import grpc
import pytest
from typer.testing import CliRunner

from gateway.agency.authority import CertificateAuthority
from gateway.agency.certificates import key_to_pem, make_key
from gateway.agency.check import check
from gateway.agency.rotation import keys, prepare
from gateway.agency.store import AgencyStore
from gateway.audit.paths import AuditPaths
from gateway.cli.program import app
from gateway.client import BlockingClient, GatewayRefusal, Identity
from gateway.client.renewal import renew
from gateway.keyfiles import KeyState
from tests.caller import Caller, Talk
from tests.gateway import AGENCIES, Gateway
from tests.world import number_of

HOSPITAL = AGENCIES["hospital"].context
FIELDS = ("name",)


def operate(gateway: Gateway, *arguments: str) -> Any:
    why = ("-i", str(gateway.identity("operator")), "-s", gateway.address, "--case", "K-1", "--officer", "op-1")
    return CliRunner().invoke(app, [*arguments, *why])


def named(gateway: Gateway, state: KeyState) -> str:
    """The name of the issuing key in a state."""
    (found,) = [key.name for key in keys(gateway.state, time.time()) if key.kind == "issuing" and key.state is state]
    return found


def forged(gateway: Gateway, folder: Path) -> Path:
    """An identity in the hospital's name, by whoever has the issuing key."""
    shutil.copytree(gateway.identity("hospital"), folder)
    key = make_key()
    authority = CertificateAuthority.open(gateway.state / "ca", time.time())
    issued = authority.issue_agency("hospital", "", key.public_key(), time.time())
    (folder / "key.pem").write_bytes(key_to_pem(key))
    (folder / "cert.pem").write_bytes(issued.chain_pem)
    return folder


@pytest.mark.slow
def test_what_a_leaked_issuing_key_signed_is_refused_and_known_certificates_are_exchanged(
    own_gateway: Gateway, tmp_path: Path
) -> None:
    gateway = own_gateway
    thief = forged(gateway, tmp_path / "thief")
    with ExitStack() as stack:
        callers: list[Caller] = []
        for folder in (thief, gateway.identity("hospital")):
            reached = 0
            while reached < gateway.workers:
                callers.append(stack.enter_context(Caller(folder, gateway.address)).with_token())
                reached = len(gateway.connected_workers())
                assert len(callers) < 64
        talk = Talk(callers[0])
        assert talk.say([number_of(1)], FIELDS, HOSPITAL).code is grpc.StatusCode.OK
        assert {each.look_up(number_of(1), FIELDS, HOSPITAL).code for each in callers} == {grpc.StatusCode.OK}

        leaked = named(gateway, KeyState.ACTIVE)
        refused = operate(gateway, "agency", "revoke", "--key", leaked)
        assert refused.exit_code != 0
        assert "in use" in str(refused.exception)
        prepare(gateway.state, "issuing", time.time(), announced_seconds=3).place()
        deadline = time.monotonic() + 20
        while operate(gateway, "agency", "revoke", "--key", leaked).exit_code:
            assert time.monotonic() < deadline

        # From the answer on, on every worker, on connections that are open.
        assert {each.look_up(number_of(1), FIELDS, HOSPITAL).reason for each in callers} == {"CREDENTIAL_SUPERSEDED"}
        assert talk.say([number_of(1)], FIELDS, HOSPITAL).reason == "CREDENTIAL_SUPERSEDED"
        talk.end()
    with pytest.raises(GatewayRefusal) as caught:
        asyncio.run(renew(Identity.from_folder(thief)))
    assert caught.value.reason == "CREDENTIAL_FOREIGN"

    # Whom the gateway issued a certificate gets on without help, operators too.
    with BlockingClient(Identity.from_folder(gateway.identity("hospital")), gateway.address) as client:
        client.look_up(number_of(1), fields=FIELDS, context=HOSPITAL)
    listed = operate(gateway, "agency", "revocations", "--json")
    assert (listed.exit_code, leaked in listed.output) == (0, True), listed

    gateway.kill()
    gateway.start()
    with Caller(thief, gateway.address) as caller, pytest.raises(AssertionError, match="UNAUTHENTICATED"):
        caller.with_token()
    with Caller(gateway.identity("hospital"), gateway.address).with_token() as caller:
        assert caller.look_up(number_of(1), FIELDS, HOSPITAL).code is grpc.StatusCode.OK
    paths = AuditPaths(str(gateway.state))
    with closing(AgencyStore.open(gateway.state / "gateway.db")) as store:
        assert check(store, paths.log, Path(paths.log_vkey).read_text().strip()).flaws == []
