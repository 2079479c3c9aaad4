"""C2SP signed notes with Ed25519: signing, strict parsing, verifying. Source: c2sp.org/signed-note v1.0.0."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from gateway.audit.errors import Inconsistent, Malformed

NOTE_BYTES_MAX = 1 << 20
SIGNATURES_MAX = 64
_ED25519 = b"\x01"
_DASH = "\u2014"


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: who signed, with which key, and the raw signature."""

    name: str
    key_id: int
    raw: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A parsed but not verified note; `text` ends in a newline."""

    text: str
    signatures: tuple[Signature, ...]


class Verifier:
    """A public Ed25519 key with its name, as in a `vkey` line: name+key id in hex+base64 of type and key."""

    __slots__ = ("_key", "key_id", "name", "public")

    def __init__(self, name: str, public: bytes) -> None:
        self.name = _checked_name(name)
        self.public = public
        self.key_id = int.from_bytes(sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:4], "big")
        try:
            self._key = Ed25519PublicKey.from_public_bytes(public)
        except ValueError:
            raise Malformed("an Ed25519 public key has 32 bytes") from None

    @classmethod
    def from_text(cls, vkey: str) -> Verifier:
        """Read a vkey line. Raises Malformed."""
        name, _, rest = vkey.strip().partition("+")
        key_id, _, encoded = rest.partition("+")
        material = strict_base64(encoded)
        if material[:1] != _ED25519:
            raise Malformed("the verifier key is not of type Ed25519")
        verifier = cls(name, material[1:])
        if key_id != f"{verifier.key_id:08x}":
            raise Malformed("the key id of the verifier key does not belong to its name and key")
        return verifier

    def text(self) -> str:
        """The vkey line, without newline."""
        encoded = base64.b64encode(_ED25519 + self.public).decode()
        return f"{self.name}+{self.key_id:08x}+{encoded}"

    def check(self, signature: bytes, message: bytes) -> None:
        """Check a raw signature. Raises Inconsistent."""
        try:
            self._key.verify(signature, message)
        except InvalidSignature:
            raise Inconsistent(f"a signature of {self.name} does not verify") from None

    def open_note(self, raw: bytes) -> str:
        """The text of a note signed by this key. Raises Malformed or Inconsistent."""
        note = parse(raw)
        mine = [line for line in note.signatures if line.name == self.name and line.key_id == self.key_id]
        if not mine:
            raise Inconsistent(f"the note carries no signature of {self.name} with key {self.key_id:08x}")
        for line in mine:
            self.check(line.raw, note.text.encode())
        return note.text


class Signer:
    """A private Ed25519 key with the name it signs under."""

    __slots__ = ("_key", "verifier")

    def __init__(self, name: str, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.verifier = Verifier(name, key.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        """The raw 64-byte signature; about 35 us."""
        return self._key.sign(message)

    def sign_note(self, text: str) -> bytes:
        """The note over `text`, which ends in a newline."""
        raw = self.verifier.key_id.to_bytes(4, "big") + self.sign(text.encode())
        return f"{text}\n{_DASH} {self.verifier.name} {base64.b64encode(raw).decode()}\n".encode()


def parse(raw: bytes) -> Note:
    """Split a note into text and signatures. Raises Malformed; nothing in it may be believed yet."""
    if len(raw) > NOTE_BYTES_MAX:
        raise Malformed("the note is too long")
    try:
        content = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("the note is not valid UTF-8") from None
    if any(character < " " and character != "\n" for character in content):
        raise Malformed("the note holds a control character")
    text, separator, tail = content.rpartition("\n\n")
    if not separator or not tail.endswith("\n"):
        raise Malformed("the note has no signatures")
    lines = tail[:-1].split("\n")
    if len(lines) > SIGNATURES_MAX:
        raise Malformed("the note has too many signatures")
    return Note(text + "\n", tuple(_signature(line) for line in lines))


def strict_base64(text: str) -> bytes:
    """Standard base64 in its one canonical spelling. Raises Malformed."""
    try:
        raw = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError, ValueError):
        raise Malformed("the base64 is not valid") from None
    if base64.b64encode(raw).decode() != text:
        raise Malformed("the base64 is not canonical")
    return raw


def _signature(line: str) -> Signature:
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != _DASH:
        raise Malformed("a signature line of the note is not of the form dash, name, base64")
    raw = strict_base64(parts[2])
    if len(raw) < 5:
        raise Malformed("a signature of the note is too short")
    return Signature(_checked_name(parts[1]), int.from_bytes(raw[:4], "big"), raw[4:])


def _checked_name(name: str) -> str:
    if not name or "+" in name or any(character.isspace() for character in name):
        raise Malformed("a key name is not empty and holds neither spaces nor plus")
    return name
