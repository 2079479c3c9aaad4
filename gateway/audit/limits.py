"""What a call demands before its work begins: a token of each rate, a permit of each kind bounded at once. Pure.

Decided by the sequencer, since it alone sees every worker. Nothing of it stands in the log: rates begin empty where
the sequencer before did not end in order, and permits are said again by the workers that hold them, so that no
limit is ever passed.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from gateway.audit.errors import Malformed

BUCKETS_KEPT = 65_536
"""Above this, buckets that are full again are forgotten now and then; how many there are is the policy's choice."""
HOLD_SECONDS = 1.5
"""After a crash nobody gets a permit for so long: by then every worker has said which it holds."""
PERMIT_RETRY_SECONDS = 0.2
_NEVER_NS = 1 << 63
_CALL = 1_000_000_000  # of a bucket's level; the level grows by the rate each nanosecond

_HEAD = struct.Struct(">BB")
_RATE = struct.Struct(">IIH")
_PERMIT = struct.Struct(">IH")
_ADMIT = struct.Struct(">QH")
_ADMITTED = struct.Struct(">QBBQ")
_HOLDING = struct.Struct(">IH")


@dataclass(frozen=True, slots=True)
class Rate:
    """`per_second` calls, and up to `burst` at once after a pause; both at least 1. `name`: whose."""

    name: str
    per_second: int
    burst: int


@dataclass(frozen=True, slots=True)
class Permit:
    """One of `limit` calls or streams that may be open at once. `name`: whose."""

    name: str
    limit: int


@dataclass(frozen=True, slots=True)
class Demand:
    """All of it or nothing."""

    rates: tuple[Rate, ...] = ()
    permits: tuple[Permit, ...] = ()

    def encode(self) -> bytes:
        """The bytes for the sequencer. Raises Malformed when something is out of range."""
        try:
            parts = [_HEAD.pack(len(self.rates), len(self.permits))]
            for rate in self.rates:
                name = rate.name.encode()
                parts += [_RATE.pack(rate.per_second, rate.burst, len(name)), name]
            for permit in self.permits:
                name = permit.name.encode()
                parts += [_PERMIT.pack(permit.limit, len(name)), name]
        except struct.error:
            raise Malformed("a limit is out of range") from None
        return b"".join(parts)

    @classmethod
    def from_bytes(cls, raw: bytes) -> Demand:
        """Raises Malformed."""
        rates: list[Rate] = []
        permits: list[Permit] = []
        try:
            rate_count, permit_count = _HEAD.unpack_from(raw)
            at = _HEAD.size
            for _ in range(rate_count):
                per_second, burst, length = _RATE.unpack_from(raw, at)
                at += _RATE.size + length
                rates.append(Rate(raw[at - length : at].decode(), per_second, burst))
            for _ in range(permit_count):
                limit, length = _PERMIT.unpack_from(raw, at)
                at += _PERMIT.size + length
                permits.append(Permit(raw[at - length : at].decode(), limit))
        except (struct.error, UnicodeDecodeError):
            raise Malformed("a demand cannot be read") from None
        if at != len(raw) or not all(rate.per_second and rate.burst for rate in rates):
            raise Malformed("a demand has another length than it says, or a rate of nothing")
        return cls(tuple(rates), tuple(permits))


read_demand = lru_cache(maxsize=4096)(Demand.from_bytes)
"""`Demand.from_bytes`, remembered: a deployment has few demands."""


pack_demand = lru_cache(maxsize=4096)(Demand.encode)
"""`Demand.encode`, remembered."""


class Limit(IntEnum):
    """Which kind of limit is reached."""

    RATE = 1
    PERMIT = 2


@dataclass(frozen=True, slots=True)
class Denied:
    """Not now. `position`: of the rate or permit in the demand."""

    limit: Limit
    position: int
    retry_us: int


class Limiter:
    """Token buckets and permits of all workers. Times are nanoseconds of a monotonic clock."""

    def __init__(self, now_ns: int, levels: Mapping[str, int] | None = None) -> None:
        """`levels`: what `levels` gave when the one before ended in order; None when it did not, or is not known."""
        self._began_ns = now_ns
        self._are_empty = levels is None
        self._hold_until_ns = now_ns + (round(HOLD_SECONDS * 1e9) if levels is None else 0)
        # Level, when it was that, and when the bucket is full again.
        self._buckets = {name: (level, now_ns, _NEVER_NS) for name, level in (levels or {}).items()}
        self._forget_above = BUCKETS_KEPT
        self._held: Counter[str] = Counter()
        self._held_by: dict[Hashable, Counter[str]] = {}

    @property
    def buckets(self) -> int:
        """Rates that are remembered."""
        return len(self._buckets)

    @property
    def held(self) -> int:
        """Permits that are held."""
        return self._held.total()

    def admit(self, holder: Hashable, demand: Demand, now_ns: int) -> Denied | None:
        """Take everything demanded for `holder`, or nothing and say why."""
        for position, permit in enumerate(demand.permits):
            if now_ns < self._hold_until_ns:
                return Denied(Limit.PERMIT, position, (self._hold_until_ns - now_ns) // 1000 + 1)
            if self._held[permit.name] >= permit.limit:
                return Denied(Limit.PERMIT, position, round(PERMIT_RETRY_SECONDS * 1e6))
        levels: list[int] = []
        for position, rate in enumerate(demand.rates):
            level = self._level(rate, now_ns)
            if level < _CALL:
                return Denied(Limit.RATE, position, -(-(_CALL - level) // (rate.per_second * 1000)))
            levels.append(level - _CALL)
        for rate, level in zip(demand.rates, levels, strict=True):
            full_ns = now_ns + -(-(rate.burst * _CALL - level) // rate.per_second)
            self._buckets[rate.name] = level, now_ns, full_ns
        if len(self._buckets) > self._forget_above:
            self._buckets = {name: bucket for name, bucket in self._buckets.items() if bucket[2] > now_ns}
            self._forget_above = max(BUCKETS_KEPT, 2 * len(self._buckets))
        for permit in demand.permits:
            self.hold(holder, permit.name, 1)
        return None

    def hold(self, holder: Hashable, name: str, count: int) -> None:
        """`holder` has this many permits more, whatever the limit: it got them before."""
        self._held[name] += count
        self._held_by.setdefault(holder, Counter())[name] += count

    def release(self, holder: Hashable, name: str, count: int) -> None:
        """`holder` gives permits back. Raises Malformed when it does not have them."""
        mine = self._held_by.get(holder)
        if mine is None or mine[name] < count:
            raise Malformed("a permit is given back that was not held")
        for held in (mine, self._held):
            held[name] -= count
            if not held[name]:
                del held[name]

    def leave(self, holder: Hashable) -> None:
        """`holder` is gone, and holds nothing any more."""
        for name, count in self._held_by.pop(holder, Counter[str]()).items():
            self._held[name] -= count
            if not self._held[name]:
                del self._held[name]

    def levels(self) -> dict[str, int]:
        """The buckets for a successor: as they stood when they were last taken from."""
        return {name: level for name, (level, _, _) in self._buckets.items()}

    def _level(self, rate: Rate, now_ns: int) -> int:
        full = rate.burst * _CALL
        level, at_ns, _ = self._buckets.get(rate.name, (0 if self._are_empty else full, self._began_ns, 0))
        return min(full, level + (now_ns - at_ns) * rate.per_second)


def pack_admit(request_id: int, demand: bytes) -> bytes:
    """One item of an ADMIT message."""
    return _ADMIT.pack(request_id, len(demand)) + demand


def unpack_admits(body: bytes) -> list[tuple[int, Demand]]:
    """The (request id, demand) of an ADMIT message. Raises Malformed."""
    items: list[tuple[int, Demand]] = []
    at = 0
    while at < len(body):
        try:
            request_id, length = _ADMIT.unpack_from(body, at)
        except struct.error:
            raise Malformed("a demand ends early") from None
        at += _ADMIT.size + length
        items.append((request_id, read_demand(body[at - length : at])))
    if at != len(body):
        raise Malformed("a demand ends early")
    return items


def pack_admitted(request_id: int, denied: Denied | None) -> bytes:
    """One item of an ADMITTED message."""
    if denied is None:
        return _ADMITTED.pack(request_id, 0, 0, 0)
    return _ADMITTED.pack(request_id, denied.limit, denied.position, denied.retry_us)


def unpack_admitted(body: bytes) -> list[tuple[int, Denied | None]]:
    """The (request id, why not) of an ADMITTED message. Raises Malformed."""
    try:
        return [
            (request_id, Denied(Limit(ground), position, retry_us) if ground else None)
            for request_id, ground, position, retry_us in _ADMITTED.iter_unpack(body)
        ]
    except (struct.error, ValueError):
        raise Malformed("an answer to a demand cannot be read") from None


def pack_holding(name: str, count: int) -> bytes:
    """One item of a RELEASE or HOLD message."""
    raw = name.encode()
    return _HOLDING.pack(count, len(raw)) + raw


def unpack_holdings(body: bytes) -> list[tuple[str, int]]:
    """The (name, count) of a RELEASE or HOLD message. Raises Malformed."""
    items: list[tuple[str, int]] = []
    at = 0
    try:
        while at < len(body):
            count, length = _HOLDING.unpack_from(body, at)
            at += _HOLDING.size + length
            items.append((body[at - length : at].decode(), count))
    except (struct.error, UnicodeDecodeError):
        raise Malformed("a permit cannot be read") from None
    if at != len(body):
        raise Malformed("a permit ends early")
    return items
