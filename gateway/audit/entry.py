"""The bytes of one log entry, version 1: fixed for the life of a log, strict to read, quick to write."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

from gateway.audit.errors import Malformed

VERSION = 1
ENTRY_BYTES_MAX = 65_535
TAG_BYTES = 16
TIME_OFFSET = 2
ZERO_16 = bytes(16)
ZERO_32 = bytes(32)

_FIXED = struct.Struct(">BBQ16sIIIIIQBH32s16s32s")
FIXED_BYTES = _FIXED.size
_NAMES_COUNT = 5
_NAMES_CACHED_MAX = 32_768
_Fixed = tuple[int, int, int, bytes, int, int, int, int, int, int, int, int, bytes, bytes, bytes]
Names = tuple[str, str, str, str, str]


class Kind(IntEnum):
    """What an entry records."""

    DISCLOSURE = 1
    REFUSAL = 2
    REFUSALS_FOLDED = 3
    PUSH_INTENT = 4
    PUSH_OUTCOME = 5
    ADMINISTRATION = 6
    SYSTEM = 7
    CREDENTIAL_ISSUED = 8


class Decision(IntEnum):
    """Whether the call was allowed."""

    ALLOWED = 1
    REFUSED = 2


class Outline(NamedTuple):
    """The fields of an entry that counting needs, without building the whole entry."""

    kind: int
    time_us: int
    call_id: bytes
    worker_epoch: int
    people: int
    calls: int
    decision: int
    reason: int
    has_detail: bool
    origin: str
    agency: str
    method: str
    stream_sequence: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """One record of the log. Workers leave `time_us` 0; the sequencer writes the log time there.

    `people` counts people disclosed or written; `calls` is 1 unless refusals were folded, and then `since_us`
    is the start of their interval. `tags` is the concatenation of 16-byte subject tags. `commitment` is zeros
    when there is no detail, `certificate` and `token` are zeros when there was none.
    """

    kind: Kind
    call_id: bytes
    origin: str
    time_us: int = 0
    worker_epoch: int = 0
    stream_sequence: int = 0
    policy_version: int = 0
    people: int = 0
    calls: int = 1
    since_us: int = 0
    decision: Decision = Decision.ALLOWED
    reason: int = 0
    certificate: bytes = ZERO_32
    token: bytes = ZERO_16
    commitment: bytes = ZERO_32
    agency: str = ""
    method: str = ""
    purpose: str = ""
    legal_basis: str = ""
    tags: bytes = b""

    def encode(self) -> bytes:
        """The entry's bytes, at most ENTRY_BYTES_MAX. Raises Malformed when a field is out of its range."""
        call_id, certificate, token, commitment, tags = (
            self.call_id,
            self.certificate,
            self.token,
            self.commitment,
            self.tags,
        )
        # struct pads and cuts byte strings silently, so their lengths are checked here.
        if len(call_id) != 16 or len(token) != 16 or len(certificate) != 32 or len(commitment) != 32:
            raise Malformed("call_id and token are 16 bytes, certificate and commitment 32")
        if len(tags) % TAG_BYTES:
            raise Malformed("tags are a multiple of 16 bytes")
        _check_rules(self.kind, self.decision, self.reason, self.calls, self.since_us)
        try:
            raw = b"".join(
                (
                    _FIXED.pack(
                        VERSION,
                        self.kind,
                        self.time_us,
                        call_id,
                        self.worker_epoch,
                        self.stream_sequence,
                        self.policy_version,
                        self.people,
                        self.calls,
                        self.since_us,
                        self.decision,
                        self.reason,
                        certificate,
                        token,
                        commitment,
                    ),
                    _pack_names(self.origin, self.agency, self.method, self.purpose, self.legal_basis),
                    (len(tags) // TAG_BYTES).to_bytes(2, "big"),
                    tags,
                )
            )
        except (struct.error, OverflowError) as error:
            raise Malformed(f"a number of the entry is out of range: {error}") from None
        if len(raw) > ENTRY_BYTES_MAX:
            raise Malformed(f"an entry is at most {ENTRY_BYTES_MAX} bytes, this one {len(raw)}")
        return raw

    def has_tag(self, tag: bytes) -> bool:
        """Whether the 16-byte subject tag stands in this entry."""
        at = self.tags.find(tag)
        while at >= 0:
            if at % TAG_BYTES == 0:
                return True
            at = self.tags.find(tag, at + 1)
        return False


def agency_of(entry_name: str) -> str:
    """The agency that an entry counts for: its `agency` field is `agency` or `agency/unit`."""
    return entry_name.partition("/")[0]


def decode(raw: bytes) -> Entry:
    """The entry in `raw`. Raises Malformed unless encoding the result would give exactly these bytes."""
    fixed, packed, tags_at = _split(raw)
    (
        _version,
        kind,
        time_us,
        call_id,
        worker_epoch,
        stream_sequence,
        policy_version,
        people,
        calls,
        since_us,
        decision,
        reason,
        certificate,
        token,
        commitment,
    ) = fixed
    origin, agency, method, purpose, legal_basis = names_of(packed)
    return Entry(
        kind=Kind(kind),
        call_id=call_id,
        origin=origin,
        time_us=time_us,
        worker_epoch=worker_epoch,
        stream_sequence=stream_sequence,
        policy_version=policy_version,
        people=people,
        calls=calls,
        since_us=since_us,
        decision=Decision(decision),
        reason=reason,
        certificate=certificate,
        token=token,
        commitment=commitment,
        agency=agency,
        method=method,
        purpose=purpose,
        legal_basis=legal_basis,
        tags=raw[tags_at:],
    )


def outline(raw: bytes) -> Outline:
    """The counted fields of the entry in `raw`, checked as strictly as `decode` at a quarter of its cost."""
    fixed, packed, _ = _split(raw)
    names = names_of(packed)
    return Outline(
        fixed[1],
        fixed[2],
        fixed[3],
        fixed[4],
        fixed[7],
        fixed[8],
        fixed[10],
        fixed[11],
        fixed[14] != ZERO_32,
        names[0],
        names[1],
        names[2],
        fixed[5],
    )


def checked(raw: bytes) -> tuple[bytes, int, bool]:
    """What a sequencer needs of the entry in `raw`, checked as strictly as `decode`.

    Its names as they are packed, for `names_of`; the people it counts against quotas: those disclosed, or taken up
    for writing; and whether it commits to a detail.
    """
    fixed, packed, _ = _split(raw)
    kind = fixed[1]
    return packed, fixed[7] if kind == 1 or kind == 4 else 0, fixed[14] != ZERO_32


def tags_of(raw: bytes) -> bytes:
    """The tags of an entry, joined. Raises Malformed."""
    return raw[_split(raw)[2] :]


def with_time(raw: bytes, stamp: bytes) -> bytes:
    """The entry's bytes with the log time set; `stamp` is 8 bytes big-endian."""
    return raw[:TIME_OFFSET] + stamp + raw[TIME_OFFSET + 8 :]


def time_of(raw: bytes) -> int:
    """The log time of an encoded entry, microseconds since 1970."""
    return int.from_bytes(raw[TIME_OFFSET : TIME_OFFSET + 8], "big")


def _split(raw: bytes) -> tuple[_Fixed, bytes, int]:
    """Fixed fields, packed names and where the tags start; raises Malformed on anything not canonical."""
    if not FIXED_BYTES <= len(raw) <= ENTRY_BYTES_MAX:
        raise Malformed(f"an entry has {FIXED_BYTES} to {ENTRY_BYTES_MAX} bytes, this one {len(raw)}")
    fixed: _Fixed = _FIXED.unpack_from(raw)
    if fixed[0] != VERSION:
        raise Malformed(f"entry version {fixed[0]} is not known")
    _check_rules(fixed[1], fixed[10], fixed[11], fixed[8], fixed[9])
    at = FIXED_BYTES
    try:
        for _ in range(_NAMES_COUNT):
            at += 1 + raw[at]
        count = raw[at] << 8 | raw[at + 1]
    except IndexError:
        raise Malformed("the entry ends inside its names") from None
    if len(raw) != at + 2 + TAG_BYTES * count:
        raise Malformed(f"the entry announces {count} tags, its length says otherwise")
    packed = raw[FIXED_BYTES:at]
    names_of(packed)
    return fixed, packed, at + 2


def _check_rules(kind: int, decision: int, reason: int, calls: int, since_us: int) -> None:
    """Relations between fields that every entry obeys, so that a count over entries means something."""
    if not 1 <= kind <= 8:
        raise Malformed(f"entry kind {kind} is not known")
    if decision == 1:
        if reason:
            raise Malformed("an allowed call has no reason")
        if kind == 2 or kind == 3:
            raise Malformed("a refusal is not allowed")
    elif decision == 2:
        if not reason:
            raise Malformed("a refused call has a reason")
        if kind == 1:
            raise Malformed("a disclosure is not refused")
    else:
        raise Malformed(f"decision {decision} is not known")
    if kind == 3:
        if not calls:
            raise Malformed("folded refusals stand for at least one call")
    elif calls != 1 or since_us:
        raise Malformed("only folded refusals stand for several calls or an interval")


@lru_cache(maxsize=_NAMES_CACHED_MAX)
def _pack_names(*names: str) -> bytes:
    """The five length-prefixed names; cached, because a deployment uses a few thousand combinations."""
    parts: list[bytes] = []
    for name in names:
        try:
            text = name.encode("utf-8")
        except UnicodeEncodeError:
            raise Malformed("a name of the entry is not valid Unicode") from None
        if len(text) > 255:
            raise Malformed("a name of the entry is at most 255 bytes")
        parts.append(bytes((len(text),)))
        parts.append(text)
    return b"".join(parts)


@lru_cache(maxsize=_NAMES_CACHED_MAX)
def names_of(packed: bytes) -> Names:
    """Origin, agency, method, purpose and legal basis. Raises Malformed."""
    names: list[str] = []
    at = 0
    while at < len(packed):
        end = at + 1 + packed[at]
        try:
            names.append(packed[at + 1 : end].decode("utf-8"))
        except UnicodeDecodeError:
            raise Malformed("a name of the entry is not valid UTF-8") from None
        at = end
    return names[0], names[1], names[2], names[3], names[4]
