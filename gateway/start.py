"""What a state directory needs before a gateway can serve from it: keys, certificates, databases, an empty log."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from gateway.agency.bootstrap import initialise
from gateway.agency.check import cut_sentence, newest_in_log
from gateway.agency.notice import socket_path
from gateway.agency.store import AgencyStore
from gateway.audit.errors import AuditError
from gateway.audit.files import RealFiles
from gateway.audit.log import create_audit, needs_creating
from gateway.audit.paths import AuditPaths
from gateway.catalogue import Catalogue
from gateway.config import Settings
from registry.engine import open_engine
from registry.errors import NotBuilt, RegistryError
from registry.people import PeopleStore

SOCKET_PATH_BYTES_MAX = 107
"""Of a Unix socket's address on Linux (unix(7))."""


class CannotStart(Exception):
    """Why the gateway does not start, and what to do, in one sentence."""


def prepare(settings: Settings, now: float) -> None:
    """Make what is missing, renew what lapses. `now`: seconds since 1970. Raises CannotStart.

    The caller holds the lock of the state directory.
    """
    # The longest of them: the number grows with every start of a serving process.
    if len(os.fsencode(socket_path(settings.run, 10**9))) > SOCKET_PATH_BYTES_MAX:
        raise CannotStart(
            f"the path of the state directory {settings.state} is too long for the sockets in it; choose "
            "a shorter one, or name it from a nearer directory"
        )
    try:
        PeopleStore(open_engine(settings.registry, read_only=True)).meta()
        paths = AuditPaths(str(settings.state))
        if needs_creating(RealFiles(), paths.state):
            create_audit(paths.state, settings.origin, os.urandom, RealFiles())
        if (settings.state / "gateway.db").exists():
            require_uncut(settings.state)
        initialise(
            settings.state, settings.names, settings.trust_domain, now, trust_of(settings), Catalogue.compile().digest
        )
    except NotBuilt as error:
        database = " --database URL" if settings.database else ""  # the address may hold a password
        build = f"popgate seed build --people N --state {settings.state}{database}"
        raise CannotStart(f"{error}; `{build}` builds one") from None
    except (RegistryError, AuditError, ValueError) as error:
        raise CannotStart(str(error)) from None
    except SQLAlchemyError:
        raise CannotStart(f"{settings.state / 'gateway.db'} cannot be read as a database; restore it") from None
    except OSError as error:
        raise CannotStart(f"{error.filename or settings.state}: {error.strerror}") from None


def require_uncut(state: Path) -> None:
    """Raises CannotStart when gateway.db ends before an act that the log names; ValueError, OSError, AuditError."""
    paths = AuditPaths(str(state))
    named, index = newest_in_log(paths.log, Path(paths.log_vkey).read_text().strip())
    store = AgencyStore.open(state / "gateway.db")
    newest = store.policy_version()
    store.close()
    if newest < named:
        raise CannotStart(
            f"{cut_sentence(newest, named, index)}; put the newest copy in place, or, when there is none, mark the "
            f"lost acts with `popgate agency restored --state {state}` and decide anew what they decided"
        )


def trust_of(settings: Settings) -> Mapping[str, str]:
    """What identity folders made on this machine trust, as `trust.json` holds it."""
    paths = AuditPaths(str(settings.state))
    # The server's certificate is for its names: with another one in the folder no client would trust it.
    name = settings.host if settings.host in settings.names else settings.names[0]
    return {
        "log_origin": settings.origin,
        "log_verifier": Path(paths.log_vkey).read_text().strip(),
        "receipt_verifier": Path(paths.receipt_vkey).read_text().strip(),
        "trust_domain": settings.trust_domain,
        "server": f"{name}:{settings.port}",
        "enrolment_server": f"{name}:{settings.enrolment_port}",
    }
