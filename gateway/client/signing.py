"""Signs the requests of one client where the contract demands it; makes and registers the key at first need."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from google.protobuf import descriptor_pool

from gateway.agency.certificates import key_from_pem, key_to_pem, make_key
from gateway.agency.identity import SIGNING_KEY_FILE, create_private, write_private
from gateway.agency.signatures import DIGESTS_KEY, SIGNATURE_KEY, Signature, batch_payload, make
from gateway.agency.signing_keys import der_of
from gateway.api.v1 import options_pb2
from gateway.client.errors import GatewayRefusal, IdentityInvalid
from gateway.client.identity import Identity, RequestKey

REGISTER_PATH: Final = "/gateway.api.v1.SigningService/RegisterSigningKey"
_ID_BYTES: Final = 16

Metadata = list[tuple[str, str | bytes]]
Register = Callable[[bytes, str], Awaitable[object]]
"""Registers a key: its SubjectPublicKeyInfo and the SPIFFE id of the caller. Raises ClientError."""


class SigningDesk:
    """What one client signs with. Use within one event loop."""

    def __init__(
        self,
        identity: Identity,
        register: Register,
        clock: Callable[[], float] = time.time,
        new_id: Callable[[], str] = lambda: secrets.token_urlsafe(_ID_BYTES),
    ) -> None:
        """`clock`: unix seconds; its error is corrected once the gateway complained. `new_id`: never twice the same."""
        self._identity = identity
        self._register = register
        self._clock = clock
        self._new_id = new_id
        self._offset_seconds = 0.0
        self._key: RequestKey | None = identity.request_key
        self._candidate = self._key  # what a registration under way is signed with
        self._in_file = identity.request_key is None
        self._turn = asyncio.Lock()
        self._demanded: set[str] = set()  # beyond what the contract demands, by a grant

    def is_demanded(self, path: str) -> bool:
        """Whether the contract demands a signature of this method, or the gateway did once."""
        return path in self._demanded or must_sign(path)

    async def sign(self, path: str, body: bytes) -> Metadata:
        """The metadata of one call: a signature over its exact bytes. Raises ClientError, OSError."""
        key = await self._ready(path)
        return [(SIGNATURE_KEY, await self._made(key, path, body, batch=False))]

    async def sign_batch(self, path: str, bodies: Sequence[bytes]) -> Metadata:
        """The metadata of each call of a batch of 1 to 128 different requests: one signature closes them all.

        They have to be sent within a minute, and each only once. Raises ClientError, OSError.
        """
        key = await self._ready(path)
        payload = batch_payload(bodies)
        return [(SIGNATURE_KEY, await self._made(key, path, payload, batch=True)), (DIGESTS_KEY, payload)]

    async def mend(self, refusal: GatewayRefusal, path: str) -> bool:
        """Whether signing again may help, after doing what the refusal asks for. Raises ClientError, OSError."""
        if refusal.reason == "SIGNATURE_MISSING":
            self._demanded.add(path)
            return True
        if refusal.reason == "CLOCK_SKEWED" and "server_time" in refusal.metadata:
            theirs = datetime.fromisoformat(refusal.metadata["server_time"])
            self._offset_seconds = theirs.timestamp() - self._clock()
            return True
        if refusal.reason == "SIGNING_KEY_UNKNOWN" and path != REGISTER_PATH:
            await self.register()
            return True
        return False

    async def register(self, *, new: bool = False) -> RequestKey:
        """Register the key, a new one where there is none or the gateway takes it no more. Raises ClientError.

        `new`: another one in any case, ValueError where a device signs.
        """
        async with self._turn:
            if new:
                return await self._replaced()
            key = self._key or self._from_file()
            try:
                await self._registered(key)
            except GatewayRefusal as refusal:
                if refusal.reason != "RECORD_EXISTS" or not self._in_file or self._same_elsewhere(key):
                    raise
                return await self._replaced()
            return key

    async def _replaced(self) -> RequestKey:
        """A new key, in the file only once the gateway knows it: other processes go on signing with the old one."""
        if not self._in_file:
            raise ValueError("a key that is not in the identity folder is replaced where it lies")
        pem = key_to_pem(make_key())
        key = _file_key(pem)
        await self._registered(key)
        self._write(pem, replace=True)
        return key

    async def _ready(self, path: str) -> RequestKey:
        if path == REGISTER_PATH:
            assert self._candidate is not None
            return self._candidate
        if self._key is None:
            async with self._turn:  # whoever comes while the first registers waits for that
                if self._key is None:
                    # A file was registered at some time by whoever made it; if not, the gateway will say so.
                    made_before = (self._identity.folder / SIGNING_KEY_FILE).exists()
                    key = self._from_file()
                    if not made_before:
                        await self._registered(key)
                    self._key = key
        return self._key

    async def _registered(self, key: RequestKey) -> None:
        self._candidate = key
        names = self._identity.spiffe_ids
        if len(names) != 1:
            raise IdentityInvalid("The certificate names no one system; enrol again.")
        await self._register(der_of(key.public_key), names[0])
        self._key = key

    async def _made(self, key: RequestKey, path: str, payload: bytes, *, batch: bool) -> str:
        issued_at = int(self._clock() + self._offset_seconds)
        signature = Signature(key.key_id, path, self._new_id(), issued_at, batch)
        if self._in_file:
            return make(signature, payload, key.sign)
        return await asyncio.to_thread(make, signature, payload, key.sign)

    def _same_elsewhere(self, key: RequestKey) -> bool:
        """Whether another process has replaced the file meanwhile; then its key is for the next attempt."""
        other = self._from_file()
        if other.key_id == key.key_id:
            return False
        self._key = other
        return True

    def _from_file(self) -> RequestKey:
        path = self._identity.folder / SIGNING_KEY_FILE
        try:
            pem = path.read_bytes()
        except FileNotFoundError:
            pem = self._write(key_to_pem(make_key()), replace=False)
        try:
            return _file_key(pem)
        except (ValueError, TypeError):
            raise IdentityInvalid(f"{path} holds no readable P-256 key; remove it, and a new one is made.") from None

    def _write(self, pem: bytes, *, replace: bool) -> bytes:
        path = self._identity.folder / SIGNING_KEY_FILE
        try:
            if not replace:
                return create_private(path, pem)
            write_private(path, pem)
        except OSError as error:
            raise _unwritable(path, error) from error
        return pem


@lru_cache
def must_sign(path: str) -> bool:
    """Whether the contract demands a signature of this method; False for one that this contract does not have."""
    service, _, name = path.removeprefix("/").partition("/")
    try:
        method = descriptor_pool.Default().FindServiceByName(service).methods_by_name[name]
    except KeyError:
        return False
    options: Any = method.GetOptions()
    return bool(options.Extensions[options_pb2.policy].signed)


def _file_key(pem: bytes) -> RequestKey:
    key = key_from_pem(pem)
    return RequestKey(key.public_key(), lambda data: key.sign(data, ec.ECDSA(SHA256())))


def _unwritable(path: Path, error: OSError) -> IdentityInvalid:
    return IdentityInvalid(
        f"The call must be signed, and {path} cannot be written ({error.strerror}); run as the user that the folder "
        "belongs to, or give the client a key of your own."
    )
