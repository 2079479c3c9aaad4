"""`popgate serve`: run a gateway."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.exits import REFUSED
from gateway.cli.options import settings_of


def serve(
    state: Annotated[
        Path | None, typer.Option(metavar="DIR", help="State directory.", show_default="var/popgate")
    ] = None,
    database: Annotated[
        str | None, typer.Option(metavar="URL", help="PostgreSQL of the registry.", show_default="SQLite")
    ] = None,
    workers: Annotated[int | None, typer.Option(help="Gateway workers.", show_default="2")] = None,
    host: Annotated[str | None, typer.Option(help="Address of all listeners.", show_default="127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(help="Agencies' port.", show_default="8443")] = None,
    enrolment_port: Annotated[int | None, typer.Option(help="Enrolment port.", show_default="8444")] = None,
    http_port: Annotated[int | None, typer.Option(help="Port of metrics and health.", show_default="9464")] = None,
) -> None:
    """Run a gateway until it is stopped. Further settings: popgate.toml and POPGATE_* variables."""
    settings = settings_of(
        state=state,
        database=database,
        workers=workers,
        host=host,
        port=port,
        enrolment_port=enrolment_port,
        http_port=http_port,
    )
    from gateway.agency.bootstrap import OPERATOR, SECOND_OPERATOR
    from gateway.start import CannotStart
    from gateway.supervisor import run

    def ready() -> None:
        print(
            f"Serving agencies at {settings.host}:{settings.port}, enrolment at "
            f"{settings.host}:{settings.enrolment_port}, metrics at "
            f"http://{settings.host}:{settings.http_port}/metrics; Ctrl-C stops.\n"
            f"The operators' identities are {settings.state / OPERATOR} and {settings.state / SECOND_OPERATOR}.",
            flush=True,
        )

    try:
        run(settings, ready=ready)
    except CannotStart as error:
        print(f"The gateway does not start: {error}.", file=sys.stderr)
        raise typer.Exit(REFUSED) from None
