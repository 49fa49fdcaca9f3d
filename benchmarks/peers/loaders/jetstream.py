"""Load JetStream by nats-py: a message id an event, so that duplicates are dropped.

In: a port. Out: a line of JSON.
"""

import asyncio
import sys
from contextlib import AsyncExitStack
from typing import Final

import nats
from nats.js.api import StorageType, StreamConfig

from benchmarks.peers.contract import Loaded
from benchmarks.peers.loaders.closed import NotAcknowledged, Orders, Send, closed, say

_STREAM: Final = "EVENTS"
#: Seconds in which a message id is known; longer than a run.
_KNOWN: Final = 3600.0


async def load(orders: Orders) -> Loaded:
    """Run as many callers on one connection.

    Raises:
        NotAcknowledged: the server took an event for one that it knew.
    """
    async with AsyncExitStack() as open_ones:
        client = await nats.connect(f"nats://127.0.0.1:{orders.port}")
        open_ones.push_async_callback(client.close)
        stream = client.jetstream()
        await stream.add_stream(
            StreamConfig(
                name=_STREAM,
                subjects=["events"],
                storage=StorageType.FILE,
                duplicate_window=_KNOWN,
            )
        )
        book = await closed(orders, [_sender(stream)] * orders.callers)
        state = (await stream.stream_info(_STREAM)).state
        return book.loaded(kept=state.messages)


def _sender(stream: nats.js.JetStreamContext) -> Send:
    async def send(key: str, event: bytes) -> None:
        answer = await stream.publish("events", event, headers={"Nats-Msg-Id": key})
        if answer.duplicate:
            raise NotAcknowledged("JetStream took a new event for one that it knew")

    return send


if __name__ == "__main__":
    try:
        say(asyncio.run(load(Orders.read())))
    except NotAcknowledged as failed:
        sys.exit(f"error: {failed}")
