"""SyncService: the methods that keep copies in step. Decoding and recording are the chain's."""

from __future__ import annotations

from gateway.api.v1 import sync_service_pb2
from gateway.chain.base import Answer, Call
from gateway.sync.feed import Feed
from gateway.sync.push import Pushing


class SyncMethods:
    """The behaviours of SyncService."""

    def __init__(self, feed: Feed, pushing: Pushing) -> None:
        self._feed = feed
        self._pushing = pushing

    async def Pull(self, call: Call, request: sync_service_pb2.PullRequest) -> Answer:  # noqa: N802
        """The next page of a follower."""
        return await self._feed.pull(call, request)

    async def Push(self, call: Call, request: sync_service_pb2.PushRequest) -> Answer:  # noqa: N802
        """Values of an owned dataset."""
        return await self._pushing.push(call, request)
