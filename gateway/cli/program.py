"""The whole command: its sub-commands, and what a person sees when something goes wrong."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Final, NoReturn

import typer

from gateway.cli import (
    agency,
    audit,
    credential,
    demo,
    doctor,
    enrol,
    finding,
    lookup,
    operator,
    policy,
    registry,
    searching,
    seed,
    serve,
    signed,
    signing,
    subjects,
    sync,
    token,
    usage,
    verify,
)
from gateway.cli.exits import INTERRUPTED, NO_CONNECTION, NO_EVIDENCE, REFUSED, USAGE

RETRY_TOLD_SECONDS_MIN: Final = 1.0

app = typer.Typer(
    name="popgate",
    help="A gateway in front of a synthetic national population registry: authorised, audited, counted.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(lookup.lookup)
app.command()(verify.verify)
app.command()(finding.household)
app.command()(finding.relatives)
app.command()(searching.resolve)
app.command()(searching.search)
app.add_typer(sync.app)
app.add_typer(subjects.app)
app.command()(token.token)
app.command()(doctor.doctor)
app.command()(enrol.enrol)
app.add_typer(audit.app)
app.add_typer(agency.app)
app.add_typer(credential.app)
app.add_typer(usage.app)
audit.app.command("verify-signature")(signed.verify_signature)
credential.app.command()(signing.signing_key)
credential.app.command()(signing.signing_keys)
# The id of every 64th key begins with a hyphen, and may hold an h.
_HYPHENS = {"ignore_unknown_options": True, "help_option_names": ["--help"]}
credential.app.command(context_settings=_HYPHENS)(signing.revoke_signing_key)
app.add_typer(policy.app)  # that of grant, with its questions
app.add_typer(operator.app)
app.add_typer(registry.app)
app.command()(serve.serve)
app.add_typer(demo.app)
app.command(context_settings=seed.FORWARDED, add_help_option=False)(seed.seed)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        print(f"popgate {version('popgate')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_version)
    ] = False,
) -> None:
    pass


def main() -> NoReturn:
    """Run the command that the process was started with, and exit."""
    for stream in (sys.stdout, sys.stderr):
        # Names are Vietnamese whatever the locale says.
        stream.reconfigure(encoding="utf-8", errors="surrogateescape")  # type: ignore[union-attr]
    # gRPC's own remarks about a connection say less than our diagnosis and would stand above it.
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except Exception as error:
        sys.exit(explain(error))
    sys.exit(0)


def explain(error: Exception) -> int:
    """Say on stderr what went wrong and what to do next; the exit code."""
    if os.environ.get("POPGATE_TRACEBACK"):
        raise error
    from datetime import UTC, datetime, timedelta

    from gateway.cli.output import moment
    from gateway.client import (
        CannotConnect,
        ClientError,
        DeadlinePassed,
        GatewayRefusal,
        IdentityInvalid,
        ReceiptInvalid,
    )
    from gateway.errors import FieldNotGranted, GatewayError, MethodNotGranted, PurposeNotGranted

    if isinstance(error, ClientError):
        call = f" (call {error.call_id})" if error.call_id and error.call_id not in str(error) else ""
        print(f"{error}{call}", file=sys.stderr)
        wait_seconds = error.retry_seconds or 0.0 if isinstance(error, GatewayRefusal) else 0.0
        if wait_seconds >= RETRY_TOLD_SECONDS_MIN:
            print(f"Not before {moment(datetime.now(UTC) + timedelta(seconds=wait_seconds))}.", file=sys.stderr)
        if error.sentence in {each.sentence for each in (MethodNotGranted, PurposeNotGranted, FieldNotGranted)}:
            print("What is granted: popgate token --show", file=sys.stderr)
        if isinstance(error, IdentityInvalid):
            return USAGE
        if isinstance(error, CannotConnect | DeadlinePassed):
            return NO_CONNECTION
        return NO_EVIDENCE if isinstance(error, ReceiptInvalid) else REFUSED
    if isinstance(error, GatewayError):
        print(f"{error.reason}: {error}", file=sys.stderr)
        return REFUSED
    if isinstance(error, OSError):
        place = f": {error.filename}" if error.filename else ""
        print(f"{error.strerror or error}{place}", file=sys.stderr)
        return REFUSED
    print(
        f"popgate failed: {type(error).__name__}: {error}\n"
        "Set POPGATE_TRACEBACK=1 and run it again to see where; please report it.",
        file=sys.stderr,
    )
    return REFUSED
