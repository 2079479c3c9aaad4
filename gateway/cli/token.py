"""`popgate token`: an access token, for other tools, or what it says."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from gateway.cli.operation import whom
from gateway.cli.options import IdentityOption, ServerOption, client_of
from gateway.cli.output import moment, print_table

_HEADINGS = ("grant", "methods", "purposes", "sees", "verifies", "of whom")


def token(
    identity: IdentityOption,
    server: ServerOption = "",
    show: Annotated[bool, typer.Option("--show", help="Show what it grants instead.")] = False,
) -> None:
    """Print an access token, and nothing else. It works only with the certificate it was issued for.

    With --show, what is granted: methods, purposes with their legal bases, fields.
    """

    async def ask() -> str:
        async with client_of(identity, server) as client:
            return await client.token()

    text = asyncio.run(ask())
    if not show:
        print(text)
        return
    stated = _payload(text)
    print_table(_HEADINGS, map(_row, stated["authorization_details"]), numbers=frozenset({"grant"}))
    print(f"{stated['client_id']}, until {moment(datetime.fromtimestamp(stated['exp'], UTC))}")


def _payload(token: str) -> dict[str, Any]:
    """What a token of our own connection states; nobody's signature is checked here."""
    segment = token.split(".")[1]
    stated: dict[str, Any] = json.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))
    return stated


def _row(grant: Mapping[str, Any]) -> tuple[object, ...]:
    purposes = tuple(f"{purpose} ({', '.join(bases)})" for purpose, bases in grant["purposes"].items())
    verified = (*grant.get("verify_fields", ()), *grant.get("predicates", ()))
    scope = whom(grant.get("own_subjects", False), grant["provinces"])
    return grant["grant"], tuple(grant["methods"]), purposes, tuple(grant["fields"]), verified, scope
