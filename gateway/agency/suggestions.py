"""What a release with new fields would add to the grants that were made from named sets: suggested, never granted."""

from __future__ import annotations

from dataclasses import replace

from gateway.agency.acts import LOCAL
from gateway.agency.field_sets import FieldSets
from gateway.agency.grants import Grant
from gateway.agency.ledger import Ledger, Proposal
from gateway.catalogue import Catalogue


def suggestions(ledger: Ledger, catalogue: Catalogue, sets: FieldSets, now: float) -> list[Proposal]:
    """One for each grant in force whose sets hold more in this release than in the one it was made under."""
    found = []
    for code in sorted(ledger.agencies):
        agency = ledger.agencies[code]
        for grant in (*agency.grants, *agency.narrowings):
            grown = grant if now >= grant.until_time else _grown(grant, catalogue, sets)
            if (grown.fields, grown.verify_fields) != (grant.fields, grant.verify_fields):
                found.append(Proposal(0, code, grown, grant.grant_id, LOCAL, 0))
    return found


def _grown(grant: Grant, catalogue: Catalogue, sets: FieldSets) -> Grant:
    if grant.contract_digest == catalogue.digest:
        return grant  # what was left out under this very contract was left out on purpose
    seen = sets.resolve(sorted(sets.known(grant.field_sets)), "grant.field_sets")
    verified = sets.resolve(sorted(sets.known(grant.verify_field_sets)), "grant.verify_field_sets", verified=True)
    return replace(
        grant,
        fields=catalogue.resolve(grant.fields | seen),
        verify_fields=catalogue.resolve(grant.verify_fields | verified),
        contract_digest=catalogue.digest,
    )
