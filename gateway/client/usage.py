"""What an agency used in a month: for operators, and for the agency itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gateway.api.v1 import usage_service_pb2
from gateway.client.connection import Connection, Method
from gateway.client.context import Context

GET_USAGE_STATEMENT: Final = Method(
    "/gateway.api.v1.UsageService/GetUsageStatement", usage_service_pb2.GetUsageStatementResponse
)


@dataclass(frozen=True, slots=True)
class UsageStatement:
    """A whole month. `calls` and `people` are by (unit, method), `fields` by (unit, method, path).

    `fields` counts people about whom a field was answered, each priced with `dong_per_field`. Entries before
    `through_index` were read; of `details_unreadable` ones the fields are not known any more.
    """

    agency: str
    month: str
    calls: Mapping[tuple[str, str], int]
    people: Mapping[tuple[str, str], int]
    fields: Mapping[tuple[str, str, str], int]
    dong_per_field: int
    tariff_source: str
    through_index: int
    details_unreadable: int

    @property
    def dong(self) -> int:
        """What the agency owes."""
        return self.dong_per_field * sum(self.fields.values())


class Metering:
    """The part of a client that asks for statements."""

    _connection: Connection

    async def usage_statement(
        self, agency: str, month: str, *, context: Context, timeout_seconds: float | None = 60.0
    ) -> UsageStatement:
        """What `agency` used in `month` ("2026-03"), part by part; the time is for each. Raises ClientError."""
        calls: Counter[tuple[str, str]] = Counter()
        people: Counter[tuple[str, str]] = Counter()
        fields: Counter[tuple[str, str, str]] = Counter()
        index, unreadable, more = 0, 0, True
        while more:
            request = usage_service_pb2.GetUsageStatementRequest(
                context=context.message(), agency=agency, month=month, from_index=index
            )
            answered = await self._connection.call(GET_USAGE_STATEMENT, request, timeout_seconds=timeout_seconds)
            part = answered.message
            for method in part.methods:
                calls[method.unit, method.method] += method.calls
                people[method.unit, method.method] += method.people
            for told in part.fields:
                fields[told.unit, told.method, told.path] += told.people
            unreadable += part.details_unreadable
            more = part.more and part.next_index > index
            index = part.next_index
        return UsageStatement(
            agency, month, calls, people, fields, part.dong_per_field, part.tariff_source, index, unreadable
        )
