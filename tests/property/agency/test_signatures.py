"""Request signatures: what is made is what is read and verified, and whoever changes one meets a declared refusal."""

from __future__ import annotations

import base64
import functools
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.agency.certificates import make_key
from gateway.agency.signatures import Signature, batch_payload, digests_of, make
from gateway.agency.signing_keys import key_id_of
from gateway.errors import SignatureInvalid, SignatureMalformed

BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
names = st.text(BASE64URL[:62], min_size=1, max_size=12)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
stated = st.builds(
    Signature,
    key_id=st.text(BASE64URL, min_size=43, max_size=43),
    method=st.builds("/{}/{}".format, names, names),
    signature_id=st.text(BASE64URL, min_size=16, max_size=64),
    issued_at=st.integers(0, 2**53 - 1),
    batch=st.booleans(),
)


@functools.cache
def key() -> ec.EllipticCurvePrivateKey:
    return make_key()


def signer(data: bytes) -> bytes:
    return key().sign(data, ec.ECDSA(SHA256()))


@functools.cache
def made() -> str:
    stated = Signature(key_id_of(key().public_key()), "/a.B/C", "0123456789abcdef", 1_750_000_000)
    return make(stated, b"request", signer)


def encode(header: Any) -> str:
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def header() -> dict[str, Any]:
    protected = made().partition(".")[0]
    decoded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(protected + "=" * (-len(protected) % 4)))
    return decoded


def assert_refused(text: str) -> None:
    try:
        Signature.from_text(text).check(b"request", key().public_key())
    except (SignatureMalformed, SignatureInvalid):
        return
    raise AssertionError("a signature that nobody made was accepted")


@settings(max_examples=30)
@given(stated, st.binary(max_size=64))
def test_what_is_made_is_read_and_verifies(signature: Signature, payload: bytes) -> None:
    text = make(signature, payload, signer)
    read = Signature.from_text(text)
    parts = ("key_id", "method", "signature_id", "issued_at", "batch")
    assert [getattr(read, part) for part in parts] == [getattr(signature, part) for part in parts]
    read.check(payload, key().public_key())


@settings(max_examples=30)
@given(st.integers(0), st.integers(0, 63))
def test_one_changed_character_is_refused(at: int, other: int) -> None:
    text = made()
    at %= len(text)
    if text[at] != BASE64URL[other]:
        assert_refused(text[:at] + BASE64URL[other] + text[at + 1 :])


@settings(max_examples=30)
@given(st.binary(max_size=48))
def test_another_payload_is_refused(payload: bytes) -> None:
    signature = Signature.from_text(made())
    if payload != b"request":
        try:
            signature.check(payload, key().public_key())
        except SignatureInvalid:
            return
        raise AssertionError("a signature was accepted for what was not signed")


@settings(max_examples=50)
@given(st.text(max_size=60) | st.builds("{}..{}".format, st.text(BASE64URL, max_size=40), st.just("A" * 86)))
def test_any_text_is_refused(text: str) -> None:
    assert_refused(text)


@settings(max_examples=50)
@given(st.sampled_from(sorted(header())), json_values)
def test_any_other_value_of_a_member_is_refused(member: str, value: Any) -> None:
    if value != header()[member] or type(value) is not type(header()[member]):
        _, _, signature = made().partition("..")
        assert_refused(f"{encode(header() | {member: value})}..{signature}")


@settings(max_examples=30)
@given(st.lists(st.binary(max_size=16), unique=True, min_size=1, max_size=12))
def test_a_batch_holds_the_digest_of_each_of_its_requests(requests: list[bytes]) -> None:
    payload = batch_payload(requests)
    assert len(payload) == 32 * len(requests)
    assert len(digests_of(payload)) == len(requests)


@settings(max_examples=30)
@given(st.binary(max_size=200))
def test_digests_are_whole_different_and_at_most_128(payload: bytes) -> None:
    parts = [payload[at : at + 32] for at in range(0, len(payload), 32)]
    good = bool(payload) and all(len(part) == 32 for part in parts) and len(set(parts)) == len(parts)
    try:
        digests = digests_of(payload)
    except SignatureMalformed:
        assert not good
    else:
        assert good
        assert digests == set(parts)
