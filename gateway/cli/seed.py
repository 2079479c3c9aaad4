"""`popgate seed`: hands its arguments to the synthetic country's own commands."""

from __future__ import annotations

from typing import Any, Final

import typer

FORWARDED: Final[dict[str, Any]] = {
    "allow_extra_args": True,
    "ignore_unknown_options": True,
    "help_option_names": [],
}


def seed(context: typer.Context) -> None:
    """The synthetic population: build, measure, export, fingerprint it."""
    from seed.commands import app

    app(args=context.args, prog_name="popgate seed")
