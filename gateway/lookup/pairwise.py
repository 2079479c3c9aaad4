"""Pairwise tokens: what an agency sees in place of numbers, its own for every person, the same for ever. Pure.

A token is the person_id in AES-SIV (RFC 5297), deterministic and authenticated, under a key of the agency that HKDF
(RFC 5869) derives from the gateway's; so there is no table, and nobody without the key can make a token, read one, or
join those of two agencies. `p1.` or `h1.` and 32 letters of base64url: a person, a household; 1 is the version.
"""

from __future__ import annotations

import base64
import re
import struct
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway.api.v1 import person_pb2
from gateway.lookup.fill import Related, Row

KEY_BYTES = 32
TOKEN_CHARACTERS = 35
PERSON, HOUSEHOLD = "p1.", "h1."

_DERIVED_BYTES = 64  # AES-256 in both halves
_TOKEN = re.compile(r"[ph]1\.[A-Za-z0-9_-]{32}")
_ID = struct.Struct(">Q")
AGENCIES_REMEMBERED_MAX = 1024


class TokenMalformed(ValueError):
    """Not a token, or not one of this agency. Says nothing of what it holds."""


@dataclass(frozen=True, slots=True)
class AgencyTokens:
    """The tokens of one agency. `person_id` and `household_id` are from 0 to 2**64 - 1."""

    cipher: AESSIV

    def person(self, person_id: int) -> str:
        """The token of a person."""
        return self._token(PERSON, person_id)

    def household(self, household_id: int) -> str:
        """The token of a household."""
        return self._token(HOUSEHOLD, household_id)

    def person_id(self, token: str) -> int:
        """Whose token it is. Raises TokenMalformed."""
        return self._identifier(PERSON, token)

    def household_id(self, token: str) -> int:
        """Which household's token it is. Raises TokenMalformed."""
        return self._identifier(HOUSEHOLD, token)

    def veil(self, person: person_pb2.Person, row: Row, related: Related, person_at: int, household_at: int) -> None:
        """Put tokens for numbers into a filled person; `person_at` and `household_at`: places of the ids in the row."""
        if person.HasField("number"):
            person.number = self.person(row[person_at])
        if person.HasField("household_number"):
            if row[household_at] is None:
                person.ClearField("household_number")
            else:
                person.household_number = self.household(row[household_at])
        for relative, (_id, _link, relative_id, *_) in zip(person.relatives, related.get("relatives", ()), strict=True):
            relative.number = self.person(relative_id)
        if person.HasField("household"):
            self._veil_household(person.household, related["household_members"])

    def _veil_household(self, household: person_pb2.Household, members: object) -> None:
        ids = {row[5]: row[1] for row in members}  # type: ignore[attr-defined]
        if household.head_number:
            household.head_number = self.person(ids[household.head_number])
        for member in household.members:
            member.number = self.person(ids[member.number])

    def _token(self, kind: str, identifier: int) -> str:
        sealed = self.cipher.encrypt(_ID.pack(identifier), [kind.encode()])
        return kind + base64.urlsafe_b64encode(sealed).decode()

    def _identifier(self, kind: str, token: str) -> int:
        if not token.startswith(kind) or _TOKEN.fullmatch(token) is None:
            raise TokenMalformed
        try:
            (identifier,) = _ID.unpack(self.cipher.decrypt(base64.urlsafe_b64decode(token[3:]), [kind.encode()]))
        except InvalidTag:
            raise TokenMalformed from None
        return int(identifier)


class PairwiseKey:
    """The gateway's key, from which each agency's is derived."""

    def __init__(self, key: bytes) -> None:
        """`key`: 32 random bytes. Whoever holds it can tell whose every agency's tokens are."""
        if len(key) != KEY_BYTES:
            raise ValueError("a pairwise key has 32 bytes")
        self._key = key
        self.tokens = lru_cache(AGENCIES_REMEMBERED_MAX)(self._derive)

    def _derive(self, agency: str) -> AgencyTokens:
        """The tokens of an agency, by its code; units share them."""
        info = b"popgate pairwise 1 " + agency.encode()
        return AgencyTokens(AESSIV(HKDF(SHA256(), _DERIVED_BYTES, None, info).derive(self._key)))
