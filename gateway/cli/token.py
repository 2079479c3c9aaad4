"""`popgate token`: an access token, for other tools."""

from __future__ import annotations

import asyncio

from gateway.cli.options import IdentityOption, ServerOption, client_of


def token(identity: IdentityOption, server: ServerOption = "") -> None:
    """Print an access token, and nothing else. It works only with the certificate it was issued for."""

    async def ask() -> str:
        async with client_of(identity, server) as client:
            return await client.token()

    print(asyncio.run(ask()))
