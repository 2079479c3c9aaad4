"""Grants of units and systems: a narrowing of what their agency has, never more. Pure.

A narrowing names the grant that it narrows and the unit, the system, or the system of a unit that it is for. Whom it
names is answered under the agency's grant cut down to the narrowing; where several name it, to what all of them hold.
An agency's grant that is made smaller later makes all below it smaller in the same moment, and a narrowing that has
ended leaves nothing: what is given back is given by two operators.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from gateway.agency.grants import Grant, Quota

_LIMITS = ("calls_per_second", "calls_burst", "people_per_day", "calls_at_once", "streams_at_once")


def applies(narrowing: Grant, unit: str, system: str) -> bool:
    """Whether it names this unit and system of its agency."""
    return narrowing.unit in ("", unit) and narrowing.system in ("", system)


def narrowed(parent: Grant, narrowings: Iterable[Grant]) -> Grant:
    """The parent cut down to all of the narrowings; it keeps its number and says which ones they were."""
    for narrowing in narrowings:
        parent = _both(parent, narrowing)
    return parent


def wider(narrowing: Grant, parent: Grant) -> tuple[str, ...]:
    """The fields of the contract's `Grant` in which a narrowing would exceed what it narrows."""
    found = {
        "methods": not narrowing.methods <= parent.methods,
        "purposes": any(
            not bases <= parent.purposes.get(purpose, frozenset()) for purpose, bases in narrowing.purposes.items()
        ),
        "fields": not all(_covers(parent.fields, path) for path in narrowing.fields),
        "provinces": bool(parent.provinces) and not (narrowing.provinces and narrowing.provinces <= parent.provinces),
        "verify_fields": not all(_covers(parent.verify_fields, path) for path in narrowing.verify_fields),
        "predicates": not narrowing.predicates <= parent.predicates,
        "leniency": narrowing.leniency > parent.leniency,
        "own_subjects": parent.own_subjects and not narrowing.own_subjects,
        "signed": parent.signed and not narrowing.signed,
        "from_time": narrowing.from_time < parent.from_time,
        "until_time": narrowing.until_time > parent.until_time,
        "quotas": any(_looser(narrowing.quotas, quota) for quota in parent.quotas),
        "guesses_per_day": 0 < parent.guesses_per_day < narrowing.guesses_per_day,
    }
    return tuple(name for name, exceeds in found.items() if exceeds)


def _both(parent: Grant, narrowing: Grant) -> Grant:
    everyone = not parent.provinces or not narrowing.provinces
    nobody = not everyone and parent.provinces.isdisjoint(narrowing.provinces)
    purposes = {
        purpose: bases & narrowing.purposes.get(purpose, frozenset()) for purpose, bases in parent.purposes.items()
    }
    guesses = [each.guesses_per_day for each in (parent, narrowing) if each.guesses_per_day]
    return replace(
        parent,
        # An empty set of provinces would say everyone: who may see nobody may call nothing.
        methods=frozenset() if nobody else parent.methods & narrowing.methods,
        purposes={purpose: bases for purpose, bases in purposes.items() if bases},
        fields=_common(parent.fields, narrowing.fields),
        provinces=parent.provinces | narrowing.provinces if everyone else parent.provinces & narrowing.provinces,
        from_time=max(parent.from_time, narrowing.from_time),
        until_time=min(parent.until_time, narrowing.until_time),
        verify_fields=_common(parent.verify_fields, narrowing.verify_fields),
        predicates=parent.predicates & narrowing.predicates,
        leniency=min(parent.leniency, narrowing.leniency),
        own_subjects=parent.own_subjects or narrowing.own_subjects,
        quotas=_quotas(parent.quotas, narrowing.quotas),
        guesses_per_day=min(guesses, default=0),
        signed=parent.signed or narrowing.signed,
        narrowed_by=(*parent.narrowed_by, narrowing.grant_id),
    )


def _covers(paths: frozenset[str], path: str) -> bool:
    """Whether a set of resolved paths holds a path, or the leaf of which the path is a part."""
    return path in paths or path.rpartition(".")[0] in paths


def _common(one: frozenset[str], other: frozenset[str]) -> frozenset[str]:
    return frozenset([path for path in one if _covers(other, path)] + [path for path in other if _covers(one, path)])


def _looser(quotas: Iterable[Quota], bound: Quota) -> bool:
    """Whether a quota for the same method allows more than `bound`; one that is not stated is inherited."""
    for quota in quotas:
        if quota.method == bound.method:
            return any(0 < getattr(bound, limit) < getattr(quota, limit) for limit in _LIMITS)
    return False


def _quotas(one: tuple[Quota, ...], other: tuple[Quota, ...]) -> tuple[Quota, ...]:
    by_method = {quota.method: quota for quota in one}
    for quota in other:
        held = by_method.get(quota.method)
        by_method[quota.method] = quota if held is None else _tighter(held, quota)
    return tuple(by_method[method] for method in sorted(by_method))


def _tighter(one: Quota, other: Quota) -> Quota:
    def limit(name: str) -> int:
        return min((value for value in (getattr(one, name), getattr(other, name)) if value), default=0)

    return Quota(one.method, **{name: limit(name) for name in _LIMITS})
