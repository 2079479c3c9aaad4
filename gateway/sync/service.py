"""SyncService: the methods that keep copies in step. Decoding and recording are the chain's."""

from __future__ import annotations

from gateway.api.v1 import sync_service_pb2
from gateway.chain.base import Answer, Call
from gateway.chain.turns import Turns
from gateway.sync.feed import Feed
from gateway.sync.push import Pushing

# Of one agency on one worker. A follower asks for a page after the other; what is beyond only takes memory,
# about 1 MiB for a page being filled.
PULLS_AT_ONCE = 2
PULLS_WAITING_MAX = 30
PUSHES_AT_ONCE = 16
PUSHES_WAITING_MAX = 16


class SyncMethods:
    """The behaviours of SyncService."""

    def __init__(self, feed: Feed, pushing: Pushing) -> None:
        self._feed = feed
        self._pushing = pushing
        self._pulls = Turns(PULLS_AT_ONCE, PULLS_WAITING_MAX)
        self._pushes = Turns(PUSHES_AT_ONCE, PUSHES_WAITING_MAX)

    async def Pull(self, call: Call, request: sync_service_pb2.PullRequest) -> Answer:  # noqa: N802
        """The next page of a follower. Raises StreamsExhausted when the agency asks for too many at once."""
        assert call.principal is not None
        async with self._pulls.take(call.principal.agency):
            return await self._feed.pull(call, request)

    async def Push(self, call: Call, request: sync_service_pb2.PushRequest) -> Answer:  # noqa: N802
        """Values of an owned dataset. Raises StreamsExhausted when the agency sends too many at once.

        A push goes on when its caller is gone, so that the caller's patience bounds nothing here.
        """
        assert call.principal is not None
        async with self._pushes.take(call.principal.agency):
            return await self._pushing.push(call, request)
