"""A gRPC server for one asyncio loop, in place of `grpc.aio.server` and with its handlers and contexts.

`grpc.aio` takes calls in one after the other, and wakes the loop for each of the four events of a call; at 32 calls in
flight that is two thirds of what an echo costs. Here the loop takes whatever has come in one go. See "One server of
our own" in ARCHITECTURE.md for the measurement, and for what this stands on.
"""

from gateway.rpc.call import ServerCall
from gateway.rpc.server import Server

__all__ = ["Server", "ServerCall"]
