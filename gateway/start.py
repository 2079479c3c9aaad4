"""What a state directory needs before a gateway can serve from it: keys, certificates, databases, an empty log."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from gateway.agency.bootstrap import initialise
from gateway.audit.errors import AuditError
from gateway.audit.files import RealFiles
from gateway.audit.log import create_audit
from gateway.audit.paths import AuditPaths
from gateway.catalogue import Catalogue
from gateway.config import Settings
from registry.engine import open_engine
from registry.errors import RegistryError
from registry.people import PeopleStore


class CannotStart(Exception):
    """Why the gateway does not start, and what to do, in one sentence."""


def prepare(settings: Settings, now: float) -> None:
    """Make what is missing, renew what lapses. `now`: seconds since 1970. Raises CannotStart.

    The caller holds the lock of the state directory.
    """
    try:
        PeopleStore(open_engine(settings.registry, read_only=True)).meta()
        paths = AuditPaths(str(settings.state))
        if not (os.path.exists(paths.log) or os.path.exists(paths.wal)):
            create_audit(paths.state, settings.origin, os.urandom, RealFiles())
        initialise(
            settings.state, settings.names, settings.trust_domain, now, trust_of(settings), Catalogue.compile().digest
        )
    except RegistryError as error:
        raise CannotStart(f"{error}; `popgate seed build --people N --state {settings.state}` builds one") from None
    except (AuditError, ValueError) as error:
        raise CannotStart(str(error)) from None
    except OSError as error:
        raise CannotStart(f"{error.filename or settings.state}: {error.strerror}") from None


def trust_of(settings: Settings) -> Mapping[str, str]:
    """What identity folders made on this machine trust, as `trust.json` holds it."""
    paths = AuditPaths(str(settings.state))
    return {
        "log_origin": settings.origin,
        "log_verifier": Path(paths.log_vkey).read_text().strip(),
        "receipt_verifier": Path(paths.receipt_vkey).read_text().strip(),
        "trust_domain": settings.trust_domain,
        "server": f"{settings.host}:{settings.port}",
        "enrolment_server": f"{settings.host}:{settings.enrolment_port}",
    }
