"""UsageService: what an agency used in a month, for operators and for the agency itself."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from pathlib import Path

from gateway.agency.store import AgencyStore
from gateway.api.v1 import options_pb2, usage_service_pb2
from gateway.audit.errors import AuditError
from gateway.audit.keys import KeyRing
from gateway.audit.paths import AuditPaths
from gateway.chain.base import Answer, Call
from gateway.chain.turns import Threads, Turns
from gateway.errors import ArgumentInvalid, FieldViolation, Internal, RecordUnknown
from gateway.usage.statement import Usage, read_usage
from gateway.usage.tariff import Tariff

BUNDLES_PER_CALL_MAX = 256
"""65,536 entries: about a second's work; who asks goes on with `next_index`."""
AT_ONCE = 1
WAITING_MAX = 15
_NO_CREDENTIALS = 1 << 40  # none is valid then
_VIETNAM = timezone(timedelta(hours=7))
_MONTH = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])")


class UsageMethods:
    """The behaviours of UsageService."""

    def __init__(self, store: AgencyStore, keys: KeyRing, state: str, threads: Threads) -> None:
        """`state`: the state directory, where the published log lies."""
        paths = AuditPaths(state)
        self._store = store
        self._keys = keys
        self._directory = paths.log
        self._vkey = Path(paths.log_vkey).read_text().strip()
        self._tariff = Tariff.shipped()
        self._threads = threads
        self._turns = Turns(AT_ONCE, WAITING_MAX)

    async def GetUsageStatement(  # noqa: N802
        self, call: Call, request: usage_service_pb2.GetUsageStatementRequest
    ) -> Answer:
        """A part of a statement. Raises ArgumentInvalid, RecordUnknown, StreamsExhausted."""
        assert call.principal is not None
        from_us, until_us = month_us(request.month)
        own = call.principal.agency
        if call.agency_class != options_pb2.AGENCY_CLASS_OPERATOR and request.agency != own:
            raise RecordUnknown("An agency is told its own usage only.")
        price = self._tariff.price(await self._threads.run(own, self._class_of, request.agency))
        try:
            usage = await self._threads.run(
                own,
                read_usage,
                self._directory,
                self._vkey,
                self._keys,
                request.agency,
                from_us,
                until_us,
                request.from_index,
                BUNDLES_PER_CALL_MAX,
                within=self._turns,
            )
        except (AuditError, OSError) as error:
            raise Internal from error
        body = _message(usage)
        body.dong_per_field = price
        body.tariff_source = self._tariff.source
        return Answer(body, note=f"usage of {request.agency} in {request.month} to entry {usage.next_index}")

    def _class_of(self, code: str) -> str:
        """Name of an agency's class; of a revoked one too, since it owes for what it used. Raises RecordUnknown."""
        for record in self._store.list_agencies(_NO_CREDENTIALS):
            if record.code == code:
                return options_pb2.AgencyClass.Name(record.agency_class).removeprefix("AGENCY_CLASS_")
        raise RecordUnknown


def month_us(month: str) -> tuple[int, int]:
    """Begin and end (exclusive) of a month "YYYY-MM" of Viet Nam's time, in microseconds since 1970.

    Raises ArgumentInvalid.
    """
    match = _MONTH.fullmatch(month)
    if match is None:
        raise ArgumentInvalid(violations=[FieldViolation("month", "must be a month such as 2026-03")])
    year, number = int(match[1]), int(match[2])
    begin = datetime(year, number, 1, tzinfo=_VIETNAM)
    end = datetime(year + number // 12, number % 12 + 1, 1, tzinfo=_VIETNAM)
    return int(begin.timestamp()) * 1_000_000, int(end.timestamp()) * 1_000_000


def _message(usage: Usage) -> usage_service_pb2.GetUsageStatementResponse:
    return usage_service_pb2.GetUsageStatementResponse(
        methods=[
            usage_service_pb2.MethodUsage(unit=unit, method=method, calls=calls, people=usage.people[unit, method])
            for (unit, method), calls in sorted(usage.calls.items())
        ],
        fields=[
            usage_service_pb2.FieldUsage(unit=unit, method=method, path=path, people=people)
            for (unit, method, path), people in sorted(usage.fields.items())
        ],
        details_unreadable=usage.unreadable,
        next_index=usage.next_index,
        more=usage.more,
    )
