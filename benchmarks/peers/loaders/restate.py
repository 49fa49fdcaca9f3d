"""Load restate by HTTP: one POST an event with an Idempotency-Key, a kept connection a caller.

In: a port. Out: a line of JSON. Knows HTTP/1.1 as far as answers with a length go.
"""

import asyncio
import sys
from contextlib import AsyncExitStack
from typing import Final

from benchmarks.peers.contract import Loaded
from benchmarks.peers.loaders.closed import NotAcknowledged, Orders, Send, closed, say

#: Where a game's event goes, to be carried out far later: accepted and kept, as ours are held.
PATH: Final = "/Events/keep/send?delay=30d"


async def load(orders: Orders) -> Loaded:
    """Run as many callers; raises `NotAcknowledged` for an answer that is not 202."""
    async with AsyncExitStack() as open_ones:
        sends = []
        for _ in range(orders.callers):
            reader, writer = await asyncio.open_connection("127.0.0.1", orders.port)
            open_ones.callback(writer.close)
            sends.append(_sender(reader, writer))
        book = await closed(orders, sends)
        return book.loaded()


def _sender(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Send:
    async def send(key: str, event: bytes) -> None:
        writer.write(_post(key, event))
        head = await reader.readuntil(b"\r\n\r\n")
        body = await reader.readexactly(_length(head))
        if not (head.startswith(b"HTTP/1.1 202 ") and b'"Accepted"' in body):
            raise NotAcknowledged(f"restate answered {(head + body)[:300]!r}")

    return send


def _post(key: str, event: bytes) -> bytes:
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Idempotency-Key: {key}\r\nContent-Length: {len(event)}\r\n\r\n"
    )
    return head.encode() + event


def _length(head: bytes) -> int:
    found = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
    if not found:
        raise NotAcknowledged(f"restate answered without a length: {head[:300]!r}")
    return int(found)


if __name__ == "__main__":
    try:
        say(asyncio.run(load(Orders.read())))
    except NotAcknowledged as failed:
        sys.exit(f"error: {failed}")
