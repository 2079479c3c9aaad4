"""Signed calls: what is refused, for which reason and with which entry; what the log keeps of what was taken."""

from __future__ import annotations

import base64
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime
from hashlib import sha256
from itertools import count
from pathlib import Path

import grpc
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from gateway.agency.certificates import make_key
from gateway.agency.signatures import (
    DIGESTS_KEY,
    SIGNATURE_KEY,
    SIGNED_REQUEST_BYTES_MAX,
    Signature,
    batch_payload,
    make,
)
from gateway.agency.signing_keys import key_id_of
from gateway.api.v1 import agency_service_pb2, audit_service_pb2, signing_service_pb2, sync_service_pb2
from gateway.audit.entry import Kind
from gateway.audit.errors import KeyUnavailable
from gateway.chain.translate import TABLE as REASONS
from gateway.chain.translate import reason_number
from gateway.cli.signed import NotSigned, prove
from tests.caller import (
    AGENCY,
    LIST_KEYS,
    PULL,
    PUSH,
    QUERY,
    REGISTER_KEY,
    REVOKE_KEY,
    Caller,
    Reply,
    push_request,
    sign,
)
from tests.gateway import AGENCIES, OPERATION, Gateway
from tests.service.refusals import Case, Refusal, assert_refused, entries_of, run
from tests.world import number_of

CONTEXT = AGENCIES["insurance"].context
FIELD = "social_insurance.status"
UNREGISTERED = make_key()
OF_THE_OTHERS = make_key()
_references = count(1)
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of P-256."""


def fresh_push() -> bytes:
    """A push of which there is no other with the same bytes."""
    request = push_request([number_of(39)], [FIELD], CONTEXT, status=1)
    request.items[0].reference = f"item-{next(_references)}"
    return request.SerializeToString()


def push(caller: Caller, request: bytes, signature: str, digests: bytes = b"") -> Reply:
    metadata = [(SIGNATURE_KEY, signature), *([(DIGESTS_KEY, digests)] if digests else [])]
    return caller.call(PUSH, request, metadata=metadata)  # type: ignore[arg-type]


def altered(text: str, at: int) -> str:
    return text[:at] + ("B" if text[at] == "A" else "A") + text[at + 1 :]


def changed(caller: Caller) -> Reply:
    return push(caller, fresh_push(), caller.signature(PUSH, fresh_push()))


def with_signature(alter: Callable[[str], str]) -> Callable[[Caller], Reply]:
    def ask(caller: Caller) -> Reply:
        request = fresh_push()
        return push(caller, request, alter(caller.signature(PUSH, request)))

    return ask


def moved(caller: Caller) -> Reply:
    request = fresh_push()
    return push(caller, request, caller.signature(PULL, request))


def aged(seconds: float) -> Callable[[Caller], Reply]:
    def ask(caller: Caller) -> Reply:
        request = fresh_push()
        return push(caller, request, caller.signature(PUSH, request, age_seconds=seconds))

    return ask


def signed_by(key: ec.EllipticCurvePrivateKey) -> Callable[[Caller], Reply]:
    return lambda caller: caller.call(PUSH, fresh_push(), signed_by=key)


def by_a_revoked_key(caller: Caller) -> Reply:
    key = caller.register(make_key())
    request = signing_service_pb2.RevokeSigningKeyRequest(key_id=key_id_of(key.public_key()))
    revoked = caller.call(REVOKE_KEY, request)
    assert revoked.code is grpc.StatusCode.OK, revoked
    return caller.call(PUSH, fresh_push(), signed_by=key)


def outside_its_batch(caller: Caller) -> Reply:
    others = [fresh_push(), fresh_push()]
    payload = batch_payload(others)
    key = own_key(caller)
    return push(caller, fresh_push(), sign(key, PUSH, payload, batch=True), payload)


def batch_without_digests(caller: Caller) -> Reply:
    request = fresh_push()
    return push(caller, request, sign(own_key(caller), PUSH, batch_payload([request]), batch=True))


def own_key(caller: Caller) -> ec.EllipticCurvePrivateKey:
    caller.signature(PUSH, b"")
    assert caller.signing_key is not None
    return caller.signing_key


def as_another_system(caller: Caller) -> Reply:
    key = make_key()
    request = caller.registration(key)
    request.spiffe_id = request.spiffe_id.replace("insurance", "hospital")
    return caller.call(REGISTER_KEY, request, signed_by=key)


def without_holding_it(caller: Caller) -> Reply:
    request = caller.registration(make_key())
    body = request.SerializeToString()
    key = load_der_public_key(request.public_key)
    assert isinstance(key, ec.EllipticCurvePublicKey)
    stated = Signature(key_id_of(key), REGISTER_KEY, "0123456789abcdef", int(time.time()))
    text = make(stated, body, lambda data: UNREGISTERED.sign(data, ec.ECDSA(SHA256())))
    return caller.call(REGISTER_KEY, body, metadata=[(SIGNATURE_KEY, text)])


TABLE: dict[str, Case] = {
    "no_signature": Case("insurance", lambda c: c.call(PUSH, fresh_push(), signed=False), "SIGNATURE_MISSING"),
    "empty_signature": Case("insurance", with_signature(lambda _text: ""), "SIGNATURE_MALFORMED"),
    "two_signatures": Case(
        "insurance",
        lambda c: c.call(PUSH, fresh_push(), metadata=[(SIGNATURE_KEY, c.signature(PUSH, b""))] * 2),
        "SIGNATURE_MALFORMED",
    ),
    "oversized": Case("insurance", with_signature(lambda text: "a" * 1024 + text), "SIGNATURE_MALFORMED"),
    "header_altered": Case("insurance", with_signature(lambda text: altered(text, 3)), "SIGNATURE_MALFORMED"),
    "signature_altered": Case("insurance", with_signature(lambda text: altered(text, -5)), "SIGNATURE_INVALID"),
    "request_changed": Case("insurance", changed, "SIGNATURE_INVALID"),
    "moved_to_another_method": Case("insurance", moved, "SIGNATURE_FOREIGN"),
    "outside_its_batch": Case("insurance", outside_its_batch, "SIGNATURE_FOREIGN"),
    "batch_without_digests": Case("insurance", batch_without_digests, "SIGNATURE_MALFORMED"),
    "unknown_key": Case("insurance", signed_by(UNREGISTERED), "SIGNING_KEY_UNKNOWN"),
    "key_of_another_agency": Case("insurance", signed_by(OF_THE_OTHERS), "SIGNING_KEY_UNKNOWN"),
    "revoked_key": Case("insurance", by_a_revoked_key, "SIGNING_KEY_REVOKED"),
    "clock_behind": Case("insurance", aged(300), "CLOCK_SKEWED"),
    "clock_ahead": Case("insurance", aged(-300), "CLOCK_SKEWED"),
    "key_for_another_system": Case("insurance", as_another_system, "ARGUMENT_INVALID", ("spiffe_id",)),
    "key_not_held": Case("insurance", without_holding_it, "SIGNATURE_INVALID"),
    "key_introduced_by_another": Case(
        "insurance",
        lambda c: c.call(REGISTER_KEY, c.registration(make_key()), signed_by=UNREGISTERED),
        "SIGNATURE_FOREIGN",
    ),
    "no_such_key_to_revoke": Case(
        "insurance",
        lambda c: c.call(REVOKE_KEY, signing_service_pb2.RevokeSigningKeyRequest(key_id="A" * 43)),
        "RECORD_UNKNOWN",
    ),
}


@pytest.fixture(scope="module")
def refusals(gateway: Gateway, caller_of: Callable[[str], Caller]) -> dict[str, Refusal]:
    caller_of("insurance-south").register(OF_THE_OTHERS)
    counted = gateway.metric("gateway_refusals_total", agency="insurance")
    found = run(gateway, caller_of, TABLE)
    # Everything that was refused is counted, each once.
    asked = sum(refusal.asked for refusal in found.values())
    assert gateway.metric("gateway_refusals_total", agency="insurance") == counted + asked
    return found


@pytest.mark.parametrize("name", TABLE)
def test_each_has_its_reason_and_its_entry(refusals: dict[str, Refusal], name: str) -> None:
    assert_refused(TABLE[name], refusals[name])
    assert refusals[name].detail is None or refusals[name].detail.signed is None  # type: ignore[union-attr]


def test_a_caller_whose_clock_is_off_is_told_the_time(refusals: dict[str, Refusal]) -> None:
    for name in ("clock_behind", "clock_ahead"):
        told = datetime.fromisoformat(dict(refusals[name].reply.metadata)["server_time"])
        assert abs(told.timestamp() - time.time()) < 120


def test_a_signed_request_of_its_own_limit_is_refused(insurance: Caller) -> None:
    request = push_request([number_of(39)], [FIELD], CONTEXT, status=1)
    for number in range(900):
        request.items.add(reference=f"r{number:062d}").person.number = number_of(39)
        request.items[-1].person.name.surname = "x" * 900
    body = request.SerializeToString()
    assert SIGNED_REQUEST_BYTES_MAX < len(body) < 1 << 20
    reply = insurance.call(PUSH, body)
    assert (reply.reason, reply.code) == ("MESSAGE_TOO_LARGE", REASONS["MESSAGE_TOO_LARGE"][0])


def test_the_log_keeps_what_proves_a_push_to_others(gateway: Gateway, insurance: Caller) -> None:
    request = fresh_push()
    signature = insurance.signature(PUSH, request)
    reply = push(insurance, request, signature)
    assert reply.code is grpc.StatusCode.OK, reply
    outcome, detail = entries_of(gateway, [reply.call_id])[reply.call_id]
    assert (outcome.kind, detail.signed) == (Kind.PUSH_OUTCOME, None)  # type: ignore[union-attr]
    intent = next(
        index
        for index, entry in enumerate(gateway.log())
        if (entry.call_id.hex(), entry.kind) == (reply.call_id, Kind.PUSH_INTENT)
    )
    _, kept = gateway.entry(intent)
    assert kept is not None
    assert kept.signed is not None
    assert (kept.signed.jws, kept.signed.request) == (signature, request)
    assert kept.request_digest == sha256(request).digest()
    # A verifier that is not ours needs nothing else.
    key = load_der_public_key(kept.signed.key)
    verified = jwt.PyJWS().decode_complete(
        kept.signed.jws,
        key,  # type: ignore[arg-type]
        algorithms=["ES256"],
        detached_payload=kept.signed.request,
    )
    assert verified["header"]["htm"] == PUSH


def test_one_signature_closes_a_batch(insurance: Caller) -> None:
    requests = [fresh_push() for _ in range(3)]
    payload = batch_payload(requests)
    text = sign(own_key(insurance), PUSH, payload, batch=True)
    for request in requests:
        reply = push(insurance, request, text, payload)
        assert reply.code is grpc.StatusCode.OK, reply
        result = sync_service_pb2.PushResponse.FromString(reply.body).results[0]
        assert result.outcome != sync_service_pb2.PUSH_OUTCOME_REFUSED
    # It closes each of them once.
    assert {push(insurance, request, text, payload).reason for request in requests} == {"CALL_REPLAYED"}


def test_of_one_signature_one_call_is_taken_whichever_worker_gets_it(gateway: Gateway, insurance: Caller) -> None:
    request = fresh_push()
    text = insurance.signature(PUSH, request)
    counted = gateway.metric("gateway_refusals_total", reason="CALL_REPLAYED")
    with ExitStack() as stack, ThreadPoolExecutor(8) as pool:
        folder = gateway.identity("insurance")
        callers = [stack.enter_context(Caller(folder, gateway.address, token=insurance.token)) for _ in range(8)]
        replies = list(pool.map(lambda caller: push(caller, request, text), callers))
    assert sorted(reply.reason for reply in replies) == ["", *["CALL_REPLAYED"] * 7]
    replayed = [reply for reply in replies if reply.reason]
    entries = entries_of(gateway, [reply.call_id for reply in replayed])
    assert {entry.reason for entry, _ in entries.values()} == {reason_number("CALL_REPLAYED")}
    assert gateway.counted("gateway_refusals_total", counted + 7, reason="CALL_REPLAYED") == counted + 7
    # Of a signature anybody can make another one that verifies too; it is the same one all the same.
    reply = push(insurance, request, mirrored(text))
    assert reply.reason == "CALL_REPLAYED"


def mirrored(text: str) -> str:
    """The other signature (r, n - s) that verifies whenever (r, s) does."""
    protected, _, value = text.partition("..")
    raw = base64.urlsafe_b64decode(value + "==")
    other = ORDER - int.from_bytes(raw[32:], "big")
    return f"{protected}..{base64.urlsafe_b64encode(raw[:32] + other.to_bytes(32, 'big')).rstrip(b'=').decode()}"


@pytest.mark.slow
def test_a_signature_stays_used_over_a_restart(own_gateway: Gateway) -> None:
    with Caller(own_gateway.identity("insurance"), own_gateway.address).with_token() as caller:
        request = fresh_push()
        text = caller.signature(PUSH, request)
        assert push(caller, request, text).code is grpc.StatusCode.OK
        token = caller.token
    own_gateway.kill()
    own_gateway.start()
    with Caller(own_gateway.identity("insurance"), own_gateway.address, token=token) as caller:
        assert push(caller, request, text).reason == "CALL_REPLAYED"


def test_keys_change_over_without_a_gap(insurance: Caller) -> None:
    old = own_key(insurance)
    new = insurance.register(make_key())
    for key in (old, new, old):
        assert insurance.call(PUSH, fresh_push(), signed_by=key).code is grpc.StatusCode.OK
    # Registering again is answered with what stands.
    insurance.register(new)
    reply = insurance.call(LIST_KEYS, b"")
    keys = {key.key_id: key for key in signing_service_pb2.ListSigningKeysResponse.FromString(reply.body).keys}
    states = {key_id_of(key.public_key()): signing_service_pb2.SIGNING_KEY_STATE_ACTIVE for key in (old, new)}
    assert states.items() <= {key_id: key.state for key_id, key in keys.items()}.items()
    assert all(key.until_time.seconds > time.time() + 364 * 86_400 for key in keys.values())


def test_operators_revoke_signing_keys_too(insurance: Caller, caller_of: Callable[[str], Caller]) -> None:
    key = insurance.register(make_key())
    key_id = key_id_of(key.public_key())
    request = agency_service_pb2.RevokeRequest(context=OPERATION.message(), key_id=key_id)
    assert caller_of("operator").call(AGENCY + "Revoke", request).code is grpc.StatusCode.OK
    assert insurance.call(PUSH, fresh_push(), signed_by=key).reason == "SIGNING_KEY_REVOKED"
    listed = signing_service_pb2.ListSigningKeysResponse.FromString(insurance.call(LIST_KEYS, b"").body).keys
    assert [each.state for each in listed if each.key_id == key_id] == [signing_service_pb2.SIGNING_KEY_STATE_REVOKED]
    assert insurance.call(REGISTER_KEY, insurance.registration(key), signed_by=key).reason == "RECORD_EXISTS"


def test_a_revoked_key_is_never_registered_again(insurance: Caller) -> None:
    key = insurance.register(make_key())
    key_id = key_id_of(key.public_key())
    insurance.call(REVOKE_KEY, signing_service_pb2.RevokeSigningKeyRequest(key_id=key_id))
    reply = insurance.call(REGISTER_KEY, insurance.registration(key), signed_by=key)
    assert reply.reason == "RECORD_EXISTS"


def test_anybody_with_log_and_month_key_verifies_who_signed_what(
    gateway: Gateway, insurance: Caller, tmp_path: Path
) -> None:
    request = fresh_push()
    reply = insurance.call(PUSH, request)
    outcome, detail = entries_of(gateway, [reply.call_id])[reply.call_id]
    assert detail is not None
    intent = int(detail.note.removeprefix("intent "))
    log, keys = gateway.state / "audit", gateway.state / "keys" / "audit"
    command = [sys.executable, "-m", "gateway", "audit", "verify-signature", str(log), str(intent), "--keys", str(keys)]
    ran = subprocess.run([*command, "--out", str(tmp_path)], capture_output=True, text=True, timeout=100)
    assert ran.returncode == 0, ran.stderr
    assert reply.call_id in ran.stdout
    assert (tmp_path / "payload.bin").read_bytes() == request
    line = (log / "log.vkey").read_text().strip()
    proven = prove(log, line, intent, keys)
    assert (proven.entry.agency, proven.signed.request) == ("insurance", request)
    with pytest.raises(NotSigned, match="no signature"):
        prove(log, line, intent + 1 if gateway.entry(intent + 1)[0].call_id == outcome.call_id else 0, keys)
    with pytest.raises(KeyUnavailable):
        prove(log, line, intent, tmp_path)


def test_an_auditor_sees_the_signature(gateway: Gateway, insurance: Caller, caller_of: Callable[[str], Caller]) -> None:
    request = fresh_push()
    text = insurance.signature(PUSH, request)
    reply = push(insurance, request, text)
    entries_of(gateway, [reply.call_id])
    question = audit_service_pb2.QueryAccessesRequest(
        context=AGENCIES["auditor"].context.message(), number=number_of(39)
    )
    answer = caller_of("auditor").call(QUERY, question)
    accesses = audit_service_pb2.QueryAccessesResponse.FromString(answer.body).accesses
    assert [access.signature for access in accesses if access.call_id == reply.call_id] == ["", text]
