"""What an entry uses up when it is recorded: people of a day, guesses about people, single use. Pure.

The sequencer decides all charges of an entry together, before anything of it is appended. What they count can be
read from the entries alone (`gateway.audit.admission`), so charges themselves are stored nowhere.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from gateway.audit.errors import Malformed
from gateway.audit.tags import TAG_BYTES

COUNTERS_MAX = 16
SUBJECTS_MAX = 2000
CHARGES_BYTES_MAX = 64 << 10

# Marks of 16 bytes that divide an entry's tags; no keyed hash is one of them.
_MARK = bytes(TAG_BYTES - 1)
ONCE_MARK = _MARK + b"\x01"
GUESSES_MARK = _MARK + b"\x02"
SHARED_GUESSES_MARK = _MARK + b"\x03"
_MARKS = frozenset((ONCE_MARK, GUESSES_MARK, SHARED_GUESSES_MARK))

_HEAD = struct.Struct(">HBH")
_COUNTER = struct.Struct(">QH")
_GUESSES = struct.Struct(">IHH")
_REFUSED = struct.Struct(">QBHIQH")


@dataclass(frozen=True, slots=True)
class Counter:
    """People of one day of Viet Nam's time, at most `limit` of them.

    Counts people disclosed, or taken up for writing, by `caller` (an agency, which includes all of its units, or
    `agency/unit`) with any of the methods for any of the purposes.
    """

    caller: str
    methods: frozenset[str]
    purposes: frozenset[str]
    limit: int

    def key(self) -> bytes:
        """Names the counter, whatever its limit."""
        methods, purposes = (",".join(sorted(names)) for names in (self.methods, self.purposes))
        return f"{self.caller}\n{methods}\n{purposes}".encode()

    def covers(self, method: str, purpose: str) -> bool:
        """Whether people whom the caller got so count."""
        return method in self.methods and purpose in self.purposes


@dataclass(frozen=True, slots=True)
class Guesses:
    """Questions about people whose answers may be no: nobody with too many wrong ones of today is answered about.

    `month`: YYYYMM of the key that made the tags. `tags`: the guess tag of each subject, joined, in order; one may
    stand there several times. `missed`: a byte for each, 1 where the answer was not all right, else 0. At most `limit`
    wrong answers about a subject to one caller; `limit_shared`: to all callers who have such a limit, 0 for none.
    """

    month: int
    limit: int
    limit_shared: int
    tags: bytes
    missed: bytes

    def subjects(self) -> list[bytes]:
        """The tags, one by one."""
        return [self.tags[at : at + TAG_BYTES] for at in range(0, len(self.tags), TAG_BYTES)]

    def missed_subjects(self) -> list[bytes]:
        """The tags of those whose answer was not all right."""
        return [tag for tag, missed in zip(self.subjects(), self.missed, strict=True) if missed]


@dataclass(frozen=True, slots=True)
class Charges:
    """All charges of one entry. `once`: 16 bytes that no entry of the last minutes may carry, or nothing."""

    counters: tuple[Counter, ...] = ()
    guesses: Guesses | None = None
    once: bytes = b""

    def marked_tags(self) -> bytes:
        """What the entry carries at the end of its tags, so that the charges' effect can be read from it."""
        tags = ONCE_MARK + self.once if self.once else b""
        if self.guesses is not None and 1 in self.guesses.missed:
            mark = SHARED_GUESSES_MARK if self.guesses.limit_shared else GUESSES_MARK
            tags += mark + b"".join(self.guesses.missed_subjects())
        return tags

    def encode(self) -> bytes:
        """The bytes for the sequencer. Raises Malformed when something is out of bounds."""
        guesses = self.guesses
        counters = pack_counters(self.counters)
        parts = [b"", counters, self.once]
        subjects = 0
        if guesses is not None:
            subjects = len(guesses.missed)
            if len(guesses.tags) != TAG_BYTES * subjects or not 1 <= subjects <= SUBJECTS_MAX:
                raise Malformed(f"guesses are about 1 to {SUBJECTS_MAX} subjects, with a tag and a mark each")
            parts += [
                _GUESSES.pack(guesses.month, guesses.limit, guesses.limit_shared),
                guesses.tags,
                guesses.missed,
            ]
        if len(self.once) not in (0, TAG_BYTES):
            raise Malformed("what may be used once has 16 bytes")
        parts[0] = _HEAD.pack(len(counters), bool(self.once), subjects)
        return b"".join(parts)

    @classmethod
    def from_bytes(cls, raw: bytes) -> Charges:
        """Raises Malformed unless encoding the result would give these bytes."""
        try:
            counter_bytes, has_once, subjects = _HEAD.unpack_from(raw)
            at = _HEAD.size + counter_bytes
            counters = unpack_counters(raw[_HEAD.size : at])
            once = raw[at : at + TAG_BYTES * has_once]
            at += TAG_BYTES * has_once
            guesses = None
            if subjects:
                month, limit, limit_shared = _GUESSES.unpack_from(raw, at)
                at += _GUESSES.size
                end = at + TAG_BYTES * subjects
                guesses = Guesses(month, limit, limit_shared, raw[at:end], raw[end : end + subjects])
                at = end + subjects
        except struct.error:
            raise Malformed("charges end early") from None
        if len(raw) != at or (guesses is not None and guesses.missed.strip(b"\x00\x01")):
            raise Malformed("charges have another length than they say, or marks that are neither 0 nor 1")
        charges = cls(counters, guesses, once)
        if _HEAD.pack(counter_bytes, bool(once), subjects) != raw[: _HEAD.size]:
            raise Malformed("charges are not written as they must be")
        return charges


@lru_cache(maxsize=4096)
def pack_counters(counters: tuple[Counter, ...]) -> bytes:
    """The counters' part; cached, because a deployment has few combinations. Raises Malformed."""
    if len(counters) > COUNTERS_MAX:
        raise Malformed(f"an entry is charged to at most {COUNTERS_MAX} counters")
    parts: list[bytes] = []
    for counter in counters:
        key = counter.key()
        try:
            parts += [_COUNTER.pack(counter.limit, len(key)), key]
        except struct.error:
            raise Malformed("a counter's limit or key is too large") from None
    return b"".join(parts)


@lru_cache(maxsize=4096)
def unpack_counters(raw: bytes) -> tuple[Counter, ...]:
    """What `pack_counters` packed. Raises Malformed, and struct.error when it ends early."""
    counters: list[Counter] = []
    at = 0
    while at < len(raw):
        limit, length = _COUNTER.unpack_from(raw, at)
        at += _COUNTER.size + length
        try:
            caller, methods, purposes = raw[at - length : at].decode().split("\n")
        except ValueError:
            raise Malformed("a counter's key is not caller, methods and purposes") from None
        counters.append(Counter(caller, frozenset(methods.split(",")), frozenset(purposes.split(",")), limit))
    if pack_counters(tuple(counters)) != raw:
        raise Malformed("a counter is not written as it must be")
    return tuple(counters)


def marked_tags_of(tags: bytes) -> bytes:
    """The part of an entry's tags that begins with the first mark; empty when there is none."""
    at = tags.find(_MARK)
    while at >= 0:
        if at % TAG_BYTES == 0 and tags[at : at + TAG_BYTES] in _MARKS:
            return tags[at:]
        at = tags.find(_MARK, at + 1)
    return b""


def split_marked(tags: bytes) -> list[tuple[bytes, list[bytes]]]:
    """Each mark of `marked_tags_of` with the tags behind it."""
    parts: list[tuple[bytes, list[bytes]]] = []
    for at in range(0, len(tags), TAG_BYTES):
        tag = tags[at : at + TAG_BYTES]
        if tag in _MARKS:
            parts.append((tag, []))
        else:
            parts[-1][1].append(tag)
    return parts


class Ground(IntEnum):
    """Which charge was refused."""

    PEOPLE = 1
    GUESSES = 2
    ONCE = 3
    MONTH = 4
    """The tags were made with another month's key than the log's present one: make them again."""
    FULL = 5
    """There is no room to remember the charge."""


@dataclass(frozen=True, slots=True)
class ChargeRefusal:
    """Why nothing was recorded.

    `position`: of the counter, `people_left` what still fits it. `subjects`: positions of those who must be left out.
    `retry_us`: microseconds until the charge may be granted.
    """

    ground: Ground
    retry_us: int
    position: int = 0
    people_left: int = 0
    subjects: tuple[int, ...] = ()


class ChargeRefused(Exception):
    """Nothing was recorded: a charge of the entry was refused."""

    def __init__(self, refusal: ChargeRefusal) -> None:
        super().__init__(refusal.ground.name)
        self.refusal = refusal


def pack_refusal(request_id: int, refusal: ChargeRefusal) -> bytes:
    """One item of a REFUSED message."""
    head = _REFUSED.pack(
        request_id,
        refusal.ground,
        refusal.position,
        min(refusal.people_left, 0xFFFF_FFFF),
        refusal.retry_us,
        len(refusal.subjects),
    )
    return head + struct.pack(f">{len(refusal.subjects)}H", *refusal.subjects)


def unpack_refusals(body: bytes) -> list[tuple[int, ChargeRefusal]]:
    """The (request id, refusal) of a REFUSED message. Raises Malformed."""
    refusals: list[tuple[int, ChargeRefusal]] = []
    at = 0
    try:
        while at < len(body):
            request_id, ground, position, left, retry_us, count = _REFUSED.unpack_from(body, at)
            at += _REFUSED.size
            subjects = struct.unpack_from(f">{count}H", body, at)
            at += 2 * count
            refusals.append((request_id, ChargeRefusal(Ground(ground), retry_us, position, left, subjects)))
    except (struct.error, ValueError):
        raise Malformed("a refusal of the sequencer cannot be read") from None
    return refusals
