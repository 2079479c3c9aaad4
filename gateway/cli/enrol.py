"""`popgate enrol`: a one-time code for an identity."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.exits import INTERRUPTED
from gateway.cli.output import moment


def enrol(
    folder: Annotated[
        Path,
        typer.Option(
            "--identity", "-i", envvar="POPGATE_IDENTITY", metavar="DIR", help="Folder to write the identity to."
        ),
    ],
    enrolment_server: Annotated[
        str, typer.Option("--enrolment-server", "-e", metavar="HOST:PORT", help="Enrolment port of the gateway.")
    ],
    code: Annotated[
        str,
        typer.Argument(
            envvar="POPGATE_CODE",
            metavar="CODE",
            show_default=False,
            help="One-time code; asked for when absent, `-`: read from stdin.",
        ),
    ] = "",
    root: Annotated[
        Path | None, typer.Option("--root", metavar="FILE", help="Root certificate of the gateway, from the operator.")
    ] = None,
    fingerprint: Annotated[
        str, typer.Option("--fingerprint", metavar="HEX", help="Or its SHA-256, from the operator.")
    ] = "",
    server: Annotated[
        str,
        typer.Option(
            "--server",
            "-s",
            envvar="POPGATE_SERVER",
            metavar="HOST:PORT",
            help="Agencies' port, to be kept in the folder.",
        ),
    ] = "",
) -> None:
    """Exchange the operator's one-time code for a certificate. The key is made here and stays here."""
    if (root is None) == (not fingerprint):
        raise typer.BadParameter("state one of --root and --fingerprint", param_hint="--root")
    from gateway.client.enrol import enrol as exchange

    if not code:
        try:
            code = typer.prompt("One-time code", hide_input=True)
        except typer.Abort:
            raise typer.Exit(INTERRUPTED) from None
    elif code == "-":
        code = sys.stdin.readline().strip()
    identity = asyncio.run(
        exchange(
            enrolment_server,
            code,
            folder,
            root_pem=root.read_bytes() if root else None,
            fingerprint=fingerprint or None,
            server=server,
        )
    )
    print(f"Enrolled as {identity.spiffe_ids[0]}, until {moment(identity.certificate.not_valid_after_utc)}.")
    print(f"Next: popgate doctor --identity {folder}")
