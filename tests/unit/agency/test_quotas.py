"""What quotas of grants and narrowings bound: whose people, whose calls."""

from __future__ import annotations

from dataclasses import replace

from gateway.agency.grants import Grant, Quota
from gateway.agency.narrowing import narrowed
from gateway.agency.policy import Agency
from gateway.agency.quotas import bounds_of, denied, scopes_of
from gateway.audit.charges import Counter
from gateway.audit.limits import Demand, Permit, Rate

METHODS = frozenset({"LookUpPerson", "StreamLookUpPersons"})
PURPOSES = {"care": frozenset({"law"})}
OWN = Grant(7, METHODS, PURPOSES, frozenset(), frozenset(), 0, 100, bytes(32))
UNIT = replace(OWN, grant_id=8, narrows=7, unit="h1", methods=frozenset({"LookUpPerson"}))
SYSTEM = replace(OWN, grant_id=9, narrows=7, system="ward")


def _counter(caller: str, methods: frozenset[str], limit: int) -> Counter:
    return Counter(caller, methods, frozenset(PURPOSES), limit)


def test_a_quota_for_a_method_and_one_for_all_methods_both_hold() -> None:
    quotas = (
        Quota("LookUpPerson", calls_per_second=5, people_per_day=10),
        Quota(people_per_day=30, calls_at_once=4, streams_at_once=2),
        Quota("StreamLookUpPersons", calls_per_second=9, calls_burst=3),
    )
    bounds = bounds_of("LookUpPerson", [("health", replace(OWN, quotas=quotas))])
    assert bounds is not None
    assert bounds.counters == (
        _counter("health", frozenset({"LookUpPerson"}), 10),
        _counter("health", METHODS, 30),
    )
    rate = Rate("rate health 7 LookUpPerson", 5, 5)
    assert bounds.call == Demand((rate,), (Permit("calls health 7 *", 4),))
    assert bounds.message == Demand((rate,))
    assert bounds.stream == Demand((), (Permit("streams health 7 *", 2),))
    assert bounds_of("Pull", [("health", replace(OWN, quotas=quotas[:1]))]) is None


def test_a_unit_is_held_to_its_own_quota_and_to_that_of_its_agency() -> None:
    own = replace(OWN, quotas=(Quota(people_per_day=30),))
    unit = replace(UNIT, quotas=(Quota(people_per_day=5),))
    system = replace(SYSTEM, quotas=(Quota(people_per_day=4, calls_per_second=1),))
    agency = Agency("health", "Health", 4, (own,), narrowings=(unit, system))
    scopes = scopes_of(agency, narrowed(own, [unit, system]))
    assert scopes == [("health", own), ("health/h1", unit), ("health", system)]
    bounds = bounds_of("LookUpPerson", scopes)
    assert bounds is not None
    assert bounds.counters == (
        _counter("health", METHODS, 30),
        _counter("health/h1", frozenset({"LookUpPerson"}), 5),
        _counter("health", METHODS, 4),
    )
    assert bounds.violation(1).subject == "agency:health/h1"
    assert scopes_of(agency, own) == [("health", own)], "another unit's narrowing holds nobody else"


def test_a_caller_is_told_its_own_limit() -> None:
    demand = Demand((Rate("rate health/h1 8 *", 5, 7),), (Permit("streams health 7 *", 2),))
    assert denied(demand, 0, rate=True).description == "5 calls a second, 7 at once"
    assert denied(demand, 0, rate=False).subject == "agency:health"
    assert denied(demand, 0, rate=False).description == "2 streams open at the same time"
