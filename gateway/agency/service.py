"""The servicers of tokens and administration: what a decoded request leads to.

Decoding, identification, the log and the receipt are the chain's. Nothing here takes effect before the chain has
made its entry durable.
"""

# ruff: noqa: N802 - methods are named as in the contract

from __future__ import annotations

import asyncio
import base64
import secrets
from collections.abc import Callable
from dataclasses import replace

from gateway.agency.grants import for_purposes, in_force
from gateway.agency.messages import (
    agency_message,
    grant_from_message,
    grant_message,
    invalid,
    require_class,
    timestamp,
)
from gateway.agency.policy import PolicyView
from gateway.agency.store import AgencyStore
from gateway.agency.tokens import TokenSigner
from gateway.agency.view import POLICY_SETTLE_SECONDS
from gateway.api.v1 import agency_service_pb2 as agency_pb
from gateway.api.v1 import token_service_pb2 as token_pb
from gateway.catalogue import Catalogue
from gateway.chain.base import Answer, Call
from gateway.errors import Internal, MethodNotGranted

AGENCIES_PER_PAGE_MAX = 200
CODE_LIFETIME_SECONDS = 24 * 3600
_TOKEN_ID_BYTES = 16
_CODE_BYTES = 15  # 24 characters of base 32, of which 20 are shown: 100 random bits
_CODE_GROUPS = 4
_CODE_GROUP_CHARACTERS = 5
_THUMBPRINT_BYTES = 32


class TokenMethods:
    """TokenService."""

    def __init__(
        self,
        signer: TokenSigner,
        view: Callable[[], PolicyView],
        clock: Callable[[], float],
        random_bytes: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        """`view` raises PolicyStale; `clock`: unix seconds."""
        self._signer = signer
        self._view = view
        self._clock = clock
        self._random_bytes = random_bytes

    async def IssueToken(self, call: Call, request: token_pb.IssueTokenRequest) -> Answer:
        """Raises PurposeNotGranted, PolicyStale, CredentialRevoked, CredentialExpired, ArgumentInvalid."""
        if call.principal is None:
            raise Internal
        now = self._clock()
        agency = self._view().check(call.principal, None, now)
        grants = in_force(agency.grants, now)
        if not grants:
            raise MethodNotGranted("The agency has no grant in force; ask the operator for one.")
        if request.purposes:
            grants = for_purposes(grants, frozenset(request.purposes))
        token_id = self._random_bytes(_TOKEN_ID_BYTES)
        call.token_id = token_id  # the entry names the token that was issued; the caller had none
        token, expires = self._signer.issue(call.principal, grants, now, token_id)
        body = token_pb.IssueTokenResponse(token=token, expires_time=timestamp(expires), server_time=timestamp(now))
        return Answer(body, note=f"token until {expires}")


class AgencyMethods:
    """AgencyService: every write is an `effect`, so that its entry is in the log before it holds."""

    def __init__(
        self,
        store: AgencyStore,
        catalogue: Catalogue,
        methods: frozenset[str],
        clock: Callable[[], float],
        random_bytes: Callable[[int], bytes] = secrets.token_bytes,
        settle_seconds: float = POLICY_SETTLE_SECONDS,
    ) -> None:
        """`methods`: names that a grant may hold. `clock`: unix seconds. `settle_seconds`: see the view."""
        self._store = store
        self._catalogue = catalogue
        self._methods = methods
        self._settle_seconds = settle_seconds
        self._clock = clock
        self._random_bytes = random_bytes

    async def RegisterAgency(self, call: Call, request: agency_pb.RegisterAgencyRequest) -> Answer:
        """Raises ArgumentInvalid, RecordExists."""
        code, name = request.agency.code, request.agency.name
        agency_class = require_class(request.agency.agency_class)
        pairwise = request.agency.pairwise
        await asyncio.to_thread(self._store.require_agency, code, known=False)

        async def register() -> None:
            now = int(self._clock())
            await asyncio.to_thread(self._store.register_agency, code, name, agency_class, now, pairwise=pairwise)
            await self._settled()

        agency = agency_pb.Agency(
            code=code, name=name, agency_class=request.agency.agency_class, pairwise=request.agency.pairwise
        )
        body = agency_pb.RegisterAgencyResponse(agency=agency)
        return Answer(body, note=f"register {code} class {agency_class}", effect=register)

    async def CreateGrant(self, call: Call, request: agency_pb.CreateGrantRequest) -> Answer:
        """Raises ArgumentInvalid, FieldUnknown, RecordUnknown."""
        code, now = request.agency, self._clock()
        grant = grant_from_message(request.grant, 0, now, self._methods, self._catalogue)
        await asyncio.to_thread(self._store.require_agency, code)
        # The number stands in the answer and so in the entry: it is taken before the grant exists.
        grant = replace(grant, grant_id=await asyncio.to_thread(self._store.reserve_grant_id))

        async def create() -> None:
            await asyncio.to_thread(self._store.create_grant, code, grant)
            await self._settled()

        body = agency_pb.CreateGrantResponse(grant=grant_message(grant))
        return Answer(body, note=f"grant {grant.grant_id} to {code}", effect=create)

    async def CreateEnrolmentCode(self, call: Call, request: agency_pb.CreateEnrolmentCodeRequest) -> Answer:
        """Raises RecordUnknown."""
        agency, system = request.agency, request.system
        await asyncio.to_thread(self._store.require_agency, agency)
        code = enrolment_code(self._random_bytes)
        expires = int(self._clock()) + CODE_LIFETIME_SECONDS

        async def create() -> None:
            await asyncio.to_thread(self._store.create_code, code, agency, system, expires)

        body = agency_pb.CreateEnrolmentCodeResponse(code=code, expires_time=timestamp(expires))
        return Answer(body, note=f"enrolment code for {agency} system {system or '-'}", effect=create)

    async def Revoke(self, call: Call, request: agency_pb.RevokeRequest) -> Answer:
        """Raises ArgumentInvalid, RecordUnknown."""
        target = request.WhichOneof("target")
        agency, thumbprint = request.agency, request.thumbprint
        if target == "agency":
            await asyncio.to_thread(self._store.require_agency, agency)
        elif target == "thumbprint":
            if len(thumbprint) != _THUMBPRINT_BYTES:
                raise invalid("thumbprint", f"must have {_THUMBPRINT_BYTES} bytes")
            await asyncio.to_thread(self._store.require_credential, thumbprint)
        else:
            raise invalid("target", "must name an agency or a thumbprint")

        async def revoke() -> None:
            now = int(self._clock())
            if target == "agency":
                await asyncio.to_thread(self._store.revoke_agency, agency, now)
            else:
                await asyncio.to_thread(self._store.revoke_credential, thumbprint, now)
            await self._settled()

        note = f"revoke {target} {agency or thumbprint.hex()}"
        return Answer(agency_pb.RevokeResponse(), note=note, effect=revoke)

    async def ListAgencies(self, call: Call, request: agency_pb.ListAgenciesRequest) -> Answer:
        """Raises ArgumentInvalid."""
        count = request.agencies_max or AGENCIES_PER_PAGE_MAX
        if count > AGENCIES_PER_PAGE_MAX:
            raise invalid("agencies_max", f"is at most {AGENCIES_PER_PAGE_MAX}")
        records = await asyncio.to_thread(self._store.list_agencies, int(self._clock()))
        later = [record for record in records if record.code > request.after_code]
        page = [agency_message(record) for record in later[:count]]
        body = agency_pb.ListAgenciesResponse(agencies=page, more=len(later) > count)
        return Answer(body, note=f"{len(page)} agencies")

    async def _settled(self) -> None:
        """Wait until every worker looked at the policy again: when the operator is answered, it is in force."""
        await asyncio.sleep(self._settle_seconds)


def enrolment_code(random_bytes: Callable[[int], bytes]) -> str:
    """A one-time code of 100 random bits: 20 characters A-Z and 2-7 in groups of five."""
    text = base64.b32encode(random_bytes(_CODE_BYTES)).decode()
    groups = range(0, _CODE_GROUPS * _CODE_GROUP_CHARACTERS, _CODE_GROUP_CHARACTERS)
    return "-".join(text[start : start + _CODE_GROUP_CHARACTERS] for start in groups)
