"""Cursors: where a follower goes on from. Opaque to followers, bound to who follows what, and sealed. Pure."""

from __future__ import annotations

import hmac
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from hashlib import blake2b
from operator import xor

from gateway.errors import CursorForeign, CursorMalformed

VERSION = 1
KEY_BYTES = 32
_BINDING_BYTES = 16
_SEAL_BYTES = 16
_BODY = struct.Struct(f">BB{_BINDING_BYTES}sQQ")
CURSOR_BYTES = _BODY.size + _SEAL_BYTES


class Phase(IntEnum):
    """What the next page is taken from."""

    SNAPSHOT = 1
    CHANGES = 2


@dataclass(frozen=True, slots=True)
class Cursor:
    """After which person of the snapshot, and after which position of the change feed, the next page begins."""

    phase: Phase
    person_id: int
    position: int


class CursorKey:
    """Seals and opens the cursors of one registry epoch.

    A cursor that another agency, mask, scope, log or epoch made is told apart from one that cannot be read, so
    that a follower knows whether its own copy or its storage is at fault.
    """

    def __init__(self, key: bytes, origin: str, epoch: str) -> None:
        """`key`: 32 bytes, the gateway's own; `epoch`: of the registry, new after a restore."""
        if len(key) != KEY_BYTES:
            raise ValueError("a cursor key has 32 bytes")
        self._key = key
        self._others: tuple[bytes, ...] = ()
        self._place = (origin, epoch)

    def use(self, key: bytes, others: Iterable[bytes]) -> None:
        """Seal with `key` from now on, and open also what one of the others sealed. Raises ValueError."""
        others = tuple(others)
        if any(len(each) != KEY_BYTES for each in (key, *others)):
            raise ValueError("a cursor key has 32 bytes")
        self._key, self._others = key, others

    def binding(self, agency: str, paths: Iterable[str], provinces: Iterable[str]) -> bytes:
        """What a cursor of this follower is bound to, 16 bytes."""
        digest = blake2b(digest_size=_BINDING_BYTES, person=b"pg.cursor.bind")
        for part in (*self._place, agency, ",".join(sorted(paths)), ",".join(sorted(provinces))):
            raw = part.encode()
            digest.update(len(raw).to_bytes(4, "big") + raw)
        return digest.digest()

    def seal(self, cursor: Cursor, binding: bytes) -> bytes:
        """The cursor's bytes."""
        body = _BODY.pack(VERSION, cursor.phase, binding, cursor.person_id, cursor.position)
        seal = _seal(self._key, body)
        return _veiled(self._key, body, seal) + seal

    def open(self, raw: bytes, binding: bytes) -> Cursor:
        """The cursor in `raw`. Raises CursorMalformed, CursorForeign."""
        if len(raw) != CURSOR_BYTES:
            raise CursorMalformed
        body = self._opened(raw[: _BODY.size], raw[_BODY.size :])
        version, phase, bound, person_id, position = _BODY.unpack(body)
        if version != VERSION or phase not in (Phase.SNAPSHOT, Phase.CHANGES):
            raise CursorMalformed
        if bound != binding:
            raise CursorForeign
        return Cursor(Phase(phase), person_id, position)

    def _opened(self, hidden: bytes, seal: bytes) -> bytes:
        for key in (self._key, *self._others):
            body = _veiled(key, hidden, seal)
            if hmac.compare_digest(_seal(key, body), seal):
                return body
        raise CursorMalformed


def _seal(key: bytes, body: bytes) -> bytes:
    return blake2b(body, key=key, digest_size=_SEAL_BYTES, person=b"pg.cursor.seal").digest()


def _veiled(key: bytes, body: bytes, seal: bytes) -> bytes:
    """`body` hidden, or shown again: a person_id never leaves the gateway, nor does how much changed elsewhere.

    The seal is the initialisation vector of its own body, as in RFC 5297: two bodies never share a stream.
    """
    stream = blake2b(seal, key=key, digest_size=_BODY.size, person=b"pg.cursor.veil").digest()
    return bytes(map(xor, body, stream))
