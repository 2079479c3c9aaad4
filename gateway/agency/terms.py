"""A grant as an act keeps it: values of JSON. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from gateway.agency.grants import Grant, Leniency, Quota


def terms_of(grant: Grant) -> dict[str, Any]:
    """Everything that was decided about a grant, lists sorted."""
    return {
        "grant_id": grant.grant_id,
        "methods": sorted(grant.methods),
        "purposes": {purpose: sorted(bases) for purpose, bases in sorted(grant.purposes.items())},
        "fields": sorted(grant.fields),
        "provinces": sorted(grant.provinces),
        "from_time": grant.from_time,
        "until_time": grant.until_time,
        "contract_digest": grant.contract_digest.hex(),
        "verify_fields": sorted(grant.verify_fields),
        "predicates": sorted(grant.predicates),
        "leniency": int(grant.leniency),
        "own_subjects": grant.own_subjects,
        "quotas": [asdict(quota) for quota in grant.quotas],
        "guesses_per_day": grant.guesses_per_day,
        "field_sets": sorted(grant.field_sets),
        "verify_field_sets": sorted(grant.verify_field_sets),
        "narrows": grant.narrows,
        "unit": grant.unit,
        "system": grant.system,
        "signed": grant.signed,
    }


def grant_of(terms: Mapping[str, Any]) -> Grant:
    """The grant that `terms_of` wrote. Raises KeyError, TypeError, ValueError for anything else."""
    return Grant(
        grant_id=terms["grant_id"],
        methods=frozenset(terms["methods"]),
        purposes={purpose: frozenset(bases) for purpose, bases in terms["purposes"].items()},
        fields=frozenset(terms["fields"]),
        provinces=frozenset(terms["provinces"]),
        from_time=terms["from_time"],
        until_time=terms["until_time"],
        contract_digest=bytes.fromhex(terms["contract_digest"]),
        verify_fields=frozenset(terms["verify_fields"]),
        predicates=frozenset(terms["predicates"]),
        leniency=Leniency(terms["leniency"]),
        own_subjects=terms["own_subjects"],
        quotas=tuple(Quota(**quota) for quota in terms["quotas"]),
        guesses_per_day=terms["guesses_per_day"],
        field_sets=frozenset(terms["field_sets"]),
        verify_field_sets=frozenset(terms["verify_field_sets"]),
        narrows=terms["narrows"],
        unit=terms["unit"],
        system=terms["system"],
        signed=terms.get("signed", False),  # the first acts know no such demand
    )
