"""Compares gateway.db with itself and with the access log: what was altered, cut off, rolled back or put in by hand.

Seals show what was altered between two acts. What was taken off the end, or is an older copy of the whole file, only
the log shows: each entry names the act that was the newest in force, and each act that an operator decided has the
entry of its call, which came first. The log itself is not verified here; `popgate audit verify` does that.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from gateway.agency.acts import Act, ActKind, ActsAltered
from gateway.agency.store import AgencyStore
from gateway.audit.checkpoint import open_checkpoint
from gateway.audit.entry import Entry, Kind, decode
from gateway.audit.note import Verifier
from gateway.audit.reader import LogReader
from gateway.audit.tiles import WIDTH

DECIDING = {
    "RegisterAgency": ActKind.AGENCY,
    "RegisterUnits": ActKind.UNITS,
    "CreateGrant": ActKind.PROPOSAL,
    "ChangeGrant": ActKind.PROPOSAL,
    "ApproveGrant": ActKind.APPROVAL,
    "RejectGrant": ActKind.REJECTION,
    "EndGrant": ActKind.END,
    "Revoke": ActKind.REVOCATION,
    "LiftRevocation": ActKind.LIFTING,
}
"""Methods whose call leaves one act, and of which kind."""
_RENEWAL = "RenewCertificate"
PUBLISHED_WITHIN_SECONDS = 2.5
_BUNDLES_AT_START_MAX = 16
_ACTS_AT_ONCE = 1_000


class Flaw(NamedTuple):
    """Something that is not as this gateway left it. `what`: altered, cut, unlogged, by hand, lost."""

    what: str
    where: str
    sentence: str


@dataclass(slots=True)
class Checked:
    """What was looked at, and the flaws that were found."""

    acts: int = 0
    entries: int = 0
    flaws: list[Flaw] = field(default_factory=list)


@dataclass(slots=True)
class _Logged:
    """What the log says of gateway.db. `first`, `newest`: numbers of acts; `newest_at`: the entry that names it."""

    entries: int = 0
    first: int = 0
    newest: int = 0
    newest_at: int = 0
    decided: dict[str, list[tuple[str, str, int]]] = field(default_factory=dict)
    """By call id, which stays the same when a call is repeated: method, caller and index of each entry."""
    renewed: dict[bytes, int] = field(default_factory=dict)
    """Thumbprint of each certificate that was renewed, and the index of the entry."""


def check(store: AgencyStore, directory: str, vkey: str, sleep: Callable[[float], None] = time.sleep) -> Checked:
    """Look at everything. `directory`: the published log, `vkey`: its verifier line.

    Raises AuditError, OSError when the log cannot be read.
    """
    found = Checked()
    _seals(store, found.flaws)
    before = _acts(store)
    logged = _read(directory, vkey)
    if any(act.actor.call_id not in logged.decided for act in before.values() if act.actor.call_id):
        sleep(PUBLISHED_WITHIN_SECONDS)  # its entry came first, but may not have been published yet
        logged = _read(directory, vkey)
    after = _acts(store)
    found.acts, found.entries = len(after), logged.entries
    found.flaws += _cut(logged, max(after, default=0))
    found.flaws += _unlogged(logged, before)
    found.flaws += _lost(logged, after)
    found.flaws += _successions(store, logged)
    found.flaws += [
        Flaw("by hand", f"subject of {agency}", f"{count} rows of subject for {agency} have no seal of this gateway")
        for agency, count in sorted(store.subjects.unsealed().items())
    ]
    return found


def newest_in_log(directory: str, vkey: str) -> tuple[int, int]:
    """The newest act that the end of the log names, and the entry that does; 0 and 0 when none does. Reads little."""
    reader = LogReader(directory)
    size = open_checkpoint(reader.checkpoint(), Verifier.from_text(vkey)).size
    last = -(-size // WIDTH) - 1
    for number in range(last, max(-1, last - _BUNDLES_AT_START_MAX), -1):
        versions = [decode(raw).policy_version for raw in reader.entries(number, min(WIDTH, size - number * WIDTH))]
        if any(versions):
            newest = max(versions)
            return newest, number * WIDTH + versions.index(newest)
    return 0, 0


def cut_sentence(newest: int, named: int, index: int) -> str:
    """What a register that is shorter than the log says means."""
    return (
        f"gateway.db ends at act {newest}, but entry {index} of the access log was answered under act {named}: the "
        "newest acts were cut off, or the file is an older copy"
    )


def _seals(store: AgencyStore, flaws: list[Flaw]) -> None:
    try:
        with store.register.snapshot():
            pass
    except ActsAltered as error:
        flaws.append(Flaw("altered", "act", str(error)))
    flaws += [
        Flaw("altered", "enrolment_code", f"the enrolment code of {owner} was altered")
        for owner in store.altered_codes()
    ]


def _acts(store: AgencyStore) -> dict[int, Act]:
    """By number, those that can be read at all."""
    found: dict[int, Act] = {}
    after = 0
    while True:
        try:
            page = store.register.acts(after, _ACTS_AT_ONCE)
        except ActsAltered:
            return found  # said by the seals
        if not page:
            return found
        found.update(page)
        after = page[-1][0]


def _read(directory: str, vkey: str) -> _Logged:
    logged = _Logged()
    for index, entry in enumerate(_entries(directory, vkey)):
        logged.entries += 1
        logged.first = logged.first or entry.policy_version
        if entry.policy_version > logged.newest:
            logged.newest, logged.newest_at = entry.policy_version, index
        call_id = entry.call_id.hex()
        if entry.reason:
            # Refused after its entry, because another act came between.
            if logged.decided.get(call_id):
                logged.decided[call_id].pop()
        elif entry.kind is Kind.ADMINISTRATION and entry.method in DECIDING:
            logged.decided.setdefault(call_id, []).append((entry.method, entry.agency, index))
        elif entry.kind is Kind.CREDENTIAL_ISSUED and entry.method == _RENEWAL:
            logged.renewed.setdefault(entry.certificate, index)
    return logged


def _entries(directory: str, vkey: str) -> Iterator[Entry]:
    reader = LogReader(directory)
    size = open_checkpoint(reader.checkpoint(), Verifier.from_text(vkey)).size
    for number in range(-(-size // WIDTH)):
        yield from map(decode, reader.entries(number, min(WIDTH, size - number * WIDTH)))


def _cut(logged: _Logged, newest: int) -> Iterator[Flaw]:
    if logged.newest > newest:
        where = f"act {newest + 1} to {logged.newest}"
        yield Flaw("cut", where, cut_sentence(newest, logged.newest, logged.newest_at))


def _unlogged(logged: _Logged, acts: Mapping[int, Act]) -> Iterator[Flaw]:
    by_call: dict[str, list[int]] = {}
    for number, act in acts.items():
        actor, where = act.actor, f"act {number}"
        if actor.call_id:
            entries, earlier = logged.decided.get(actor.call_id, []), by_call.setdefault(actor.call_id, [])
            if not entries:
                yield Flaw("unlogged", where, f"act {number} names call {actor.call_id}, of which the log has no entry")
            elif len(earlier) == len(entries):
                yield Flaw("unlogged", where, f"act {number} names the call of act {earlier[0]}")
            elif not _is_of(act, *entries[len(earlier)][:2]):
                index = entries[len(earlier)][2]
                yield Flaw("unlogged", where, f"act {number} is not what entry {index} of the log says was decided")
            earlier.append(number)
        elif act.kind is ActKind.LOST:
            yield Flaw("lost", where, f"act {number} was lost with gateway.db and is marked so")
        elif act.kind is not ActKind.ROWS and 0 < logged.first < number:
            yield Flaw("by hand", where, f"act {number} was made on this machine while the log ran, without an entry")


def _is_of(act: Act, method: str, caller: str) -> bool:
    actor = act.actor
    name = f"{actor.agency}/{actor.unit}" if actor.unit else actor.agency
    return (actor.method, name, act.kind) == (method, caller, DECIDING[method])


def _lost(logged: _Logged, acts: Mapping[int, Act]) -> Iterator[Flaw]:
    known = Counter(act.actor.call_id for act in acts.values())
    for call_id, entries in logged.decided.items():
        for method, caller, index in entries[known[call_id] :]:
            sentence = (
                f"entry {index} says that {caller} decided something by {method}, and no act does: it was cut off, or "
                "the gateway died before it wrote it"
            )
            yield Flaw("cut", f"entry {index}", sentence)


def _successions(store: AgencyStore, logged: _Logged) -> Iterator[Flaw]:
    rows = store.successions.rows()
    for row in rows:
        if not row.sealed:
            yield Flaw("altered", f"succession {row.number}", f"row {row.number} of succession was altered")
    missing = sorted(set(range(1, max((row.number for row in rows), default=0) + 1)) - {row.number for row in rows})
    for number in missing:
        yield Flaw("cut", f"succession {number}", f"row {number} of succession is missing")
    replaced = {row.thumbprint for row in rows}
    for thumbprint, index in logged.renewed.items():
        if thumbprint not in replaced:
            sentence = (
                f"entry {index} says that certificate {thumbprint.hex()} was renewed, and no row of succession does: "
                "it was cut off, or the gateway died before it wrote it"
            )
            yield Flaw("cut", f"entry {index}", sentence)
