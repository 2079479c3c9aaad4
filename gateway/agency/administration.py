"""AgencyService: operators decide who may ask. Every decision is an act, and an `effect`: its entry comes first.

What an act would break is refused before the entry; what another act made impossible meanwhile is refused after it.
"""

# ruff: noqa: N802 - methods are named as in the contract

from __future__ import annotations

import asyncio
import base64
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from gateway.agency.act_messages import act_message, proposal_message, revocation_message, target_of
from gateway.agency.acts import Act, ActKind, Actor
from gateway.agency.field_sets import FieldSets
from gateway.agency.grants import Grant
from gateway.agency.ledger import Proposal, ProposalState, Target
from gateway.agency.messages import (
    agency_message,
    grant_from_message,
    grant_message,
    invalid,
    require_class,
    timestamp,
)
from gateway.agency.store import AgencyStore, Place
from gateway.agency.suggestions import suggestions
from gateway.agency.terms import terms_of
from gateway.agency.view import POLICY_SETTLE_SECONDS
from gateway.api.v1 import agency_service_pb2 as agency_pb
from gateway.api.v1 import options_pb2
from gateway.catalogue import Catalogue
from gateway.chain.base import Answer, Call
from gateway.chain.turns import Threads
from gateway.errors import OperatorForeign, ProposalClosed, RecordUnknown

AGENCIES_PER_PAGE_MAX = 200
PROPOSALS_PER_PAGE_MAX = 200
UNITS_PER_PAGE_MAX = 1_000
ACTS_PER_PAGE_MAX = 1_000
REVOCATIONS_SHOWN_MAX = 1_000
CODE_LIFETIME_SECONDS = 24 * 3600
_CODE_BYTES = 15  # 24 characters of base 32, of which 20 are shown: 100 random bits
_CODE_GROUPS = 4
_CODE_GROUP_CHARACTERS = 5
_Result = TypeVar("_Result")
_UNDECIDED = {agency_pb.PROPOSAL_STATE_UNSPECIFIED, agency_pb.PROPOSAL_STATE_SUGGESTED}


class AgencyMethods:
    """AgencyService."""

    def __init__(
        self,
        store: AgencyStore,
        catalogue: Catalogue,
        methods: frozenset[str],
        clock: Callable[[], float],
        threads: Threads,
        random_bytes: Callable[[int], bytes] = secrets.token_bytes,
        settle_seconds: float = POLICY_SETTLE_SECONDS,
        streamed: frozenset[str] = frozenset(),
        in_use: Callable[[], frozenset[str]] = frozenset,
    ) -> None:
        """`methods`: names that a grant may hold; `streamed`: those of streams. `clock`: unix seconds.

        `settle_seconds`: see the view. `in_use`: names of the keys that sign tokens and certificates now.
        """
        self._store = store
        self._catalogue = catalogue
        self._sets = FieldSets.load(catalogue)
        self._methods = methods
        self._streamed = streamed
        self._in_use = in_use
        self._settle_seconds = settle_seconds
        self._clock = clock
        self._threads = threads
        self._random_bytes = random_bytes

    async def RegisterAgency(self, call: Call, request: agency_pb.RegisterAgencyRequest) -> Answer:
        """Raises ArgumentInvalid, RecordExists."""
        code, name, pairwise = request.agency.code, request.agency.name, request.agency.pairwise
        number = require_class(request.agency.agency_class)
        agency = agency_pb.Agency(code=code, name=name, agency_class=request.agency.agency_class, pairwise=pairwise)
        act = {"code": code, "name": name, "agency_class": number, "pairwise": pairwise}
        body = agency_pb.RegisterAgencyResponse(agency=agency)
        return await self._acting(call, ActKind.AGENCY, act, body, f"register {code} class {number}")

    async def RegisterUnits(self, call: Call, request: agency_pb.RegisterUnitsRequest) -> Answer:
        """Raises RecordUnknown, RecordExists."""
        act = {"agency": request.agency, "units": [[unit.code, unit.name] for unit in request.units]}
        note = f"{len(request.units)} units of {request.agency}"
        return await self._acting(call, ActKind.UNITS, act, agency_pb.RegisterUnitsResponse(), note)

    async def ListUnits(self, call: Call, request: agency_pb.ListUnitsRequest) -> Answer:
        """Raises ArgumentInvalid, RecordUnknown."""
        count = _count(request.units_max, UNITS_PER_PAGE_MAX, "units_max")

        def read() -> agency_pb.ListUnitsResponse:
            with self._store.register.ledger() as ledger:
                units = ledger.agency(request.agency).units
                codes = sorted(code for code in units if code > request.after_code)
                page = [
                    agency_pb.Unit(
                        code=code,
                        name=units[code],
                        revoked=(Target.UNIT, f"{request.agency}/{code}") in ledger.revocations,
                    )
                    for code in codes[:count]
                ]
            return agency_pb.ListUnitsResponse(units=page, more=len(codes) > count)

        body = await self._in_thread(call, read)
        return Answer(body, note=f"{len(body.units)} units of {request.agency}")

    async def CreateGrant(self, call: Call, request: agency_pb.CreateGrantRequest) -> Answer:
        """Raises ArgumentInvalid, FieldUnknown, RecordUnknown, GrantWider."""
        grant = await self._in_thread(call, self._grant, request.grant)
        await self._in_thread(call, self._store.require_agency, request.agency)
        # The number stands in the answer and so in the entry: it is taken before the proposal exists.
        number = await self._in_thread(call, self._store.reserve_grant_id)
        grant = replace(grant, grant_id=number)
        act = {"proposal": number, "agency": request.agency, "changes": 0, "terms": terms_of(grant)}
        body = agency_pb.CreateGrantResponse(grant=grant_message(grant))
        return await self._acting(call, ActKind.PROPOSAL, act, body, f"propose grant {number} to {request.agency}")

    async def ChangeGrant(self, call: Call, request: agency_pb.ChangeGrantRequest) -> Answer:
        """Raises ArgumentInvalid, FieldUnknown, RecordUnknown, GrantWider."""
        grant = replace(await self._in_thread(call, self._grant, request.grant), grant_id=request.grant_id)
        agency = await self._in_thread(call, self._owner, request.grant_id)
        number = await self._in_thread(call, self._store.reserve_grant_id)
        act = {"proposal": number, "agency": agency, "changes": request.grant_id, "terms": terms_of(grant)}
        proposal = Proposal(number, agency, grant, request.grant_id, _actor(call), int(self._clock()))
        body = agency_pb.ChangeGrantResponse(proposal=proposal_message(proposal))
        note = f"propose to change grant {request.grant_id} of {agency}: {number}"
        return await self._acting(call, ActKind.PROPOSAL, act, body, note)

    async def ApproveGrant(self, call: Call, request: agency_pb.ApproveGrantRequest) -> Answer:
        """Raises RecordUnknown, ApproverNotOther, ProposalClosed, GrantWider."""
        proposal = await self._in_thread(call, self._proposal, request.proposal_id)
        if proposal.grant.contract_digest != self._catalogue.digest:
            raise ProposalClosed("The proposal was made under another release's contract; reject it and propose anew.")
        if proposal.grant.until_time <= self._clock():
            raise ProposalClosed("The grant would have ended already; reject it and propose anew.")
        body = agency_pb.ApproveGrantResponse(proposal=self._decided(call, proposal, ProposalState.APPROVED))
        note = f"approve proposal {proposal.number} of {proposal.proposed_by.agency} for {proposal.agency}"
        return await self._acting(call, ActKind.APPROVAL, {"proposal": proposal.number}, body, note)

    async def RejectGrant(self, call: Call, request: agency_pb.RejectGrantRequest) -> Answer:
        """Raises RecordUnknown, ProposalClosed."""
        proposal = await self._in_thread(call, self._proposal, request.proposal_id)
        body = agency_pb.RejectGrantResponse(proposal=self._decided(call, proposal, ProposalState.REJECTED))
        note = f"reject proposal {proposal.number} for {proposal.agency}"
        return await self._acting(call, ActKind.REJECTION, {"proposal": proposal.number}, body, note)

    async def EndGrant(self, call: Call, request: agency_pb.EndGrantRequest) -> Answer:
        """Raises RecordUnknown."""
        agency = await self._in_thread(call, self._owner, request.grant_id)
        act = self._act(call, ActKind.END, {"grant": request.grant_id})

        def ended() -> Grant:
            with self._store.register.ledger() as ledger:
                return ledger.ended(request.grant_id, act.at)

        body = agency_pb.EndGrantResponse(grant=grant_message(await self._in_thread(call, ended)))
        return await self._perform(call, act, body, f"end grant {request.grant_id} of {agency}")

    async def ListProposals(self, call: Call, request: agency_pb.ListProposalsRequest) -> Answer:
        """Raises ArgumentInvalid."""
        count = _count(request.proposals_max, PROPOSALS_PER_PAGE_MAX, "proposals_max")
        if request.state not in agency_pb.ProposalState.values():
            raise invalid("state", "must be one of the contract")
        name = agency_pb.ProposalState.Name(request.state).removeprefix("PROPOSAL_STATE_").lower()
        wanted = ProposalState.OPEN if request.state in _UNDECIDED else ProposalState(name)

        def read() -> tuple[list[Proposal], list[Proposal]]:
            with self._store.register.ledger() as ledger:
                found = [
                    each
                    for number, each in sorted(ledger.proposals.items(), reverse=True)
                    if each.state is wanted
                    and request.agency in ("", each.agency)
                    and (not request.before_id or number < request.before_id)
                ]
                suggested = suggestions(ledger, self._catalogue, self._sets, self._clock())
            return found, [each for each in suggested if request.agency in ("", each.agency)]

        found, suggested = await self._in_thread(call, read)
        if request.state == agency_pb.PROPOSAL_STATE_SUGGESTED:
            found = []
        shown = suggested if request.state in _UNDECIDED and not request.before_id else []
        body = agency_pb.ListProposalsResponse(
            proposals=map(proposal_message, [*shown, *found[:count]]), more=len(found) > count
        )
        return Answer(body, note=f"{len(body.proposals)} proposals")

    async def CreateEnrolmentCode(self, call: Call, request: agency_pb.CreateEnrolmentCodeRequest) -> Answer:
        """Raises RecordUnknown, OperatorForeign."""
        assert call.principal is not None
        place = Place(request.agency, request.unit, request.system)
        await self._in_thread(call, self._require_enrollable, call.principal.agency, place)
        code = enrolment_code(self._random_bytes)
        expires = int(self._clock()) + CODE_LIFETIME_SECONDS

        async def create() -> None:
            await self._in_thread(
                call, partial(self._store.create_code, unit=place.unit), code, place.agency, place.system, expires
            )

        body = agency_pb.CreateEnrolmentCodeResponse(code=code, expires_time=timestamp(expires))
        note = f"enrolment code for {place.agency} unit {place.unit or '-'} system {place.system or '-'}"
        return Answer(body, note=note, effect=create)

    async def Revoke(self, call: Call, request: agency_pb.RevokeRequest) -> Answer:
        """Raises ArgumentInvalid, RecordUnknown."""
        target, value = target_of(request)
        if target is Target.THUMBPRINT:
            await self._in_thread(call, self._store.require_credential, request.thumbprint)
        if target is Target.KEY and value in self._in_use():
            raise invalid("key_id", "is in use: let another key take its place first, so that one is trusted")
        act = {"target": target, "value": value}
        return await self._acting(call, ActKind.REVOCATION, act, agency_pb.RevokeResponse(), f"revoke {target} {value}")

    async def LiftRevocation(self, call: Call, request: agency_pb.LiftRevocationRequest) -> Answer:
        """Raises ArgumentInvalid, RecordUnknown."""
        target, value = target_of(request)
        act = {"target": target, "value": value}
        body = agency_pb.LiftRevocationResponse()
        return await self._acting(call, ActKind.LIFTING, act, body, f"lift revocation of {target} {value}")

    async def ListRevocations(self, call: Call, request: agency_pb.ListRevocationsRequest) -> Answer:
        """Refuses nothing."""

        def read() -> agency_pb.ListRevocationsResponse:
            with self._store.register.ledger() as ledger:
                held = sorted(ledger.revocations.values(), key=lambda each: (-each.at, each.target, each.value))
            return agency_pb.ListRevocationsResponse(
                revocations=map(revocation_message, held[:REVOCATIONS_SHOWN_MAX]),
                more=len(held) > REVOCATIONS_SHOWN_MAX,
            )

        body = await self._in_thread(call, read)
        return Answer(body, note=f"{len(body.revocations)} revocations")

    async def ListAgencies(self, call: Call, request: agency_pb.ListAgenciesRequest) -> Answer:
        """Raises ArgumentInvalid."""
        count = _count(request.agencies_max, AGENCIES_PER_PAGE_MAX, "agencies_max")
        records = await self._in_thread(
            call, self._store.list_agencies, int(self._clock()), request.after_code, count + 1
        )
        page = [agency_message(record) for record in records[:count]]
        body = agency_pb.ListAgenciesResponse(agencies=page, more=len(records) > count)
        return Answer(body, note=f"{len(page)} agencies")

    async def ListActs(self, call: Call, request: agency_pb.ListActsRequest) -> Answer:
        """Raises ArgumentInvalid."""
        count = _count(request.acts_max, ACTS_PER_PAGE_MAX, "acts_max")
        acts = await self._in_thread(call, self._store.register.acts, request.after_number, count + 1)
        page = [act_message(number, act) for number, act in acts[:count]]
        body = agency_pb.ListActsResponse(acts=page, more=len(acts) > count)
        return Answer(body, note=f"{len(page)} acts")

    async def _in_thread(self, call: Call, function: Callable[..., _Result], *arguments: Any) -> _Result:
        assert call.principal is not None
        return await self._threads.run(call.principal.agency, function, *arguments)

    def _grant(self, message: agency_pb.Grant) -> Grant:
        parent = None
        if message.narrows:
            with self._store.register.ledger() as ledger:
                parent = ledger.grant(message.narrows)
        known = (self._methods, self._catalogue, self._sets)
        return grant_from_message(message, 0, self._clock(), *known, parent, self._streamed)

    def _owner(self, grant_id: int) -> str:
        with self._store.register.ledger() as ledger:
            if grant_id not in ledger.owners:
                raise RecordUnknown
            return ledger.owners[grant_id]

    def _proposal(self, number: int) -> Proposal:
        with self._store.register.ledger() as ledger:
            if number not in ledger.proposals:
                raise RecordUnknown
            return ledger.proposals[number]

    def _decided(self, call: Call, proposal: Proposal, state: ProposalState) -> agency_pb.GrantProposal:
        now = int(self._clock())
        return proposal_message(replace(proposal, state=state, decided_by=_actor(call), decided_at=now))

    def _require_enrollable(self, operator: str, place: Place) -> None:
        """With a code for another operator, one operator could be two."""
        self._store.require_place(place)
        with self._store.register.ledger() as ledger:
            agency = ledger.agency(place.agency)
        if (
            agency.agency_class == options_pb2.AGENCY_CLASS_OPERATOR
            and operator != place.agency
            and (agency.grants or self._store.has_credentials(place.agency))
        ):
            raise OperatorForeign

    def _act(self, call: Call, kind: ActKind, body: Mapping[str, Any]) -> Act:
        return Act(kind, body, int(self._clock()), _actor(call))

    async def _acting(self, call: Call, kind: ActKind, act: Mapping[str, Any], body: Any, note: str) -> Answer:
        return await self._perform(call, self._act(call, kind, act), body, note)

    async def _perform(self, call: Call, act: Act, body: Any, note: str) -> Answer:
        await self._in_thread(call, self._store.register.require, act)

        async def perform() -> None:
            await self._in_thread(call, self._store.register.append, act)
            # Every worker looked at the policy again: when the operator is answered, it is in force.
            await asyncio.sleep(self._settle_seconds)

        return Answer(body, note=note, effect=perform)


def _actor(call: Call) -> Actor:
    assert call.principal is not None
    who = call.principal
    return Actor(
        who.agency, who.unit, who.system, call.officer, call.case_reference, call.call_id.hex(), call.method.name
    )


def _count(asked: int, most: int, field: str) -> int:
    if asked > most:
        raise invalid(field, f"is at most {most}")
    return asked or most


def enrolment_code(random_bytes: Callable[[int], bytes]) -> str:
    """A one-time code of 100 random bits: 20 characters A-Z and 2-7 in groups of five."""
    text = base64.b32encode(random_bytes(_CODE_BYTES)).decode()
    groups = range(0, _CODE_GROUPS * _CODE_GROUP_CHARACTERS, _CODE_GROUP_CHARACTERS)
    return "-".join(text[start : start + _CODE_GROUP_CHARACTERS] for start in groups)
