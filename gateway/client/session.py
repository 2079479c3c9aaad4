"""An agency's client: one object with every method of the contract that an identity can call."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from gateway.client.accesses import Auditing
from gateway.client.connection import Connection, open_connection
from gateway.client.finding import Finding
from gateway.client.granting import Granting
from gateway.client.identity import Identity
from gateway.client.keys import Keys
from gateway.client.lookup import LookUps
from gateway.client.operation import Operating
from gateway.client.questions import Questioning
from gateway.client.receipts import ReceiptLog
from gateway.client.searching import Searching
from gateway.client.signing_keys import SigningKeys
from gateway.client.subjects import Serving
from gateway.client.sync import Syncing
from gateway.client.usage import Metering
from gateway.client.verification import Verifying
from gateway.client.volume import Volumes


class Client(
    LookUps,
    Volumes,
    Finding,
    Syncing,
    Serving,
    Auditing,
    Operating,
    Granting,
    Questioning,
    Verifying,
    Metering,
    Searching,
    SigningKeys,
    Keys,
):
    """Get one from `connect`; leave its `async with` block to close it. One client is for one event loop."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def token(self) -> str:
        """The current access token, got if need be. Raises ClientError."""
        return await self._connection.token()

    @property
    def identity(self) -> Identity:
        """The one that calls are made under now; another one after a renewal."""
        return self._connection.identity

    async def renew(self) -> Identity:
        """Get the next certificate now rather than at half-life, and move to it. Raises ClientError."""
        return await self._connection.renew()

    async def close(self) -> None:
        """Close the connection; calls in flight fail."""
        await self._connection.close()


def connect(identity: Identity, server: str = "", *, receipt_log: ReceiptLog | None = None) -> Client:
    """A client of the gateway at HOST:PORT (by default the identity's own), for `async with`.

    Nothing is sent before the first call. Each client has a connection of its own, so open several to use all
    of the gateway's workers. Call it in a running event loop. Raises IdentityInvalid.
    """
    return Client(open_connection(identity, server, receipt_log=receipt_log))
