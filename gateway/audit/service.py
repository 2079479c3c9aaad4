"""AuditService: auditors ask who looked at a person. Decoding and recording are the chain's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from gateway.api.v1 import audit_service_pb2
from gateway.audit.detail import Detail, open_
from gateway.audit.entry import Entry, agency_of, time_of
from gateway.audit.errors import AuditError, KeyUnavailable
from gateway.audit.keys import KeyRing
from gateway.audit.paths import AuditPaths
from gateway.audit.query import Found, find
from gateway.audit.reader import LogReader
from gateway.audit.tags import months_between
from gateway.chain.base import Answer, Call
from gateway.chain.record import STATED, Recorder
from gateway.chain.turns import Threads, Turns
from gateway.errors import ArgumentInvalid, FieldViolation, Internal, PersonUnavailable
from gateway.lookup.barrier import ReadBarrier
from gateway.lookup.disclosure import PERSON_ID, only_scope
from gateway.lookup.number import check_number
from registry.people import PeopleStore

ENTRIES_DEFAULT = 100
ENTRIES_MAX = 1000
SEARCHES_AT_ONCE = 1
SEARCHES_WAITING_MAX = 15
"""Of one agency on one worker: a search may walk through a log of any length, in a thread that others need too."""
_TIME_US_MAX = 253_402_300_800_000_000 - 1
"""The last moment of year 9999, as of protobuf's Timestamp."""


class AuditMethods:
    """The behaviours of AuditService."""

    def __init__(
        self,
        reading: ReadBarrier,
        registry: PeopleStore,
        keys: KeyRing,
        recorder: Recorder,
        state: str,
        now_us: Callable[[], int],
        threads: Threads,
    ) -> None:
        """`state`: the state directory, where the published log lies. `now_us`: microseconds since 1970."""
        paths = AuditPaths(state)
        self._reading = reading
        self._registry = registry
        self._keys = keys
        self._recorder = recorder
        self._directory = paths.log
        self._index = paths.index
        self._now_us = now_us
        self._threads = threads
        self._searches = Turns(SEARCHES_AT_ONCE, SEARCHES_WAITING_MAX)
        self._vkey = Path(paths.log_vkey).read_text().strip()

    async def QueryAccesses(  # noqa: N802
        self, call: Call, request: audit_service_pb2.QueryAccessesRequest
    ) -> Answer:
        """Entries about one person, newest first, also those that a number of theirs was refused with."""
        assert call.principal is not None
        assert call.right is not None
        check_number(request.number)
        count = request.entries_max or ENTRIES_DEFAULT
        if count > ENTRIES_MAX:
            raise ArgumentInvalid(violations=[FieldViolation("entries_max", f"is at most {ENTRIES_MAX}")])
        from_us = _moment_us(request, "from_time", 0)
        to_us = _moment_us(request, "to_time", _TIME_US_MAX + 1) - 1
        scope = only_scope(call.right.provinces, call.right.owner)
        (person,) = await self._reading.read(call.principal.agency, scope, [request.number])
        person_id = None if person is None else int(person.row[PERSON_ID])
        tags = self._recorder.number_tags([request.number])
        if person_id is not None:
            tags += self._recorder.person_tags([person_id])
        if (call.right.provinces or call.right.owner) and (person is None or not scope.in_scope(person.row)):
            # An auditor of some people is told as little of other people as of absent ones.
            return Answer(
                audit_service_pb2.QueryAccessesResponse(),
                tags=tags,
                numbers=(request.number,),
                person_ids=(person_id or 0,),
                refusal=PersonUnavailable(),
            )
        try:
            found, accesses = await self._threads.run(
                call.principal.agency,
                self._search,
                person_id,
                request,
                from_us,
                to_us,
                count,
                within=self._searches,
            )
        except AuditError as error:
            raise Internal from error
        body = audit_service_pb2.QueryAccessesResponse(
            accesses=accesses, current_through_index=found.current_through, more=not found.complete
        )
        if person_id is None and not accesses:
            # Nobody has the number and nobody asked for it: the auditor is told no more than any other caller.
            return Answer(body, tags=tags, numbers=(request.number,), refusal=PersonUnavailable())
        return Answer(
            body, tags=tags, numbers=(request.number,), person_ids=(person_id or 0,), note=f"{len(accesses)} accesses"
        )

    def _search(
        self,
        person_id: int | None,
        request: audit_service_pb2.QueryAccessesRequest,
        from_us: int,
        to_us: int,
        count: int,
    ) -> tuple[Found, list[audit_service_pb2.Access]]:
        tags = self._tags(person_id, request.number)
        before = request.before_index if request.HasField("before_index") else None
        found = find(self._directory, self._vkey, tags, from_us, to_us, count, before, self._index)
        reader = LogReader(self._directory)
        return found, [self._access(reader, index, entry, found.current_through) for index, entry in found.entries]

    def _tags(self, person_id: int | None, number: str) -> set[bytes]:
        """Every tag that an entry about the person may carry, under the keys of all months of the log."""
        numbers = [number]
        if person_id is not None:
            numbers += [row[1] for row in self._registry.numbers([person_id]).get(person_id, ())]
        tags: set[bytes] = set()
        for month in months_between(self._begin_us(), self._now_us()):
            try:
                key = self._keys.tag(month)
            except KeyUnavailable:
                continue
            tags.update(key.number(one) for one in numbers)
            if person_id is not None:
                tags.add(key.person(person_id))
        return tags

    def _begin_us(self) -> int:
        try:
            return time_of(LogReader(self._directory).entries(0, 1)[0])
        except FileNotFoundError:
            return self._now_us()

    def _access(self, reader: LogReader, index: int, entry: Entry, size: int) -> audit_service_pb2.Access:
        access = audit_service_pb2.Access(
            index=index,
            agency=agency_of(entry.agency),
            unit=entry.agency.partition("/")[2],
            method=entry.method,
            purpose=entry.purpose,
            legal_basis=entry.legal_basis,
            allowed=not entry.reason,
            reason=entry.reason,  # type: ignore[arg-type]
            call_id=entry.call_id.hex(),
        )
        access.time.FromMicroseconds(entry.time_us)
        detail = self._detail(reader, index, entry, size)
        if detail is not None:
            access.fields.extend(detail.fields)
            access.case_reference = detail.case_reference
            access.signature = detail.signed.jws if detail.signed is not None else ""
            if detail.note.startswith(STATED):
                access.purpose, _, access.legal_basis = detail.note.removeprefix(STATED).partition(" ")
        return access

    def _detail(self, reader: LogReader, index: int, entry: Entry, size: int) -> Detail | None:
        try:
            return open_(reader.detail(index, size), self._keys, entry.call_id, entry.commitment)
        except AuditError:
            # The key is gone or the detail is damaged: the entry itself is told all the same.
            return None


def _moment_us(request: audit_service_pb2.QueryAccessesRequest, field: str, default: int) -> int:
    """A time of the request in microseconds since 1970. Raises ArgumentInvalid."""
    if not request.HasField(field):
        return default
    stamp = getattr(request, field)
    moment: int = stamp.seconds * 1_000_000 + stamp.nanos // 1000
    if not (0 <= stamp.nanos < 1_000_000_000 and 0 <= moment <= _TIME_US_MAX):
        raise ArgumentInvalid(violations=[FieldViolation(field, "must be a time from 1970 to 9999")])
    return moment
