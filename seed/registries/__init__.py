"""The registries that other agencies own, filled for one block: what they say agrees with the people and with each
other, and each draws from a stream of its own, so that none changes another.
"""

from collections.abc import Callable, Mapping

import numpy as np

from seed.plan import Random
from seed.registries.civil import civil_events
from seed.registries.health import vaccinations
from seed.registries.identity import electronic_identity, passports
from seed.registries.insurance import health_insurance, social_insurance
from seed.registries.portal import portal_dossiers
from seed.registries.property import business_interests, land_certificates
from seed.registries.schooling import enrolments, public_posts
from seed.registries.subjects import Activity, Subjects, stream, subjects_of
from seed.registries.tax import tax_registration
from seed.registries.telephony import mobile_subscriptions
from seed.registries.traffic import licences, vehicles
from seed.rows import Rows

__all__ = ["REGISTRIES", "Activity", "Registry", "Subjects", "subjects_of", "tables_of"]

UPDATED_ON = 20240331
"""The day on which every owner last wrote: the one before the base date."""

Registry = Callable[[Random, Subjects], Rows]

REGISTRIES: Mapping[str, Registry] = {
    "social_insurance": social_insurance,
    "health_insurance": health_insurance,
    "tax_registration": tax_registration,
    "electronic_identity": electronic_identity,
    "passport": passports,
    "mobile_subscription": mobile_subscriptions,
    "portal_dossier": portal_dossiers,
    "civil_event": civil_events,
    "vaccination": vaccinations,
    "enrolment": enrolments,
    "public_post": public_posts,
    "driver_licence": licences,
    "vehicle": vehicles,
    "business_interest": business_interests,
    "land_certificate": land_certificates,
}
"""What fills each table, by its name: rows given by column, `person_id` among them, without `updated_on`."""


def tables_of(subjects: Subjects) -> dict[str, Rows]:
    """The rows of all linked tables of a block."""
    tables: dict[str, Rows] = {}
    for name, registry in REGISTRIES.items():
        rows = registry(stream(subjects.plan, subjects.block, name), subjects)
        tables[name] = rows | {"updated_on": np.full(len(rows["person_id"]), UPDATED_ON)}
    return tables
