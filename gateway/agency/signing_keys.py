"""Signing keys: P-256 keys with which systems sign requests, apart from those of their certificates. Values only."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from hashlib import sha256

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from gateway.agency.certificates import Principal
from gateway.errors import ArgumentInvalid, FieldViolation, SigningKeyRevoked, SigningKeyUnknown

_KEYS_REMEMBERED_MAX = 4096
_COORDINATE_BYTES = 32


class SigningKeyState(IntEnum):
    """Where a key stands in its life: numbers of the contract's `SigningKeyState`."""

    ANNOUNCED = 1
    ACTIVE = 2
    RETIRED = 3
    REVOKED = 4


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A registered key of one system. `der`: SubjectPublicKeyInfo. Times: unix seconds, `until_time` exclusive."""

    key_id: str
    agency: str
    unit: str
    system: str
    der: bytes
    from_time: int
    until_time: int
    registered_at: int
    revoked: bool = False

    @property
    def public_key(self) -> ec.EllipticCurvePublicKey:
        """The key to check signatures with."""
        return public_key_of(self.der)

    def belongs_to(self, principal: Principal) -> bool:
        """Whether it is a key of the very system that the certificate names."""
        return (self.agency, self.unit, self.system) == (principal.agency, principal.unit, principal.system)

    def state(self, now: float) -> SigningKeyState:
        """Only an active key's signatures are taken; those of the past stay verifiable offline."""
        if self.revoked:
            return SigningKeyState.REVOKED
        if now < self.from_time:
            return SigningKeyState.ANNOUNCED
        return SigningKeyState.ACTIVE if now < self.until_time else SigningKeyState.RETIRED


def find_key(keys: Mapping[str, SigningKey], key_id: str, principal: Principal, now: float) -> SigningKey:
    """The caller's active key of this id.

    Raises SigningKeyUnknown when it has none (another system's key is as unknown as one that nobody has),
    SigningKeyRevoked.
    """
    key = keys.get(key_id)
    if key is None or not key.belongs_to(principal):
        raise SigningKeyUnknown
    state = key.state(now)
    if state is SigningKeyState.REVOKED:
        raise SigningKeyRevoked
    if state is not SigningKeyState.ACTIVE:
        raise SigningKeyUnknown
    return key


@lru_cache(maxsize=_KEYS_REMEMBERED_MAX)
def public_key_of(der: bytes) -> ec.EllipticCurvePublicKey:
    """The P-256 key in a SubjectPublicKeyInfo. Raises ArgumentInvalid naming `public_key`."""
    try:
        key = load_der_public_key(der)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise _invalid("is not a SubjectPublicKeyInfo in DER") from None
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise _invalid("does not hold a P-256 key")
    if der_of(key) != der:
        raise _invalid("is not in the one spelling of DER, with an uncompressed point")
    return key


def der_of(key: ec.EllipticCurvePublicKey) -> bytes:
    """The key's SubjectPublicKeyInfo, 91 bytes for P-256."""
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def key_id_of(key: ec.EllipticCurvePublicKey) -> str:
    """The key's JWK thumbprint (RFC 7638), 43 characters."""
    numbers = key.public_numbers()
    x, y = (_encoded(number.to_bytes(_COORDINATE_BYTES, "big")) for number in (numbers.x, numbers.y))
    canonical = f'{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}'
    return _encoded(sha256(canonical.encode()).digest())


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _invalid(description: str) -> ArgumentInvalid:
    return ArgumentInvalid(violations=[FieldViolation("public_key", description)])
