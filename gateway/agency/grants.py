"""What an agency may do: grants, and the right that a call is answered under. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum

from gateway.errors import MethodNotGranted, PurposeNotGranted

GUESSES_PER_DAY_MAX = 1000


class Leniency(IntEnum):
    """How much two spellings may differ and still be close: numbers of the contract's `MatchLeniency`."""

    EXACT = 1
    SPELLING = 2
    LENIENT = 3


@dataclass(frozen=True, slots=True)
class Quota:
    """Limits of a grant for one method, or with `method` empty for all of its methods together. 0: no limit."""

    method: str = ""
    calls_per_second: int = 0
    calls_burst: int = 0
    people_per_day: int = 0
    calls_at_once: int = 0
    streams_at_once: int = 0


@dataclass(frozen=True, slots=True)
class Grant:
    """A right given by the operator: each of the methods, for each purpose, with these fields of some people.

    `purposes` maps a purpose to the legal bases it may be stated with. `fields`: resolved paths of `Person`.
    `provinces`: two-digit codes, empty means everyone. `from_time` inclusive and `until_time` exclusive, unix
    seconds. `contract_digest`: 32 bytes, empty in a token. `verify_fields`: resolved paths that may be compared,
    not seen. `predicates`: codes, an age threshold after a colon. `own_subjects`: only people whom the agency
    enrolled. `guesses_per_day`: wrong answers about one person, 0 means the default. Quotas never stand in a token.
    `field_sets`, `verify_field_sets`: names of the sets that some of the paths came from. `narrows`: the grant that
    this one cuts down for `unit` or `system` (see narrowing.py), 0 for an agency's own. `narrowed_by`: the numbers
    of the narrowings that were applied to it. `signed`: each request under it must be signed; never stands in a token.
    """

    grant_id: int
    methods: frozenset[str]
    purposes: Mapping[str, frozenset[str]]
    fields: frozenset[str]
    provinces: frozenset[str]
    from_time: int
    until_time: int
    contract_digest: bytes
    verify_fields: frozenset[str] = frozenset()
    predicates: frozenset[str] = frozenset()
    leniency: int = Leniency.EXACT
    own_subjects: bool = False
    quotas: tuple[Quota, ...] = ()
    guesses_per_day: int = 0
    field_sets: frozenset[str] = frozenset()
    verify_field_sets: frozenset[str] = frozenset()
    narrows: int = 0
    unit: str = ""
    system: str = ""
    narrowed_by: tuple[int, ...] = ()
    signed: bool = False


@dataclass(frozen=True, slots=True)
class Right:
    """What one call may see, under one grant. Hashable: compiled plans are kept by it.

    `provinces` empty means everyone. `pairwise`: the agency sees tokens of people in place of their numbers.
    `own_subjects`: only people whom it enrolled are in scope. `agency`: its code in both cases, else empty.
    """

    grant_id: int
    fields: frozenset[str]
    provinces: frozenset[str]
    verify_fields: frozenset[str] = frozenset()
    predicates: frozenset[str] = frozenset()
    leniency: int = Leniency.EXACT
    own_subjects: bool = False
    pairwise: bool = False
    agency: str = ""

    @property
    def owner(self) -> str:
        """The agency whose enrolled subjects alone are in scope; empty: others are, too."""
        return self.agency if self.own_subjects else ""


def decide(
    policy_grants: Iterable[Grant],
    token_grants: Mapping[int, Grant],
    method: str,
    purpose: str,
    legal_basis: str,
    now: float,
    *,
    pairwise: bool = False,
) -> Right:
    """The right a call is answered under: that of the newest grant that covers the whole call.

    A grant covers it when it is in force and stands in policy and token (by grant id), in both with the
    method, the purpose and the legal basis. Rights of several grants are never added up: a narrow right on
    everyone and a wide one on a province would make a right that nobody gave. Raises MethodNotGranted,
    PurposeNotGranted.
    """
    best: tuple[Grant, Grant] | None = None
    method_granted = False
    for grant in policy_grants:
        ceiling = token_grants.get(grant.grant_id)
        if (
            ceiling is None
            or not grant.from_time <= now < grant.until_time
            or method not in grant.methods
            or method not in ceiling.methods
        ):
            continue
        method_granted = True
        if (
            legal_basis in grant.purposes.get(purpose, ())
            and legal_basis in ceiling.purposes.get(purpose, ())
            and (best is None or grant.grant_id > best[0].grant_id)
            and not _is_disjoint(grant.provinces, ceiling.provinces)
        ):
            best = grant, ceiling
    if best is None:
        raise PurposeNotGranted if method_granted else MethodNotGranted
    grant, ceiling = best
    return Right(
        grant.grant_id,
        _narrower(grant.fields, ceiling.fields),
        _narrower_provinces(grant.provinces, ceiling.provinces),
        _narrower(grant.verify_fields, ceiling.verify_fields),
        _narrower(grant.predicates, ceiling.predicates),
        min(grant.leniency, ceiling.leniency),
        grant.own_subjects or ceiling.own_subjects,
        pairwise,
    )


def in_force(grants: Iterable[Grant], now: float) -> tuple[Grant, ...]:
    """The grants that hold at a time, newest first."""
    held = [grant for grant in grants if grant.from_time <= now < grant.until_time]
    return tuple(sorted(held, key=lambda grant: -grant.grant_id))


def for_purposes(grants: Iterable[Grant], purposes: frozenset[str]) -> tuple[Grant, ...]:
    """The grants cut down to some purposes; a grant left without any is dropped.

    Raises PurposeNotGranted when a purpose is in none of them.
    """
    narrowed = []
    found: set[str] = set()
    for grant in grants:
        kept = {purpose: bases for purpose, bases in grant.purposes.items() if purpose in purposes}
        found |= kept.keys()
        if kept:
            narrowed.append(replace(grant, purposes=kept))
    if found != purposes:
        raise PurposeNotGranted("A purpose that the token shall be restricted to is not granted.")
    return tuple(narrowed)


def _narrower(policy: frozenset[str], token: frozenset[str]) -> frozenset[str]:
    # Mostly equal; handing out the policy's own set lets the plans keyed by it compare by identity.
    return policy if policy <= token else policy & token


def _is_disjoint(policy: frozenset[str], token: frozenset[str]) -> bool:
    # Two scopes without a common province: their intersection is nobody, but an empty set would say everyone.
    return bool(policy) and bool(token) and policy.isdisjoint(token)


def _narrower_provinces(policy: frozenset[str], token: frozenset[str]) -> frozenset[str]:
    if not policy:
        return token
    if not token:
        return policy
    return _narrower(policy, token)
