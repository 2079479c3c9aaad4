"""The policy, computed from the acts one by one: the rules of who may decide what stand here and nowhere else. Pure.

An act that breaks a rule changes nothing and raises; so does one that is read back from the database, whoever wrote
it there. Two operators are needed for everything that gives: who proposed a grant cannot approve it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from gateway.agency.acts import Act, ActKind, Actor, ActsAltered
from gateway.agency.grants import Grant
from gateway.agency.narrowing import wider
from gateway.agency.policy import Agency, PolicyView
from gateway.agency.terms import grant_of
from gateway.errors import ApproverNotOther, GrantWider, ProposalClosed, RecordExists, RecordUnknown

UNITS_PER_AGENCY_MAX = 20_000
PROPOSALS_OPEN_MAX = 1_000

Effect = Callable[[], None]


class Target(StrEnum):
    """What can be revoked. Values stand in acts."""

    AGENCY = "agency"
    UNIT = "unit"
    THUMBPRINT = "thumbprint"
    TOKEN = "jti"  # noqa: S105 - the name of a claim
    KEY = "kid"


class ProposalState(StrEnum):
    """How far a proposal is."""

    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A grant that an operator asks another one for. `changes`: the grant that it replaces, 0 for a new one.

    `number` is the grant's, too, when it is new. Times: unix seconds.
    """

    number: int
    agency: str
    grant: Grant
    changes: int
    proposed_by: Actor
    proposed_at: int
    state: ProposalState = ProposalState.OPEN
    decided_by: Actor | None = None
    decided_at: int = 0
    base: int = 0
    """The act with which the grant that it replaces came to what it was when the proposal was made."""


@dataclass(frozen=True, slots=True)
class Revocation:
    """Something that is revoked now: `value` is a code, `agency/unit`, or hexadecimal."""

    target: Target
    value: str
    at: int
    actor: Actor


@dataclass(slots=True)
class Ledger:
    """The state after some acts. Not safe to use from several threads."""

    number: int = 0
    """Of the last act; the version of the policy."""
    agencies: dict[str, Agency] = field(default_factory=dict)
    registered_at: dict[str, int] = field(default_factory=dict)
    owners: dict[int, str] = field(default_factory=dict)
    """The agency of each grant and narrowing."""
    versions: dict[int, int] = field(default_factory=dict)
    """The act by which each grant came to what it is."""
    origins: dict[int, int] = field(default_factory=dict)
    """The proposal by which each grant came to what it is; none for those founded."""
    proposals: dict[int, Proposal] = field(default_factory=dict)
    revocations: dict[tuple[Target, str], Revocation] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    """Of the rows of each sealed table of gateway.db."""

    def require(self, act: Act) -> None:
        """Raises what `apply` would raise, and changes nothing."""
        self._plan(act)

    def apply(self, act: Act) -> None:
        """Take the next act in. Raises RecordExists, RecordUnknown, GrantWider, ApproverNotOther, ProposalClosed."""
        effect = self._plan(act)
        self.number += 1
        effect()

    def view(self) -> PolicyView:
        """What calls are decided by from now on; later acts do not change it."""
        revoked: dict[Target, list[str]] = {target: [] for target in Target}
        for target, value in self.revocations:
            revoked[target].append(value)
        gone = set(revoked[Target.AGENCY])
        return PolicyView(
            version=self.number,
            agencies={code: agency for code, agency in self.agencies.items() if code not in gone},
            revoked_thumbprints=frozenset(map(bytes.fromhex, revoked[Target.THUMBPRINT])),
            revoked_tokens=frozenset(map(bytes.fromhex, revoked[Target.TOKEN])),
            revoked_units=frozenset(_unit(value) for value in revoked[Target.UNIT]),
            revoked_keys=frozenset(revoked[Target.KEY]),
        )

    def grant(self, number: int) -> Grant:
        """A grant or narrowing as it was last decided. Raises RecordUnknown."""
        agency = self.agency(self.owners.get(number, ""))
        return next(grant for grant in (*agency.grants, *agency.narrowings) if grant.grant_id == number)

    def ended(self, number: int, at: int) -> Grant:
        """A grant as it would be if it ended at a time (unix seconds), or earlier. Raises RecordUnknown."""
        grant = self.grant(number)
        return replace(grant, until_time=min(grant.until_time, max(at, grant.from_time)))

    def agency(self, code: str) -> Agency:
        """A registered agency, revoked or not. Raises RecordUnknown."""
        if code not in self.agencies:
            raise RecordUnknown
        return self.agencies[code]

    def _plan(self, act: Act) -> Effect:
        plans: dict[ActKind, Callable[[Act], Effect]] = {
            ActKind.AGENCY: self._agency,
            ActKind.UNITS: self._units,
            ActKind.FOUNDING: self._founding,
            ActKind.PROPOSAL: self._proposal,
            ActKind.APPROVAL: self._approval,
            ActKind.REJECTION: self._rejection,
            ActKind.END: self._end,
            ActKind.REVOCATION: self._revocation,
            ActKind.LIFTING: self._lifting,
            ActKind.ROWS: self._rows,
            ActKind.LOST: lambda _act: lambda: None,
        }
        try:
            return plans[act.kind](act)
        except (KeyError, TypeError, ValueError) as error:
            raise ActsAltered(f"an act of kind {act.kind} lacks what it needs") from error

    def _agency(self, act: Act) -> Effect:
        code, body = act.body["code"], act.body
        if code in self.agencies:
            raise RecordExists
        agency = Agency(code, body["name"], body["agency_class"], (), body["pairwise"])

        def effect() -> None:
            self.agencies[code] = agency
            self.registered_at[code] = act.at

        return effect

    def _units(self, act: Act) -> Effect:
        agency = self.agency(act.body["agency"])
        units: dict[str, str] = dict(act.body["units"])
        if not agency.units.keys().isdisjoint(units) or len(units) != len(act.body["units"]):
            raise RecordExists("A unit with this code exists already; choose another code.")
        if len(agency.units) + len(units) > UNITS_PER_AGENCY_MAX:
            raise RecordExists(f"An agency has at most {UNITS_PER_AGENCY_MAX} units.")
        return lambda: self._hold(replace(agency, units={**agency.units, **units}))

    def _founding(self, act: Act) -> Effect:
        agency, grant = self.agency(act.body["agency"]), grant_of(act.body["terms"])
        if grant.grant_id in self.owners or grant.grant_id in self.proposals:
            raise RecordExists
        self._require_within(agency, grant)
        return lambda: self._grant(agency.code, grant)

    def _proposal(self, act: Act) -> Effect:
        number, changes = act.body["proposal"], act.body["changes"]
        agency, grant = self.agency(act.body["agency"]), grant_of(act.body["terms"])
        if number in self.proposals or number in self.owners or grant.grant_id != (changes or number):
            raise RecordExists
        if changes:
            held = self.grant(changes)
            if self.owners[changes] != agency.code:
                raise RecordUnknown
            if (held.narrows, held.unit, held.system) != (grant.narrows, grant.unit, grant.system):
                raise GrantWider("A change keeps whom the grant is for; propose another grant.")
        self._require_within(agency, grant)
        if sum(each.state is ProposalState.OPEN for each in self.proposals.values()) >= PROPOSALS_OPEN_MAX:
            raise ProposalClosed(f"There are {PROPOSALS_OPEN_MAX} open proposals; decide some of them first.")
        proposal = Proposal(number, agency.code, grant, changes, act.actor, act.at, base=self.versions.get(changes, 0))

        def effect() -> None:
            self.proposals[number] = proposal

        return effect

    def _approval(self, act: Act) -> Effect:
        proposal = self._open(act)
        if act.actor.agency == proposal.proposed_by.agency:
            raise ApproverNotOther
        if proposal.changes and self.versions[proposal.changes] != proposal.base:
            raise ProposalClosed("The grant was changed since this was proposed; reject it and propose anew.")
        agency = self.agency(proposal.agency)
        self._require_within(agency, proposal.grant)

        def effect() -> None:
            self._decide(proposal, ProposalState.APPROVED, act)
            self._grant(agency.code, proposal.grant)
            self.origins[proposal.grant.grant_id] = proposal.number

        return effect

    def _rejection(self, act: Act) -> Effect:
        proposal = self._open(act)
        return lambda: self._decide(proposal, ProposalState.REJECTED, act)

    def _end(self, act: Act) -> Effect:
        ended = self.ended(act.body["grant"], act.at)
        return lambda: self._grant(self.owners[ended.grant_id], ended)

    def _revocation(self, act: Act) -> Effect:
        key = (Target(act.body["target"]), str(act.body["value"]))
        self._require_target(*key)
        revocation = Revocation(*key, act.at, act.actor)
        return lambda: _keep(self.revocations, key, revocation)

    def _lifting(self, act: Act) -> Effect:
        key = (Target(act.body["target"]), str(act.body["value"]))
        if key not in self.revocations:
            raise RecordUnknown("This is not revoked; `popgate agency revocations` shows what is.")

        def effect() -> None:
            del self.revocations[key]

        return effect

    def _rows(self, act: Act) -> Effect:
        table, digest = act.body["table"], act.body["digest"]

        def effect() -> None:
            self.digests[table] = digest

        return effect

    def _require_target(self, target: Target, value: str) -> None:
        if target is Target.AGENCY:
            self.agency(value)
        elif target is Target.UNIT:
            code, unit = _unit(value)
            if unit not in self.agency(code).units:
                raise RecordUnknown
        elif target in (Target.THUMBPRINT, Target.TOKEN):
            bytes.fromhex(value)

    def _open(self, act: Act) -> Proposal:
        proposal = self.proposals.get(act.body["proposal"])
        if proposal is None:
            raise RecordUnknown
        if proposal.state is not ProposalState.OPEN:
            raise ProposalClosed
        return proposal

    def _decide(self, proposal: Proposal, state: ProposalState, act: Act) -> None:
        decided = replace(proposal, state=state, decided_by=act.actor, decided_at=act.at)
        self.proposals[proposal.number] = decided

    def _require_within(self, agency: Agency, grant: Grant) -> None:
        """A narrowing is for a unit or system of the agency, and within the agency's grant as it stands."""
        if bool(grant.narrows) != bool(grant.unit or grant.system):
            raise GrantWider("A narrowing names the grant that it narrows, and a unit or a system.")
        if not grant.narrows:
            return
        if grant.unit and grant.unit not in agency.units:
            raise RecordUnknown
        parent = next((each for each in agency.grants if each.grant_id == grant.narrows), None)
        if parent is None:
            raise RecordUnknown
        exceeds = wider(grant, parent)
        if exceeds:
            raise GrantWider(metadata={"fields": ",".join(exceeds), "grant_id": str(parent.grant_id)})

    def _grant(self, code: str, grant: Grant) -> None:
        agency = self.agencies[code]
        if grant.narrows:
            kept = [each for each in agency.narrowings if each.grant_id != grant.grant_id]
            self._hold(replace(agency, narrowings=tuple(sorted([*kept, grant], key=lambda each: each.grant_id))))
        else:
            kept = [each for each in agency.grants if each.grant_id != grant.grant_id]
            self._hold(replace(agency, grants=tuple(sorted([*kept, grant], key=lambda each: -each.grant_id))))
        self.owners[grant.grant_id] = code
        self.versions[grant.grant_id] = self.number

    def _hold(self, agency: Agency) -> None:
        self.agencies[agency.code] = agency


def _unit(value: str) -> tuple[str, str]:
    agency, _, unit = value.partition("/")
    return agency, unit


def _keep(held: dict[tuple[Target, str], Revocation], key: tuple[Target, str], revocation: Revocation) -> None:
    held.setdefault(key, revocation)  # a second one is no error, and the first one's time stays
