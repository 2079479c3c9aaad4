"""`popgate demo`: the whole story on an invented country, and `popgate demo serve`, which serves what it left."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from gateway.cli.exits import INTERRUPTED, REFUSED
from gateway.cli.options import settings_of

if TYPE_CHECKING:
    from gateway.config import Settings

app = typer.Typer(
    name="demo", help="Play the whole story on an invented country; serve what it left.", invoke_without_command=True
)

STATE: Final = Path("var/demo")

StateOption = Annotated[Path, typer.Option("--state", metavar="DIR", help="Directory of the demonstration.")]
PortOption = Annotated[int, typer.Option("--port", min=1, max=65_535, help="Agencies' port.")]
EnrolmentPortOption = Annotated[int, typer.Option("--enrolment-port", min=1, max=65_535, help="Enrolment port.")]
HttpPortOption = Annotated[int, typer.Option("--http-port", min=1, max=65_535, help="Port of metrics and health.")]


@app.callback()
def demo(
    context: typer.Context,
    state: StateOption = STATE,
    people: Annotated[int, typer.Option(min=1000, help="People in the country.")] = 100_000,
    seed: Annotated[int, typer.Option(help="The same seed and number give the same people.")] = 1,
    port: PortOption = 8443,
    enrolment_port: EnrolmentPortOption = 8444,
    http_port: HttpPortOption = 9464,
) -> None:
    """Make a country, start a gateway, let agencies use it, prove what they saw, stop everything."""
    if context.invoked_subcommand is not None:
        return
    from rich.console import Console

    from seed.demo.story import play

    settings = _settings(state, port, enrolment_port, http_port)
    _told(lambda: play(settings, people, seed, Console()))


@app.command()
def serve(
    state: StateOption = STATE,
    port: PortOption = 8443,
    enrolment_port: EnrolmentPortOption = 8444,
    http_port: HttpPortOption = 9464,
) -> None:
    """Serve a finished demonstration until Ctrl-C; its agencies' identities are renewed first where they lapsed."""
    import time

    from rich.console import Console

    from seed.demo.serving import serve as serve_demo
    from seed.demo.telling import Teller

    settings = _settings(state, port, enrolment_port, http_port)
    _told(lambda: serve_demo(settings, Teller(Console()), time.time()))


def _settings(state: Path, port: int, enrolment_port: int, http_port: int) -> Settings:
    settings = settings_of(state=state, port=port, enrolment_port=enrolment_port, http_port=http_port)
    # A country of its own, in its own directory, whatever database the environment names.
    return settings.model_copy(update={"database": None})


def _told(run: Callable[[], None]) -> None:
    """Run it; what ends it early becomes one sentence and an exit code."""
    import os
    import signal

    # The end of the terminal, or of the service that runs this, is an interruption like Ctrl-C.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda _number, _frame: signal.raise_signal(signal.SIGINT))
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    from gateway.audit.errors import AuditError
    from gateway.client import ClientError
    from gateway.start import CannotStart
    from registry.errors import RegistryError
    from seed.demo.errors import DemoFailed
    from seed.errors import SeedError

    try:
        run()
    except KeyboardInterrupt:
        print("\nInterrupted; nothing is left running.", file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from None
    except (DemoFailed, CannotStart, SeedError, RegistryError, AuditError, ClientError) as error:
        print(f"\nThe demonstration stopped: {error}", file=sys.stderr)
        raise typer.Exit(REFUSED) from None
    except OSError as error:
        print(
            f"\nThe demonstration stopped: {error.strerror or error}: {error.filename or 'no file named'}",
            file=sys.stderr,
        )
        raise typer.Exit(REFUSED) from None
