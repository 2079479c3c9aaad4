"""`popgate credential signing-key ...`: the keys that requests are signed with."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from gateway.cli.options import IdentityOption, JsonOption, ServerOption, client_of
from gateway.cli.output import moment, print_json, print_table

if TYPE_CHECKING:
    from gateway.client import Client, SigningKey

Given = TypeVar("Given")


def signing_key(
    identity: IdentityOption,
    server: ServerOption = "",
    new: Annotated[bool, typer.Option("--new", help="Make another one; the one before stays in force.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Register the signing key, made if there is none. Clients do so by themselves at the first signed call."""
    key = _ask(identity, server, lambda client: client.register_signing_key(new=new))
    if as_json:
        print_json(_json(key))
    else:
        print(f"Signing key {key.key_id} is {key.state.lower()} until {moment(key.until_time)}.")


def signing_keys(identity: IdentityOption, server: ServerOption = "", as_json: JsonOption = False) -> None:
    """The signing keys of this system that are not past their time."""
    keys = _ask(identity, server, lambda client: client.signing_keys())
    if as_json:
        for key in keys:
            print_json(_json(key))
        return
    rows = ((key.key_id, key.state.lower(), moment(key.from_time), moment(key.until_time)) for key in keys)
    print_table(("key", "state", "from", "until"), rows, numbers=frozenset())


def revoke_signing_key(
    identity: IdentityOption,
    key_id: Annotated[str, typer.Argument(metavar="KEY", help="The key's id, 43 characters.")],
    server: ServerOption = "",
) -> None:
    """Revoke a signing key of this system, for good. Needs no signature: the key may be lost or stolen."""
    _ask(identity, server, lambda client: client.revoke_signing_key(key_id))
    print(f"Signing key {key_id} is revoked.")


def _ask(identity: Path, server: str, ask: Callable[[Client], Awaitable[Given]]) -> Given:
    async def run() -> Given:
        async with client_of(identity, server) as client:
            return await ask(client)

    return asyncio.run(run())


def _json(key: SigningKey) -> dict[str, object]:
    return {
        "key_id": key.key_id,
        "state": key.state,
        "from_time": key.from_time.isoformat(),
        "until_time": key.until_time.isoformat(),
    }
