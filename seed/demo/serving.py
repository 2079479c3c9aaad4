"""Serves a finished demonstration until Ctrl-C, with its agencies' identities renewed where they have lapsed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from cryptography import x509

from gateway.agency.bootstrap import enrol_locally
from gateway.agency.identity import CERTIFICATE_FILE
from gateway.config import Settings
from gateway.forked import Forked
from gateway.start import trust_of
from gateway.supervisor import require_free_ports, run, take_lock
from seed.demo.errors import DemoFailed
from seed.demo.ground import require_finished
from seed.demo.notes import NOTES
from seed.demo.telling import Teller

RENEWED_BEFORE_SECONDS = 3600.0


def serve(settings: Settings, teller: Teller, now: float) -> None:
    """Until SIGTERM or SIGINT. `now`: unix seconds. Raises DemoFailed, CannotStart, OSError."""
    state = settings.state
    require_finished(state)
    require_free_ports(settings)
    lock = take_lock(state)
    try:
        renewed = _renew_apart(settings, now)
    finally:
        os.close(lock)
    if renewed:
        teller.say(f"Renewed the identities of {', '.join(renewed)}: a certificate is for a day.")

    teller.say("Starting the gateway; it takes some seconds.")

    def ready() -> None:
        teller.title(f"Serving the country of {state} until Ctrl-C.")
        host = settings.host
        teller.say(f"agencies {host}:{settings.port}, enrolment {host}:{settings.enrolment_port}")
        teller.say(f"http://{host}:{settings.http_port}/metrics and /healthz")
        teller.say(f"What to try stands in {state / NOTES}; the first call of it:")
        print(f"\n{_first_call(state)}\n", flush=True)

    run(settings, ready=ready)
    teller.say("Stopped.")


def _renew_apart(settings: Settings, now: float) -> list[str]:
    """In a process of its own: the gateway's are forked from this one, which is to read no key."""

    def renew(tell: Callable[[bytes], None]) -> int:
        tell(" ".join(renew_identities(settings, now)).encode())
        return 0

    renewing = Forked("renew", renew)
    if renewing.wait():
        raise DemoFailed("the agencies' identities were not renewed; the message stands above")
    renewed = renewing.said().decode().split()
    renewing.close()
    return renewed


def renew_identities(settings: Settings, now: float) -> list[str]:
    """Enrol anew, on this machine, every agency whose certificate has lapsed or lapses within the hour.

    Returns their codes. Raises OSError.
    """
    renewed = []
    for folder in sorted((settings.state / "agencies").iterdir()):
        if _lapses(folder, now):
            enrol_locally(settings.state, folder.name, "", folder, now, trust_of(settings))
            renewed.append(folder.name)
    return renewed


def _lapses(folder: Path, now: float) -> bool:
    try:
        leaf = x509.load_pem_x509_certificate((folder / CERTIFICATE_FILE).read_bytes())
    except (FileNotFoundError, ValueError):
        return True
    return now > leaf.not_valid_after_utc.timestamp() - RENEWED_BEFORE_SECONDS


def _first_call(state: Path) -> str:
    """The look-up that the notes show."""
    lines = (state / NOTES).read_text(encoding="utf-8").splitlines()
    return next((line for line in lines if " lookup " in line), "")
