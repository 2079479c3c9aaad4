"""Keys of a real gateway replaced under load: no call fails, and what the old key signed is still good."""

from __future__ import annotations

import asyncio
import json
import re
import ssl
import subprocess
import sys
import time
from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable
from hashlib import sha256

import grpc
import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.agency.rotation import Rotation, keys, prepare
from gateway.api.v1 import key_service_pb2, token_service_pb2
from gateway.audit.entry import Kind
from gateway.audit.receipt import ReceiptVerifier
from gateway.client import Identity, connect
from gateway.client.enrol import trust_bundle
from gateway.keyfiles import KeyState
from tests.caller import ISSUE_TOKEN, Caller
from tests.gateway import AGENCIES, OPERATION, Gateway
from tests.world import number_of

HOSPITAL, INSURANCE = AGENCIES["hospital"].context, AGENCIES["insurance"].context
RECORD = "/gateway.api.v1.KeyService/RecordKeyRotation"
SAME_ROOT = ("token", "cursor", "receipt", "issuing", "server")


class Load:
    """Clients that look up and pull for as long as it runs; every answer's receipt is verified by them."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._stop = False
        self.calls = 0
        self.receipt_keys: set[int] = set()

    async def __aenter__(self) -> Load:
        workers = [self._look_up() for _ in range(4)] + [self._pull()]
        self._tasks = [asyncio.create_task(work) for work in workers]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stop = True
        await asyncio.gather(*self._tasks)  # raises what a call failed with

    async def _look_up(self) -> None:
        async with connect(Identity.from_folder(self._gateway.identity("hospital"))) as client:
            while not self._stop:
                found = await client.look_up(number_of(1), fields=["name"], context=HOSPITAL, timeout_seconds=30)
                self._count(found.receipt.key_id)

    async def _pull(self) -> None:
        cursor = b""
        async with connect(Identity.from_folder(self._gateway.identity("insurance"))) as client:
            while not self._stop:
                page = await client.pull(
                    fields=["number"], context=INSURANCE, cursor=cursor, people_max=5, timeout_seconds=30
                )
                cursor = page.next_cursor
                self._count(page.receipt.key_id)

    def _count(self, key_id: int) -> None:
        self.calls += 1
        self.receipt_keys.add(key_id)

    async def until(self, holds: Callable[[], Awaitable[bool]], seconds: float = 60) -> None:
        """Go on until the condition holds; fails at once when a call has failed."""
        deadline = time.monotonic() + seconds
        while not await holds():
            assert time.monotonic() < deadline, "the rotation did not take effect"
            for task in self._tasks:
                if task.done():
                    task.result()
            await asyncio.sleep(0.1)


def rotate(gateway: Gateway, kind: str, announced_seconds: int = 3) -> Rotation:
    rotation = prepare(gateway.state, kind, time.time(), announced_seconds=announced_seconds)
    rotation.place()
    return rotation


def shown(gateway: Gateway) -> x509.Certificate:
    """The certificate that a new connection is shown."""
    host, port = gateway.enrolment_address.split(":")
    return x509.load_pem_x509_certificate(ssl.get_server_certificate((host, int(port)), timeout=5).encode())


def token_of(gateway: Gateway, agency: str = "hospital") -> str:
    with Caller(gateway.identity(agency), gateway.address).with_token() as caller:
        return caller.token


async def test_keys_are_rotated_under_load_and_no_call_fails(gateway: Gateway) -> None:
    before = shown(gateway)
    with Caller(gateway.identity("hospital"), gateway.address).with_token() as caller:
        async with Load(gateway) as load:
            made = {kind: rotate(gateway, kind) for kind in SAME_ROOT}
            receipt_key = int(made["receipt"].name, 16)

            async def in_force() -> bool:
                kid = jwt.get_unverified_header(await asyncio.to_thread(token_of, gateway))["kid"]
                return kid == made["token"].name and receipt_key in load.receipt_keys

            await load.until(in_force)
            reached = load.calls

            async def gone_on() -> bool:
                return load.calls > reached + 20

            await load.until(gone_on)
        assert len(load.receipt_keys) >= 2
        # The token that a retired key signed is good until it expires.
        assert jwt.get_unverified_header(caller.token)["kid"] != made["token"].name
        assert caller.look_up(number_of(1), ["name"], HOSPITAL).code is grpc.StatusCode.OK
    states = {(key.kind, key.name): key.state for key in keys(gateway.state, time.time())}
    assert {states[kind, made[kind].name] for kind in SAME_ROOT[:4]} == {KeyState.ACTIVE}
    assert KeyState.RETIRED in states.values()
    assert shown(gateway) != before


async def test_the_published_keys_verify_a_token_with_another_library(gateway: Gateway, hospital: Caller) -> None:
    reply = hospital.call(ISSUE_TOKEN, token_service_pb2.IssueTokenRequest(), token="")
    token = token_service_pb2.IssueTokenResponse.FromString(reply.body).token
    status, text = gateway.http("/.well-known/jwks.json")
    assert status == 200
    assert not any("d" in member for member in json.loads(text)["keys"])
    key = jwt.PyJWKSet.from_json(text)[jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(token, key, algorithms=["ES256"], audience="popgate.example", issuer="popgate.example")
    pem = (gateway.identity("hospital") / "cert.pem").read_bytes()
    leaf = x509.load_pem_x509_certificate(pem)
    thumbprint = sha256(leaf.public_bytes(Encoding.DER)).digest()
    assert claims["cnf"] == {"x5t#S256": urlsafe_b64encode(thumbprint).rstrip(b"=").decode()}
    assert claims["sub"] == "spiffe://popgate.example/agency/hospital"


async def test_the_trust_bundle_is_the_same_everywhere(gateway: Gateway) -> None:
    identity = Identity.from_folder(gateway.identity("hospital"))
    bundle = (await trust_bundle(gateway.enrolment_address, identity.root_pem)).bundle
    published = json.loads(gateway.http("/.well-known/popgate-trust.json")[1])
    assert published["root_certificates"] == bundle.root_certificates
    assert published["receipt_verifiers"] == list(bundle.receipt_verifiers)
    assert published["receipt_verifier"] == bundle.receipt_verifier
    text = (gateway.state / "audit" / "receipt.vkey").read_text()
    assert ReceiptVerifier.from_text(text).text() == "\n".join(bundle.receipt_verifiers)


def test_a_rotation_is_recorded_before_it_happens(gateway: Gateway, caller_of: Callable[[str], Caller]) -> None:
    request = key_service_pb2.RecordKeyRotationRequest(context=OPERATION.message(), kind="token", name="abc")
    request.effective_time.seconds = 1_800_000_000
    reply = caller_of("operator").call(RECORD, request)
    assert reply.code is grpc.StatusCode.OK, reply
    answer = key_service_pb2.RecordKeyRotationResponse.FromString(reply.body)
    entry, detail = gateway.entry(answer.receipt.index)
    assert (entry.kind, entry.agency) == (Kind.ADMINISTRATION, "operator")
    assert detail is not None
    assert detail.note == "rotate token key: abc from 2027-01-15T08:00:00Z"
    request.kind = "log"
    assert caller_of("operator").call(RECORD, request).violations == ("kind",)
    assert caller_of("hospital").call(RECORD, request).reason in ("METHOD_NOT_GRANTED", "ARGUMENT_INVALID")


def test_the_command_records_a_rotation_and_makes_it(gateway: Gateway) -> None:
    words = ["credential", "rotate", "server", "--state", str(gateway.state), "--case", "rotation", "--officer", "op-1"]
    before = shown(gateway)
    ran = subprocess.run([sys.executable, "-m", "gateway", *words], capture_output=True, text=True)
    assert ran.returncode == 0, ran
    found = re.search(r"; entry (\d+) of", ran.stdout)
    assert found is not None, ran.stdout
    entry, detail = gateway.entry(int(found[1]))
    assert (entry.method, entry.agency) == ("RecordKeyRotation", "operator")
    assert detail is not None
    assert detail.note.startswith("rotate server key: 127.0.0.1, localhost from ")
    assert shown(gateway) != before


@pytest.mark.slow
async def test_a_new_root_takes_over_under_load(own_gateway: Gateway) -> None:
    gateway, before = own_gateway, shown(own_gateway)
    async with Load(gateway) as load:
        receipt_key = int(rotate(gateway, "receipt").name, 16)

        async def learned() -> bool:
            return receipt_key in load.receipt_keys

        # Who knows the old root alone learns of no receipt key once the new root is in force.
        await load.until(learned)
        made = {kind: rotate(gateway, kind, announced_seconds=8) for kind in ("root", "token", "cursor")}
        hospital = Identity.from_folder(gateway.identity("hospital"))

        async def announced() -> bool:
            told = await trust_bundle(gateway.enrolment_address, hospital.root_pem)
            return told.bundle.root_certificates.count("BEGIN CERTIFICATE") == 2

        await load.until(announced)
        # Before it issues anything the new root is in the bundle, and every renewal brings it.
        async with connect(hospital) as client:
            renewed = await client.renew()
            assert len(renewed.roots) == 2

        async def in_force() -> bool:
            return await asyncio.to_thread(shown, gateway) != before

        await load.until(in_force)
        reached = load.calls

        async def gone_on() -> bool:
            return load.calls > reached + 200

        await load.until(gone_on)
        # A new connection trusts the new root; those that are open were not cut.
        async with connect(renewed) as client:
            await client.look_up(number_of(1), fields=["name"], context=HOSPITAL)
    assert made["root"].name in {key.name for key in keys(gateway.state, time.time())}
