"""Detached signatures over requests (RFC 7515, RFC 7797): how they are written, read and checked. Pure.

One says: the system that holds this key asked this method for exactly these bytes, once, at about this time. Its
payload is the request itself or, where one signature closes a batch, the SHA-256 digests of its requests, joined.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from gateway.errors import ClockSkewed, SignatureInvalid, SignatureMalformed

SIGNATURE_KEY = "x-request-jws"
"""Metadata of a call: the detached JWS in compact form, `<protected>..<signature>`."""
DIGESTS_KEY = "x-request-digests-bin"
"""Metadata of a call of a batch: the digests of all its requests, 32 bytes each, in the order of the signer."""

REQUEST_TYPE = "popgate-request+jws"
BATCH_TYPE = "popgate-batch+jws"
ALGORITHM = "ES256"
SIGNATURE_BYTES_MAX = 1024
SIGNED_REQUEST_BYTES_MAX = 768 << 10
"""A signed request is kept with its signature, in the detail of its entry, which holds 1 MiB."""
BATCH_REQUESTS_MAX = 128
"""4 KiB of digests; with a token of 7 KiB they fit into the metadata of a call."""
DIGEST_BYTES = 32
SKEW_SECONDS_MAX = 60

Signer = Callable[[bytes], bytes]
"""Signs data with ECDSA on P-256 and SHA-256; the signature in DER, as OpenSSL and key management services give it."""

# 64 bytes: the last character has four spare bits, zero in the one canonical spelling.
_COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.\.([A-Za-z0-9_-]{85}[AQgw])")
_KEY_ID = re.compile(r"[A-Za-z0-9_-]{43}")
_METHOD = re.compile(r"/[A-Za-z0-9_.]{1,128}/[A-Za-z0-9_]{1,64}")
_SIGNATURE_ID = re.compile(r"[A-Za-z0-9_-]{16,64}")
_HEADER = frozenset({"alg", "b64", "crit", "typ", "kid", "htm", "jti", "iat"})
_SECONDS_MAX = 1 << 53
_COORDINATE_BYTES = 32


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature as its caller states it; nothing in it is proven before `check`.

    `key_id`: thumbprint of the key (RFC 7638). `method`: full name, `/package.Service/Method`. `signature_id`: 16
    to 64 characters that the key's holder uses once. `issued_at`: unix seconds. `batch`: the payload is digests.
    """

    key_id: str
    method: str
    signature_id: str
    issued_at: int
    batch: bool = False
    protected: str = ""
    """The header as it was signed, base64url."""
    value: bytes = b""
    """r and s, 64 bytes (RFC 7518 section 3.4)."""

    @classmethod
    def from_text(cls, text: str) -> Signature:
        """Read the compact form. Raises SignatureMalformed for whatever `make` does not write."""
        if len(text) > SIGNATURE_BYTES_MAX:
            raise SignatureMalformed
        match = _COMPACT.fullmatch(text)
        if match is None:
            raise SignatureMalformed
        header = _header(match[1])
        # Exactly this header: another algorithm, an unknown `crit`, a key or an address in it end here (RFC 8725
        # sections 3.1, 3.11), before anything is looked up or computed.
        if header.keys() != _HEADER or header["alg"] != ALGORITHM or header["b64"] is not False:
            raise SignatureMalformed
        if header["crit"] != ["b64"] or header["typ"] not in (REQUEST_TYPE, BATCH_TYPE):
            raise SignatureMalformed
        texts = ((header["kid"], _KEY_ID), (header["htm"], _METHOD), (header["jti"], _SIGNATURE_ID))
        if not all(isinstance(value, str) and form.fullmatch(value) for value, form in texts):
            raise SignatureMalformed
        if type(header["iat"]) is not int or not 0 <= header["iat"] < _SECONDS_MAX:
            raise SignatureMalformed
        return cls(
            header["kid"],
            header["htm"],
            header["jti"],
            header["iat"],
            header["typ"] == BATCH_TYPE,
            match[1],
            _decoded(match[2]),
        )

    def check(self, payload: bytes, key: ec.EllipticCurvePublicKey) -> None:
        """Raises SignatureInvalid unless the holder of the P-256 `key` signed this header and payload."""
        r, s = self.value[:_COORDINATE_BYTES], self.value[_COORDINATE_BYTES:]
        der = encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big"))
        try:
            key.verify(der, _signed(self.protected, payload), ec.ECDSA(SHA256()))
        except InvalidSignature:
            raise SignatureInvalid from None

    def check_time(self, now: float) -> None:
        """Raises ClockSkewed when it was made more than 60 s before or after `now` (unix seconds)."""
        if abs(now - self.issued_at) > SKEW_SECONDS_MAX:
            raise ClockSkewed


def make(signature: Signature, payload: bytes, sign: Signer) -> str:
    """The compact form of a signature over a payload. `protected` and `value` of `signature` are not looked at.

    Raises SignatureMalformed when a part of it is not of the form that verifiers take, or `sign` gives no P-256
    signature in DER.
    """
    header = {
        "alg": ALGORITHM,
        "b64": False,
        "crit": ["b64"],
        "typ": BATCH_TYPE if signature.batch else REQUEST_TYPE,
        "kid": signature.key_id,
        "htm": signature.method,
        "jti": signature.signature_id,
        "iat": signature.issued_at,
    }
    protected = _encoded(json.dumps(header, separators=(",", ":")).encode())
    try:
        r, s = decode_dss_signature(sign(_signed(protected, payload)))
        value = r.to_bytes(_COORDINATE_BYTES, "big") + s.to_bytes(_COORDINATE_BYTES, "big")
    except (ValueError, OverflowError):
        raise SignatureMalformed("The signer gave no P-256 signature in DER.") from None
    text = f"{protected}..{_encoded(value)}"
    Signature.from_text(text)
    return text


def batch_payload(requests: Sequence[bytes]) -> bytes:
    """What a signature over a batch of 1 to 128 different requests signs: their digests. Raises SignatureMalformed."""
    payload = b"".join(sha256(request).digest() for request in requests)
    digests_of(payload)
    return payload


def digests_of(payload: bytes) -> frozenset[bytes]:
    """The digests that a batch's payload holds. Raises SignatureMalformed unless they are 1 to 128 different ones."""
    count, rest = divmod(len(payload), DIGEST_BYTES)
    if rest or not 1 <= count <= BATCH_REQUESTS_MAX:
        raise SignatureMalformed
    digests = frozenset(payload[at : at + DIGEST_BYTES] for at in range(0, len(payload), DIGEST_BYTES))
    if len(digests) != count:
        raise SignatureMalformed
    return digests


def _signed(protected: str, payload: bytes) -> bytes:
    # RFC 7797 section 3: the payload stands as it is.
    return protected.encode() + b"." + payload


def _header(protected: str) -> dict[str, Any]:
    try:
        raw = _decoded(protected)
        header = json.loads(raw.decode(), object_pairs_hook=_each_once)
    except (ValueError, RecursionError):
        raise SignatureMalformed from None
    if not isinstance(header, dict) or _encoded(raw) != protected:
        raise SignatureMalformed
    return header


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member stands twice")
    return members


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
