"""The log's keys on disk: month keys for tags and details, two signing keys; each opened on its own."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from gateway.audit.errors import KeyUnavailable
from gateway.audit.note import Signer
from gateway.audit.tags import KEY_BYTES, TagKey, month_end_us, month_of

LOG_KEY = "log.key"
RECEIPT_KEY = "receipt.key"
_MONTH = re.compile(r"[0-9]{4}(0[1-9]|1[0-2])")


class DetailKey:
    """The AES-256-GCM key of one month's details."""

    __slots__ = ("cipher", "month")

    def __init__(self, month: str, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise KeyUnavailable(f"the detail key of {month} has not {KEY_BYTES} bytes")
        self.month = month
        self.cipher = AESGCM(key)


class KeyRing:
    """Month keys in one directory.

    Workers use `current_*`, which creates the key of the month they are in; searching uses `tag` and
    `detail`, which create nothing: a key destroyed at the end of its retention must not come back as new.
    """

    def __init__(self, directory: str, random: Callable[[int], bytes]) -> None:
        self._directory = directory
        self._random = random
        self._tags: dict[str, TagKey] = {}
        self._details: dict[str, DetailKey] = {}
        self._month = ""
        self._month_us = range(0)

    def current_tag(self, now_us: int) -> TagKey:
        """The tag key for entries made now."""
        month = self._month_of(now_us)
        if month not in self._tags:
            _create_once(self._path("tag", month), self._random(KEY_BYTES))
        return self.tag(month)

    def current_detail(self, now_us: int) -> DetailKey:
        """The detail key for entries made now."""
        month = self._month_of(now_us)
        if month not in self._details:
            _create_once(self._path("detail", month), self._random(KEY_BYTES))
        return self.detail(month)

    def tag(self, month: str) -> TagKey:
        """The tag key of a month "YYYYMM". Raises KeyUnavailable."""
        if month not in self._tags:
            self._tags[month] = TagKey(month, self._load("tag", month))
        return self._tags[month]

    def detail(self, month: str) -> DetailKey:
        """The detail key of a month "YYYYMM". Raises KeyUnavailable."""
        if month not in self._details:
            self._details[month] = DetailKey(month, self._load("detail", month))
        return self._details[month]

    def _month_of(self, now_us: int) -> str:
        if now_us not in self._month_us:
            self._month, self._month_us = month_of(now_us), range(now_us, month_end_us(now_us))
        return self._month

    def _load(self, use: str, month: str) -> bytes:
        try:
            with open(self._path(use, month), "rb") as file:
                key = file.read(KEY_BYTES + 1)
        except FileNotFoundError:
            raise KeyUnavailable(f"there is no {use} key of {month}") from None
        if len(key) != KEY_BYTES:
            raise KeyUnavailable(f"the {use} key of {month} has not {KEY_BYTES} bytes")
        return key

    def _path(self, use: str, month: str) -> str:
        # Months also come from stored blobs; nothing else may reach the file system.
        if not _MONTH.fullmatch(month):
            raise KeyUnavailable("a month is written YYYYMM")
        return os.path.join(self._directory, f"{use}-{month}.key")


def create_signing_keys(directory: str, random: Callable[[int], bytes]) -> None:
    """Create the checkpoint and the receipt key. Raises FileExistsError rather than replace one."""
    os.makedirs(directory, mode=0o700, exist_ok=True)
    for name in (LOG_KEY, RECEIPT_KEY):
        key = Ed25519PrivateKey.from_private_bytes(random(32))
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        if not _create_once(os.path.join(directory, name), pem):
            raise FileExistsError(f"{name} exists already")


def load_signer(path: str, name: str) -> Signer:
    """The signing key in a PEM file, signing under `name`. Raises KeyUnavailable."""
    try:
        with open(path, "rb") as file:
            key = load_pem_private_key(file.read(), password=None)
    except (FileNotFoundError, ValueError) as error:
        raise KeyUnavailable(f"{os.path.basename(path)} cannot be read: {type(error).__name__}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyUnavailable(f"{os.path.basename(path)} is not an Ed25519 key")
    return Signer(name, key)


def _create_once(path: str, content: bytes) -> bool:
    """Write a private file unless one of that name exists; of several processes exactly one wins, whole."""
    if os.path.exists(path):
        return False
    directory = os.path.dirname(path)
    os.makedirs(directory, mode=0o700, exist_ok=True)
    temporary = f"{path}.{os.getpid()}.tmp"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    try:
        # A link, unlike a rename, fails when another process was first.
        os.link(temporary, path)
    except FileExistsError:
        return False
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
    listing = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(listing)
    finally:
        os.close(listing)
    return True
