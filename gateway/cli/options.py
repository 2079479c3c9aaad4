"""Options that several commands share. Each may come from the environment, so that a shell states it once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from gateway.client import Client, Context, Identity
    from gateway.config import Settings

BASIC_FIELDS: Final = ("number", "name", "birth_date", "sex", "permanent_residence", "household_number")

IdentityOption = Annotated[
    Path,
    typer.Option("--identity", "-i", envvar="POPGATE_IDENTITY", help="Identity folder.", metavar="DIR"),
]
ServerOption = Annotated[
    str,
    typer.Option(
        "--server",
        "-s",
        envvar="POPGATE_SERVER",
        help="Agencies' port of the gateway.",
        metavar="HOST:PORT",
        show_default="as in the identity folder",
    ),
]
FieldsOption = Annotated[
    str,
    typer.Option(
        "--fields",
        "-f",
        envvar="POPGATE_FIELDS",
        help="Fields of Person, with commas between; `basic` stands for the six basic ones.",
        metavar="PATH,...",
    ),
]
PurposeOption = Annotated[
    str, typer.Option("--purpose", envvar="POPGATE_PURPOSE", help="Why: code of the purpose.", metavar="CODE")
]
LegalBasisOption = Annotated[
    str,
    typer.Option("--legal-basis", envvar="POPGATE_LEGAL_BASIS", help="Why: code of the legal basis.", metavar="CODE"),
]
CaseOption = Annotated[
    str, typer.Option("--case", envvar="POPGATE_CASE", help="Why: your case or dossier.", metavar="TEXT")
]
OfficerOption = Annotated[
    str,
    typer.Option("--officer", envvar="POPGATE_OFFICER", help="Who: the officer's pseudonymous id.", metavar="ID"),
]
ReceiptsOption = Annotated[
    Path | None,
    typer.Option(
        "--receipts", envvar="POPGATE_RECEIPTS", help="Keep each answer's receipt in this file.", metavar="FILE"
    ),
]
TimeoutOption = Annotated[
    float, typer.Option("--timeout", help="Longest time for one call, in seconds.", min=0.1, metavar="SECONDS")
]


def _known_kind(kind: str) -> str:
    from gateway.client.searching import number_kind

    try:
        number_kind(kind)
    except ValueError:
        raise typer.BadParameter("is one of personal, legacy_card, social_insurance, tax") from None
    return kind


KindOption = Annotated[
    str,
    typer.Option(
        "--kind",
        help="What the number is: personal, legacy_card, social_insurance or tax.",
        metavar="KIND",
        show_default="by the number's form",
        callback=_known_kind,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def settings_of(**stated: object) -> Settings:
    """The gateway's settings: those stated (None: not stated), then variables, then `popgate.toml`.

    Raises a usage error that names the setting or the file.
    """
    from pydantic import ValidationError

    from gateway.config import Settings

    try:
        return Settings(**{name: value for name, value in stated.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise typer.BadParameter(f"the settings are not valid: {problems}; see docs/configuration.md") from None
    except ValueError as error:
        raise typer.BadParameter(f"popgate.toml or a variable cannot be read: {error}") from None


def paths_of(fields: str) -> tuple[str, ...]:
    """The paths that `--fields` names. Raises a usage error when it names none."""
    paths: list[str] = []
    for path in (part.strip() for part in fields.split(",")):
        paths.extend(BASIC_FIELDS if path == "basic" else [path] if path else [])
    if not paths:
        raise typer.BadParameter("names no field", param_hint="--fields")
    return tuple(dict.fromkeys(paths))


def context_of(purpose: str, legal_basis: str, case: str, officer: str) -> Context:
    """Why the caller asks."""
    from gateway.client import Context

    return Context(purpose, legal_basis, case, officer)


def identity_of(folder: Path) -> Identity:
    """The identity, its dates checked: one that lapsed a short while ago is recovered by its first call.

    Raises IdentityInvalid.
    """
    from datetime import UTC, datetime

    from gateway.client import Identity
    from gateway.client.identity import check_dates
    from gateway.client.renewal import is_recoverable

    identity, now = Identity.from_folder(folder), datetime.now(UTC)
    if not is_recoverable(identity, now):
        check_dates(identity, now)
    return identity


def client_of(folder: Path, server: str, receipts: Path | None = None) -> Client:
    """A client for `async with`, in a running event loop. Raises IdentityInvalid, OSError."""
    from gateway.client import ReceiptLog, connect

    identity = identity_of(folder)
    return connect(identity, server, receipt_log=ReceiptLog(receipts) if receipts else None)
