"""The profile of request signatures, against verifiers and signers that are not ours."""

from __future__ import annotations

import base64
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc.jwk import ECKey

from gateway.agency.certificates import make_key
from gateway.agency.signatures import SIGNATURE_BYTES_MAX, Signature, batch_payload, digests_of, make
from gateway.agency.signing_keys import der_of, key_id_of, public_key_of
from gateway.errors import ArgumentInvalid, ClockSkewed, SignatureInvalid, SignatureMalformed

KEY = make_key()
PUBLIC = KEY.public_key()
NOW = 1_750_000_000
REQUEST = b"\x0a\x0bany request \xff\x00."
METHOD = "/gateway.api.v1.SyncService/Push"
HEADER: dict[str, Any] = {
    "alg": "ES256",
    "b64": False,
    "crit": ["b64"],
    "typ": "popgate-request+jws",
    "kid": key_id_of(PUBLIC),
    "htm": METHOD,
    "jti": "0123456789abcdef",
    "iat": NOW,
}


def signer(data: bytes) -> bytes:
    return KEY.sign(data, ec.ECDSA(SHA256()))


def make_one(payload: bytes = REQUEST, *, batch: bool = False) -> str:
    return make(Signature(HEADER["kid"], METHOD, HEADER["jti"], NOW, batch), payload, signer)


def spell(header: Any) -> str:
    """A JWS with a header that we would not write, properly signed."""
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    protected = base64.urlsafe_b64encode(raw).rstrip(b"=")
    der = signer(protected + b"." + REQUEST)
    r, s = decode_dss_signature(der)
    value = base64.urlsafe_b64encode(r.to_bytes(32, "big") + s.to_bytes(32, "big")).rstrip(b"=")
    return f"{protected.decode()}..{value.decode()}"


def test_pyjwt_verifies_what_we_sign() -> None:
    verified = jwt.PyJWS().decode_complete(make_one(), PUBLIC, algorithms=["ES256"], detached_payload=REQUEST)
    assert verified["header"] == HEADER
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.PyJWS().decode_complete(make_one(), PUBLIC, algorithms=["ES256"], detached_payload=REQUEST + b"\x00")


def test_we_verify_what_pyjwt_signs() -> None:
    parts = {name: value for name, value in HEADER.items() if name not in ("alg", "b64")}
    attached = jwt.PyJWS().encode(REQUEST, KEY, "ES256", parts, is_payload_detached=True)
    Signature.from_text(attached).check(REQUEST, PUBLIC)


def test_joserfc_gives_keys_the_same_id() -> None:
    assert ECKey.import_key(PUBLIC).thumbprint() == key_id_of(PUBLIC)


MALFORMED: dict[str, str] = {
    "unknown_crit": spell(HEADER | {"crit": ["b64", "exp"]}),
    "no_crit": spell({name: value for name, value in HEADER.items() if name != "crit"}),
    "payload_encoded": spell(HEADER | {"b64": True}),
    "alg_none": spell(HEADER | {"alg": "none"}),
    "alg_hs256": spell(HEADER | {"alg": "HS256"}),
    "alg_es384": spell(HEADER | {"alg": "ES384"}),
    "no_jti": spell({name: value for name, value in HEADER.items() if name != "jti"}),
    "short_jti": spell(HEADER | {"jti": "0123"}),
    "iat_is_text": spell(HEADER | {"iat": str(NOW)}),
    "iat_is_true": spell(HEADER | {"iat": True}),
    "key_in_header": spell(HEADER | {"jwk": ECKey.import_key(PUBLIC).as_dict(private=False)}),
    "typ_of_a_token": spell(HEADER | {"typ": "at+jwt"}),
    "member_twice": spell(json.dumps(HEADER).replace('"alg"', '"jti": "aaaaaaaaaaaaaaaa", "alg"').encode()),
    "not_json": spell(b"\xff\xfe"),
    "a_list": spell([HEADER]),
    "deep": spell(b"[" * 700),
    "payload_attached": make_one().replace("..", ".YWJj."),
    "padded": make_one() + "==",
    "empty": "",
    "oversized": spell(HEADER | {"jti": "a" * SIGNATURE_BYTES_MAX}),
}


@pytest.mark.parametrize("text", MALFORMED.values(), ids=MALFORMED)
def test_what_is_not_of_the_profile_is_refused_before_it_is_verified(text: str) -> None:
    with pytest.raises(SignatureMalformed):
        Signature.from_text(text)


def test_a_foreign_key_and_a_changed_byte_do_not_verify() -> None:
    signature = Signature.from_text(make_one())
    signature.check(REQUEST, PUBLIC)
    with pytest.raises(SignatureInvalid):
        signature.check(REQUEST, make_key().public_key())
    with pytest.raises(SignatureInvalid):
        signature.check(REQUEST[:-1] + b"!", PUBLIC)


def test_a_minute_of_either_side_is_allowed() -> None:
    signature = Signature.from_text(make_one())
    for now in (NOW - 60, NOW, NOW + 60):
        signature.check_time(now)
    for late in (NOW - 61, NOW + 60.5):
        with pytest.raises(ClockSkewed):
            signature.check_time(late)


def test_a_batch_is_closed_by_one_signature() -> None:
    requests = [REQUEST, REQUEST + b"2"]
    payload = batch_payload(requests)
    signature = Signature.from_text(make_one(payload, batch=True))
    assert signature.batch
    signature.check(payload, PUBLIC)
    assert len(digests_of(payload)) == 2
    for wrong in (b"", payload[:-1], payload + payload[:32], bytes(range(32)) * 129):
        with pytest.raises(SignatureMalformed):
            digests_of(wrong)


def test_a_signer_that_gives_no_signature_is_found_out_before_anything_is_sent() -> None:
    for sign in (lambda _data: b"", lambda _data: b"x" * 64):
        with pytest.raises(SignatureMalformed):
            make(Signature(HEADER["kid"], METHOD, HEADER["jti"], NOW), REQUEST, sign)


def test_a_public_key_has_one_spelling() -> None:
    assert public_key_of(der_of(PUBLIC)).public_numbers() == PUBLIC.public_numbers()
    other = ec.generate_private_key(ec.SECP384R1()).public_key()
    for der in (b"", b"\x30\x00", der_of(PUBLIC) + b"\x00", der_of(other)):
        with pytest.raises(ArgumentInvalid):
            public_key_of(der)
