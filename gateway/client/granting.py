"""Proposing, approving and ending grants: for operators, two of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from gateway.api.v1 import agency_service_pb2
from gateway.client.connection import Connection, Method
from gateway.client.context import Context, timestamp

_SERVICE = "/gateway.api.v1.AgencyService/"


CREATE_GRANT: Final = Method(_SERVICE + "CreateGrant", agency_service_pb2.CreateGrantResponse, repeatable=False)
CHANGE_GRANT: Final = Method(_SERVICE + "ChangeGrant", agency_service_pb2.ChangeGrantResponse, repeatable=False)
APPROVE_GRANT: Final = Method(_SERVICE + "ApproveGrant", agency_service_pb2.ApproveGrantResponse, repeatable=False)
REJECT_GRANT: Final = Method(_SERVICE + "RejectGrant", agency_service_pb2.RejectGrantResponse, repeatable=False)
END_GRANT: Final = Method(_SERVICE + "EndGrant", agency_service_pb2.EndGrantResponse)
LIST_PROPOSALS: Final = Method(_SERVICE + "ListProposals", agency_service_pb2.ListProposalsResponse)


def grant_terms(
    *,
    methods: Iterable[str],
    purposes: Mapping[str, Iterable[str]],
    fields: Iterable[str] = (),
    field_sets: Iterable[str] = (),
    provinces: Iterable[str] = (),
    from_time: datetime | None = None,
    until_time: datetime | None = None,
    verify_fields: Iterable[str] = (),
    verify_field_sets: Iterable[str] = (),
    predicates: Iterable[str] = (),
    leniency: str = "EXACT",
    own_subjects: bool = False,
    quotas: Iterable[agency_service_pb2.Quota] = (),
    guesses_per_day: int = 0,
    narrows: int = 0,
    unit: str = "",
    system: str = "",
    signed: bool = False,
) -> agency_service_pb2.Grant:
    """What a grant shall say: `methods` for `purposes` (code to its legal bases) with `fields` of `Person`.

    `provinces`: codes since 1/7/2025, empty: everyone. Times are aware, cut to whole seconds; absent: now, and a
    year later. `leniency`: name of a `MatchLeniency` without its prefix. `narrows` with `unit` or `system`: what a
    unit or system shall have of another grant. The other arguments are as in the contract's `Grant`. Raises
    ValueError for an unknown leniency.
    """
    return agency_service_pb2.Grant(
        methods=methods,
        purposes=[
            agency_service_pb2.GrantedPurpose(purpose=purpose, legal_bases=bases) for purpose, bases in purposes.items()
        ],
        fields=fields,
        field_sets=field_sets,
        provinces=provinces,
        from_time=timestamp(from_time.replace(microsecond=0) if from_time else None),
        until_time=timestamp(until_time.replace(microsecond=0) if until_time else None),
        verify_fields=verify_fields,
        verify_field_sets=verify_field_sets,
        predicates=predicates,
        leniency=f"MATCH_LENIENCY_{leniency}",
        own_subjects=own_subjects,
        quotas=quotas,
        guesses_per_day=guesses_per_day,
        narrows=narrows,
        unit=unit,
        system=system,
        signed=signed,
    )


class Granting:
    """The part of a client that gives and takes rights."""

    _connection: Connection

    async def propose_grant(
        self,
        agency: str,
        terms: agency_service_pb2.Grant,
        *,
        context: Context,
        timeout_seconds: float | None = None,
    ) -> agency_service_pb2.Grant:
        """Propose a grant to `agency`; its number is the proposal's. In force once another operator approved it.

        `terms`: from `grant_terms`. Raises GatewayRefusal: RECORD_UNKNOWN, GRANT_WIDER.
        """
        request = agency_service_pb2.CreateGrantRequest(context=context.message(), agency=agency, grant=terms)
        return (await self._connection.call(CREATE_GRANT, request, timeout_seconds=timeout_seconds)).message.grant

    async def propose_change(
        self,
        grant_id: int,
        terms: agency_service_pb2.Grant,
        *,
        context: Context,
        timeout_seconds: float | None = None,
    ) -> agency_service_pb2.GrantProposal:
        """Propose other terms, all of them, for a grant, which keeps its number. Raises GatewayRefusal."""
        request = agency_service_pb2.ChangeGrantRequest(context=context.message(), grant_id=grant_id, grant=terms)
        return (await self._connection.call(CHANGE_GRANT, request, timeout_seconds=timeout_seconds)).message.proposal

    async def approve_grant(
        self, proposal_id: int, *, context: Context, timeout_seconds: float | None = None
    ) -> agency_service_pb2.GrantProposal:
        """Approve what another operator proposed.

        Raises GatewayRefusal: RECORD_UNKNOWN, APPROVER_NOT_OTHER, PROPOSAL_CLOSED, GRANT_WIDER.
        """
        request = agency_service_pb2.ApproveGrantRequest(context=context.message(), proposal_id=proposal_id)
        return (await self._connection.call(APPROVE_GRANT, request, timeout_seconds=timeout_seconds)).message.proposal

    async def reject_grant(
        self, proposal_id: int, *, context: Context, timeout_seconds: float | None = None
    ) -> agency_service_pb2.GrantProposal:
        """Reject a proposal. Raises GatewayRefusal: RECORD_UNKNOWN, PROPOSAL_CLOSED."""
        request = agency_service_pb2.RejectGrantRequest(context=context.message(), proposal_id=proposal_id)
        return (await self._connection.call(REJECT_GRANT, request, timeout_seconds=timeout_seconds)).message.proposal

    async def end_grant(
        self, grant_id: int, *, context: Context, timeout_seconds: float | None = None
    ) -> agency_service_pb2.Grant:
        """End a grant or narrowing now. Raises GatewayRefusal: RECORD_UNKNOWN."""
        request = agency_service_pb2.EndGrantRequest(context=context.message(), grant_id=grant_id)
        return (await self._connection.call(END_GRANT, request, timeout_seconds=timeout_seconds)).message.grant

    async def list_proposals(
        self, *, agency: str = "", state: str = "UNSPECIFIED", context: Context, timeout_seconds: float | None = None
    ) -> tuple[agency_service_pb2.GrantProposal, ...]:
        """Proposals, newest first; by default those that are open or suggested.

        `state`: name of a `ProposalState` without its prefix; ValueError for others. Raises ClientError.
        """
        found: list[agency_service_pb2.GrantProposal] = []
        more = True
        while more:
            request = agency_service_pb2.ListProposalsRequest(
                context=context.message(),
                agency=agency,
                state=f"PROPOSAL_STATE_{state}",
                before_id=found[-1].proposal_id if found else 0,
            )
            answer = (await self._connection.call(LIST_PROPOSALS, request, timeout_seconds=timeout_seconds)).message
            found.extend(answer.proposals)
            more = answer.more and bool(answer.proposals)
        return tuple(found)
