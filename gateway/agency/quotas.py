"""What a grant's quotas mean for a call: what it is charged of the day, what it demands before its work. Pure.

A quota for one method counts that method; one without a method counts all methods of its grant together. Both hold.
An agency's own grant counts the agency with all of its units. A narrowing of it counts, with the quotas stated there,
the unit that it is for. One for a system has rates and permits of its own; its people of a day are all those of the
system's unit or agency, since entries name no systems.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.agency.grants import Grant, Quota
from gateway.audit.charges import Counter
from gateway.audit.limits import Demand, Permit, Rate
from gateway.errors import QuotaViolation

if TYPE_CHECKING:
    from gateway.agency.policy import Agency


@dataclass(frozen=True, slots=True)
class Bounds:
    """The limits of one method for one caller under one grant.

    `counters`: of every entry that counts people. `call`: what a unary call demands; `message`: one message of
    a stream; `stream`: opening one. None: nothing.
    """

    counters: tuple[Counter, ...] = ()
    call: Demand | None = None
    message: Demand | None = None
    stream: Demand | None = None

    def violation(self, position: int) -> QuotaViolation:
        """The counter at this position, as a caller is told of it. A guess budget is told of the same way."""
        return daily(self.counters[position].caller)


def daily(caller: str) -> QuotaViolation:
    """A day's quota of an agency or `agency/unit`."""
    return QuotaViolation(f"agency:{caller}", "people a day, in Viet Nam's time, for this method and purpose")


def denied(demand: Demand, position: int, *, rate: bool) -> QuotaViolation:
    """The rate or the permit at a position of a demand, as a caller is told of it."""
    if rate:
        reached = demand.rates[position]
        return QuotaViolation(_subject(reached.name), f"{reached.per_second} calls a second, {reached.burst} at once")
    permit = demand.permits[position]
    kind = permit.name.partition(" ")[0]
    return QuotaViolation(_subject(permit.name), f"{permit.limit} {kind} open at the same time")


def scopes_of(agency: Agency, grant: Grant) -> list[tuple[str, Grant]]:
    """The agency's grant and the narrowings that made `grant` of it, each with the caller that its quotas count."""
    own = [(agency.code, parent) for parent in agency.grants if parent.grant_id == grant.grant_id]
    return own + [
        (f"{agency.code}/{narrowing.unit}" if narrowing.unit else agency.code, narrowing)
        for narrowing in agency.narrowings
        if narrowing.grant_id in grant.narrowed_by
    ]


def bounds_of(method: str, scopes: Iterable[tuple[str, Grant]]) -> Bounds | None:
    """The limits of a method under grants, each with the caller that it counts; None when there are none."""
    counters: list[Counter] = []
    rates: list[Rate] = []
    calls: list[Permit] = []
    streams: list[Permit] = []
    for caller, grant in scopes:
        for quota in grant.quotas:
            if quota.method not in ("", method):
                continue
            counters += _counters(caller, grant, quota)
            name = f"{caller} {grant.grant_id} {quota.method or '*'}"
            if quota.calls_per_second:
                burst = quota.calls_burst or quota.calls_per_second
                rates.append(Rate(f"rate {name}", quota.calls_per_second, burst))
            if quota.calls_at_once:
                calls.append(Permit(f"calls {name}", quota.calls_at_once))
            if quota.streams_at_once:
                streams.append(Permit(f"streams {name}", quota.streams_at_once))
    if not (counters or rates or calls or streams):
        return None
    return Bounds(
        tuple(counters),
        _demand(rates, calls),
        _demand(rates, ()),
        _demand((), streams),
    )


def _counters(caller: str, grant: Grant, quota: Quota) -> list[Counter]:
    if not quota.people_per_day:
        return []
    methods = frozenset((quota.method,)) if quota.method else grant.methods
    return [Counter(caller, methods, frozenset(grant.purposes), quota.people_per_day)]


def _demand(rates: Iterable[Rate], permits: Iterable[Permit]) -> Demand | None:
    demand = Demand(tuple(rates), tuple(permits))
    return demand if demand.rates or demand.permits else None


def _subject(name: str) -> str:
    return f"agency:{name.split(' ')[1]}"
