"""Load Redis by redis-py's asyncio client: `SET key event NX`, one connection a caller.

In: a port. Out: a line of JSON.
"""

import asyncio
import sys
from contextlib import AsyncExitStack

import redis.asyncio

from benchmarks.peers.contract import Loaded
from benchmarks.peers.loaders.closed import NotAcknowledged, Orders, Send, closed, say


async def load(orders: Orders) -> Loaded:
    """Run as many callers; raises `NotAcknowledged` for an answer that is not OK."""
    async with AsyncExitStack() as open_ones:
        clients = [redis.asyncio.Redis(port=orders.port) for _ in range(orders.callers)]
        for client in clients:
            open_ones.push_async_callback(client.aclose)
        told = await clients[0].config_get("append*")
        book = await closed(orders, [_sender(client) for client in clients])
        kept = await clients[0].dbsize()
        return book.loaded(kept=int(kept), told=f"appendfsync={told['appendfsync']}")


def _sender(client: redis.asyncio.Redis) -> Send:
    async def send(key: str, event: bytes) -> None:
        if await client.set(key, event, nx=True) is not True:
            raise NotAcknowledged("Redis refused an event")

    return send


if __name__ == "__main__":
    try:
        say(asyncio.run(load(Orders.read())))
    except NotAcknowledged as failed:
        sys.exit(f"error: {failed}")
