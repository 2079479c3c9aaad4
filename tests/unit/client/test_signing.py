"""The client signs what the contract wants signed, without its caller's help."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from gateway import errors
from gateway.agency.certificates import key_from_pem, make_key
from gateway.agency.identity import SIGNING_KEY_FILE
from gateway.agency.signing_keys import key_id_of, public_key_of
from gateway.api.v1 import lookup_service_pb2, signing_service_pb2, sync_service_pb2
from gateway.client import Client, Context, GatewayRefusal, PushItem, RequestKey, connect
from gateway.client.connection import REGISTER_SIGNING_KEY
from gateway.client.lookup import LOOK_UP_PERSON
from gateway.client.signing import must_sign
from gateway.client.sync import PUSH
from tests.tidy.sources import ROOT

REGISTERED = signing_service_pb2.RegisterSigningKeyResponse()
ACKNOWLEDGED = sync_service_pb2.PushResponse()


class Pushes:
    """Answers pushes by a script and keeps what came."""

    def __init__(self, gateway: Any, *steps: Any) -> None:
        self.bodies: list[bytes] = []
        self.gateway = gateway
        script = list(steps) or [ACKNOWLEDGED]

        def answer(request: bytes) -> Any:
            self.bodies.append(request)
            return script.pop(0) if len(script) > 1 else script[0]

        gateway.on(PUSH, answer)

    def headers(self, key: ec.EllipticCurvePublicKey) -> list[dict[str, Any]]:
        """The protected header of each push, verified by a library that is not ours."""
        signatures = [metadata["x-request-jws"] for metadata in self.gateway.paths("Push")]
        return [
            jwt.PyJWS().decode_complete(text, key, algorithms=["ES256"], detached_payload=body)["header"]
            for text, body in zip(signatures, self.bodies, strict=True)
        ]


async def push(client: Client, context: Context) -> None:
    item = PushItem("a", sync_service_pb2.PushItem().person)
    await client.push([item], fields=["social_insurance.status"], context=context)


def own_key(gateway: Any) -> ec.EllipticCurvePublicKey:
    return key_from_pem((gateway.folder / SIGNING_KEY_FILE).read_bytes()).public_key()


def registrations(gateway: Any) -> Callable[[], list[str]]:
    """Ids of the keys that were registered, in order; the proof of each is verified."""
    found: list[tuple[str, ec.EllipticCurvePublicKey, bytes]] = []

    def answer(request: bytes) -> Any:
        key = public_key_of(signing_service_pb2.RegisterSigningKeyRequest.FromString(request).public_key)
        found.append((key_id_of(key), key, request))
        return REGISTERED

    gateway.on(REGISTER_SIGNING_KEY, answer)

    def ids() -> list[str]:
        proofs = gateway.paths("RegisterSigningKey")
        for (_, key, request), metadata in zip(found, proofs, strict=True):
            text = metadata["x-request-jws"]
            jwt.PyJWS().decode_complete(text, key, algorithms=["ES256"], detached_payload=request)
        return [key_id for key_id, _, _ in found]

    return ids


def test_the_contract_says_what_is_signed() -> None:
    assert must_sign(PUSH.path)
    assert must_sign(REGISTER_SIGNING_KEY.path)
    assert not must_sign(LOOK_UP_PERSON.path)
    assert not must_sign("/gateway.api.v1.LaterService/Later")


async def test_a_push_is_signed_with_the_key_of_the_folder(gateway: Any, context: Context) -> None:
    pushes = Pushes(gateway)
    async with gateway.client() as client:
        await push(client, context)
    (header,) = pushes.headers(own_key(gateway))
    assert (header["htm"], header["crit"], header["b64"]) == (PUSH.path, ["b64"], False)
    assert abs(header["iat"] - time.time()) < 60
    assert gateway.paths("RegisterSigningKey") == []


async def test_without_a_key_one_is_made_and_registered_at_first_need(gateway: Any, context: Context) -> None:
    path = gateway.folder / SIGNING_KEY_FILE
    path.unlink()
    pushes, registered = Pushes(gateway), registrations(gateway)
    async with gateway.client() as client:
        await push(client, context)
        await push(client, context)
    assert registered() == [key_id_of(own_key(gateway))]
    assert path.stat().st_mode & 0o777 == 0o600
    assert len({header["jti"] for header in pushes.headers(own_key(gateway))}) == 2


async def test_calls_at_once_wait_for_the_registration_of_their_first_key(gateway: Any, context: Context) -> None:
    (gateway.folder / SIGNING_KEY_FILE).unlink()
    arrived: list[str] = []

    def answering(word: str, answer: Any) -> Callable[[bytes], Any]:
        def told(_request: bytes) -> Any:
            arrived.append(word)
            return answer

        return told

    gateway.on(REGISTER_SIGNING_KEY, answering("key", REGISTERED))
    gateway.on(PUSH, answering("push", ACKNOWLEDGED))
    async with gateway.client() as client:
        await asyncio.gather(*(push(client, context) for _ in range(8)))
    assert arrived == ["key", *["push"] * 8]


async def test_a_key_that_the_gateway_does_not_know_is_registered(gateway: Any, context: Context, refusal: Any) -> None:
    pushes, registered = Pushes(gateway, refusal(errors.SigningKeyUnknown()), ACKNOWLEDGED), registrations(gateway)
    async with gateway.client() as client:
        await push(client, context)
    assert registered() == [key_id_of(own_key(gateway))]
    assert len({header["jti"] for header in pushes.headers(own_key(gateway))}) == 2


async def test_a_key_that_ended_is_replaced_by_a_new_one(gateway: Any, context: Context, refusal: Any) -> None:
    old = own_key(gateway)
    Pushes(gateway, refusal(errors.SigningKeyUnknown()), ACKNOWLEDGED)
    gateway.on(REGISTER_SIGNING_KEY, [refusal(errors.RecordExists()), REGISTERED])
    async with gateway.client() as client:
        await push(client, context)
    assert key_id_of(own_key(gateway)) != key_id_of(old)


async def test_a_clock_that_is_off_is_corrected(gateway: Any, context: Context, refusal: Any) -> None:
    theirs = datetime.now(UTC) + timedelta(hours=3)
    skewed = refusal(errors.ClockSkewed(metadata={"server_time": theirs.isoformat()}))
    pushes = Pushes(gateway, skewed, ACKNOWLEDGED)
    async with gateway.client() as client:
        await push(client, context)
        await push(client, context)
    first, second, third = pushes.headers(own_key(gateway))
    assert abs(first["iat"] - time.time()) < 60
    assert abs(second["iat"] - theirs.timestamp()) < 60
    assert abs(third["iat"] - theirs.timestamp()) < 60


async def test_each_attempt_is_signed_anew(gateway: Any, context: Context, refusal: Any) -> None:
    pushes = Pushes(gateway, refusal(errors.PolicyStale(retry_seconds=0.01)), ACKNOWLEDGED)
    async with gateway.client() as client:
        await push(client, context)
    assert len({header["jti"] for header in pushes.headers(own_key(gateway))}) == 2
    assert pushes.bodies[0] == pushes.bodies[1]


@pytest.mark.parametrize("error", [errors.SigningKeyRevoked, errors.CallReplayed, errors.SignatureInvalid])
async def test_what_signing_again_does_not_mend_is_told(
    gateway: Any, context: Context, refusal: Any, error: type[errors.GatewayError]
) -> None:
    Pushes(gateway, refusal(error()))
    async with gateway.client() as client:
        with pytest.raises(GatewayRefusal) as told:
            await push(client, context)
    assert told.value.reason == error.reason
    assert len(gateway.paths("Push")) == 1


async def test_a_method_that_begins_to_demand_a_signature_gets_one(
    gateway: Any, context: Context, refusal: Any
) -> None:
    from gateway.api.v1 import lookup_service_pb2

    gateway.on(LOOK_UP_PERSON, [refusal(errors.SignatureMissing()), lookup_service_pb2.LookUpPersonResponse()])
    async with gateway.client() as client:
        await client.look_up("001200000001", fields=["name"], context=context)
    first, second = gateway.paths("LookUpPerson")
    assert "x-request-jws" not in first
    assert "x-request-jws" in second


async def test_a_device_signs_in_place_of_a_file(gateway: Any, context: Context) -> None:
    (gateway.folder / SIGNING_KEY_FILE).unlink()
    device = make_key()
    asked: list[bytes] = []

    def sign(data: bytes) -> bytes:
        asked.append(data)
        return device.sign(data, ec.ECDSA(SHA256()))

    pushes = Pushes(gateway)
    identity = replace(gateway.identity(), request_key=RequestKey(device.public_key(), sign))
    async with connect(identity, gateway.server) as client:
        await push(client, context)
    (header,) = pushes.headers(device.public_key())
    assert header["kid"] == key_id_of(device.public_key())
    assert len(asked) == 1
    assert not (gateway.folder / SIGNING_KEY_FILE).exists()


def documented(name: str) -> Any:
    """A function of the client's documentation, as it stands there."""
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs/client.md").read_text(encoding="utf-8"), re.DOTALL)
    (block,) = [block for block in blocks if f"def {name}(" in block]
    defined: dict[str, Any] = {}
    exec(compile(block, "docs/client.md", "exec"), defined)
    return defined[name]


def batches_of(count: int) -> list[list[PushItem]]:
    return [[PushItem(f"item-{number}", sync_service_pb2.PushItem().person)] for number in range(count)]


async def test_one_signature_closes_many_pushes(gateway: Any, context: Context) -> None:
    pushes = Pushes(gateway)
    async with gateway.client() as client:
        done, refused = await documented("push_year")(client, batches_of(9), context)
    assert (done, refused) == (9, [])
    sent = gateway.paths("Push")
    (text,) = {metadata["x-request-jws"] for metadata in sent}
    (digests,) = {metadata["x-request-digests-bin"] for metadata in sent}
    key = own_key(gateway)
    header = jwt.PyJWS().decode_complete(text, key, algorithms=["ES256"], detached_payload=digests)["header"]
    assert header["typ"] == "popgate-batch+jws"
    assert sorted(sha256(body).digest() for body in pushes.bodies) == sorted(
        digests[at : at + 32] for at in range(0, len(digests), 32)
    )


async def test_of_a_batch_what_is_sent_again_is_signed_by_itself(gateway: Any, context: Context, refusal: Any) -> None:
    Pushes(gateway, refusal(errors.SigningKeyUnknown()), ACKNOWLEDGED)
    registered = registrations(gateway)
    async with gateway.client() as client:
        assert len(await client.push_batches(batches_of(3), fields=["social_insurance.status"], context=context)) == 3
    assert len(registered()) == 1
    assert ["x-request-digests-bin" in metadata for metadata in gateway.paths("Push")].count(False) == 1


async def test_a_refused_push_is_raised_once_all_have_ended(gateway: Any, context: Context, refusal: Any) -> None:
    pushes = Pushes(gateway, refusal(errors.PurposeNotGranted()), ACKNOWLEDGED)
    async with gateway.client() as client:
        with pytest.raises(GatewayRefusal, match="purpose"):
            await client.push_batches(batches_of(6), fields=["social_insurance.status"], context=context)
    assert len(pushes.bodies) == 6


@pytest.mark.parametrize("batches", [[], batches_of(129), [*batches_of(1), *batches_of(1)]], ids=["0", "129", "same"])
async def test_what_no_signature_can_close_is_no_batch(
    gateway: Any, context: Context, batches: list[list[PushItem]]
) -> None:
    pushes = Pushes(gateway)
    async with gateway.client() as client:
        with pytest.raises(ValueError, match="1 to 128"):
            await client.push_batches(batches, fields=["social_insurance.status"], context=context)
    assert pushes.bodies == []


async def test_what_a_grant_wants_signed_is_signed_at_once_from_then_on(
    gateway: Any, context: Context, refusal: Any
) -> None:
    answer = lookup_service_pb2.LookUpPersonResponse()
    gateway.on(LOOK_UP_PERSON, [refusal(errors.SignatureMissing()), answer])
    async with gateway.client() as client:
        for _ in range(3):
            await client.look_up("001200000001", fields=["name"], context=context)
    signed = ["x-request-jws" in metadata for metadata in gateway.paths("LookUpPerson")]
    assert signed == [False, True, True, True]
