"""PolicyService: who could see what, what would be answered, what is not used, what ends. Changes nothing."""

# ruff: noqa: N802 - methods are named as in the contract

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from gateway.agency.grants import Grant, decide
from gateway.agency.messages import grant_message, invalid, timestamp
from gateway.agency.narrowing import narrowed
from gateway.agency.policy import PolicyView
from gateway.api.v1 import policy_service_pb2 as policy_pb
from gateway.api.v1 import reason_pb2
from gateway.audit.activity import Activity, read_activity
from gateway.audit.errors import AuditError
from gateway.audit.keys import KeyRing
from gateway.audit.paths import AuditPaths
from gateway.catalogue import Catalogue
from gateway.chain.base import Answer, Call
from gateway.chain.turns import Threads, Turns
from gateway.errors import (
    CredentialRevoked,
    FieldNotGranted,
    GatewayError,
    Internal,
    PersonUnavailable,
    RecordUnknown,
)

DAYS_MAX = 400
UNUSED_DAYS_DEFAULT = 90
EXPIRING_DAYS_DEFAULT = 31
ENTRIES_READ_MAX = 262_144
"""About ten seconds' work beside a worker's calls."""
AT_ONCE = 1
WAITING_MAX = 3
_DAY = 86_400
_VERIFYING = "Verify"


class PolicyMethods:
    """PolicyService."""

    def __init__(
        self,
        view: Callable[[], PolicyView],
        catalogue: Catalogue,
        methods: frozenset[str],
        keys: KeyRing,
        state: str,
        clock: Callable[[], float],
        threads: Threads,
    ) -> None:
        """`view` raises PolicyStale. `methods`: of the contract. `state`: where the log lies. `clock`: unix seconds."""
        paths = AuditPaths(state)
        self._view = view
        self._catalogue = catalogue
        self._methods = methods
        self._keys = keys
        self._directory = paths.log
        self._vkey = Path(paths.log_vkey).read_text().strip()
        self._clock = clock
        self._threads = threads
        self._turns = Turns(AT_ONCE, WAITING_MAX)

    async def ListFieldHolders(self, call: Call, request: policy_pb.ListFieldHoldersRequest) -> Answer:
        """Raises FieldUnknown, PolicyStale."""
        asked, now = self._catalogue.resolve([request.field], "field"), self._clock()
        holders = []
        for code, grant in _held(self._view()):
            seen, _ = self._catalogue.trim(asked, grant.fields)
            verified, _ = self._catalogue.trim(asked, grant.verify_fields)
            if (seen or verified) and _in_force(grant, now):
                holders.append(
                    policy_pb.FieldHolder(
                        agency=code,
                        grant_id=grant.grant_id,
                        unit=grant.unit,
                        system=grant.system,
                        seen=sorted(seen),
                        verified=sorted(verified),
                        purposes=sorted(grant.purposes),
                        provinces=sorted(grant.provinces),
                        until_time=timestamp(grant.until_time),
                        own_subjects=grant.own_subjects,
                    )
                )
        return Answer(policy_pb.ListFieldHoldersResponse(holders=holders), note=f"{len(holders)} who hold a field")

    async def PreviewCall(self, call: Call, request: policy_pb.PreviewCallRequest) -> Answer:
        """Raises ArgumentInvalid, FieldUnknown, PolicyStale."""
        if request.method not in self._methods:
            raise invalid("method", "must be a method of the contract")
        asked = self._catalogue.resolve(request.fields, "fields")
        body = policy_pb.PreviewCallResponse()
        try:
            self._decide(request, asked, body)
            body.allowed = True
        except GatewayError as refusal:
            body.reason = getattr(reason_pb2, f"ERROR_REASON_{refusal.reason}")
        return Answer(body, note=f"preview of {request.method} by {request.agency}")

    def _decide(
        self, request: policy_pb.PreviewCallRequest, asked: frozenset[str], body: policy_pb.PreviewCallResponse
    ) -> None:
        view = self._view()
        agency = view.agency(request.agency)
        unit = request.unit
        if unit and (unit not in agency.units or (request.agency, unit) in view.revoked_units):
            raise CredentialRevoked
        grants = view.grants_at(request.agency, unit, request.system)
        held = {grant.grant_id: grant for grant in grants}
        right = decide(
            grants, held, request.method, request.purpose, request.legal_basis, self._clock(), pairwise=agency.pairwise
        )
        body.grant_id = right.grant_id
        body.grant.CopyFrom(grant_message(held[right.grant_id]))
        granted = right.verify_fields if _VERIFYING in request.method else right.fields
        disclosed, withheld = self._catalogue.trim(asked, granted)
        body.disclosed.extend(sorted(disclosed))
        body.withheld.extend(withheld)
        if asked and not disclosed:
            raise FieldNotGranted
        if request.province and right.provinces and request.province not in right.provinces:
            raise PersonUnavailable

    async def ListUnusedRights(self, call: Call, request: policy_pb.ListUnusedRightsRequest) -> Answer:
        """Raises ArgumentInvalid, RecordUnknown, PolicyStale, StreamsExhausted."""
        assert call.principal is not None
        days, now, view = _days(request.days, UNUSED_DAYS_DEFAULT), self._clock(), self._view()
        if request.agency and request.agency not in view.agencies:
            raise RecordUnknown
        since = int(now) - days * _DAY
        held = [
            (code, grant)
            for code, agency in sorted(view.agencies.items())
            for grant in agency.grants
            if request.agency in ("", code) and grant.from_time <= since and _in_force(grant, now)
        ]
        wanted: dict[tuple[str, str], frozenset[str]] = {}
        for code, grant in held:
            for purpose in grant.purposes:
                known = wanted.get((code, purpose), frozenset())
                wanted[code, purpose] = known | grant.fields | grant.verify_fields
        try:
            found = await self._threads.run(
                call.principal.agency,
                read_activity,
                self._directory,
                self._vkey,
                self._keys,
                wanted,
                since * 1_000_000,
                ENTRIES_READ_MAX,
                within=self._turns,
            )
        except (AuditError, OSError) as error:
            raise Internal from error
        rights = [right for code, grant in held if (right := self._unused(code, grant, found)) is not None]
        body = policy_pb.ListUnusedRightsResponse(
            rights=rights,
            entries_count=found.entries,
            from_time=timestamp(found.since_us // 1_000_000),
            complete=found.complete,
        )
        return Answer(body, note=f"{len(rights)} grants with something unused in {days} days")

    def _unused(self, code: str, grant: Grant, found: Activity) -> policy_pb.UnusedRight | None:
        used = {
            (method, purpose)
            for agency, method, purpose in found.calls
            if agency == code and method in grant.methods and purpose in grant.purposes
        }
        told = set().union(*(found.fields.get((code, purpose), set()) for purpose in grant.purposes))
        told |= {self._catalogue.leaf_of(path) for path in told}
        purposes = grant.purposes.keys() - {purpose for _, purpose in used}
        methods = grant.methods - {method for method, _ in used}
        fields = (grant.fields | grant.verify_fields) - told
        if not (purposes or methods or fields):
            return None
        return policy_pb.UnusedRight(
            agency=code,
            grant_id=grant.grant_id,
            purposes=sorted(purposes),
            methods=sorted(methods),
            fields=sorted(fields),
        )

    async def ListExpiringGrants(self, call: Call, request: policy_pb.ListExpiringGrantsRequest) -> Answer:
        """Raises ArgumentInvalid, PolicyStale."""
        days, now = _days(request.days, EXPIRING_DAYS_DEFAULT), self._clock()
        held = [
            (grant.until_time, code, grant.grant_id, grant)
            for code, agency in self._view().agencies.items()
            for grant in (*agency.grants, *agency.narrowings)
            if now < grant.until_time <= now + days * _DAY
        ]
        body = policy_pb.ListExpiringGrantsResponse(
            grants=[
                policy_pb.ExpiringGrant(agency=code, grant=grant_message(grant))
                for _, code, _, grant in sorted(held, key=lambda each: each[:3])
            ]
        )
        return Answer(body, note=f"{len(held)} grants end within {days} days")


def _held(view: PolicyView) -> Iterator[tuple[str, Grant]]:
    """Grants by agency, and each narrowing as what it leaves of its grant."""
    for code, agency in sorted(view.agencies.items()):
        by_number = {grant.grant_id: grant for grant in agency.grants}
        for grant in reversed(agency.grants):
            yield code, grant
        for narrowing in agency.narrowings:
            left = narrowed(by_number[narrowing.narrows], [narrowing])
            yield code, replace(left, unit=narrowing.unit, system=narrowing.system)


def _in_force(grant: Grant, now: float) -> bool:
    return grant.from_time <= now < grant.until_time and bool(grant.methods) and bool(grant.purposes)


def _days(asked: int, default: int) -> int:
    if asked > DAYS_MAX:
        raise invalid("days", f"is at most {DAYS_MAX}")
    return asked or default
