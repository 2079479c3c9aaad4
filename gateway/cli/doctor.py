"""`popgate doctor`: what stands between this machine and an answer."""

from __future__ import annotations

import asyncio

import typer

from gateway.cli.exits import NO_CONNECTION, REFUSED
from gateway.cli.options import IdentityOption, JsonOption, ServerOption
from gateway.cli.output import plain, print_json

_NETWORK = frozenset({"reach", "handshake"})


def doctor(identity: IdentityOption, server: ServerOption = "", as_json: JsonOption = False) -> None:
    """Check folder, certificate, connection, clock and token, and say what to do next."""
    from gateway.client.diagnosis import Outcome
    from gateway.client.doctor import diagnose

    checks = asyncio.run(diagnose(identity, server))
    for check in checks:
        if as_json:
            print_json(
                {"name": check.name, "outcome": check.outcome.value, "found": check.found, "advice": check.advice}
            )
            continue
        print(f"{check.outcome.value:<8} {check.name:<10} {plain(check.found)}")
        if check.advice:
            print(f"{'':<8} {'':<10} -> {plain(check.advice)}")
    failed = [check.name for check in checks if check.outcome is Outcome.FAILED]
    if failed:
        raise typer.Exit(NO_CONNECTION if failed[0] in _NETWORK else REFUSED)
