"""Asking about the policy: who could see what, what would be answered. For operators and auditors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gateway.api.v1 import policy_service_pb2
from gateway.client.connection import Connection, Method
from gateway.client.context import Context

_SERVICE = "/gateway.api.v1.PolicyService/"
LIST_FIELD_HOLDERS: Final = Method(_SERVICE + "ListFieldHolders", policy_service_pb2.ListFieldHoldersResponse)
PREVIEW_CALL: Final = Method(_SERVICE + "PreviewCall", policy_service_pb2.PreviewCallResponse)
LIST_UNUSED_RIGHTS: Final = Method(_SERVICE + "ListUnusedRights", policy_service_pb2.ListUnusedRightsResponse)
LIST_EXPIRING_GRANTS: Final = Method(_SERVICE + "ListExpiringGrants", policy_service_pb2.ListExpiringGrantsResponse)
UNUSED_SECONDS_MAX = 120.0
"""Longest time for a walk through the log."""


class Questioning:
    """The part of a client that asks about the policy."""

    _connection: Connection

    async def list_field_holders(
        self, field: str, *, context: Context, timeout_seconds: float | None = None
    ) -> tuple[policy_service_pb2.FieldHolder, ...]:
        """Who could see a field of `Person` now, or have it verified. Raises GatewayRefusal: FIELD_UNKNOWN."""
        request = policy_service_pb2.ListFieldHoldersRequest(context=context.message(), field=field)
        answered = await self._connection.call(LIST_FIELD_HOLDERS, request, timeout_seconds=timeout_seconds)
        return tuple(answered.message.holders)

    async def preview_call(
        self,
        agency: str,
        method: str,
        purpose: str,
        legal_basis: str,
        *,
        fields: Iterable[str] = (),
        unit: str = "",
        system: str = "",
        province: str = "",
        context: Context,
        timeout_seconds: float | None = None,
    ) -> policy_service_pb2.PreviewCallResponse:
        """What `agency` would be answered for a call, with a token issued now.

        `province`: two digits, of the person's residence; empty: not considered. Raises GatewayRefusal:
        ARGUMENT_INVALID, FIELD_UNKNOWN; that the call would be refused stands in the answer.
        """
        request = policy_service_pb2.PreviewCallRequest(
            context=context.message(),
            agency=agency,
            unit=unit,
            system=system,
            method=method,
            purpose=purpose,
            legal_basis=legal_basis,
            fields=fields,
            province=province,
        )
        return (await self._connection.call(PREVIEW_CALL, request, timeout_seconds=timeout_seconds)).message

    async def list_unused_rights(
        self,
        days: int = 90,
        *,
        agency: str = "",
        context: Context,
        timeout_seconds: float | None = UNUSED_SECONDS_MAX,
    ) -> policy_service_pb2.ListUnusedRightsResponse:
        """Granted purposes, methods and fields that nobody used for so many days. Raises ClientError."""
        request = policy_service_pb2.ListUnusedRightsRequest(context=context.message(), days=days, agency=agency)
        return (await self._connection.call(LIST_UNUSED_RIGHTS, request, timeout_seconds=timeout_seconds)).message

    async def list_expiring_grants(
        self, days: int = 31, *, context: Context, timeout_seconds: float | None = None
    ) -> tuple[policy_service_pb2.ExpiringGrant, ...]:
        """Grants that end within so many days, the first to end first. Raises ClientError."""
        request = policy_service_pb2.ListExpiringGrantsRequest(context=context.message(), days=days)
        answered = await self._connection.call(LIST_EXPIRING_GRANTS, request, timeout_seconds=timeout_seconds)
        return tuple(answered.message.grants)
