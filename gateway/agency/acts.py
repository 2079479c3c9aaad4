"""Acts: what operators decided about who may ask, one after the other, each sealed together with those before it.

The register of acts is the policy: everything that decides a call is computed from it. A seal is an HMAC over the
previous seal and the act, under STATE/keys/policy.key, so that who can write the database but not read that key can
neither add, alter, reorder nor leave out an act without being found out by the next process that reads them. The
last acts can be cut off unnoticed by the seals alone; the access log, whose entries name the number of the act that
was the last one in force, tells. Pure.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

KEY_BYTES = 32
SEAL_BYTES = 32
FIRST_SEAL = bytes(SEAL_BYTES)
"""What the first act is sealed with in place of a previous seal."""


class ActsAltered(ValueError):
    """The register of acts is not what the gateway wrote; nobody is answered from it."""


class ActKind(StrEnum):
    """What an act does. Values stand in the database for ever."""

    AGENCY = "agency"
    UNITS = "units"
    FOUNDING = "founding"
    PROPOSAL = "proposal"
    APPROVAL = "approval"
    REJECTION = "rejection"
    END = "end"
    REVOCATION = "revocation"
    LIFTING = "lifting"
    ROWS = "rows"
    LOST = "lost"
    """In the place of one that was lost with gateway.db, so that its number is not given twice."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acted, and why. All empty: this machine, at the first start or at its command line.

    `officer` is pseudonymous. `call_id`: hexadecimal, that of the call whose entry stands in the access log.
    """

    agency: str = ""
    unit: str = ""
    system: str = ""
    officer: str = ""
    case_reference: str = ""
    call_id: str = ""
    method: str = ""


LOCAL = Actor()


@dataclass(frozen=True, slots=True)
class Act:
    """One act. `at`: unix seconds. `body`: what its kind needs, values of JSON."""

    kind: ActKind
    body: Mapping[str, Any]
    at: int
    actor: Actor = field(default=LOCAL)

    def to_text(self) -> str:
        """One line of JSON, the same for equal acts."""
        record = {"kind": self.kind, "body": dict(self.body), "at": self.at, "actor": asdict(self.actor)}
        return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def from_text(cls, text: str) -> Act:
        """Raises ActsAltered when it is not the text of an act."""
        try:
            record = json.loads(text)
            return cls(ActKind(record["kind"]), record["body"], record["at"], Actor(**record["actor"]))
        except (ValueError, KeyError, TypeError, RecursionError):
            raise ActsAltered("an act in gateway.db cannot be read; restore gateway.db") from None


def seal(key: bytes, previous: bytes, number: int, text: str) -> bytes:
    """The seal of an act, 32 bytes. `number`: its place, from 1; `previous`: the seal of the act before it."""
    return hmac.digest(key, previous + number.to_bytes(8) + text.encode(), hashlib.sha256)


def require_seal(key: bytes, previous: bytes, number: int, text: str, stated: bytes) -> None:
    """Raises ActsAltered when the seal is not that of the act."""
    if not hmac.compare_digest(seal(key, previous, number, text), stated):
        raise ActsAltered(
            f"act {number} in gateway.db was not written by this gateway, or one before it was; restore gateway.db"
        )
