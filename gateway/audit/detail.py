"""What an entry only commits to: who was asked about, by whom, in which case; encrypted by month."""

from __future__ import annotations

import hmac
from hashlib import sha256
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag

from gateway.audit.errors import Inconsistent, Malformed
from gateway.audit.keys import DetailKey, KeyRing
from gateway.audit.tiles import DETAIL_BYTES_MAX

BLOB_VERSION = 1
DETAIL_VERSION = 1
SALT_BYTES = 32
NONCE_BYTES = 12
_MONTH_AT = 1
_NONCE_AT = 7
_SEALED_AT = _NONCE_AT + NONCE_BYTES
_GCM_TAG_BYTES = 16


class SignedRequest(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A request that its caller cannot deny: whoever has this verifies it with any JOSE library.

    `jws`: detached and compact (docs/signatures.md). `key`: SubjectPublicKeyInfo, whose thumbprint the JWS names.
    `request`: the exact bytes received. `digests`: what was signed where the signature closed a batch, else empty.
    """

    jws: str
    key: bytes
    request: bytes
    digests: bytes = b""


class Detail(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The detail of one entry. `numbers` are those asked for; `person_ids` stands beside them, 0 = none.

    The digests are SHA-256 of the exact request and response bytes, or empty; they stay inside the
    encryption, because a digest of a yes or no about a structured number is found by trying.
    """

    version: int = DETAIL_VERSION
    case_reference: str = ""
    officer: str = ""
    fields: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    person_ids: tuple[int, ...] = ()
    request_digest: bytes = b""
    response_digest: bytes = b""
    note: str = ""
    signed: SignedRequest | None = None
    """Of a call whose method demands a signature; fields are only ever added behind the last one."""


_encoder = msgspec.msgpack.Encoder()
_UNSIGNED = bytes((0x90 | len(Detail.__struct_fields__) - 1,))
"""Begins a detail without its last field: MessagePack's head of an array of fewer than 16."""
_decoder = msgspec.msgpack.Decoder(Detail)


def seal(detail: Detail, key: DetailKey, call_id: bytes, salt: bytes, nonce: bytes) -> tuple[bytes, bytes]:
    """The commitment for the entry and the encrypted blob for the log.

    `salt` is 32 and `nonce` 12 fresh random bytes; `call_id` is that of the entry, so that a blob cannot be
    moved to another one.
    """
    if len(salt) != SALT_BYTES or len(nonce) != NONCE_BYTES:
        raise Malformed("a salt has 32 bytes and a nonce 12")
    plain = salt + _encoded(detail)
    if len(plain) + _SEALED_AT + _GCM_TAG_BYTES > DETAIL_BYTES_MAX:
        raise Malformed(f"a detail is at most {DETAIL_BYTES_MAX} bytes")
    sealed = key.cipher.encrypt(nonce, plain, call_id)
    return sha256(plain).digest(), b"".join((b"\x01", key.month.encode("ascii"), nonce, sealed))


def open_(blob: bytes, keys: KeyRing, call_id: bytes, commitment: bytes) -> Detail:
    """The detail in a blob, checked against the entry's commitment.

    Raises Malformed, Inconsistent (wrong entry, altered) or KeyUnavailable (month key destroyed).
    """
    if len(blob) < _SEALED_AT + SALT_BYTES + _GCM_TAG_BYTES or blob[0] != BLOB_VERSION:
        raise Malformed("the detail blob is of no known form")
    month = blob[_MONTH_AT:_NONCE_AT].decode("ascii", errors="replace")
    try:
        plain = keys.detail(month).cipher.decrypt(blob[_NONCE_AT:_SEALED_AT], blob[_SEALED_AT:], call_id)
    except InvalidTag:
        raise Inconsistent("the detail does not belong to this entry or was altered") from None
    if not hmac.compare_digest(sha256(plain).digest(), commitment):
        raise Inconsistent("the detail is not the one the entry commits to")
    return _parsed(plain[SALT_BYTES:])


def _encoded(detail: Detail) -> bytes:
    # An absent signature is left out: details without one have the bytes that they had before there were any.
    raw = _encoder.encode(detail)
    return raw if detail.signed is not None else _UNSIGNED + raw[1:-1]


def _parsed(raw: bytes) -> Detail:
    try:
        detail: Any = _decoder.decode(raw)
    except msgspec.MsgspecError:
        raise Malformed("the detail cannot be read") from None
    if detail.version != DETAIL_VERSION:
        raise Malformed(f"detail version {detail.version} is not known")
    return detail  # type: ignore[no-any-return]
